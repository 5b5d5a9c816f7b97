"""The loop of train_bench.cpp in PyTorch eager: reads "run SECONDS" lines, answers with images per second
of the clock and of processor time.

    train_peer.py NETWORK [BATCH_SIZE]

The data are float tensors in memory before the clock starts; a batch is cut from them by a slice of a shuffled order.
"""

import pathlib
import sys
import time

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from networks import NETWORKS  # noqa: E402

WARM_UP_STEPS = 5


class Loop:
    def __init__(self, network, images, labels, batch_size):
        self.network, self.images, self.labels, self.batch_size = network, images, labels, batch_size
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.5)
        self.batches = iter(())

    def step(self):
        batch = next(self.batches, None)
        if batch is None:
            self.batches = iter(torch.randperm(len(self.images)).split(self.batch_size))
            batch = next(self.batches)
        self.optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(self.network(self.images[batch]), self.labels[batch]).backward()
        self.optimizer.step()
        return len(batch)


def run_for(loop, seconds):
    for _ in range(WARM_UP_STEPS):
        loop.step()
    start, processor_start, elapsed, images = time.perf_counter(), time.process_time(), 0.0, 0
    while elapsed < seconds:
        images += loop.step()
        elapsed = time.perf_counter() - start
    print(images / elapsed, images / (time.process_time() - processor_start), flush=True)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    batch_size = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    loop = Loop(NETWORKS[sys.argv[1]](), torch.randn(60000, 1, 28, 28), torch.randint(10, (60000,)), batch_size)
    for line in sys.stdin:
        run_for(loop, float(line.split()[1]))


if __name__ == "__main__":
    main()
