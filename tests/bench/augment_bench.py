"""Augmentations of titrate against torchvision, batched PyTorch and SciPy, one thread each, in turns.

    .deps/venv/bin/python tests/bench/augment_bench.py BUILD_FOLDER [--pairs 7] [--seconds 0.3] [--only affine]

torchvision and SciPy are no part of the tests' environment; where they are missing the script says what to install.
Prints the median microseconds of processor time per picture and the medians of the pairs' ratios. Exits with 1 where a
ratio is below its goal.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time

try:
    import numpy as np
    import torch
    import torchvision
    from scipy.ndimage import gaussian_filter, map_coordinates
    from torchvision.transforms import InterpolationMode, v2
except ImportError as missing:
    sys.exit(f"augment_bench.py: {missing}; .deps/venv/bin/pip install scipy torchvision (the one that goes with its torch)")

AFFINE = "rotate 15,shift 2,zoom 0.9 1.1"
BATCH = 1024
TRUNCATE = 3.0  # in sigmas, as ours


class Ours:
    """augment_bench, which answers "run CASE SECONDS" with nanoseconds per picture."""

    def __init__(self, build):
        self.process = subprocess.Popen(
            [build / "tests/augment_bench"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, case, seconds):
        self.process.stdin.write(f"run {case} {seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("augment_bench ended early")
        return float(answer) / 1000


def microseconds(work, pictures, seconds):
    done, start, elapsed = 0, time.process_time(), 0.0
    while elapsed < seconds:
        work()
        done += pictures
        elapsed = time.process_time() - start
    return 1e6 * elapsed / done


def picture(side, channels, dtype):
    return torch.randint(0, 256, (channels, side, side), dtype=torch.uint8).to(dtype)


def each(transform, side, channels, dtype=torch.float32):
    one = picture(side, channels, dtype)
    return (lambda: transform(one)), 1


def random_affine(side):
    share = 2 / side
    return v2.RandomAffine(15, translate=(share, share), scale=(0.9, 1.1), interpolation=InterpolationMode.BILINEAR)


def batched_affine(side, channels):
    """The maps of a batch by hand, so that nothing but sampling is left to do per picture."""
    batch = torch.rand(BATCH, channels, side, side)

    def work():
        angle = (torch.rand(BATCH) * 2 - 1) * (15 * torch.pi / 180)
        factor = 1 / (0.9 + 0.2 * torch.rand(BATCH))
        cosine, sine = torch.cos(angle) * factor, torch.sin(angle) * factor
        move = (torch.rand(2, BATCH) * 2 - 1) * (4 / side)
        maps = torch.stack([cosine, -sine, move[0], sine, cosine, move[1]], 1).view(BATCH, 2, 3)
        grid = torch.nn.functional.affine_grid(maps, list(batch.shape), align_corners=False)
        torch.nn.functional.grid_sample(batch, grid, align_corners=False)

    return work, BATCH


def scipy_elastic(side, channels, alpha=34, sigma=4):
    planes = np.random.rand(channels, side, side) * 255
    rows, columns = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")

    def field():
        noise = np.random.rand(side, side) * 2 - 1
        return gaussian_filter(noise, sigma, mode="constant", truncate=TRUNCATE) * alpha

    def work():
        place = [rows + field(), columns + field()]
        for plane in planes:
            map_coordinates(plane, place, order=1)

    return work, 1


def cases():
    """Name, our case, the peer's name, the peer, the least ratio asked for (None: for comparison)."""
    bilinear = InterpolationMode.BILINEAR
    for side, channels in ((28, 1), (64, 3)):
        size, small = f"{side}x{channels}", side == 28
        affine = f"affine {size}", f"{size},{AFFINE}"
        yield *affine, "v2.RandomAffine, float", *each(random_affine(side), side, channels), 70 if small else None
        yield *affine, "v2.RandomAffine, uint8", *each(random_affine(side), side, channels, torch.uint8), None
        yield *affine, f"affine_grid + grid_sample, {BATCH}", *batched_affine(side, channels), 5 if small else None
        elastic = f"elastic {size}", f"{size},elastic 34 4"
        yield *elastic, "SciPy", *scipy_elastic(side, channels), 30 if small else None
        yield *elastic, "v2.ElasticTransform", *each(v2.ElasticTransform(34.0, 4.0), side, channels), None
        for ours, peer in (
            ("perspective 0.3", v2.RandomPerspective(0.3, p=1.0, interpolation=bilinear)),
            ("flip horizontal", v2.RandomHorizontalFlip(1.0)),
            ("erase 0.05 0.2", v2.RandomErasing(1.0, (0.05, 0.2))),
            ("brightness 0.8 1.2", v2.ColorJitter(brightness=0.2)),
            ("contrast 0.8 1.2", v2.ColorJitter(contrast=0.2)),
            ("blur 1 1", v2.GaussianBlur(7, 1.0)),
            ("sharpen 1 1", v2.RandomAdjustSharpness(2.0, 1.0)),
        ):
            name = f"{ours.split()[0]} {size}"
            yield name, f"{size},{ours}", "v2." + type(peer).__name__, *each(peer, side, channels, torch.uint8), None


def compare(ours, case, work, pictures, pairs, seconds):
    work()
    ours.run(case, seconds / 4)
    found = []
    for pair in range(pairs):
        if pair % 2 == 0:
            mine = ours.run(case, seconds)
            theirs = microseconds(work, pictures, seconds)
        else:
            theirs = microseconds(work, pictures, seconds)
            mine = ours.run(case, seconds)
        found.append((mine, theirs))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}; us of processor time per picture, medians")
    ours, missed = Ours(options.build), []
    for name, case, peer, work, pictures, goal in cases():
        if options.only not in name:
            continue
        found = compare(ours, case, work, pictures, options.pairs, options.seconds)
        mine, theirs = (statistics.median(column) for column in zip(*found))
        ratios = sorted(b / a for a, b in found)
        ratio = statistics.median(ratios)
        asked = "" if goal is None else f", goal {goal}{'' if ratio >= goal else ' MISSED'}"
        print(
            f"{name:18} {mine:8.2f}   {peer:32} {theirs:9.2f}   ratio {ratio:6.1f} "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f}){asked}",
            flush=True,
        )
        if goal is not None and ratio < goal:
            missed.append(name)
    if missed:
        sys.exit("below the goal: " + ", ".join(missed))


if __name__ == "__main__":
    main()
