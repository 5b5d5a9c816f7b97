"""A cluster of Slurm's own daemons, for tests: on this machine, or on the two hosts of two_hosts.py. No munge, no database.

Each node says that it has 4 CPUs and 2 GPUs, whatever is there. On this machine all daemons and jobs are descendants of this
process, which adopts the orphans among them, so that close() ends every one of them by its id.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from two_hosts import NAMES

CONFIGURATION = """
ClusterName=titrate
SlurmctldHost={controller}
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
# Nobody waits two minutes for an old credential to expire before a job starts again.
AuthInfo=cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
TmpFS={temporary}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=2
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=5
ReturnToService=2
GresTypes=gpu
{nodes}
PartitionName=usual Nodes=ALL Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=6 OverSubscribe=NO
PartitionName=urgent Nodes=ALL PriorityTier=2 PreemptMode=OFF OverSubscribe=NO
"""
NODE = "NodeName={name} NodeHostname={name} NodeAddr={address} CPUs=4 Gres=gpu:2 State=UNKNOWN"
CGROUPS = "CgroupPlugin=cgroup/{version}\n"
OVER = ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY")


class Unavailable(RuntimeError):
    """Why there can be no cluster here."""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def adopt_orphans():
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def descendants(pid):
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                found += [int(child), *descendants(child)]
        except OSError:
            pass  # ended meanwhile
    return found


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class SlurmCluster:
    """Made where root may and Slurm is installed; otherwise Unavailable says why not. `folder` has a short name without spaces.

    `hosts`: a TwoHosts, which shares `folder` and is closed with the cluster.
    """

    def __init__(self, folder, hosts=None):
        missing = [name for name in ("slurmctld", "slurmd", "sbatch", "srun") if not shutil.which(name)]
        if missing:
            raise Unavailable(f"Slurm is not installed: no {missing[0]} (Debian's package slurm-wlm)")
        if os.getuid() != 0:
            raise Unavailable("only root may start Slurm's daemons")
        adopt_orphans()
        self.folder, self.hosts, self.daemons = Path(folder), hosts, []
        own = {socket.gethostname().split(".")[0]: "127.0.0.1"}
        self.addresses = {name: f"10.77.0.{number}" for number, name in enumerate(NAMES, 1)} if hosts else own
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "SBATCH", "PMIX", "OMPI"))}
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.configure()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def configure(self):
        for name in ("state", "tmp"):
            (self.folder / name).mkdir(parents=True)
        controller, address = next(iter(self.addresses.items()))
        nodes = "\n".join(NODE.format(name=name, address=address) for name, address in self.addresses.items())
        text = CONFIGURATION.format(controller=f"{controller}({address})", ports=free_ports(2), folder=self.folder, nodes=nodes,
                                    temporary="/tmp" if self.hosts else self.folder / "tmp")  # each node its own: PMIx wants that
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text("Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n")
        version = "v2" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "v1"
        (self.folder / "cgroup.conf").write_text(CGROUPS.format(version=version))

    def on(self, host, command):
        command = [str(part) for part in command]
        return self.hosts.command(host, command) if self.hosts else command

    def start(self):
        first = next(iter(self.addresses))
        commands = [self.on(first, ["slurmctld", "-D", "-i"])] + [self.on(name, ["slurmd", "-D", "-N", name]) for name in self.addresses]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.daemons = [subprocess.Popen(command, env=self.environment, preexec_fn=die_with_parent, **quiet) for command in commands]
        end = time.monotonic() + 30
        while self.command("sinfo", "--noheader", "--format=%T", "--partition=usual").stdout.split() != ["idle"]:
            over = [daemon.args for daemon in self.daemons if daemon.poll() is not None]
            if over or time.monotonic() > end:
                raise Unavailable(f"Slurm does not start: {self.last_words()}")
            time.sleep(0.2)

    def last_words(self):
        lines = [line for log in sorted(self.folder.glob("*.log")) for line in log.read_text().splitlines() if "error:" in line]
        return "; ".join(lines[-3:]) or "its logs name no error"

    def command(self, *command, **more):
        """Run on the first node; a result as subprocess.run gives it."""
        environment = {**self.environment, **more.pop("env", {})}
        return subprocess.run(self.on(next(iter(self.addresses)), command), capture_output=True, text=True, env=environment, timeout=60, **more)

    def job(self, number):
        """What scontrol says of a job, by name."""
        text = self.command("scontrol", "show", "job", "--oneliner", number).stdout
        return dict(field.split("=", 1) for field in text.split() if "=" in field)

    def wait_for(self, number, states, seconds):
        """Returns the job as it then is; TimeoutError says what it was instead."""
        end = time.monotonic() + seconds
        while (job := self.job(number)).get("JobState") not in states:
            if time.monotonic() > end:
                raise TimeoutError(f"job {number} is {job.get('JobState')} ({job.get('Reason')}), not {' or '.join(states)}")
            time.sleep(0.2)
        return job

    def close(self):
        """Ends every process of the cluster: on this machine all that this process began, itself or through others."""
        if self.hosts:
            self.hosts.close()
            for daemon in self.daemons:
                daemon.wait()
            return
        while left := descendants(os.getpid()):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
            time.sleep(0.05)
