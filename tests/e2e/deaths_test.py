"""Processes of a sweep that die: killed, thrown out of, crashed. Nothing hangs or is lost, one line says what happened, and
the same command again comes to the same end.

    python3 tests/e2e/deaths_test.py BUILD_FOLDER [unittest arguments]
"""

import signal
import sys
import unittest

import golden
import harm
import running
from extent import FULL, full_only
from golden import WORK, check_again, finish, start, survivors
from harm import attempt, check_published, finish_killed, random_moment, ranks, records, said, send, wait_for
from running import RANDOM

KILLED = 128 + signal.SIGKILL
BEFORE_TRIALS = ["start", "read_study", "open_folder", "read_dataset", "check_study", "calibrate", "form_group", "wait_for_work"]
IN_A_TRIAL = ["prepare", "make_engine", "read_checkpoint", "first_step", "train_step", "gradient", "finish_epoch", "validate",
              "predict", "test", "write_files"]
OF_A_RESULT = ["journal", "deliver", "delivered"]
AT_THE_END = ["report", "end"]
THROWN = "{}: a fault that a test asked for"
FULL_DISK = "{}: a full disk that a test asked for; got No space left on device"


def setUpModule():
    unittest.addModuleCleanup(golden.clean_up)
    harm.prepare()


class DeathCase(unittest.TestCase):
    def out(self, name):
        return WORK / f"{type(self).__name__} {name}"

    def run_with(self, fault, out, count, *options, planned=0):
        result = finish(start(out, count, *options, planned=planned, fault=fault), 60)
        self.assertEqual(survivors(out), [], "a process lives on")
        return result

    def check_after(self, out, count, *options, planned=0):
        self.assertEqual(survivors(out), [], "a process lives on")
        before, last = records(out), attempt(out)
        lines = said(check_again(out, count, *options, planned=planned))
        self.assertLessEqual(before, records(out), "a finished trial is lost")
        self.check_told(lines, last)

    def check_told(self, lines, last):
        """Of how the run before ended: of one that could not say it itself, and of one that could. Returns the other lines."""
        words = {"killed, or out of memory?": last.get("state") == "running", " ended: ": bool(last.get("reason"))}
        for word, is_so in words.items():
            self.assertEqual(sum(word in line for line in lines), is_so, lines)
        return [line for line in lines if not any(word in line for word in words)]


class KillTest(DeathCase):
    """kill -9 at random moments."""

    COUNT = 20 if FULL else 1

    def kill(self, name, code, choose):
        """The processes that choose(mpirun, ranks) names. Whether the run was still under way."""
        count = RANDOM.choice([2, 3, 4, 8] if FULL else [2, 3])
        out = self.out(f"{self._testMethodName} {name}")
        process = start(out, count)
        killed = choose(process.pid, list(random_moment(process, out, count).values()))
        send(signal.SIGKILL, killed)
        result = finish_killed(process, out, 30)
        self.assertIn(result.returncode, (0, code), result.stderr)
        self.assertEqual(survivors(out), [], "a process lives on")
        check_published(out)
        lines = [line for line in said(result.stderr) if line.startswith("titrate: ")]
        self.assertLessEqual(len(lines), len(killed), "ranks 0 and 1 speak for all, unless they are the dead")
        self.check_after(out, count)
        return result.returncode != 0

    def kill_often(self, code, choose):
        for number in range(self.COUNT):
            struck = any(self.kill(f"{number} {again}", code, choose) for again in range(5))
            self.assertTrue(struck, "each time the run had ended before")

    def test_a_rank(self):
        self.kill_often(KILLED, lambda mpirun, living: RANDOM.sample(living, 1))

    def test_two_ranks_at_once(self):
        self.kill_often(KILLED, lambda mpirun, living: RANDOM.sample(living, 2))

    def test_mpirun(self):
        self.kill_often(-signal.SIGKILL, lambda mpirun, living: [mpirun])

    def test_rank_0_when_a_result_was_sent_to_it(self):
        for number in range(self.COUNT):
            out = self.out(f"sent {number}")
            process = start(out, 2)
            sent = out / "journal" / "attempt-0001-rank-00001.jsonl"
            wait_for(lambda: sent.exists() and sent.read_bytes().count(b"\n") > number % 3, process)
            send(signal.SIGKILL, [ranks(out)[0]])
            self.assertEqual(finish(process, 30).returncode, KILLED)
            self.check_after(out, 2)

    def test_rank_0_when_it_sent_a_result(self):
        for visit in range(1, 5 if FULL else 2):
            out = self.out(f"delivered {visit}")
            self.assertEqual(self.run_with(f"0:delivered:{visit}:kill", out, 2).returncode, KILLED)
            self.check_after(out, 2)


