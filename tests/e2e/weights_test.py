"""Weights that were kept: in PyTorch, by titrate evaluate, by titrate predict.

    python3 tests/e2e/weights_test.py BUILD_FOLDER [unittest arguments]
"""

import csv
import json
import re
import shutil
import sys
import unittest

import h5py
import numpy as np
import safetensors.torch
import torch
from safetensors import safe_open
from torch import nn

import running
import training_runs
from training_runs import (BUILD, MPIRUN, NORMED, PLAIN, REPOSITORY, WORK, SweepCase, pack, records_of, rows_of, run,
                           study, sweep_command)


def setUpModule():
    global DATASET
    DATASET = training_runs.prepare()


def tearDownModule():
    training_runs.clean_up()


def in_order_of_predictions(dataset):
    """Rows of the test images by ascending sample id."""
    rows = np.flatnonzero(dataset["split"][:] == 2)
    return rows[np.argsort(dataset["sample_id"][:][rows])]


class WeightsTest(SweepCase):
    """Kept weights in plain PyTorch."""

    NETWORKS = {
        "simple-cnn": lambda: nn.Sequential(
            nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
            nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10)),
        "lenet5-modern": lambda: nn.Sequential(  # whose images are padded
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 120, 5),
            nn.ReLU(), nn.Flatten(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
        "normed": lambda: nn.Sequential(
            nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(4), nn.Dropout(0.2), nn.Flatten(), nn.Linear(144, 20),
            nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 10)),
    }

    @classmethod
    def setUpClass(cls):
        more = '[networks.normed]\n' + NORMED.replace('"dense 10"', '"dense 20", "batch_norm", "relu", "dense 10"')
        axes = '\n[axes]\n"network.name" = ["simple-cnn", "lenet5-modern", "normed"]\n"data.standardise" = ["dataset", "selection", "none"]\n'
        cls.run_folder = WORK / "weights"
        file = study("weights", "", "momentum = 0.9\nvalidation_fraction = 0.2\nbest_weights = true\n", more + axes)
        result = run(sweep_command(file, DATASET, cls.run_folder, "--keep", "all"))
        assert result.returncode == 0, result.stderr

    @staticmethod
    def about(file):
        with safe_open(file, "pt") as opened:
            return json.loads(opened.metadata()["titrate"])

    @staticmethod
    def pictures():
        with h5py.File(DATASET / "dataset.h5") as dataset:
            test = in_order_of_predictions(dataset)
            return dataset["images"][:][test], dataset["labels"][:][test]

    def test_pytorch_says_the_same(self):
        pixels, labels = self.pictures()
        for trial, row in rows_of(self.run_folder).items():
            with self.subTest(network=row["network"], standardise=row["standardise"]):
                file = self.run_folder / "weights" / f"{trial}.safetensors"
                about = self.about(file)
                self.assertEqual((about["trial"], about["class_names"], about["image"]), (trial, [str(i) for i in range(10)], [28, 28, 1]))
                self.assertEqual(about["steps"], int(row["steps"]))
                network = self.NETWORKS[row["network"]]()
                network.load_state_dict(safetensors.torch.load_file(file), strict=True)
                channels, height, width = about["input"]
                frame = (width - 28) // 2
                images = np.pad(pixels[..., 0], [(0, 0), (frame, frame), (frame, frame)])
                table = torch.tensor(about["standardisation"]["table"])
                self.assertEqual(table.shape, (256,))
                with torch.no_grad():
                    probabilities = network.eval()(table[torch.from_numpy(images).long()][:, None]).softmax(1).numpy()
                said = np.load(self.run_folder / "predictions" / f"{trial}.npy")[0]
                np.testing.assert_array_equal(said["predicted"], probabilities.argmax(1))
                np.testing.assert_allclose(said["probability"], probabilities.max(1), atol=1e-5, rtol=0)
                self.assertAlmostEqual(float(row["test_accuracy"]), np.mean(said["predicted"] == labels), places=12)
                loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
                self.assertAlmostEqual(float(row["test_loss"]), float(loss), places=4)

    def test_the_readme_loads_them(self):
        """The README's own lines, in a folder laid out as they say, on any kept trial of simple-cnn."""
        blocks = re.findall(r"^```python\n(.*?)^```", (REPOSITORY / "launch" / "README.md").read_text(), re.M | re.S)
        loader = next((block for block in blocks if "load_file" in block), None)
        self.assertIsNotNone(loader, "launch/README.md has no ```python block with load_file in it")
        home = self.out("home")
        (home / "runs").mkdir(parents=True)
        (home / "runs" / "mine").symlink_to(self.run_folder)
        trial = next(trial for trial, row in rows_of(self.run_folder).items() if row["network"] == "simple-cnn")
        loader = re.sub(r"\bTRIAL\b", trial, loader)
        call = re.search(r"# (network\(.*?\)) for N x 1 x 28 x 28", loader)
        self.assertIsNotNone(call, "the block no longer says how the network is called on pixels")
        images = WORK / "images.npy"
        np.save(images, self.pictures()[0].transpose(0, 3, 1, 2).astype(np.int64))
        show = f"""
import numpy
pixels = torch.from_numpy(numpy.load({str(images)!r}))
numpy.save("said.npy", {call.group(1)}.softmax(1).detach().numpy())
"""
        result = run([sys.executable, "-c", loader + show], cwd=home)
        self.assertEqual(result.returncode, 0, result.stderr)
        said, probabilities = np.load(self.run_folder / "predictions" / f"{trial}.npy")[0], np.load(home / "said.npy")
        np.testing.assert_array_equal(probabilities.argmax(1), said["predicted"])
        np.testing.assert_allclose(probabilities.max(1), said["probability"], atol=1e-5, rtol=0)

    def test_best_of_each_cell(self):
        axes = '[axes]\n"train.learning_rate" = [0.02, 0.2]\n"seed" = [0, 1, 2]\n'
        file = study("best", PLAIN, "validation_fraction = 0.2\n", axes, learning_rate=None)
        out = self.sweep("best", file, "--keep", "best", ranks=2)
        cells = {}
        for trial, record in records_of(out).items():
            loss = float.fromhex(record["epochs"][-1]["validation_loss"])
            cells.setdefault(record["settings"]["train.learning_rate"], []).append((loss, trial))
        self.assertEqual([len(cell) for cell in cells.values()], [3, 3])
        self.assertEqual(sorted(file.stem for file in (out / "weights").iterdir()), sorted(min(cell)[1] for cell in cells.values()))
        whole = self.kept_sweep("all", file)
        for file in (out / "weights").iterdir():
            self.assertEqual(file.read_bytes(), (whole / "weights" / file.name).read_bytes())

    def test_none(self):
        out = self.sweep("none", study("none", PLAIN))
        self.assertEqual(list((out / "weights").iterdir()), [])


