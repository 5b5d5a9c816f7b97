"""The golden sweep of the tests of failures: 12 trials, something done to them, then the same command again.

After whatever was done, check_again() wants what an undisturbed run leaves: the same bytes, and nothing besides.
"""

import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from training_runs import BUILD, NORMED, WORK, pack, results_of, run, study, sweep_command

SYNTHETIC = """
[[source]]
name = "drawn"
kind = "glyphs"
origin = "synthetic"
generator = "glyphs"
per_class = 30
seed = 3
"""
# Of width 1, 2 or 4, with every site of a trial: 48 to 288 images and as many synthetic ones to train on.
TRAIN = "validation_fraction = 0.2\nmicro_batches = 4"
AXES = """
[axes]
"data.size" = [60, 180, 300]
"data.synthetic_ratio" = [0.0, 1.0]
"data.noise_level" = [0.0, 0.3]
"""
ALWAYS = ["--keep", "all", "--checkpoint-epochs", "1"]
NAME = "golden digits"
# Made before by golden_sweeps.py, and only read: the dataset, and runs of some numbers of epochs. Without it they are made here.
SHARED = Path(os.environ["TITRATE_GOLDEN_SWEEPS"]) if "TITRATE_GOLDEN_SWEEPS" in os.environ else None
DATASET = STUDY = REFERENCE = None


def prepare(epochs=30):
    """Once for each file of tests. 30 epochs: 6 s at 4 ranks on two cores, of which 5 are training."""
    global DATASET, STUDY, REFERENCE
    DATASET = (SHARED or WORK) / NAME
    if not DATASET.exists():
        pack(NAME, extra=SYNTHETIC)
    STUDY = study("golden", NORMED, TRAIN, AXES, epochs=epochs)
    shared = SHARED and SHARED / f"reference {epochs}"
    REFERENCE = shared if shared and shared.exists() else WORK / f"reference {epochs}"


def clean_up():
    shutil.rmtree(WORK)


@functools.cache
def plan(ranks, width=1):
    """A file for --plan, with which a sweep trains nothing but its trials: without one it probes for a moment first."""
    path = WORK / f"plan for {ranks} of width {width}.json"
    command = [BUILD / "titrate", "plan", STUDY, "--dataset", DATASET, "--device", "cpu", "--ranks", ranks, "--width", width,
               "--out", path]
    result = run(command)
    assert result.returncode == 0, result.stderr
    return path


def command(out, ranks, *options, planned=0):
    """With mpirun; alone, as one process, where `ranks` is None. `planned`: the width of all groups, by a plan; 0: no plan."""
    words = sweep_command(STUDY, DATASET, out, *ALWAYS, *options, ranks=ranks)
    if planned:
        at = words.index("sweep")
        words[at + 1:at + 4] = ["--plan", plan(ranks or 1, planned)]
    return [str(word) for word in words]


class Started(subprocess.Popen):
    """A command under way in a session of its own; what it says goes to a file."""

    def __init__(self, words, fault="", **environment):
        """`fault`: RANK:SITE:NTH:ACTION, see include/titrate/core/fault.hpp."""
        self.log = Path(tempfile.mkstemp(prefix="stderr-", dir=WORK)[1])
        if fault:
            environment.update(TITRATE_TEST="1", TITRATE_FAULT=fault)
        with self.log.open("wb") as log:
            super().__init__(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
                             env=dict(os.environ, OMP_NUM_THREADS="1", **environment))


def start(out, ranks, *options, planned=0, fault="", prefix=(), **environment):
    """`prefix`: words before the command, such as strace's."""
    return Started([*prefix, *command(out, ranks, *options, planned=planned)], fault, **environment)


def finish(process, limit):
    """Its exit code and what it said. One that lives on after `limit` seconds is an error, and is ended."""
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise AssertionError(f"it hangs after {limit} s: {process.log.read_text()}") from None
    return subprocess.CompletedProcess(process.args, code, None, process.log.read_text(errors="replace"))


def processes(out):
    """Ids of those that have this run folder on their command line: ranks, and who started them. A dead one has none."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if os.fsencode(out) in words:
            found.append(int(folder.name))
    return sorted(found)


def survivors(out, seconds=5):
    """Those of a run that has ended which still live after so many seconds."""
    end = time.monotonic() + seconds
    while (living := processes(out)) and time.monotonic() < end:
        time.sleep(0.05)
    return living


def reference_folder():
    """The run folder of one run that nobody disturbed."""
    if not REFERENCE.exists():
        began = time.monotonic()
        check_ended(finish(start(REFERENCE, 2), 120))
        REFERENCE.with_suffix(".seconds").write_text(str(time.monotonic() - began))
    return REFERENCE


def reference_seconds():
    """How long it took."""
    return float(reference_folder().with_suffix(".seconds").read_text())


def reference():
    """Its trials.csv."""
    return (reference_folder() / "trials.csv").read_bytes()


def check_ended(result):
    assert result.returncode == 0, f"exit code {result.returncode}: {result.stderr}"


def forget_probes(out):
    """What is left of a start's look at the folder that was killed goes by age, since another's may be under way."""
    for probe in out.glob(".doctor-*"):
        os.utime(probe, (0, 0))


def check_again(out, ranks, *options, planned=0, limit=120):
    """The same command again, and undisturbed, comes to the same end as the reference. Returns what it said."""
    forget_probes(out)
    result = finish(start(out, ranks, *options, planned=planned), limit)
    check_ended(result)
    check_whole(out)
    return result.stderr


def check_whole(out):
    """Same trials, weights and predictions, byte by byte, and in their folders nothing else; a journal that reads."""
    assert (out / "trials.csv").read_bytes() == reference(), "trials.csv is another than that of an undisturbed run"
    found, expected = results_of(out), results_of(reference_folder())
    assert sorted(found) == sorted(expected), f"left over or lost: {sorted(set(found) ^ set(expected))}"
    differing = [name for name in expected if found[name] != expected[name]]
    assert not differing, f"other bytes: {differing}"
    names, expected = [sorted(path.name for path in folder.iterdir()) for folder in (out, reference_folder())]
    assert names == expected, f"left over or lost: {sorted(set(names) ^ set(expected))}"
    left = [path.name for path in (out / "checkpoints").iterdir()]
    assert not left, f"left over: {left}"
    records, damaged = read_journal(out)
    done = [record["trial"] for record in records if record["status"] == "done"]
    assert len(set(done)) == 12, f"{len(set(done))} trials in the journal, {damaged} damaged lines"


def read_journal(out):
    """The records whose checksum is right, and how many lines are damaged."""
    records, damaged = [], 0
    for file in sorted((out / "journal").glob("*.jsonl")):
        for line in filter(None, file.read_bytes().split(b"\n")):
            body, mark, tail = line.rpartition(b',"crc":"')
            if mark and tail == b'%08x"}' % crc32c(body + b"}"):
                records.append(json.loads(line))
            else:
                damaged += 1
    return records, damaged


@functools.cache
def crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
        table.append(value)
    return table


def crc32c(data):
    """As the journal's; Python's own, zlib's, is of another polynomial."""
    table, value = crc_table(), 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF
