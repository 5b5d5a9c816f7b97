"""What stays byte for byte: trial ids, fingerprints, tables, help, refusals; runs and datasets of earlier versions stay readable.

    python3 tests/e2e/golden_files_test.py BUILD_FOLDER [--update] [unittest arguments]

What is expected stands in tests/golden. --update writes it again, so that a change on purpose is a difference of these files.
It leaves alone what is there to be read: golden/dataset and golden/run, made by the version that was there then. They are made
anew where they are missing.
"""

import json
import os
import re
import shutil
import sys
import tomllib
import unittest

import golden_run
import refusals
import running
import training_runs
from golden_files import BUILD, GOLDEN, STUDIES, UPDATE, WORK, difference, find_data, golden, hold, neutral, output, remove, run
from golden_run import DATASET

MADE_UP = "0123456789abcdef"  # the fingerprint of datasets that need not be there
FRESH = ["trials.csv", "epochs.csv", "cells.csv", "per_class.csv"]


def pack(recipe, out, *options):
    result = run([BUILD / "titrate-prep", "pack", recipe, "--out", out, "--quiet", *options])
    assert result.returncode == 0, result.stderr
    return json.loads((out / "manifest.json").read_text())["fingerprint"]


def setUpModule():
    os.chdir(WORK)  # some refusals name the working directory
    if UPDATE and not DATASET.exists():
        pack(GOLDEN / "recipe.toml", DATASET)
        (DATASET / ".lock").unlink(missing_ok=True)
    if UPDATE and not (GOLDEN / "run").exists():
        golden_run.train(WORK / "recorded", 2)
        golden_run.keep(WORK / "recorded", GOLDEN / "run")
        (GOLDEN / "cpu.txt").write_text(golden_run.processor())


def tearDownModule():
    os.chdir("/")
    remove(WORK)
    remove(training_runs.WORK)


class TrialIds(unittest.TestCase):
    """Of each study its ids, in the order of the grid, and the settings that the first is the hash of."""

    def test_shipped_studies(self):
        text = ""
        for study in sorted(STUDIES.glob("*/study.toml")):
            trials = golden_run.list_trials(study, MADE_UP)
            first = next(iter(trials.values()))
            text += f"== {study.parent.name}: {len(trials)} trials\n{first}\n" + "".join(f"{trial}\n" for trial in trials)
        hold("trial-ids.txt", text)

    def test_every_key(self):
        trials = golden_run.list_trials(GOLDEN / "every-key.toml", MADE_UP)
        hold("every-key.txt", "".join(f"{trial} {settings}\n" for trial, settings in trials.items()))


class Recipes(unittest.TestCase):
    def test_shipped_recipes(self):
        found, missing, data = json.loads(golden("fingerprints.json") or "{}"), [], find_data()
        for recipe in sorted(STUDIES.glob("*/recipe.toml")):
            name, out = recipe.parent.name, WORK / recipe.parent.name
            paths = [source["path"] for source in tomllib.loads(recipe.read_text())["source"] if "path" in source]
            root = data / "mnist" if data and paths == ["."] else data
            if paths and not (root and all((root / path).is_dir() for path in paths)):
                missing.append(name)
                continue
            with self.subTest(recipe=name):
                found[name] = pack(recipe, out, *(["--data-root", root] if paths else []))
            remove(out)
        if missing:
            print("skipped: no data for the recipes", ", ".join(missing), flush=True)
        hold("fingerprints.json", json.dumps(found, indent=2, sort_keys=True) + "\n")


class Dataset(unittest.TestCase):
    """One that an earlier titrate-prep packed."""

    def test_it_stays_readable(self):
        commands = [["verify", DATASET], ["inspect", DATASET], ["inspect", DATASET, "--json"]]
        texts = [output([BUILD / "titrate-prep", *words]) for words in commands]
        hold("dataset.txt", neutral("\n".join(texts), {DATASET: "DATASET"}))

    def test_its_recipe_gives_it_again(self):
        self.assertEqual(pack(GOLDEN / "recipe.toml", WORK / "again"), golden_run.fingerprint())


