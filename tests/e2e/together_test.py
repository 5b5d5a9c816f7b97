"""Groups of real processes in which one rank fails: the trial is a row with its reason, and the group goes on.

    python3 tests/e2e/together_test.py BUILD_FOLDER [unittest arguments]
"""

import sys
import unittest

import running
import training_runs
from extent import FULL, full_only
from running import RANDOM
from training_runs import BUILD, MPIRUN, NORMED, WATCHED, WORK, SweepCase, records_of, run, study

FAKE_GPU = BUILD / "fake_gpu" / "titrate"
SEEDS = '[axes]\n"seed" = [0, 1, 2]\n'


def setUpModule():
    global DATASET
    DATASET = training_runs.prepare()


def tearDownModule():
    training_runs.clean_up()


class GroupCase(SweepCase):
    """Three trials of 24 steps, each on all ranks, one after the other. They follow a plan, since a sweep without one trains
    a little on some rank to see how fast it is, and comes to the sites of faults there."""

    undisturbed = {}

    def planned(self, width):
        path = WORK / f"plan {width}.json"
        if not path.exists():
            file = study("group", NORMED, WATCHED + "micro_batches = 4\n", SEEDS, epochs=2)
            result = run([BUILD / "titrate", "plan", file, "--dataset", DATASET, "--device", "cpu", "--ranks", width,
                          "--width", width, "--out", path])
            self.assertEqual(result.returncode, 0, result.stderr)
        return path

    def start(self, name, width, *options, fault=None, program=BUILD / "titrate", device="cpu"):
        command = MPIRUN + ["-np", width, program, "sweep", "--plan", self.planned(width), "--out", self.out(name), "--quiet",
                            "--device", device, "--keep", "all", *options]
        return run(command, env={"TITRATE_TEST": "1", "TITRATE_FAULT": fault} if fault else {})

    def setUp(self):
        """What a run gives in which nothing happens: the same at every width."""
        if not self.undisturbed:
            result = self.start("undisturbed", 2)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.undisturbed["out"] = self.out("undisturbed")
            self.undisturbed["records"] = records_of(self.out("undisturbed"))

    def disturb(self, width, fault, number, says, *options):
        """The trial of this number, from 1, fails with this reason; what is left is run by the same command."""
        name = f"{width} {fault}"
        result = self.start(name, width, *options, fault=fault)
        self.assertEqual(result.returncode, 5, f"{fault}: {result.stderr}")
        out = self.out(name)
        records, expected = records_of(out), self.undisturbed["records"]
        self.assertEqual(set(records), set(expected))
        failed = [trial for trial, record in records.items() if record["status"] == "failed"]
        self.assertEqual(len(failed), 1, records)
        self.assertEqual(list(records).index(failed[0]), number - 1)
        self.assertEqual(records[failed[0]]["reason"], says)
        for trial in set(records) - set(failed):
            self.assertEqual(records[trial], expected[trial])
        if "write_files" not in fault:  # rank 0 may have written them already
            self.assertFalse((out / "weights" / f"{failed[0]}.safetensors").exists())
        kept = sorted(file.name for file in (out / "checkpoints").glob("*")) if (out / "checkpoints").exists() else []
        self.check_again(name, width, *options)
        return [int(name.split("-")[2]) for name in kept]

    def check_again(self, name, width, *options):
        again = self.start(name, width, *options)
        self.assertEqual(again.returncode, 0, again.stderr)
        out, reference = self.out(name), self.undisturbed["out"]
        for file in (reference / "trials.csv", *(reference / "weights").iterdir(), *(reference / "predictions").iterdir()):
            self.assertEqual((out / file.relative_to(reference)).read_bytes(), file.read_bytes(), file)
        self.assertEqual(list((out / "checkpoints").glob("*")), [])


def thrown(site):
    return f"{site}: a fault that a test asked for"


