"""The zoo's networks as plain torch.nn, for 1 x 28 x 28 images and 10 classes; modules in the order of titrate's layers."""

from torch import nn


def simple_cnn(dropout=None):
    return nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10),
    )  # fmt: skip


def pytorch_cnn(dropout=lambda rate, layer: nn.Dropout(rate)):
    """`dropout` makes the module for a rate and the number of the layer."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), dropout(0.25, 5),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), dropout(0.5, 9), nn.Linear(128, 10),
    )  # fmt: skip


NETWORKS = {"simple-cnn": simple_cnn, "pytorch-cnn": pytorch_cnn}
