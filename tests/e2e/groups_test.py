"""Wide groups beside single ranks, plans that are run as written, and what titrate status says of it all.

    python3 tests/e2e/groups_test.py BUILD_FOLDER [unittest arguments]
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import unittest

import running
from training_runs import BUILD, MPIRUN, SweepCase, clean_up, pack, prepare, run, study, sweep_command

# One long trial that may go wide, and several short ones.
MIXED = """
[axes]
"train.epochs" = [60, 2]
"seed" = [0, 1, 2, 3, 4, 5, 6, 7]
"""


def widths_of(out):
    with open(out / "timing.csv", newline="") as file:
        return {row["trial"]: int(row["width"]) for row in csv.DictReader(file)}


def trials_csv(out):
    return (out / "trials.csv").read_bytes()


def setUpModule():
    global DATASET, STUDY, LONG
    DATASET = prepare()
    STUDY = study("mixed", train="micro_batches = 4", more=MIXED.replace("[60, 2]", "[3, 1]"), epochs=None)
    LONG = study("long", train="micro_batches = 4", more=MIXED.replace("1, 2, 3, 4, 5, 6, 7", "1"), epochs=None)


def tearDownModule():
    clean_up()


class PlanTest(SweepCase):
    def plan(self, name, file, *options):
        path = self.out(name).with_suffix(".json")
        result = run([BUILD / "titrate", "plan", file, "--dataset", DATASET, "--device", "cpu", "--out", path, *options])
        self.assertEqual(result.returncode, 0, result.stderr)
        return path

    def sweep_planned(self, name, path, ranks):
        out = self.out(name)
        command = MPIRUN + ["-np", str(ranks), BUILD / "titrate", "sweep", "--plan", path, "--out", out, "--device", "cpu"]
        return out, run(command)

    def test_a_plan_that_mixes_widths_gives_the_rows_of_one_rank(self):
        alone = trials_csv(self.sweep("alone", STUDY))
        path = self.plan("plan", STUDY, "--ranks", "4")
        plan = json.loads(path.read_text())
        # Half of the long trials on two groups of 2, whatever the probe found: what is mixed is certain.
        plan["groups"] = [[0, 1], [2, 3]]
        trials = sorted(plan["trials"], key=lambda trial: -trial["seconds"])
        for place, trial in enumerate(trials):
            trial["width"] = 2 if place < 4 else 1
        plan["trials"] = trials
        path.write_text(json.dumps(plan))
        out, result = self.sweep_planned("mixed", path, 4)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(trials_csv(out), alone)
        self.assertEqual(sorted(widths_of(out).values()), [1] * 12 + [2] * 4)
        self.assertEqual({trial for trial, width in widths_of(out).items() if width == 2},
                         {trial["trial"] for trial in trials[:4]})
        # The table at the start shows who is with whom.
        self.assertRegex(result.stderr, r"(?m)^ *rank .*group")

    def test_a_plan_for_other_ranks_is_refused(self):
        path = self.plan("plan", STUDY, "--ranks", "4")
        out, result = self.sweep_planned("out", path, 3)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("made for other ranks", result.stderr)

    def test_a_plan_for_other_images_is_refused(self):
        path = self.plan("plan", STUDY, "--ranks", "2")
        other = pack("other digits", seed=3)
        path.write_text(path.read_text().replace(str(DATASET), str(other)))
        out, result = self.sweep_planned("out", path, 2)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(result.stderr.count("is another than the plan was made for"), 1, result.stderr)
        self.assertFalse((out / "study.toml").exists())

    def test_a_plan_is_refused_once_and_changes_nothing(self):
        out = self.sweep("out", STUDY, "--axis", "train.epochs=1")
        before = (out / "study.toml").read_text()
        path = self.plan("plan", STUDY, "--ranks", "4")
        command = MPIRUN + ["-np", "2", BUILD / "titrate", "sweep", "--plan", path, "--out", out]
        result = run(command)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stderr.count("titrate: "), 1, result.stderr)
        self.assertEqual((out / "study.toml").read_text(), before)
        self.assertIn("finished", run([BUILD / "titrate", "status", out]).stdout)
        path.write_text("{}")
        self.assertEqual(run(command).stderr.count("titrate: "), 1)
        for device in ("cpu", "cuda"):
            path = self.plan("plan", STUDY, "--ranks", "2")
            path.write_text(path.read_text().replace('"device": "cpu"', f'"device": "{device}"'))
            result = run(command + ["--device", "cpu"])
            self.assertEqual(result.returncode, 0 if device == "cpu" else 2, result.stderr)

    def test_the_longest_go_wide_by_themselves(self):
        alone = trials_csv(self.sweep("alone", LONG))
        out = self.sweep("auto", LONG, ranks=4)
        widths = widths_of(out)
        self.assertEqual(trials_csv(out), alone)
        with open(out / "trials.csv", newline="") as file:
            long = {row["trial"] for row in csv.DictReader(file) if row["epochs"] == "60"}
        self.assertEqual({widths[trial] for trial in long}, {2}, widths)
        self.assertEqual({width for trial, width in widths.items() if trial not in long}, {1}, widths)

    def test_a_width_that_does_not_divide_is_refused(self):
        for width, ranks in ((3, 3), (2, 3), (8, 8)):
            out = self.out(f"{width} {ranks}")
            result = run(sweep_command(STUDY, DATASET, out, "--width", str(width), ranks=ranks))
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("--width", result.stderr)


class StatusTest(SweepCase):
    LONG = ["--set", "train.epochs=4000"]

    def status(self, out):
        result = run([BUILD / "titrate", "status", out, "--json"])
        return json.loads(result.stdout) if result.returncode == 0 else {"state": None, "stderr": result.stderr}

    def wait_for(self, out, found, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.status(out)
            if found(status):
                return status
            time.sleep(0.2)
        self.fail(f"not seen within {seconds} s; the last status: {status}")

    def start(self, out, *options):
        file = study("status", train="micro_batches = 2", more='[axes]\n"seed" = [0, 1, 2]\n', epochs=None)
        command = [str(part) for part in sweep_command(file, DATASET, out, *self.LONG, *options, ranks=2)]
        return command, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def test_from_start_to_death_to_end(self):
        out = self.out("run")
        command, launcher = self.start(out, "--width", "2")
        try:
            status = self.wait_for(out, lambda s: s["state"] == "running" and any("activity" in g for g in s["groups"]))
            self.assertEqual([group["ranks"] for group in status["groups"]], [[0, 1]])
            activity = status["groups"][0]["activity"]
            self.assertIn("seed=", status["groups"][0]["settings"])
            self.assertGreater(activity["step"], 0)
            self.assertEqual(activity["total_steps"], 4000 * 15)
            self.assertEqual([rank["world_rank"] for rank in status["ranks"]], [0, 1])
            self.assertEqual(status["trials"], 3)
            text = run([BUILD / "titrate", "status", out]).stdout
            self.assertIn("running", text)
            self.assertIn(activity["trial"], text)
            self.assertRegex(text, r"(?m)^ *0-1 ")
            # It goes on: steps are counted, and a loss is there once an epoch is over.
            later = self.wait_for(out, lambda s: s["groups"][0].get("activity", {}).get("step", 0) > activity["step"])
            self.assertGreater(later["groups"][0]["activity"]["train_loss"], 0)
        finally:
            os.killpg(launcher.pid, signal.SIGKILL)
            launcher.wait()
        self.wait_for(out, lambda s: s["state"] == "ended", 10)
        self.assertIn("killed, out of memory", run([BUILD / "titrate", "status", out]).stdout)
        result = run(command + ["--set", "train.epochs=2"])
        self.assertEqual(result.returncode, 0, result.stderr)
        status = self.status(out)
        self.assertEqual((status["state"], status["done"], status["failed"]), ("finished", 3, 0))

    def test_where_there_is_no_run(self):
        result = run([BUILD / "titrate", "status", self.out("nothing")])
        self.assertEqual(result.returncode, 2)
        self.assertIn("no run", result.stderr)

    def test_a_failed_trial_has_its_reason(self):
        out = self.out("failed")
        file = study("failing", more='[axes]\n"seed" = [0, 1]\n', epochs=2)
        # No room for predictions: a folder of that name stands in the way.
        first = run(sweep_command(file, DATASET, out, "--axis", "seed=0"))
        self.assertEqual(first.returncode, 0, first.stderr)
        trial = next(iter(widths_of(out)))
        for path in (out / "journal").iterdir():
            path.unlink()
        (out / "predictions" / f"{trial}.npy").unlink()
        (out / "predictions" / f"{trial}.npy" / "in the way").mkdir(parents=True)
        self.assertEqual(run(sweep_command(file, DATASET, out)).returncode, 5)
        status = self.status(out)
        self.assertEqual((status["state"], status["done"], status["failed"]), ("finished", 1, 1))
        self.assertEqual(status["failures"][0]["trial"], trial)
        self.assertIn("rename", status["failures"][0]["reason"])
        self.assertIn(status["failures"][0]["reason"], run([BUILD / "titrate", "status", out]).stdout)


if __name__ == "__main__":
    running.main()
