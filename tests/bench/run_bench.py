"""Training throughput of titrate's engine against PyTorch eager: both programs live at once and take turns.

    .deps/venv/bin/python tests/bench/run_bench.py BUILD_FOLDER [--networks simple-cnn,resnet-20] [--pairs 9]

One thread each, every network of the zoo: 28 x 28 x 1 images, 64 x 64 x 3 for small-images-cnn, 32 x 32 x 3 for resnet-20.

Prints the median images per second of each, by the clock and by processor time (which a busy machine disturbs less), and
the medians of the pairs' ratios. Exits with 1 where a ratio by processor time is below --at-least.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
from networks import IMAGES  # noqa: E402


class Runner:
    """A program that answers "run SECONDS" with two rates."""

    def __init__(self, command):
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, seconds):
        self.process.stdin.write(f"run {seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args[0]} ended early")
        return [float(word) for word in answer.split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(build, network, batch_size, pairs, seconds):
    channels, side, _ = IMAGES[network]
    shape = [str(side), str(channels)]
    engine = Runner([build / "tests/train_bench", build / "libtitrate_engine_torch.so", network, *shape, str(batch_size)])
    peer = Runner([sys.executable, HERE / "train_peer.py", network, str(batch_size)])
    for runner in (engine, peer):
        runner.run(seconds)
    found = []
    for pair in range(pairs):
        first, second = (engine, peer) if pair % 2 == 0 else (peer, engine)
        rates = {first: first.run(seconds)}
        rates[second] = second.run(seconds)
        found.append((rates[engine], rates[peer]))
    engine.close()
    peer.close()
    for kind, name in enumerate(("clock", "processor time")):
        ours, theirs = ([rates[kind] for rates in column] for column in zip(*found))
        ratios = sorted(a / b for a, b in zip(ours, theirs))
        print(
            f"{network}, {name}: engine {statistics.median(ours):,.0f} images/s, PyTorch {statistics.median(theirs):,.0f}, "
            f"ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})",
            flush=True,
        )
    return statistics.median(ratios)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--networks", default=",".join(IMAGES))
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--at-least", type=float, default=0.95)
    given = parser.parse_args()
    ratios = [
        compare(given.build.resolve(), network, given.batch_size, given.pairs, given.seconds)
        for network in given.networks.split(",")
    ]
    sys.exit(0 if min(ratios) >= given.at_least else 1)


if __name__ == "__main__":
    main()
