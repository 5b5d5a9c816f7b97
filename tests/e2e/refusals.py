"""What the tests of refusals see refused: each command, its exit code and its words, with neutral paths, as one text.

The tests themselves run; what they run is noted on the way.
"""

import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import mistakes_test
import prep_test
import round_trip_test
import training_runs
import training_test
from golden_files import BUILD, GOLDEN, REPOSITORY, WORK, neutral, run

CASES = [training_test.BadInputTest, mistakes_test.Quarantine, mistakes_test.Mistakes, prep_test.Refused]


class Studies(unittest.TestCase):
    FLAT = '[network]\nlayers = ["flatten", "dense 3"]\n'
    TEXTS = {
        "unknown key": "[train]\n\nepoch = 3\n",
        "unknown section": "[trian]\nepochs = 3\n",
        "key outside of its section": "epochs = 3\n",
        "name instead of a section": 'network = "lenet5"\n',
        "section instead of a key": "[train.epochs]\n",
        "wrong type": "[train]\nepochs = 0.5\n",
        "out of range": "[evaluate]\nnoise_levels = [-1.0]\n",
        "no TOML": "[train\n",
        "a long dash": "seed = \u2013 1\n",
        "no list": "[axes]\nseed = 3\n",
        "empty axis": "[axes]\nseed = []\n",
        "level twice": "[axes]\nseed = [1, 2, 1]\n",
        "axis twice": '[train]\nepochs = 3\n[axes]\n"train.epochs" = [1]\ntrain.epochs = [2]\n',
        "unknown axis": '[axes]\n"train.epoch" = [1]\n',
        "wrong type in an axis": '[axes]\n"train.epochs" = [1, "two"]\n',
        "too many real images": FLAT + '[axes]\n"data.size" = [10, 5000]\n',
        "too many synthetic ones": FLAT + '[axes]\n"data.synthetic_ratio" = [0.0, 9.0]\n',
        "too many copies": FLAT + "[data]\naugmented_copies = 3\n",
        "another number of classes": '[network]\nlayers = ["flatten", "dense 4"]\n',
    }
    OPTIONS = [[], ["swep"], ["sweep"], ["sweep", "study.toml"], ["sweep", "study.toml", "--out", ""], ["report"], ["report", "nowhere"],
               ["report", ".", "--trial", "0"], ["status", "nowhere"], ["networks", "lenet6"], ["plan", "nowhere.toml"],
               ["evaluate", "nowhere"], ["predict", "nowhere", "0", "a.png"], ["sweep", "study.toml", "--out", "x", "--plan", "plan.json"],
               ["sweep", "x", "--out", "x", "--watchdog", "1"], ["sweep", "x", "--out", "x", "--width", "0"],
               ["sweep", "x", "--out", "x", "--axsi", "seed=1"], ["sweep", "x", "--out", "x", "--device", "tpu"]]

    def test_wrong_studies(self):
        for name, text in self.TEXTS.items():
            with self.subTest(name):
                (WORK / f"{name}.toml").write_text(text)
                words = [f"{name}.toml", "--dataset", GOLDEN / "dataset", "--out", "refused", "--device", "cpu", "--quiet"]
                self.assertEqual(run([BUILD / "titrate", "sweep", *words], cwd=WORK).returncode, 2)

    def test_wrong_options(self):
        for words in self.OPTIONS:
            with self.subTest(words=words):
                self.assertNotEqual(run([BUILD / "titrate", *words], cwd=WORK).returncode, 0)


class Notes(unittest.TestResult):
    """By the name of each test, the paragraphs of what was refused in it."""

    def __init__(self):
        super().__init__()
        self.found, self.paths = {}, {BUILD: "BUILD", REPOSITORY: "REPOSITORY", training_runs.WORK: "WORK", WORK: "WORK"}

    def startTest(self, test):
        super().startTest(test)
        self.lines = self.found.setdefault(test.id(), [])

    def note(self, words, result):
        path = Path(words[0])
        if result.returncode == 0 or path.parent != BUILD:
            return
        words = [neutral(word, self.paths) for word in [path.name, *words[1:]]]
        text = f"$ {shlex.join(words)}\n{result.returncode} {neutral(result.stderr, self.paths)}"
        self.lines.append(text.encode(errors="backslashreplace").decode())


def noting(notes):
    """Patches with which every command is noted that is run, and every temporary folder that is made."""
    real_run, real_folder = subprocess.run, tempfile.mkdtemp

    def noted_run(words, *rest, **more):
        result = real_run(words, *rest, **more)
        notes.note([str(word) for word in words], result)
        return result

    def noted_folder(*rest, **more):
        folder = real_folder(*rest, **more)
        notes.paths[folder] = "WORK"
        return folder

    return mock.patch("subprocess.run", noted_run), mock.patch("tempfile.mkdtemp", noted_folder)


def refusals():
    """Text by the name of the test, and the names of those that were skipped."""
    prep_test.PROGRAM = round_trip_test.PROGRAM = str(BUILD / "titrate-prep")
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    notes = Notes()
    by_run, by_folder = noting(notes)
    with by_run, by_folder:
        unittest.TestSuite(load(case) for case in [*CASES, Studies]).run(notes)
    failed = [f"{test}\n{trace}" for test, trace in notes.failures + notes.errors]
    assert not failed, "\n".join(failed)
    return {name: "\n".join(lines) for name, lines in notes.found.items() if lines}, [test.id() for test, _ in notes.skipped]


def join(sections):
    return "".join(f"== {name}\n\n{sections[name]}\n" for name in sorted(sections))


def split(text):
    parts = re.split(r"^== (.+)\n\n", text, flags=re.M)
    return {name: body[:-1] for name, body in zip(parts[1::2], parts[2::2])}
