"""A sweep over two hosts, which are namespaces of this machine: the same bytes as on one rank, the pixels once on each host,
groups across both, and a link that goes down.

    python3 tests/e2e/hosts_test.py BUILD_FOLDER [unittest arguments]

Skipped, and says so, where no namespaces can be made.
"""

import csv
import ctypes
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

import running
import sweep_test
from extent import FULL, full_only
from sweep_test import BUILD, STUDY, WORK, journal_lines, run, sweep_command, trials_csv, write

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/support"))
from two_hosts import AGENT, NETWORK, TwoHosts  # noqa: E402

HOSTS = None
KEEPALIVES = " ".join(re.findall(r"--mca oob_tcp_keepalive_\w+ \d+", (REPOSITORY / "launch/run_local.sh").read_text())).split()
# The two hosts share this machine's cores, which Open MPI cannot see: a rank that waits must give its core away.
MPIRUN = ["mpirun", "--allow-run-as-root", "--bind-to", "none", "-H", "alpha:2,beta:2", "--mca", "plm_rsh_agent", AGENT,
          "--mca", "btl", "self,vader,tcp", "--mca", "oob_tcp_if_include", NETWORK, "--mca", "btl_tcp_if_include", NETWORK,
          "--mca", "mpi_yield_when_idle", "1", "-x", "OMP_NUM_THREADS=1", *KEEPALIVES]
LONGER = ["--set", "train.epochs=10"]


def setUpModule():
    global HOSTS
    try:
        HOSTS = TwoHosts([WORK, BUILD, REPOSITORY])
    except RuntimeError as error:
        raise unittest.SkipTest(str(error)) from error
    sweep_test.setUpModule()


def on_hosts(command, *flags):
    """Two ranks on each, started from alpha; `flags` are mpirun's."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(HOSTS.command("alpha", [*MPIRUN, *flags, *command]), **pipes)


class Opens:
    """Who has opened each of some files since this was made: the kernel's fanotify tells, to root."""

    CLOSE_ON_EXEC_NON_BLOCKING, ADD, OPEN = 0x1 | 0x2, 0x1, 0x20

    def __init__(self, files):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.fanotify_init(self.CLOSE_ON_EXEC_NON_BLOCKING, os.O_RDONLY | os.O_CLOEXEC)
        self.openers = {str(file): set() for file in files}
        for file in self.openers:
            mark = libc.fanotify_mark(self.descriptor, self.ADD, ctypes.c_uint64(self.OPEN), -1, os.fsencode(file))
            assert mark == 0, os.strerror(ctypes.get_errno())

    def close(self):
        """Process ids by file."""
        try:
            while events := os.read(self.descriptor, 1 << 16):
                for _, _, _, _, _, file, pid in struct.iter_unpack("=IBBHQii", events):
                    self.openers[os.readlink(f"/proc/self/fd/{file}")].add(pid)
                    os.close(file)
        except BlockingIOError:
            os.close(self.descriptor)
        return self.openers


