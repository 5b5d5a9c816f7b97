"""Disks that are full or fail while a sweep writes to its run folder, and sweeps that are killed there: one line, an honest
exit code, and the same command again comes to the same end.

    python3 tests/e2e/disk_test.py BUILD_FOLDER [unittest arguments]

strace makes the N-th call of a kind fail, or kills there; TITRATE_FULL=1 tries every N. Really full disks need root, to mount a tmpfs: in a mount namespace of their own, so that none is left behind.
"""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import golden
import running
from extent import FULL
from golden import WORK, check_again, check_whole, finish, start
from harm import in_pairs
from running import RANDOM
from pack_faults_test import take_all_but

CALLS = ["write", "fsync", "fdatasync", "rename"]
FAULTS = ["error=EIO", "error=ENOSPC", "signal=KILL"]
# By what the failed call was for, the exit codes that are no lie. A sweep can do without the first two; the reports, for
# instance, have to be there.
CODES = {"status.json": [0], "checkpoints": [0], "predictions": [5], "weights": [5], "attempt.json": [0, 4], "": [4]}


def setUpModule():
    unittest.addModuleCleanup(golden.clean_up)
    golden.prepare(epochs=2)
    golden.reference()


def strace(log, *options):
    """Quick but for kills, which need every call to be looked at."""
    quick = [] if any("signal=" in option for option in options) else ["--seccomp-bpf"]
    return ["strace", "-f", *quick, "-y", "-o", str(log), "-e", "trace=" + ",".join(CALLS), *options]


def path_of(line, out):
    """Which of the run folder's files, "." for itself, a line of strace is about; None for anything else. A temporary file
    is the one that it becomes."""
    found = re.search(re.escape(str(out)) + r'(?:/([^>"]*))?[>"]', line)
    if not found:
        return None
    path = Path(found[1] or ".")
    temporary = re.fullmatch(r"\.(.+)\.tmp\d+", path.name)
    return path.with_name(temporary[1]) if temporary else path


def purpose(path):
    """A key of CODES: a file, a folder with all that is in it, or "" for the rest."""
    return next((key for key in CODES if path.parts and path.parts[0] == key), "")


def is_probe(path):
    """Written to see whether the folder can be written to."""
    return bool(path.parts) and path.parts[0].startswith(".doctor-")


def group(path):
    """What is told apart when a few calls are drawn: a folder and its files, the reports, other files by name."""
    if is_probe(path):
        return ("probe",)
    if path.parent != Path("."):
        return (str(path.parent), "file")
    reports = path.suffix in (".csv", ".html") or path.name in ("summary.json", "classification.json")
    return ("reports", "file") if reports else (str(path),)


def calls():
    """The calls of a sweep that nothing disturbs, of which one is to fail: (name, number, path)."""
    out, log = WORK / "watched", WORK / "watched.log"
    golden.check_ended(finish(start(out, None, prefix=strace(log)), 60))
    found, counts = [], dict.fromkeys(CALLS, 0)
    lines = log.read_text().splitlines()
    writer = next(line.split()[0] for line in lines if path_of(line, out))
    for line in lines:
        thread, call = line.split(maxsplit=1)
        name = call.split("(")[0]
        if name not in counts or thread != writer:  # strace counts each thread's calls
            continue
        counts[name] += 1
        if path := path_of(call, out):
            found.append((name, counts[name], path))
    return found


