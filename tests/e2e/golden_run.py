"""The small sweep whose results are golden: trained in two attempts, made neutral, and compared.

In the first attempt one trial diverges, by a fault; in the second, which trains all others, one fails, because a folder stands
where its predictions go. So it is known which, whatever the order of the trials and the number of ranks.
"""

import csv
import json
import os
import re

from golden import crc32c
from golden_files import BUILD, GOLDEN, WORK, neutral, output, run

DATASET, STUDY = GOLDEN / "dataset", GOLDEN / "study.toml"
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
DIVERGED = {"network.name": "plain", "data.synthetic_ratio": 0.0, "data.augmented_copies": 0, "data.noise_level": 0.0, "seed": 5}
FAILED = {"network.name": "normed", "data.synthetic_ratio": 1.0, "data.augmented_copies": 0, "data.noise_level": 0.2, "seed": 1}
REPORTS = ["trials.csv", "cells.csv", "epochs.csv", "per_class.csv", "timing.csv", "classification.json", "summary.json"]
# What another kind of processor, which rounds otherwise, may differ in: losses by little, the rest by an image of a class.
LOSS = re.compile("(train|test|validation)_loss")
SCORE = re.compile("(train|test|validation)_accuracy|(macro_|weighted_)?(precision|recall|f1)|calibration_error|mcc|best_epoch")
SPREAD = re.compile(".*_(sd|low|high)|gain.*|verdict")  # of two seeds: not compared


def fingerprint():
    return json.loads((DATASET / "manifest.json").read_text())["fingerprint"]


def list_trials(study, print_of_dataset):
    """Settings, as text, by trial id."""
    lines = output([BUILD / "tests" / "list_trials", study, print_of_dataset]).splitlines()
    return dict(line.split(" ", 1) for line in lines)


def trial_at(options):
    """The id of the trial at this point of the grid."""
    chosen = "\n".join(f"{json.dumps(key)} = [{json.dumps(value)}]" for key, value in options.items())
    study = WORK / "one trial.toml"
    study.write_text(STUDY.read_text().split("[axes]")[0] + "[axes]\n" + chosen + "\n")
    trial, = list_trials(study, fingerprint())
    return trial


def sweep(out, *options, ranks=None, **more):
    launcher = [] if ranks is None else [*MPIRUN, "-np", ranks]
    words = ["sweep", STUDY, "--dataset", DATASET, "--out", out, "--device", "cpu", "--quiet", *options]
    return run([*launcher, BUILD / "titrate", *words], **more)


def train(out, ranks):
    """`ranks`: with mpirun; alone where it is None."""
    point = [word for key, value in DIVERGED.items() for word in ("--axis", f"{key}={value}")]
    first = sweep(out, *point, ranks=ranks, env={"TITRATE_TEST": "1", "TITRATE_FAULT": "*:gradient:0:nan"})
    assert first.returncode == 0, first.stderr
    (out / "predictions" / f"{trial_at(FAILED)}.npy").mkdir()
    second = sweep(out, ranks=ranks)
    assert second.returncode == 5, f"exit code {second.returncode}: {second.stderr}"
    return second.stdout


def records_of(out):
    return [json.loads(line) for file in sorted((out / "journal").glob("*.jsonl")) for line in file.read_text().splitlines()]


def checked(record):
    """A record as a line of the journal."""
    body = json.dumps({key: value for key, value in record.items() if key != "crc"}, ensure_ascii=False, separators=(",", ":"))
    return f'{body[:-1]},"crc":"{crc32c(body.encode()):08x}"}}\n'


def neutral_study(out):
    return neutral((out / "study.toml").read_text(), {DATASET: "/datasets/golden"})


def keep(out, folder):
    """What a run folder is made of, without the names, paths and times of this machine."""
    (folder / "journal").mkdir(parents=True)
    (folder / "study.toml").write_text(neutral_study(out))
    for file in sorted((out / "journal").glob("*.jsonl")):
        text = ""
        for line in file.read_text().splitlines():
            record = json.loads(line)
            assert checked(record) == line + "\n", "the journal is written otherwise than it is made neutral here"
            record["timing"].update(train_seconds=0.5, test_seconds=0.125, total_seconds=0.75, host="node-1")
            record["reason"] = record["reason"].replace(str(out), "runs/golden")
            text += checked(record)
        (folder / "journal" / file.name).write_text(text)


def processor():
    """What rounding depends on."""
    with open("/proc/cpuinfo") as file:
        facts = dict(re.findall(r"^(\w[\w ]*?)\s*: (.*)$", file.read().split("\n\n")[0], re.M))
    kind = [f"{key}: {facts.get(key, '')}" for key in ("vendor_id", "cpu family", "model", "model name")]
    vectors = [flag for flag in ("avx", "avx2", "fma", "avx512f") if flag in facts.get("flags", "").split()]
    return "\n".join([*kind, "flags: " + " ".join(vectors)]) + "\n"


def is_near(name, expected, found):
    """Of one field of a table."""
    if expected == found or SPREAD.fullmatch(name):
        return True
    most = 0.01 if LOSS.fullmatch(name) else 0.1 if SCORE.fullmatch(name) else 0
    try:
        return abs(float(expected) - float(found)) <= most
    except ValueError:
        return False


def far_fields(expected, found):
    """Of two tables, as texts: the fields that may not differ so."""
    expected, found = [list(csv.reader(text.splitlines())) for text in (expected, found)]
    if len(expected) != len(found) or expected[0] != found[0]:
        return [f"{len(found)} lines of {found[0]}, expected {len(expected)} of {expected[0]}"]
    return [f"line {number}: {name} {now}, expected {then}" for number, rows in enumerate(zip(expected, found), 1)
            for name, then, now in zip(expected[0], *rows) if not is_near(name, then, now)]