class EvaluateTest(SweepCase):
    @classmethod
    def setUpClass(cls):
        cls.other = pack("other writers", per_class=5, seed=7, test_seed=8)
        axes = '[axes]\n"data.noise_level" = [0.0, 0.2]\n"train.optimizer" = ["sgd", "adam"]\n'
        cls.file = study("evaluated", NORMED, "validation_fraction = 0.2\n", axes)
        cls.trained = WORK / "evaluated"
        result = run(sweep_command(cls.file, DATASET, cls.trained, "--keep", "all"))
        assert result.returncode == 0, result.stderr

    def evaluate(self, name, *options, ranks=None):
        """evaluations.csv of a copy of the run, and its rows."""
        out = self.out(name)
        if not out.exists():
            shutil.copytree(self.trained, out)
        launcher = [] if ranks is None else MPIRUN + ["-np", str(ranks)]
        result = run(launcher + [BUILD / "titrate", "evaluate", out, "--device", "cpu", "--quiet", *options])
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(out / "evaluations.csv", newline="") as file:
            return (out / "evaluations.csv").read_bytes(), list(csv.DictReader(file))

    def test_its_own_condition_gives_its_own_numbers(self):
        data, rows = self.evaluate("one", "--noise-levels", "0,0.2")
        self.assertEqual(len(rows), 8)
        trained = rows_of(self.trained)
        same = [row for row in rows if row["test_noise_level"] == trained[row["trial"]]["test_noise_level"]]
        self.assertEqual(len(same), 4)
        for row in same:
            of_study = trained[row["trial"]]
            for name, key in (("test_accuracy", "test_accuracy"), ("test_loss", "test_loss"), ("macro_f1", "macro_f1"),
                              ("weighted_f1", "weighted_f1"), ("calibration_error", "calibration_error")):
                self.assertEqual(row[name], of_study[key], f"{row['trial']} {name}")
        self.assertEqual(len({row["test_loss"] for row in rows}), 8)
        self.assertEqual(self.evaluate("two", "--noise-levels", "0,0.2", ranks=2)[0], data)
        self.assertEqual(self.evaluate("one", "--noise-levels", "0,0.2")[0], data, "a second time")

    def test_other_noise_and_another_dataset(self):
        kinds = ["gaussian", "salt_pepper", "speckle", "uniform"]
        rows = self.evaluate("all", "--noise-kinds", ",".join(kinds), "--noise-levels", "0,0.4")[1]
        self.assertEqual(len(rows), 4 * (1 + 4))
        for trial in rows_of(self.trained):
            levels = [(row["test_noise_kind"], row["test_noise_level"]) for row in rows if row["trial"] == trial]
            self.assertEqual(sorted(levels), sorted([("gaussian", "0")] + [(kind, "0.4") for kind in kinds]))
            self.assertEqual(len({row["test_loss"] for row in rows if row["trial"] == trial}), 5)
        rows = self.evaluate("all", "--dataset", self.other)[1]
        self.assertEqual(len(rows), 4 * (1 + 4) + 4)
        others = {row["trial"]: row["test_loss"] for row in rows if row["dataset"] == "other writers"}
        self.assertEqual(len(others), 4)
        own = {row["trial"]: row["test_loss"] for row in rows if row["dataset"] != "other writers" and row["test_noise_level"] == "0"}
        for trial in own:
            self.assertNotEqual(own[trial], others[trial])
        self.assertEqual((self.out("all") / "trials.csv").read_bytes(), (self.trained / "trials.csv").read_bytes())

    def test_pytorch_says_the_same_of_another_dataset(self):
        rows = self.evaluate("peer", "--dataset", self.other)[1]
        with h5py.File(self.other / "dataset.h5") as dataset:
            test = in_order_of_predictions(dataset)
            pixels, labels = dataset["images"][:][test][..., 0], dataset["labels"][:][test]
        for row in rows:
            file = self.trained / "weights" / f"{row['trial']}.safetensors"
            network = nn.Sequential(nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(4), nn.Dropout(0.2), nn.Flatten(),
                                    nn.Linear(144, 10))
            network.load_state_dict(safetensors.torch.load_file(file))
            table = torch.tensor(WeightsTest.about(file)["standardisation"]["table"])
            with torch.no_grad():
                logits = network.eval()(table[torch.from_numpy(pixels).long()][:, None])
            self.assertEqual(row["test_images"], str(len(labels)))
            self.assertAlmostEqual(float(row["test_accuracy"]), float((logits.argmax(1).numpy() == labels).mean()), places=12)
            self.assertAlmostEqual(float(row["test_loss"]), float(nn.functional.cross_entropy(logits, torch.from_numpy(labels).long())), places=4)


