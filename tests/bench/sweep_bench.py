"""What a sweep costs besides training: scaling over ranks, overhead of a trial, memory of a rank.

    python3 tests/bench/sweep_bench.py BUILD_FOLDER [overhead scaling memory] [--dataset DIR] [--rounds 3]

overhead   1,000 trials of one step of 50 images, tested on 50: wall time per trial beyond a sweep of one trial, less the
           seconds that the journal counts as training and testing. At most 5 ms.
scaling    trials per hour under mpirun -np 2 against -np 1, whole runs in turns, median of the rounds. At least 1.9. Beside
           it, what the machine has to give: two runs of -np 1 at once, which share nothing, with half the trials each.
memory     the largest resident set of a rank with simple-cnn, two ranks, as the kernel counts it: the shared images
           and LibTorch's code included. At most 600 MB.

Without --dataset, which scaling and memory use, a dataset of MNIST's size is drawn. Exits with 1 where a figure is missed.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

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

# Runs a command and writes the peak of its resident set, in kilobytes, into a file of its own.
PEAK = """
import os, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
open(os.path.join(sys.argv[1], str(os.getpid())), "w").write(str(peak))
sys.exit(code)
"""


class Bench:
    def __init__(self, build, work, dataset, rounds):
        self.titrate, self.prep = build / "titrate", build / "titrate-prep"
        self.work, self.rounds, self.runs, self.failed = work, rounds, 0, False
        self.given = dataset

    def check(self, text, good):
        self.failed |= not good
        print(f"{'ok' if good else 'MISSED':6} {text}", flush=True)

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

    def sweep(self, dataset, trials, launcher=(), at_once=1, **settings):
        """Wall seconds of fresh sweeps, and the records of their journals."""
        commands, outs = [], []
        for _ in range(at_once):
            self.runs += 1
            study, out = self.work / f"study-{self.runs}.toml", self.work / f"run-{self.runs}"
            seeds = ", ".join(str(seed) for seed in range(trials))
            study.write_text(STUDY.format(**({"size": 50, "ratio": 0} | settings), seeds=seeds))
            options = ["--dataset", dataset, "--out", out, "--device", "cpu", "--quiet"]
            commands.append([*launcher, self.titrate, "sweep", study, *options])
            outs.append(out)
        seconds = self.run(*commands)
        lines = [line for out in outs for path in out.glob("journal/*.jsonl") for line in path.read_text().splitlines()]
        records = [json.loads(line) for line in lines]
        done = sum(record["status"] == "done" for record in records)
        if done != trials * at_once:
            sys.exit(f"{done} of {trials * at_once} trials are done")
        return seconds, records

    def overhead(self, trials=1000):
        dataset, found = self.drawn(5), []
        for _ in range(self.rounds):
            alone, _ = self.sweep(dataset, 1)
            seconds, records = self.sweep(dataset, trials)
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
        dataset, one_rank, ratios, ceilings = self.dataset(), [*MPIRUN, "-np", "1"], [], []
        for _ in range(self.rounds):
            one, _ = self.sweep(dataset, trials, one_rank, size=size)
            two, _ = self.sweep(dataset, trials, [*MPIRUN, "-np", "2"], size=size)
            apart, _ = self.sweep(dataset, trials // 2, one_rank, at_once=2, size=size)
            ratios.append(one / two)
            ceilings.append(one / apart)
            hourly = [f"{3600 * trials / seconds:,.0f}" for seconds in (one, two, apart)]
            print("       trials an hour: {} with one rank, {} with two, {} of two runs".format(*hourly), flush=True)
        median = statistics.median(ratios)
        ceiling = statistics.median(ceilings)
        self.check(f"two ranks against one: {median:.2f} (at least 1.9); two runs at once: {ceiling:.2f}", median >= 1.9)

    def memory(self):
        peaks = self.work / "peaks"
        peaks.mkdir()
        wrapper = [sys.executable, "-c", PEAK, peaks]
        self.sweep(self.dataset(), 2, [*MPIRUN, "-np", "2", *wrapper], size=60000, ratio=0.9)
        found = [int(path.read_text()) * 1024 / 1e6 for path in peaks.iterdir()]
        text = " and ".join(f"{peak:.0f} MB" for peak in sorted(found))
        self.check(f"peak memory of a rank: {text} (at most 600)", len(found) == 2 and max(found) <= 600)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", default=["overhead", "scaling", "memory"])
    parser.add_argument("--dataset", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="titrate bench ") as work:
        dataset = given.dataset.resolve() if given.dataset else None
        bench = Bench(given.build.resolve(), pathlib.Path(work), dataset, given.rounds)
        for part in given.parts:
            {"overhead": bench.overhead, "scaling": bench.scaling, "memory": bench.memory}[part]()
    sys.exit(1 if bench.failed else 0)


if __name__ == "__main__":
    main()
