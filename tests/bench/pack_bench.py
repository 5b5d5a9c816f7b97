"""Packing against Python, in turns: files of MNIST, and folders of PNG and JPEG, into HDF5.

    .deps/venv/bin/python tests/bench/pack_bench.py BUILD_FOLDER [--rounds 5] [--usual-rounds 2] [--only png]

MNIST is that of TITRATE_DATA or ../shared/data; where there is none, digits are drawn. The pictures of the folders are
made by Pillow, once, below --work, which should be on a local disk. pack_peer.py says what Python's ways are. Our times
are those of the whole process; Python's are too, and, after the dash, without its start and imports, which is what the
ratios are taken of. "one core" binds each to one processor. Before each run the disk is idle. Prints medians. With
--strict, exits with 1 where a ratio is below its goal.
"""

import argparse
import collections
import gzip
import math
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
MEGABYTE = 1e6
GOALS = {"idx": {"usual": 20, "strong": 2}, "folder": {"single": 3}}  # of our one-core run for "single"
CLASSES, TEST_SHARE = 10, 6  # every sixth picture is for testing
TITLES = {
    "ours": "titrate-prep",
    "ours, one core": "titrate-prep, one core",
    "strong": "Python, strong",
    "single": "Python, one process, one core",
    "durable": "Python, strong, synced + SHA-256",
    "usual": "Python, usual",
}
DECODERS = {"libpng": "PNG", "libz.": "inflate and crc32", "libjpeg": "JPEG"}
PARTS = {"libcrypto": "SHA-256", "libxxhash": "xxh3", "libhdf5": "HDF5", "libc.": "libc (copies, malloc)"}

PICTURES = [("png", 20000, 28, 1), ("png", 20000, 64, 3), ("jpg", 8000, 64, 3), ("jpg", 4000, 224, 3)]

Case = collections.namedtuple("Case", "name form folder recipe images bytes encoded")
Run = collections.namedtuple("Run", "whole inside processor")


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command, out, one_core):
    """Of a process, and of what it prints of itself."""
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    bind = (lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) if one_core else None
    used, begin = processor_seconds(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=bind)
    whole, processor = time.perf_counter() - begin, processor_seconds() - used
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return whole, processor, done.stdout


def run_peer(way, case, out, one_core=False):
    command = [sys.executable, HERE / "pack_peer.py", way, case.form, case.folder, out]
    whole, _, answer = timed(command, out, one_core)
    inside, processor = map(float, answer.split())
    return Run(whole, inside, processor)


def pack_command(prep, case, out, threads):
    return [prep, "pack", case.recipe, "--data-root", case.folder.parent, "--out", out, "--threads", threads, "--quiet"]


def run_ours(prep, case, out, one_core=False):
    whole, processor, _ = timed(pack_command(prep, case, out, "1" if one_core else "2"), out, one_core)
    return Run(whole, whole, processor)


def recipe(work, name, kind, folder):
    path = work / f"{name}.toml"
    path.write_text(f'name = "bench"\n\n[[source]]\nkind = "{kind}"\npath = "{folder.name}"\n')
    return path


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def find_mnist(prep, work):
    """The folder of MNIST's files and what to call it."""
    roots = [os.environ.get("TITRATE_DATA"), HERE.parents[2] / "shared/data", HERE.parents[1] / "shared/data"]
    for root in filter(None, roots):
        folder = pathlib.Path(root) / "mnist"
        if any(folder.glob("train-images-idx3-ubyte*")):
            return folder, "MNIST"
    print("no MNIST below TITRATE_DATA or ../shared/data: 70,000 drawn digits stand in for it")
    text = 'name = "drawn"\n\n[[source]]\nkind = "glyphs"\norigin = "real"\nclasses = "digits"\nper_class = 7000\n'
    (work / "drawn.toml").write_text(text + "\n[split]\ntest = 0.142857\n")
    if not (work / "drawn-idx").exists():
        for words in (
            ["pack", work / "drawn.toml", "--out", work / "drawn", "--force", "--quiet"],
            ["export", work / "drawn", "--to", "idx", "--out", work / "drawn-idx"],
        ):
            subprocess.run([prep, *words], check=True, stdout=subprocess.DEVNULL)
    return work / "drawn-idx", "drawn digits"


