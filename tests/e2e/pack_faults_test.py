"""titrate-prep pack that is killed, or finds the disk full: the same command goes on and gives the same bytes.

Usage: pack_faults_test.py BUILD_DIR. TITRATE_FULL=1 tries more moments and sizes. A real full disk needs root, to mount a tmpfs.
"""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import prep_test
import running
from extent import FULL
from prep_test import digests, run
from running import RANDOM

KILLS = 50 if FULL else 5
SIZES = 30 if FULL else 4

# About 20 MB in 20 shards and one for testing; a second on two cores.
RECIPE = """name = "faults"
seed = 3
shards = 20
[[source]]
kind = "glyphs"
per_class = 1000
[[source]]
kind = "folder"
path = "pets"
classes = "digits"
transforms = ["grey", "resize 28"]
[[source]]
kind = "glyphs"
name = "made"
origin = "synthetic"
generator = "glyphs"
per_class = 500
[[augment]]
ops = ["rotate 10"]
[split]
test = 0.1
"""
SHARDS = 21


def setUpModule():
    """One packing that nothing interrupts, which all others have to equal."""
    global ROOT, REFERENCE, SECONDS
    ROOT = pathlib.Path(tempfile.mkdtemp(prefix="titrate faults "))
    unittest.addModuleCleanup(shutil.rmtree, ROOT)
    (ROOT / "recipe.toml").write_text(RECIPE)
    for label in range(10):
        folder = ROOT / "pets" / str(label)
        folder.mkdir(parents=True)
        for i in range(3):
            (folder / f"{i}.pgm").write_bytes(b"P5\n20 20\n255\n" + random.Random(10 * label + i).randbytes(400))
    # Two pictures that cannot be read: the quarantine is one of the files that have to be the same.
    for torn in ["3/0.pgm", "7/2.pgm"]:
        with open(ROOT / "pets" / torn, "r+b") as file:
            file.truncate(100)
    start = time.monotonic()
    packed = run(*command(ROOT / "reference"))
    SECONDS = time.monotonic() - start
    assert packed.returncode == 0, packed.stderr
    REFERENCE = digests(ROOT / "reference")
    assert len(REFERENCE) == SHARDS + 3, REFERENCE.keys()


def command(out, *arguments):
    return ["pack", ROOT / "recipe.toml", "--out", out, "--data-root", ROOT, "--quiet", *arguments]


def start(out, *arguments):
    words = map(str, [prep_test.PROGRAM, *command(out, *arguments)])
    return subprocess.Popen(list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def sealed(out):
    """The shards that the journal of an interrupted packing vouches for, with what tells a file from a new one."""
    journal = out / ".packing" / "packing.jsonl"
    found = {}
    for line in journal.read_text(errors="replace").splitlines() if journal.exists() else []:
        try:
            name = json.loads(line).get("name")
        except json.JSONDecodeError:
            continue  # torn
        path = out / ".packing" / (name or "")
        if name and path.exists():
            found[name] = (path.stat().st_mtime_ns, path.stat().st_ino)
    return found


class FaultCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="out ", dir=ROOT))
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = self.folder / "out"

    def check_whole(self, out, kept=None):
        self.assertEqual(digests(out), REFERENCE)
        self.assertFalse((out / ".packing").exists())
        for name, identity in (kept or {}).items():
            status = (out / name).stat()
            self.assertEqual((status.st_mtime_ns, status.st_ino), identity, f"{name} was made again")

    def check_message(self, process_or_result, stderr, *parts):
        """Exit code 4 and one line, ours, that has one of these."""
        self.assertEqual(process_or_result.returncode, 4, stderr)
        lines = stderr.splitlines()
        self.assertEqual(len(lines), 1, stderr)
        self.assertTrue(lines[0].startswith("titrate-prep: "), lines[0])
        for part in parts:
            self.assertIn(part, lines[0])

    def go_on(self, out, *arguments):
        kept = sealed(out)
        result = run(*command(out, *arguments))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_whole(out, kept)
        return len(kept)


