"""How trials are trained, seen from outside: killed in the middle and resumed, the same at every width, refused where
settings make no sense; their weights in PyTorch; evaluate, predict and networks.

    python3 tests/e2e/training_test.py BUILD_FOLDER [unittest arguments, such as ResumeTest]
"""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy as np
import safetensors.torch
import torch
from safetensors import safe_open
from torch import nn

import training_runs
from training_runs import (BUILD, MPIRUN, REPOSITORY, WORK, checkpoints_of, pack, records_of, results_of, rows_of, run,
                           sweep_command, write)

# 240 images to train on, 12 steps an epoch.
STUDY = """
name = "tiny"
[network]
{network}
[train]
batch_size = 20
{train}
{more}
"""
PLAIN = 'layers = ["conv 4 5", "relu", "max_pool 4", "flatten", "dense 10"]'
NORMED = 'layers = ["conv 4 5", "batch_norm", "relu", "max_pool 4", "dropout 0.2", "flatten", "dense 10"]'
WATCHED = """
validation_fraction = 0.2
best_weights = true
augment = ["shift 2", "rotate 10"]
weight_decay = 0.01
schedule_epochs = 1
schedule_patience = 0
schedule_factor = 0.5
"""
NOISY = '[data]\nnoise_level = 0.2\nnoise_draw = "epoch"\n'
METRICS = ["test_accuracy", "test_loss", "macro_f1"]


def study(name, network=PLAIN, train="", more="", **keys):
    """`keys` of [train] as numbers; None leaves one out, for an axis."""
    numbers = {"epochs": 4, "learning_rate": 0.05, **keys}
    train += "".join(f"\n{key} = {value}" for key, value in numbers.items() if value is not None)
    return write(f"{name}.toml", STUDY.format(network=network, train=train, more=more))


def setUpModule():
    global DATASET
    training_runs.compile_preload()
    DATASET = pack("tiny digits")


def tearDownModule():
    training_runs.clean_up()


def in_order_of_predictions(dataset):
    """Rows of the test images by ascending sample id."""
    rows = np.flatnonzero(dataset["split"][:] == 2)
    return rows[np.argsort(dataset["sample_id"][:][rows])]


