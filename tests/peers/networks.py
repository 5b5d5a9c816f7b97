"""The zoo's networks as plain torch.nn, for 10 classes, with the names of titrate's tensors."""

import torch
from torch import nn

# Channels and side of the images, and the side that they are padded to.
IMAGES = {
    "simple-cnn": (1, 28, 28), "pytorch-cnn": (1, 28, 28), "lenet5": (1, 28, 32), "lenet5-modern": (1, 28, 32),
    "patch-mlp": (1, 28, 28), "noisy-cnn": (1, 28, 32), "small-images-cnn": (3, 64, 64), "resnet-20": (3, 32, 32),
}  # fmt: skip


class Patches(nn.Module):
    """The same layers on each square of the image, row by row; joined."""

    def __init__(self, size, *layers):
        super().__init__()
        self.size, self.layers = size, nn.Sequential(*layers)

    def forward(self, values):
        squares = values.unfold(2, self.size, self.size).unfold(3, self.size, self.size)
        squares = squares.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        return self.layers(squares).reshape(len(values), -1)


class Residual(nn.Module):
    def __init__(self, layers, projection=()):
        super().__init__()
        self.layers, self.projection = nn.Sequential(*layers), nn.Sequential(*projection)

    def forward(self, values):
        return self.layers(values) + self.projection(values)


class TableConv2d(nn.Conv2d):
    """Output channel i sees the input channels table[i] alone."""

    def __init__(self, inputs, outputs, kernel, table):
        super().__init__(inputs, outputs, kernel)
        mask = torch.zeros(outputs, inputs, 1, 1)
        for channel, seen in enumerate(table):
            mask[channel, list(seen)] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, values):
        return self._conv_forward(values, self.weight * self.mask, self.bias)


def penalised(module, l2):
    module.l2 = l2
    return module


def penalty(network):
    """What the l2 of layers adds to the loss."""
    return sum(m.l2 * m.weight.square().sum() for m in network.modules() if getattr(m, "l2", 0))


def simple_cnn(dropout=None):
    return nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10),
    )  # fmt: skip


def plain_dropout(rate, layer):
    """Others make a module of their own for a rate and the number of the layer."""
    return nn.Dropout(rate)


def pytorch_cnn(dropout=plain_dropout):
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), dropout(0.25, 5),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), dropout(0.5, 9), nn.Linear(128, 10),
    )  # fmt: skip


# Table 1 of LeCun et al., 1998: sixteen maps that see three, four or all six of those before.
C3 = (
    *[(i, (i + 1) % 6, (i + 2) % 6) for i in range(6)],
    *[tuple((i + k) % 6 for k in range(4)) for i in range(6)],
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), range(6),
)  # fmt: skip


def lenet5(dropout=None):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), TableConv2d(6, 16, 5, C3), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def lenet5_modern(dropout=None):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 120, 5), nn.ReLU(), nn.Flatten(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def patch_mlp(dropout=None):
    return nn.Sequential(
        Patches(7, nn.Flatten(), nn.Linear(49, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU()),
        nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def noisy_cnn(dropout=plain_dropout):
    def dense(inputs, outputs):
        return nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()

    return nn.Sequential(
        penalised(nn.Conv2d(1, 32, 5), 5e-4), nn.ReLU(), nn.Conv2d(32, 32, 5, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.MaxPool2d(2), dropout(0.5, 6),
        penalised(nn.Conv2d(32, 64, 3), 5e-4), nn.ReLU(), nn.Conv2d(64, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(2), dropout(0.5, 13), nn.Flatten(),
        *dense(1024, 256), *dense(256, 128), *dense(128, 64), dropout(0.5, 24), nn.Linear(64, 10),
    )  # fmt: skip


def small_images_cnn(dropout=plain_dropout):
    def block(inputs, outputs, layer):
        return nn.Conv2d(inputs, outputs, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), dropout(0.25, layer)

    return nn.Sequential(
        *block(3, 32, 3), *block(32, 64, 7), *block(64, 128, 11),
        nn.Flatten(), nn.Linear(8192, 128), nn.ReLU(), dropout(0.5, 15), nn.Linear(128, 10),
    )  # fmt: skip


def resnet_20(dropout=None):
    def block(inputs, outputs):
        stride = 1 if inputs == outputs else 2
        layers = (
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        projection = (nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        return Residual(layers, () if stride == 1 else projection), nn.ReLU()

    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    blocks = [module for pair in zip(widths, widths[1:]) for module in block(*pair)]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(64, 10),
    )  # fmt: skip


NETWORKS = {
    "simple-cnn": simple_cnn, "pytorch-cnn": pytorch_cnn, "lenet5": lenet5, "lenet5-modern": lenet5_modern,
    "patch-mlp": patch_mlp, "noisy-cnn": noisy_cnn, "small-images-cnn": small_images_cnn, "resnet-20": resnet_20,
}  # fmt: skip
