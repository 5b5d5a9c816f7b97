"""What a study compares gets paired verdicts: in the terminal, on the page and in summary.json.

    python3 tests/e2e/comparison_test.py BUILD_FOLDER [unittest arguments]
"""

import csv
import json
import math
import sys
import unittest

import running
import training_runs
from training_runs import SweepCase, pack, run, sweep_command, write

T_QUANTILE = 4.302652729911275  # 0.975, 2 degrees of freedom: three seeds

STUDY = """
name = "{name}"
[network]
{network}
[train]
epochs = 2
batch_size = 20
learning_rate = 0.05
momentum = 0.5
{report}
[networks.wide]
layers = ["conv 8 5", "relu", "max_pool 4", "flatten", "dense 10"]
[networks.small]
layers = ["conv 2 5", "relu", "max_pool 4", "flatten", "dense 10"]
[axes]
"{axis}" = {levels}
"data.noise_level" = [0.0, 0.3]
"seed" = [0, 1, 2]
"""
PLAIN = 'layers = ["conv 4 5", "relu", "max_pool 4", "flatten", "dense 10"]'


def setUpModule():
    global DATASET
    DATASET = pack("compared digits", per_class=10)


def tearDownModule():
    training_runs.shutil.rmtree(training_runs.WORK)


def verdict(differences):
    """Of three seeds, with the mean and the half width of its interval."""
    mean = sum(differences) / 3
    half = T_QUANTILE * math.sqrt(sum((value - mean) ** 2 for value in differences) / 2) / math.sqrt(3)
    return "help" if mean - half > 0 else "hurt" if mean + half < 0 else "no clear difference", mean, half


class ComparisonTest(SweepCase):
    def swept(self, axis, levels, network=PLAIN, report=""):
        file = write(f"{axis}.toml", STUDY.format(name=axis, axis=axis, levels=json.dumps(levels), network=network, report=report))
        out = self.out(axis)
        result = run(sweep_command(file, DATASET, out))
        self.assertEqual(result.returncode, 0, result.stderr)
        return out, " ".join(result.stdout.split())

    def check(self, axis, levels, column, words, **more):
        """`words`: what the baseline, and the heading of the page, are called."""
        out, terminal = self.swept(axis, levels, **more)
        summary = json.loads((out / "summary.json").read_text())
        comparison, = summary["comparisons"]
        self.assertEqual((comparison["axis"], comparison["baseline"]), (axis, levels[0]))
        with open(out / "trials.csv", newline="") as file:
            found = {(row[column], row["noise_level"], row["seed"]): float(row["test_accuracy"]) for row in csv.DictReader(file)}
        names = sorted({key[0] for key in found})
        self.assertEqual(len(names), 2)
        text = [name for name in names if name != (levels[0] if levels[0] else "")][0]
        self.assertEqual(len(comparison["pairs"]), 2)
        for pair in comparison["pairs"]:
            noise = f'{pair["at"]["data.noise_level"]:g}'
            pairs = [(found[text, noise, seed], found[levels[0] if levels[0] else "", noise, seed]) for seed in "012"]
            expected, mean, half = verdict([treated - baseline for treated, baseline in pairs])
            self.assertEqual((pair["level"], pair["verdict"]), (levels[1], expected))
            self.assertAlmostEqual(pair["difference"]["mean"], mean, 12)
            self.assertAlmostEqual(pair["difference"]["high"], mean + half, 9)
            self.assertEqual(summary["cells"][pair["baseline"]]["at"], {**pair["at"], axis: summary["cells"][pair["baseline"]]["at"][axis]})
        against, heading = words
        self.assertIn(f"change in points against {against}, over the same seeds", terminal)
        self.assertIn(comparison["answer"], terminal)
        self.assertEqual(comparison["answer"], summary["answer"])
        page = (out / "report.html").read_text()
        self.assertIn(f"<h2>{heading}</h2>", page)
        self.assertIn("change in test accuracy, points", page)
        self.assertIn(comparison["answer"].replace(" %", "&nbsp;%"), page)
        return out

    def test_augmentation(self):
        self.check("train.augment", [[], ["shift 3", "rotate 20"]], "augment", ("no augmentation", "What augmentation did"))

    def test_denoising(self):
        self.check("data.denoise", [[], ["denoise median 3"]], "denoise", ("no denoising", "What denoising did"))

    def test_networks(self):
        out = self.check("network.name", ["wide", "small"], "network", ("wide", "small against wide"), network="")
        # The same run from the other side: nothing is trained, and every difference turns round.
        before = json.loads((out / "summary.json").read_text())["comparisons"][0]["pairs"]
        journals = [file.read_bytes() for file in sorted((out / "journal").iterdir())]
        study = out / "study.toml"
        study.write_text(study.read_text() + '\n[report]\nbaseline = { "network.name" = "small" }\n')
        result = run([training_runs.BUILD / "titrate", "report", out])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("against small, over the same seeds", result.stdout)
        after, = json.loads((out / "summary.json").read_text())["comparisons"]
        self.assertEqual(after["baseline"], "small")
        self.assertEqual([pair["difference"]["mean"] for pair in after["pairs"]],
                         [-pair["difference"]["mean"] for pair in before])
        self.assertEqual([file.read_bytes() for file in sorted((out / "journal").iterdir())], journals)

    def test_a_baseline_that_is_not_swept_is_refused_by_name(self):
        axis, out = "train.augment", self.out("refused")
        report = '[report]\nbaseline = { "network.name" = "wide" }'
        file = write("refused.toml", STUDY.format(name="refused", axis=axis, levels="[[]]", network=PLAIN, report=report))
        result = run(sweep_command(file, DATASET, out))
        self.assertEqual(result.returncode, 2)
        self.assertIn('[report] baseline of "network.name": the study does not sweep it', result.stderr)


if __name__ == "__main__":
    running.main()
