"""titrate-prep from the outside: IDX files in, shards out, read back by h5py and h5ls.

Usage: prep_test.py BUILD_DIR. Needs h5py and numpy; uses real MNIST where TITRATE_DATA or ../shared/data beside
the repository has it.
"""

import gzip
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

import running
from soon import soon

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ""

COLUMNS = {
    "labels": "int32",
    "origin": "uint8",
    "sample_id": "uint64",
    "parent_id": "uint64",
    "family_id": "uint64",
    "content_hash": "uint64",
    "source": "uint32",
    "source_row": "uint64",
    "operation": "uint32",
}

RECIPE = """name = "example"
seed = 2
[[source]]
kind = "idx"
path = "set"
[[source]]
kind = "glyphs"
origin = "synthetic"
generator = "glyphs"
per_class = 20
size = 12
[[augment]]
ops = ["rotate 15", "zoom 0.8 1.2"]
copies = 2
"""


def idx_bytes(array):
    return struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def read_idx(path):
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    rank = data[3]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank]))


def find_mnist():
    roots = [os.environ.get("TITRATE_DATA", ""), REPOSITORY.parent / "shared" / "data"]
    for root in filter(None, roots):
        if (pathlib.Path(root) / "mnist").is_dir():
            return pathlib.Path(root)
    return None


def run(*arguments, **options):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def digests(folder):
    files = [p for p in folder.iterdir() if p.name != ".lock" and p.is_file()]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def read_split(folder, split):
    """All rows of a split, joined over its shards: the datasets by name."""
    parts = []
    for path in sorted(folder.glob(split + "-*.h5")):
        with h5py.File(path, "r") as shard:
            parts.append({name: shard[name][...] for name in [*COLUMNS, "images", "source_path"]})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class PrepCase(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="titrate prep "))
        self.addCleanup(shutil.rmtree, self.root)
        self.recipe = self.root / "recipe.toml"
        self.out = self.root / "out"
        self.recipe.write_text(RECIPE)
        generator = np.random.default_rng(1)
        self.images, self.labels = {}, {}
        for split, prefix, count in [("train", "train", 300), ("test", "t10k", 90)]:
            self.images[split] = generator.integers(0, 256, (count, 12, 12), np.uint8)
            self.labels[split] = (np.arange(count) * 7 % 10).astype(np.uint8)
            self.put(prefix + "-images-idx3-ubyte.gz", gzip.compress(idx_bytes(self.images[split])))
            self.put(prefix + "-labels-idx1-ubyte", idx_bytes(self.labels[split]))

    def put(self, name, data):
        (self.root / "set").mkdir(exist_ok=True)
        (self.root / "set" / name).write_bytes(data)

    def pack(self, *arguments, out=None, **options):
        return run("pack", self.recipe, "--out", out or self.out, "--data-root", self.root, *arguments, **options)

    def check_refused(self, result, code, *parts):
        """One line, ours, that names the place; this exit code; nothing on stdout."""
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertTrue(lines[0].startswith("titrate-prep: "), lines[0])
        for part in parts:
            self.assertIn(part, lines[0])

    def check_pack_refused(self, code, *parts, arguments=()):
        with soon(2):
            self.check_refused(self.pack(*arguments), code, *parts)
        self.assertFalse((self.out / "manifest.json").exists())
        self.assertEqual(list(self.out.glob("*.h5")), [])


