"""What titrate-prep says to whoever makes a mistake: bad files are named in quarantine.jsonl, bad commands and recipes end in
one line that names the place and what to do, and nothing is published.

Usage: mistakes_test.py BUILD_DIR. Needs h5py, numpy and Pillow.
"""

import json
import os
import shutil

import numpy as np

import round_trip_test as trips
from round_trip_test import load, noise, run


class Quarantine(trips.Trip):
    SOURCE = '[[source]]\nkind = "folder"\npath = "pictures"\n'

    def test_each_bad_file_is_named(self):
        self.classes("pictures", each=4)
        whole = (self.root / "pictures/cat/0.png").read_bytes()
        bad = {"cat/short.png": (whole[:-20], "cut off|ends"), "cat/head.png": (whole[:20], "ends|cut off"), "cat/text.png": (b"not a picture\n", "")}
        bad |= {"dog/wrong.jpg": (whole, "PNG file whose name"), "dog/empty.png": (b"", "empty"), "dog/notes.txt": (b"hello", "not an image")}
        bad |= {"cat/flip.png": (whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], ""), "loose.png": (whole, "not in a class folder")}
        for name, (data, _) in bad.items():
            self.put("pictures/" + name, data)
        (self.root / "pictures/emu").mkdir()
        (self.root / "pictures/cat/gone.png").symlink_to("nowhere.png")
        bad |= {"emu": (b"", "no images in this class"), "cat/gone.png": (b"", "link that leads nowhere")}
        result = self.pack(self.SOURCE)
        found = self.quarantine()
        self.assertEqual(set(found), {"folder: " + name for name in bad})
        for name, (_, reason) in bad.items():
            self.assertRegex(found["folder: " + name], reason or ".")
        _, splits = load(self.out)
        files = sum(1 for path in (self.root / "pictures").rglob("*") if path.is_symlink() or path.is_file())
        self.assertEqual(len(splits["train"]["labels"]) + len(found) - 1, files)  # emu is a folder
        self.assertIn(f"left out {len(bad)} that cannot be packed", result.stdout)
        manifest = json.loads((self.out / "manifest.json").read_text())
        self.assertEqual(manifest["quarantined"], len(bad))
        self.assertIn("quarantine.jsonl", run("inspect", self.out).stdout)
        # One after the other, strictly.
        shutil.rmtree(self.out)
        for name in bad:
            path = self.root / "pictures" / name
            kept = {n: self.root / "pictures" / n for n in bad if n != name}
            for i, other in enumerate(kept.values()):
                if other.is_symlink() or other.exists():
                    other.rename(self.root / f"kept {i}")
            self.refused(self.pack(self.SOURCE + "strict = true\n", code=3), 3, name)
            for i, other in enumerate(kept.values()):
                (self.root / f"kept {i}").rename(other)
            self.assertTrue(path.is_symlink() or path.exists())

    def test_unreadable(self):
        options = {}
        if os.geteuid() == 0:  # who may read everything
            options = {"user": 65534, "group": 65534, "extra_groups": []}
            try:
                if run("--version", **options).returncode != 0:
                    self.skipTest("nobody cannot run the program")
            except PermissionError:
                self.skipTest("nobody cannot run the program")
        self.classes("pictures", each=3)
        (self.root / "pictures/cat/1.png").chmod(0)
        (self.root / "pictures/emu").mkdir(mode=0)
        self.root.chmod(0o777)
        recipe = self.put("recipe.toml", 'name = "x"\n' + self.SOURCE)
        result = run("pack", recipe, "--out", self.out, "--data-root", self.root, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({what: "Permission denied" in why for what, why in self.quarantine().items()}, {"folder: cat/1.png": True, "folder: emu": True})
        self.assertEqual(len(load(self.out)[1]["train"]["labels"]), 5)
        (self.root / "pictures").chmod(0)
        self.addCleanup((self.root / "pictures").chmod, 0o755)
        result = run("pack", recipe, "--out", self.root / "no", "--data-root", self.root, **options)
        self.assertRegex(result.stderr, r"\Atitrate-prep: [^\n]*pictures[^\n]*Permission denied[^\n]*\n\Z")
        self.assertEqual((result.returncode, result.stdout), (4, ""))


class Mistakes(trips.Trip):
    def no(self, what, *parts, code=2, arguments=(), out=None):
        result = run("pack", self.root / what, "--out", out or self.out, "--data-root", self.root, *arguments)
        self.refused(result, code, *parts)

    def test_folders(self):
        for i in range(3):
            self.put(f"flat/{i}.png", noise(1, 8, 8, seed=i)[0])
        self.no("flat", "no folder that could be a class", "a folder of its own", "source.0.pattern")
        (self.root / "nothing").mkdir()
        self.no("nothing", "no folder that could be a class")
        self.classes("deep/data/images")
        self.no("deep", '"data" would be the only class', "cat, dog", str(self.root / "deep/data/images"))
        self.classes("kaggle/train"), self.classes("kaggle/test", seed=1), self.classes("kaggle/extra", seed=2)
        self.no("kaggle", "named like splits", "extra", "move")
        for i in range(2):
            self.put(f"sizes/cat/{i}.png", noise(1, 8 + i, 8)[0])
            self.put(f"modes/cat/{i}.png", noise(1, 8, 8, *[3] * i)[0])
        self.no("sizes", "cat/1.png", "another shape than folder: cat/0.png", "resize")
        self.no("modes", "cat/1.png", "8 x 8 x 1, got 8 x 8 x 3", '"rgb"')
        for name in ["cat/1.webp", "dog/1.gif"]:
            self.put("others/" + name, b"RIFF")
        self.no("others", "WebP is not read; save it as PNG or JPEG")
        self.no("nowhere", "nowhere: there is no such", "working directory")
        self.classes("Big Splits/Train"), self.classes("Big Splits/TEST", seed=1)
        self.pack(self.root / "Big Splits")
        self.assertEqual(load(self.out)[0], ["cat", "dog"])
        self.assertEqual(len(load(self.out)[1]["test"]["labels"]), 12)

    def test_out(self):
        self.classes("pictures")
        self.refused(run("pack", self.root / "pictures"), 2, "--out is required", "pack --help")
        before = sorted(self.root.rglob("*"))
        for out in ["pictures", "pictures/cat/new", "pictures/../pictures/new"]:
            self.no("pictures", "lies in the folder of the images", "choose", out=self.root / out)
        self.assertEqual(sorted(self.root.rglob("*")), before)

    def test_parts_of_a_dataset(self):
        self.classes("pictures")
        first = self.root / "first"
        self.pack(self.root / "pictures", out=first)
        self.no("first/dataset.h5", "give their folder, " + str(first))
        self.no("first/manifest.json", "manifest.json", "a folder, or a file that ends in")
        self.refused(run("pack", first, "--out", first), 2, str(first))
        self.refused(run("inspect", first / "manifest.json"), 2, "no dataset in this folder")

    def test_recipes(self):
        def recipe(text):
            self.put("r.toml", 'name = "x"\n[[source]]\n' + text)

        recipe("kind = 'folder'\npath = 'C:\\Users\\me'\n")
        self.no("r.toml", "C:\\Users\\me", "no such folder", code=3)
        recipe('kind = "folder"\npath = "C:\\Users\\me"\n')
        self.no("r.toml", "r.toml:4")
        recipe('kind = "foldr"\npath = "x"\n')
        self.no("r.toml", "r.toml:3", 'did you mean "folder"?')
        recipe('kind = "csv"\npath = "gone.csv"\n')
        self.no("r.toml", "gone.csv", "missing", code=3)
        self.put("empty.csv", b"")
        self.no("empty.csv", "empty.csv", "empty", code=3)
        self.put("gone.csv", "path,label\nx.png,cat\n")
        self.no("gone.csv", "x.png: cannot open the file", "(gone.csv:2)")
        self.put("other.csv", "zip,label\nx.png,cat\n")
        self.no("other.csv", '"zip"', 'call that column "path"', code=3)
        self.put("class.csv", "filename,class\nx.png,cat\n")
        self.no("class.csv", "filename, class", "label =")
        self.put("words.txt", "hello")
        self.no("words.txt", "words.txt", ".npz, .csv or .h5")
        self.put("broken.npz", b"PK\3\4" + b"x" * 90)
        self.no("broken.npz", "broken.npz", code=3)
        self.put("broken.h5", b"x" * 90)
        self.no("broken.h5", "broken.h5", code=3)
        np.savez(self.root / "odd.npz", a=np.zeros((3, 4, 4), np.uint8))
        self.no("odd.npz", "odd.npz", "X and y", "got a", code=3)


if __name__ == "__main__":
    trips.main()
