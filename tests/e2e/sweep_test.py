"""The whole way from drawn digits to trials.csv, with real processes: same bytes for every number of ranks, resume, and bad
input.

    python3 tests/e2e/sweep_test.py BUILD_FOLDER [unittest arguments, such as ResumeTest]
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import running
from soon import soon

BUILD = Path(sys.argv[1]).resolve()
WORK = Path(tempfile.mkdtemp(prefix="titrate sweep "))
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])

RECIPE = """
name = "tiny"
seed = 1
{extra}
[[source]]
name = "hand"
kind = "glyphs"
origin = "real"
per_class = 40
[[source]]
name = "other hand"
kind = "glyphs"
origin = "real"
split = "test"
per_class = 10
seed = 2
[[source]]
name = "drawn"
kind = "glyphs"
origin = "synthetic"
generator = "glyphs"
per_class = 40
seed = 3
"""

STUDY = """
name = "tiny"
[train]
epochs = 2
batch_size = 20
learning_rate = 0.05
momentum = 0.5
{train}
[axes]
"data.size" = [50, 300]
"data.synthetic_ratio" = [0.0, 1.0]
"data.noise_level" = [0.0, 0.3]
"seed" = [0, 1]
"""


def run(command, **more):
    environment = dict(os.environ, OMP_NUM_THREADS="1", **more.pop("env", {}))
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, timeout=300, **more)


def write(name, text):
    path = WORK / name
    path.write_text(text)
    return path


def pack(name, extra="", seed=1):
    recipe = write(f"{name}.recipe.toml", RECIPE.format(extra=extra).replace("seed = 1", f"seed = {seed}"))
    result = run([BUILD / "titrate-prep", "pack", recipe, "--out", WORK / name, "--quiet"])
    assert result.returncode == 0, result.stderr
    return WORK / name


def sweep_command(study, dataset, out, *options, ranks=None):
    launcher = [] if ranks is None else MPIRUN + ["-np", str(ranks)]
    return launcher + [BUILD / "titrate", "sweep", study, "--dataset", dataset, "--out", out, "--quiet", "--device", "cpu", *options]


def trials_csv(out):
    return (out / "trials.csv").read_bytes()


def journal_lines(out, pattern="*"):
    """Trial ids of all records, one for each line of every journal file; torn last lines are left out."""
    ids = []
    for file in sorted((out / "journal").glob(f"{pattern}.jsonl")):
        for line in file.read_text(errors="replace").splitlines():
            try:
                ids.append(json.loads(line)["trial"])
            except ValueError:
                pass
    return ids


def setUpModule():
    global DATASET, DATASET_8, BASE, REFERENCE
    DATASET = pack("one shard", "shards = 1")
    DATASET_8 = pack("eight shards", "shards = 8")
    BASE = write("study.toml", STUDY.format(train=""))
    result = run(sweep_command(BASE, DATASET, WORK / "reference"))
    assert result.returncode == 0, result.stderr
    REFERENCE = trials_csv(WORK / "reference")


def tearDownModule():
    shutil.rmtree(WORK)


class SameBytesTest(unittest.TestCase):
    def sweep(self, name, study, dataset, *options, ranks=None):
        out = WORK / f"{self.id()} {name}"
        result = run(sweep_command(study, dataset, out, *options, ranks=ranks))
        self.assertEqual(result.returncode, 0, result.stderr)
        return trials_csv(out)

    def test_columns_and_rows(self):
        lines = REFERENCE.decode().splitlines()
        self.assertEqual(lines[0], "trial,status,network,size,synthetic_ratio,noise_level,seed,test_noise_level,"
                         "train_images,steps,test_accuracy,test_loss,macro_precision,macro_recall,macro_f1,"
                         "weighted_precision,weighted_recall,weighted_f1,calibration_error,mcc,best_epoch")
        self.assertEqual(len(lines), 1 + 16)
        self.assertEqual(lines[1:], sorted(lines[1:]))
        accuracies = [float(line.split(",")[10]) for line in lines[1:]]
        self.assertGreater(max(accuracies), 0.3, "nothing was learned")
        self.assertGreater(len(set(accuracies)), 8, "trials do not differ")

    def test_any_number_of_ranks(self):
        for ranks in (1, 2, 4):
            self.assertEqual(self.sweep(f"{ranks} ranks", BASE, DATASET, ranks=ranks), REFERENCE, f"{ranks} ranks")

    def test_any_number_of_shards(self):
        shards = len(list(DATASET_8.glob("train-*.h5")))
        self.assertEqual(shards, 8)
        self.assertEqual(self.sweep("8 shards", BASE, DATASET_8, ranks=2), REFERENCE)

    def test_any_width(self):
        # 50 images less the validation ones, in batches of 16: the last batch has fewer images than parts.
        more = """micro_batches = 4
