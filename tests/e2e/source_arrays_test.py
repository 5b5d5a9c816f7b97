"""Sources of arrays against numpy and h5py: every form that is read, byte for byte, and every one that is refused.

Usage: source_arrays_test.py BUILD_DIR. Runs list_source (tests/support), one process for each file, and looks at
its exit, its one line and the memory it took.
"""

import gzip
import io
import json
import os
import pathlib
import pickle
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib

import h5py
import numpy as np

import running
from extent import FULL

PROGRAM = ""
MOST_MEMORY = 300 << 20
SECONDS = 20


class Listed:
    def __init__(self, document, pixels):
        self.document = document
        self.items = document["items"]
        self.class_names = document["class_names"]
        self.pixels = pixels

    def column(self, name):
        return [item[name] for item in self.items]

    def images(self):
        shape = self.items[0]["shape"]
        return np.frombuffer(self.pixels, np.uint8).reshape(len(self.items), *shape)


def run(kind, path, *arguments):
    """(exit code, stdout, stderr, bytes of memory at most)"""
    with tempfile.NamedTemporaryFile() as peak:
        command = [PROGRAM, kind, str(path), "--peak", peak.name, *arguments]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS)
        # A process that crashed wrote nothing; its exit tells.
        return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"), int(peak.read() or 0)


def images_of(count, *rest, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, 256, (count, *rest)).astype(dtype)


def labels_of(count, classes=4, dtype=np.uint8):
    return (np.arange(count) * 3 % classes).astype(dtype)


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)

    def tearDown(self):
        self._folder.cleanup()

    def listed(self, kind, path, *arguments):
        pixels = self.folder / "pixels"
        code, out, err, _ = run(kind, path, "--pixels", str(pixels), *arguments)
        self.assertEqual((code, err), (0, ""), err)
        return Listed(json.loads(out), pixels.read_bytes())

    def refused(self, kind, path, *parts, arguments=(), codes=(3,), memory=MOST_MEMORY):
        code, _, err, peak = run(kind, path, "--pixels", "/dev/null", *arguments)
        self.assertIn(code, codes, err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("list_source: "), err)
        self.assertLess(peak, memory, err)
        for part in parts:
            self.assertIn(part, err)
        return err

    def harmless(self, kind, path, *arguments):
        """Read or refused in one line; no crash, no hang, little memory."""
        code, _, err, peak = run(kind, path, "--pixels", "/dev/null", *arguments)
        self.assertIn(code, (0, 2, 3, 4), f"exit {code}: {err}")
        self.assertEqual(err.count("\n"), 0 if code == 0 else 1, err)
        self.assertLess(peak, MOST_MEMORY, err)
        return code

    def npy(self, images, labels, *arguments, name="X"):
        np.save(self.folder / "X.npy", images)
        np.save(self.folder / "y.npy", labels)
        return self.folder

    def npz(self, compressed=True, **arrays):
        path = self.folder / "data.npz"
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
        return path


