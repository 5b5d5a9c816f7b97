"""titrate's layers that draw random numbers, as modules that rebuild them in numpy from their description."""

import torch
from torch import nn

from philox import dropout_mask, normal_numbers


class Keys:
    """What the numbers of the step at hand are keyed by; the modules of a network share one."""

    def __init__(self, seed):
        self.seed, self.epoch, self.sample_ids = seed, 0, []

    def set(self, epoch, sample_ids):
        self.epoch, self.sample_ids = epoch, sample_ids

    def draw(self, function, layer, values, *before):
        """Inside of patches an image has several rows: their numbers follow one another."""
        count = values.numel() // len(self.sample_ids)
        numbers = function(*before, layer, count, self.seed, self.epoch, self.sample_ids)
        return torch.from_numpy(numbers).to(values.dtype).view_as(values)


class Dropout(nn.Module):
    def __init__(self, rate, layer, keys):
        super().__init__()
        self.rate, self.layer, self.keys = rate, layer, keys

    def forward(self, values):
        if not self.training:
            return values
        mask = self.keys.draw(dropout_mask, self.layer, values, self.rate)
        # Five standard deviations of a fair coin: a mask of the wrong rate would cancel out of every comparison.
        error = abs((mask == 0).double().mean().item() - self.rate) / (self.rate * (1 - self.rate) / mask.numel()) ** 0.5
        assert error < 5, f"layer {self.layer}: the share of zeros is {error:.1f} standard deviations off"
        return values * mask


class GaussianNoise(nn.Module):
    def __init__(self, deviation, layer, keys):
        super().__init__()
        self.deviation, self.layer, self.keys = deviation, layer, keys

    def forward(self, values):
        return values + self.deviation * self.keys.draw(normal_numbers, self.layer, values) if self.training else values
