"""What titrate-prep does beside packing, from the outside: images without a recipe, export, inspect, montage, verify.

Usage: export_test.py BUILD_DIR. Needs h5py, numpy and Pillow.
"""

import csv
import json
import os
import re
import shutil
import signal
import struct
import subprocess

import h5py
import numpy as np
from PIL import Image

import round_trip_test as trips
from round_trip_test import AUGMENTED, REAL, SYNTHETIC, load, noise, run

MIXED = """transforms = ["crop 10 8"]
[split]
test = 0.2
validation = 0.1
[[source]]
kind = "glyphs"
classes = "digits"
per_class = 10
size = 10
[[source]]
kind = "glyphs"
name = "drawn"
origin = "synthetic"
generator = "drawn"
classes = "digits"
per_class = 4
size = 10
[[augment]]
ops = ["shift 1"]
"""
COLOUR = '[split]\ntest = 0.2\n[[source]]\nkind = "glyphs"\nclasses = "symbols-37"\nper_class = 5\nsize = 12\n'
SHORT = {"train": "train", "validation": "val", "test": "test"}
IDX = {"train": "train", "validation": "val", "test": "t10k"}
ORIGINS = ["real", "augmented", "synthetic"]


def read_idx(path):
    data = path.read_bytes()
    extent = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    assert data[:3] == b"\0\0\x08" and len(data) == 4 + 4 * data[3] + int(np.prod(extent))
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(extent)


def contents(target):
    """Bytes by path, of a folder or a file."""
    files = target.rglob("*") if target.is_dir() else [target]
    return {file.relative_to(target): file.read_bytes() for file in files if file.is_file()}


def bag(split, names, keep=lambda origin: True):
    """Images with their classes, whatever the order."""
    rows = zip(split["images"], split["labels"], split["origin"])
    return sorted((names[label], image.tobytes()) for image, label, origin in rows if keep(origin))


class PlainImages(trips.Trip):
    NOTE = r"\Atitrate-prep: there are no test images: a fifth of each class is held out .*\n\Z"

    def command(self, what, note=False):
        """From another working directory, without --data-root."""
        elsewhere = self.root / "some where"
        elsewhere.mkdir(exist_ok=True)
        given = os.path.relpath(what, elsewhere)
        result = run("pack", given, "--out", "../packed set", "--force", cwd=elsewhere)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, self.NOTE if note else r"\A\Z")
        self.assertEqual(run("verify", self.out).returncode, 0)
        return load(self.out)

    def test_folder(self):
        made = self.classes("my own pictures", each=10)
        for what in [self.root / "my own pictures", str(self.root / "my own pictures") + "/"]:
            names, splits = self.command(what, note=True)
            self.assertEqual(names, ["cat", "dog"])
            self.assertEqual(np.bincount(splits["test"]["labels"]).tolist(), [2, 2])
            seen = {p: i[..., 0] for s in splits.values() for p, i in zip(s["source_path"], s["images"])}
            self.assertEqual(set(seen), set(made))
            self.assertTrue(all((seen[path] == made[path]).all() for path in made))

    def test_files(self):
        images, labels = noise(40, 5, 5), np.arange(40) % 4
        np.savez(self.root / "a set.npz", X=images, y=labels)
        with open(self.root / "a set.csv", "w") as file:
            csv.writer(file).writerows([label, *image.ravel()] for label, image in zip(labels, images))
        with h5py.File(self.root / "a set.h5", "w") as file:
            file["images"], file["labels"] = images, labels
        for ending in ["npz", "csv", "h5"]:
            names, splits = self.command(self.root / f"a set.{ending}", note=True)
            self.assertEqual(names, list("0123"))
            self.assertEqual(np.bincount(splits["test"]["labels"]).tolist(), [2] * 4)
            seen = {int(r): (i, l) for s in splits.values() for r, i, l in zip(s["source_row"], s["images"], s["labels"])}
            np.testing.assert_array_equal([seen[i][0][..., 0] for i in range(40)], images)
            self.assertEqual([seen[i][1] for i in range(40)], labels.tolist())

    def test_own_dataset(self):
        first = self.root / "first one"
        self.pack(MIXED, out=first)
        names, before = load(first)
        found, after = self.command(first)
        self.assertEqual(found, names)
        for split in before:
            for column in ["images", "labels", "origin", "content_hash"]:
                np.testing.assert_array_equal(after[split][column], before[split][column])


