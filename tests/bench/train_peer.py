"""The loop of train_bench.cpp in PyTorch eager: reads "run SECONDS" lines, answers with images per second
of the clock and of processor time.

    train_peer.py NETWORK BATCH_SIZE

The data are float tensors in memory before the clock starts, padded where the network wants it; a batch is cut from them by
a slice of a shuffled order.
"""

import pathlib
import sys
import time

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from networks import IMAGES, NETWORKS, penalty  # noqa: E402

WARM_UP_STEPS = 5
PIXELS = 60_000 * 28 * 28  # of all images


class Loop:
    def __init__(self, network, images, labels, batch_size):
        self.network, self.images, self.labels, self.batch_size = network, images, labels, batch_size
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.5)
        self.penalised = any(getattr(module, "l2", 0) for module in network.modules())
        self.batches = iter(())

    def step(self):
        batch = next(self.batches, None)
        if batch is None:
            self.batches = iter(torch.randperm(len(self.images)).split(self.batch_size))
            batch = next(self.batches)
        self.optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.network(self.images[batch]), self.labels[batch])
        (loss + penalty(self.network) if self.penalised else loss).backward()
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
    name, batch_size = sys.argv[1], int(sys.argv[2])
    channels, side, padded = IMAGES[name]
    count = PIXELS // (channels * side * side)
    images, labels = torch.randn(count, channels, padded, padded), torch.randint(10, (count,))
    loop = Loop(NETWORKS[name](), images, labels, batch_size)
    for line in sys.stdin:
        run_for(loop, float(line.split()[1]))


if __name__ == "__main__":
    main()