def drawn(calls):
    """Of a third of the kinds, which are calls of a name on a kind of file: one call with one fault."""
    kinds = {}
    for name, number, path in calls:
        kinds.setdefault((name, *group(path)), []).append((name, number))
    some = RANDOM.sample(list(kinds.values()), (len(kinds) + 2) // 3)
    return [(*RANDOM.choice(found), RANDOM.choice(FAULTS)) for found in some]


def fail_once(name, number, fault):
    """Runs a sweep whose call fails, and the same command again. Returns the file that was hit, None where it was none of
    the run folder's."""
    out, log = WORK / f"{name} {number} {fault}", WORK / f"{name} {number} {fault}.log"
    process = start(out, None, prefix=strace(log, "-e", f"inject={name}:{fault}:when={number}"))
    result = finish(process, 60)
    kind, what = fault.split("=")
    if kind == "signal":
        assert (result.returncode, result.stderr) == (-signal.SIGKILL, ""), f"{result.returncode}: {result.stderr}"
        hits = [Path("killed")]
    else:
        hits = [path_of(line, out) for line in log.read_text().splitlines() if "(INJECTED)" in line]
        if None in hits or not hits:
            return None
        check_reason(result, out, hits[0], os.strerror(getattr(errno, what)))
    if result.returncode == 0:
        check_whole(out)
    check_again(out, None)
    shutil.rmtree(out)
    return hits[0]


def check_reason(result, out, path, system_reason):
    told = f"{path}, exit code {result.returncode}: {result.stderr}"
    assert result.returncode in CODES[purpose(path)], told
    lines = result.stderr.splitlines()
    named = out if is_probe(path) else out / path
    assert len(lines) == 1 and str(named) in lines[0] and system_reason in lines[0], told
    if result.returncode == 5:
        rows = (out / "trials.csv").read_text().splitlines()
        assert sum(",failed," in row for row in rows) == 1, rows


@unittest.skipUnless(shutil.which("strace"), "skipped: no strace")
class OneCallFails(unittest.TestCase):
    def test_and_nothing_is_lost(self):
        possible = calls()
        cases = [(name, number, fault) for name, number, path in possible for fault in FAULTS] if FULL else drawn(possible)
        hit = in_pairs(self, fail_once, cases)
        print(f"{len(cases)} calls failed, {hit.count(None)} of them elsewhere", flush=True)
        self.assertLessEqual(hit.count(None), len(cases) / 5)
        self.assertLessEqual({"status.json", "attempt.json", "checkpoints", "predictions", "weights", "study.toml", "journal"},
                             {path.parts[0] for name, number, path in possible if path.parts})


class FullDisk(unittest.TestCase):
    def mount(self, options):
        disk = WORK / "disk"
        disk.mkdir(exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True).returncode != 0:
            print("skipped: may not mount a tmpfs", flush=True)
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", disk])
        return disk

    def check_full(self, result, out):
        """It says so, and ends by itself; a lost trial is no success."""
        self.assertIn(result.returncode, (0, 4, 5), result.stderr)
        if result.returncode == 0:
            check_whole(out)
        else:
            self.assertIn("No space left on device", result.stderr)
        self.assertNotIn("signal", result.stderr)

    def test_that_fills_up(self):
        """Somebody else takes the room while it trains, and gives it back."""
        disk = self.mount("size=64m")
        codes = []
        some = [RANDOM.choice([0, RANDOM.randrange(1 << 12, 1 << 16), RANDOM.randrange(1 << 16, 1 << 19)]) for _ in range(20 if FULL else 1)]
        for room in [0, *some]:
            out = disk / "out"
            with self.subTest(room=room):
                process = start(out, 2)
                while not list(out.glob("journal/*.jsonl")) and process.poll() is None:
                    time.sleep(0.002)
                take_all_but(room, disk)
                result = finish(process, 60)
                self.check_full(result, out)
                codes.append(result.returncode)
                (disk / "theirs").unlink()
                check_again(out, 2)
            shutil.rmtree(out)
        print(f"exit codes {codes}", flush=True)
        self.assertTrue(any(codes))

    def test_that_was_full_before(self):
        """Nothing is trained: not where nothing can be written, and not where the results would find too little room."""
        disk = self.mount("size=64m")
        out = disk / "out"
        for room, reason in [(0, "No space left on device"), (1 << 15, "too little room on this disk")]:
            with self.subTest(room=room):
                take_all_but(room, disk)
                result = finish(start(out, 2), 60)
                self.assertEqual(result.returncode, 4, result.stderr)
                lines = [line for line in result.stderr.splitlines() if line.startswith("titrate: ")]
                self.assertEqual(len(lines), 1, result.stderr)
                self.assertIn(f"{out}: ", lines[0])
                self.assertIn(reason, lines[0])
                self.assertFalse((out / "study.toml").exists())
                (disk / "theirs").unlink()
        check_again(out, 2)


def in_own_mounts():
    """Starts this program again in a mount namespace of its own, where that is allowed."""
    if "TITRATE_OWN_MOUNTS" in os.environ or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return
    os.environ["TITRATE_OWN_MOUNTS"] = "1"
    golden.clean_up()  # the other has a folder of its own
    os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])


if __name__ == "__main__":
    in_own_mounts()
    running.main()
