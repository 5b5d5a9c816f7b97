"""How Python packs images into HDF5, for pack_bench.py.

    pack_peer.py WAY FORM FOLDER OUT

FORM is idx (files of MNIST, plain or .gz) or folder (FOLDER/train/CLASS/*.png and FOLDER/test/CLASS/*.png, or *.jpg).
WAY is usual: one image after another into a chunked dataset that gzip compresses; strong: two processes, arrays that
are allocated once, contiguous datasets; single: the same in one process; durable: as strong, and the files are synced
and hashed with SHA-256, as titrate's are. Prints the seconds after all imports by the clock, then those of the
processor.
"""

import gzip
import hashlib
import os
import pathlib
import resource
import sys
import time

import h5py
import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin  # noqa: F401: the formats are loaded before the clock starts

CHUNK_IMAGES, CHUNK_BYTES = 128, 1 << 20  # at most: whole images, in what every HDF5 caches; faster than h5py's guess


def idx_path(folder, prefix, form):
    for ending in ("", ".gz"):
        path = folder / f"{prefix}-{form}-ubyte{ending}"
        if path.exists():
            return path
    sys.exit(f"{folder}/{prefix}-{form}-ubyte is missing")


def idx_array(path, head):
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    array = np.frombuffer(data, np.uint8, offset=head)
    return array.reshape(-1, 28, 28) if head == 16 else array


def idx_arrays(folder, prefix):
    return idx_array(idx_path(folder, prefix, "images-idx3"), 16), idx_array(idx_path(folder, prefix, "labels-idx1"), 8)


def idx_part(folder, prefix, part, parts):
    """Every process reads no more than it packs."""
    images_path, labels_path = idx_path(folder, prefix, "images-idx3"), idx_path(folder, prefix, "labels-idx1")
    count = labels_path.stat().st_size - 8
    begin, end = count * part // parts, count * (part + 1) // parts
    images = np.fromfile(images_path, np.uint8, (end - begin) * 784, offset=16 + begin * 784)
    return images.reshape(-1, 28, 28), np.fromfile(labels_path, np.uint8, end - begin, offset=8 + begin)


def pictures(folder):
    """Paths and labels."""
    found = []
    for label, entry in enumerate(sorted(os.scandir(folder), key=lambda entry: entry.name)):
        found += [(file.path, label) for file in os.scandir(entry.path)]
    return sorted(found)


def write_usual(group, images, labels, shape, count):
    rows = max(1, min(count, CHUNK_IMAGES, CHUNK_BYTES // int(np.prod(shape))))
    pixels = group.create_dataset("images", (count, *shape), np.uint8, chunks=(rows, *shape), compression="gzip")
    for i, image in enumerate(images):
        pixels[i] = image
    group.create_dataset("labels", data=np.asarray(labels, np.int32))


def usual(form, folder, out):
    with h5py.File(out / "dataset.h5", "w") as file:
        for split, prefix in (("train", "train"), ("test", "t10k")):
            if form == "idx":
                images, labels = idx_arrays(folder, prefix)
                write_usual(file.create_group(split), images, labels, (28, 28), len(images))
            else:
                listed = pictures(folder / split)
                shape = np.asarray(Image.open(listed[0][0])).shape
                images = (np.asarray(Image.open(path)) for path, _ in listed)
                write_usual(file.create_group(split), images, [label for _, label in listed], shape, len(listed))


def strong_arrays(form, folder, split, part, parts):
    """None where this process has nothing of this split to do."""
    prefix = {"train": "train", "test": "t10k"}[split]
    if form == "idx" and idx_path(folder, prefix, "images-idx3").suffix == ".gz":
        mine = parts == 1 or part == ["train", "test"].index(split)  # half of a .gz cannot be read alone
        return idx_arrays(folder, prefix) if mine else None
    if form == "idx":
        return idx_part(folder, prefix, part, parts)
    listed = pictures(folder / split)
    listed = listed[len(listed) * part // parts : len(listed) * (part + 1) // parts]
    first = np.asarray(Image.open(listed[0][0]))
    images = np.empty((len(listed), *first.shape), np.uint8)
    for i, (path, _) in enumerate(listed):
        images[i] = Image.open(path)
    return images, np.array([label for _, label in listed])


def strong_part(form, folder, out, part, parts, durable):
    path = out / f"part-{part}.h5"
    with h5py.File(path, "w", libver="latest") as file:
        for split in ("train", "test"):
            arrays = strong_arrays(form, folder, split, part, parts)
            if arrays:
                file.create_dataset(f"{split}/images", data=arrays[0])
                file.create_dataset(f"{split}/labels", data=arrays[1].astype(np.int32))
    if durable:
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
            hashlib.sha256(file.read()).hexdigest()


def strong(form, folder, out, parts, durable):
    children = []
    for part in range(1, parts):
        child = os.fork()
        if child == 0:
            strong_part(form, folder, out, part, parts, durable)
            os._exit(0)
        children.append(child)
    strong_part(form, folder, out, 0, parts, durable)
    for child in children:
        if os.waitpid(child, 0)[1] != 0:
            sys.exit("a part failed")


def processor_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main():
    way, form, folder, out = sys.argv[1:]
    folder, out = pathlib.Path(folder), pathlib.Path(out)
    out.mkdir()
    begin, used = time.perf_counter(), processor_seconds()
    if way == "usual":
        usual(form, folder, out)
    else:
        strong(form, folder, out, 1 if way == "single" else 2, way == "durable")
    print(time.perf_counter() - begin, processor_seconds() - used)


if __name__ == "__main__":
    main()