def idx_cases(prep, work):
    found, name = find_mnist(prep, work)
    for ending, title in (("", "plain"), (".gz", ".gz")):
        folder = work / f"idx{ending}"
        folder.mkdir(exist_ok=True)
        total = images = 0
        for path in sorted(found.glob("*-idx?-ubyte*")):
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            target = folder / (path.name.removesuffix(".gz") + ending)
            if not target.exists():
                target.write_bytes(gzip.compress(data) if ending else data)
            images += len(data) - 8 if "idx1" in path.name else 0
            total += len(data)
        listed = recipe(work, folder.name, "idx", folder)
        yield Case(f"{name}, IDX {title}", "idx", folder, listed, images, total, size_of(folder))


def picture(random, side, channels):
    """Soft shapes and some grain: neither flat nor noise, so that codecs have something to do."""
    y, x = np.mgrid[0:side, 0:side] / side
    planes = []
    for _ in range(channels):
        fx, fy, phase, level = random.uniform(1, 6, 2).tolist() + random.uniform(0, 6, 2).tolist()
        planes.append(128 + 90 * np.sin(2 * math.pi * (fx * x + fy * y) + phase) * np.cos(level + 3 * x * y))
    noisy = np.stack(planes, -1) + random.integers(-4, 5, (side, side, channels))
    return np.clip(noisy, 0, 255).astype(np.uint8).squeeze()


