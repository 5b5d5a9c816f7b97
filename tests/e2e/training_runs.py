"""Tiny datasets and sweeps for resume_test.py, training_test.py and weights_test.py: run, killed at a checkpoint, and read back."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv[1]).resolve()
REPOSITORY = Path(__file__).resolve().parents[2]
WORK = Path(tempfile.mkdtemp(prefix="titrate training "))
PRELOAD = DATASET = None
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])

RECIPE = """
name = "{name}"
seed = {seed}
{extra}
[[source]]
name = "hand"
kind = "glyphs"
origin = "real"
{classes}
per_class = {per_class}
[[source]]
name = "other hand"
kind = "glyphs"
origin = "real"
split = "test"
{classes}
per_class = 10
seed = {test_seed}
"""

# Every program runs with it. Ends its process as kill -9 does, after (or early: before) the TITRATE_KILL_AT-th checkpoint
# is in its place, and says of each checkpoint in the file TITRATE_CHECKPOINTS: its name, and how many its trial had
# before it. Nothing is synced, for speed: no test here cuts the power.
AT_CHECKPOINT = r"""
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <string>

static int whole_files(const std::string& folder, const std::string& trial) {
  int count = 0;
  DIR* open = opendir(folder.c_str());
  while (dirent* entry = open ? readdir(open) : nullptr) count += strncmp(entry->d_name, trial.c_str(), trial.size()) == 0;
  if (open) closedir(open);
  return count;
}

extern "C" int fsync(int) { return 0; }
extern "C" int fdatasync(int) { return 0; }
extern "C" int rename(const char* from, const char* to) {
  static const auto real = reinterpret_cast<int (*)(const char*, const char*)>(dlsym(RTLD_NEXT, "rename"));
  static int written = 0;
  const std::string path = to;
  if (path.find("/checkpoints/") == std::string::npos) return real(from, to);
  const char *at = getenv("TITRATE_KILL_AT"), *log = getenv("TITRATE_CHECKPOINTS");
  const bool last = at && ++written == atoi(at);
  if (last && getenv("TITRATE_KILL_EARLY")) kill(getpid(), SIGKILL);
  const std::size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  const int before = whole_files(path.substr(0, slash), name.substr(0, name.find('-')));
  const int result = real(from, to);
  if (FILE* file = log ? fopen(log, "a") : nullptr) {
    fprintf(file, "%s %d\n", name.c_str(), before);
    fclose(file);
  }
  if (last) kill(getpid(), SIGKILL);
  return result;
}
"""


def run(command, **more):
    environment = dict(os.environ, OMP_NUM_THREADS="1", LD_PRELOAD=str(PRELOAD or ""), **more.pop("env", {}))
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, timeout=300, **more)


def write(name, text):
    path = WORK / name
    path.write_text(text)
    return path


def pack(name, extra="", classes="", per_class=30, seed=1, test_seed=2):
    recipe = write(f"{name}.recipe.toml", RECIPE.format(name=name, extra=extra, classes=classes, per_class=per_class,
                                                        seed=seed, test_seed=test_seed))
    result = run([BUILD / "titrate-prep", "pack", recipe, "--out", WORK / name, "--quiet"])
    assert result.returncode == 0, result.stderr
    return WORK / name


def compile_preload():
    """Into a folder without spaces: the dynamic linker splits LD_PRELOAD at them."""
    global PRELOAD
    source = write("at_checkpoint.cpp", AT_CHECKPOINT)
    library = Path(tempfile.mkdtemp(prefix="titrate-preload-")) / "at_checkpoint.so"
    result = run(["g++", "-shared", "-fPIC", "-o", library, source, "-ldl"])
    assert result.returncode == 0, result.stderr
    PRELOAD = library


def sweep_command(study, dataset, out, *options, ranks=None):
    launcher = [] if ranks is None else MPIRUN + ["-np", str(ranks)]
    return launcher + [BUILD / "titrate", "sweep", study, "--dataset", dataset, "--out", out, "--quiet", "--device", "cpu", *options]


def rows_of(out):
    """trials.csv by trial id; of several conditions the last."""
    with open(out / "trials.csv", newline="") as file:
        return {row["trial"]: row for row in csv.DictReader(file)}


def records_of(out):
    """By trial id, what the journal says but who ran it and how long that took; a trial that stands twice is an error."""
    found = {}
    for file in sorted((out / "journal").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            assert record["trial"] not in found, f"{record['trial']} ran twice"
            found[record["trial"]] = {key: value for key, value in record.items() if key not in ("attempt", "timing", "crc")}
    return found


def results_of(out):
    """All that must not depend on how a sweep came to its end, as bytes by name."""
    files = [out / "trials.csv", *sorted((out / "weights").iterdir()), *sorted((out / "predictions").iterdir())]
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def checkpoints_of(log):
    """From a log of the preload: (trial, step, how many checkpoints the trial had before)."""
    found = []
    for line in log.read_text().splitlines() if log.exists() else []:
        name, before = line.split()
        trial, numerics, step, attempt = name.removesuffix(".safetensors").split("-")
        found.append((trial, int(step), int(before)))
    return found


def clean_up():
    shutil.rmtree(WORK)
    shutil.rmtree(PRELOAD.parent)


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


def prepare():
    """Once for each file of tests; returns the folder of their dataset."""
    global DATASET
    compile_preload()
    DATASET = pack("tiny digits")
    return DATASET


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
