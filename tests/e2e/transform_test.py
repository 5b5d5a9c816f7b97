"""Transforms give what Pillow and numpy give.

    python3 tests/e2e/transform_test.py TRANSFORM_IMAGE
"""

import gzip
import os
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import running

PROGRAM = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
RANDOM = np.random.default_rng(1)


def transformed(pictures, *operations):
    """All parts of all pictures, as one array N x H x W x C."""
    shape = [str(side) for side in pictures.shape[1:]]
    done = subprocess.run([PROGRAM, *shape, *operations], input=pictures.tobytes(), capture_output=True, check=True)
    head, pixels = done.stdout.split(b"\n", 1)
    return np.frombuffer(pixels, np.uint8).reshape(-1, *map(int, head.split()))


def noise(*shape):
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def scene(height, width, channels):
    """Waves of several lengths and some noise: what a photo does to a histogram."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (5 + 3 * c)) + np.cos(y / (7 + c)) + np.sin((x + y) / 23) for c in range(channels)]
    levels = 120 + 30 * np.stack(waves, -1) + RANDOM.normal(0, 4, (height, width, channels))
    return np.clip(levels, 0, 255).astype(np.uint8)[None]


def each(pictures, change):
    """What `change` makes of each picture by Pillow."""
    return np.stack([np.asarray(change(Image.fromarray(p.squeeze()))).reshape(*p.shape[:2], -1) for p in pictures])


def find_mnist():
    roots = [os.environ.get("TITRATE_DATA", ""), Path(__file__).resolve().parents[3] / "shared" / "data"]
    files = (Path(root) / "mnist" / "t10k-images-idx3-ubyte.gz" for root in roots)
    return next((file for file in files if file.exists()), None)


class Levels(unittest.TestCase):
    def test_grey_is_that_of_pillow_for_every_colour_of_a_grid(self):
        steps = np.append(np.arange(0, 256, 3), 254)
        colours = np.stack(np.meshgrid(steps, steps, steps), -1).astype(np.uint8).reshape(1, len(steps), -1, 3)
        np.testing.assert_array_equal(transformed(colours, "grey"), each(colours, lambda p: p.convert("L")))

    def test_equalise_is_that_of_pillow(self):
        sets = [noise(20, 28, 28, 1), noise(20, 9, 31, 3), scene(100, 140, 3), scene(64, 64, 1),
                noise(5, 12, 12, 1) // 64, np.full((1, 40, 40, 3), 7, np.uint8), np.minimum(noise(5, 33, 33, 3), 30)]
        for pictures in sets:
            np.testing.assert_array_equal(transformed(pictures, "equalise"), each(pictures, ImageOps.equalize))

    def test_invert_is_that_of_pillow(self):
        pictures = noise(3, 8, 9, 3)
        np.testing.assert_array_equal(transformed(pictures, "invert"), each(pictures, ImageOps.invert))


class Sizes(unittest.TestCase):
    def test_shrinking_by_whole_factors_is_the_mean_of_blocks(self):
        for height, width, channels, down, across in [(56, 84, 3, 2, 3), (256, 256, 3, 4, 4), (300, 28, 1, 300, 7)]:
            pictures = noise(3, height, width, channels)
            blocks = pictures.reshape(3, height // down, down, width // across, across, channels).astype(np.int64)
            area = down * across
            means = (2 * blocks.sum((2, 4)) + area) // (2 * area)
            made = transformed(pictures, f"resize {height // down} {width // across}")
            np.testing.assert_array_equal(made, means)

    def test_shrinking_by_other_factors_is_the_rounded_mean_of_areas(self):
        for height, width, to_height, to_width in [(100, 150, 28, 28), (33, 47, 32, 21), (29, 28, 28, 5)]:
            pictures = noise(2, height, width, 3)

            def weights(old, new):
                edges = np.arange(new + 1) * old / new
                pixels = np.arange(old)
                covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
                return np.clip(covered, 0, None) * new / old

            means = np.einsum("ih,jw,nhwc->nijc", weights(height, to_height), weights(width, to_width), pictures)
            made = transformed(pictures, f"resize {to_height} {to_width}")
            self.assertLess(np.abs(made - means).max(), 0.5 + 1e-6)

    def test_growing_is_within_one_of_pillow(self):
        for side, to_height, to_width in [(28, 32, 64), (28, 29, 28), (7, 100, 33), (64, 224, 224)]:
            for channels in (1, 3):
                pictures = noise(2, side, side, channels)
                made = transformed(pictures, f"resize {to_height} {to_width}")
                for one, picture in zip(made, pictures):
                    grown = Image.fromarray(picture.squeeze()).resize((to_width, to_height), Image.Resampling.BILINEAR)
                    difference = one.astype(int) - np.asarray(grown).reshape(one.shape)
                    self.assertLessEqual(np.abs(difference).max(), 1)

    def test_fit_keeps_all_and_cover_fills_all(self):
        picture = np.full((1, 40, 100, 3), 200, np.uint8)
        fit = transformed(picture, "resize 50 fit")[0]
        np.testing.assert_array_equal((fit == 200).all(2).any(1), [15 <= y < 35 for y in range(50)])
        self.assertTrue((transformed(picture, "resize 50 cover") == 200).all())

    def test_patches_are_slices(self):
        pictures = noise(3, 12, 20, 3)
        parts = pictures.reshape(3, 3, 4, 4, 5, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 4, 5, 3)
        np.testing.assert_array_equal(transformed(pictures, "patches 3 4"), parts)
        padded = np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=9)
        np.testing.assert_array_equal(transformed(pictures, "pad 2 9"), padded)
        np.testing.assert_array_equal(transformed(pictures, "crop 6 7"), pictures[:, 3:9, 6:13])


class Mnist(unittest.TestCase):
    @unittest.skipIf(find_mnist() is None, "no MNIST")
    def test_what_mnist_did_to_its_digits_leaves_them_as_they_are(self):
        raw = gzip.decompress(find_mnist().read_bytes())
        digits = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28, 1)
        # A few have ink that is not 20 pixels long.
        same = (transformed(digits, "center_of_mass") == digits).all((1, 2, 3)).mean()
        print(f"unchanged digits: {same:.2%}")
        self.assertGreater(same, 0.99)


class Denoise(unittest.TestCase):
    def test_median_is_that_of_the_window_with_borders_replicated(self):
        for size in (3, 5, 9, 15):
            pictures = noise(2, 30, 21, 3)
            half = size // 2
            padded = np.pad(pictures, ((0, 0), (half, half), (half, half), (0, 0)), mode="edge")
            windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))
            medians = np.median(windows, (4, 5)).astype(np.uint8)
            np.testing.assert_array_equal(transformed(pictures, f"denoise median {size}"), medians)

    def test_knn_is_the_mean_of_the_most_similar_patches(self):
        for count, patch, channels in [(1, 5, 1), (10, 5, 1), (7, 3, 3)]:
            picture = noise(1, 28, 24, channels) // 32 * 32
            half = patch // 2
            padded = np.pad(picture[0].astype(np.int64), ((half, half), (half, half), (0, 0)), mode="reflect")
            windows = np.lib.stride_tricks.sliding_window_view(padded, (patch, patch), (0, 1))
            patches = windows.reshape(28 * 24, -1)
            distances = (np.square(patches).sum(1)[:, None] + np.square(patches).sum(1) - 2 * patches @ patches.T)
            nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]
            sums = picture.reshape(-1, channels).astype(np.int64)[nearest].sum(1)
            means = ((2 * sums + count) // (2 * count)).reshape(picture.shape)
            np.testing.assert_array_equal(transformed(picture, f"denoise knn {count} {patch}"), means)

    def test_both_bring_noisy_pictures_nearer_to_clean_ones(self):
        def error(pictures, clean):
            return np.square(pictures.astype(float) - clean).mean()

        square = np.zeros((1, 28, 28, 1), np.uint8)
        square[0, 4:24, 4:24] = 220
        specks = RANDOM.random(square.shape)
        noisy = np.where(specks < 0.05, 0, np.where(specks > 0.95, 255, square)).astype(np.uint8)
        self.assertLess(error(transformed(noisy, "denoise median 3"), square), 0.2 * error(noisy, square))
        cross = np.zeros((1, 28, 28, 1), np.uint8)
        cross[0, 4:24, 12:16] = cross[0, 12:16, 4:24] = 220
        noisy = np.clip(cross + RANDOM.normal(0, 40, cross.shape), 0, 255).astype(np.uint8)
        self.assertLess(error(transformed(noisy, "denoise knn 10"), cross), 0.6 * error(noisy, cross))


class Refused(unittest.TestCase):
    def test_refusals_are_one_line_that_names_the_operation(self):
        larger = 'operation "crop 40": larger than the picture; expected at least 40 x 40'
        for operations, says in [(["crop 40"], larger), (["patches 3 1"], "got a picture of 28 x 28 x 1"),
                                 (["resise 3"], 'did you mean "resize"')]:
            done = subprocess.run([PROGRAM, "28", "28", "1", *operations], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    running.main()
