"""Two engines beside the program: which of them trains what, and what is said of it.

    python3 tests/e2e/engines_test.py BUILD_FOLDER [unittest arguments]

The second one, tests/support/stub_engine.cpp, computes as the first does, but has no batch_norm and no bf16.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import running

BUILD = Path(sys.argv[1]).resolve()
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
WORK = Path(tempfile.mkdtemp(prefix="titrate engines "))
STUDY = WORK / "study.toml"
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", *(["--allow-run-as-root"] if os.getuid() == 0 else [])]
TEXT = """name = "engines"
dataset = "DATASET"

[networks.plain]
layers = ["conv 2 3", "relu", "flatten", "dense 3"]

[networks.normed]
layers = ["conv 2 3", "batch_norm", "relu", "flatten", "dense 3"]

[train]
epochs = 1
batch_size = 8
micro_batches = 2

[axes]
"network.name" = ["plain", "normed"]
"""


def programs(folder, stub):
    """A folder with titrate, its engine, and the second engine by the name `stub`."""
    (WORK / folder).mkdir()
    shutil.copy2(BUILD / "titrate", WORK / folder / "titrate")  # a program asks where its file is, not its link
    (WORK / folder / "libtitrate_engine_torch.so").symlink_to(BUILD / "libtitrate_engine_torch.so")
    (WORK / folder / f"libtitrate_engine_{stub}.so").symlink_to(BUILD / "tests" / "libtitrate_engine_stub.so")
    return WORK / folder / "titrate"


def setUpModule():
    global FIRST, LAST
    STUDY.write_text(TEXT.replace("DATASET", str(GOLDEN / "dataset")))
    FIRST, LAST = programs("first", "fused"), programs("last", "abacus")


def tearDownModule():
    shutil.rmtree(WORK)


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)


def sweep(program, out, *options, ranks=None):
    launcher = [] if ranks is None else [*MPIRUN, "-np", ranks]
    return run(*launcher, program, "sweep", STUDY, "--out", WORK / out, "--device", "cpu", "--quiet", *options)


def numerics(out):
    """By network and the engine that was asked for."""
    records = [json.loads(line) for file in (WORK / out / "journal").glob("*.jsonl") for line in file.read_text().splitlines()]
    return {(record["settings"]["network.name"], record["settings"].get("train.engine", "auto")): record["numerics"]
            for record in records}


def rows(out):
    with open(WORK / out / "trials.csv", newline="") as file:
        return [{key: value for key, value in row.items() if key != "numerics"} for row in csv.DictReader(file)]


class Networks(unittest.TestCase):
    def engines(self, program, *options, study=STUDY):
        """The lines of each network of a study."""
        result = run(program, "networks", "--study", study, *options)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        parts = result.stdout.split("images of ")[1:]
        return [[line for line in part.splitlines() if line.startswith(("engine", "none of them"))] for part in parts]

    def test_the_first_that_can(self):
        plain, normed = self.engines(FIRST)
        self.assertEqual(plain, ["engine fused: takes it", "engine torch: could take it"])
        self.assertEqual(normed, ["engine fused: it has no batch_norm", "engine torch: takes it"])

    def test_engines_without_a_place_come_last(self):
        plain, normed = self.engines(LAST)
        self.assertEqual(plain, ["engine torch: takes it", "engine abacus: could take it"])
        self.assertEqual(normed, ["engine torch: takes it", "engine abacus: it has no batch_norm"])

    def test_cells_of_one_network_may_differ(self):
        study = WORK / "precisions.toml"
        study.write_text(STUDY.read_text() + '"train.precision" = ["float32", "bf16"]\n')
        plain, normed = self.engines(FIRST, study=study)
        self.assertEqual(plain, ["engine fused: takes it; in other cells: it has no precision but float32",
                                 "engine torch: could take it; in other cells: takes it"])
        self.assertEqual(normed, ["engine fused: it has no batch_norm", "engine torch: takes it"])

    def test_an_engine_that_was_asked_for(self):
        study = WORK / "asked.toml"
        study.write_text(STUDY.read_text().replace("[train]", '[train]\nengine = "fused"'))
        plain, normed = self.engines(FIRST, study=study)
        self.assertEqual(plain, ["engine fused: takes it", "engine torch: could take it"])
        self.assertEqual(normed[:2], ["engine fused: it has no batch_norm", "engine torch: could take it"])
        self.assertIn("this engine cannot train this: fused: it has no batch_norm", normed[2])


class Sweeps(unittest.TestCase):
    def test_each_trial_by_its_engine(self):
        for name, options, ranks in (("alone", [], None), ("a group", ["--width", 2], 2)):
            with self.subTest(name):
                result = sweep(FIRST, name, *options, ranks=ranks)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                found = numerics(name)
                self.assertEqual(found[("plain", "auto")], "stub-1/cpu")
                self.assertTrue(found[("normed", "auto")].startswith("torch-"), found)
                self.assertEqual(rows(name), rows("alone"))

    def test_both_by_name(self):
        result = sweep(FIRST, "by name", "--axis", "network.name=plain", "--axis", "train.engine=torch,fused")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        found = numerics("by name")
        self.assertEqual(found[("plain", "fused")], "stub-1/cpu")
        self.assertTrue(found[("plain", "torch")].startswith("torch-"), found)

    def refused(self, *options):
        """The message, which a plan and a sweep on any number of ranks give, before the study is written."""
        messages = {run(FIRST, "plan", STUDY, "--device", "cpu", *options).stderr}
        for ranks in (None, 2):
            result = sweep(FIRST, "refused", *options, ranks=ranks)
            self.assertEqual(result.returncode, 2)
            messages.add("\n".join(line for line in result.stderr.splitlines() if line.startswith("titrate:")) + "\n")
            self.assertFalse((WORK / "refused" / "study.toml").exists())
        message, = messages
        return message

    def test_an_engine_that_cannot(self):
        self.assertEqual(self.refused("--set", "train.engine=fused"),
                         "titrate: train.engine: this engine cannot train this: fused: it has no batch_norm; "
                         '"auto" takes one that can, where there is one\n')

    def test_an_engine_that_is_not_there(self):
        self.assertEqual(self.refused("--set", "train.engine=fuse"),
                         'titrate: train.engine: unknown value "fuse"; expected auto, fused, torch; did you mean "fused"?\n')

    def test_the_doctor_names_both(self):
        result = run(FIRST, "doctor", "--device", "cpu")
        self.assertRegex(result.stdout, r"engine +stub-1/cpu, torch-")


if __name__ == "__main__":
    running.main()