class SweepCase(unittest.TestCase):
    def out(self, name):
        return WORK / f"{type(self).__name__} {self._testMethodName} {name}"

    def sweep(self, name, file, *options, ranks=None, dataset=None, **more):
        out = self.out(name)
        result = run(sweep_command(file, dataset or DATASET, out, *options, ranks=ranks), **more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return out

    def kept_sweep(self, name, file, *options, **more):
        return self.sweep(name, file, "--keep", "all", *options, **more)

    def assertSameResults(self, out, reference):
        found, expected = results_of(out), results_of(reference)
        self.assertEqual(sorted(found), sorted(expected))
        self.assertEqual([name for name in expected if found[name] != expected[name]], [])
        self.assertEqual(records_of(out), records_of(reference))


class ResumeTest(SweepCase):
    """Killed right after a checkpoint, again and again, until the same command comes to its end."""

    EPOCHS = ["--checkpoint-epochs", "1", "--checkpoint-minutes", "0"]
    STEPS = ["--checkpoint-minutes", "1e-9"]

    def start(self, name, file, *options, kill_at=None, early=False, ranks=None):
        """One run of the command; its result, and the checkpoints that it wrote."""
        log = WORK / f"checkpoints {time.monotonic_ns()}"
        environment = {"TITRATE_CHECKPOINTS": str(log)}
        if kill_at:
            environment["TITRATE_KILL_AT"] = str(kill_at)
        if early:
            environment["TITRATE_KILL_EARLY"] = "1"
        result = run(sweep_command(file, DATASET, self.out(name), "--keep", "all", *options, ranks=ranks), env=environment)
        self.assertIn(result.returncode, (0, -signal.SIGKILL if ranks is None else 128 + signal.SIGKILL), result.stderr)
        return result, checkpoints_of(log)

    def resume_until_done(self, name, file, *options, kill_at, ranks=None):
        """Returns the checkpoints of each run, the last of which ended by itself."""
        runs = []
        while not runs or result.returncode != 0:
            result, written = self.start(name, file, *options, kill_at=kill_at, ranks=ranks)
            runs.append(written)
            self.assertLess(len(runs), 100, "it does not come to an end")
        return runs

    def check(self, file, *options, kill_at, ranks=None):
        whole, expected = self.start("whole", file, *options, ranks=ranks)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        runs = self.resume_until_done("killed", file, *options, kill_at=kill_at, ranks=ranks)
        # All runs together wrote what one alone does: none began a trial again.
        written = [(trial, step) for checkpoints in runs for trial, step, before in checkpoints]
        self.assertEqual(sorted(written), sorted((trial, step) for trial, step, before in expected))
        self.assertEqual(len(runs), len(written) // kill_at + 1)
        # Two are kept; a run that is cut off before it tidied up leaves one more to the next.
        left = [before for checkpoints in [expected, *runs] for trial, step, before in checkpoints[1:]]
        self.assertLessEqual(max(left, default=0), 2)
        for name in ("whole", "killed"):
            self.assertEqual(list((self.out(name) / "checkpoints").iterdir()), [])
        self.assertSameResults(self.out("killed"), self.out("whole"))
        return runs

    def test_every_optimizer_under_every_schedule(self):
        axes = """[axes]
"train.optimizer" = ["sgd", "adam", "adamw"]
"train.schedule" = ["constant", "step", "cosine", "one_cycle", "plateau"]
"""
        file = study("all", NORMED, WATCHED + "momentum = 0.9\nnesterov = true\n", NOISY + axes)
        runs = self.check(file, *self.EPOCHS, kill_at=2)
        rows = rows_of(self.out("whole"))
        self.assertEqual(len(rows), 15)
        self.assertEqual({step for checkpoints in runs for trial, step, before in checkpoints}, {12, 24, 36})
        # The three plateaus may be none.
        self.assertGreaterEqual(len({tuple(row[key] for key in METRICS) for row in rows.values()}), 12, "trials do not differ")
        rates = [{epoch["learning_rate"] for epoch in record["epochs"]} for record in records_of(self.out("whole")).values()
                 if record["settings"].get("train.schedule") == "plateau"]
        self.assertEqual(len(rates), 3)
        self.assertGreater(max(map(len, rates)), 1, "no plateau was seen")

    def test_inside_of_an_epoch(self):
        file = study("steps", NORMED, WATCHED + 'schedule = "cosine"\n', '[axes]\n"train.momentum" = [0.0, 0.9]\n', epochs=2)
        runs = self.check(file, *self.STEPS, kill_at=5)
        stops = [checkpoints[-1][1] for checkpoints in runs[:-1]]
        self.assertGreater(len([step for step in stops if step % 12 != 0]), 5)

    def test_early_stopping_counts_on(self):
        file = study("early", NORMED, WATCHED + "early_stopping = 1\nclip_norm = 1.0\n", '[axes]\n"seed" = [0, 1, 2]\n', epochs=12,
                     learning_rate=0.4)
        self.check(file, *self.EPOCHS, kill_at=1)
        steps = [int(row["steps"]) for row in rows_of(self.out("whole")).values()]
        self.assertLess(min(steps), 12 * 12, "none stopped early")
        self.assertGreater(max(steps), 12)

    def test_several_ranks_on_each_trial(self):
        file = study("wide", NORMED, WATCHED + 'micro_batches = 2\nschedule = "plateau"\n', NOISY)
        self.check(file, *self.EPOCHS, "--width", "2", kill_at=2, ranks=2)
        alone = self.kept_sweep("alone", file)
        self.assertEqual(results_of(self.out("killed")), results_of(alone))

    def cut_off(self, kill_at, damage):
        """A trial killed at that checkpoint; its files are damaged; the steps at which it wrote the next."""
        file = study("damaged", NORMED, WATCHED)
        whole = self.kept_sweep("whole", file)
        result, written = self.start("killed", file, *self.EPOCHS, kill_at=kill_at)
        self.assertEqual([step for trial, step, before in written], [12 * (i + 1) for i in range(kill_at)])
        damage(sorted((self.out("killed") / "checkpoints").iterdir()))
        result, written = self.start("killed", file, *self.EPOCHS)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(list((self.out("killed") / "checkpoints").iterdir()), [])
        self.assertSameResults(self.out("killed"), whole)
        return [step for trial, step, before in written]

    def test_a_whole_checkpoint_is_used(self):
        self.assertEqual(self.cut_off(2, lambda files: None), [36])

    def test_a_flipped_bit_in_the_newest(self):
        def flip(files):
            data = bytearray(files[-1].read_bytes())
            data[-100] ^= 1
            files[-1].write_bytes(data)
        self.assertEqual(self.cut_off(2, flip), [24, 36])

    def test_the_newest_cut_short(self):
        self.assertEqual(self.cut_off(2, lambda files: os.truncate(files[-1], 1000)), [24, 36])

    def test_the_newest_empty(self):
        self.assertEqual(self.cut_off(3, lambda files: os.truncate(files[-1], 0)), [36])

    def test_both_damaged(self):
        self.assertEqual(self.cut_off(2, lambda files: [os.truncate(file, 9) for file in files]), [12, 24, 36])

    def test_killed_while_a_checkpoint_is_written(self):
        file = study("early_kill", NORMED, WATCHED)
        whole = self.kept_sweep("whole", file)
        result, written = self.start("killed", file, *self.EPOCHS, kill_at=2, early=True)
        self.assertEqual([step for trial, step, before in written], [12])
        result, written = self.start("killed", file, *self.EPOCHS)
        self.assertEqual([step for trial, step, before in written], [24, 36])
        self.assertSameResults(self.out("killed"), whole)

    def test_that_of_another_trial_is_not_gone_on_from(self):
        """A checkpoint of another seed under this trial's name: the trial starts from the beginning."""
        file = study("swapped", PLAIN)
        whole = self.kept_sweep("whole", file)
        self.start("other", file, *self.EPOCHS, "--set", "seed=1", kill_at=2)
        self.start("killed", file, *self.EPOCHS, kill_at=2)
        other = sorted((self.out("other") / "checkpoints").iterdir())
        for own in (self.out("killed") / "checkpoints").iterdir():
            shutil.copy(other[-1], own)
        result, written = self.start("killed", file, *self.EPOCHS)
        self.assertEqual([step for trial, step, before in written], [15, 30, 45])
        self.assertSameResults(self.out("killed"), whole)

    def test_killed_from_outside(self):
        file = study("outside", PLAIN, epochs=100)
        whole = self.kept_sweep("whole", file)
        out = self.out("killed")
        command = [str(part) for part in sweep_command(file, DATASET, out, "--keep", "all", "--checkpoint-minutes", "0.001")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not list((out / "checkpoints").glob("*.safetensors")):
                time.sleep(0.002)
            process.kill()
        self.assertEqual(process.returncode, -signal.SIGKILL, "it ended before its first checkpoint was seen")
        newest = max(int(file.stem.split("-")[-1]) for file in (out / "checkpoints").glob("*.safetensors"))
        result, written = self.start("killed", file, "--checkpoint-minutes", "1e-9")
        self.assertEqual([step for trial, step, before in written][0], newest + 1)
        self.assertSameResults(out, whole)


class WidthTest(SweepCase):
    def test_validation_decides_the_same(self):
        train = WATCHED + 'micro_batches = 4\nearly_stopping = 2\nschedule = "plateau"\nmomentum = 0.9\n'
        file = study("widths", NORMED, train, NOISY + '[axes]\n"seed" = [0, 1, 2]\n', epochs=12, learning_rate=0.2)
        alone = self.kept_sweep("alone", file)
        records = records_of(alone).values()
        self.assertTrue(any(len(record["epochs"]) < 12 for record in records), "none stopped early")
        self.assertTrue(any(record["best_epoch"] < len(record["epochs"]) for record in records))
        self.assertTrue(any(len({epoch["learning_rate"] for epoch in record["epochs"]}) > 1 for record in records))
        for width in (1, 2, 4):
            with self.subTest(width=width):
                out = self.kept_sweep(f"width {width}", file, "--width", width, ranks=4)
                self.assertSameResults(out, alone)


class DivergedTest(SweepCase):
    def test_one_among_sane_ones(self):
        file = study("diverged", PLAIN, "", '[axes]\n"train.learning_rate" = [0.01, 1e6, 0.05]\n', epochs=3, learning_rate=None)
        out = self.kept_sweep("run", file)
        by_rate = {float(row["learning_rate"]): row for row in rows_of(out).values()}
        for rate in (0.01, 0.05):
            self.assertEqual(by_rate[rate]["status"], "done")
            self.assertGreater(float(by_rate[rate]["test_accuracy"]), 0)
        bad = by_rate[1e6]
        self.assertEqual(bad["status"], "diverged")
        columns = list(bad)
        self.assertEqual({bad[name] for name in columns[columns.index("test_accuracy"):columns.index("calibration_error") + 1]}, {""})
        record = records_of(out)[bad["trial"]]
        self.assertRegex(record["reason"], r"^(training|test) loss was no finite number at step [1-9]\d*$")
        self.assertEqual(record["conditions"], [])
        self.assertFalse((out / "weights" / f"{bad['trial']}.safetensors").exists())
        before = results_of(out)
        self.assertEqual(self.kept_sweep("run", file), out)
        self.assertEqual(results_of(out), before)
        self.assertEqual(len(records_of(out)), 3)  # and none twice


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
        blocks = re.findall(r"^```python\n(.*?)^```", (REPOSITORY / "README.md").read_text(), re.M | re.S)
        loader = next((block for block in blocks if "load_file" in block), None)
        self.assertIsNotNone(loader, "README.md has no ```python block with load_file in it")
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


class NetworksTest(SweepCase):
    LENET5 = {"conv 6 5": "156", "conv 16 5 table=...": "1,516", "conv 120 5": "48,120", "dense 84": "10,164", "dense 10": "850"}

    def networks(self, *options):
        result = run([BUILD / "titrate", "networks", *options])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    @staticmethod
    def table(text):
        """By layer: output and parameters."""
        rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
        return {row[0]: row[1:3] for row in rows if len(row) >= 3}

    def test_the_zoo(self):
        names = [line.split()[0] for line in self.networks().splitlines()]
        for name in ("simple-cnn", "pytorch-cnn", "lenet5", "lenet5-modern", "patch-mlp", "noisy-cnn", "small-images-cnn", "resnet-20"):
            self.assertIn(name, names)
        for name in names:
            self.assertIn("total", self.table(self.networks(name)).keys() | set(self.networks(name).split()))

    def test_layers_with_their_parameters(self):
        text = self.networks("lenet5")
        found = self.table(text)
        self.assertEqual({layer: found[layer][1] for layer in self.LENET5}, self.LENET5)
        self.assertRegex(text, r"(?m)^total +60,806\b")
        self.assertRegex(self.networks("lenet5", "--classes", "26", "--images", "20x20x3"), r"(?m)^dense 26 .*\b2,210\b")

    def test_those_of_a_study(self):
        more = '[networks.small]\n' + PLAIN + '\n[axes]\n"network.name" = ["small", "simple-cnn"]\n"seed" = [0, 1]\n'
        file = study("networks", "", more=more)
        text = self.networks("--study", file)
        self.assertEqual(len(re.findall(r"(?m)^total ", text)), 2)
        self.assertEqual(self.table(text)["conv 4 5"][0], "4 x 24 x 24")
        self.assertRegex(text, r"(?m)^total +1,554\b")   # 4 x 25 + 4 + 144 x 10 + 10
        self.assertRegex(text, r"(?m)^total +21,840\b")  # simple-cnn
        coloured = pack("coloured", extra='transforms = ["rgb"]', per_class=2)
        file.write_text(f'dataset = "{coloured}"\n' + file.read_text())
        self.assertRegex(self.networks("--study", file), r"(?m)^total +1,754\b")

    def test_a_trial_is_named_by_layers(self):
        def rows(name, *layers):
            definitions = "".join(f"[networks.{'ab'[i]}]\n{text}\n" for i, text in enumerate(layers))
            more = definitions + '[axes]\n"network.name" = [' + ", ".join(f'"{"ab"[i]}"' for i in range(len(layers))) + "]\n"
            return rows_of(self.sweep(name, study(name, "", "", more)))

        other = PLAIN.replace("conv 4 5", "conv 5 5")
        first, second, both = rows("first", PLAIN), rows("second", other), rows("both", PLAIN, other)
        self.assertEqual([row["network"] for row in first.values()], ["a"])
        self.assertFalse(first.keys() & second.keys(), "other layers under the same name")
        self.assertEqual(len(both), 2)
        self.assertLess(first.items(), both.items())
        # The same layers learn the same, under another name or written into the study.
        (a,), (b,) = first.values(), second.values()
        metrics = {row["network"]: [row[key] for key in METRICS] for row in both.values()}
        self.assertEqual(metrics["b"], [b[key] for key in METRICS])
        written_out, = rows_of(self.sweep("out", study("out", PLAIN))).values()
        self.assertEqual([written_out[key] for key in METRICS], [a[key] for key in METRICS])


class SettingsTest(SweepCase):
    """What changes training does, and what has nothing to say does not."""

    BASE = {"train.validation_fraction": "0.2", "train.momentum": "0.5", "data.noise_level": "0.2", "train.epochs": "2"}

    def rows(self, name, settings, dataset=None):
        base = {**self.BASE, **settings}
        file = write("settings.toml", f'name = "s"\n[network]\n{PLAIN}\n[train]\nbatch_size = 20\nlearning_rate = 0.05\n')
        options = [part for key, value in base.items() for part in ("--axis" if "|" in value else "--set", f"{key}={value.replace('|', ',')}")]
        return rows_of(self.sweep(name, file, *options, dataset=dataset))

    @staticmethod
    def metrics(row):
        return tuple(row[key] for key in METRICS)

    def test_they_matter(self):
        uneven = pack("uneven", per_class=[40, 5, 30, 30, 30, 30, 30, 30, 30, 30])
        changes = {"data.label_noise": "0.3", "train.class_weights": "balanced", "data.standardise": "selection", "train.augment": '["shift 2"]',
                   "data.noise_draw": "epoch", "train.label_smoothing": "0.1", "train.clip_norm": "0.5", "train.weight_decay": "0.1",
                   "train.initial": "he", "data.denoise": '["denoise median 3"]', "train.optimizer": "adamw", "train.nesterov": "true",
                   "train.schedule": "cosine", "train.micro_batches": "4", "train.precision": "bf16"}
        base = next(iter(self.rows("base", {}, uneven).values()))
        seen = {self.metrics(base): "base"}
        for key, value in changes.items():
            with self.subTest(key=key):
                first, second = (self.rows(f"{key} {i}", {key: value}, uneven) for i in (1, 2))
                self.assertEqual(first, second, "not the same at a second run")
                (trial, row), = first.items()
                self.assertNotEqual(trial, base["trial"])
                self.assertEqual((row["status"], row["steps"], row["train_images"]), ("done", base["steps"], base["train_images"]))
                if key != "train.micro_batches":  # only cuts the batch, and rounds otherwise
                    self.assertNotIn(self.metrics(row), seen)
                seen[self.metrics(row)] = key

    def test_label_noise_may_go_one_way(self):
        metrics = {self.metrics(row) for to in ('"3"', '"4"', '""')
                   for row in self.rows(f"to {to[1:-1]}", {"data.label_noise": "0.3", "data.label_noise_to": to}).values()}
        self.assertEqual(len(metrics), 3)

    def test_what_has_nothing_to_say_changes_nothing(self):
        for settings, key, value in [({}, "train.beta1", "0.5"), ({}, "train.schedule_factor", "0.7"), ({}, "train.schedule_patience", "1"),
                                     ({}, "train.clip_norm", "1e9"), ({}, "data.label_noise_to", '"3"'),
                                     ({"data.noise_level": "0"}, "data.noise_draw", "epoch"),
                                     ({"train.optimizer": "adam"}, "train.momentum", "0.9"),
                                     ({}, "train.class_weights", "balanced")]:
            with self.subTest(key=key):
                base, = self.rows(f"{key} without", settings).values()
                with_it, = self.rows(f"{key} with", {**settings, key: value}).values()
                self.assertNotEqual(base["trial"], with_it["trial"])
                self.assertEqual(self.metrics(base), self.metrics(with_it))

    def test_arms_of_different_size_take_the_same_steps(self):
        rows = self.rows("steps", {"train.budget": "steps", "train.steps": "25", "data.size": "100|300"}).values()
        self.assertEqual({row["size"]: (row["train_images"], row["steps"]) for row in rows}, {"100": ("80", "25"), "300": ("240", "25")})
        rows = self.rows("epochs", {"data.size": "100|300"}).values()
        self.assertEqual({row["size"]: row["steps"] for row in rows}, {"100": "8", "300": "24"})


class BadInputTest(SweepCase):
    """One line of ours that names the key, soon; and nothing trained."""

    def refuse(self, names, command, code=2):
        start = time.monotonic()
        result = run(command)
        self.assertLess(time.monotonic() - start, 5)
        lines = result.stderr.splitlines()
        self.assertEqual((result.returncode, len(lines), result.stdout), (code, 1, ""), result.stderr)
        self.assertTrue(lines[0].startswith("titrate: "), lines[0])
        for name in names:
            self.assertIn(name, lines[0])

    def refuse_sweep(self, names, *options, file=None):
        out = self.out("out")
        self.refuse(names, sweep_command(file or study("bad", ""), DATASET, out, *options))
        self.assertFalse((out / "trials.csv").exists())
        self.assertEqual(list(out.glob("journal/*")) + list(out.glob("weights/*")) + list(out.glob("checkpoints/*")), [])

    def refuse_each(self, cases):
        for names, *settings in cases:
            with self.subTest(settings=settings):
                self.refuse_sweep(names, *[part for setting in settings for part in ("--set", setting)])

    def test_layers(self):
        normed = 'network.layers=["conv 4 5", "batch_norm", "flatten", "dense 10"]'
        self.refuse_each([
            (["network.layers", "convv 4 5", '"conv"'], 'network.layers=["convv 4 5"]'),
            (["layer 0 (conv 4 29)", "kernel", "28 x 28"], 'network.layers=["conv 4 29", "flatten", "dense 10"]'),
            (["layer 1 (dense 9)", "class", "10"], 'network.layers=["flatten", "dense 9"]'),
            (["20 x 20", "28 x 28"], 'network.layers=["flatten", "dense 10"]', "network.side=20"),
            (["train.batch_size", "2", "batch_norm"], normed, "train.batch_size=1"),
            (["train.batch_size", "8", "batch_norm"], normed, "train.batch_size=7", "train.micro_batches=4"),
            (["data.size", "16", "10", "batch_norm"], normed, "train.batch_size=64", "train.micro_batches=8", "data.size=10"),
            (["network.name", "lenet6", '"lenet5"'], "network.name=lenet6"),
        ])

    def test_values(self):
        for key in ("train.optimizer", "train.schedule", "train.initial", "train.class_weights", "train.precision", "train.budget", "data.mode",
                    "data.synthetic_classes", "data.trained_on", "data.noise_kind", "data.noise_draw", "data.standardise"):
            with self.subTest(key=key):
                self.refuse_sweep([key, "other", "expected"], "--set", f"{key}=other")
        self.refuse_each([
            (["train.validation_fraction", 'class "0"', "0.99"], "train.validation_fraction=0.99"),
            (["train.validation_fraction", "below 1"], "train.validation_fraction=1"),
            (["train.validation_fraction"], "train.schedule=plateau"),
            (["train.validation_fraction"], "train.early_stopping=1"),
            (["train.validation_fraction"], "train.best_weights=true"),
            (["train.nesterov", "train.momentum"], "train.nesterov=true"),
            (["train.steps", "1"], "train.budget=steps"),
            (["train.micro_batches", "power of two", "3"], "train.micro_batches=3"),
            (["train.label_smoothing", "1.1"], "train.label_smoothing=1.1"),
            (["train.clip_norm", "-1"], "train.clip_norm=-1"),
            (["train.learning_rate", "nan"], "train.learning_rate=nan"),
            (["train.learning_rate"], "train.learning_rate=0"),
            (["data.label_noise_to", "eleven"], "data.label_noise=0.1", "data.label_noise_to=eleven"),
            (["data.label_noise", "2"], "data.label_noise=2"),
            (["train.augment", "rotat 10", '"rotate"'], 'train.augment=["rotat 10"]'),
            (["train.augment", "rotate"], 'train.augment=["rotate"]'),
            (["data.denoise", "rgb", "denoise median"], 'data.denoise=["rgb"]'),
            (["data.denoise", "median"], 'data.denoise=["median"]'),
        ])

    def test_networks_of_a_study(self):
        for names, text in [(["networks.a", "no layers"], "[networks.a]\nside = 32\n"),
                            (["networks.a", "no layers"], "[networks.a]\nlayers = []\n"),
                            (["lenet5", "zoo"], '[networks.lenet5]\nlayers = ["flatten", "dense 10"]\n'),
                            (["networks.a.layer", "layers"], '[networks.a]\nlayer = ["flatten", "dense 10"]\n'),
                            (["flaten", '"flatten"'], '[networks.a]\nlayers = ["flaten", "dense 10"]\n'),
                            (["20 x 20", "28 x 28"], '[networks.a]\nlayers = ["flatten", "dense 10"]\nside = 20\n')]:
            with self.subTest(text=text):
                file = write("own.toml", f'name = "own"\n{text}[axes]\n"network.name" = ["a"]\n')
                self.refuse_sweep(names, file=file)

    def test_options(self):
        self.refuse_sweep(["--keep best", "validation"], "--keep", "best")
        self.refuse_sweep(["--keep", "sometimes", "none, best or all"], "--keep", "sometimes")
        self.refuse_sweep(["--checkpoint-minutes"], "--checkpoint-minutes", "-1")
        self.refuse_sweep(["--checkpoint-epochs"], "--checkpoint-epochs", "often")

    def test_evaluate(self):
        bare = self.sweep("bare", study("bare", PLAIN))
        evaluate = [BUILD / "titrate", "evaluate", bare, "--device", "cpu", "--quiet"]
        self.refuse(["bare", "no weights", "--keep"], evaluate)
        kept = self.kept_sweep("kept", study("bare", PLAIN))
        letters = pack("letters", classes='classes = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]', per_class=2)
        colour = pack("colour", extra='transforms = ["rgb"]', per_class=2)
        evaluate = [BUILD / "titrate", "evaluate", kept, "--device", "cpu", "--quiet"]
        self.refuse(["letters", "classes", "0, 1", "A, B"], [*evaluate, "--dataset", letters])
        self.refuse(["colour", "28 x 28 x 1", "28 x 28 x 3"], [*evaluate, "--dataset", colour])
        self.refuse(["nowhere"], [*evaluate, "--dataset", WORK / "nowhere"])
        self.refuse(["--noise-kinds", "snow"], [*evaluate, "--noise-kinds", "snow"])
        self.refuse(["--noise-levels", "-1"], [*evaluate, "--noise-levels", "-1"])
        self.refuse(["--noise-levels", "1", "2"], [*evaluate, "--noise-kinds", "salt_pepper", "--noise-levels", "2"])
        self.assertFalse((kept / "evaluations.csv").exists())

    def test_predict(self):
        kept = self.kept_sweep("kept", study("bare", PLAIN))
        trial = next(iter(rows_of(kept)))
        picture = WORK / "small.pgm"
        picture.write_bytes(b"P5\n20 20\n255\n" + bytes(400))
        predict = [BUILD / "titrate", "predict", kept]
        self.refuse(["no such trial", "zzz"], [*predict, "zzz", picture])
        self.refuse(["nowhere.png"], [*predict, trial, WORK / "nowhere.png"], code=4)
        self.refuse(["small.pgm", "28 x 28 x 1", "20 x 20 x 1", "--transform"], [*predict, trial, picture])
        self.refuse(["--transform", "resiz", '"resize"'], [*predict, trial, picture, "--transform", "resiz 28"])
        self.refuse(["bad.toml"], [*predict, trial, write("bad.toml", "no picture")], code=3)
        weights = kept / "weights" / f"{trial}.safetensors"
        weights.write_bytes(weights.read_bytes()[:-4])
        self.refuse([trial], [*predict, trial, picture], code=3)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
