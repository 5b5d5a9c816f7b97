"""titrate plan: what it says of a study, the plan that it writes, and a sweep that runs it unchanged.

    python3 tests/e2e/plan_test.py BUILD_FOLDER [unittest arguments]
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import running

BUILD = Path(sys.argv[1]).resolve()
WORK = Path(tempfile.mkdtemp(prefix="titrate plan "))
DATASET = WORK / "tiny"
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])

RECIPE = """
name = "tiny"
seed = 1
[[source]]
name = "hand"
kind = "glyphs"
origin = "real"
per_class = 60
[[source]]
name = "other hand"
kind = "glyphs"
origin = "real"
split = "test"
per_class = 10
seed = 2
"""

# Of each seed, one trial is sixteen times as long as the other.
STUDY = """
name = "tiny study"
[train]
epochs = 2
batch_size = 16
micro_batches = 4
learning_rate = 0.05
[axes]
"data.size" = [32, 512]
"seed" = [0, 1, 2]
"""


def run(*command):
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, timeout=300)


def plan(*options, study=None):
    return run(BUILD / "titrate", "plan", study or WORK / "study.toml", "--dataset", DATASET, "--device", "cpu", *options)


def fields(text):
    """{label: rest} of the lines of a plan."""
    return {line[:18].strip(): line[18:] for line in text.splitlines()}


def setUpModule():
    (WORK / "recipe.toml").write_text(RECIPE)
    (WORK / "study.toml").write_text(STUDY)
    packed = run(BUILD / "titrate-prep", "pack", WORK / "recipe.toml", "--out", DATASET, "--quiet")
    assert packed.returncode == 0, packed.stderr


def tearDownModule():
    shutil.rmtree(WORK)


class SaysTest(unittest.TestCase):
    def test_alone(self):
        result = plan("--ranks", "1")
        self.assertEqual(result.returncode, 0, result.stderr)
        said = fields(result.stdout)
        self.assertEqual((said["cells"], said["trials"], said["on one rank"]), ("2", "6", "6"))
        self.assertEqual(said["training images"], f"{3 * 2 * (32 + 512):,}")
        self.assertRegex(said["makespan"], r"^[\d.]+ s on 1 rank$")
        self.assertIn("100.0 % busy", said["core-hours"])
        self.assertTrue(said["run"].startswith("mpirun -np 1 build/titrate sweep "))

    def test_wide(self):
        said = fields(plan("--ranks", "8").stdout)
        wide = {label: rest for label, rest in said.items() if re.fullmatch(r"on \d+ ranks", label)}
        self.assertTrue(wide, said)
        counts = [int(rest.split(",")[0]) for rest in wide.values()]
        self.assertEqual(sum(counts) + int(said.get("on one rank", 0)), 6)
        self.assertNotIn("on 8 ranks", wide)  # micro_batches = 4
        seconds = {key: float(said[key].split()[0]) for key in ("makespan", "ideal", "in grid order")}
        self.assertLess(seconds["makespan"], seconds["in grid order"])
        self.assertGreaterEqual(seconds["makespan"], seconds["ideal"])

    def test_fixed_width(self):
        said = fields(plan("--ranks", "8", "--width", "4").stdout)
        self.assertEqual(said["on 4 ranks"], "6, in 2 groups")
        self.assertIn("--width 4", said["run"])

    def test_run_line_is_what_a_shell_takes(self):
        said = fields(plan("--ranks", "8", "--nodes", "2", "--keep", "all", "--set", "data.denoise=[\"denoise median 3\"]").stdout)
        words = shlex.split(said["run"])
        self.assertEqual(words[:6], ["sbatch", "--nodes=2", "--ntasks-per-node=4", "--gpus-per-node=0", "--cpus-per-task=1", "slurm/sweep.sbatch"])
        self.assertEqual(words[6:], [str(WORK / "study.toml"), "--dataset", str(DATASET), "--set",
                                     "data.denoise=[\"denoise median 3\"]", "--out", "runs/tiny study", "--device", "cpu",
                                     "--keep", "all"])  # fmt: skip

    def test_refuses_by_name(self):
        for options, part in [
            (["--ranks", "7", "--nodes", "2"], "--ranks: every node is to have the same number of them"),
            (["--ranks", "0"], "--ranks"),
            (["--ranks", "8", "--width", "8"], "does not divide train.micro_batches"),
            (["--ranks", "6", "--width", "4"], "does not divide the number of ranks"),
            (["--gpus-per-node", "2"], "--gpus-per-node: the plan is for processors"),
            (["--keep", "some"], "--keep"),
            (["--nodes", "0"], "--nodes"),
        ]:
            result = plan(*options)
            self.assertEqual(result.returncode, 2, (options, result.stderr))
            self.assertIn(part, result.stderr)

    def test_a_study_that_cannot_run_gives_no_plan(self):
        out = WORK / "impossible.json"
        result = plan("--axis", "data.size=32,9999", "--out", out)
        self.assertEqual(result.returncode, 2)
        self.assertIn("impossible, 1 cell", result.stdout)
        self.assertIn("no plan is of use", result.stdout)
        self.assertFalse(out.exists())


class SweepTest(unittest.TestCase):
    def sweep(self, out, ranks, *options):
        result = run(*MPIRUN, "-np", ranks, BUILD / "titrate", "sweep", *options, "--out", out, "--quiet", "--device", "cpu")
        self.assertEqual(result.returncode, 0, result.stderr)
        return (out / "trials.csv").read_bytes()

    def test_a_plan_runs_as_planned_and_gives_the_same_rows(self):
        out = WORK / "plan.json"
        said = fields(plan("--ranks", "4", "--keep", "all", "--out", out).stdout)
        self.assertIn("--plan " + shlex.quote(str(out)), said["run"])
        written = json.loads(out.read_text())
        self.assertEqual(written["nodes"], [4])
        widths = {trial["trial"]: trial["width"] for trial in written["trials"]}
        self.assertGreater(max(widths.values()), 1)

        planned = self.sweep(WORK / "planned", 4, "--plan", out, "--keep", "all")
        alone = self.sweep(WORK / "alone", 1, WORK / "study.toml", "--dataset", DATASET)
        self.assertEqual(planned, alone)
        records = [json.loads(line) for file in (WORK / "planned/journal").iterdir() for line in file.read_text().splitlines()]
        self.assertEqual({record["trial"]: record["timing"]["width"] for record in records}, widths)

        number, unit = said["disk"].split(",")[0].split()
        size = sum(file.stat().st_size for file in (WORK / "planned").rglob("*") if file.is_file())
        self.assertAlmostEqual(float(number) * {"MB": 1e6, "GB": 1e9}[unit], size, delta=0.35 * size)

    def test_other_ranks_are_refused(self):
        out = WORK / "four.json"
        self.assertEqual(plan("--ranks", "4", "--out", out).returncode, 0)
        result = run(*MPIRUN, "-np", 2, BUILD / "titrate", "sweep", "--plan", out, "--out", WORK / "refused", "--device", "cpu")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("--plan", result.stderr)


if __name__ == "__main__":
    running.main()
