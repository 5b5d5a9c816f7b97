"""Training from outside: diverged, refused where settings make no sense, each setting with its effect; networks.

    python3 tests/e2e/training_test.py BUILD_FOLDER [unittest arguments]
"""

import re
import sys
import unittest

import running
import training_runs
from soon import soon
from training_runs import (BUILD, METRICS, PLAIN, WORK, SweepCase, pack, records_of, results_of, rows_of, run, study,
                           sweep_command, write)


def setUpModule():
    global DATASET
    DATASET = training_runs.prepare()


def tearDownModule():
    training_runs.clean_up()


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
        with soon(5):
            result = run(command)
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
        self.refuse_sweep(["--keep", "sometimes", "none, best, all"], "--keep", "sometimes")
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
    running.main()
