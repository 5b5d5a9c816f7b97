"""The recipe of launch/studies/mnist-synthetic at 60,000 real images, in plain PyTorch eager.

    .deps/venv/bin/python tests/peers/mnist_peer.py IDX_FOLDER [--seeds 10] [--epochs 3]

simple-cnn, batch 50, SGD 0.01, momentum 0.5, all training images in a new order each epoch, normalised by their mean and
deviation, no noise. Initial values and orders are PyTorch's own, from seeds 0, 1, ...: what titrate should agree with is
the mean over seeds, not a run. One thread.
"""

import argparse
import gzip
import pathlib
import statistics

import numpy
import torch
from torch import nn

from networks import simple_cnn


def read_idx(folder, name):
    plain, packed = folder / name, folder / (name + ".gz")
    data = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    sizes = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return torch.from_numpy(numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3]).reshape(sizes).copy())


def read_split(folder, prefix):
    images = read_idx(folder, prefix + "-images-idx3-ubyte").unsqueeze(1).float() / 255
    return images, read_idx(folder, prefix + "-labels-idx1-ubyte").long()


def train(network, images, labels, epochs):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.5)
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(50):
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()


def accuracy(network, images, labels):
    with torch.inference_mode():
        right = sum(
            (network(some).argmax(1) == truth).sum().item()
            for some, truth in zip(images.split(250), labels.split(250))
        )
    return right / len(images)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images, labels = read_split(arguments.folder, "train")
    test_images, test_labels = read_split(arguments.folder, "t10k")
    mean, deviation = images.double().mean().item(), images.double().std(correction=0).item()
    images, test_images = (images - mean) / deviation, (test_images - mean) / deviation
    found = []
    for seed in range(arguments.seeds):
        torch.manual_seed(seed)
        network = simple_cnn()
        train(network, images, labels, arguments.epochs)
        found.append(accuracy(network, test_images, test_labels))
        print(f"seed {seed}: test accuracy {100 * found[-1]:.2f} %", flush=True)
    deviation = statistics.stdev(found) if len(found) > 1 else 0
    print(f"mean {100 * statistics.mean(found):.3f} %, standard deviation {100 * deviation:.3f} points")


if __name__ == "__main__":
    main()
