"""How a file of tests runs: the moments that it draws, how it ends, and how a failure is seen again.

What is drawn at random comes from RANDOM. Each test, and each case of in_pairs() (harm.py), has a stream of its own, so that
TITRATE_SEED=N draws the same again for one test alone.
"""

import os
import random
import shlex
import sys
import threading
import time
import unittest

SKIPPED = 77  # the exit code that CTest takes for a test that was skipped
SEED = int(os.environ.get("TITRATE_SEED", time.time_ns() % 1_000_000))


class Streams(threading.local):
    """A random.Random for each thread."""

    def __init__(self):
        self.stream = random.Random(SEED)

    def restart(self, name):
        self.stream.seed(f"{SEED} {name}")

    def __getattr__(self, name):
        return getattr(self.stream, name)


RANDOM = Streams()


class Result(unittest.TextTestResult):
    """Says of each test how long it took, where that is a second or more."""

    def startTest(self, test):
        RANDOM.restart(test.id())
        self.started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        seconds = time.monotonic() - self.started
        if seconds >= 1:
            self.stream.writeln(f"    {seconds:.1f} s")


class Runner(unittest.TextTestRunner):
    resultclass = Result


def name_of(test):
    """As unittest takes it on the command line; empty for what is not one test, such as a module's preparation."""
    name = getattr(test, "test_case", test).id()  # of a subtest its test
    return name.removeprefix("__main__.") if name.startswith("__main__.") else ""


def again(result, arguments):
    """A command that runs what failed once more, with the moments that were drawn."""
    failed = {name_of(test) for test, _ in result.failures + result.errors}
    names = [] if "" in failed else sorted(failed)
    return f"TITRATE_SEED={SEED} " + shlex.join([sys.executable, sys.argv[0], *arguments, *names])


def skipped_all(result):
    skipped = {test.id() for test, _ in result.skipped if not hasattr(test, "test_case")}
    return bool(skipped) and len(skipped) >= result.testsRun


def main(arguments=1):
    """Runs the tests of the program, whose first so many arguments are its own; the others are unittest's."""
    own, rest = sys.argv[1:1 + arguments], sys.argv[1 + arguments:]
    result = unittest.main("__main__", argv=[sys.argv[0], *rest], verbosity=2, testRunner=Runner, exit=False).result
    if not result.wasSuccessful():
        print(f"again: {again(result, own)}", file=sys.stderr)
        sys.exit(1)
    if skipped_all(result):
        print("skipped: " + "; ".join(sorted({reason for _, reason in result.skipped})), file=sys.stderr)
        sys.exit(SKIPPED)
