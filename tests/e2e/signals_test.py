"""Sweeps that are asked to stop, or told to end: all ranks stop after the same step and keep what they have, the exit code
says why, and the same command goes on from there.

    python3 tests/e2e/signals_test.py BUILD_FOLDER [unittest arguments]
"""

import shutil
import signal
import sys
import time
import unittest
from signal import SIGINT, SIGKILL, SIGTERM, SIGUSR1, SIGUSR2

import golden
import harm
import running
import training_runs
from extent import FULL
from golden import WORK, check_again, check_ended, check_whole, finish, start, survivors
from harm import attempt, catches, check_published, only_line, ranks, records, said, send, wait_for
from running import RANDOM

STOPPED, TERMINATED, INTERRUPTED = 75, 128 + SIGTERM, 130
ENDED_BY_MPIRUN = 1  # what mpirun makes of TERM and INT to itself, whatever its ranks end with


def setUpModule():
    unittest.addModuleCleanup(golden.clean_up)
    training_runs.compile_preload()
    unittest.addModuleCleanup(shutil.rmtree, training_runs.PRELOAD.parent)
    harm.prepare(epochs=6)


class SignalCase(unittest.TestCase):
    def check_told_of(self, out):
        """The next start, which ends well, says how the last one ended."""
        self.assertRegex("\n".join(said(check_again(out, 2))), r"^\S+ \[rank 0\] warning: attempt \d+ ended: .*$")

    def out(self, name):
        return WORK / f"{type(self).__name__} {name}"

    def start(self, out, count, *options, **more):
        """A run of so many ranks under mpirun, or of one process, that is far enough to understand signals; process ids by
        rank."""
        process = start(out, count, *options, **more)
        if count is None:
            found = wait_for(lambda: catches(process.pid, SIGUSR1) and {0: process.pid}, process)
        else:
            found = wait_for(lambda: len(living := ranks(out)) == count and all(catches(pid, SIGUSR1) for pid in living.values())
                             and living, process)
        return process, found

    def wait_for_records(self, process, out):
        """One more trial finishes: the run is under way."""
        before = records(out)
        self.assertTrue(wait_for(lambda: records(out) - before, process), process.log.read_text())


class StopTest(SignalCase):
    def check_stopped(self, process, out):
        result = finish(process, 30)
        self.assertEqual(result.returncode, STOPPED, result.stderr)
        self.assertEqual(survivors(out), [], "a process lives on")
        done = len(records(out))
        self.assertEqual(said(result.stderr),
                         [f"titrate: stopped on request: {done} of 12 trials are finished; the same command resumes"])
        self.assertEqual(attempt(out)["state"], "stopped")
        check_published(out)

    def check_resumed(self, out, count, *options):
        """The same command goes on from the checkpoints, not from the beginning. Says how many there were."""
        before = records(out)
        kept = {}
        for file in (out / "checkpoints").glob("*.safetensors"):
            trial, _, step, _ = file.name.split("-")
            kept[trial] = max(int(step), kept.get(trial, 0))
        log = WORK / f"checkpoints {time.monotonic_ns()}"
        result = finish(start(out, count, *options, LD_PRELOAD=str(training_runs.PRELOAD), TITRATE_CHECKPOINTS=str(log)), 120)
        check_ended(result)
        self.assertEqual(result.stderr, "")
        check_whole(out)
        self.assertLessEqual(before, records(out))
        # The last step of an epoch is kept twice, before and after validation.
        again = [(trial, step) for trial, step, _ in training_runs.checkpoints_of(log) if step < kept.get(trial, 0)]
        self.assertEqual(again, [], f"done again, though kept: {kept}")
        return len(kept)

    def stop(self, name, count, choose, *options, number=SIGUSR1):
        """Stopped at a random moment, at the first try at which the run is not over before. How many checkpoints it kept."""
        for again in range(5):
            out = self.out(f"{name} {again}")
            process, living = self.start(out, count, *options)
            time.sleep(RANDOM.uniform(0, 0.7 * harm.SECONDS))
            send(number, choose(process.pid, list(living.values())))
            if finish(process, 30).returncode != 0:
                self.check_stopped(process, out)
                return self.check_resumed(out, count, *options)
            check_whole(out)
        self.fail("each time the run had ended before")

    def test_at_any_moment(self):
        """USR1 or USR2 to mpirun, to one rank or to all."""
        kinds = [lambda mpirun, living: [mpirun], lambda mpirun, living: [RANDOM.choice(living)], lambda mpirun, living: living]
        for number in range(60 if FULL else 3):
            with self.subTest(number):
                count, signal_number = RANDOM.choice([2, 3, 4]), RANDOM.choice([SIGUSR1, SIGUSR2])
                self.stop(f"any {number}", count, kinds[number % 3], number=signal_number)

    def test_before_training(self):
        out = self.out("before")
        process, living = self.start(out, 2)
        send(SIGUSR1, living.values())
        self.check_stopped(process, out)
        self.assertEqual(self.check_resumed(out, 2), 0)

    def test_wide_groups(self):
        for number in range(20 if FULL else 1):
            with self.subTest(number):
                self.stop(f"wide {number}", 4, lambda mpirun, living: [RANDOM.choice(living)], "--width", "2")

    def test_alone(self):
        for number in range(5 if FULL else 1):
            with self.subTest(number):
                self.stop(f"alone {number}", None, lambda mpirun, living: living)

    def test_twice_at_once(self):
        """As Slurm and mpirun may do it."""
        for again in range(5 if FULL else 2):
            out = self.out(f"twice {again}")
            process, living = self.start(out, 2)
            self.wait_for_records(process, out)
            send(SIGUSR1, [process.pid, process.pid, *living.values()])
            self.check_stopped(process, out)
            if self.check_resumed(out, 2) > 0:
                return
        self.fail("none was stopped in the middle of a trial")

    def test_a_second_time(self):
        """Rank 0 would wait for rank 1, and does not when it is asked again."""
        out = self.out("second")
        process, living = self.start(out, 2)
        self.wait_for_records(process, out)
        send(signal.SIGSTOP, [living[1]])
        send(SIGUSR1, [living[0]])
        time.sleep(3)
        self.assertIsNone(process.poll())
        began = time.monotonic()
        send(SIGUSR1, [living[0]])
        result = finish(process, 30)
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(result.returncode, STOPPED, result.stderr)
        line = only_line(said(result.stderr))
        self.assertRegex(line, "titrate: rank 0 on .*: asked to stop a second time, and ends at once")
        self.assertEqual(survivors(out), [], "a process lives on")
        self.check_told_of(out)

    def test_deadline(self):
        out, options = self.out("deadline"), ["--deadline", "0.01"]
        self.check_stopped(start(out, 2, *options), out)
        check_again(out, 2)

    def test_when_all_is_done(self):
        out = self.out("done")
        check_ended(finish(start(out, 2), 60))
        process, living = self.start(out, 2)
        send(SIGUSR1, living.values())
        check_ended(finish(process, 30))
        check_whole(out)
        self.assertEqual(attempt(out)["state"], "finished")


