"""A journal that was damaged, run folders that two runs want, and a zombie that comes back: nothing is lost or told twice.

    python3 tests/e2e/journal_faults_test.py BUILD_FOLDER [unittest arguments]

TITRATE_FULL=1 cuts at every byte and starts 50 pairs of runs.
"""

import json
import os
import shutil
import signal
import sys
import time
import unittest
from pathlib import Path

import golden
import running
from extent import FULL
from golden import WORK, check_again, check_whole, crc32c, finish, processes, read_journal, start, survivors
from harm import in_pairs, only_line
from running import RANDOM

FIRST = "attempt-0001-rank-00000.jsonl"


def setUpModule():
    unittest.addModuleCleanup(golden.clean_up)
    golden.prepare(epochs=2)
    alone = WORK / "alone"
    golden.check_ended(finish(start(alone, None), 60))
    check_whole(alone)


def finished(name):
    """A run folder of one process that came to its end; its journal is one file."""
    out = WORK / name
    shutil.copytree(WORK / "alone", out)
    return out, out / "journal" / FIRST


def attempts(out):
    return sorted({file.name.split("-rank")[0] for file in (out / "journal").iterdir()})


class DamageTest(unittest.TestCase):
    """One run's journal, changed; the same command again runs what is missing and says what it dropped."""

    def again(self, name, change, ran):
        """`change` gives the journal's new bytes; `ran`: how many trials have to run. Returns what was said, line by line."""
        out, journal = finished(name)
        journal.write_bytes(change(journal.read_bytes()))
        lines = check_again(out, None).splitlines()
        records = read_journal(out)[0]
        assert sum(record["attempt"] == 2 for record in records) == ran, f"{len(records)} records, {lines}"
        shutil.rmtree(out)
        return lines

    def check_dropped(self, lines, number):
        """One warning for each of so many damaged lines, of the file."""
        self.assertEqual(len(lines), number, lines)
        for line in lines:
            self.assertRegex(line, rf"{FIRST}:\d+: damaged line dropped; its trial runs again")

    def test_cut_in_the_last_record(self):
        text = (WORK / "alone" / "journal" / FIRST).read_bytes()
        length = len(text.splitlines(keepends=True)[-1])
        kept = range(length) if FULL else [0, 1, *RANDOM.sample(range(2, length - 2), 4), length - 2, length - 1]

        def check(count):
            lines = self.again(f"cut at {count}", lambda text: text[:len(text) - length + count], int(count < length - 1))
            self.check_dropped(lines, int(0 < count < length - 1))  # without its newline alone it is whole

        in_pairs(self, check, [(place,) for place in kept])

    def test_a_flipped_byte_in_an_old_record(self):
        text = (WORK / "alone" / "journal" / FIRST).read_bytes()
        first = text.index(b"\n")
        places = range(first) if FULL else [0, first - 1, *RANDOM.sample(range(1, first - 1), 2)]

        def check(place):
            flip = RANDOM.choice([1, 2, 4, 8, 16, 32, 64, 128])
            lines = self.again(f"flipped at {place}", lambda text: flipped(text, place, flip), 1)
            self.check_dropped(lines, 1 + (text[place] ^ flip == ord("\n") and 0 < place < first - 1))

        in_pairs(self, check, [(place,) for place in places])

    def test_a_flipped_end_of_line(self):
        """Two records become one line that is neither."""
        first = (WORK / "alone" / "journal" / FIRST).read_bytes().index(b"\n")
        self.check_dropped(self.again("joined", lambda text: flipped(text, first, 1), 2), 1)

    def test_nothing_but_zeros_at_the_end(self):
        """As some file systems leave it after a power failure: the file had its new length, but not yet its bytes."""
        self.check_dropped(self.again("zeros", lambda text: text + bytes(4096), 0), 1)
        last = len((WORK / "alone" / "journal" / FIRST).read_bytes().splitlines(keepends=True)[-1])
        self.check_dropped(self.again("zeros instead", lambda text: text[:-last] + bytes(last), 1), 1)
        self.check_dropped(self.again("all zeros", lambda text: bytes(len(text)), 12), 1)


def flipped(text, place, bits):
    return text[:place] + bytes([text[place] ^ bits]) + text[place + 1:]