class Npy(Case):
    def test_every_shape_and_integer(self):
        for dtype in ("u1", "i2", "<u2", ">u2", "<i4", ">i4", "u4", "i8", ">i8", "u8"):
            for rest in ((5, 7), (5, 7, 1), (5, 7, 3)):
                images = images_of(9, *rest)
                self.npy(images.astype(dtype), labels_of(9))
                listed = self.listed("npy", self.folder)
                np.testing.assert_array_equal(listed.images(), images.reshape(9, 5, 7, -1))
                self.assertEqual(listed.column("label"), labels_of(9).tolist())
                self.assertEqual(set(listed.column("path")), {"X.npy"})
                self.assertEqual(listed.column("row"), list(range(9)))
                self.assertEqual(listed.class_names, ["0", "1", "2", "3"])

    def test_every_form_in_an_archive(self):
        images = images_of(9, 3, 5, 7)
        for compressed in (False, True):
            for dtype in ("u1", ">i4", "i8"):
                path = self.npz(compressed, X=images.astype(dtype), y=labels_of(9, dtype=">i2"))
                listed = self.listed("npy", path, "channels_first=true")
                np.testing.assert_array_equal(listed.images(), images.transpose(0, 2, 3, 1))
                self.assertEqual(set(listed.column("path")), {"X"})

    def test_channels_first(self):
        images = images_of(4, 3, 6, 5)
        listed = self.listed("npy", self.npy(images, labels_of(4)), "channels_first=true")
        np.testing.assert_array_equal(listed.images(), images.transpose(0, 2, 3, 1))
        self.refused("npy", self.folder, "channels is unusual", "channels_first = true")

    def test_bool(self):
        images = images_of(4, 6, 5) > 99
        for path in (self.npy(images, labels_of(4)), self.npz(X=images, y=labels_of(4))):
            np.testing.assert_array_equal(self.listed("npy", path).images()[..., 0], images * 255)

    def test_floats(self):
        levels = images_of(6, 5, 4)
        for dtype in ("f4", "f8", ">f4"):
            for path in (
                self.npy((levels / 255).astype(dtype), labels_of(6)),
                self.npz(X=(levels / 255).astype(dtype), y=labels_of(6)),
            ):
                np.testing.assert_array_equal(self.listed("npy", path, "scale=255").images()[..., 0], levels)
                self.refused("npy", path, "float", "scale = 255", codes=(2,))
        self.npy(levels.astype("f4"), labels_of(6))
        np.testing.assert_array_equal(self.listed("npy", self.folder, "scale=1").images()[..., 0], levels)
        for bad, shown in ((np.nan, "not a number"), (np.inf, "inf"), (-0.01, "-2.55"), (1.01, "257.55")):
            images = np.full((3, 4, 5), 0.5)
            images[1, 2, 3] = bad
            for path in (self.npy(images, labels_of(3)), self.npz(X=images, y=labels_of(3))):
                self.refused("npy", path, "element 33 times scale", shown, arguments=("scale=255",))
        self.npy(levels, labels_of(6))
        self.refused("npy", self.folder, "scale is for floating-point", arguments=("scale=255",), codes=(2,))
        for dtype in ("f2", "c8", "M8[s]"):
            self.npy(np.zeros((3, 4, 5), dtype), labels_of(3))
            self.refused("npy", self.folder, "X.npy", arguments=("scale=255",))

    def test_levels_out_of_range(self):
        for value, dtype in ((256, "i2"), (-1, "i1"), (1 << 40, "u8"), (-(1 << 60), "i8")):
            images = np.zeros((3, 4, 5), dtype)
            images[2, 3, 4] = value
            for path in (self.npy(images, labels_of(3)), self.npz(X=images, y=labels_of(3))):
                self.refused("npy", path, "element 59 is not a pixel level", f"got {value}")

    def test_labels(self):
        images = images_of(6, 5, 4)
        for dtype in ("u1", "i1", "<i4", ">i4", "i8", "u8", ">u2", "?"):
            labels = labels_of(6, 2, dtype)
            for form in (labels, labels.reshape(6, 1), labels.reshape(6, 1, 1)):
                self.npy(images, form)
                self.assertEqual(self.listed("npy", self.folder).column("label"), labels.astype(int).tolist())
        self.npy(images, np.eye(3)[[0, 1, 2, 0, 1, 2]].astype(int))
        self.refused("npy", self.folder, "one-hot", "6 x 3", ".argmax(axis=1)")
        self.npy(images, labels_of(6, dtype="f4"))
        self.refused("npy", self.folder, "cannot be labels", "float32")
        self.npy(images, labels_of(5))
        self.refused("npy", self.folder, "y.npy", "expected 6, got 5")
        self.npy(images, np.array([0, 1, -1, 0, 1, 2]))
        self.refused("npy", self.folder, "label 2 is out of range", "got -1")
        self.npy(images, np.array([0, 1, 65536, 0, 1, 2]))
        self.refused("npy", self.folder, "label 2 is out of range", "65536")
        self.npy(images, labels_of(6))
        self.refused("npy", self.folder, "label 1 is out of range", "0 to 1, got 3", arguments=("classes=a,b",))
        self.assertEqual(self.listed("npy", self.folder, "classes=a,b,c,d,e").class_names, list("abcde"))
        self.npy(images, np.uint8(3))
        self.refused("npy", self.folder, "a single value")

    def test_labels_as_texts(self):
        names = ["größe", "cat", "dog", "cat", "😀", "dog"]
        for array in (np.array(names), np.array(names).astype(">U9")):
            self.npy(images_of(6, 5, 4), array)
            listed = self.listed("npy", self.folder)
            self.assertEqual(listed.class_names, sorted(set(names), key=lambda name: name.encode()))
            self.assertEqual([listed.class_names[label] for label in listed.column("label")], names)
        listed = self.listed("npy", self.folder, "classes=dog,cat,größe,😀")
        self.assertEqual(listed.column("label"), [2, 1, 0, 1, 3, 0])
        self.refused("npy", self.folder, "is no class", "cat", arguments=("classes=dog,größe,😀",))
        self.npy(images_of(3, 5, 4), np.array([b"cat", b"dog", b"cat"]))
        self.assertEqual(self.listed("npy", self.folder).column("label"), [0, 1, 0])
        self.npy(images_of(3, 5, 4), np.array([b"cat", b"d\xf6g", b"cat"]))
        self.refused("npy", self.folder, "element 1 is not Unicode")

    def test_medmnist(self):
        arrays = {}
        for seed, (split, count) in enumerate((("train", 12), ("val", 5), ("test", 7))):
            arrays[f"{split}_images"] = images_of(count, 28, 28, 3, seed=seed)
            arrays[f"{split}_labels"] = labels_of(count).reshape(-1, 1)
        path = self.npz(**arrays)
        listed = self.listed("npy", path)
        self.assertEqual(listed.column("split"), ["train"] * 12 + ["validation"] * 5 + ["test"] * 7)
        np.testing.assert_array_equal(listed.images(), np.concatenate([arrays[f"{s}_images"] for s in ("train", "val", "test")]))
        self.assertEqual(set(listed.column("path")), {"train_images", "val_images", "test_images"})
        listed = self.listed("npy", path, "split=validation")
        np.testing.assert_array_equal(listed.images(), arrays["val_images"])

    def test_names(self):
        train, test = images_of(5, 4, 4), images_of(3, 4, 4, seed=1)
        for form in ("x_{}|y_{}", "X_{}|y_{}", "{}_x|{}_y", "images_{}|labels_{}", "{}_data|{}_labels"):
            arrays = {}
            for split, images in (("train", train), ("test", test)):
                for name, array in zip(form.split("|"), (images, labels_of(len(images)))):
                    arrays[name.format(split)] = array
            listed = self.listed("npy", self.npz(**arrays))
            np.testing.assert_array_equal(listed.images()[..., 0], np.concatenate([train, test]))
            for name, array in arrays.items():
                np.save(self.folder / f"{name}.npy", array)
            self.assertEqual(self.listed("npy", self.folder).column("split"), ["train"] * 5 + ["test"] * 3)
            for name in arrays:
                os.remove(self.folder / f"{name}.npy")
        for names in (("images", "labels"), ("x", "y"), ("data", "target")):
            path = self.npz(**dict(zip(names, (train, labels_of(5)))))
            self.assertEqual(self.listed("npy", path, "split=test").column("split"), ["test"] * 5)
        path = self.npz(a=train, b=labels_of(5))
        self.refused("npy", path, "no array has a name that is known", "a, b")
        self.assertEqual(len(self.listed("npy", path, "images=a.npy", "labels=b").items), 5)
        self.refused("npy", path, "there is no array \"c\"", arguments=("images=a", "labels=c"))
        self.refused("npy", self.npz(X=train), "no labels", "y")
        self.refused("npy", self.npz(X=train, images=train, y=labels_of(5)), "several", codes=(2,))

    def test_refused_by_name(self):
        good = images_of(4, 5, 6)
        objects = np.array([[1], "a"], dtype=object)
        structured = np.zeros(4, dtype=[("a", "u1"), ("b", "f4")])
        for array, parts in (
            (np.asfortranarray(good), ("Fortran order", "ascontiguousarray")),
            (structured, ("fields",)),
            (images_of(4, 30), ("not images", "reshape")),
            (images_of(4, 5, 6, 4), ("channels", "4 x 5 x 6 x 4")),
            (np.zeros((4, 0, 6), np.uint8), ("out of range",)),
            (np.zeros((1, 65536, 1), np.uint8), ("out of range",)),
            (np.zeros((1,) * 9, np.uint8), ("8 dimensions",)),
        ):
            self.refused("npy", self.npy(array, labels_of(4)), "X.npy", *parts)
            self.refused("npy", self.npz(X=array, y=labels_of(4)), "data.npz: X", *parts)
        np.save(self.folder / "X.npy", objects, allow_pickle=True)
        self.refused("npy", self.folder, "object arrays hold pickles, which run code when read")
        self.refused("npy", self.npz(X=objects, y=labels_of(4)), "object arrays hold pickles")
        (self.folder / "X.npy").write_bytes(pickle.dumps(good))
        self.refused("npy", self.folder, "a pickle, which runs code")
        self.refused("npy", self.folder / "none", "is there")
        self.refused("npy", self.folder / "X.npy", "labels")
        (self.folder / "empty.npz").write_bytes(b"")
        self.refused("npy", self.folder / "empty.npz", "not a .npz file")

    def test_headers(self):
        def header(text, version=1, length=None):
            data = text.encode()
            size = struct.pack("<H" if version == 1 else "<I", len(data) if length is None else length)
            return b"\x93NUMPY" + bytes([version, 0]) + size + data

        body = bytes(range(24))
        good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), }\n"
        np.save(self.folder / "y.npy", np.array([0, 1]))

        def put(data):
            (self.folder / "X.npy").write_bytes(data)
            return self.folder

        for text in (good, good.strip(), '{"shape": (2L, 3L, 4L), "fortran_order": False, "descr": "u1"}'.replace('"u1"', '"<u1"')):
            for version in (1, 2, 3):
                self.assertEqual(self.listed("npy", put(header(text, version) + body)).pixels, body)
        for text in (
            "",
            "{}",
            "__import__('os').system('true')",
            good.replace("2", "-2"),
            good.replace("2", "2.0"),
            good.replace("2", "99999999999999999999"),
            good.replace("2", "9223372036854775807"),
            good.replace("(2, 3, 4)", "(2 3 4)"),
            good.replace("(2, 3, 4)", "(24)"),
            good.replace("(2, 3, 4)", "[2, 3, 4]"),
            good.replace("False", "0"),
            good.replace("False", "None"),
            good.replace("'|u1'", "'|u3'"),
            good.replace("'|u1'", "'|u'"),
            good.replace("'|u1'", "'|u-1'"),
            good.replace("'|u1'", "'|V1'"),
            good.replace("'|u1'", "'\\x7cu1'"),
            good.replace("'|u1'", "u1"),
            good.replace("'shape'", "'descr'"),
            good.replace("'shape'", "'form'"),
            good.replace("}", ", 'more': 1}"),
            good.replace("}", "} + 1"),
            good.replace("}", ""),
            good + good,
        ):
            self.refused("npy", put(header(text) + body), "X.npy")
        self.refused("npy", put(header(good) + body + b"x"), "bytes after the last element")
        self.refused("npy", put(header(good) + body[:-1]), "cut off")
        self.refused("npy", put(header(good, length=65000) + body), "cut off")
        self.refused("npy", put(header(good, 2, length=1 << 31) + body), "implausibly long")
        self.refused("npy", put(header(good, 4) + body), "another version", "got 4.0")
        self.refused("npy", put(header(good.replace("2", "9999999999")) + body), "cut off")

    def test_truncations_and_flips(self):
        self.npy(images_of(4, 5, 6), labels_of(4))
        data = (self.folder / "X.npy").read_bytes()
        for cut in range(0, len(data), 5):
            (self.folder / "X.npy").write_bytes(data[:cut])
            self.refused("npy", self.folder, "X.npy")
        for path, kind in ((self.npz(True, X=images_of(4, 9, 9), y=labels_of(4)), 1), (self.npz(False, X=images_of(4, 9, 9), y=labels_of(4)), 0)):
            data = path.read_bytes()
            for cut in np.linspace(0, len(data) - 1, 50 if FULL else 20).astype(int):
                path.write_bytes(data[:cut])
                self.refused("npy", path, "data.npz")
            rng = random.Random(kind)
            for _ in range(100):
                flipped = bytearray(data)
                flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                path.write_bytes(flipped)
                self.harmless("npy", path)

    def test_bombs(self):
        # 10 GB of zeros that deflate to 10 MB, as numpy would write them, but in seconds.
        def archive(claimed, body_of, crc=0):
            head = io.BytesIO()
            np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": claimed})
            size = len(head.getvalue()) + int(np.prod([float(x) for x in claimed]))
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            body = packer.compress(head.getvalue()) + body_of(packer) + packer.flush()
            name = b"X.npy"
            extra = struct.pack("<HHQQ", 1, 16, size, len(body))
            local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45, 0, 8, 0, 33, crc, 0xFFFFFFFF, 0xFFFFFFFF, 5, 20) + name + extra + body
            central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 45, 45, 0, 8, 0, 33, crc, 0xFFFFFFFF, 0xFFFFFFFF, 5, 20, 0, 0, 0, 0, 0) + name + extra
            end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
            path = self.folder / "bomb.npz"
            path.write_bytes(local + central + end)
            return path

        names = ("images=X", "labels=X")
        block = bytes(1 << 20)
        self.refused("npy", archive((10000, 1000, 1000), lambda p: b"".join(p.compress(block) for _ in range(300))), "plausibly hold", arguments=names)
        self.refused("npy", archive((10000, 1000, 1000), lambda p: b""), "plausibly hold", arguments=names)
        self.refused("npy", archive((4, 10, 10), lambda p: b"".join(p.compress(block) for _ in range(300))), "bomb.npz", arguments=names)
        self.refused("npy", archive((1 << 40, 1000, 1000), lambda p: b""), "bomb.npz", arguments=names)
        self.refused("npy", archive((4, 1000, 1000), lambda p: b""), "bomb.npz", arguments=names)
        # The header claims other than the archive.
        path = self.folder / "other.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            head = io.BytesIO()
            np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (1 << 33, 1, 1)})
            z.writestr("X.npy", head.getvalue() + bytes(10))
        self.refused("npy", path, "disagree", arguments=names)

    def test_odd_archives(self):
        images, labels = io.BytesIO(), io.BytesIO()
        np.save(images, images_of(4, 5, 6))
        np.save(labels, labels_of(4))
        path = self.folder / "odd.npz"

        def write(method=zipfile.ZIP_DEFLATED, extra=()):
            with zipfile.ZipFile(path, "w", method) as z:
                z.writestr("X.npy", images.getvalue())
                z.writestr("y.npy", labels.getvalue())
                for name, data in extra:
                    z.writestr(name, data)
            return path

        for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            self.refused("npy", write(method), "another method")
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.refused("npy", write(extra=(("X.npy", labels.getvalue()),)), "odd.npz")
        listed = self.listed("npy", write(extra=(("../readme\n.txt", b"hello"),)))
        self.assertEqual(listed.document["notes"], ["passed over ../readme?.txt, which is no array"])
        data = bytearray(write(zipfile.ZIP_STORED).read_bytes())
        for at in (data.find(b"PK\3\4") + 6, data.find(b"PK\1\2") + 8):
            data[at] |= 1
        path.write_bytes(data)
        self.refused("npy", path, "odd.npz")
        write(extra=[(f"m{i}", b"") for i in range(1100)])
        self.refused("npy", path, "too many members")

    def test_large_arrays_are_not_held(self):
        count = 60_000  # 737 MB
        images = np.lib.format.open_memmap(self.folder / "X.npy", "w+", np.uint8, (count, 64, 64, 3))
        del images
        np.save(self.folder / "y.npy", np.zeros(count, np.uint8))
        code, _, err, peak = run("npy", self.folder, "--pixels", "/dev/null")
        self.assertEqual((code, err), (0, ""))
        self.assertLess(peak, MOST_MEMORY)


