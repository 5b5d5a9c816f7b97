"""A bound on how long commands take that holds on a busy machine too."""

import contextlib
import resource
import time

BUSY = 5  # so much longer may it take by the clock


def used():
    """Processor time of all that was started here and has ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def soon(seconds):
    """What is run inside takes at most so much time of a processor, and does not wait for long."""
    began, before = time.monotonic(), used()
    yield
    took, waited = used() - before, time.monotonic() - began
    assert took < seconds, f"it took {took:.2f} s of a processor, more than {seconds}"
    assert waited < BUSY * seconds, f"it took {waited:.1f} s, of which {took:.2f} of a processor"
