"""titrate as it is built without MPI and LibTorch: it shows what the whole one shows, byte for byte, and says what it cannot.

    python3 tests/e2e/report_only_test.py BUILD_FOLDER [unittest arguments]
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import running

BUILD = Path(sys.argv[1]).resolve()
WHOLE, ALONE = BUILD / "titrate", BUILD / "report_only" / "titrate"
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
WORK = Path(tempfile.mkdtemp(prefix="titrate report "))
NOT_BUILT = "not built: this titrate was built without MPI and LibTorch (TITRATE_TRAINING=OFF)"


def tearDownModule():
    shutil.rmtree(WORK)


def run(program, *words):
    return subprocess.run([str(word) for word in (program, *words)], capture_output=True, text=True, timeout=60)


def output(program, *words):
    result = run(program, *words)
    assert (result.returncode, result.stderr) == (0, ""), f"exit code {result.returncode}: {result.stderr}"
    return result.stdout


class Same(unittest.TestCase):
    """Both programs in turn on one folder, whose path may stand in what they say."""

    def reported(self, program):
        run_folder = WORK / "run"
        shutil.rmtree(run_folder, ignore_errors=True)
        shutil.copytree(GOLDEN / "run", run_folder)
        said = output(program, "report", run_folder)
        files = {file.relative_to(run_folder): file.read_bytes() for file in run_folder.rglob("*") if file.is_file()}
        return said, files

    def test_report(self):
        (said, files), (expected_words, expected) = self.reported(ALONE), self.reported(WHOLE)
        self.assertEqual(said, expected_words)
        self.assertEqual(sorted(files), sorted(expected))
        self.assertIn(Path("report.html"), files)
        self.assertEqual([name for name in files if files[name] != expected[name]], [])

    def test_status_trials_and_networks(self):
        run_folder = GOLDEN / "run"
        trial = (GOLDEN / "report" / "trials.csv").read_text().splitlines()[1].split(",")[0]
        for words in (["status", run_folder], ["status", run_folder, "--json"], ["report", run_folder, "--trial", trial],
                      ["networks"], ["networks", "lenet5"], ["--version"]):
            with self.subTest(words=words):
                self.assertEqual(output(ALONE, *words), output(WHOLE, *words))


    def test_networks_of_a_study(self):
        words = ["networks", "--study", GOLDEN / "study.toml", "--classes", 3]  # of two networks
        alone, whole = output(ALONE, *words), output(WHOLE, *words)
        self.assertEqual(alone.count("\nengines: not built\n"), 2)
        self.assertEqual(alone, re.sub("\n(engine .*\n)+", "\nengines: not built\n", whole))


class NotBuilt(unittest.TestCase):
    VERBS = ["sweep", "plan", "evaluate", "predict", "doctor"]

    def test_verbs_that_train_say_so(self):
        for verb in self.VERBS:
            for words in ([], ["study.toml", "--out", "run"], ["--no-such-option"]):
                with self.subTest(verb=verb, words=words):
                    result = run(ALONE, verb, *words)
                    self.assertEqual((result.returncode, result.stdout), (2, ""))
                    self.assertEqual(result.stderr, f"titrate: {verb}: {NOT_BUILT}\n")

    def test_they_are_listed(self):
        text = output(ALONE, "--help")
        for verb in self.VERBS:
            self.assertRegex(text, f"\n  {verb} +not built: ")

    def test_no_library_of_theirs_is_loaded(self):
        libraries = output("ldd", ALONE)
        self.assertIn("libc.so", libraries)
        self.assertNotRegex(libraries, "libmpi|libopen-|libtorch|libc10|libcuda|libnccl")


if __name__ == "__main__":
    running.main()
