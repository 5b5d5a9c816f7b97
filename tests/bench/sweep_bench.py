"""What a sweep costs besides training: scaling over ranks, overhead of a trial, memory of a rank.

    python3 tests/bench/sweep_bench.py BUILD_FOLDER [overhead scaling memory] [--dataset DIR] [--rounds 3]

overhead   1,000 trials of one step of 50 images, tested on 50: wall time per trial beyond a sweep of one trial, less the
           seconds that the journal counts as training and testing. At most 5 ms.
scaling    trials per hour under mpirun -np 2 against -np 1, whole runs in turns, median of the rounds. At least 1.95. Beside
           it, what the machine has to give: two runs of -np 1 at once, which share nothing, with half the trials each. And
           how long the two ranks are at work against the ideal, half of the sum of their trials: within 3 %.
memory     the largest resident set of a rank with simple-cnn, two ranks, as the kernel counts it: the shared images
           and LibTorch's code included. At most 600 MB.

Without --dataset, which scaling and memory use, a dataset of MNIST's size is drawn. A run waits until the machine is idle, and
is repeated where other programs took more than 3 % of it, for ten minutes in all. Exits with 1 where a figure is missed.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import typing

MPIRUN = ["mpirun", "--bind-to", "none"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])

RECIPE = """
name = "bench"
seed = 1
[[source]]
name = "training"
kind = "glyphs"
origin = "real"
per_class = 6000
[[source]]
name = "tests"
kind = "glyphs"
origin = "real"
split = "test"
per_class = {tests_per_class}
seed = 2
[[source]]
name = "drawn"
kind = "glyphs"
origin = "synthetic"
generator = "glyphs"
per_class = 6000
seed = 3
"""

STUDY = """
name = "bench"
[network]
name = "simple-cnn"
[train]
epochs = 1
batch_size = 50
momentum = 0.5
[data]
size = {size}
synthetic_ratio = {ratio}
[axes]
seed = [{seeds}]
"""

QUIET = 0.03  # share of the cores that other programs may take
PATIENCE = 600  # seconds that a bench waits for that, and repeats what was disturbed, in all

# Runs a command and writes the peak of its resident set, in kilobytes, into a file of its own.
PEAK = """
import os, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
open(os.path.join(sys.argv[1], str(os.getpid())), "w").write(str(peak))
sys.exit(code)
"""


def others_seconds():
    """Processor seconds of all programs but ours that have ended; what a virtual machine was not given counts too."""
    user, nice, system, _, _, irq, soft_irq, stolen = map(int, pathlib.Path("/proc/stat").read_text().split()[1:9])
    everyone = (user + nice + system + irq + soft_irq + stolen) / os.sysconf("SC_CLK_TCK")
    ours = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return everyone - sum(usage.ru_utime + usage.ru_stime for usage in ours)


def others_share(seconds_before, start):
    return (others_seconds() - seconds_before) / (time.monotonic() - start) / os.cpu_count()


def wait_until_idle(end):
    """Until then at the longest."""
    while time.monotonic() < end:
        before, start = others_seconds(), time.monotonic()
        time.sleep(1)
        if others_share(before, start) <= QUIET:
            return


class Swept(typing.NamedTuple):
    seconds: float  # of the whole command
    training_seconds: float  # from the begin of the first trial to the end of the last one
    records: list  # of the journals


def training_seconds(journals):
    """A rank's journal is made when its first trial is over, and last written when its last one is."""
    begins = []
    for path in journals:
        born = subprocess.run(["stat", "--format=%.9W", path], capture_output=True, text=True, check=True).stdout
        with open(path) as file:
            begins.append(float(born) - json.loads(file.readline())["timing"]["total_seconds"])
    return max(path.stat().st_mtime for path in journals) - min(begins)


