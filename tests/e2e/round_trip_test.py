"""Every kind of source packed by titrate-prep and read back by h5py: pixels, labels, class names and their order are what
Python reads from the source itself.

Usage: round_trip_test.py BUILD_DIR. Needs h5py, numpy and Pillow. Also what export_test.py is built on.
"""

import csv
import gzip
import io
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
from PIL import Image

import running
from codec_test import pillow, png

PROGRAM = ""
SPLITS = ["train", "validation", "test"]
COLUMNS = ["images", "labels", "origin", "sample_id", "parent_id", "family_id", "content_hash", "source", "source_row", "source_path", "operation"]
REAL, AUGMENTED, SYNTHETIC = range(3)
CIFAR_10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def noise(count, *rest, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *rest), np.uint8)


def idx_bytes(array):
    return struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, **options)


def load(out):
    """A dataset by h5py: class names, and for each split its columns, from the shards; dataset.h5 must agree."""
    manifest = json.loads((out / "manifest.json").read_text())
    names, splits = None, {}
    for split in SPLITS:
        parts = []
        for path in sorted(out.glob(split + "-*.h5")):
            with h5py.File(path, "r") as shard:
                parts.append({name: shard[name][...] for name in COLUMNS})
                found = [name.decode() for name in shard.attrs["class_names"]]
                assert names in (None, found), path
                names = found
        if parts:
            splits[split] = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
            splits[split]["source_path"] = [path.decode() for path in splits[split]["source_path"]]
    assert names == manifest["class_names"]
    with h5py.File(out / "dataset.h5", "r") as whole:
        assert [name.decode() for name in whole.attrs["class_names"]] == names
        for name in COLUMNS:
            values = whole[name][...]
            values = [v.decode() for v in values] if name == "source_path" else values
            assert np.array_equal(values, np.concatenate([splits[s][name] for s in SPLITS if s in splits])), name
        counts = np.bincount(whole["split"][...], minlength=3)
        assert [len(splits[s]["labels"]) if s in splits else 0 for s in SPLITS] == counts.tolist()
        ids = whole["sample_id"][...]
        assert len(np.unique(ids)) == len(ids)
    return names, splits


