"""Every network of the zoo against PyTorch: the same weights, the same batch, the same dropout masks.

    .deps/venv/bin/python tests/peers/gradients_peer.py BUILD_FOLDER

One training step (SGD with momentum), then evaluation by the weights before and after it. Networks without batch_norm:
logits, loss, and as |a - b| / |b| (Euclidean) every gradient tensor and every parameter tensor after the step, within
1e-5 of PyTorch in float32; and for two of them, with 1, 2 and 4 micro-batches, loss and gradients within 5e-6 of PyTorch
in float64. Two float32 sums in different orders need not be closer to each other than either is to the truth (1e-6 to
3e-6 for the first layer), so the micro-batches are held against the truth.

Batch norms divide by small deviations, layer after layer: two right float32 answers can lie 1e-4 apart. Those networks are
held against float64, and may be off by twice what PyTorch's own float32 is off by, with 1, 2 and 4 micro-batches that are
normalised each alone. Masks are made here in numpy from their description. Exits with 1 where something differs by more.
"""

import pathlib
import sys

import numpy
import torch

from engine import Check, StepResult, distance, dump_all, evaluated, logits_distance
from networks import IMAGES, NETWORKS
from philox import philox4x32
from random_layers import Dropout, Keys

TOLERANCE, TRUTH_TOLERANCE = 1e-5, 5e-6
ROUNDING = 1e-6  # an error of this size is none, even where PyTorch happens to have less
PARAMETERS = {
    "simple-cnn": 21_840, "pytorch-cnn": 1_199_882, "lenet5": 156 + 1_516 + 48_120 + 10_164 + 850,
}  # fmt: skip
IN_PARTS = {"simple-cnn": (1, 2, 4), "pytorch-cnn": (1, 2, 4), "noisy-cnn": (1, 2, 4), "resnet-20": (1, 4)}


def request(name, parts):
    channels, side, _ = IMAGES[name]
    images = 22 if side * side * channels > 1000 else 50
    return {
        "network": name, "images": [side, side, channels], "batch_size": images,
        "train": {"learning_rate": 0.05, "momentum": 0.5, "micro_batches": parts},
    }  # fmt: skip


class Peer:
    def __init__(self, name, dump):
        self.keys = Keys(dump.seed)
        self.network = NETWORKS[name](lambda rate, layer: Dropout(rate, layer, self.keys))
        self.dump = dump

    def step(self, dtype):
        return StepResult(self.network, self.keys, self.dump, 0, dtype)

    def logits(self, dtype):
        images = self.dump.images[-1]
        return [evaluated(self.network, self.dump.models[i], images, dtype).double() for i in (0, -1)]


def masked_count(network):
    """Trained parameters, without those that a connection table leaves out."""
    count = sum(p.numel() for p in network.parameters())
    masks = [m for m in network.modules() if hasattr(m, "mask")]
    return count - sum(int((1 - m.mask.expand_as(m.weight)).sum()) for m in masks)


def after_step(dump, name, gradient):
    """The first velocity of SGD is the gradient."""
    return dump.models[0][name] - 0.05 * gradient


def check_evaluation(name, dump, check):
    """What the engine predicts for the last batch is what its own logits say."""
    labels = dump.labels(-1)
    losses = torch.nn.functional.cross_entropy(dump.last_logits, labels, reduction="none")
    found = torch.tensor(dump.predictions, dtype=torch.float64)
    check(f"{name}: predicted classes", (found[:, 0] != dump.last_logits.argmax(1)).sum().item(), 0)
    check(f"{name}: losses of predictions", distance(found[:, 1], losses), TOLERANCE)
    check(f"{name}: probabilities", distance(found[:, 2], dump.last_logits.softmax(1).amax(1)), TOLERANCE)


def check_counts(name, sums, step, images, check):
    check(f"{name}: images", abs(sums["images"] - images) + abs(sums["weight"] - images), 0)
    check(f"{name}: correct", abs(sums["correct"] - step.correct), 0)


def against_pytorch(name, dump, check):
    peer, sums = Peer(name, dump), dump.sums[0]
    step = peer.step(torch.float32)
    check_counts(name, sums, step, len(dump.images[0]), check)
    check(f"{name}: loss", distance(sums["loss"] / sums["weight"], step.loss), TOLERANCE)
    for key, gradient in step.gradients.items():
        check(f"{name}: gradient of {key}", distance(dump.gradients[0][key], gradient), TOLERANCE)
        after = after_step(dump, key, gradient)
        check(f"{name}: {key} after the step", distance(dump.models[1][key], after), TOLERANCE)
    ours = (dump.first_logits, dump.last_logits)
    for which, ours, theirs in zip(("before", "after"), ours, peer.logits(torch.float32)):
        check(f"{name}: logits {which} the step", logits_distance(ours, theirs), TOLERANCE)


def against_truth(name, dumps, check):
    for parts, dump in dumps.items():
        step, sums, what = Peer(name, dump).step(torch.float64), dump.sums[0], f"{name}: {parts} micro-batches, float64: "
        check(what + "loss", distance(sums["loss"] / sums["weight"], step.loss), TRUTH_TOLERANCE)
        for key, gradient in step.gradients.items():
            check(what + f"gradient of {key}", distance(dump.gradients[0][key], gradient), TRUTH_TOLERANCE)


def twice(theirs):
    return max(2 * theirs, ROUNDING)


def as_true_as_pytorch(name, dump, check):
    """Errors against float64 may be twice those of PyTorch in float32."""
    peer, sums = Peer(name, dump), dump.sums[0]
    theirs, their_logits = peer.step(torch.float32), peer.logits(torch.float32)
    truth, true_logits = peer.step(torch.float64), peer.logits(torch.float64)
    what = f"{name}: {dump.setting('micro_batches', 1)} micro-batches: "
    check_counts(what[:-2], sums, theirs, len(dump.images[0]), check)
    check(what + "loss", distance(sums["loss"] / sums["weight"], truth.loss), twice(distance(theirs.loss, truth.loss)))
    for key, true in truth.gradients.items():
        allowed = twice(distance(theirs.gradients[key], true))
        check(what + f"gradient of {key}", distance(dump.gradients[0][key], true), allowed)
        after = after_step(dump, key, dump.gradients[0][key])
        check(what + f"{key} after the step", distance(dump.models[1][key], after), ROUNDING)
    for key, true in truth.running.items():
        check(what + key, distance(dump.running[1][key], true), twice(distance(theirs.running[key], true)))
    ours = (dump.first_logits, dump.last_logits)
    for which, found, theirs, true in zip(("before", "after"), ours, their_logits, true_logits):
        check(what + f"logits {which} the step", logits_distance(found, true), twice(logits_distance(theirs, true)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    torch.set_num_threads(1)
    known = philox4x32(numpy.zeros((4, 1), numpy.uint32), (0, 0))[:, 0]
    assert [f"{word:08x}" for word in known] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"], known
    check = Check()
    for name in NETWORKS:
        answers = dump_all(build, {parts: request(name, parts) for parts in IN_PARTS.get(name, (1,))})
        first = answers[1]
        check(f"{name}: parameters", abs(first.parameter_count - masked_count(NETWORKS[name]())), 0)
        check(f"{name}: known parameters", abs(first.parameter_count - PARAMETERS.get(name, first.parameter_count)), 0)
        check_evaluation(name, first, check)
        if first.running[0]:
            for dump in answers.values():
                as_true_as_pytorch(name, dump, check)
            continue
        against_pytorch(name, first, check)
        if len(answers) > 1:
            against_truth(name, answers, check)
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
