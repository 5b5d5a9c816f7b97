"""What 10,000 trials of one step cost beyond their training, and what grows meanwhile.

    python3 tests/bench/dispatch_bench.py BUILD_FOLDER [--ranks 2] [--rounds 3]

The run folder lies in memory, so that no disk is waited for. A rank's time for a trial, from the thousandth trial to the
9,900th, less the seconds that the journal counts for it: messages to and from rank 0, and the journal. At most 0.3 ms. And
the memory of each rank that no other process has (RssAnon) when 1,000, 5,000 and 9,900 trials were done: rank 0 keeps the
results, the others nothing, which is at most 20 bytes a trial. Exits with 1 where a figure is missed.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from sweep_bench import MPIRUN, PATIENCE, others_seconds, others_share, wait_until_idle

RECIPE = """
name = "bench"
seed = 1
[[source]]
name = "training"
kind = "glyphs"
origin = "real"
per_class = 2
[[source]]
name = "tests"
kind = "glyphs"
origin = "real"
split = "test"
per_class = 1
seed = 2
"""

STUDY = f"""
name = "bench"
[network]
layers = ["max_pool 4", "flatten", "dense 10"]
[train]
budget = "steps"
steps = 1
batch_size = 10
[data]
size = 10
[axes]
seed = {list(range(10_000))}
"""

MARKS = [1000, 5000, 9900]  # trials


class Journals:
    """How many records there are; reads what is new only."""

    def __init__(self, out):
        self.folder, self.read, self.count = out / "journal", {}, 0

    def look(self):
        for path in self.folder.glob("*.jsonl"):
            with open(path, "rb") as file:
                file.seek(self.read.get(path, 0))
                block = file.read()
            self.read[path] = self.read.get(path, 0) + len(block)
            self.count += block.count(b"\n")
        return self.count

    def seconds(self):
        """Of each trial, but the first tenth, in which ranks warm up."""
        records = [json.loads(line) for path in self.read for line in path.read_text().splitlines()]
        by_file = [record["timing"]["total_seconds"] for record in records]
        return statistics.mean(by_file[len(by_file) // 10:])


def memory_of_ranks(launcher):
    """Bytes by rank."""
    found = {}
    for pid in pathlib.Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split():
        rank = re.search(rb"\0OMPI_COMM_WORLD_RANK=(\d+)", pathlib.Path(f"/proc/{pid}/environ").read_bytes())
        if rank:
            anonymous = re.search(r"RssAnon:\s*(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
            found[int(rank[1])] = 1024 * int(anonymous[1])
    return found


def watched_sweep(command, out):
    """When each mark was passed, how many trials were done then, and the memory of the ranks; seconds of a trial by the journal."""
    environment, journals, passed = dict(os.environ, OMP_NUM_THREADS="1"), Journals(out), []
    command = [str(part) for part in command]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment) as launcher:
        while launcher.poll() is None:
            if len(passed) < len(MARKS) and journals.look() >= MARKS[len(passed)]:
                passed.append((time.monotonic(), journals.count, memory_of_ranks(launcher)))
            time.sleep(0.02)
        if launcher.returncode != 0:
            sys.exit(f"{command[0]} ended with {launcher.returncode}: {launcher.stderr.read()}")
    if len(passed) < len(MARKS):
        sys.exit(f"{journals.look()} trials were seen while it ran, of 10,000")
    return passed, journals.seconds()


def measure(titrate, dataset, work, ranks):
    """Seconds beyond a trial, and the bytes that each rank's memory grows by a trial."""
    out = work / f"run-{time.monotonic_ns()}"
    command = [*MPIRUN, "-np", str(ranks), titrate, "sweep", work / "study.toml", "--dataset", dataset, "--out", out]
    wait_until_idle(time.monotonic() + PATIENCE / 10)
    before, start = others_seconds(), time.monotonic()
    passed, trial_seconds = watched_sweep([*command, "--device", "cpu", "--quiet"], out)
    share = others_share(before, start)
    (begin, first, small), *_, (end, last, large) = passed
    beyond = ranks * (end - begin) / (last - first) - trial_seconds
    grown = {rank: (large[rank] - small[rank]) / (last - first) for rank in sorted(small)}
    print(f"       {1000 * beyond:.3f} ms beyond the {1000 * trial_seconds:.3f} ms of a trial; others had {share:.0%} of the cores")
    for rank in sorted(small):
        megabytes = ", ".join(f"{memory[rank] / 1e6:.1f} MB after {count:,}" for _, count, memory in passed)
        print(f"       rank {rank}: {megabytes}: {grown[rank]:.0f} bytes a trial", flush=True)
    return beyond, grown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    build = given.build.resolve()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="titrate bench ", dir="/dev/shm") as folder:
        work = pathlib.Path(folder)
        (work / "recipe.toml").write_text(RECIPE)
        (work / "study.toml").write_text(STUDY)
        pack = [build / "titrate-prep", "pack", work / "recipe.toml", "--out", work / "dataset", "--quiet"]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
        found = [measure(build / "titrate", work / "dataset", work, given.ranks) for _ in range(given.rounds)]
    beyond = statistics.median(seconds for seconds, _ in found)
    growth = statistics.median(max((grown[rank] for rank in grown if rank > 0), default=0) for _, grown in found)
    kept = statistics.median(grown[0] for _, grown in found)
    good = beyond <= 0.0003 and growth <= 20
    print(
        f"{'ok' if good else 'MISSED':6} {1000 * beyond:.3f} ms a trial beyond the trial (at most 0.3); memory grows by "
        f"{growth:.0f} bytes a trial on a rank (at most 20), by {kept:.0f} on rank 0, which keeps the results"
    )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
