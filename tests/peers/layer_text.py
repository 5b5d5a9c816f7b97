"""A network in torch.nn from titrate's text forms (include/titrate/net/network.hpp)."""


import torch
from torch import nn

from networks import Patches, Residual, TableConv2d, penalised
from random_layers import Dropout, GaussianNoise


class DenseOfRows(nn.Linear):
    """Takes planes of one pixel too."""

    def forward(self, values):
        return super().forward(values.flatten(1))


class ResidualOfRows(Residual):
    """For values that are flat, whatever dimensions they came with."""

    def forward(self, values):
        return super().forward(values.flatten(1))


def split_list(text):
    """The layers between two brackets, at the commas that are not inside of others."""
    depth, parts = 0, [""]
    for letter in text:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


class Builder:
    """Shapes are found by sending zeros through; layers are numbered as they come."""

    def __init__(self, keys):
        self.keys, self.next = keys, 0

    def sequence(self, texts, sample):
        modules = []
        for text in texts:
            number, self.next = self.next, self.next + 1
            modules.append(self.layer(text, number, sample))
            with torch.no_grad():
                sample = modules[-1].eval()(sample)
        return nn.Sequential(*modules), sample

    def layer(self, text, number, sample):
        head, _, inside = text.partition("[")
        words = head.split()
        name, numbers = words[0], [float(word) for word in words[1:] if "=" not in word]
        options = dict(word.split("=") for word in words[1:] if "=" in word)
        inner = split_list(inside.rstrip()[:-1]) if inside else []
        return getattr(self, name)(sample, number, inner, *numbers, **options)

    def conv(self, sample, number, inner, channels, kernel, stride=1, padding="0", bias="yes", l2=0, groups=1, table=None):
        channels, kernel = int(channels), int(kernel)
        if table is not None:
            return TableConv2d(sample.shape[1], channels, kernel, [map(int, row.split("+")) for row in table.split("/")])
        padding = padding if padding == "same" else int(padding)
        module = nn.Conv2d(
            sample.shape[1], channels, kernel, int(stride), padding, groups=int(groups), bias=bias == "yes"
        )
        return penalised(module, float(l2))

    def dense(self, sample, number, inner, units, bias="yes", l2=0):
        return penalised(DenseOfRows(sample[0].numel(), int(units), bias=bias == "yes"), float(l2))

    def max_pool(self, sample, number, inner, size, stride=None, padding=0):
        return nn.MaxPool2d(int(size), int(stride or size), int(padding))

    def avg_pool(self, sample, number, inner, size, stride=None, padding=0):
        return nn.AvgPool2d(int(size), int(stride or size), int(padding))

    def global_avg_pool(self, sample, number, inner):
        return nn.AdaptiveAvgPool2d(1)

    def batch_norm(self, sample, number, inner, momentum=0.1, epsilon=1e-5):
        kind = nn.BatchNorm1d if sample.dim() == 2 else nn.BatchNorm2d
        return kind(sample.shape[1], eps=float(epsilon), momentum=float(momentum))

    def dropout(self, sample, number, inner, rate):
        return Dropout(rate, number, self.keys)

    def gaussian_noise(self, sample, number, inner, deviation):
        return GaussianNoise(deviation, number, self.keys)

    def relu(self, sample, number, inner):
        return nn.ReLU()

    def leaky_relu(self, sample, number, inner, slope=0.01):
        return nn.LeakyReLU(float(slope))

    def tanh(self, sample, number, inner):
        return nn.Tanh()

    def sigmoid(self, sample, number, inner):
        return nn.Sigmoid()

    def gelu(self, sample, number, inner):
        return nn.GELU()

    def flatten(self, sample, number, inner):
        return nn.Flatten()

    def patches(self, sample, number, inner, size):
        size = int(size)
        layers, _ = self.sequence(inner, torch.zeros(2, sample.shape[1], size, size))
        return Patches(size, *layers)

    def residual(self, sample, number, inner):
        """Where the shapes differ: option B of the paper, with its authors' batch norm."""
        layers, after = self.sequence(inner, sample)
        kind = Residual if after.dim() == 4 else ResidualOfRows
        if after.shape == sample.shape or after.shape == sample.flatten(1).shape:
            return kind(layers)
        if sample[0, 0].numel() == 1:
            projection, _ = self.sequence([f"dense {after.shape[1]} bias=no", "batch_norm"], sample.flatten(1))
        else:
            stride = -(-sample.shape[2] // after.shape[2])
            projection, _ = self.sequence([f"conv {after.shape[1]} 1 stride={stride} bias=no", "batch_norm"], sample)
        return kind(layers, projection)


def build(texts, input_shape, keys):
    """`input_shape`: channels, height, width."""
    network, _ = Builder(keys).sequence(texts, torch.zeros(2, *input_shape))
    # A sample of two rows of zeros: what it did to running statistics is nothing, because modules were evaluated.
    return network.train()
