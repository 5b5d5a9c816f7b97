"""What sweep_test.py leaves out of the same bytes: more ranks than cores, an odd number of them, and groups of up to eight.

    python3 tests/e2e/widths_test.py BUILD_FOLDER [unittest arguments]
"""

import sys
import unittest

import running
import sweep_test
from extent import FULL
from sweep_test import STUDY, WORK, run, sweep_command, trials_csv, write

# 43 images to train on, in batches of 16, eight parts each: the last batch leaves parts of one image, or of two.
EIGHT_PARTS = """micro_batches = 8
validation_fraction = 0.14
[network]
layers = ["conv 8 5", "batch_norm", "relu", "max_pool 4", "dropout 0.3", "flatten", "dense 30", "relu", "dense 10"]
"""
ONE_SEED = ["--axis", "seed=0"]


def setUpModule():
    sweep_test.setUpModule()


def tearDownModule():
    sweep_test.tearDownModule()


class WidthsTest(unittest.TestCase):
    def sweep(self, name, study, *options, ranks=None):
        out = WORK / name
        result = run(sweep_command(study, sweep_test.DATASET, out, *options, ranks=ranks))
        self.assertEqual(result.returncode, 0, result.stderr)
        return trials_csv(out)

    def test_ranks(self):
        for ranks in (3, 8) if FULL else (8,):
            with self.subTest(ranks=ranks):
                self.assertEqual(self.sweep(f"{ranks} ranks", sweep_test.BASE, ranks=ranks), sweep_test.REFERENCE)

    def test_widths(self):
        study = write("eight parts.toml", STUDY.format(train=EIGHT_PARTS).replace("batch_size = 20", "batch_size = 16"))
        alone = self.sweep("alone", study, *ONE_SEED)
        for width in (1, 2, 4, 8) if FULL else (1, 8):
            with self.subTest(width=width):
                found = self.sweep(f"width {width}", study, *ONE_SEED, "--width", width, ranks=8)
                self.assertEqual(found, alone)


if __name__ == "__main__":
    running.main()
