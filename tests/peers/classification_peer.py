"""titrate's classification report and Matthews correlation against scikit-learn's, over random confusion matrices.

    .deps/venv/bin/python tests/peers/classification_peer.py BUILD_FOLDER

The text must be the same to the byte; of the dict, the keys in their order and every number exactly: counts below 2^53 are
exact in double, and means are summed in numpy's order. The number of classes goes beyond the 128 where numpy begins to halve
a sum. Exits with 1 where something differs, or where a kind of matrix that must be tried did not come up.
"""

import collections
import json
import pathlib
import subprocess
import sys
import warnings

import numpy
from sklearn.metrics import classification_report, matthews_corrcoef

CASES, SEED = 200, 5
AWKWARD = ["", "twin", "accuracy", "macro avg", "weighted avg"]
ALPHABETS = ["abcxyz 0123456789-_", "äöüßéñçø", "кошкасобака", "猫犬鳥魚", "🐈🐕🦆", "e\u0301a\u0308o\u0302", "\"\\/\t,<&"]


def random_name(random, index):
    if random.random() < 0.02:
        return str(random.choice(AWKWARD))  # more than once in a matrix now and then
    letters = list(random.choice(ALPHABETS))
    length = random.integers(40, 100) if random.random() < 0.03 else random.integers(0, 14)
    return "".join(random.choice(letters, length)) + str(index)


def random_confusion(random, case):
    classes = random.integers(129, 400) if case % 20 == 0 else random.integers(2, 41)
    mean = 10 ** random.uniform(-2, 0.5 if classes > 128 else 2.5)
    confusion = random.poisson(mean * random.exponential(1, (classes, classes)))
    diagonal = numpy.arange(classes)
    confusion[diagonal, diagonal] *= random.integers(0, 50)
    if case % 25 == 1:
        confusion[diagonal, diagonal] = 0
    if case % 25 == 2:
        confusion[random.integers(classes), random.integers(classes)] += 3_000_000
    if case % 25 == 3:
        confusion *= random.random(classes) < 0.1  # few classes are ever predicted
    if case % 25 == 4:
        confusion = numpy.diag(confusion.diagonal())
    for rows, columns in [(True, False), (False, True), (True, True)]:
        if random.random() < 0.4:
            absent = random.choice(classes, random.integers(1, classes // 2 + 1), replace=False)
            if rows:
                confusion[absent, :] = 0
            if columns:
                confusion[:, absent] = 0
    if confusion.sum() == 0:
        confusion[0, classes - 1] = 1
    return confusion


def kinds_of(confusion):
    truth, predicted = confusion.sum(1) > 0, confusion.sum(0) > 0
    return {
        "absent in truth only": (~truth & predicted).any(),
        "absent in predictions only": (truth & ~predicted).any(),
        "absent in both": (~truth & ~predicted).any(),
        "no correct image": confusion.trace() == 0,
        "no mistake": confusion.trace() == confusion.sum(),
        "one image": confusion.sum() == 1,
        "over a million images": confusion.sum() > 1_000_000,
        "over 128 classes": (truth | predicted).sum() > 128,
    }


def scikit_learns(names, confusion):
    truth, predicted = (indices.repeat(confusion.ravel()) for indices in map(numpy.ravel, numpy.indices(confusion.shape)))
    present = [names[c] for c in numpy.union1d(truth, predicted)]
    text, report = (
        classification_report(truth, predicted, target_names=present, digits=2, zero_division=0, output_dict=as_dict)
        for as_dict in (False, True)
    )
    return text, report, float(matthews_corrcoef(truth, predicted))


def ordered(value):
    """With the order of keys, which a comparison of dicts overlooks."""
    return [(key, ordered(inner)) for key, inner in value.items()] if isinstance(value, dict) else value


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")
    random = numpy.random.default_rng(SEED)
    requests = []
    for case in range(CASES):
        confusion = random_confusion(random, case)
        requests.append(([random_name(random, c) for c in range(len(confusion))], confusion))
    lines = [json.dumps({"names": names, "confusion": confusion.ravel().tolist()}) for names, confusion in requests]
    program = pathlib.Path(sys.argv[1]).resolve() / "tests/classification_dump"
    done = subprocess.run([program], input="\n".join(lines), stdout=subprocess.PIPE, check=True, encoding="utf-8")
    answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    assert len(answers) == CASES, f"{len(answers)} answers"

    seen, numbers, wrong = collections.Counter(), 0, 0
    for case, ((names, confusion), answer) in enumerate(zip(requests, answers)):
        seen.update(kind for kind, present in kinds_of(confusion).items() if present)
        text, report, mcc = scikit_learns(names, confusion)
        numbers += 4 * len(report) - 2
        for what, ours, theirs in [
            ("text", answer["text"], text),
            ("report", ordered(answer["report"]), ordered(report)),
            ("mcc", answer["mcc"], mcc),
        ]:
            if ours != theirs:
                wrong += 1
                print(f"FAILED case {case}, {what}:\n{ours}\nscikit-learn:\n{theirs}")
    missing = [kind for kind in kinds_of(requests[0][1]) if not seen[kind]]
    print(f"{CASES} matrices, {numbers} numbers, {wrong} differ; {dict(seen)}; never tried: {missing or 'nothing'}")
    sys.exit(1 if wrong or missing else 0)


if __name__ == "__main__":
    main()