class Trip(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="titrate trip "))
        self.addCleanup(shutil.rmtree, self.root)
        self.out = self.root / "packed set"

    def put(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, bytes):
            path.write_bytes(data)
        elif isinstance(data, str):
            path.write_bytes(data.encode())
        else:
            data = Image.fromarray(data) if isinstance(data, np.ndarray) else data
            data.save(path)
        return path

    def classes(self, folder, names=("cat", "dog"), each=6, side=8, seed=0):
        """Random PNGs; their pixels by path."""
        pictures = iter(noise(len(names) * each, side, side, seed=seed))
        made = {f"{name}/{i}.png": next(pictures) for name in names for i in range(each)}
        for path, pixels in made.items():
            self.put(f"{folder}/{path}", pixels)
        return made

    def pack(self, recipe, *arguments, out=None, code=0, **options):
        """`recipe`: the text of one, or a path."""
        out = self.out if out is None else out
        if isinstance(recipe, str):
            recipe = self.put("recipe.toml", 'name = "trip"\nseed = 3\n' + recipe)
        result = run("pack", recipe, "--out", out, "--data-root", self.root, *arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        if code == 0:
            verified = run("verify", out)
            self.assertEqual((verified.returncode, verified.stderr), (0, ""))
        return result

    def refused(self, result, code, *parts):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("titrate-prep: "), result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        self.assertFalse((self.out / "manifest.json").exists())

    def quarantine(self):
        path = self.out / "quarantine.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return {line["what"]: line["why"] for line in lines}

    def check(self, split, names, images, labels, origin=REAL, out=None):
        """The images of one split and origin, in order; `labels` are names. Returns the rows' columns."""
        found_names, splits = load(out or self.out)
        self.assertEqual(found_names, list(names))
        rows = np.flatnonzero(splits[split]["origin"] == origin)
        images = np.asarray(images)
        images = images[..., None] if images.ndim == 3 else images
        np.testing.assert_array_equal(splits[split]["images"][rows], images)
        self.assertEqual([names[label] for label in splits[split]["labels"][rows]], [str(label) for label in labels])
        return {name: [values[row] for row in rows] for name, values in splits[split].items()}


class Arrays(Trip):
    DIGITS = list("0123456789")

    def digits(self, count, seed=0):
        return noise(count, 9, 7, seed=seed), (np.arange(count) * 7 % 10).astype(np.uint8)

    def test_idx_plain_packed_and_transposed(self):
        images, labels = self.digits(40)
        test_images, test_labels = self.digits(20, seed=1)
        for number, (squeeze, turn) in enumerate([(lambda b: b, False), (gzip.compress, False), (gzip.compress, True)]):
            ending = ".gz" if squeeze is gzip.compress else ""
            for prefix, pixels, classes in [("train", images, labels), ("t10k", test_images, test_labels)]:
                stored = np.ascontiguousarray(pixels.swapaxes(1, 2)) if turn else pixels
                self.put(f"set{number}/{prefix}-images-idx3-ubyte{ending}", squeeze(idx_bytes(stored)))
                self.put(f"set{number}/{prefix}-labels-idx1-ubyte{ending}", squeeze(idx_bytes(classes)))
            self.pack(f'[[source]]\nkind = "idx"\npath = "set{number}"\ntranspose = {str(turn).lower()}\n', "--force")
            rows = self.check("train", self.DIGITS, images, labels)
            self.assertEqual(rows["source_row"], list(range(40)))
            self.assertEqual(rows["family_id"], rows["content_hash"])
            self.check("test", self.DIGITS, test_images, test_labels)

    def test_npy_and_medmnist(self):
        images, labels = self.digits(30)
        np.save(self.put("arrays/X.npy", b""), images)
        np.save(self.put("arrays/y.npy", b""), labels.astype(np.int64))
        self.pack('[split]\ntest = 0.2\n[[source]]\nkind = "npy"\npath = "arrays"\n')
        _, splits = load(self.out)
        whole = {int(r): p for s in splits.values() for r, p in zip(s["source_row"], s["images"])}
        np.testing.assert_array_equal([whole[i][..., 0] for i in range(30)], images)
        self.assertEqual(np.bincount(splits["test"]["labels"], minlength=10).tolist(), [1] * 10)
        sets = {split: (noise(n, 6, 6, 3, seed=n), (np.arange(n) % 3).reshape(-1, 1)) for split, n in [("train", 12), ("val", 6), ("test", 9)]}
        arrays = {f"{s}_{kind}": a for s, pair in sets.items() for kind, a in zip(["images", "labels"], pair)}
        path = self.root / "bloodmnist.npz"
        np.savez_compressed(path, **arrays)
        self.pack(path, "--force", "--set", 'source.0.classes=["b","a","c"]')
        for split, key in [("train", "train"), ("validation", "val"), ("test", "test")]:
            self.check(split, ["b", "a", "c"], sets[key][0], ["bac"[i] for i in sets[key][1][:, 0]])

    def test_cifar(self):
        def records(count, marks, seed):
            pixels = noise(count, 3, 32, 32, seed=seed)
            data = b"".join(bytes(mark[i] for mark in marks) + pixels[i].tobytes() for i in range(count))
            return data, pixels.transpose(0, 2, 3, 1)

        labels, whole = np.arange(10), []
        for i in range(1, 6):
            data, pixels = records(10, [labels], i)
            self.put(f"ten/data_batch_{i}.bin", data)
            whole.append(pixels)
        data, test = records(10, [labels], 9)
        self.put("ten/test_batch.bin", data)
        self.pack(self.root / "ten")
        self.check("train", CIFAR_10, np.concatenate(whole), [CIFAR_10[i] for i in labels] * 5)
        self.check("test", CIFAR_10, test, [CIFAR_10[i] for i in labels])
        fine, coarse = np.arange(100), np.arange(100) // 5
        data, train = records(100, [coarse, fine], 1)
        self.put("hundred/train.bin", data)
        data, test = records(100, [coarse, fine], 2)
        self.put("hundred/test.bin.gz", gzip.compress(data))
        for which, truth in [("fine", fine), ("coarse", coarse)]:
            self.pack(f'[[source]]\nkind = "cifar"\npath = "hundred"\nlabels = "{which}"\n', "--force")
            names = [str(i) for i in range(truth.max() + 1)]
            self.check("train", names, train, truth)
            self.check("test", names, test, truth)

    def test_hdf5_of_others(self):
        images, labels = noise(20, 7, 5, 3), np.arange(20) % 4
        with h5py.File(self.root / "theirs.h5", "w") as file:
            for split, part in [("train", slice(0, 12)), ("test", slice(12, 20))]:
                file.create_dataset(f"{split}/images", data=images[part], chunks=(3, 7, 5, 3), compression="gzip")
                file.create_dataset(f"{split}/labels", data=labels[part], chunks=(5,), compression="gzip")
            file.attrs["class_names"] = np.array(["b", "ü", "a", "#"], h5py.string_dtype())
        self.pack(self.root / "theirs.h5", "--set", 'source.0.classes=["b","ü","a","#"]')
        self.check("train", ["b", "ü", "a", "#"], images[:12], ["büa#"[i] for i in labels[:12]])
        rows = self.check("test", ["b", "ü", "a", "#"], images[12:], ["büa#"[i] for i in labels[12:]])
        self.assertEqual((rows["source_path"][0], rows["source_row"][3]), ("test/images", 3))

    def test_datasets_of_ours(self):
        glyphs = '[[source]]\nkind = "glyphs"\nname = "{0}"\nclasses = "digits"\nper_class = {1}\nsize = 9\nseed = {1}\n'
        first, second = self.root / "first", self.root / "second"
        self.pack("[split]\ntest = 0.25\n" + glyphs.format("one", 8) + '[[augment]]\nops = ["shift 1"]\n', out=first)
        made = glyphs.format("two", 6) + 'origin = "synthetic"\ngenerator = "g"\ntrained_on = "7"\n'
        self.pack(glyphs.format("real", 5) + made, out=second)
        self.pack('[[source]]\nkind = "hdf5"\npath = "first"\n[[source]]\nkind = "hdf5"\nname = "b"\npath = "second"\n')
        names, merged = load(self.out)
        parts = [load(first)[1], load(second)[1]]
        for origin in range(3):
            expected = np.concatenate([p["train"]["images"][p["train"]["origin"] == origin] for p in parts])
            np.testing.assert_array_equal(merged["train"]["images"][merged["train"]["origin"] == origin], expected)
        for column in ["images", "labels", "content_hash"]:
            np.testing.assert_array_equal(merged["test"][column], parts[0]["test"][column])
        parents = dict(zip(merged["train"]["sample_id"], merged["train"]["family_id"]))
        children = merged["train"]["origin"] == AUGMENTED
        self.assertEqual([parents[p] for p in merged["train"]["parent_id"][children]], merged["train"]["family_id"][children].tolist())
        sources = json.loads((self.out / "manifest.json").read_text())["sources"]
        self.assertEqual([(s["name"], s["generator"], s["trained_on"]) for s in sources], [("hdf5/one", "", ""), ("b/real", "", ""), ("b/two", "g", "7")])
        filters = 'splits = ["train"]\nfrom_classes = ["7", "3"]\norigins = ["real"]\n'
        self.pack('[[source]]\nkind = "hdf5"\npath = "first"\n' + filters, "--force")
        one = parts[0]["train"]
        kept = np.isin(one["labels"], [3, 7]) & (one["origin"] == REAL)
        self.check("train", ["3", "7"], one["images"][kept], one["labels"][kept])
        self.assertEqual(list(load(self.out)[1]), ["train"])

    def test_datasets_of_patches(self):
        labels = (np.arange(20) % 10).astype(np.uint8)
        for prefix in ["train", "t10k"]:
            self.put(f"set/{prefix}-images-idx3-ubyte", idx_bytes(noise(20, 6, 8, seed=len(prefix))))
            self.put(f"set/{prefix}-labels-idx1-ubyte", idx_bytes(labels))
        first, second = self.root / "first", self.root / "second"
        self.pack('[[source]]\nkind = "idx"\npath = "set"\ntransforms = ["patches 2 1"]\n[[augment]]\nops = ["rotate 10"]\n', out=first)
        self.pack(first, out=second)
        self.pack('[[source]]\nkind = "hdf5"\nname = "a"\npath = "first"\n[[source]]\nkind = "hdf5"\nname = "b"\npath = "second"\n')
        whole, again, merged = load(first)[1]["train"], load(second)[1]["train"], load(self.out)[1]["train"]
        self.assertEqual(len(whole["labels"]), 80)
        for column in ["images", "labels", "origin"]:
            np.testing.assert_array_equal(again[column], whole[column])

        def done(out):
            with h5py.File(next(out.glob("train-*.h5")), "r") as shard:
                return [shard["operations"][i] for i in shard["operation"][...]]

        self.assertEqual(done(first), done(second))
        self.assertEqual(len(merged["labels"]), 160)

    def test_glyphs(self):
        letters = [chr(ord("A") + i) for i in range(26)]
        for classes, names in [("digits", self.DIGITS), ("letters", letters), ("symbols-37", self.DIGITS + letters + ["#"])]:
            self.pack(f'[[source]]\nkind = "glyphs"\nclasses = "{classes}"\nper_class = 3\nsize = 12\n', "--force")
            found, splits = load(self.out)
            self.assertEqual(found, names)
            self.assertEqual(splits["train"]["labels"].tolist(), list(range(len(names))) * 3)
            self.assertEqual(splits["train"]["images"].shape[3], 3 if classes == "symbols-37" else 1)
            self.assertEqual(len(np.unique(splits["train"]["content_hash"])), 3 * len(names))


class Folder(Trip):
    SOURCE = '[[source]]\nkind = "folder"\npath = "pictures"\n'

    def test_splits_and_unusual_names(self):
        names = ["#", "a b, \"c\"", "größe 😀", "x" * 200, "Z'%s\\n", "train"]
        expected = {}
        for i, split in enumerate(["train", "val", "test"]):
            made = self.classes(f"pictures/{split}", names, 3 + i, seed=i)
            expected[{"val": "validation"}.get(split, split)] = made
        self.pack(self.SOURCE)
        order = sorted(names, key=lambda name: name.encode())
        for split, made in expected.items():
            paths = sorted(made, key=lambda path: path.encode())
            rows = self.check(split, order, [made[p] for p in paths], [p.rsplit("/", 1)[0] for p in paths])
            self.assertEqual([path.split("/", 1)[1] for path in rows["source_path"]], paths)

    def test_pattern(self):
        labels = {f"{label}_{i:03}.png": label for i in range(4) for label in ["7", "a-b", "10"]}
        pixels = dict(zip(labels, noise(12, 8, 8)))
        for name, picture in pixels.items():
            self.put("pictures/" + name, picture)
        self.pack(self.SOURCE + 'pattern = "{label}_{index}"\n')
        paths = sorted(labels)
        self.check("train", sorted(set(labels.values())), [pixels[p] for p in paths], [labels[p] for p in paths])

    def test_every_format_and_mode(self):
        colour, grey = noise(1, 16, 16, 3)[0], noise(1, 16, 16, seed=1)[0]
        smooth = np.add.outer(np.arange(16) * 8, np.arange(16) * 7).astype(np.uint8)
        rgb, alpha = Image.fromarray(colour), Image.fromarray(grey)
        rgba, la = rgb.copy(), Image.fromarray(grey[::-1].copy())
        rgba.putalpha(alpha)
        la.putalpha(alpha)
        clear = rgb.quantize(16)
        clear.info["transparency"] = 3
        pictures = {"rgb.png": rgb, "grey.png": alpha, "rgba.png": rgba, "la.png": la, "palette.png": rgb.quantize(60)}
        pictures |= {"clear.png": clear, "bits.png": alpha.convert("1"), "deep.png": Image.fromarray(grey.astype(np.uint16) * 257)}
        pictures |= {"four.png": rgb.quantize(9), "c.jpg": Image.fromarray(np.dstack([smooth, smooth.T, smooth])), "g.JPEG": Image.fromarray(smooth)}
        pictures |= {"c.bmp": rgb, "g.bmp": alpha, "p.bmp": rgb.quantize(40), "c.ppm": rgb, "g.pgm": alpha}
        for name, picture in pictures.items():
            self.put("pictures/all/" + name, picture)
        self.put("pictures/all/interlaced.png", png(colour.astype(np.uint16), 8, 2, interlaced=True))
        self.pack(self.SOURCE + 'transforms = ["rgb"]\n')
        paths = sorted([*pictures, "interlaced.png"])
        seen = [pillow((self.root / "pictures/all" / path).read_bytes()) for path in paths]
        expected = [np.repeat(s, 3, axis=2) if s.shape[2] == 1 else s for s in seen]
        self.check("train", ["all"], expected, ["all"] * len(paths))
        self.assertEqual(self.quarantine(), {})

    def test_mixed_sizes(self):
        made = {"a/1.png": noise(1, 32, 32, 3)[0], "a/2.png": noise(1, 64, 96, seed=2)[0], "b/3.png": noise(1, 128, 64, 3, seed=3)[0]}
        for path, pixels in made.items():
            self.put("pictures/" + path, pixels)
        self.pack(self.SOURCE + 'transforms = ["rgb", "resize 32"]\n')
        names, splits = load(self.out)
        for path, image in zip(splits["train"]["source_path"], splits["train"]["images"]):
            pixels = made[path] if made[path].ndim == 3 else np.dstack([made[path]] * 3)
            down, across = pixels.shape[0] // 32, pixels.shape[1] // 32
            means = pixels.reshape(32, down, 32, across, 3).mean(axis=(1, 3))
            self.assertLess(np.abs(image - means).max(), 0.51, path)

    def test_sidecar(self):
        real = self.classes("photos", each=10)
        made = {f"{name}/g{i}.png": p for (i, name), p in zip(((i, n) for i in range(10) for n in ["cat", "dog"]), noise(20, 8, 8, seed=5))}
        lines = []
        for path, pixels in made.items():
            self.put("made/" + path, pixels)
            parent = path.replace("/g", "/")
            lines.append({"file": path, "prompt": "ein Bild, größer", "model": "m-1", "seed": 7, "parents": [parent], "cfg": {"scale": 7.5}})
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        self.put("made/metadata.jsonl", text)
        recipe = '[[source]]\nkind = "folder"\nname = "photos"\npath = "photos"\n[[source]]\nkind = "folder"\nname = "made"\npath = "made"\n'
        recipe += 'origin = "synthetic"\ngenerator = "m-1"\ntrained_on = "20"\nlicence = "CC0"\n[split]\ntest = 0.2\n'
        self.pack(recipe)
        self.assertEqual((self.out / "sidecar-1.jsonl").read_text(), text)
        manifest = json.loads((self.out / "manifest.json").read_text())
        source = manifest["sources"][1]
        self.assertEqual([source[k] for k in ["generator", "trained_on", "licence"]], ["m-1", "20", "CC0"])
        _, splits = load(self.out)
        held_out = splits["test"]["source_path"]
        self.assertEqual(len(held_out), 4)
        orphans = {"made: " + path.replace("/", "/g") for path in held_out}
        self.assertEqual(set(self.quarantine()), orphans)
        self.assertTrue(all("held-out" in why for why in self.quarantine().values()))
        train = splits["train"]
        family = {(o, p): f for o, p, f in zip(train["origin"], train["source_path"], train["family_id"])}
        self.assertEqual(len(family), 32)
        for path in made:
            if "made: " + path not in orphans:
                self.assertEqual(family[SYNTHETIC, path], family[REAL, path.replace("/g", "/")])
                np.testing.assert_array_equal(train["images"][train["source_path"].index(path), ..., 0], made[path])
        np.testing.assert_array_equal(splits["test"]["images"][..., 0], [real[path] for path in held_out])


class Csv(Trip):
    def test_pixels(self):
        images, labels = noise(20, 5, 5), ["zebra", "ant, small", 'the "big" one', "größe"] * 5
        text = io.StringIO(newline="")
        writer = csv.writer(text)  # CRLF
        writer.writerow(["label", *(f"pixel{i}" for i in range(25))])
        writer.writerows([label, *image.ravel()] for label, image in zip(labels, images))
        self.put("table.csv.gz", gzip.compress("\ufeff".encode() + text.getvalue().encode()))
        self.pack('[[source]]\nkind = "csv"\npath = "table.csv.gz"\n')
        self.check("train", sorted(set(labels), key=lambda name: name.encode()), images, labels)

    def test_paths(self):
        pictures = noise(12, 6, 6)
        rows = []
        for i, picture in enumerate(pictures):
            path = f"pic, {i}.png"
            self.put("lot/sub folder/" + path, picture)
            split = ["train", "val", "test"][max(0, i - 9)]
            made = i % 2 == 1 and split == "train"
            rows.append([path, ["10", "9"][i // 2 % 2], split, "synthetic" if made else "real", "a,b" if made else ""])
        with open(self.put("lot/table.csv", b""), "w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([["path", "label", "split", "origin", "generator"], *rows])
        self.pack('[[source]]\nkind = "csv"\npath = "lot/table.csv"\nimages = "sub folder"\n')
        for split, origin in [("train", REAL), ("train", SYNTHETIC), ("validation", REAL), ("test", REAL)]:
            word = {"validation": "val"}.get(split, split)
            chosen = [i for i, r in enumerate(rows) if (r[2], r[3]) == (word, ["real", "", "synthetic"][origin])]
            found = self.check(split, ["9", "10"], pictures[chosen], [rows[i][1] for i in chosen], origin)
            self.assertEqual(found["source_path"], [rows[i][0] for i in chosen])
        sources = json.loads((self.out / "manifest.json").read_text())["sources"]
        self.assertEqual([(s["origin"], s["generator"]) for s in sources if s["generator"]], [("synthetic", "a,b")])


def main():
    global PROGRAM
    PROGRAM = str(pathlib.Path(sys.argv[1]).resolve() / "titrate-prep")
    running.main()


if __name__ == "__main__":
    main()