class Cifar(Case):
    def ten(self, count=6, compressed=False):
        self.batches = {}
        for seed, name in enumerate([f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]):
            images, labels = images_of(count, 3, 32, 32, seed=seed), labels_of(count, 10)
            data = b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images))
            (self.folder / (name + (".gz" if compressed else ""))).write_bytes(gzip.compress(data) if compressed else data)
            self.batches[name] = images.transpose(0, 2, 3, 1)
        return self.folder

    def hundred(self, count=5):
        for name in ("train.bin", "test.bin"):
            images = images_of(count, 3, 32, 32)
            (self.folder / name).write_bytes(b"".join(bytes([i % 20, 99 - i]) + image.tobytes() for i, image in enumerate(images)))
        return self.folder

    def test_ten(self):
        for compressed in (False, True):
            listed = self.listed("cifar", self.ten(compressed=compressed))
            np.testing.assert_array_equal(listed.images(), np.concatenate(list(self.batches.values())))
            self.assertEqual(listed.column("label"), labels_of(6, 10).tolist() * 6)
            self.assertEqual(listed.column("split"), ["train"] * 30 + ["test"] * 6)
            self.assertEqual(listed.column("path")[::6], list(self.batches))
            self.assertEqual(listed.class_names[:2], ["airplane", "automobile"])
            for path in self.folder.glob("*.bin"):
                path.unlink()
        (self.folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
        self.assertEqual(self.listed("cifar", self.folder).class_names, list("abcdefghij"))
        (self.folder / "batches.meta.txt").write_text("a\na\n")
        self.refused("cifar", self.folder, "batches.meta.txt", "10 different")
        self.assertEqual(len(self.listed("cifar", self.folder, "split=test", "classes=" + ",".join("klmnopqrst")).items), 6)

    def test_hundred(self):
        listed = self.listed("cifar", self.hundred())
        self.assertEqual(listed.column("label"), [99, 98, 97, 96, 95] * 2)
        self.assertEqual(len(listed.class_names), 100)
        listed = self.listed("cifar", self.folder, "labels=coarse")
        self.assertEqual(listed.column("label"), [0, 1, 2, 3, 4] * 2)
        self.assertEqual(len(listed.class_names), 20)
        (self.folder / "fine_label_names.txt").write_text("\n".join(f"f{i}" for i in range(100)))
        self.assertEqual(self.listed("cifar", self.folder).class_names[99], "f99")
        self.refused("cifar", self.folder, "fine", arguments=("labels=rough",), codes=(2,))

    def test_refused(self):
        self.refused("cifar", self.folder, "no files of CIFAR")
        (self.folder / "data_batch_1").write_bytes(b"\x80")
        self.refused("cifar", self.folder, "binary version")
        self.ten()
        self.refused("cifar", self.folder, "CIFAR-100", arguments=("labels=coarse",), codes=(2,))
        path = self.folder / "data_batch_3.bin"
        data = path.read_bytes()
        path.unlink()
        self.refused("cifar", self.folder, "data_batch_3.bin", "missing")
        path.write_bytes(data[:-1])
        self.refused("cifar", self.folder, "data_batch_3.bin", "multiple of 3073")
        path.write_bytes(data[:3073] + b"\x0a" + data[3074:])
        self.refused("cifar", self.folder, "label at byte 3073", "got 10")
        path.unlink()
        packed = path.with_name(path.name + ".gz")
        packed.write_bytes(gzip.compress(bytes(3073 * 50_000)))
        self.refused("cifar", self.folder, "plausibly hold")
        packed.write_bytes(gzip.compress(data)[:-3])
        self.refused("cifar", self.folder, "cut off")
        self.hundred()
        self.refused("cifar", self.folder, "both")


class Hdf5(Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "data.h5"
        self.images, self.labels = images_of(23, 9, 7, 3), labels_of(23)

    def write(self, images=None, labels=None, file={}, **options):
        with h5py.File(self.path, "w", **file) as f:
            f.create_dataset("images", data=self.images if images is None else images, **options)
            f.create_dataset("labels", data=self.labels if labels is None else labels)
        return self.path

    def test_storage(self):
        forms = [{}, {"chunks": True}, {"chunks": (4, 9, 7, 3)}, {"chunks": (5, 4, 3, 2)}, {"chunks": (23, 9, 7, 3)}, {"chunks": (1, 1, 7, 3)}]
        for filters in ({"compression": "gzip"}, {"shuffle": True}, {"fletcher32": True}, {"compression": "gzip", "shuffle": True, "fletcher32": True}):
            forms += [{"chunks": (5, 4, 3, 2), **filters}, {"chunks": (4, 9, 7, 3), **filters}, {"chunks": True, "maxshape": (None, 9, 7, 3), **filters}]
        for file in ({}, {"libver": ("v110", "v110")}, {"userblock_size": 512}, {"libver": ("earliest", "v110")}):
            for form in forms:
                for dtype in ("u1", ">i4"):
                    self.write(self.images.astype(dtype), file=file, **form)
                    listed = self.listed("hdf5", self.path)
                    np.testing.assert_array_equal(listed.images(), self.images, f"{file} {form} {dtype}")
                    self.assertEqual(listed.column("label"), self.labels.tolist())

    def test_two_unlimited_dimensions_and_compact(self):
        with h5py.File(self.path, "w", libver=("v110", "v110")) as f:
            f.create_dataset("X", data=self.images, maxshape=(None, None, 7, 3), chunks=(4, 4, 4, 3), compression="gzip")
            space, plist = h5py.h5s.create_simple((23,)), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.COMPACT)
            h5py.h5d.create(f.id, b"y", h5py.h5t.STD_U8LE, space, plist).write(h5py.h5s.ALL, h5py.h5s.ALL, self.labels)
        listed = self.listed("hdf5", self.path)
        np.testing.assert_array_equal(listed.images(), self.images)
        self.assertEqual(listed.column("label"), self.labels.tolist())

    def test_names_and_forms(self):
        with h5py.File(self.path, "w") as f:
            for split, count in (("train", 15), ("test", 8)):
                f[f"{split}/data"] = self.images[:count, ..., 0]
                f[f"{split}/target"] = self.labels[:count]
            f["deep/er/pictures"] = self.images.transpose(0, 3, 1, 2)
            f["deep/er/classes"] = np.array([b"cat", b"dog"])[self.labels % 2].reshape(-1, 1, 1, 1)
            f["names"] = np.array([b"w", b"x", b"y", b"z"])
            f.attrs["class_names"] = np.array([b"a", b"b", b"c", b"d"])
        listed = self.listed("hdf5", self.path)
        self.assertEqual(listed.column("split"), ["train"] * 15 + ["test"] * 8)
        self.assertEqual(listed.class_names, list("0123"))
        self.assertEqual(self.listed("hdf5", self.path, "class_names=class_names").class_names, list("abcd"))
        self.assertEqual(listed.items[0]["path"], "train/data")
        self.assertEqual(self.listed("hdf5", self.path, "class_names=names").class_names, list("wxyz"))
        listed = self.listed("hdf5", self.path, "images=deep/er/pictures", "labels=deep/er/classes", "channels_first=true", "split=test", "classes=dog,cat")
        np.testing.assert_array_equal(listed.images(), self.images)
        self.assertEqual(listed.column("label"), (1 - self.labels % 2).tolist())
        self.assertEqual(set(listed.column("split")), {"test"})
        for bad in ([b"a", b"b", b"a", b"c"], [b"a", b"", b"b", b"c"], [b"a", b"b\n", b"c", b"d"], [b"a", b"\xff", b"c", b"d"]):
            with h5py.File(self.path, "a") as f:
                f.attrs["class_names"] = np.array(bad)
            self.refused("hdf5", self.path, "no good name of its own", arguments=["class_names=class_names"])
        self.write(self.images > 99, labels=(self.labels > 1).reshape(-1, 1))
        np.testing.assert_array_equal(self.listed("hdf5", self.path).images(), (self.images > 99) * 255)

    def test_reverse_and_large(self):
        images = images_of(4000, 64, 64, 3)
        chunks = [zlib.compress(images[first:first + 100], 1) for first in range(0, 4000, 100)]
        with h5py.File(self.path, "w") as f:
            dataset = f.create_dataset("images", (32000, 64, 64, 3), "u1", chunks=(100, 64, 64, 3), compression="gzip")
            for number in range(320):
                dataset.id.write_direct_chunk((100 * number, 0, 0, 0), chunks[number % 40])
            f["labels"] = labels_of(32000)
        out = self.folder / "pixels"
        code, _, err, peak = run("hdf5", self.path, "--pixels", str(out), "--reverse")
        self.assertEqual((code, err), (0, ""))
        found = np.fromfile(out, np.uint8).reshape(32000, 64, 64, 3)
        np.testing.assert_array_equal(found[:4000], images[::-1])
        np.testing.assert_array_equal(found[-4000:], images[::-1])
        self.assertLess(peak, 400 << 20)  # 393 MB of pixels, of which 256 MB are kept

    def test_refused_by_name(self):
        write, refused = self.write, lambda *parts, **rest: self.refused("hdf5", self.path, "data.h5", *parts, **rest)
        write(self.images / 255)
        refused("images", "float64", "uint8")
        write(self.images.astype("i4") + 1)  # somewhere it is white
        refused("is not a pixel level", f"got {self.images.max().astype(int) + 1}")
        write(labels=np.eye(23))
        refused("labels", "float")
        write(labels=np.eye(23, dtype=int))
        refused("labels", "one-hot", "23 x 23")
        write(labels=self.labels[:-1])
        refused("expected 23, got 22")
        write(self.images.reshape(23, -1))
        refused("not images")
        write(self.images.astype(np.complex64))
        refused("neither numbers nor texts")
        write(np.array([1.5] * 23, dtype="f2"))
        refused("float16")
        with h5py.File(self.path, "w") as f:
            f["labels"] = self.labels
            f["images"] = np.array(["a"] * 23, dtype=h5py.string_dtype())
        refused("variable length")
        with h5py.File(self.path, "w") as f:
            f["labels"] = self.labels
            f.create_dataset("images", (23, 2, 2), dtype=h5py.vlen_dtype(np.uint8))
        refused("variable length")
        write()
        with h5py.File(self.path, "a") as f:
            f.attrs["class_names"] = ["a", "b", "c", "d"]
        self.refused("hdf5", self.path, "class_names", "variable length", arguments=["class_names=class_names"])
        self.listed("hdf5", self.path, "classes=a,b,c,d")
        with h5py.File(self.path, "w") as f:
            f["labels"] = self.labels
            f.create_dataset("images", (23, 9, 7), dtype="u1", chunks=(2, 9, 7))
        refused("never written")
        with h5py.File(self.path, "w") as f:
            f["labels"] = self.labels
            f.create_dataset("images", (23, 9, 7), dtype="u1")
        refused("never written")
        with h5py.File(self.path, "w", libver="latest") as f:
            f["labels"] = self.labels
            f.create_dataset("images", data=self.images, chunks=(4, 9, 7, 3))
        # What HDF5 2 writes as its latest form, an older library cannot read, and says so.
        if h5py.version.hdf5_version_tuple >= (2, 0, 0):
            code, _, err, _ = run("hdf5", self.path)
            self.assertTrue(code == 0 or "newer form" in err, err)
        with h5py.File(self.path, "w") as f:
            f["labels"] = self.labels
            f["images"] = h5py.Empty("u1")
        refused("images")
        for key in ("splits=train", "origins=real", "from_classes=0"):
            refused("is for datasets", arguments=(key,), codes=(2,))
        refused("there is no nothing", arguments=("images=nothing", "labels=labels"))
        for name in ("/images", "images/", "./images", "images/x", ""):
            refused(arguments=(f"images={name}", "labels=labels"))
        self.path.write_bytes(b"not HDF5")
        refused("not an HDF5 file")
        self.path.unlink()
        refused("missing")
        self.refused("hdf5", self.folder, "manifest.json")

    def test_links_and_other_files(self):
        other = self.folder / "other.h5"
        with h5py.File(other, "w") as f:
            f["images"] = self.images
        (self.folder / "raw").write_bytes(self.images.tobytes())

        def refused(make, *parts):
            with h5py.File(self.path, "w", libver=("v110", "v110")) as f:
                f["labels"] = self.labels
                make(f)
            self.refused("hdf5", self.path, *parts, arguments=("images=images", "labels=labels"))

        def virtual(name):
            def make(f):
                layout = h5py.VirtualLayout(self.images.shape, "u1")
                layout[:] = h5py.VirtualSource(name, "images", self.images.shape)
                f.create_virtual_dataset("images", layout)

            return make

        refused(lambda f: f.__setitem__("images", h5py.ExternalLink(str(other), "images")), "a link to another file")
        refused(lambda f: f.__setitem__("images", h5py.ExternalLink("/etc/passwd", "images")), "a link to another file")
        refused(lambda f: f.__setitem__("images", h5py.SoftLink("/labels")), "a soft link")
        refused(virtual(str(other)), "a virtual dataset")
        refused(virtual("."), "a virtual dataset")
        refused(lambda f: f.create_dataset("images", self.images.shape, "u1", external=[(str(self.folder / "raw"), 0, h5py.h5f.UNLIMITED)]), "lie in other files")

    def test_filters(self):
        for filter_id, name in ((32001, "32001"), (307, "307"), (32015, "32015")):
            with h5py.File(self.path, "w") as f:
                f["labels"] = self.labels
                plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                plist.set_chunk((4, 9, 7, 3))
                plist.set_filter(filter_id, h5py.h5z.FLAG_OPTIONAL, (1, 2))
                h5py.h5d.create(f.id, b"images", h5py.h5t.STD_U8LE, h5py.h5s.create_simple(self.images.shape), plist)
            self.refused("hdf5", self.path, f"filter {name}", "h5repack")
        for options in ({"compression": "lzf"}, {"scaleoffset": 0}):
            self.write(self.images.astype("i4"), chunks=(4, 9, 7, 3), **options)
            self.refused("hdf5", self.path, "packed by a filter", "filter 32000" if "compression" in options else "filter 6")

    def test_chunks_that_lie(self):
        def with_chunk(data, mask=0, shape=(4, 9, 7), **options):
            with h5py.File(self.path, "w") as f:
                f["labels"] = labels_of(4)
                set_ = f.create_dataset("images", shape, "u1", chunks=shape, **options)
                set_.id.write_direct_chunk((0,) * len(shape), data, mask)
            return self.path

        raw = images_of(4, 9, 7).tobytes()
        gzipped = {"compression": "gzip"}
        self.assertEqual(self.listed("hdf5", with_chunk(zlib.compress(raw), **gzipped)).pixels, raw)
        self.assertEqual(self.listed("hdf5", with_chunk(raw, 1, **gzipped)).pixels, raw)
        self.refused("hdf5", with_chunk(zlib.compress(bytes(300 << 20), 1), **gzipped), "more than it should")
        self.refused("hdf5", with_chunk(zlib.compress(raw + b"x"), **gzipped), "more than it should")
        self.refused("hdf5", with_chunk(zlib.compress(raw[:-1]), **gzipped), "less than it should")
        self.refused("hdf5", with_chunk(zlib.compress(raw)[:-9], **gzipped), "damaged or cut off")
        self.refused("hdf5", with_chunk(b"nonsense", **gzipped), "damaged or cut off")
        self.refused("hdf5", with_chunk(raw[:-1], 1, **gzipped), "another length")
        self.refused("hdf5", with_chunk(raw + bytes(4), fletcher32=True), "fletcher32")

    def test_extents_that_lie(self):
        for shape in ((1 << 40, 1000, 1000), (1 << 62, 1 << 62, 4), (1 << 31, 28, 28), (4, 60000, 60000)):
            with h5py.File(self.path, "w") as f:
                f["labels"] = self.labels
                try:
                    f.create_dataset("images", shape, "u1", chunks=(4, 28, 28), compression="gzip")
                except (ValueError, OSError):
                    continue
            self.refused("hdf5", self.path, "images", "plausibly hold")
        with h5py.File(self.path, "w") as f:
            f["images"] = self.images
            f.create_dataset("labels", (1 << 40,), "i8", chunks=(1000,))
        self.refused("hdf5", self.path, "labels", "plausibly hold")
        with h5py.File(self.path, "w") as f:
            f["labels"] = self.labels
            f.create_dataset("images", (4, 28, 28), "u1", chunks=(1 << 20, 28, 28), maxshape=(None, 28, 28))
        self.refused("hdf5", self.path, "chunks are empty or larger")

    def test_truncated_and_flipped(self):
        forms = (({}, {}), ({"libver": ("v110", "v110")}, {"chunks": (5, 4, 7, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}), ({}, {"chunks": (5, 4, 7, 3), "compression": "gzip"}))
        for number, (file, form) in enumerate(forms):
            self.write(file=file, **form)
            with h5py.File(self.path, "a", **file) as f:
                f.attrs["class_names"] = np.array([b"a", b"b", b"c", b"d"])
            data = self.path.read_bytes()
            for cut in np.linspace(0, len(data) - 1, 50).astype(int):
                self.path.write_bytes(data[:cut])
                self.refused("hdf5", self.path, "data.h5")
            rng = random.Random(number)
            # Where the library finds its way: the pixels themselves are most of the file.
            pixels = data.find(self.images.tobytes())
            places = [i for i in range(len(data)) if data[i] and not (pixels >= 0 and pixels <= i < pixels + self.images.nbytes)]
            for _ in range(200 if FULL else 60):
                flipped = bytearray(data)
                flipped[rng.choice(places)] ^= 1 << rng.randrange(8)
                self.path.write_bytes(flipped)
                self.harmless("hdf5", self.path)


if __name__ == "__main__":
    PROGRAM = os.path.join(sys.argv[1], "tests", "list_source")
    running.main()
