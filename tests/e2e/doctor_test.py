"""titrate doctor from outside: alone and under mpirun, well and ill, and with a rank that stands still.

Usage: doctor_test.py BUILD_DIR
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
import running
import two_hosts  # noqa: E402

from extent import full_only  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
TITRATE = BUILD / "titrate"
FAKE_GPU = BUILD / "fake_gpu" / "titrate"
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
# A lost link ends mpirun within seconds, as launch/run_local.sh starts it.
KEEPALIVES = " ".join(re.findall(r"--mca oob_tcp_keepalive_\w+ \d+", (REPOSITORY / "launch/run_local.sh").read_text())).split()
LAUNCHERS = re.compile("OMPI_|PMIX_|PMI_|SLURM|OMP_")


def environment(**more):
    return {k: v for k, v in os.environ.items() if not LAUNCHERS.match(k)} | more


def ranks(count):
    return [*MPIRUN, "-np", str(count)]


def doctor(*arguments, launcher=(), program=TITRATE, **variables):
    return subprocess.run([*launcher, program, "doctor", *map(str, arguments)], capture_output=True, text=True, timeout=120, env=environment(**variables))


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="titrate doctor ")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def checks(self, *arguments, code=0, **options):
        result = doctor("--json", *arguments, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(report["verdict"] == "FAIL", code != 0)
        return report

    def verdicts(self, report, name):
        return [check["verdict"] for check in report["checks"] if check["name"] == name]

    def text(self, report, name):
        return "\n".join(check["text"] for check in report["checks"] if check["name"] == name)

    def test_text_fits_a_terminal(self):
        result = doctor("--out", self.root / "run", launcher=ranks(3))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertLessEqual(max(map(len, lines)), 100)
        self.assertEqual(sum(line.startswith("rank  host") for line in lines), 1)
        self.assertIn("from MPI (Open MPI, PMIx agree)", result.stdout)
        ok, warn, fail = map(int, re.fullmatch(r"(\d+) ok, (\d+) warn, (\d+) FAIL", lines[-1]).groups())
        self.assertEqual([ok, warn, fail], [sum(line.startswith(word + " ") for line in lines) for word in ("ok", "warn", "FAIL")])
        for before, line in zip(lines, lines[1:]):
            if before.startswith(("warn", "FAIL")):
                self.assertTrue(line.startswith(" "), before)  # says what to do

    def test_ranks_and_exchange(self):
        for count in (1, 2, 4):
            report = self.checks("--device", "cpu", launcher=ranks(count))
            self.assertEqual([rank["world_rank"] for rank in report["ranks"]], list(range(count)))
            self.assertEqual({rank["device"] for rank in report["ranks"]}, {"cpu"})
            self.assertIn("one rank" if count == 1 else f"MPI, {count} ranks: 4.0 MiB in", self.text(report, "exchange"))
            self.assertIn(f"4.0 MiB shared by {count} rank", self.text(report, "shared memory"))
            self.assertEqual(self.verdicts(report, "engine"), ["ok"])
        alone = self.checks("--device", "cpu")
        self.assertEqual(self.text(alone, "launcher"), "none: one rank alone")

    def test_processors(self):
        processors = len(os.sched_getaffinity(0))
        self.assertEqual(self.verdicts(self.checks(launcher=ranks(processors)), "processors"), ["ok"])
        crowded = self.checks(launcher=ranks(processors + 1), OMP_NUM_THREADS="2")
        self.assertEqual(self.verdicts(crowded, "processors"), ["warn"])
        self.assertEqual(self.verdicts(crowded, "OMP_NUM_THREADS"), ["warn"])

    def test_run_folder(self):
        for launcher in ([], ranks(3)):
            report = self.checks("--out", self.root / "runs" / "one", launcher=launcher)
            self.assertEqual(self.verdicts(report, "run folder"), ["ok"] * 4)
            self.assertIn("is refused the lock", self.text(report, "run folder"))
            self.assertEqual(list(self.root.iterdir()), [])  # nothing stays
        (self.root / "kept").mkdir()
        (self.root / "kept" / "journal").write_text("mine")
        self.checks("--out", self.root / "kept", launcher=ranks(2))
        self.assertEqual([p.name for p in (self.root / "kept").iterdir()], ["journal"])
        (self.root / "file").write_text("")
        self.assertEqual(self.verdicts(self.checks("--out", self.root / "file" / "run", code=1, launcher=ranks(2)), "run folder"), ["FAIL"])

    def test_folder_that_is_not_shared(self):
        """Rank 1 has another file system mounted where rank 0 has the run folder."""
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("skipped: this user cannot mount")
        script = self.root / "start"
        script.write_text('#!/bin/sh\nif [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then\n'
                          f'  exec unshare --mount sh -c \'mount -t tmpfs none "$0" && exec "$@"\' "{self.root}/run" "$@"\nfi\nexec "$@"\n')
        script.chmod(0o755)
        (self.root / "run").mkdir()
        report = self.checks("--out", self.root / "run", code=1, launcher=[*ranks(2), script])
        self.assertIn("rank 1: what rank 0 wrote there is not seen", self.text(report, "run folder"))

    def test_temporary_space(self):
        """Ranks need it, and MPI would end them without it; a process alone does not."""
        report = self.checks(TMPDIR="/proc/gone")
        self.assertEqual(self.verdicts(report, "temporary space"), ["warn"])
        report = self.checks(code=1, TMPDIR="/proc/gone", SLURM_STEP_NUM_TASKS="2", PMIX_RANK="0")
        self.assertEqual(self.verdicts(report, "temporary space"), ["FAIL"])

    def test_leftovers_are_told_and_kept(self):
        name = Path("/dev/shm") / f"vader_segment.doctor.{os.getpid()}"
        name.write_bytes(bytes(1 << 20))
        self.addCleanup(name.unlink)
        report = self.checks(launcher=ranks(2))
        self.assertIn("warn", self.verdicts(report, "shared memory"))
        self.assertIn("vader_segment", self.text(report, "shared memory"))
        self.assertTrue(name.exists())

    def test_device_that_is_not_there(self):
        if Path("/dev/nvidiactl").exists():
            self.skipTest("skipped: there may be a GPU")
        report = self.checks("--device", "cuda", code=1, launcher=ranks(2))
        self.assertEqual(self.verdicts(report, "device"), ["FAIL"])
        self.assertIn("MPI, 2 ranks", self.text(report, "exchange"))  # the rest is looked at all the same
        self.assertEqual(doctor("--device", "gpu").returncode, 2)

    def test_engine_that_is_not_there(self):
        program = self.root / "titrate"
        program.write_bytes(TITRATE.read_bytes())
        program.chmod(0o755)
        report = self.checks(code=1, program=program, launcher=ranks(2))
        self.assertEqual(self.verdicts(report, "engine"), ["FAIL"])

    def test_wrong_launcher(self):
        """What srun without PMIx, and another library's mpirun, leave to each rank; the first one speaks."""
        for variables, place in (({"SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "{}"}, "srun --mpi=pmix"), ({"PMI_SIZE": "8", "PMI_RANK": "{}"}, "PMI_SIZE")):
            for rank in (0, 5):
                result = doctor(**{name: value.format(rank) for name, value in variables.items()})
                self.assertEqual(result.returncode, 2)
                self.assertEqual(result.stdout.count("FAIL  launcher"), 1 if rank == 0 else 0)
                self.assertEqual(result.stdout == "", rank != 0)
                if rank == 0:
                    self.assertIn("size 1 of 8", result.stdout)
                    self.assertIn(place, result.stdout)

    def test_gpus(self):
        if not FAKE_GPU.exists():
            self.skipTest("skipped: built without CUDA")
        report = self.checks(program=FAKE_GPU, launcher=ranks(2), TITRATE_FAKE_GPUS="2")
        self.assertEqual(len({rank["pci_id"] for rank in report["ranks"]}), 2)
        self.assertIn("NCCL, 2 GPUs: 4.0 MiB in", self.text(report, "exchange"))
        shared = self.checks(program=FAKE_GPU, launcher=ranks(2), TITRATE_FAKE_GPUS="1")
        self.assertEqual([rank["sharing"] for rank in shared["ranks"]], [0, 1])
        self.assertIn("ranks 0-1", self.text(shared, "GPU"))
        self.assertNotIn("NCCL", self.text(shared, "exchange"))
        old = self.checks(code=1, program=FAKE_GPU, TITRATE_FAKE_GPUS="1", TITRATE_FAKE_NCCL_VERSION="22704")
        self.assertEqual(self.verdicts(old, "NCCL"), ["FAIL"])

    def stop_a_rank(self, rank):
        """Stops it once the table is there; returns what was said, the code and the seconds until the end."""
        pids = self.root / "pids"
        pids.mkdir()
        script = self.root / "start"
        script.write_text(f'#!/bin/sh\necho $$ > "{pids}/$OMPI_COMM_WORLD_RANK"\nexec "$@"\n')
        script.chmod(0o755)
        process = subprocess.Popen([*ranks(3), script, TITRATE, "doctor", "--device", "cpu"], stdout=subprocess.PIPE, text=True, env=environment())
        said = ""
        while "rank  host" not in said:
            said += process.stdout.readline()
        pid = int((pids / str(rank)).read_text())
        os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        said += process.communicate(timeout=120)[0]
        self.assertFalse(Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1], "it still lives")
        return said, process.returncode, time.monotonic() - start

    def test_rank_that_stands_still(self):
        said, code, seconds = self.stop_a_rank(2)
        self.assertEqual(code, 86, said)
        self.assertRegex(said, "FAIL  [^\n]* no sign of life from rank 2")
        self.assertLess(seconds, 30)

    @full_only
    def test_first_rank_that_stands_still(self):
        """Nobody hears of it but the others, each by its own clock."""
        said, code, _ = self.stop_a_rank(0)
        self.assertEqual(code, 86, said)
        self.assertRegex(said, "FAIL  [^\n]* for rank 0 and the others")

    def test_gpus_that_fail(self):
        if not FAKE_GPU.exists():
            self.skipTest("skipped: built without CUDA")
        result = doctor("--json", program=FAKE_GPU, launcher=ranks(2), TITRATE_FAKE_GPUS="2", TITRATE_FAKE_FAULT="*:late_error")
        self.assertEqual(result.returncode, 1, result.stdout)
        report = json.JSONDecoder().raw_decode(result.stdout)[0]
        self.assertEqual(self.verdicts(report, "exchange by NCCL"), ["FAIL"])


class TwoHosts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="titrate-doctor-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        try:
            self.hosts = two_hosts.TwoHosts([BUILD, REPOSITORY, self.root])
        except RuntimeError as error:
            self.skipTest(f"skipped: {error}")
        self.addCleanup(self.hosts.close)
        self.mpirun = ["mpirun", "--allow-run-as-root", "--bind-to", "none", "-H", "alpha:2,beta:2", "-np", "4",
                       "--mca", "plm_rsh_agent", two_hosts.AGENT, "--mca", "btl", "self,vader,tcp", "--mca", "oob_tcp_if_include", two_hosts.NETWORK,
                       "--mca", "btl_tcp_if_include", two_hosts.NETWORK, "--mca", "mpi_yield_when_idle", "1", *KEEPALIVES]

    def start(self, out):
        command = self.hosts.command("alpha", [*self.mpirun, TITRATE, "doctor", "--out", out])
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())

    def test_shared_folder(self):
        process = self.start(self.root / "run")
        said = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, 0, said)
        for line in ("network +alpha: link0 10.77.0.1", "network +beta: link0 10.77.0.2", "exchange +MPI, 4 ranks", "exchange +beta: within the host",
                     "run folder +rank 2 is refused the lock"):
            self.assertRegex(said, line)

    def test_folder_of_one_host(self):
        process = self.start("/tmp/mine")
        said = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, 1, said)
        self.assertRegex(said, "FAIL  run folder +ranks 2-3: what rank 0 wrote there is not seen")

    @full_only
    def test_link_that_is_lost(self):
        process = self.start(self.root / "run")
        said = ""
        while "rank  host" not in said:
            said += process.stdout.readline()
        self.hosts.set_link("down")
        said += process.communicate(timeout=120)[0]
        self.assertNotEqual(process.returncode, 0, said)
        self.assertRegex(said, "FAIL  [^\n]* no sign of life from ranks 2-3|lost connection|daemon")


if __name__ == "__main__":
    running.main()
