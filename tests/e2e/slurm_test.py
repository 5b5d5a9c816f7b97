"""Sweeps under a real Slurm, by the templates of slurm/: stopped, queued again, cancelled, and the same bytes as of a plain run.

    python3 tests/e2e/slurm_test.py BUILD_FOLDER [unittest arguments]

Skipped, and says so, where Slurm is not installed, or its daemons cannot be started.
"""

import csv
import os
import shutil
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path

import golden
import running
from extent import full_only
from training_runs import BUILD, REPOSITORY, WORK

sys.path.insert(0, str(REPOSITORY / "tests/support"))
from slurm_cluster import OVER, SlurmCluster, Unavailable  # noqa: E402
from two_hosts import TwoHosts  # noqa: E402

FOLDER = Path(tempfile.mkdtemp(prefix="titrate-slurm-"))  # sockets lie below it: a short name without spaces
CLUSTER = None
SBATCH = 'cd "$0" && source slurm/site.env && exec sbatch --parsable "$@"'
# Of the machine that runs the test, not of a cluster: two ranks, and mpirun as root.
SHAPE = ["--ntasks-per-node=2", "--cpus-per-task=1", "--gpus-per-node=2"]
ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
PROGRAM = """#!/bin/bash
echo "task $SLURM_PROCID in ${{CONTAINER:-no container}} with $OMP_NUM_THREADS thread, sees GPUs $CUDA_VISIBLE_DEVICES, is given $*"
exit {code}
"""


def setUpModule():
    global CLUSTER
    try:
        CLUSTER = SlurmCluster(FOLDER / "one")
    except Unavailable as error:
        raise unittest.SkipTest(str(error)) from error
    golden.prepare()
    golden.reference()


class SlurmCase(unittest.TestCase):
    def cluster(self):
        return CLUSTER

    def out(self, name=""):
        return WORK / f"{type(self).__name__} {self._testMethodName} {name}"

    def submit(self, script, arguments, *options, site="", programs=BUILD):
        """Number of the job. `site`: lines that a cluster has added to site.env."""
        folder = tempfile.mkdtemp(prefix="a site ", dir=FOLDER)
        edited = shutil.copytree(REPOSITORY / "slurm", Path(folder, "slurm")) / "site.env"
        edited.write_text(f"{edited.read_text()}TITRATE_PROGRAMS='{programs}'\n{site}\n")
        command = ["bash", "-c", SBATCH, folder, *SHAPE, f"--output={FOLDER}/%j.log", *options, f"slurm/{script}", *arguments]
        result = self.cluster().command(*command, env=ROOT)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.strip()

    def sweep(self, script, out, *options):
        return self.submit(script, golden.command(out, None)[2:], *options)

    def log(self, number):
        return (FOLDER / f"{number}.log").read_text()

    def over(self, number, seconds=60):
        return self.cluster().wait_for(number, OVER, seconds)

    def ended(self, number, exit_code, seconds=60):
        """The job, which has ended so."""
        job = self.over(number, seconds)
        self.assertEqual(job["ExitCode"], exit_code, self.log(number))
        return job

    def wait_until(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, f"no {what()}")
            time.sleep(0.05)

    def wait_for_record(self, number, out):
        self.wait_until(lambda: "record in the journal", lambda: self.records(out) or self.cluster().job(number)["JobState"] in OVER)
        self.assertGreater(self.records(out), 0, self.log(number))

    def records(self, out):
        return len(golden.read_journal(out)[0])

    def wait_for_restart(self, number, restarts=1):
        self.wait_until(lambda: f"restart: {self.log(number)}", lambda: int(self.cluster().job(number)["Restarts"]) >= restarts, 30)

    def whole(self, number, out, restarts, seconds=120):
        job = self.ended(number, "0:0", seconds)
        self.assertEqual(int(job["Restarts"]), restarts, self.log(number))
        self.assertEqual(golden.survivors(out), [])
        golden.check_whole(out)


