"""Ranks of a sweep that stand still: the job ends with 86 within the limit and a second, one line says who and where, and
the same command again comes to the same end. Ranks that are merely slow, or stopped for a while, are left alone.

    python3 tests/e2e/watchdog_test.py BUILD_FOLDER [unittest arguments]
"""

import contextlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import unittest

import golden
import harm
import running
from extent import FULL
from golden import WORK, check_again, check_ended, check_whole, finish, start, survivors
from harm import attempt, check_published, is_stopped, only_line, random_moment, ranks, said, send, wait_for
from running import RANDOM

LIMIT = 3  # seconds
WATCHED = ["--watchdog", str(LIMIT)]
NO_PROGRESS = 86
HOST = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
# The visit at which a rank is in the middle of a run that follows a plan.
VISITS = {"start": 1, "train_step": 100, "gradient": 400, "deliver": 2, "wait_for_work": 2, "wait_for_others": 1,
          "checkpoint": 3, "report": 1, "end": 1}
WITHOUT_MPI = ("start", "end")  # nobody knows who is missing
delays = []  # seconds from each stop to the end of its job


def setUpModule():
    unittest.addModuleCleanup(golden.clean_up)
    harm.prepare()
    for plan in ((2, 1), (3, 1), (4, 1), (2, 2), (4, 2)):  # not by two threads at once
        golden.plan(*plan)


def tearDownModule():
    if delays:
        print(f"ended {min(delays):.2f} to {max(delays):.2f} s after a stop, in {len(delays)} runs with a limit of {LIMIT} s")


class WatchCase(unittest.TestCase):
    def out(self, name):
        return WORK / f"{type(self).__name__} {name}"

    def check_end(self, process, out, stopped, site=""):
        """The rank that is stopped now ends the job, and that is said of it in one line."""
        began = time.monotonic()
        result = finish(process, 60)
        seconds = time.monotonic() - began
        self.assertEqual(result.returncode, NO_PROGRESS, result.stderr)
        delays.append(seconds)
        self.assertEqual(survivors(out), [], "a process lives on")
        lines = said(result.stderr)
        if "MPI did not" in lines[0]:
            # Without MPI the ranks cannot agree on who speaks; rank 0 is first, and mpirun may take over 0.7 s to end the others.
            self.assertIn(site, ("", *WITHOUT_MPI))
            self.assertLessEqual(seconds, LIMIT + 4, "0.7 s of rank 1's patience, and twice a second of mpirun's own")
            self.assertLessEqual(len(lines), 2, lines)
            for line in lines:
                self.assertRegex(line, rf"^titrate: rank \d+ on {HOST}: MPI did not (start|end) within {LIMIT} s: ")
        else:
            self.assertLessEqual(seconds, LIMIT + 3, "which is much, on a busy machine too")
            self.assertEqual(len(lines), 1, lines)
            self.assertRegex(lines[0], rf"^titrate: rank {stopped} on {HOST}: no sign of life for {LIMIT}\.\d s: .*last seen at \"")
        check_published(out)
        return lines[0]