def shared_memory(pid):
    """The memory with the pixels that a process has mapped: its number, and its size in bytes."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if "/memfd:titrate" in line:
            addresses, _, _, device, number, *_ = line.split()
            begin, end = (int(address, 16) for address in addresses.split("-"))
            return (device, number), end - begin
    return None


class HostsCase(unittest.TestCase):
    def finish(self, process):
        errors = process.communicate(timeout=300)[1]
        self.assertEqual(process.returncode, 0, errors)

    def sweep(self, out, study, *options, flags=()):
        self.finish(on_hosts(sweep_command(study, sweep_test.DATASET, out, *options), *flags))
        return trials_csv(out)

    def alone(self, out, study, *options, ranks=None):
        result = run(sweep_command(study, sweep_test.DATASET, out, *options, ranks=ranks))
        self.assertEqual(result.returncode, 0, result.stderr)
        return trials_csv(out)

    def wait_for_results(self, out, number):
        end = time.monotonic() + 200
        while len(journal_lines(out)) < number:
            self.assertLess(time.monotonic(), end, "no results")
            time.sleep(0.01)


class SameBytesTest(HostsCase):
    def test_single_ranks(self):
        out = WORK / "both hosts"
        self.assertEqual(self.sweep(out, sweep_test.BASE), sweep_test.REFERENCE)
        with open(out / "timing.csv", newline="") as file:
            self.assertEqual({row["host"] for row in csv.DictReader(file)}, {"alpha", "beta"})

    def test_groups(self):
        study = write("groups.toml", STUDY.format(train="micro_batches = 4"))
        alone = self.alone(WORK / "no group", study)
        self.assertNotEqual(alone, sweep_test.REFERENCE)
        for width in (2, 4) if FULL else (4,):
            with self.subTest(width=width):  # the whole world: of two ranks one on each host
                flags = ["-np", width, "--map-by", "node"]
                self.assertEqual(self.sweep(WORK / f"groups of {width}", study, "--width", width, flags=flags), alone)


class PixelsTest(HostsCase):
    def test_once_on_each_host(self):
        out, dataset = WORK / "pixels", sweep_test.DATASET_8
        opens = Opens([*dataset.glob("train-*.h5"), *dataset.glob("test-*.h5")])
        process = on_hosts(sweep_command(sweep_test.BASE, dataset, out, *LONGER))
        self.wait_for_results(out, 1)
        ranks = {host: HOSTS.processes(host, "titrate") for host in HOSTS.pids}
        memories = {host: [shared_memory(pid) for pid in ranks[host]] for host in ranks}
        self.finish(process)
        for host, found in memories.items():
            self.assertEqual(len(found), 2, f"ranks on {host}")
            self.assertNotIn(None, found, f"ranks on {host} without shared memory")
            self.assertEqual(len(set(found)), 1, f"each rank on {host} has memory of its own")
            self.assertGreaterEqual(found[0][1], (400 + 400 + 100) * 28 * 28, "not all pixels")
        self.assertNotEqual(memories["alpha"][0][0], memories["beta"][0][0])
        for shard, openers in opens.close().items():
            for host in ranks:
                self.assertEqual(len(openers & set(ranks[host])), 1, f"ranks on {host} that opened {shard}")
            self.assertEqual(len(openers), 2)


class LinkTest(HostsCase):
    """A link that goes down ends the run in seconds, as the keepalives of launch/run_local.sh have it; then the same command."""

    def cut(self, name, *options, wide=()):
        reference = self.alone(WORK / f"{name} alone", sweep_test.BASE, *options, ranks=2)
        out = WORK / name
        command = sweep_command(sweep_test.BASE, sweep_test.DATASET, out, *options, *wide)
        process = on_hosts(command)
        self.wait_for_results(out, 1)
        HOSTS.set_link("down")
        start = time.monotonic()
        try:
            errors = process.communicate(timeout=60)[1]
            seconds = time.monotonic() - start
            time.sleep(max(0.0, 15 - seconds))
            left = [HOSTS.processes(host, program) for host in HOSTS.pids for program in ("titrate", "orted", "mpirun")]
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail("mpirun does not end")
        finally:
            HOSTS.set_link("up")
        self.assertNotEqual(process.returncode, 0, errors)
        self.assertLess(seconds, 15)
        self.assertEqual(sum(left, []), [], "processes left on the hosts")
        before = journal_lines(out)
        self.finish(on_hosts(command))
        after = journal_lines(out)
        done = f"{len(before)} of {len(after)} trials were done"
        print(f"{name}: mpirun ended {seconds:.1f} s after the link; {done}", file=sys.stderr)
        self.assertLess(len(before), len(after), "all was over")
        self.assertEqual(len(after), len(set(after)), "a finished trial ran again")
        self.assertEqual(trials_csv(out), reference)

    @full_only
    def test_single_ranks(self):
        # Long enough that trials are left when the run ends, some seconds after the link.
        epochs = 30 * min(os.cpu_count(), 4)
        self.cut("single ranks", "--set", f"train.epochs={epochs}", "--axis", "data.size=300", "--axis", "seed=0,1,2,3")

    @full_only
    def test_a_group(self):
        self.cut("a group", "--set", "train.epochs=5", "--set", "train.micro_batches=4", wide=["--width", "4"])


def tearDownModule():
    sweep_test.tearDownModule()


def main():
    try:
        running.main()
    finally:
        if HOSTS:
            HOSTS.close()
        shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    main()
