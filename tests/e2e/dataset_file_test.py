"""dataset.h5, which titrate-prep writes beside the shards: read by h5py it is all of them as one.

Usage: dataset_file_test.py BUILD_DIR. Needs h5py and numpy.
"""

import json
import pathlib
import sys
import unittest

import h5py
import numpy as np

import prep_test
import running
from prep_test import COLUMNS, RECIPE, run


class DatasetFile(prep_test.PrepCase):
    def check_file(self, folder):
        """dataset.h5 is the shards in the order of the manifest, column by column."""
        manifest = json.loads((folder / "manifest.json").read_text())
        parts = []
        for file in manifest["shards"]:
            with h5py.File(folder / file["name"], "r") as shard:
                parts.append({name: shard[name][...] for name in [*COLUMNS, "images", "source_path"]})
                operations, sources = shard["operations"][...], shard["sources"][...]
        splits = np.repeat([s["split"] for s in manifest["shards"]], [s["rows"] for s in manifest["shards"]])
        with h5py.File(folder / "dataset.h5", "r") as dataset:
            for name in parts[0]:
                joined = np.concatenate([part[name] for part in parts])
                self.assertEqual((dataset[name].dtype, dataset[name].shape), (joined.dtype, joined.shape), name)
                np.testing.assert_array_equal(dataset[name][...], joined, err_msg=name)
            numbers = h5py.check_enum_dtype(dataset["split"].dtype)
            self.assertEqual(numbers, {"train": 0, "validation": 1, "test": 2})
            self.assertEqual(dataset["split"][...].tolist(), [numbers[name] for name in splits])
            np.testing.assert_array_equal(dataset["operations"][...], operations)
            np.testing.assert_array_equal(dataset["sources"][...], sources)
            return dataset["images"][...]

    def test_is_all_shards(self):
        # A tenth of the folder has the pixels: the rest is a view of the shards.
        split = ["--set", "source.0.split=train", "--set", "split.test=0.1", "--set", "split.validation=0.2"]
        self.recipe.write_text(RECIPE + "[split]\n")
        self.assertEqual(self.pack(*split, "--set", "shards=7").returncode, 0)
        images = self.check_file(self.out)
        self.assertEqual(len(images), 300 + 2 * 210 + 200)
        self.assertLess((self.out / "dataset.h5").stat().st_size, 0.5 * images.nbytes)
        moved = self.root / "moved" / "else where"
        moved.parent.mkdir()
        self.out.rename(moved)
        np.testing.assert_array_equal(self.check_file(moved), images)
        self.assertTrue(images.any(axis=(1, 2, 3)).all())  # a shard that is not found reads as black
        self.assertEqual(run("verify", moved).returncode, 0)

    def test_with_a_shard_that_lost_all_images(self):
        for i in range(6):
            path = self.root / "pets" / str(i % 2) / f"{i}.pgm"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"P5\n4 4\n255\n" + (b"torn" if i in [2, 3] else bytes(range(i, i + 16))))
        self.recipe.write_text('name = "x"\nshards = 6\n[[source]]\nkind = "folder"\npath = "pets"\n')
        self.assertEqual(self.pack().returncode, 0)
        rows = [shard["rows"] for shard in json.loads((self.out / "manifest.json").read_text())["shards"]]
        self.assertEqual(sorted(rows), [0, 0, 1, 1, 1, 1])
        self.assertEqual(len(self.check_file(self.out)), 4)
        self.assertEqual(run("verify", self.out).returncode, 0)
        lines = [json.loads(line) for line in (self.out / "quarantine.jsonl").read_text().splitlines()]
        self.assertEqual([line["what"] for line in lines], ["folder: 0/2.pgm", "folder: 1/3.pgm"])


if __name__ == "__main__":
    prep_test.PROGRAM = str(pathlib.Path(sys.argv[1]).resolve() / "titrate-prep")
    running.main()
