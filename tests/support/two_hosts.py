"""Two hosts made of namespaces of this machine, for tests: alpha and beta, each with its own name, network, /tmp and /dev/shm.

A link joins them (10.77.0.1 and 10.77.0.2, known to them alone), and each can start programs on the other by AGENT, as rsh
would. All of it lives in one namespace of processes, whose first process reads from a pipe of ours: when that closes,
however we end, the kernel ends every process of both hosts, and with them hosts, link and mounts.
"""

import os
import re
import subprocess
from pathlib import Path

NAMES = ("alpha", "beta")
AGENT = "/tmp/enter"
NETWORK = "10.77.0.0/24"

# What lies below /tmp and is shared is bound into the host's own /tmp before that takes its place.
HOST = """
name=$1; shift
hostname "$name" && ip link set lo up || exit
mount -t tmpfs tmpfs /mnt || exit
for folder; do
  [ "${folder#/tmp/}" = "$folder" ] && continue
  mkdir -p "/mnt/${folder#/tmp/}" && mount --bind "$folder" "/mnt/${folder#/tmp/}" || exit
done
printf '127.0.0.1 localhost\\n10.77.0.1 alpha\\n10.77.0.2 beta\\n' >/mnt/hosts
printf '#!/bin/sh\\nhost=$1; shift\\nexec nsenter -t "$(cat /tmp/$host.pid)" -n -u -m sh -c "$*"\\n' >/mnt/enter
chmod 755 /mnt/enter
mount --rbind /mnt /tmp && mount -t tmpfs tmpfs /dev/shm && mount --bind /tmp/hosts /etc/hosts || exit
echo ready
exec sleep infinity
"""

# The first process of the namespace. Shell arguments: the script of a host, and the shared folders.
ROOM = """
host=$1; shift
for name in alpha beta; do
  exec {answers}< <(exec unshare --net --uts --mount sh -c "$host" "$name" "$name" "$@")
  declare "$name=$!"
  read -r answer <&"$answers" && [[ $answer == ready ]] || exit
done
for name in alpha beta; do
  for other in alpha beta; do nsenter -t "${!name}" -m sh -c "echo ${!other} >/tmp/$other.pid"; done
done
nsenter -t "$alpha" -n ip link add link0 type veth peer name link0 netns "$beta" || exit
nsenter -t "$alpha" -n ip address add 10.77.0.1/24 dev link0 && nsenter -t "$alpha" -n ip link set link0 up || exit
nsenter -t "$beta" -n ip address add 10.77.0.2/24 dev link0 && nsenter -t "$beta" -n ip link set link0 up || exit
echo "$alpha $beta"
read -r
"""


class TwoHosts:
    """Made where root may; otherwise RuntimeError says why not."""

    def __init__(self, shared):
        if os.getuid() != 0:
            raise RuntimeError("only root may make network namespaces")
        command = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "bash", "-c", ROOM, "room", HOST]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        try:
            self.room = subprocess.Popen([*command, *map(str, shared)], **pipes, start_new_session=True)
        except OSError as error:
            raise RuntimeError(str(error)) from error
        inner = self.room.stdout.readline().split()
        if len(inner) != 2:
            errors = self.room.communicate()[1]
            raise RuntimeError(f"namespaces cannot be made: {' '.join(errors.split())}")
        first, = self.children(self.room.pid)
        outer = {re.search(r"NSpid:.*\t(\d+)", Path(f"/proc/{pid}/status").read_text())[1]: pid for pid in self.children(first)}
        self.pids = {name: outer[pid] for name, pid in zip(NAMES, inner)}  # of the process that holds each

    @staticmethod
    def children(pid):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def command(self, host, command):
        """What runs `command` on a host."""
        return ["nsenter", "-t", str(self.pids[host]), "-p", "-n", "-u", "-m", *(str(part) for part in command)]

    def processes(self, host, program):
        """Those of a host that run a program of this name, as this machine counts them."""
        own, found = os.readlink(f"/proc/{self.pids[host]}/ns/uts"), []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "comm").read_text() == f"{program}\n" and os.readlink(entry / "ns/uts") == own:
                    found.append(int(entry.name))
            except OSError:
                pass  # ended meanwhile
        return found

    def set_link(self, state):
        """Up or down, at beta's end."""
        subprocess.run(self.command("beta", ["ip", "link", "set", "link0", state]), check=True)

    def close(self):
        self.room.stdin.close()
        self.room.wait()
        self.room.stdout.close()
        self.room.stderr.close()
