"""How ranks end when NCCL fails, seen from outside: the exit code, in time, and nobody left. And whether the double of NCCL
that these tests stand on minds being misused.

    python3 nccl_faults_test.py PROGRAMS_FOLDER MPIRUN [ARGUMENT...]
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time
import unittest
import uuid

import running
from extent import FULL
from running import RANDOM

DEADLINE_SECONDS = 2 + 5  # of nccl_fault_run, and what titrate allows itself beyond it
PROGRAMS, MPIRUN = pathlib.Path(sys.argv[1]), sys.argv[2:]


def processes_with(mark):
    """The processes whose environment holds `mark`."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            pass  # it ended in between, or is another user's
    return found


class Run:
    def __init__(self, ranks, program, arguments, fault):
        mark = f"TITRATE_TEST={uuid.uuid4()}"
        environment = os.environ | dict([mark.split("=")], TITRATE_FAKE_FAULT=fault)
        start = time.monotonic()
        ended = subprocess.run([*MPIRUN, "-np", str(ranks), PROGRAMS / program, *arguments], env=environment, text=True,
                               capture_output=True, timeout=60)
        self.seconds = time.monotonic() - start
        self.code = ended.returncode
        self.said = ended.stdout + ended.stderr
        for _ in range(10):  # mpirun may end a moment before the ranks that it killed
            self.left = processes_with(mark)
            if not self.left:
                break
            time.sleep(0.1)


class Faults(unittest.TestCase):
    def expect(self, fault, code, *texts, arguments=()):
        cases = [(ranks, exchange) for exchange in ("fast", "tree") for ranks in (2, 4)]
        if not FULL:
            cases = [RANDOM.choice(cases)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:  # they mostly wait
            runs = list(pool.map(lambda case: Run(case[0], "nccl_fault_run", [case[1], *arguments], fault), cases))
        for case, run in zip(cases, runs):
            with self.subTest(fault=fault, case=case):
                self.assertEqual(run.code, code, run.said)
                self.assertLess(run.seconds, DEADLINE_SECONDS, run.said)
                self.assertEqual(run.left, [])
                self.assertNotRegex(run.said, "(?m)^fake GPU:")
                for text in texts:
                    self.assertRegex(run.said, text)

    def test_peace(self):
        self.expect("", 0)

    def test_a_rank_that_starts_late_is_waited_for(self):
        self.expect("1:slow_init", 0)

    def test_a_rank_that_never_starts(self):
        self.expect("1:init_hangs", 86, r"GPU 0000:0\d:00\.0, group rank 0 of \d: no progress for 2 s", "start NCCL")

    def test_no_rank_starts(self):
        self.expect("*:init_hangs", 86)

    def test_a_rank_whose_start_fails_is_named_at_once(self):
        self.expect("1:init_fails", 1, "group rank 1", "the start fails on request")

    def test_a_late_error(self):
        self.expect("1:late_error:3", 1, r"group rank 1 of \d: (NCCL|nccl\w+) failed", "a late error on request")

    def test_a_late_error_everywhere(self):
        self.expect("*:late_error", 1)

    def test_a_sum_that_never_ends(self):
        self.expect("0:stuck:5", 86, r"GPU 0000:0\d:00\.0, group rank \d of \d: no progress for 2 s", "a sum to end")

    def test_no_sum_ends(self):
        self.expect("*:stuck", 86)

    def test_an_abort_that_blocks(self):
        self.expect("1:abort_blocks:2", 86)

    def test_an_abort_that_blocks_everywhere_is_left_behind(self):
        self.expect("*:abort_blocks", 86, "ncclCommAbort does not return")

    def test_an_error_that_is_not_nccls(self):
        self.expect("", 4, "disk: is full", arguments=["throw"])

    def test_an_error_that_is_not_nccls_does_not_wait_for_a_sum_that_never_ends(self):
        self.expect("0:stuck:5", 4, "disk: is full", arguments=["throw"])


class Misuse(unittest.TestCase):
    def expect(self, name, text, ranks=1, fault=""):
        run = Run(ranks, "nccl_misuse", [name], fault)
        self.assertNotEqual(run.code, 0, run.said)
        self.assertRegex(run.said, f"(?m)^fake GPU: .*{text}")

    def test_use_before_the_start_is_done(self):
        self.expect("use_before_start", "while the communicator starts", fault="0:slow_init")

    def test_use_after_an_error(self):
        self.expect("use_after_an_error", "a collective on a broken communicator", fault="0:late_error")

    def test_two_threads(self):
        self.expect("use_while_aborting", "while another thread", fault="0:abort_blocks")

    def test_sums_of_different_lengths(self):
        self.expect("different_counts", "gives 999 numbers", ranks=2)

    def test_calls_of_different_kinds(self):
        self.expect("different_kinds", "at ncclAllReduce and .* at ncclSend", ranks=2)

    def test_memory_freed_under_a_sum(self):
        self.expect("free_early", "cudaFree of memory that queued work uses")

    def test_destroyed_with_sums_queued(self):
        self.expect("destroy_early", "ncclCommDestroy while sums are queued")

    def test_the_stream_is_used_while_a_sum_is_being_queued(self):
        self.expect("record_early", "while NCCL still queues")

    def test_never_destroyed(self):
        self.expect("never_destroyed", "neither destroyed nor aborted")

    def test_no_function_is_the_real_librarys(self):
        for program in ("nccl_fault_run", "mpi_nccl"):
            symbols = subprocess.run(["nm", "-u", PROGRAMS / program], capture_output=True, text=True, check=True).stdout
            self.assertNotRegex(symbols, r"\b(cuda|nccl)\w+")


if __name__ == "__main__":
    running.main(arguments=len(sys.argv) - 1)