class StoppedTest(SlurmCase):
    """Stopped on request, as Slurm does before the time is over: the job queues itself again, and goes on where it was."""

    def stop(self, script, *flags):
        out = self.out()
        number = self.sweep(script, out)
        self.wait_for_record(number, out)
        self.cluster().command("scancel", *flags, "--signal=USR1", number)
        self.wait_for_restart(number)
        before = self.records(out)
        self.assertLess(before, 12, "all was over")
        self.whole(number, out, 1)
        self.assertIn("stopped on request", self.log(number))
        self.assertIn("goes on when it is its turn again (restart 1)", self.log(number))

    def test_srun(self):
        self.stop("sweep.sbatch")

    @full_only
    def test_mpirun(self):
        self.stop("sweep_mpirun.sbatch", "--batch")


class CutOffTest(SlurmCase):
    """What ends otherwise is not requeued, leaves no process, and the same command again goes on."""

    def cut_off(self, script, state, end):
        """`end` ends a job, by its number and run folder."""
        out = self.out()
        number = self.sweep(script, out)
        self.wait_for_record(number, out)
        end(number, out)
        job = self.over(number)
        self.assertEqual((job["JobState"], job["Restarts"]), (state, "0"), self.log(number))
        self.assertEqual(golden.survivors(out, 10), [])
        self.assertLess(self.records(out), 12, "all was over")
        self.whole(self.sweep(script, out), out, 0)

    def cancel(self, number, out):
        self.cluster().command("scancel", number)

    def kill_a_rank(self, number, out):
        ranks = [pid for pid in golden.processes(out) if Path(f"/proc/{pid}/comm").read_text() == "titrate\n"]
        self.assertEqual(len(ranks), 2)
        os.kill(ranks[-1], signal.SIGKILL)

    def test_scancel_under_srun(self):
        self.cut_off("sweep.sbatch", "CANCELLED", self.cancel)

    @full_only
    def test_scancel_under_mpirun(self):
        self.cut_off("sweep_mpirun.sbatch", "CANCELLED", self.cancel)

    @full_only
    def test_a_killed_rank_under_srun(self):
        self.cut_off("sweep.sbatch", "FAILED", self.kill_a_rank)

    @full_only
    def test_a_killed_rank_under_mpirun(self):
        self.cut_off("sweep_mpirun.sbatch", "FAILED", self.kill_a_rank)


@full_only
class RequeuedTest(SlurmCase):
    """By scontrol, and by a job that goes first."""

    def requeue(self, script):
        out = self.out()
        number = self.sweep(script, out)
        self.wait_for_record(number, out)
        self.cluster().command("scontrol", "requeue", number)
        self.wait_for_restart(number)
        self.assertLess(self.records(out), 12, "all was over")
        self.whole(number, out, 1)

    def test_srun(self):
        self.requeue("sweep.sbatch")

    def test_mpirun(self):
        self.requeue("sweep_mpirun.sbatch")

    def preempt(self, script):
        out = self.out()
        number = self.sweep(script, out)
        self.wait_for_record(number, out)
        first = self.cluster().command("sbatch", "--parsable", "--partition=urgent", "--cpus-per-task=4", f"--output={FOLDER}/%j.log",
                                       "--wrap=sleep 5").stdout.strip()
        self.ended(first, "0:0", 40)
        self.assertLess(self.records(out), 12, "all was over")
        self.whole(number, out, 1)
        self.assertIn("stopped on request", self.log(number))

    def test_preempted_under_srun(self):
        self.preempt("sweep.sbatch")

    def test_preempted_under_mpirun(self):
        self.preempt("sweep_mpirun.sbatch")

    def test_a_site_that_requeues_75_itself(self):
        settings = self.cluster().folder / "slurm.conf"
        text = settings.read_text()
        settings.write_text(f"{text}RequeueExit=75\n")
        self.addCleanup(self.cluster().command, "scontrol", "reconfigure")
        self.addCleanup(settings.write_text, text)
        self.cluster().command("scontrol", "reconfigure")
        StoppedTest.stop(self, "sweep.sbatch")