def make_pictures(folder, ending, count, side, channels):
    if folder.exists():
        return
    making = folder.with_name(folder.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    random = np.random.default_rng(1)
    for i in range(count):
        place = making / ("test" if i % TEST_SHARE == 0 else "train") / f"class-{i // TEST_SHARE % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(random, side, channels)).save(place / f"{i:06}.{ending}", quality=90)
    making.rename(folder)


def folder_cases(work):
    for ending, count, side, channels in PICTURES:
        name = f"{ending}-{side}"
        folder = work / name
        make_pictures(folder, ending, count, side, channels)
        title = f"{count:,} {ending.upper()}, {side} x {side} x {channels}"
        listed, total = recipe(work, name, "folder", folder), count * side * side * channels
        yield Case(title, "folder", folder, listed, count, total, size_of(folder))


def measure(prep, case, work, rounds, usual_rounds):
    runs, out = collections.defaultdict(list), work / "out"
    ways = {
        "ours": lambda: run_ours(prep, case, out),
        "strong": lambda: run_peer("strong", case, out),
        "ours, one core": lambda: run_ours(prep, case, out, one_core=True),
        "single": lambda: run_peer("single", case, out, one_core=True),
        "durable": lambda: run_peer("durable", case, out),
        "usual": lambda: run_peer("usual", case, out),
    }
    for number in range(rounds):
        names = list(ways)
        for name in names if number % 2 == 0 else reversed(names):
            if name != "usual" or number < usual_rounds:
                runs[name].append(ways[name]())
    shutil.rmtree(out, ignore_errors=True)
    return runs


def middle(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def tell(case, runs):
    pixels, files = case.bytes / MEGABYTE, case.encoded / MEGABYTE
    print(f"\n{case.name}: {case.images:,} images, {pixels:.1f} MB of pixels, {files:.1f} MB of files")
    for name, title in TITLES.items():
        whole, inside, used = (middle(runs[name], field) for field in Run._fields)
        after = "" if name.startswith("ours") else f"- {inside:7.3f} s"
        print(
            f"  {title:33} {whole:7.3f} s {after:11}  processor {used:7.3f} s  "
            f"{case.images / inside:9,.0f} images/s {pixels / inside:7.1f} MB/s"
        )


def compare(case, runs):
    """Ratios with Python's time after its imports; returns the goals that were missed."""
    missed = []
    for peer, ours in (("usual", "ours"), ("strong", "ours"), ("durable", "ours"), ("single", "ours, one core")):
        ratios = {field: middle(runs[peer], field) / middle(runs[ours], field) for field in Run._fields}
        goal = GOALS[case.form].get(peer)
        reached = goal is None or ratios["inside"] >= goal
        verdict = "" if goal is None else f"; goal {goal} {'reached' if reached else 'MISSED'}"
        print(
            f"  {peer} / {ours}: {ratios['inside']:.2f}{verdict}; whole processes {ratios['whole']:.2f}; "
            f"processor time {ratios['processor']:.2f}"
        )
        if not reached:
            missed.append(f"{case.name} against {peer}: {ratios['inside']:.2f} of {goal}")
    return missed


def best(work, times=5):
    def once():
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin
    return min(once() for _ in range(times))


def tell_limits(case, runs, work):
    """What the same bytes cost when nothing is done to them."""
    source, target = np.ones(case.bytes, np.uint8), np.ones(case.bytes, np.uint8)
    path = work / "written"

    def write():
        with open(path, "wb", buffering=0) as file:
            file.write(source)
            os.fsync(file.fileno())

    warm, fresh, disk = best(lambda: np.copyto(target, source)), best(lambda: source.copy()), best(write, 3)
    path.unlink()
    ours = middle(runs["ours"], "whole")
    print(
        f"  the same bytes: copied in {warm:.4f} s ({100 * warm / ours:.1f} % of our time), into fresh memory "
        f"{fresh:.4f} s ({100 * fresh / ours:.1f} %), written and synced {disk:.3f} s ({100 * disk / ours:.0f} %)"
    )


def tell_decoder(build, case, runs):
    """An upper bound of the share: decode_image probes each picture nine times and copies it through pipes."""
    program = build / "tests/decode_image"
    if case.form != "folder" or not program.exists():
        return
    with tempfile.TemporaryFile() as frames:
        for path in sorted(case.folder.rglob("*.*")):
            data = path.read_bytes()
            frames.write(b"%d 0 0 0\n" % len(data) + data)
        times = []
        for _ in range(3):
            frames.seek(0)
            used = processor_seconds()
            subprocess.run([program], stdin=frames, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            times.append(processor_seconds() - used)
    used = middle(runs["ours, one core"], "processor")
    print(
        f"  decode_image, which also probes and copies: {case.images / min(times):,.0f} images per second of a "
        f"processor; that is {100 * min(times) / used:.0f} % of our processor time"
    )


def part_of(library, symbol):
    for known, name in (PARTS | DECODERS).items():
        if library.startswith(known):
            return name
    if library.startswith("[kernel"):
        return "system (files, pages)"
    if library.startswith("ld-"):
        return "loading libraries"
    if library != "titrate-prep":
        return library
    return symbol.replace("(anonymous namespace)::", "").split("(")[0].split("<")[0]


def tell_profile(prep, case, work):
    """Where the processor time goes, by library; our own code by function."""
    if shutil.which("perf") is None:
        print("  no profile: perf is not installed")
        return
    data, out = work / "perf.data", work / "out"
    command = ["perf", "record", "-F", "4999", "-o", data, *pack_command(prep, case, out, "2")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    words = ["perf", "report", "-i", data, "--stdio", "-F", "overhead,dso,sym", "-t", "\t"]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    shares = collections.Counter()
    for line in lines:
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) >= 3 and fields[0].endswith("%"):
            shares[part_of(fields[1], fields[2].removeprefix("[.] "))] += float(fields[0].removesuffix("%"))
    shutil.rmtree(out, ignore_errors=True)
    data.unlink()
    parts = [f"{name} {share:.0f} %" for name, share in shares.most_common(12) if share >= 1]
    print("  our processor time: " + ", ".join(parts))
    decoding = sum(shares[name] for name in DECODERS.values())
    if case.form == "folder":
        print(f"  the raw decoders take {decoding:.0f} % of it: that share of their speed is reached")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--usual-rounds", type=int, default=2)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "titrate-pack-bench")
    parser.add_argument("--strict", action="store_true")
    given = parser.parse_args()
    build, work = given.build.resolve(), given.work.resolve()
    prep = build / "titrate-prep"
    work.mkdir(parents=True, exist_ok=True)
    missed = []
    for make in (lambda: idx_cases(prep, work), lambda: folder_cases(work)):
        for case in make():
            if given.only.lower() not in case.name.lower():
                continue
            runs = measure(prep, case, work, given.rounds, max(1, min(given.usual_rounds, given.rounds)))
            tell(case, runs)
            missed += compare(case, runs)
            tell_limits(case, runs, work)
            tell_decoder(build, case, runs)
            tell_profile(prep, case, work)
            sys.stdout.flush()
    print("\nbelow the goal: " + "; ".join(missed) if missed else "\nall goals reached")
    sys.exit(1 if missed and given.strict else 0)


if __name__ == "__main__":
    main()