class ThrowTest(DeathCase):
    """An exception at every site in turn, in one run folder: what one run leaves is where the next begins."""

    def check_end(self, fault, reason, code, out, count):
        """The run ends with this code, and its one line is the reason. False: it came to its end without the fault."""
        last = attempt(out)
        result = self.run_with(fault, out, count)
        if result.returncode == 0:
            return False
        self.assertEqual(result.returncode, code, f"{fault}: {result.stderr}")
        self.assertEqual(self.check_told(said(result.stderr), last), ["titrate: " + reason], fault)
        return True

    def check_failure(self, fault, reason, out, count):
        """The trial is a row with the reason; a plan, without which the first steps are those of a probe."""
        last = attempt(out)
        result = self.run_with(fault, out, count, planned=1)
        self.assertEqual(result.returncode, 5, f"{fault}: {result.stderr}")
        lines = self.check_told(said(result.stderr), last)
        self.assertEqual(len(lines), 1, f"{fault}: {lines}")
        self.assertRegex(lines[0], f"warning: trial [0-9a-f]{{16}} failed on rank [0-9]: {reason}$")
        rows = [row for row in (out / "trials.csv").read_text().splitlines() if ",failed," in row]
        failed = [record for record in golden.read_journal(out)[0] if record.get("reason") == reason]
        self.assertGreaterEqual(len(failed), len(rows))
        self.assertGreaterEqual(len(rows), 1)

    def elsewhere(self, count):
        out = self.out(f"elsewhere {count}")
        for number, site in enumerate(BEFORE_TRIALS + OF_A_RESULT + AT_THE_END):
            rank = (number + count // 2) % count
            with self.subTest(site=site, ranks=count, rank=rank):
                if site in OF_A_RESULT and count > 2:
                    self.at_a_result(site, count)
                else:
                    self.assertTrue(self.check_end(f"{rank}:{site}:1:throw", THROWN.format(site), 1, out, count))
        self.check_after(out, count)

    def at_a_result(self, site, count):
        """Of many ranks some may have no result: others were faster, or lead their group."""
        for rank in RANDOM.sample(range(count), count):
            out = self.out(f"{site} {rank} of {count}")
            if self.check_end(f"{rank}:{site}:1:throw", THROWN.format(site), 1, out, count):
                self.check_after(out, count)
                return
        self.fail("no rank had a result")

    def in_a_trial(self, count):
        out = self.out(f"in a trial {count}")
        for site in IN_A_TRIAL if FULL else RANDOM.sample(IN_A_TRIAL, 2):  # at 2 ranks together_test.py tries all
            with self.subTest(site=site, ranks=count):
                self.check_failure(f"*:{site}:1:throw", THROWN.format(site), out, count)
        self.check_after(out, count, planned=1)

    def test_elsewhere(self):
        self.elsewhere(2)

    def test_in_a_trial(self):
        self.in_a_trial(4)

    @full_only
    def test_on_more_ranks(self):
        self.elsewhere(4)
        self.elsewhere(8)
        self.in_a_trial(2)
        self.in_a_trial(8)

    def test_a_full_disk(self):
        out = self.out("full disk")
        self.check_failure("*:write_files:1:enospc", FULL_DISK.format("write_files"), out, 2)
        for site in ("journal", "report"):
            self.assertTrue(self.check_end(f"0:{site}:1:enospc", FULL_DISK.format(site), 4, out, 2))
        self.check_after(out, 2)

    def test_a_checkpoint_that_cannot_be_kept(self):
        """The trial goes on without. Of a full disk there, see together_test.py."""
        out = self.out("checkpoint")
        result = self.run_with("*:checkpoint:2:throw", out, 2)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("the trial goes on without: " + THROWN.format("checkpoint"), result.stderr)
        golden.check_whole(out)


class CrashTest(DeathCase):
    def crash(self, action, code, sites):
        out = self.out(action)
        for number, site in enumerate(sites):
            with self.subTest(action=action, site=site):
                result = self.run_with(f"{number % 2}:{site}:1:{action}", out, 2, planned=1)
                self.assertEqual(result.returncode, code, result.stderr)
        self.check_after(out, 2, planned=1)

    def test_segmentation_fault(self):
        self.crash("segv", 128 + signal.SIGSEGV, ["start", "open_folder", "train_step", "deliver"])

    def test_a_rank_that_leaves_without_a_word(self):
        """Of one that leaves before MPI starts, which mpirun takes for no fault, see watchdog_test.py."""
        self.crash("exit0", 1, ["open_folder", "wait_for_work", "train_step", "report"])


if __name__ == "__main__":
    running.main()