class SecondRecordTest(unittest.TestCase):
    """Another attempt's record of a trial that has one, with a good checksum."""

    def again(self, name, change):
        out, journal = finished(name)
        record = json.loads(journal.read_text().splitlines()[0])
        del record["crc"]
        record["attempt"] = 2
        change(record)
        text = json.dumps(record, separators=(",", ":"))
        (out / "journal" / FIRST.replace("0001", "0002")).write_text(f'{text[:-1]},"crc":"{crc32c(text.encode()):08x}"}}\n')
        self.assertEqual(len(read_journal(out)[0]), 13)
        return out, record["trial"]

    def test_that_differs(self):
        def change(record):
            record["conditions"][0]["correct"] += 1
            correct.append(record["conditions"][0]["correct"])
        correct = []
        out, trial = self.again("differs", change)
        before = (out / "trials.csv").read_bytes()
        result = finish(start(out, None), 60)
        self.assertEqual(result.returncode, 3, result.stderr)
        line = only_line(result.stderr.splitlines())
        self.assertIn(f"trial {trial}: two runs of it", line)
        for shown in (correct[0] - 1, correct[0]):
            self.assertIn(f'"correct":{shown},', line)
        self.assertEqual((out / "trials.csv").read_bytes(), before)

    def test_that_took_another_time(self):
        out, _ = self.again("slower", lambda record: record["timing"].update(train_seconds=99.5, host="elsewhere"))
        self.assertEqual(check_again(out, None), "")

    def test_that_failed(self):
        out, _ = self.again("failed", lambda record: record.update(status="failed", reason="out of paper"))
        self.assertEqual(check_again(out, None), "")


class AttemptsTest(unittest.TestCase):
    def test_are_numbered(self):
        out = WORK / "numbered"
        for fault in ("0:journal:3:kill", "0:first_step:2:kill", "0:first_step:1:kill", "0:journal:3:kill"):
            self.assertEqual(finish(start(out, None, fault=fault), 60).returncode, -signal.SIGKILL)
        check_again(out, None)
        self.assertEqual({record["attempt"] for record in read_journal(out)[0]}, {1, 2, 4, 5})
        self.assertEqual(attempts(out), [f"attempt-000{number}" for number in (1, 2, 4, 5)])


class TwoRunsTest(unittest.TestCase):
    PAIRS = 50 if FULL else 2
    AT_ONCE = 10
    # As on a file system without flock. -D: strace is the child, and the program keeps its place.
    LOCKLESS = ["strace", "-D", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]

    def pair(self, number):
        out = WORK / f"two runs {number}"
        prefix = self.LOCKLESS if number % 2 and shutil.which("strace") else []
        return out, [start(out, None, fault="0:first_step:1:stop", prefix=prefix) for _ in range(2)]

    def one_goes_on(self, out, runs):
        """Whoever comes to train stops there, and so holds the folder for longer than another waits for it."""
        end = time.monotonic() + 60
        while all(run.poll() is None for run in runs) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(sum(run.poll() is None for run in runs), 1, "both train")
        loser, winner = sorted(runs, key=lambda run: run.poll() is None)
        result = finish(loser, 1)
        self.assertEqual(result.returncode, 87, result.stderr)
        line = only_line(result.stderr.splitlines())
        self.assertIn(f"the folder is in use by process {winner.pid}", line)
        winner.send_signal(signal.SIGCONT)
        result = finish(winner, 60)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        check_whole(out)
        self.assertEqual(attempts(out), ["attempt-0001"])
        self.assertEqual(len(read_journal(out)[0]), 12)

    def test_one_goes_on_and_the_other_is_told(self):
        for first in range(0, self.PAIRS, self.AT_ONCE):
            pairs = [self.pair(number) for number in range(first, min(first + self.AT_ONCE, self.PAIRS))]
            for out, runs in pairs:
                with self.subTest(out.name):
                    try:
                        self.one_goes_on(out, runs)
                    finally:
                        for run in runs:
                            run.kill()
                            run.wait()
                shutil.rmtree(out)

    def test_one_that_waited_finds_all_done(self):
        """Nothing is trained twice where the first ends while the second waits for the folder."""
        out = WORK / "in turn"
        for run in [start(out, ranks) for ranks in (None, 2)]:
            self.assertEqual(finish(run, 60).returncode, 0)
        check_whole(out)
        self.assertEqual(len(read_journal(out)[0]), 12)