class PredictTest(SweepCase):
    @classmethod
    def setUpClass(cls):
        cls.trained = WORK / "predicting"
        result = run(sweep_command(study("predicting", NORMED), DATASET, cls.trained, "--keep", "all"))
        assert result.returncode == 0, result.stderr
        cls.trial = next(iter(rows_of(cls.trained)))
        cls.pictures = WORK / "pictures"
        result = run([BUILD / "titrate-prep", "export", DATASET, "--to", "folder", "--out", cls.pictures])
        assert result.returncode == 0, result.stderr
        with open(cls.pictures / "images.csv", newline="") as file:
            paths = [cls.pictures / row["path"] for row in csv.DictReader(file)]
        with h5py.File(DATASET / "dataset.h5") as dataset:
            cls.test = [paths[row] for row in in_order_of_predictions(dataset)]
        cls.said = np.load(cls.trained / "predictions" / f"{cls.trial}.npy")[0]

    def predict(self, images, *options, trial=None):
        result = run([BUILD / "titrate", "predict", self.trained, trial or self.trial, *images, *options])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return [line.split("\t") for line in result.stdout.splitlines()]

    def assertSaid(self, lines, images):
        self.assertEqual([line[0] for line in lines], [str(image) for image in images])
        self.assertEqual([line[1] for line in lines], [str(said) for said in self.said["predicted"][:len(images)]])
        np.testing.assert_allclose([float(line[2]) for line in lines], self.said["probability"][:len(images)], atol=6e-5)

    def test_pictures_of_the_test_split(self):
        self.assertEqual(len(self.test), len(self.said))
        self.assertSaid(self.predict(self.test), self.test)
        self.assertSaid(self.predict(self.test[:3], trial=self.trial[:6]), self.test[:3])

    def pnm(self, name, pixels):
        path = WORK / name
        kind = b"P6" if pixels.ndim == 3 else b"P5"
        path.write_bytes(kind + f"\n{pixels.shape[1]} {pixels.shape[0]}\n255\n".encode() + pixels.tobytes())
        return path

    def test_colour_is_converted_and_size_transformed(self):
        pixels = WeightsTest.pictures()[0][:5, ..., 0]
        coloured = [self.pnm(f"{i}.ppm", np.repeat(image[..., None], 3, axis=2)) for i, image in enumerate(pixels)]
        self.assertSaid(self.predict(coloured), coloured)
        doubled = [self.pnm(f"{i}.pgm", image.repeat(2, axis=0).repeat(2, axis=1)) for i, image in enumerate(pixels)]
        self.assertSaid(self.predict(doubled, "--transform", "resize 28 cover"), doubled)
        inverted = [self.pnm(f"inverted {i}.pgm", 255 - image) for i, image in enumerate(pixels)]
        self.assertSaid(self.predict(inverted, "--transform", "invert"), inverted)
        self.assertNotEqual([line[2] for line in self.predict(inverted)], [line[2] for line in self.predict(coloured)])


if __name__ == "__main__":
    running.main()