class Packed(PrepCase):
    def test_h5py_finds_pixels_and_labels_in_order(self):
        result = self.pack("--set", "shards=4")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        self.assertIn("fingerprint", result.stdout)
        for split in ["train", "test"]:
            rows = read_split(self.out, split)
            count = len(self.images[split])
            self.assertEqual(rows["images"].shape[1:], (12, 12, 1))
            np.testing.assert_array_equal(rows["images"][:count, :, :, 0], self.images[split])
            np.testing.assert_array_equal(rows["labels"][:count], self.labels[split])
            np.testing.assert_array_equal(rows["source_row"][:count], np.arange(count))
            self.assertTrue((rows["origin"][:count] == 0).all())
        rows = read_split(self.out, "train")
        self.assertEqual(rows["origin"].tolist(), [0] * 300 + [1] * 600 + [2] * 200)
        # Children lie parent by parent; a family is called after the pixels of the real image.
        np.testing.assert_array_equal(rows["parent_id"][300:900], np.repeat(rows["sample_id"][:300], 2))
        np.testing.assert_array_equal(rows["family_id"][:300], rows["content_hash"][:300])
        np.testing.assert_array_equal(rows["family_id"][300:900], np.repeat(rows["content_hash"][:300], 2))
        self.assertEqual(len(np.unique(rows["sample_id"])), 1100)
        self.assertFalse((rows["images"][300:900:2] == rows["images"][301:900:2]).all(axis=(1, 2, 3)).any())

    def test_a_lone_shard_makes_sense(self):
        self.assertEqual(self.pack("--set", "shards=2").returncode, 0)
        with h5py.File(self.out / "train-00001-of-00002.h5", "r") as shard:
            for name, kind in COLUMNS.items():
                self.assertEqual((shard[name].dtype, shard[name].shape), (np.dtype(kind), (550,)), name)
            self.assertIsNone(shard["images"].chunks)
            names = h5py.check_enum_dtype(shard["origin"].dtype)
            self.assertEqual(names, {"real": 0, "augmented": 1, "synthetic": 2})
            attributes = {k: v.decode() if isinstance(v, bytes) else v for k, v in shard.attrs.items()}
            self.assertEqual(attributes["format"], "titrate-shard")
            self.assertEqual(attributes["dataset"], "example")
            self.assertEqual(attributes["split"], "train")
            self.assertEqual([int(attributes[k]) for k in ["version", "index", "count"]], [1, 1, 2])
            self.assertEqual([n.decode() for n in shard.attrs["class_names"]], [str(i) for i in range(10)])
            sources = [json.loads(text) for text in shard["sources"].asstr()[...]]
            self.assertEqual([s["name"] for s in sources], ["idx", "glyphs"])
            self.assertEqual(sources[1]["generator"], "glyphs")
            operations = [json.loads(text) for text in shard["operations"].asstr()[...]]
            self.assertEqual(operations, [[], ["rotate 15", "zoom 0.8 1.2"]])
            self.assertEqual(shard["source_path"].asstr()[0], "train-images-idx3-ubyte")

    def test_h5ls_reads_every_shard(self):
        if shutil.which("h5ls") is None:
            self.skipTest("no h5ls")
        self.assertEqual(self.pack().returncode, 0)
        for path in self.out.glob("*.h5"):
            listing = subprocess.run(["h5ls", "-v", path], capture_output=True, text=True)
            self.assertEqual((listing.returncode, listing.stderr), (0, ""))
            for name in [*COLUMNS, "images", "sources", "operations"]:
                self.assertRegex(listing.stdout, rf"(?m)^{name}\s+Dataset")
            self.assertNotIn("Modified:", listing.stdout)

    def test_threads_do_not_show(self):
        results = []
        for threads in [1, 2, 5]:
            out = self.root / f"out {threads}"
            self.assertEqual(self.pack("--threads", threads, out=out).returncode, 0)
            results.append(digests(out))
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])

    def test_manifest_inspect_and_verify_agree(self):
        self.assertEqual(self.pack("--seed", 7).returncode, 0)
        manifest = json.loads((self.out / "manifest.json").read_text())
        self.assertEqual(manifest["seed"], 7)
        pixels = self.images["train"] / 255
        self.assertAlmostEqual(manifest["mean"][0], pixels.mean(), places=12)
        self.assertAlmostEqual(manifest["deviation"][0], pixels.std(), places=12)
        for shard in manifest["shards"]:
            data = (self.out / shard["name"]).read_bytes()
            self.assertEqual((len(data), hashlib.sha256(data).hexdigest()), (shard["bytes"], shard["sha256"]))
        inspected = json.loads(run("inspect", self.out, "--json").stdout)
        self.assertEqual(inspected["images"], 1190)
        self.assertEqual(inspected["splits"], manifest["splits"])
        self.assertIn(manifest["fingerprint"], run("inspect", self.out).stdout)
        verified = run("verify", self.out)
        self.assertEqual((verified.returncode, verified.stderr), (0, ""))
        self.assertIn(manifest["fingerprint"], verified.stdout)

    def test_without_test_images_warns(self):
        result = self.pack("--set", "source.0.split=train")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"\Atitrate-prep: warning: .*no test images.*\n\Z")

    def test_help_lists_the_keys_of_a_recipe(self):
        text = run("pack", "--help").stdout
        for key in ["shard_megabytes", "origin", "per_class", "path", "ops", "copies"]:
            self.assertRegex(text, rf"(?m)^  {key} .*\((required|default: .+)\)$")


