"""Trials that are killed in the middle and resumed, and trials of every width: the same bytes.

    python3 tests/e2e/resume_test.py BUILD_FOLDER [unittest arguments]
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

import running
import training_runs
from training_runs import (METRICS, NOISY, NORMED, PLAIN, WATCHED, WORK, SweepCase, checkpoints_of, records_of,
                           results_of, rows_of, run, study, sweep_command)


def setUpModule():
    global DATASET
    DATASET = training_runs.prepare()


def tearDownModule():
    training_runs.clean_up()


class ResumeTest(SweepCase):
    """Killed right after a checkpoint, again and again, until the same command comes to its end."""

    EPOCHS = ["--checkpoint-epochs", "1", "--checkpoint-minutes", "0"]
    STEPS = ["--checkpoint-minutes", "1e-9"]

    def start(self, name, file, *options, kill_at=None, early=False, ranks=None):
        """One run of the command; its result, and the checkpoints that it wrote."""
        log = WORK / f"checkpoints {time.monotonic_ns()}"
        environment = {"TITRATE_CHECKPOINTS": str(log)}
        if kill_at:
            environment["TITRATE_KILL_AT"] = str(kill_at)
        if early:
            environment["TITRATE_KILL_EARLY"] = "1"
        result = run(sweep_command(file, DATASET, self.out(name), "--keep", "all", *options, ranks=ranks), env=environment)
        self.assertIn(result.returncode, (0, -signal.SIGKILL if ranks is None else 128 + signal.SIGKILL), result.stderr)
        return result, checkpoints_of(log)

    def resume_until_done(self, name, file, *options, kill_at, ranks=None):
        """Returns the checkpoints of each run, the last of which ended by itself."""
        runs = []
        while not runs or result.returncode != 0:
            result, written = self.start(name, file, *options, kill_at=kill_at, ranks=ranks)
            runs.append(written)
            self.assertLess(len(runs), 100, "it does not come to an end")
        return runs

    def check(self, file, *options, kill_at, ranks=None):
        whole, expected = self.start("whole", file, *options, ranks=ranks)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        runs = self.resume_until_done("killed", file, *options, kill_at=kill_at, ranks=ranks)
        # All runs together wrote what one alone does: none began a trial again.
        written = [(trial, step) for checkpoints in runs for trial, step, before in checkpoints]
        self.assertEqual(sorted(written), sorted((trial, step) for trial, step, before in expected))
        self.assertEqual(len(runs), len(written) // kill_at + 1)
        # Two are kept; a run that is cut off before it tidied up leaves one more to the next.
        left = [before for checkpoints in [expected, *runs] for trial, step, before in checkpoints[1:]]
        self.assertLessEqual(max(left, default=0), 2)
        for name in ("whole", "killed"):
            self.assertEqual(list((self.out(name) / "checkpoints").iterdir()), [])
        self.assertSameResults(self.out("killed"), self.out("whole"))
        return runs

    def test_every_optimizer_under_every_schedule(self):
        axes = """[axes]