class EndTest(SignalCase):
    """TERM and INT: what is in the journal stays, and the line and the code say what happened."""

    def start_and_end(self, out, count, number, code, choose):
        process, living = self.start(out, count, LD_PRELOAD=str(harm.slow_disk(0.2)))  # not so fast that it is over before
        if code == ENDED_BY_MPIRUN:  # which takes a second to pass it on
            wait_for(lambda: attempt(out), process)
        else:
            self.wait_for_records(process, out)
        return self.end(process, choose(process.pid, living), out, number, code)

    def end(self, process, pid, out, number, code):
        """False: the run was over before."""
        before, alone = records(out), process.args[0] != "mpirun"
        send(number, [pid])
        result = finish(process, 30)
        self.assertEqual(survivors(out), [], "a process lives on")
        if attempt(out)["state"] == "finished":
            check_whole(out)
            return False
        self.assertEqual(result.returncode, code, result.stderr)
        line = only_line([line for line in said(result.stderr) if line.startswith("titrate: ")])
        reason = "interrupted by a signal" if code == INTERRUPTED else "terminated by a signal"
        if code != INTERRUPTED and not alone:
            reason += ", or since another rank was killed or ran out of memory"
        self.assertRegex(line, f"^titrate: (rank [01] on .*: )?{reason}; the same command resumes$")
        self.assertLessEqual(before, records(out))
        self.assertEqual(golden.read_journal(out)[1], 0, "a damaged record")
        last = attempt(out)
        self.assertEqual(last["state"], "failed")
        self.assertIn(last["reason"], line)
        check_published(out)
        self.check_told_of(out)
        return True

    def check(self, number, code):
        """To mpirun, to a rank, and to a process alone."""
        cases = [("mpirun", 2, ENDED_BY_MPIRUN, lambda mpirun, living: mpirun), ("rank 0", 2, code, lambda mpirun, living: living[0]),
                 ("rank 1", 2, code, lambda mpirun, living: living[1]), ("alone", None, code, lambda mpirun, living: living[0])]
        for name, count, seen, choose in cases if FULL else RANDOM.sample(cases, 2):
            with self.subTest(name):
                struck = any(self.start_and_end(self.out(f"{name} {number} {again}"), count, number, seen, choose) for again in range(5))
                self.assertTrue(struck, "each time the run had ended before")

    def test_term(self):
        self.check(SIGTERM, TERMINATED)

    def test_int(self):
        self.check(SIGINT, INTERRUPTED)

    def test_with_a_disk_that_hangs(self):
        """Who waits for a record to be whole has said before that it ends: mpirun gives it a second."""
        out = self.out("hangs")
        process, _ = self.start(out, 2, LD_PRELOAD=str(harm.slow_disk()))
        wait_for(lambda: len(records(out)) == 2, process)
        self.assertTrue(self.end(process, process.pid, out, SIGTERM, ENDED_BY_MPIRUN))

    def test_in_the_middle_of_a_record(self):
        """It is waited for, but not for ever, and not if it is asked twice."""
        out = self.out("record")
        for often in (1, 2):
            process, _ = self.start(out, None, LD_PRELOAD=str(harm.slow_disk()))
            self.wait_for_records(process, out)
            began = time.monotonic()
            send(SIGTERM, [process.pid])
            if often == 2:
                time.sleep(0.3)
                send(SIGTERM, [process.pid])
            result = finish(process, 30)
            seconds = time.monotonic() - began
            self.assertEqual(result.returncode, TERMINATED, result.stderr)
            if often == 1:
                self.assertGreater(seconds, 1)
            else:
                self.assertLess(seconds, 1)
        check_again(out, 2)

    def test_a_death_is_told_of_and_a_stop_is_not(self):
        out = self.out("told")
        process, living = self.start(out, 2)
        self.wait_for_records(process, out)
        send(SIGKILL, living.values())
        finish(process, 30)
        self.assertEqual(attempt(out)["state"], "running")
        process, living = self.start(out, 2)
        self.wait_for_records(process, out)
        send(SIGUSR1, [process.pid])
        result = finish(process, 30)
        self.assertEqual(result.returncode, STOPPED, result.stderr)
        lines = said(result.stderr)
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[0], "warning: attempt 1, process .* left no word of its end: killed, or out of memory\\? a full disk\\?$")
        self.assertEqual(said(check_again(out, 2)), [])


if __name__ == "__main__":
    running.main()