class FailingTest(GroupCase):
    # The nth visit of a rank to a site, and the trial that this is in.
    VISITS = {"prepare": (2, 2), "make_engine": (1, 1), "read_checkpoint": (3, 3), "first_step": (1, 1), "train_step": (29, 2),
              "gradient": (24, 1), "finish_epoch": (2, 1), "validate": (3, 2), "predict": (2, 1), "test": (3, 3),
              "write_files": (2, 2)}

    def test_at_any_site_on_any_of_two(self):
        for site in self.VISITS if FULL else RANDOM.sample(list(self.VISITS), 4):
            visit, trial = self.VISITS[site]
            for rank in range(2) if FULL else [RANDOM.randrange(2)]:
                with self.subTest(site=site, rank=rank):
                    self.disturb(2, f"{rank}:{site}:{visit}:throw", trial, thrown(site))

    @full_only
    def test_on_one_of_four(self):
        for rank, site in enumerate(["finish_epoch", "train_step", "predict", "prepare"]):
            visit, trial = self.VISITS[site]
            with self.subTest(site=site, rank=rank):
                self.disturb(4, f"{rank}:{site}:{visit}:throw", trial, thrown(site))

    def test_on_all_at_once(self):
        self.disturb(2, "*:train_step:29:throw", 2, thrown("train_step"))

    def test_alone(self):
        for site in ("make_engine", "train_step"):
            visit, trial = self.VISITS[site]
            self.disturb(1, f"0:{site}:{visit}:throw", trial, thrown(site))

    def test_nothing_of_a_failed_epoch_is_kept(self):
        for rank in range(2):
            with self.subTest(rank=rank):
                steps = self.disturb(2, f"{rank}:train_step:29:throw", 2, thrown("train_step"), "--checkpoint-minutes", "1e-9")
                self.assertEqual(steps, [3, 4])

    def test_a_full_disk_at_the_result(self):
        self.disturb(2, "0:write_files:2:enospc", 2,
                     "write_files: a full disk that a test asked for; got No space left on device")

    @unittest.skipUnless(FAKE_GPU.exists(), "skipped: no CUDA toolkit, no double of it")
    def test_on_gpus_that_are_made_up(self):
        for rank in range(2) if FULL else [1]:
            for site in ("train_step", "predict", "finish_epoch"):
                with self.subTest(site=site, rank=rank):
                    visit, trial = self.VISITS[site]
                    name = f"{rank} {site}"
                    # A plan is for the devices it was made for.
                    file = study("gpu", NORMED, WATCHED + 'micro_batches = 2\nreduction = "tree"\n', SEEDS, epochs=2)
                    result = run(MPIRUN + ["-np", "2", FAKE_GPU, "sweep", file, "--dataset", DATASET, "--out", self.out(name), "--quiet",
                                           "--device", "cuda", "--width", "2", "--exchange-timeout", "20"],
                                 env={"TITRATE_TEST": "1", "TITRATE_FAULT": f"{rank}:{site}:{visit}:throw"})
                    # The probe may take the fault of a step on rank 0.
                    records = records_of(self.out(name)).values()
                    self.assertEqual(len(records), 3, result.stderr)
                    failed = [record["reason"] for record in records if record["status"] == "failed"]
                    if (rank, site) == (0, "train_step") and not failed:
                        self.assertEqual(result.returncode, 0, result.stderr)
                    else:
                        self.assertEqual((result.returncode, failed), (5, [thrown(site)]), result.stderr)


class NoNumberTest(GroupCase):
    def test_on_one_rank_is_divergence_everywhere(self):
        for width, fault in ((1, "0:gradient:5:nan"), (2, "0:gradient:17:nan"), (2, "1:gradient:17:nan"), (4, "2:gradient:17:nan")):
            with self.subTest(width=width, fault=fault):
                # One rank comes to a gradient for each of the four parts of a batch, four ranks for one.
                step = (int(fault.split(":")[2]) - 1) * width // 4 + 1
                result = self.start(fault, width, fault=fault)
                self.assertEqual(result.returncode, 0, result.stderr)
                records, expected = records_of(self.out(fault)), self.undisturbed["records"]
                first, *others = records
                self.assertEqual((records[first]["status"], records[first]["reason"]),
                                 ("diverged", f"training loss was no finite number at step {step}"))
                for trial in others:
                    self.assertEqual(records[trial], expected[trial])


class CheckpointTest(GroupCase):
    def check(self, name, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.count("no checkpoint, the trial goes on without"), 3, result.stderr)
        self.assertSameResults(self.out(name), self.undisturbed["out"])

    def test_trials_go_on_where_none_can_be_written(self):
        for width in (1, 2):
            name = f"in the way {width}"
            self.out(name).mkdir()
            (self.out(name) / "checkpoints").write_text("in the way")
            result = self.start(name, width, "--checkpoint-minutes", "1e-9")
            self.check(name, result)
            self.assertIn(str(self.out(name) / "checkpoints"), result.stderr)

    def test_and_where_the_disk_is_full(self):
        for width in (1, 2):
            name = f"full {width}"
            self.check(name, self.start(name, width, "--checkpoint-epochs", "1", fault="0:checkpoint:0:enospc"))


if __name__ == "__main__":
    running.main()