class Refused(PrepCase):
    def test_wrong_recipes(self):
        cases = [
            ("seed = 2", "sede = 2", 'recipe.toml:2: unknown key "sede"', 'did you mean "seed"?'),
            ("seed = 2", 'seed = "2"', "recipe.toml:2: seed", "wrong type"),
            ("size = 12", "size = 13", "glyphs: 0: the image has another shape than idx: train-images", "transforms = ["),
            ("size = 12", 'size = 12\nsplit = "test"', "source.1.split", "synthetic images are for training alone"),
            ("seed = 2", "seed = 2\nshards = 9999", "recipe.toml", "too many shards"),
        ]
        for old, new, *parts in cases:
            self.recipe.write_text(RECIPE.replace(old, new))
            self.check_pack_refused(2, *parts)
        self.recipe.write_text('name = "x"\n[[source]]\nkind = "idx"\npath = "set"\nclasses = 11\n')
        self.check_pack_refused(2, "recipe.toml", 'class "10" has no training image')

    def test_test_images_that_are_in_training(self):
        train = self.images["train"].copy()
        train[7] = self.images["test"][3]
        self.put("train-images-idx3-ubyte.gz", gzip.compress(idx_bytes(train)))
        self.check_pack_refused(3, "source idx, row 3 of t10k-images", "source idx, row 7 of train-images")

    def test_texts_that_cannot_be_written(self):
        name = os.fsdecode(b"name=\xff\xfe")
        self.check_pack_refused(2, "--set name=??: byte 5 is not UTF-8", arguments=["--set", name])
        self.recipe.write_bytes(RECIPE.encode().replace(b"example", b"ex\xffmple"))
        self.check_pack_refused(2, "recipe.toml", "is not UTF-8")
        self.recipe.write_text(RECIPE.replace('"set"', '"s\\u0000t"'))
        self.check_pack_refused(2, "recipe.toml:5: source.0.path", "control character")
        self.recipe.write_text(RECIPE.replace("per_class = 20", "per_class = 1000000000"))
        self.check_pack_refused(2, "source.1.per_class", "1 to 10000000")

    def test_a_nested_manifest(self):
        self.out.mkdir()
        (self.out / "manifest.json").write_text("[" * 1_000_000)
        self.check_refused(run("inspect", self.out), 3, "manifest.json", "nested too deeply")

    def test_wrong_options(self):
        for arguments in [[], ["pakc"], ["pack"], ["pack", "x", "--out"], ["pack", "--oot", "x"], ["verify"]]:
            self.check_refused(run(*arguments), 2)
        self.check_pack_refused(2, "--threads", arguments=["--threads", "0"])
        self.check_pack_refused(2, "--set source.1.perclass=1", 'mean "per_class"?', arguments=["--set", "source.1.perclass=1"])
        self.check_refused(run("inspect", self.root), 2, str(self.root))
        for arguments in [["--help"], ["--version"], ["pack", "--help"]]:
            self.assertEqual(run(*arguments).returncode, 0)

    def test_wrong_idx_files(self):
        images, labels = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"
        good_images, good_labels = (idx_bytes(a) for a in (self.images["train"], self.labels["train"]))
        cases = [
            (images, None, "missing"),
            (images, b"", "header is cut off"),
            (images, gzip.compress(good_images)[:-9], "cut off at byte"),
            (images, good_images[:-1], f"expected the file's end at byte {len(good_images)}, got {len(good_images) - 1}"),
            (images, good_images + b"\0", "after the last element"),
            (images, b"\1" + good_images[1:], "byte 0 (zero); expected 0, got 1"),
            (images, gzip.compress(good_images)[:200] + b"corrupt" + gzip.compress(good_images)[207:], "gzip"),
            (images, gzip.compress(idx_bytes(np.zeros((3000, 100, 100), np.uint8))), "plausibly"),
            (labels, good_labels[:8] + b"\x0a" + good_labels[9:], "label at byte 8 is out of range; expected 0 to 9, got 10"),
            (labels, idx_bytes(self.labels["train"][1:]), "expected 300, got 299"),
        ]
        for name, data, part in cases:
            before = (self.root / "set" / name).read_bytes()
            if data is None:
                (self.root / "set" / name).unlink()
                name_shown = name.removesuffix(".gz")
            else:
                self.put(name, data)
                name_shown = name
            self.check_pack_refused(3, name_shown, part)
            self.put(name, before)

    def test_folder_that_holds_a_dataset(self):
        self.assertEqual(self.pack().returncode, 0)
        before = digests(self.out)
        self.check_refused(self.pack(), 2, str(self.out), "--force")
        self.assertEqual(digests(self.out), before)
        self.assertEqual(self.pack("--force").returncode, 0)
        self.assertEqual(digests(self.out), before)

    def test_interrupted_packing_is_cleaned_up(self):
        self.assertEqual(self.pack("--set", "shards=3").returncode, 0)
        (self.out / "manifest.json").unlink()
        (self.out / ".train-00000-of-00001.h5.tmp99").write_bytes(b"half")
        (self.out / "theirs.txt").write_text("keep")
        self.assertEqual(self.pack().returncode, 0)
        names = {"train-00000-of-00001.h5", "test-00000-of-00001.h5", "dataset.h5", "manifest.json", "theirs.txt"}
        self.assertEqual(set(digests(self.out)), names)
        self.assertEqual(run("verify", self.out).returncode, 0)

    def test_killed_packing_publishes_nothing(self):
        arguments = ["--set", "source.1.per_class=40000", "--set", "shards=400", "--threads", "1"]
        command = [PROGRAM, "pack", self.recipe, "--out", self.out, "--data-root", self.root, *arguments]
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(self.out.glob(".packing/*.h5")) and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        self.assertEqual(process.wait(), -9)
        self.assertFalse((self.out / "manifest.json").exists())
        self.assertEqual(self.pack().returncode, 0)
        self.assertEqual(run("verify", self.out).returncode, 0)

    def test_damaged_datasets(self):
        self.assertEqual(self.pack().returncode, 0)
        shard = self.out / "train-00000-of-00001.h5"
        data = shard.read_bytes()
        for place in [0, len(data) // 2, len(data) - 1]:
            shard.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
            self.check_refused(run("verify", self.out), 3, shard.name)
        shard.write_bytes(data[:-1])
        self.check_refused(run("verify", self.out), 3, shard.name, "size")
        shard.unlink()
        self.check_refused(run("verify", self.out), 3, shard.name, "missing")
        other = self.root / "other"
        self.assertEqual(self.pack("--seed", 99, out=other).returncode, 0)
        shutil.copy(other / shard.name, shard)
        self.check_refused(run("verify", self.out), 3, shard.name)
        shard.write_bytes(data)
        manifest = self.out / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"deviation": [\n  0.', '"deviation": [\n  1.'))
        self.check_refused(run("verify", self.out), 3, "manifest.json", "changed")

    def test_folder_that_cannot_be_written(self):
        self.check_refused(self.pack(out="/proc/titrate"), 4, "/proc/titrate")
        self.check_refused(self.pack(out=self.recipe), 4, "recipe.toml")


class Mnist(unittest.TestCase):
    def test_with_70000_glyphs(self):
        root = find_mnist()
        if root is None:
            self.skipTest("no MNIST: TITRATE_DATA names no folder that has it")
        recipe = REPOSITORY / "launch" / "studies" / "mnist-synthetic" / "recipe.toml"
        results = []
        with tempfile.TemporaryDirectory(prefix="titrate prep ") as folder:
            for threads in [1, 2, 5]:
                out = pathlib.Path(folder) / str(threads)
                start = time.monotonic()
                packed = run("pack", recipe, "--out", out, "--data-root", root, "--threads", threads, "--quiet")
                print(f"MNIST with 70,000 glyphs on {threads} threads: {time.monotonic() - start:.1f} s", flush=True)
                self.assertEqual((packed.returncode, packed.stderr), (0, ""))
                results.append(digests(out))
            self.assertEqual(results[0], results[1])
            self.assertEqual(results[0], results[2])
            for split, prefix, count in [("train", "train", 60000), ("test", "t10k", 10000)]:
                files = {kind: next((root / "mnist").glob(f"{prefix}?{kind}*")) for kind in ["images", "labels"]}
                rows = read_split(out, split)
                np.testing.assert_array_equal(rows["images"][:count, :, :, 0], read_idx(files["images"]))
                np.testing.assert_array_equal(rows["labels"][:count], read_idx(files["labels"]))
                self.assertEqual(len(rows["labels"]), count if split == "test" else 130000)
            self.assertEqual(run("verify", out).returncode, 0)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv[1]).resolve() / "titrate-prep")
    running.main()