class ZombieTest(unittest.TestCase):
    """A run that stands still, on a file system without locks; the same command is given again, and then it goes on."""

    def stopped(self, ranks, fault):
        """A run whose process stands still at a checkpoint; as without locks, nothing says that it is there."""
        out = WORK / f"{self._testMethodName} {fault.replace(':', ' ')}"
        run = start(out, ranks, fault=fault)
        self.addCleanup(self.end, run, out)
        zombie = self.wait_for_stop(out)
        for name in (".lock", ".ranks"):
            (out / name).unlink()
        return out, run, zombie

    def end(self, run, out):
        for process in processes(out):
            os.kill(process, signal.SIGKILL)
        run.kill()
        run.wait()

    def wait_for_stop(self, out, besides=()):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for process in processes(out):
                if process not in besides and Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T":
                    return process
            time.sleep(0.02)
        self.fail("nobody stands still")

    def check_clean(self, out):
        """Whatever it left, the next start says nothing and changes nothing."""
        self.assertEqual(check_again(out, None), "")

    def test_comes_back_when_all_is_done(self):
        for place in ("1", "8"):  # before its first record, and after some
            with self.subTest(place):
                out, run, zombie = self.stopped(None, f"0:checkpoint:{place}:stop")
                check_again(out, None)
                os.kill(zombie, signal.SIGCONT)
                finish(run, 60)
                check_whole(out)
                self.check_clean(out)

    def test_comes_back_while_the_next_run_is_under_way(self):
        for place in ("1", "8"):
            with self.subTest(place):
                out, run, zombie = self.stopped(None, f"0:checkpoint:{place}:stop")
                # The next stands still after a checkpoint of the trial at which the zombie stopped, and of a later one.
                later = start(out, None, fault="0:write_files:2:stop")
                self.addCleanup(self.end, later, out)
                successor = self.wait_for_stop(out, besides=[zombie])
                theirs = identities(out)
                self.assertTrue(theirs)
                os.kill(zombie, signal.SIGCONT)
                finish(run, 60)
                self.assertEqual(identities(out), theirs)
                self.assertEqual(json.loads((out / "attempt.json").read_text())["attempt"], 2)
                os.kill(successor, signal.SIGCONT)
                golden.check_ended(finish(later, 60))
                check_whole(out)
                self.check_clean(out)

    def test_a_whole_job_of_two_ranks(self):
        """As one that was suspended, or whose machine was. (A stopped rank alone does not outlive its mpirun: the kernel
        ends what an orphaned group has stopped.)"""
        out, run, zombie = self.stopped(2, "1:checkpoint:3:stop")
        job = processes(out)
        self.assertEqual(len(job), 3)
        for process in job:
            os.kill(process, signal.SIGSTOP)
        check_again(out, 2)
        for process in job:
            os.kill(process, signal.SIGCONT)
        finish(run, 60)
        self.assertEqual(survivors(out), [])
        check_whole(out)
        self.check_clean(out)

    def test_holds_the_folder_where_there_are_locks(self):
        """Even one that is not rank 0, which is dead."""
        out = WORK / "held"
        run = start(out, 2, fault="1:checkpoint:3:stop")
        self.addCleanup(self.end, run, out)
        zombie = self.wait_for_stop(out)
        run.send_signal(signal.SIGSTOP)  # it would end the zombie
        first, = set(processes(out)) - {zombie, run.pid}
        os.kill(first, signal.SIGKILL)
        result = finish(start(out, None), 60)
        self.assertEqual(result.returncode, 87, result.stderr)
        self.assertIn("ranks of an earlier run are still alive", result.stderr)
        os.kill(zombie, signal.SIGKILL)
        run.kill()
        run.wait()
        check_again(out, 2)


def identities(out):
    """The checkpoints of the second attempt, with what tells a file from a new one of that name."""
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in (out / "checkpoints").glob("*-a2.safetensors")}


if __name__ == "__main__":
    running.main()