batch_size = 16
validation_fraction = 0.14
[network]
layers = ["conv 8 5", "relu", "max_pool 4", "dropout 0.3", "flatten", "dense 30", "relu", "dropout 0.5", "dense 10"]
"""
        study = write("micro.toml", STUDY.format(train="").replace("batch_size = 20\n", "").replace("[axes]", more + "[axes]"))
        alone = self.sweep("alone", study, DATASET)
        self.assertNotEqual(alone, REFERENCE)
        for width in (1, 2, 4):
            self.assertEqual(self.sweep(f"width {width}", study, DATASET, "--width", width, ranks=4), alone, f"width {width}")

    def test_several_conditions(self):
        study = write("conditions.toml", STUDY.format(train="[evaluate]\nnoise_levels = [0.0, 0.3, 0.6]"))
        rows = [line.split(",") for line in self.sweep("three", study, DATASET, ranks=2).decode().splitlines()[1:]]
        self.assertEqual(len(rows), 16 * 3)
        # What a network scores at its own noise level does not depend on the other conditions.
        metrics = {tuple(row[3:7]): row[8:] for row in (line.split(",") for line in REFERENCE.decode().splitlines()[1:])}
        for row in rows:
            if row[5] == row[7]:
                self.assertEqual(row[8:], metrics[tuple(row[3:7])])
        for trial in {row[0] for row in rows}:
            self.assertEqual([row[7] for row in rows if row[0] == trial], ["0", "0.3", "0.6"])
            self.assertEqual(len({row[11] for row in rows if row[0] == trial}), 3, "conditions have the same loss")


class DivergedTest(unittest.TestCase):
    def test_a_loss_that_is_no_number_is_a_result_without_metrics(self):
        for epochs in (1, 2):  # seen in a later step, or only by the test
            out = WORK / f"diverged {epochs}"
            options = ["--set", "train.learning_rate=1e30", "--set", "train.batch_size=1000", "--set", f"train.epochs={epochs}"]
            result = run(sweep_command(BASE, DATASET, out, *options))
            self.assertEqual(result.returncode, 0, result.stderr)
            for line in trials_csv(out).decode().splitlines()[1:]:
                self.assertEqual(line.split(",")[1], "diverged")
                self.assertEqual(line.split(",")[10:], [""] * 11)


class InstallTest(unittest.TestCase):
    def test_an_installed_tree_runs_from_anywhere(self):
        self.assertEqual(run(["cmake", "--install", BUILD, "--prefix", WORK / "first place"]).returncode, 0)
        (WORK / "first place").rename(WORK / "second place")
        programs = WORK / "second place" / "bin"
        out = WORK / "installed"
        command = ["bash", programs / "titrate-run-local"] + sweep_command(BASE, DATASET, out)[1:]
        result = run(command, env={"TITRATE_RANKS": "2"}, cwd="/")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(trials_csv(out), REFERENCE)
        self.assertEqual(run([programs / "titrate-prep", "verify", DATASET]).returncode, 0)


class ResumeTest(unittest.TestCase):
    def test_nothing_runs_twice_and_report_is_derived(self):
        out = WORK / "resume"
        run(sweep_command(BASE, DATASET, out, ranks=2))
        before = journal_lines(out)
        self.assertEqual(len(before), 16)
        again = run(sweep_command(BASE, DATASET, out, ranks=2))
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(sorted(journal_lines(out)), sorted(before))
        for name in ("trials.csv", "cells.csv", "summary.json", "report.html"):
            (out / name).unlink()
        self.assertEqual(run([BUILD / "titrate", "report", out]).returncode, 0)
        self.assertEqual(trials_csv(out), REFERENCE)
        self.assertTrue((out / "report.html").exists())

    def test_a_changed_study_keeps_what_it_shares(self):
        out = WORK / "changed"
        run(sweep_command(BASE, DATASET, out, "--axis", "seed=0"))
        self.assertEqual(len(journal_lines(out)), 8)
        command = [part for part in sweep_command(BASE, DATASET, out) if part != "--quiet"]
        result = run(command)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("study changed: axis seed: [0] -> [0, 1]", result.stderr)
        self.assertEqual(len(journal_lines(out)), 16)
        self.assertEqual(trials_csv(out), REFERENCE)

    def test_a_held_folder_is_refused_by_name(self):
        out = WORK / "held"
        out.mkdir()
        stat = Path("/proc/self/stat").read_text()
        started = stat[stat.rindex(")") + 2:].split()[19]
        (out / ".lock").write_text(f"{os.uname().nodename} {os.getpid()} {started}\n")
        result = run(sweep_command(BASE, DATASET, out))
        self.assertEqual(result.returncode, 87)
        self.assertIn(f"process {os.getpid()}", result.stderr)


class FullDiskTest(unittest.TestCase):
    """A journal that cannot grow ends the run with 4 and one line, whichever rank it is; then the same command resumes."""

    @classmethod
    def setUpClass(cls):
        source = write("no_sync.cpp", "#include <cerrno>\nextern \"C\" int fdatasync(int) { errno = ENOSPC; return -1; }\n")
        cls.no_sync = WORK / "no_sync.so"
        assert run(["g++", "-shared", "-fPIC", "-o", cls.no_sync, source]).returncode == 0

    def fill(self, name, full_rank, ranks):
        out = WORK / f"full {name}"
        preload = f"""[ "${{OMPI_COMM_WORLD_RANK:-0}}" != {full_rank} ] || export LD_PRELOAD="$0"; exec "$@" """
        command = sweep_command(BASE, DATASET, out, ranks=ranks)
        program = command.index(BUILD / "titrate")
        # The dynamic linker splits LD_PRELOAD at spaces.
        with tempfile.NamedTemporaryFile(suffix=".so") as library:
            shutil.copy(self.no_sync, library.name)
            result = run(command[:program] + ["bash", "-c", preload, library.name] + command[program:])
        self.assertEqual(result.returncode, 4, result.stderr)
        ours = [line for line in result.stderr.splitlines() if line.startswith("titrate")]
        self.assertEqual(len(ours), 1, result.stderr)
        self.assertIn("jsonl", ours[0])
        self.assertFalse((out / "trials.csv").exists())
        self.assertEqual(run(command).returncode, 0)
        self.assertEqual(trials_csv(out), REFERENCE)

    def test_alone(self):
        self.fill("alone", 0, None)

    def test_rank_0_of_2(self):
        self.fill("rank 0", 0, 2)

    def test_rank_1_of_2(self):
        self.fill("rank 1", 1, 2)


class BadInputTest(unittest.TestCase):
    """One line of ours, that names the file or key, soon; and nothing published."""

    def refuse(self, code, names, command):
        with soon(2):
            result = run(command)
        ours = [line for line in result.stderr.splitlines() if line.startswith("titrate") or re.match(r"\d\d:\d\d:\d\d ", line)]
        self.assertEqual((result.returncode, len(ours)), (code, 1), ours)
        for name in names:
            self.assertIn(name, ours[0])
        return ours[0]

    def sweep(self, code, names, study=None, dataset=None, options=(), ranks=None, out=None):
        out = out or WORK / f"bad {self.id()}"
        line = self.refuse(code, names, sweep_command(study or BASE, dataset or DATASET, out, *options, ranks=ranks))
        self.assertFalse((out / "trials.csv").exists())
        return line

    def damaged_dataset(self, damage):
        copy = WORK / f"damaged {self.id()}"
        shutil.copytree(DATASET, copy)
        damage(copy)
        return copy

    def test_unknown_key_names_line_and_nearest(self):
        study = write("unknown.toml", "[train]\n\nepoch = 3\n")
        for ranks in (None, 2):
            self.sweep(2, ["unknown.toml:3", '"train.epoch"', '"train.epochs"'], study=study, ranks=ranks)

    def test_wrong_type(self):
        self.sweep(2, ["wrong.toml:2", "train.epochs"], study=write("wrong.toml", "[train]\nepochs = 0.5\n"))

    def test_empty_axis(self):
        self.sweep(2, ["empty.toml:2", '"seed"'], study=write("empty.toml", "[axes]\nseed = []\n"))
        self.sweep(2, ["--axis seed=", '"seed"'], options=["--axis", "seed="])

    def test_size_larger_than_the_data(self):
        self.sweep(2, ["data.size", "real", "400", "401"], options=["--axis", "data.size=100,401"])

    def test_ratio_larger_than_the_data(self):
        self.sweep(2, ["data.synthetic_ratio", "synthetic", "400", "600"], options=["--axis", "data.synthetic_ratio=2"])

    def test_what_stands_twice_or_nowhere(self):
        self.sweep(2, ["twice.toml:5", '"axes.train.epochs"'], study=write("twice.toml", '[train]\nepochs = 3\n[axes]\n"train.epochs" = [1]\ntrain.epochs = [2]\n'))
        self.sweep(2, ["trian.toml:1", '"trian"', '"train"'], study=write("trian.toml", "[trian]\n"))

    def test_a_study_written_by_hand_is_not_overwritten(self):
        out = WORK / "own"
        out.mkdir()
        own = out / "study.toml"
        own.write_text(BASE.read_text())
        self.sweep(2, ["study.toml"], study=own, out=out)
        self.assertEqual(own.read_text(), BASE.read_text())

    def test_the_wrong_launcher(self):
        command = ["env", "SLURM_STEP_NUM_TASKS=8"] + sweep_command(BASE, DATASET, WORK / "launcher")
        self.refuse(2, ["size 1 of 8", "--mpi=pmix"], command)

    def test_unknown_option(self):
        self.refuse(2, ["--outt"], sweep_command(BASE, DATASET, WORK / "none", "--outt", "x"))

    def test_missing_dataset(self):
        self.sweep(2, ["nowhere"], dataset=WORK / "nowhere")

    def test_network_that_does_not_fit(self):
        self.sweep(2, ["layer 2", "kernel"], options=["--set", 'network.layers=["conv 4 20", "relu", "conv 4 20", "flatten", "dense 10"]'])

    def test_width_that_does_not_divide(self):
        self.sweep(2, ["--width", "train.micro_batches"], options=["--width", "2"], ranks=2)

    def test_flipped_bit(self):
        def flip(folder):
            shard = next(folder.glob("train-*.h5"))
            data = bytearray(shard.read_bytes())
            data[len(data) // 2] ^= 4
            shard.write_bytes(data)
        self.sweep(3, ["train-00000-of-00001.h5"], dataset=self.damaged_dataset(flip), ranks=2)

    def test_missing_shard(self):
        self.sweep(3, ["train-00000-of-00001.h5"], dataset=self.damaged_dataset(lambda folder: next(folder.glob("train-*.h5")).unlink()))

    def test_shard_of_another_dataset(self):
        other = pack("other", "shards = 1", seed=9) / "train-00000-of-00001.h5"

        def swap(folder):
            self.assertNotEqual(other.read_bytes(), (folder / other.name).read_bytes())
            shutil.copy(other, folder)
        self.sweep(3, ["train-00000-of-00001.h5"], dataset=self.damaged_dataset(swap))

    def test_folder_that_cannot_be_written(self):
        self.sweep(4, ["/proc/titrate"], out=Path("/proc/titrate"))

    def test_damaged_journal_line_runs_again(self):
        out = WORK / "damaged journal"
        run(sweep_command(BASE, DATASET, out))
        file = next((out / "journal").glob("*.jsonl"))
        lines = file.read_text().splitlines(keepends=True)
        lines[3] = re.sub(r'"correct":\d', '"correct":9', lines[3], count=1)
        file.write_text("".join(lines))
        result = run(sweep_command(BASE, DATASET, out))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(":4: damaged line dropped", result.stderr)
        self.assertEqual(trials_csv(out), REFERENCE)


if __name__ == "__main__":
    running.main()
