"""How much sooner one trial ends on two ranks than on one, through the whole path: mpirun, titrate sweep --width 2.

    python3 tests/bench/width_bench.py BUILD_FOLDER [simple-cnn pytorch-cnn] [--dataset DIR] [--rounds 7]

Batches of 64, in two parts (train.micro_batches = 2) on one rank and on two, in turns: their seconds of training by the
journal, median of the rounds' ratios. At least 1.85 with pytorch-cnn and 1.7 with simple-cnn. Beside it one rank that does
not cut its batches, and two such trials at once on a rank each: what the machine has to give. Exits with 1 where a figure
is missed.
"""

import statistics

from sweep_bench import MPIRUN, run_bench

NETWORKS = {"simple-cnn": (20_000, 1.7), "pytorch-cnn": (3_000, 1.85)}  # images, and what is to be reached


def train_seconds(bench, network, ranks, parts, trials=1):
    """Of one trial, or the mean of several at once."""
    options = ["--width", ranks // trials, "--set", "train.batch_size=64", "--set", f"train.micro_batches={parts}"]
    options += ["--set", f'network.name="{network}"']
    launcher = [*MPIRUN, "-np", str(ranks)]
    swept = bench.sweep(bench.dataset(), trials, launcher, options=options, size=NETWORKS[network][0])
    return statistics.mean(record["timing"]["train_seconds"] for record in swept.records)


def compare(bench, network):
    size, goal = NETWORKS[network]
    found = []
    for _ in range(bench.rounds):
        one, two = train_seconds(bench, network, 1, 2), train_seconds(bench, network, 2, 2)
        whole, apart = train_seconds(bench, network, 1, 1), train_seconds(bench, network, 2, 2, trials=2)
        found.append((one / two, whole / two, 2 * one / apart))
        print(
            f"       {network}: {one:.2f} s on one rank, {two:.2f} on two, {whole:.2f} on one with whole batches, "
            f"{apart:.2f} two trials at once",
            flush=True,
        )
    scaling, against_whole, ceiling = (
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" for ratios in zip(*found)
    )
    bench.check(
        f"{network}, {size:,} images: {scaling} times as fast on two ranks as on one (at least {goal}), {against_whole} "
        f"times one rank with whole batches; two trials at once: {ceiling}",
        statistics.median(ratios[0] for ratios in found) >= goal,
    )


if __name__ == "__main__":
    run_bench("networks", list(NETWORKS), 7, compare)