class Killed(FaultCase):
    def kill(self, shards, seconds, *arguments):
        """SIGKILL these seconds after so many shards were sealed. Says whether it was in time."""
        process = start(self.out, *arguments)
        while len(sealed(self.out)) < shards and process.poll() is None:
            time.sleep(0.001)
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return process.returncode == -signal.SIGKILL

    def moment(self):
        """In a third of all cases while images are only looked at; after the last shard the end is near."""
        shards = RANDOM.choice([0, RANDOM.randrange(1, SHARDS), RANDOM.randrange(1, SHARDS + 1)])
        return shards, RANDOM.uniform(0, 0.5 * SECONDS if shards == 0 else 0.03)

    def test_at_random_moments(self):
        kept, killed = [], 0
        for _ in range(KILLS):
            shards, seconds = self.moment()
            with self.subTest(shards=shards, seconds=seconds):
                if self.kill(shards, seconds, "--threads", RANDOM.choice([1, 2, 5])):
                    killed += 1
                if (self.out / "manifest.json").exists():  # killed after its last word
                    self.assertEqual(digests(self.out), REFERENCE)
                else:
                    kept.append(self.go_on(self.out, "--threads", RANDOM.choice([1, 2, 5])))
                self.assertEqual(run("verify", self.out).returncode, 0)
            shutil.rmtree(self.out, ignore_errors=True)
        print(f"killed {killed} of {KILLS}, shards kept: {kept}", flush=True)
        self.assertGreater(killed, 0)

    def test_whenever_a_shard_is_sealed(self):
        """Again and again in one folder, each time at a moment when there is something to keep."""
        attempts = 0
        while len(before := sealed(self.out)) < SHARDS and not (self.out / "manifest.json").exists():
            process = start(self.out)
            while process.poll() is None and len(sealed(self.out)) < min(len(before) + 3, SHARDS):
                time.sleep(0.002)
            process.kill()
            process.communicate()
            attempts += 1
            after = sealed(self.out)
            if not after:
                break  # it was moving the files into place
            self.assertLessEqual(before.items(), after.items())
            self.assertLess(attempts, 4 * SHARDS)
        if not (self.out / "manifest.json").exists():
            self.go_on(self.out)
        self.assertEqual(digests(self.out), REFERENCE)
        print(f"killed {attempts} times in one folder", flush=True)
        self.assertGreater(attempts, 3)

    def test_while_it_replaces_a_dataset(self):
        old = self.folder / "old"
        self.assertEqual(run(*command(old, "--set", "shards=2", "--seed", 8)).returncode, 0)
        before = digests(old)
        for _ in range(KILLS):
            shutil.copytree(old, self.out)
            with self.subTest():
                self.kill(*self.moment(), "--force")
                if (self.out / "manifest.json").exists():
                    self.assertIn(digests(self.out), [before, REFERENCE])
                self.assertEqual(run(*command(self.out, "--force")).returncode, 0)
                self.assertEqual(digests(self.out), REFERENCE)
            shutil.rmtree(self.out)

    def test_two_at_a_time(self):
        first = start(self.out)
        while not (self.out / ".packing").exists() and first.poll() is None:
            time.sleep(0.002)
        first.send_signal(signal.SIGSTOP)  # it must not be done before the second one asks
        second = run(*command(self.out))
        first.send_signal(signal.SIGCONT)
        self.assertEqual(second.returncode, 87, second.stderr)
        self.assertEqual(len(second.stderr.splitlines()), 1)
        self.assertIn(str(self.out), second.stderr)
        self.assertIn("in use", second.stderr)
        first.communicate()
        self.assertEqual(first.returncode, 0)
        self.check_whole(self.out)