"train.optimizer" = ["sgd", "adam", "adamw"]
"train.schedule" = ["constant", "step", "cosine", "one_cycle", "plateau"]
"""
        file = study("all", NORMED, WATCHED + "momentum = 0.9\nnesterov = true\n", NOISY + axes)
        runs = self.check(file, *self.EPOCHS, kill_at=2)
        rows = rows_of(self.out("whole"))
        self.assertEqual(len(rows), 15)
        self.assertEqual({step for checkpoints in runs for trial, step, before in checkpoints}, {12, 24, 36})
        # The three plateaus may be none.
        self.assertGreaterEqual(len({tuple(row[key] for key in METRICS) for row in rows.values()}), 12, "trials do not differ")
        rates = [{epoch["learning_rate"] for epoch in record["epochs"]} for record in records_of(self.out("whole")).values()
                 if record["settings"].get("train.schedule") == "plateau"]
        self.assertEqual(len(rates), 3)
        self.assertGreater(max(map(len, rates)), 1, "no plateau was seen")

    def test_inside_of_an_epoch(self):
        file = study("steps", NORMED, WATCHED + 'schedule = "cosine"\n', '[axes]\n"train.momentum" = [0.0, 0.9]\n', epochs=2)
        runs = self.check(file, *self.STEPS, kill_at=5)
        stops = [checkpoints[-1][1] for checkpoints in runs[:-1]]
        self.assertGreater(len([step for step in stops if step % 12 != 0]), 5)

    def test_early_stopping_counts_on(self):
        file = study("early", NORMED, WATCHED + "early_stopping = 1\nclip_norm = 1.0\n", '[axes]\n"seed" = [0, 1, 2]\n', epochs=12,
                     learning_rate=0.4)
        self.check(file, *self.EPOCHS, kill_at=1)
        steps = [int(row["steps"]) for row in rows_of(self.out("whole")).values()]
        self.assertLess(min(steps), 12 * 12, "none stopped early")
        self.assertGreater(max(steps), 12)

    def test_several_ranks_on_each_trial(self):
        file = study("wide", NORMED, WATCHED + 'micro_batches = 2\nschedule = "plateau"\n', NOISY)
        self.check(file, *self.EPOCHS, "--width", "2", kill_at=2, ranks=2)
        alone = self.kept_sweep("alone", file)
        self.assertEqual(results_of(self.out("killed")), results_of(alone))

    def cut_off(self, kill_at, damage):
        """A trial killed at that checkpoint; its files are damaged; the steps at which it wrote the next."""
        file = study("damaged", NORMED, WATCHED)
        whole = self.kept_sweep("whole", file)
        result, written = self.start("killed", file, *self.EPOCHS, kill_at=kill_at)
        self.assertEqual([step for trial, step, before in written], [12 * (i + 1) for i in range(kill_at)])
        damage(sorted((self.out("killed") / "checkpoints").iterdir()))
        result, written = self.start("killed", file, *self.EPOCHS)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(list((self.out("killed") / "checkpoints").iterdir()), [])
        self.assertSameResults(self.out("killed"), whole)
        return [step for trial, step, before in written]

    def test_a_whole_checkpoint_is_used(self):
        self.assertEqual(self.cut_off(2, lambda files: None), [36])

    def test_a_flipped_bit_in_the_newest(self):
        def flip(files):
            data = bytearray(files[-1].read_bytes())
            data[-100] ^= 1
            files[-1].write_bytes(data)
        self.assertEqual(self.cut_off(2, flip), [24, 36])

    def test_the_newest_cut_short(self):
        self.assertEqual(self.cut_off(2, lambda files: os.truncate(files[-1], 1000)), [24, 36])

    def test_the_newest_empty(self):
        self.assertEqual(self.cut_off(3, lambda files: os.truncate(files[-1], 0)), [36])

    def test_both_damaged(self):
        self.assertEqual(self.cut_off(2, lambda files: [os.truncate(file, 9) for file in files]), [12, 24, 36])

    def test_killed_while_a_checkpoint_is_written(self):
        file = study("early_kill", NORMED, WATCHED)
        whole = self.kept_sweep("whole", file)
        result, written = self.start("killed", file, *self.EPOCHS, kill_at=2, early=True)
        self.assertEqual([step for trial, step, before in written], [12])
        result, written = self.start("killed", file, *self.EPOCHS)
        self.assertEqual([step for trial, step, before in written], [24, 36])
        self.assertSameResults(self.out("killed"), whole)

    def test_that_of_another_trial_is_not_gone_on_from(self):
        """A checkpoint of another seed under this trial's name: the trial starts from the beginning."""
        file = study("swapped", PLAIN)
        whole = self.kept_sweep("whole", file)
        self.start("other", file, *self.EPOCHS, "--set", "seed=1", kill_at=2)
        self.start("killed", file, *self.EPOCHS, kill_at=2)
        other = sorted((self.out("other") / "checkpoints").iterdir())
        for own in (self.out("killed") / "checkpoints").iterdir():
            shutil.copy(other[-1], own)
        result, written = self.start("killed", file, *self.EPOCHS)
        self.assertEqual([step for trial, step, before in written], [15, 30, 45])
        self.assertSameResults(self.out("killed"), whole)

    def test_killed_from_outside(self):
        file = study("outside", PLAIN, epochs=100)
        whole = self.kept_sweep("whole", file)
        out = self.out("killed")
        command = [str(part) for part in sweep_command(file, DATASET, out, "--keep", "all", "--checkpoint-minutes", "0.001")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not list((out / "checkpoints").glob("*.safetensors")):
                time.sleep(0.002)
            process.kill()
        self.assertEqual(process.returncode, -signal.SIGKILL, "it ended before its first checkpoint was seen")
        newest = max(int(file.stem.split("-")[-2]) for file in (out / "checkpoints").glob("*.safetensors"))
        result, written = self.start("killed", file, "--checkpoint-minutes", "1e-9")
        self.assertEqual([step for trial, step, before in written][0], newest + 1)
        self.assertSameResults(out, whole)


class WidthTest(SweepCase):
    def test_validation_decides_the_same(self):
        train = WATCHED + 'micro_batches = 4\nearly_stopping = 2\nschedule = "plateau"\nmomentum = 0.9\n'
        file = study("widths", NORMED, train, NOISY + '[axes]\n"seed" = [0, 1, 2]\n', epochs=12, learning_rate=0.2)
        alone = self.kept_sweep("alone", file)
        records = records_of(alone).values()
        self.assertTrue(any(len(record["epochs"]) < 12 for record in records), "none stopped early")
        self.assertTrue(any(record["best_epoch"] < len(record["epochs"]) for record in records))
        self.assertTrue(any(len({epoch["learning_rate"] for epoch in record["epochs"]}) > 1 for record in records))
        for width in (1, 2, 4):
            with self.subTest(width=width):
                out = self.kept_sweep(f"width {width}", file, "--width", width, ranks=4)
                self.assertSameResults(out, alone)


if __name__ == "__main__":
    running.main()