class Export(trips.Trip):
    def export(self, form, name, *arguments, code=0):
        result = run("export", self.out, "--to", form, "--out", self.root / name, *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        return self.root / name

    def check_exported(self, form, path, names, splits, keep=lambda origin: True):
        arrays = np.load(path) if form == "npz" else None
        for split, rows in splits.items():
            kept = [i for i, origin in enumerate(rows["origin"]) if keep(origin)]
            images, labels = rows["images"][kept], rows["labels"][kept]
            if form == "npz":
                flat = images[..., 0] if images.shape[3] == 1 else images
                np.testing.assert_array_equal(arrays[SHORT[split] + "_images"], flat)
                np.testing.assert_array_equal(arrays[SHORT[split] + "_labels"], labels[:, None])
                np.testing.assert_array_equal(arrays[SHORT[split] + "_origin"], rows["origin"][kept])
            elif form == "idx":
                np.testing.assert_array_equal(read_idx(path / f"{IDX[split]}-images-idx3-ubyte"), images[..., 0])
                np.testing.assert_array_equal(read_idx(path / f"{IDX[split]}-labels-idx1-ubyte"), labels)
        if form != "folder":
            return
        with open(path / "images.csv", newline="", encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        wanted = [(s, i, l, o) for s, r in splits.items() for i, l, o in zip(r["images"], r["labels"], r["origin"]) if keep(o)]
        self.assertEqual(len(table), len(wanted))
        self.assertEqual(sorted(str(p.relative_to(path)) for p in path.rglob("*.png")), sorted(row["path"] for row in table))
        for row, (split, image, label, origin) in zip(table, wanted):
            self.assertEqual((row["split"], row["label"], row["origin"]), (SHORT[split], names[label], ORIGINS[origin]))
            self.assertEqual(row["path"].split("/")[:2], [row["split"], row["label"]])
            self.assertEqual(row["generator"], "drawn" if origin == SYNTHETIC else "")
            pixels = np.asarray(Image.open(path / row["path"]))
            np.testing.assert_array_equal(pixels.reshape(image.shape), image)

    def again(self, what, *arguments):
        out = self.root / "again"
        self.pack(what, "--force", *arguments, out=out)
        return load(out)

    def test_there_and_back(self):
        for recipe, forms in [(MIXED, ["folder", "idx", "npz"]), (COLOUR, ["folder", "npz"])]:
            self.pack(recipe, "--force")
            names, splits = load(self.out)
            for form in forms:
                for origin in [None, REAL, SYNTHETIC] if recipe == MIXED else [None]:
                    arguments = [] if origin is None else ["--origin", ORIGINS[origin]]
                    if recipe == MIXED and origin is None and form != "folder":
                        arguments = [word for name in ORIGINS for word in ["--origin", name]]
                    path = self.export(form, f"{form} {origin} {len(names)}" + (".npz" if form == "npz" else ""), *arguments)
                    keep = (lambda o, want=origin: o == want) if origin is not None else (lambda o: True)
                    kept = {s: r for s, r in splits.items() if any(map(keep, r["origin"]))}
                    self.check_exported(form, path, names, kept, keep)
                    if origin == SYNTHETIC or (recipe == MIXED and origin is None):  # train alone; not all real
                        continue
                    # Classes of IDX files are numbers.
                    more = ["--set", f"source.0.classes={json.dumps(names)}"] if form == "idx" else []
                    found, back = self.again(path, "--allow-leaks", *more)
                    # A folder has its classes in the order of their bytes; .npz files have no names.
                    named = [str(i) for i in range(len(names))] if form == "npz" else names
                    self.assertEqual(found, sorted(named) if form == "folder" else named)
                    for split in splits:
                        self.assertEqual(bag(back[split], found), bag(splits[split], named, keep))

    def test_the_table_keeps_origins(self):
        self.pack(MIXED)
        names, splits = load(self.out)
        path = self.export("folder", "given back")
        told = self.pack('[[source]]\nkind = "folder"\npath = "given back"\n', out=self.root / "loses", code=2)
        self.assertRegex(told.stderr, r"tells of \w+ images.* pack .*given back/images\.csv.* instead")
        self.export("npz", "mixed.npz", "--origin", "real", "--origin", "synthetic")
        told = run("pack", self.root / "mixed.npz", "--out", self.root / "loses")
        self.assertEqual(told.returncode, 2)
        self.assertRegex(told.stderr, "train_origin.*augmented or synthetic.*--origin real")
        told = run("pack", next(self.out.glob("train-*.h5")), "--out", self.root / "loses")
        self.assertEqual(told.returncode, 2)
        self.assertIn("pack its folder instead", told.stderr)
        told = run("pack", self.out / "dataset.h5", "--out", self.root / "loses")
        self.assertEqual(told.returncode, 2)
        # The folder alone knows of its table.
        for source in [path / "images.csv", path]:
            out = self.root / f"keeps {source.name}"
            self.pack(source, out=out)
            found, back = load(out)
            self.assertEqual(found, names)
            for split in splits:
                for origin in [REAL, SYNTHETIC]:
                    want = lambda o, origin=origin: o == origin
                    self.assertEqual(bag(back[split], names, want), bag(splits[split], names, want))
            refused = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
            self.assertEqual(len(refused), sum(int((s["origin"] == AUGMENTED).sum()) for s in splits.values()))
            self.assertTrue(all("augmented" in line["what"] and "[[augment]]" in line["why"] for line in refused))

    def test_unusual_names_come_back(self):
        names = ["#", 'a b, "c"', "größe 😀", "x" * 200, " lead", "trail ", "train", "01", "1", "-1", "a'b", "C:\\d", "*?", "%s"]
        made = self.classes("pictures", names, 3)
        self.pack('[[source]]\nkind = "folder"\npath = "pictures"\n')
        path = self.export("folder", "given back")
        for what in [path, path / "images.csv"]:
            found, splits = self.again(what)
            self.assertEqual(found, sorted(names, key=lambda name: name.encode()))
            whole = [row for split in splits.values() for row in bag(split, found)]
            self.assertEqual(sorted(whole), sorted((p.rsplit("/", 1)[0], i.tobytes()) for p, i in made.items()))

    def test_refused(self):
        self.pack(COLOUR)

        def no(part, form, name, *arguments, code=2):
            before = sorted(p for p in self.root.rglob("*"))
            result = run("export", self.out, "--to", form, "--out", self.root / name, *arguments)
            self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
            self.assertRegex(result.stderr, rf"\Atitrate-prep: [^\n]*{part}[^\n]*\n\Z")
            self.assertEqual(sorted(p for p in self.root.rglob("*")), before)

        no("colour.*export to folder or npz", "idx", "x")
        no("something already; choose another", "folder", "packed set")
        no("something already", "npz", "packed set/manifest.json")
        (self.root / "link").symlink_to("nowhere")
        no("something already", "npz", "link")
        no("has to end in .npz.*x.npz", "npz", "x")
        self.pack(MIXED, "--force")
        no("augmented and synthetic images too, and IDX files cannot tell.*--origin real", "idx", "x")
        no("augmented and synthetic images too.*--origin real", "npz", "x.npz")
        self.pack(COLOUR, "--force")
        no("no synthetic images", "npz", "x.npz", "--origin", "synthetic")
        no("did you mean \"folder\"", "foldr", "x")
        no("--origin", "folder", "x", "--origin", "fake")
        no("cannot create", "folder", "recipe.toml/x", code=4)
        no("cannot create", "npz", "recipe.toml/x.npz", code=4)
        # A damaged shard: nothing is left.
        shard = next(self.out.glob("test-*.h5"))
        data = shard.read_bytes()
        shard.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        for form, name in [("folder", "x"), ("npz", "x.npz")]:
            no(shard.name, form, name, code=3)

    def kill(self, form, target, whole):
        """While something of it is there; again where that was the whole."""
        for _ in range(20):
            before = set(self.root.iterdir())
            command = [trips.PROGRAM, "export", self.out, "--to", form, "--out", target]
            process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
            while set(self.root.iterdir()) == before and process.poll() is None:
                pass
            process.send_signal(signal.SIGKILL)
            process.wait()
            if not target.exists():
                self.assertNotEqual(set(self.root.iterdir()), before)
                return
            self.assertEqual(contents(target), whole, "it is torn")
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        self.fail(f"{form}: each time it was over before it could be killed")

    def test_killed(self):
        self.pack('[[source]]\nkind = "glyphs"\nclasses = "digits"\nper_class = 60\nsize = 8\n')
        mine = self.put("x.partial/keep", "mine")
        for form, name in [("folder", "x"), ("npz", "x.npz")]:
            whole = contents(self.export(form, f"whole {name}"))
            self.kill(form, self.root / name, whole)
            self.assertEqual(contents(self.export(form, name)), whole)
        self.assertEqual(mine.read_text(), "mine")
        self.assertEqual(len(list((self.root / "x").rglob("*.png"))), 600)
        self.assertFalse((self.root / "x/.lock").exists())
        self.assertFalse((self.root / ".x.exporting").exists())


class Inspect(trips.Trip):
    def test_counts_and_levels(self):
        self.pack(MIXED)
        names, splits = load(self.out)
        text, found = run("inspect", self.out).stdout, json.loads(run("inspect", self.out, "--json").stdout)
        self.assertEqual(found["images"], sum(len(s["labels"]) for s in splits.values()))
        for split, rows in splits.items():
            for origin, word in enumerate(ORIGINS):
                chosen = rows["origin"] == origin
                counts = np.bincount(rows["labels"][chosen], minlength=10)
                self.assertEqual(found["splits"][split][word], counts.tolist())
                for label in range(10):
                    pixels = rows["images"][chosen & (rows["labels"] == label)]
                    self.assertAlmostEqual(found["brightness"][split][word][label], pixels.mean() if len(pixels) else 0, places=9)
                if counts.sum():
                    self.assertRegex(text, rf"(?m)^class .*{split} {word}  level")
        first = re.search(r"(?m)^0 +(\S+) +(\S+) ", text)
        rows = splits["train"]
        pixels = rows["images"][(rows["labels"] == 0) & (rows["origin"] == REAL)]
        self.assertEqual(first.groups(), (str(len(pixels)), f"{pixels.mean():.1f}"))
        self.assertEqual([s["images"] for s in found["sources"]], [sum(int((s["source"] == i).sum()) for s in splits.values()) for i in range(2)])

    def test_duplicates_and_imbalance(self):
        made = self.classes("pictures", each=5)
        picture = made["cat/0.png"]
        for name in ["cat/twin.png", "dog/other.png", "dog/5.png", "dog/6.png"]:
            self.put("pictures/" + name, picture if name != "dog/5.png" else made["dog/1.png"])
        self.pack('[[source]]\nkind = "folder"\npath = "pictures"\n')
        found, text = json.loads(run("inspect", self.out, "--json").stdout), run("inspect", self.out).stdout
        self.assertEqual(found["duplicates"], {"images": 6, "pictures": 2, "with_several_labels": 1})
        self.assertEqual(found["imbalance"], {"largest_class": "dog", "most": 8, "smallest_class": "cat", "fewest": 6})
        self.assertIn("6 images show 2 pictures, 1 of them under several labels", text)
        self.assertIn('6 real training images of "cat" to 8 of "dog"', text)

    def test_montage(self):
        self.pack(MIXED)
        names, splits = load(self.out)
        sheet_path = self.root / "a sheet.png"
        self.assertEqual(run("inspect", self.out, "--montage", sheet_path).returncode, 0)
        sheet = np.asarray(Image.open(sheet_path))
        joined = {c: np.concatenate([s[c] for s in splits.values()]) for c in ["images", "labels", "origin"]}
        strips = [(label, origin) for label in range(10) for origin in range(3)]
        most = min(16, max(((joined["labels"] == l) & (joined["origin"] == o)).sum() for l, o in strips))
        width = max(len(f"{names[l]} {ORIGINS[o]} {((joined['labels'] == l) & (joined['origin'] == o)).sum():,}") for l, o in strips)
        left, gap, side, across = 4 + 6 * width + 4, 2, 10, 8
        self.assertEqual(sheet.shape, (8 + 30 * (side + gap) - gap, left + most * (across + gap) - gap + 4))
        for line, (label, origin) in enumerate(strips):
            images = joined["images"][(joined["labels"] == label) & (joined["origin"] == origin)]
            wanted = min(16, len(images))
            for i in range(wanted):
                top, x = 4 + line * (side + gap), left + i * (across + gap)
                np.testing.assert_array_equal(sheet[top : top + side, x : x + across], images[-(-i * len(images) // wanted)][..., 0])
        refused = run("inspect", self.out, "--montage", self.root / "sheet.jpg")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn(".png", refused.stderr)

    def test_verify_sees_every_file(self):
        self.classes("pictures", each=4)
        self.put("pictures/cat/bad.png", b"")
        self.put("pictures/metadata.jsonl", '{"file": "cat/0.png", "prompt": "p"}\n')
        self.pack('[[source]]\nkind = "folder"\npath = "pictures"\n')
        for name in ["dataset.h5", "quarantine.jsonl", "sidecar-0.jsonl"]:
            path = self.out / name
            data = path.read_bytes()
            for place in [0, len(data) // 2, len(data) - 1]:
                path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
                result = run("verify", self.out)
                self.assertEqual((result.returncode, result.stdout), (3, ""))
                self.assertRegex(result.stderr, rf"\Atitrate-prep: [^\n]*{name}: [^\n]*\n\Z")
            path.unlink()
            result = run("verify", self.out)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(name, result.stderr)
            path.write_bytes(data)
        self.assertEqual(run("verify", self.out).returncode, 0)


if __name__ == "__main__":
    trips.main()