class Bench:
    def __init__(self, build, work, dataset, rounds):
        self.titrate, self.prep = build / "titrate", build / "titrate-prep"
        self.work, self.rounds, self.runs, self.failed = work, rounds, 0, False
        self.given, self.noise, self.patient_until = dataset, 0.0, time.monotonic() + PATIENCE

    def check(self, text, good):
        self.failed |= not good
        disturbed = f"; other programs took up to {self.noise:.0%} of the cores" if self.noise > QUIET else ""
        print(f"{'ok' if good else 'MISSED':6} {text}{disturbed}", flush=True)
        self.noise = 0.0

    def run(self, *commands):
        """Wall seconds of commands that run at once."""
        environment, start = dict(os.environ, OMP_NUM_THREADS="1"), time.monotonic()
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        running = [subprocess.Popen([str(part) for part in command], env=environment, **pipes) for command in commands]
        for process in running:
            _, errors = process.communicate()
            if process.returncode != 0:
                sys.exit(f"{process.args[0]} ended with {process.returncode}: {errors}")
        return time.monotonic() - start

    def drawn(self, tests_per_class):
        folder, recipe = self.work / f"dataset-{tests_per_class}", self.work / f"{tests_per_class}.toml"
        if not folder.exists():
            recipe.write_text(RECIPE.format(tests_per_class=tests_per_class))
            self.run([self.prep, "pack", recipe, "--out", folder, "--quiet"])
        return folder

    def dataset(self):
        return self.given or self.drawn(1000)

    def sweep(self, *arguments, **settings):
        """What fresh sweeps took: of several tries the least disturbed."""
        least, found = float("inf"), None
        while found is None or (least > QUIET and time.monotonic() < self.patient_until):
            wait_until_idle(self.patient_until)
            before, start = others_seconds(), time.monotonic()
            result = self.try_sweep(*arguments, **settings)
            share = others_share(before, start)
            if share < least:
                least, found = share, result
        self.noise = max(self.noise, least)
        return found

    def try_sweep(self, dataset, trials, launcher=(), at_once=1, options=(), **settings):
        commands, outs = [], []
        for _ in range(at_once):
            self.runs += 1
            study, out = self.work / f"study-{self.runs}.toml", self.work / f"run-{self.runs}"
            seeds = ", ".join(str(seed) for seed in range(trials))
            study.write_text(STUDY.format(**({"size": 50, "ratio": 0} | settings), seeds=seeds))
            common = ["--dataset", dataset, "--out", out, "--device", "cpu", "--quiet"]
            commands.append([*launcher, self.titrate, "sweep", study, *common, *options])
            outs.append(out)
        seconds = self.run(*commands)
        journals = [path for out in outs for path in out.glob("journal/*.jsonl")]
        records = [json.loads(line) for path in journals for line in path.read_text().splitlines()]
        done = sum(record["status"] == "done" for record in records)
        if done != trials * at_once:
            sys.exit(f"{done} of {trials * at_once} trials are done")
        return Swept(seconds, training_seconds(journals), records)

    def overhead(self, trials=1000):
        dataset, found = self.drawn(5), []
        for _ in range(self.rounds):
            alone = self.sweep(dataset, 1).seconds
            seconds, _, records = self.sweep(dataset, trials)
            per_trial = (seconds - alone) / (trials - 1)
            timing = [record["timing"] for record in records[1:]]
            work = statistics.mean(entry["train_seconds"] + entry["test_seconds"] for entry in timing)
            inside = statistics.mean(entry["total_seconds"] for entry in timing) - work
            found.append((per_trial - work, per_trial, work, inside))
            print(
                f"       {1000 * per_trial:.2f} ms a trial, {1000 * work:.2f} of them train and test, "
                f"{1000 * inside:.2f} prepare that, {1000 * (per_trial - work - inside):.2f} are the sweep's",
                flush=True,
            )
        median = 1000 * statistics.median(entry[0] for entry in found)
        self.check(f"overhead of a trial: {median:.2f} ms (at most 5)", median <= 5)

    def scaling(self, trials=32, size=10000):
        dataset, one_rank, found = self.dataset(), [*MPIRUN, "-np", "1"], []
        for _ in range(self.rounds):
            one = self.sweep(dataset, trials, one_rank, size=size)
            two = self.sweep(dataset, trials, [*MPIRUN, "-np", "2"], size=size)
            apart = self.sweep(dataset, trials // 2, one_rank, at_once=2, size=size)
            busy_one, busy_two = (sum(record["timing"]["total_seconds"] for record in run.records) for run in (one, two))
            found.append((one.seconds / two.seconds, one.seconds / apart.seconds, two.training_seconds / (busy_two / 2)))
            hourly = [f"{3600 * trials / run.seconds:,.0f}" for run in (one, two, apart)]
            print("       trials an hour: {} with one rank, {} with two, {} of two runs".format(*hourly))
            for ranks, run, busy in ((1, one, busy_one), (2, two, busy_two)):
                print(
                    f"       {ranks} ranks: {run.seconds:.2f} s, {run.seconds - run.training_seconds:.2f} of them before and after "
                    f"the training; {run.training_seconds - busy / ranks:.2f} beside the trials; {busy / trials:.3f} s a trial",
                    flush=True,
                )
        scaling, ceiling, makespan = (statistics.median(column) for column in zip(*found))
        self.check(f"two ranks against one: {scaling:.2f} (at least 1.95); two runs at once: {ceiling:.2f}", scaling >= 1.95)
        self.check(f"the ranks' work against the ideal: {makespan:.3f} times as long (at most 1.03)", makespan <= 1.03)

    def memory(self):
        peaks = self.work / "peaks"
        peaks.mkdir()
        wrapper = [sys.executable, "-c", PEAK, peaks]
        self.sweep(self.dataset(), 2, [*MPIRUN, "-np", "2", *wrapper], size=60000, ratio=0.9)
        found = [int(path.read_text()) * 1024 / 1e6 for path in peaks.iterdir()]
        text = " and ".join(f"{peak:.0f} MB" for peak in sorted(found))
        self.check(f"peak memory of a rank: {text} (at most 600)", len(found) == 2 and max(found) <= 600)


def run_bench(what, choices, rounds, body):
    """The options that these benches share: BUILD_FOLDER [`what`...] [--dataset DIR] [--rounds N]; body(bench, choice) for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument(what, nargs="*", default=choices)
    parser.add_argument("--dataset", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=rounds)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="titrate bench ") as work:
        dataset = given.dataset.resolve() if given.dataset else None
        bench = Bench(given.build.resolve(), pathlib.Path(work), dataset, given.rounds)
        for choice in getattr(given, what):
            body(bench, choice)
    sys.exit(1 if bench.failed else 0)


def main():
    parts = {"overhead": Bench.overhead, "scaling": Bench.scaling, "memory": Bench.memory}
    run_bench("parts", list(parts), 3, lambda bench, part: parts[part](bench))


if __name__ == "__main__":
    main()