class StopTest(WatchCase):
    def stop_at(self, site, rank, count):
        planned = 2 if site == "gradient" else 1  # the width; the gradients of wide groups are exchanged
        out = self.out(f"{site} {rank} {count}")
        process = start(out, count, *WATCHED, planned=planned, fault=f"{rank}:{site}:{VISITS[site]}:stop")
        found = wait_for(lambda: (pid := ranks(out).get(rank)) and is_stopped(pid), process)
        self.assertTrue(found, process.log.read_text())
        self.check_end(process, out, rank, site)
        check_again(out, count, *WATCHED, planned=planned)

    def test_at_a_site(self):
        every = [(site, rank, count) for count in (2, 3, 4) for site in VISITS for rank in (0, count - 1)
                 if (site, count) != ("gradient", 3)]
        few = [(site, number % 2, 2 + number % 3) for number, site in enumerate(VISITS)]
        harm.in_pairs(self, self.stop_at, every if FULL else RANDOM.sample(few, 3))
        self.assertLessEqual(statistics.median(delays), LIMIT + 1)

    def stop_at_any_moment(self, number):
        """At the first try at which the run is not over before."""
        for again in range(5):
            out, count = self.out(f"any {number} {again}"), RANDOM.choice([2, 3, 4])
            process = start(out, count, *WATCHED)
            rank = harm.stop_a_rank(process, out, count)
            if rank is not None:
                self.check_end(process, out, rank)
                check_again(out, count, *WATCHED)
                return
            check_ended(finish(process, 60))
        self.fail("each time the run had ended before")

    def test_at_any_moment(self):
        harm.in_pairs(self, self.stop_at_any_moment, [(number,) for number in range(20 if FULL else 1)])

    def test_says_which_trial_and_step(self):
        """As they were at the rank's last sign of life, which comes every 0.4 s."""
        out = self.out("place")
        process = start(out, 2, *WATCHED, "--set", "train.epochs=500")  # 20 s

        def steps():
            found = {}
            for file in (out / "checkpoints").glob("[0-9a-f]*"):
                trial, _, step, _ = file.name.split("-")
                found[trial] = max(int(step), found.get(trial, 0))
            return found

        wait_for(lambda: len(steps()) == 2, process)
        time.sleep(1)
        send(signal.SIGSTOP, [ranks(out)[1]])
        line = self.check_end(process, out, 1)
        trial, step = re.search(r'last seen at "[a-z_]+", trial ([0-9a-f]{16}), step (\d+);', line).groups()
        self.assertIn(trial, steps())
        self.assertGreater(int(step), 0)
        self.assertLess(int(step), steps()[trial] + 30, "an epoch has less")

    def test_a_rank_that_left_before_mpi_started(self):
        """With 0, which mpirun takes for no fault, unless on a busy machine rank 0 has come to MPI before that."""
        for again in range(5):
            result = finish(start(self.out(f"left {again}"), 2, *WATCHED, fault="1:start:1:exit0"), 60)
            if "exiting improperly" not in result.stderr:
                break
        self.assertEqual(result.returncode, NO_PROGRESS, result.stderr)
        self.assertRegex("\n".join(said(result.stderr)), rf"^titrate: rank 0 on {HOST}: MPI did not start within {LIMIT} s: .*$")

    def test_a_disk_that_hangs(self):
        """The process lives, its thread does not come on; files may take four times the limit."""
        def hang(name, count, who):
            out = self.out(f"disk {name}")
            result = finish(start(out, count, *WATCHED, LD_PRELOAD=str(harm.slow_disk())), 60)
            self.assertEqual(result.returncode, NO_PROGRESS, result.stderr)
            self.assertEqual(survivors(out), [], "a process lives on")
            line = only_line(said(result.stderr))
            self.assertRegex(line, rf"^titrate: {who}no progress for 1[23]\.\d s at \"journal\", trial [0-9a-f]{{16}}, step [1-9]\d*; if it was only slow, give --watchdog more; ")
            check_again(out, count, *WATCHED)

        harm.slow_disk()  # compiled once
        harm.in_pairs(self, hang, [("alone", None, rf"(rank 0 on {HOST}: )?"), ("two", 2, rf"rank [01] on {HOST}: ")])


class NoAlarmTest(WatchCase):
    def go_on(self, name, count, choose, seconds):
        """Some ranks are stopped for so long, then continued; nothing comes of it."""
        out = self.out(name)
        process = start(out, count, *WATCHED)
        wait_for(lambda: attempt(out), process)  # MPI has started: that, too, may take no longer than the limit
        stopped = choose(list(random_moment(process, out, count, until=0.6).values()))
        send(signal.SIGSTOP, stopped)
        time.sleep(seconds)
        send(signal.SIGCONT, stopped)
        result = finish(process, 60)
        check_ended(result)
        self.assertEqual(result.stderr, "")
        check_whole(out)

    def test_a_short_stop(self):
        ranks_stopped = [RANDOM.randrange(3) for _ in range(20)] if FULL else [0, 1]
        harm.in_pairs(self, self.go_on, [(f"short {number}", 3, lambda living, rank=rank: [living[rank]], LIMIT - 1)
                                         for number, rank in enumerate(ranks_stopped)])

    def test_a_long_stop_of_all_ranks(self):
        harm.in_pairs(self, self.go_on, [(f"all {number}", 2 + number, lambda living: living, LIMIT + 2)
                                         for number in range(3 if FULL else 1)])

    def test_healthy_runs_on_a_busy_machine(self):
        def run(number):
            out = self.out(f"healthy {number}")
            result = finish(start(out, 4, *WATCHED), 120)
            check_ended(result)
            self.assertEqual(result.stderr, "")
            check_whole(out)
            shutil.rmtree(out)

        with busy_loops(2):
            harm.in_pairs(self, run, [(number,) for number in range(200 if FULL else 3)])


@contextlib.contextmanager
def busy_loops(count):
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


if __name__ == "__main__":
    running.main()