@full_only
class TimeLimitTest(SlurmCase):
    """Slurm looks every 30 seconds, so of 2 minutes it leaves a job 75 to 105 seconds before a signal that is due 15 before
    their end: what takes 150 needs a second attempt or a third."""

    def plain(self, epochs):
        """Seconds that it takes, and its trials.csv."""
        out, start = self.out(f"plain {epochs}"), time.monotonic()
        golden.check_ended(golden.finish(golden.start(out, 2, "--set", f"train.epochs={epochs}"), 600))
        return time.monotonic() - start, (out / "trials.csv").read_bytes()

    def limited(self, epochs):
        """The job, and the trials.csv that it comes to."""
        out = self.out(f"limited {epochs}")
        arguments = golden.command(out, None, "--set", f"train.epochs={epochs}")[2:]
        job = self.ended(self.submit("sweep.sbatch", arguments, "--time=2", "--signal=USR1@15"), "0:0", 600)
        print(f"time limit: {epochs} epochs, {job['Restarts']} restarts", file=sys.stderr)
        return job, (out / "trials.csv").read_bytes()

    def test_three_attempts_at_most(self):
        epochs = round(60 * 150 / self.plain(60)[0])
        job, table = self.limited(epochs)
        if job["Restarts"] == "0":  # the machine was busier when it was measured
            epochs *= 2
            job, table = self.limited(epochs)
        self.assertIn(job["Restarts"], ("1", "2"), self.log(job["JobId"]))
        self.assertEqual(table, self.plain(epochs)[1])


class TemplateTest(SlurmCase):
    """With a program that only says what it is given."""

    def program(self, code):
        folder = FOLDER / f"program {code}"
        folder.mkdir(exist_ok=True)
        (folder / "titrate").write_text(PROGRAM.format(code=code))
        (folder / "titrate").chmod(0o755)
        return str(folder)

    def test_arguments_and_gpus(self):
        number = self.submit("sweep.sbatch", ["a study.toml", "--out", "a b"], programs=self.program(0))
        self.ended(number, "0:0")
        for task in (0, 1):
            self.assertIn(f"task {task} in no container with 1 thread, sees GPUs 0,1, is given sweep a study.toml --out a b\n", self.log(number))

    def test_a_site_of_its_own(self):
        lines = ["export SBATCH_TIMELIMIT=7", "TITRATE_MODULES='gcc/12 openmpi'", 'module() { echo "modules $* $UNSET"; }',
                 "TITRATE_CONTAINER=(env 'CONTAINER=an image')"]
        for script in ("sweep.sbatch", "sweep_mpirun.sbatch"):
            number = self.submit(script, [], site="\n".join(lines), programs=self.program(0))
            self.assertEqual(self.ended(number, "0:0")["TimeLimit"], "00:07:00")
            self.assertIn("modules load gcc/12 openmpi \n", self.log(number))
            self.assertEqual(self.log(number).count("in an image"), 2)

    def test_a_job_without_the_environment_of_sbatch(self):
        number = self.submit("sweep.sbatch", [], "--export=NONE", programs=self.program(0))
        self.ended(number, "0:0")
        self.assertEqual(self.log(number).count("with 1 thread,"), 2)

    def test_exit_codes(self):
        for script in ("sweep.sbatch", "sweep_mpirun.sbatch"):
            number = self.submit(script, [], programs=self.program(5))
            self.assertEqual(self.ended(number, "5:0")["Restarts"], "0")

    def test_restarts_have_an_end(self):
        number = self.submit("sweep.sbatch", [], programs=self.program(75), site="TITRATE_MOST_RESTARTS=0")
        self.assertEqual(self.ended(number, "75:0")["Restarts"], "0")
        self.assertIn("stopped after 0 restarts", self.log(number))

    def test_a_program_that_is_not_there(self):
        number = self.submit("sweep.sbatch", [], programs="/nowhere")
        self.ended(number, "2:0")
        self.assertIn("/nowhere/titrate is no program", self.log(number))

    def test_srun_that_starts_nothing_is_a_failure(self):
        number = self.submit("sweep.sbatch", [], "--hold", programs=self.program(0))
        in_the_way = CLUSTER.folder / f"tmp/spmix_appdir_0_{number}.0"  # where PMIx wants a folder of its own
        in_the_way.mkdir()
        self.cluster().command("scontrol", "release", number)
        self.ended(number, "1:0")
        self.assertIn("srun started nothing", self.log(number))


