"""How tests harm a golden sweep from outside, and what they look at after."""

import atexit
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import golden
from golden import finish, processes, read_journal
from running import RANDOM
from training_runs import run, write

SECONDS = None  # that an undisturbed run takes


def prepare(epochs=8):
    """Once for each file of tests. 8 epochs: 2 s at 2 ranks on two cores."""
    global SECONDS
    golden.prepare(epochs)
    SECONDS = golden.reference_seconds()


def ranks(out):
    """Process ids by rank, of those that live."""
    found = {}
    for pid in processes(out):
        try:
            rank = re.search(rb"\0OMPI_COMM_WORLD_RANK=(\d+)\0", Path(f"/proc/{pid}/environ").read_bytes())
        except OSError:  # it has just ended
            continue
        if rank:
            found[int(rank[1])] = pid
    return found


def in_pairs(test, check, cases):
    """Each case a subtest, two at a time. What the checks return."""
    def drawing(number, case):
        RANDOM.restart(f"{test.id()} {number}")
        return check(*case)

    results = []
    with ThreadPoolExecutor(2) as pool:
        for case, future in [(case, pool.submit(drawing, number, case)) for number, case in enumerate(cases)]:
            with test.subTest(case):
                results.append(future.result())
    return results


def send(number, pids):
    """The signal to all of these that still live."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def wait_for(condition, process, seconds=60):
    """Until it holds, or the process has ended. What the condition last was."""
    end = time.monotonic() + seconds
    while not (found := condition()) and process.poll() is None:
        assert time.monotonic() < end, f"not within {seconds} s: {process.log.read_text()}"
        time.sleep(0.005)
    return found


def catches(pid, number):
    """Whether it has a handler of its own for this signal."""
    try:
        mask = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return bool(mask) and int(mask[1], 16) >> (number - 1) & 1 == 1


def random_moment(process, out, count, until=0.9):
    """Waits for it: from when all ranks have started until this share of a run has passed. Process ids by rank."""
    found = wait_for(lambda: len(living := ranks(out)) == count and living, process)
    time.sleep(RANDOM.uniform(0, until * SECONDS))
    return found or {}


def finish_killed(process, out, limit):
    """As finish(), of a run with a rank that was killed. Where that was while MPI starts, mpirun 4.1 itself may be in a deadlock of
    its end, seen 3 times in 150: with no rank left it is ended here, as a person would, and said to be killed as its rank was."""
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        if "PMIX ERROR: UNREACHABLE" not in process.log.read_text() or ranks(out):
            return finish(process, 0)
        print("mpirun itself hung after a kill at the start, with no rank left", flush=True)
        process.kill()
        process.wait()
        process.returncode = 128 + signal.SIGKILL
    return finish(process, 0)


def stop_a_rank(process, out, count):
    """SIGSTOP at a random moment; which rank it was, None if the run was over before. Not while MPI starts: there mpirun itself
    hangs or crashes afterwards, once in thirty times. Not when all is published: the others have left, and nobody who could
    notice is there."""
    before = attempt(out).get("attempt", 0)
    wait_for(lambda: attempt(out).get("attempt", 0) > before, process)
    living = random_moment(process, out, count, until=0.7)
    if attempt(out)["state"] != "running" or not living:
        return None
    rank = RANDOM.randrange(count)
    send(signal.SIGSTOP, [living[rank]])
    return rank if wait_for(lambda: is_stopped(living[rank]), process) else None


def is_stopped(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


@functools.cache
def slow_disk(seconds=10_000):
    """For LD_PRELOAD: from the first record on the disk takes so long to say that it has what is written."""
    library = Path(tempfile.mkdtemp(prefix="titrate-preload-")) / "slow_disk.so"  # without spaces, at which the linker splits
    source = write("slow_disk.cpp", f"""
        #include <atomic>
        #include <chrono>
        #include <thread>
        static std::atomic<bool> slow = false;
        static int wait() {{ if (slow) std::this_thread::sleep_for(std::chrono::duration<double>({seconds})); return 0; }}
        extern "C" int fdatasync(int) {{ slow = true; return wait(); }}
        extern "C" int fsync(int) {{ return wait(); }}""")
    result = run(["g++", "-shared", "-fPIC", "-o", library, source])
    assert result.returncode == 0, result.stderr
    atexit.register(shutil.rmtree, library.parent)
    return library


def said(stderr):
    """The lines of titrate, without those of its launcher."""
    return [line for line in stderr.splitlines() if re.match(r"titrate: |\d\d:\d\d:\d\d ", line)]


def only_line(lines):
    """Of what was said: exactly one, or an error that shows all of it."""
    assert len(lines) == 1, f"not one line, but {len(lines)}:\n" + "\n".join(lines)
    return lines[0]


def attempt(out):
    """attempt.json; empty where there is none."""
    file = out / "attempt.json"
    return json.loads(file.read_text()) if file.exists() else {}


def records(out):
    """Trial and attempt of all that the journal has, with the checksum that its line ends in."""
    return {(record["trial"], record["attempt"], record["crc"]) for record in read_journal(out)[0]}


def check_published(out):
    """What a run that died has published is what an undisturbed one publishes, byte by byte."""
    reference = golden.reference_folder()
    for file in [*out.glob("weights/[!.]*"), *out.glob("predictions/[!.]*"), *out.glob("trials.csv")]:
        assert file.read_bytes() == (reference / file.relative_to(out)).read_bytes(), f"{file} is torn"
