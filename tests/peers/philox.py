"""titrate's random numbers in numpy, from their description alone (include/titrate/core/random.hpp)."""

import numpy
import torch

DROPOUT, LAYER_NOISE = 6, 13  # Purpose
MASK64 = (1 << 64) - 1


def hash_words(a, b=0, c=0):
    def mix(x):
        x = (x + 0x9E3779B97F4A7C15) & MASK64
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
        return x ^ (x >> 31)

    return mix(mix(mix(a) ^ b) ^ c)


def philox4x32(counter, key):
    """counter: uint32 array (4, ...); key: two integers."""
    counter, key = [word.astype(numpy.uint64) for word in counter], list(key)
    low, shift = numpy.uint64(0xFFFFFFFF), numpy.uint64(32)
    for _ in range(10):
        product0, product1 = numpy.uint64(0xD2511F53) * counter[0], numpy.uint64(0xCD9E8D57) * counter[2]
        counter = [
            (product1 >> shift) ^ counter[1] ^ numpy.uint64(key[0]), product1 & low,
            (product0 >> shift) ^ counter[3] ^ numpy.uint64(key[1]), product0 & low,
        ]  # fmt: skip
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return numpy.stack(counter).astype(numpy.uint32)


def layer_bits(purpose, layer, values, seed, epoch, samples):
    """(images, values): 16 random bits a value, eight values a block."""
    key = hash_words(hash_words(seed, layer), purpose)
    blocks = (values + 7) // 8
    sample = numpy.repeat(numpy.array(samples, numpy.uint64), blocks)
    draw = numpy.tile(numpy.arange(blocks, dtype=numpy.uint64), len(samples))
    counter = [sample & numpy.uint64(0xFFFFFFFF), sample >> numpy.uint64(32), draw, numpy.full_like(draw, epoch)]
    words = philox4x32(counter, (key & 0xFFFFFFFF, key >> 32))
    return numpy.stack([words & 0xFFFF, words >> 16], axis=1).reshape(8, -1).T.reshape(len(samples), -1)[:, :values]


def dropout_mask(rate, layer, values, seed, epoch, samples):
    """(images, values): 0 with chance `rate`, else 1 / (1 - rate)."""
    bits = layer_bits(DROPOUT, layer, values, seed, epoch, samples)
    return numpy.where(bits < round(rate * 65536), 0.0, 1 / (1 - rate)).astype(numpy.float32)


def normal_numbers(layer, values, seed, epoch, samples):
    """(images, values): quantiles of the standard normal distribution, the middles of 65,536 equal shares."""
    shares = (torch.arange(65536, dtype=torch.float64) + 0.5) / 65536
    return torch.special.ndtri(shares).float().numpy()[layer_bits(LAYER_NOISE, layer, values, seed, epoch, samples)]
