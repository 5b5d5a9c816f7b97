"""The sweep on GPUs that are made up of host memory: the way of NCCL's sums from the command line to trials.csv, and every
fault of theirs to its exit code.

    python3 tests/e2e/fake_gpu_test.py BUILD_FOLDER [unittest arguments]
"""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import running
import training_runs
from extent import full_only
from training_runs import BUILD, NORMED, SweepCase, records_of, rows_of, run, study, sweep_command

TITRATE = BUILD / "fake_gpu" / "titrate"
# Some 1.4 million parameters: large enough for buckets.
WIDE = 'layers = ["conv 4 5", "batch_norm", "relu", "max_pool 4", "flatten", "dense 4000", "relu", "dense 200", "dense 10"]'
SEEDS = '[axes]\n"seed" = [0, 1, 2]'
DEADLINE, GRACE = 3, 5  # seconds


def setUpModule():
    global DATASET
    DATASET = training_runs.prepare()


def tearDownModule():
    training_runs.clean_up()


def fake_command(study, out, *options, ranks):
    command = sweep_command(study, DATASET, out, *options, ranks=ranks)
    at = command.index(BUILD / "titrate")
    return command[:at] + [TITRATE] + ["cuda" if part == "cpu" else part for part in command[at + 1:]]


class FakeGpuCase(SweepCase):
    def fake_sweep(self, name, file, *options, ranks):
        out = self.out(name)
        result = run(fake_command(file, out, *options, ranks=ranks))
        self.assertEqual(result.returncode, 0, result.stderr)
        return out

    def numerics(self, out):
        return {record["numerics"] for record in records_of(out).values()}


class SameRowsTest(FakeGpuCase):
    def assertSameAtEveryWidth(self, file, widths):
        alone = self.kept_sweep(f"{file.stem} alone", file)
        for width in widths:
            out = self.fake_sweep(f"{file.stem} {width}", file, "--keep", "all", "--width", width, ranks=4)
            self.assertSameResults(out, alone)

    def test_the_tree_gives_the_bits_of_one_rank(self):
        self.assertSameAtEveryWidth(study("tree", NORMED, 'reduction = "tree"', SEEDS, micro_batches=4), (1, 2, 4))

    def test_and_in_buckets(self):
        for parts in (2, 4):
            with self.subTest(parts=parts):
                file = study(f"wide {parts}", WIDE, 'reduction = "tree"', SEEDS, epochs=1, micro_batches=parts)
                self.assertSameAtEveryWidth(file, [parts])


class FastTest(FakeGpuCase):
    def test_the_order_of_nccl_stands_in_the_numerics_class(self):
        file = study("fast", NORMED, 'reduction = "fast"', SEEDS, micro_batches=4)
        out = self.fake_sweep("two", file, "--width", 2, ranks=2)
        cpu = self.numerics(self.sweep("alone", file))
        self.assertEqual(self.numerics(out), {f"{one}/nccl-2" for one in cpu})


def processes_of(session):
    """Ids of what runs in it."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # gone meanwhile
        if int(its_session) == session and state != "Z":
            found.add(int(stat.parent.name))
    return found


class FaultTest(FakeGpuCase):
    """The run ends with the right code in time, nobody is left, and the same command goes on from what is there.

    A trial makes 15 steps of three sums, the first of them from the middle of backward; the tree takes two calls of NCCL for
    a sum. So calls 115 to 120 of the tree and 58 to 60 of NCCL's own are step 5 of the second trial.
    """

    @classmethod
    def setUpClass(cls):
        cls.undisturbed, cls.seconds = {}, 300.0
        for reduction in ("tree", "fast"):
            out = training_runs.WORK / f"undisturbed {reduction}"
            started = time.monotonic()
            result = run(cls.command(reduction, out))
            assert result.returncode == 0, result.stderr
            cls.seconds = min(cls.seconds, time.monotonic() - started)
            cls.undisturbed[reduction] = (out / "trials.csv").read_bytes()

    @staticmethod
    def command(reduction, out):
        file = study(f"faults {reduction}", WIDE, f'reduction = "{reduction}"', SEEDS, epochs=1, micro_batches=2)
        return fake_command(file, out, "--width", 2, "--exchange-timeout", DEADLINE, ranks=2)

    def run_with(self, fault, command, said):
        """Its exit code, seconds, and which processes were seen while it ran and after it."""
        environment = dict(os.environ, OMP_NUM_THREADS="1", TITRATE_FAKE_FAULT=fault)
        started, seen = time.monotonic(), set()
        launcher = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=said, env=environment,
                                    start_new_session=True)
        try:
            while launcher.poll() is None and time.monotonic() - started < 120:
                seen |= processes_of(launcher.pid)
                time.sleep(0.05)
            seconds = time.monotonic() - started
            left = processes_of(launcher.pid)
        finally:
            for pid in processes_of(launcher.pid):
                os.kill(pid, signal.SIGKILL)
        return launcher.wait(), seconds, seen, left

    def disturb(self, fault, code, says, finished, reduction="tree"):
        out = self.out(f"disturbed {reduction}")
        command = self.command(reduction, out)
        with open(training_runs.WORK / "said", "w+") as said:
            found, seconds, seen, left = self.run_with(fault, command, said)
            said.seek(0)
            text = said.read()
        print(f"{fault} ({reduction}): {found} after {seconds:.1f} s; undisturbed {self.seconds:.1f} s", file=sys.stderr)
        self.assertEqual(found, code, text)
        self.assertIn(says, text)
        self.assertLess(seconds, self.seconds + DEADLINE + GRACE)
        self.assertGreaterEqual(len(seen), 3, "mpirun and its ranks were not seen")
        self.assertEqual(left, set())

        report = run([TITRATE, "report", out])
        self.assertEqual((report.returncode, "damaged" in report.stderr), (0, False), report.stderr)
        self.assertEqual(len(rows_of(out)), finished)
        again = run(command)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual((out / "trials.csv").read_bytes(), self.undisturbed[reduction])
        self.assertEqual(len(records_of(out)), 3)

    def test_a_start_that_hangs(self):
        self.disturb("1:init_hangs", 86, f"no progress for {DEADLINE} s", 0)

    @full_only
    def test_a_start_that_hangs_everywhere(self):
        self.disturb("*:init_hangs", 86, f"no progress for {DEADLINE} s", 0)

    @full_only
    def test_a_start_that_fails(self):
        self.disturb("1:init_fails", 1, "the start fails on request", 0)

    def test_a_late_error(self):
        self.disturb("1:late_error:116", 1, "a late error on request", 1)
        self.disturb("0:late_error:58", 1, "a late error on request", 1, "fast")

    def test_a_sum_that_is_stuck(self):
        self.disturb("0:stuck:116", 86, f"no progress for {DEADLINE} s", 1)

    @full_only
    def test_an_abort_that_blocks(self):
        self.disturb("*:abort_blocks:116", 86, f"no progress for {DEADLINE} s", 1)


if __name__ == "__main__":
    running.main()