class PackTest(SlurmCase):
    def test_the_same_dataset(self):
        out = self.out()
        recipe = WORK / f"{golden.NAME}.recipe.toml"
        self.ended(self.submit("pack.sbatch", [recipe, "--out", out, "--quiet"]), "0:0")
        for file in golden.DATASET.glob("*.h5"):
            self.assertEqual((out / file.name).read_bytes(), file.read_bytes(), file.name)

    def packer(self, at_its_end):
        """A folder with a titrate-prep that takes its time; what it does when it is asked to end."""
        program = Path(tempfile.mkdtemp(prefix="packs ", dir=FOLDER), "titrate-prep")
        program.write_text(f"#!/bin/bash\n{at_its_end}\n[[ $SLURM_RESTART_COUNT ]] && exit 0\necho packs\nsleep 60 & wait\n")
        program.chmod(0o755)
        return program.parent

    def signalled(self, at_its_end):
        """The job, after Slurm's signal."""
        number = self.submit("pack.sbatch", ["recipe.toml"], programs=self.packer(at_its_end))
        self.wait_until(lambda: "log", lambda: (FOLDER / f"{number}.log").exists() and "packs" in self.log(number))
        self.cluster().command("scancel", "--batch", "--signal=USR1", number)
        return number

    def test_ended_by_the_signal(self):
        number = self.signalled("")
        self.wait_for_restart(number)
        self.ended(number, "0:0")

    def test_done_when_the_signal_came(self):
        """It is not packed again, and a failure of its own is told as such."""
        for code in (0, 4):
            job = self.ended(self.signalled(f"trap 'exit {code}' TERM"), f"{code}:0")
            self.assertEqual(job["Restarts"], "0")


@full_only
class TwoNodesTest(SlurmCase):
    SPREAD = ["--nodes=2", "--ntasks-per-node=1"]

    @classmethod
    def setUpClass(cls):
        folder = FOLDER / "two"
        folder.mkdir()
        try:
            cls.nodes = SlurmCluster(folder / "cluster", hosts=TwoHosts([WORK, BUILD, REPOSITORY, FOLDER]))
        except RuntimeError as error:
            raise unittest.SkipTest(str(error)) from error
        cls.addClassCleanup(cls.nodes.close)

    def cluster(self):
        return self.nodes

    def spread(self, script, *stop):
        out = self.out()
        number = self.sweep(script, out, *self.SPREAD)
        self.wait_for_record(number, out)
        if stop:
            self.cluster().command("scancel", *stop, "--signal=USR1", number)
            self.wait_for_restart(number)
        self.whole(number, out, 1 if stop else 0)
        with open(out / "timing.csv", newline="") as file:
            self.assertEqual({row["host"] for row in csv.DictReader(file)}, {"alpha", "beta"})

    def test_srun(self):
        self.spread("sweep.sbatch")

    def test_mpirun(self):
        self.spread("sweep_mpirun.sbatch")

    def test_stopped_under_srun(self):
        self.spread("sweep.sbatch", "--quiet")

    def test_stopped_under_mpirun(self):
        self.spread("sweep_mpirun.sbatch", "--batch")


def main():
    try:
        running.main()
    finally:
        if CLUSTER:
            CLUSTER.close()
        for folder in (FOLDER, WORK):
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