class FullDisk(FaultCase):
    def mount(self, options):
        """A small disk at self.folder/disk, or a skipped test."""
        disk = self.folder / "disk"
        disk.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True)
        if mounted.returncode != 0:
            print("skipped: may not mount a tmpfs", flush=True)
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", disk], capture_output=True)
        return disk

    def unmount(self, disk):
        subprocess.run(["umount", disk], check=True)

    def test_by_the_size_of_files(self):
        largest = max(path.stat().st_size for path in (ROOT / "reference").iterdir())
        for _ in range(SIZES):
            size = RANDOM.randrange(1, largest)

            def limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

            with self.subTest(size=size):
                result = run(*command(self.out), preexec_fn=limit)
                self.check_message(result, result.stderr, str(self.out), "File too large")
                self.assertFalse((self.out / "manifest.json").exists())
                self.assertEqual(digests(self.out) if self.out.exists() else {}, {})
                self.go_on(self.out)
            shutil.rmtree(self.out)

    def test_seen_before_anything_is_made(self):
        disk = self.mount("size=4m")
        out = disk / "out"
        result = run(*command(out))
        self.check_message(result, result.stderr, str(out), "too little room", "MB")
        self.assertEqual([path.name for path in out.iterdir()], [".lock"])
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        self.go_on(out)

    def test_that_fills_up(self):
        """Somebody else takes the room while it packs; later they give it back."""
        kept = []
        for _ in range(SIZES):
            disk = self.mount("size=64m")
            out = disk / "out"
            room = RANDOM.randrange(1 << 12, 19 << 20)
            with self.subTest(room=room):
                process = start(out)
                while not sealed(out) and process.poll() is None:
                    time.sleep(0.002)
                take_all_but(room, disk)
                stderr = process.communicate()[1]
                if process.returncode == 0:  # the room was enough
                    self.check_whole(out)
                else:
                    self.check_message(process, stderr, str(out / ".packing"), "No space left", "run the same command again")
                    self.assertFalse((out / "manifest.json").exists())
                    # Nor is there room for more, if it is tried again.
                    again = run(*command(out))
                    self.check_message(again, again.stderr, str(out))
                    (disk / "theirs").unlink()
                    kept.append(self.go_on(out))
                self.assertEqual(run("verify", out).returncode, 0)
            self.unmount(disk)
        print(f"full {len(kept)} of {SIZES} times, shards kept: {kept}", flush=True)
        self.assertTrue(kept)

    def test_without_room_for_another_file(self):
        """Inodes run out: the journal, each shard, dataset.h5 and the manifest in turn."""
        for inodes in range(3, SHARDS + 12) if FULL else RANDOM.sample(range(3, SHARDS + 8), SIZES):
            disk = self.mount(f"size=64m,nr_inodes={inodes}")
            out = disk / "out"
            with self.subTest(inodes=inodes):
                result = run(*command(out))
                if result.returncode != 0:
                    self.check_message(result, result.stderr, str(out), "No space left")
                    self.assertFalse((out / "manifest.json").exists())
                    subprocess.run(["mount", "-o", "remount,nr_inodes=200", disk], check=True)
                    self.go_on(out)
                self.check_whole(out)
            self.unmount(disk)

    def test_while_it_replaces_a_dataset(self):
        disk = self.mount("size=64m,nr_inodes=20")
        out = disk / "out"
        self.assertEqual(run(*command(out, "--set", "shards=2", "--seed", 8)).returncode, 0)
        before = digests(out)
        result = run(*command(out, "--force"))
        self.check_message(result, result.stderr, str(out / ".packing"), "No space left")
        self.assertEqual(digests(out), before)
        self.assertEqual(run("verify", out).returncode, 0)
        subprocess.run(["mount", "-o", "remount,nr_inodes=200", disk], check=True)
        self.go_on(out, "--force")


def take_all_but(room, disk):
    """Fills `disk`, on which others write meanwhile, to this many bytes."""
    with open(disk / "theirs", "wb") as theirs:
        while (size := os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize - room) > 0:
            try:
                os.posix_fallocate(theirs.fileno(), os.fstat(theirs.fileno()).st_size, size)
            except OSError:
                pass  # it shrank since it was asked for


if __name__ == "__main__":
    prep_test.PROGRAM = str(pathlib.Path(sys.argv[1]).resolve() / "titrate-prep")
    running.main()