class Help(unittest.TestCase):
    def test_every_verb(self):
        text = ""
        for program in ("titrate", "titrate-prep"):
            whole = output([BUILD / program, "--help"])
            verbs = re.findall(r"^  (\w[\w-]*)", whole.split("Subcommands:\n")[1], re.M)
            for words in [[], *([verb] for verb in verbs)]:
                text += " ".join(["$", program, *words, "--help"]) + "\n" + output([BUILD / program, *words, "--help"]) + "\n"
        hold("help.txt", neutral(text, {BUILD: "BUILD"}))


class Networks(unittest.TestCase):
    """The zoo's layers and the golden study's: outputs, parameters, operations."""

    def test_tables(self):
        whole = output([BUILD / "titrate", "networks"])
        names = [line.split()[0] for line in whole.splitlines()]
        tables = [output([BUILD / "titrate", "networks", name]) for name in names]
        study = WORK / "with its dataset.toml"
        study.write_text(f'dataset = "{DATASET}"\n' + golden_run.STUDY.read_text())
        tables.append(output([BUILD / "titrate", "networks", "--study", study]))
        hold("networks.txt", "\n".join([whole, *tables]))


class Refusals(unittest.TestCase):
    def test_what_is_refused_elsewhere(self):
        found, skipped = refusals.refusals()
        known = refusals.split(golden("refusals.txt"))
        for name in skipped:
            print("skipped:", name, flush=True)
            found.update({name: known[name]} if name in known else {})
        hold("refusals.txt", refusals.join(found))


class EarlierRun(unittest.TestCase):
    """A run that an earlier titrate made."""

    def copy(self, name):
        out = WORK / name
        shutil.copytree(GOLDEN / "run", out)
        return out

    def test_report(self):
        out = self.copy("reported")
        hold("report/terminal.txt", neutral(output([BUILD / "titrate", "report", out]), {out: "RUN"}))
        for name in golden_run.REPORTS:
            with self.subTest(file=name):
                hold(f"report/{name}", (out / name).read_text())
        self.assertIn("</html>", (out / "report.html").read_text())
        trials = [golden_run.records_of(out)[-1]["trial"], *map(golden_run.trial_at, (golden_run.DIVERGED, golden_run.FAILED))]
        texts = [output([BUILD / "titrate", "report", out, "--trial", trial]) for trial in trials]
        hold("report/three-trials.txt", "\n".join(texts))

    def test_it_goes_on(self):
        """Only what failed runs again, and no other row changes."""
        out, failed = self.copy("gone on"), golden_run.trial_at(golden_run.FAILED)
        output([BUILD / "titrate", "report", out])

        def others():
            return [line for line in (out / "trials.csv").read_text().splitlines() if not line.startswith(failed)]

        records, rows = golden_run.records_of(out), others()
        result = golden_run.sweep(out)
        self.assertEqual(result.returncode, 0, result.stderr)
        new = [record for record in golden_run.records_of(out) if record not in records]
        self.assertEqual([(record["trial"], record["status"]) for record in new], [(failed, "done")])
        self.assertEqual(others(), rows)


class Training(unittest.TestCase):
    """The same rows again, trained anew."""

    def check(self, ranks):
        out = WORK / f"{ranks} ranks"
        golden_run.train(out, ranks)
        hold("resolved-study.toml", golden_run.neutral_study(out))
        expected = {name: golden(f"report/{name}") for name in FRESH}
        found = {name: (out / name).read_text() for name in FRESH}
        differing = [name for name in FRESH if found[name] != expected[name]]
        if not differing:
            return
        if golden("cpu.txt") == golden_run.processor():
            self.fail("\n".join(difference(expected[name], found[name], name) for name in differing))
        print("skipped: the same bits on another kind of processor, of", ", ".join(differing), flush=True)
        far = {name: golden_run.far_fields(expected[name], found[name]) for name in differing}
        self.assertEqual({name: fields for name, fields in far.items() if fields}, {})

    def test_alone(self):
        self.check(None)

    def test_two_ranks(self):
        self.check(2)


if __name__ == "__main__":
    running.main(arguments=2 if UPDATE else 1)
