"""Optimisers, schedules and losses against PyTorch: parameters after each of 50 steps on the same batches.

    .deps/venv/bin/python tests/peers/optimizers_peer.py BUILD_FOLDER

Every step's parameters lie within 1e-5 of PyTorch's as |a - b| / |b| (Euclidean), tensor by tensor. Learning rates are
titrate's own on one side and those of torch.optim.lr_scheduler on the other. Then: a trial that another engine takes over
half way ends with the same bits, and the first step whose loss is no number is reported. Exits with 1 where something
differs by more.
"""

import pathlib
import sys

import torch
from torch import nn

from engine import Check, distance, dump_all, other_bits
from layer_text import build
from networks import penalty
from random_layers import Keys

TOLERANCE, STEPS, STEPS_PER_EPOCH = 1e-5, 50, 5
# No bias before batch_norm: its gradient is what rounding leaves of 0, and adam would make steps of that.
LAYERS = [
    "conv 6 3 l2=0.001", "tanh", "avg_pool 2", "dropout 0.2", "flatten", "dense 16 bias=no", "batch_norm", "tanh", "dense 10",
]  # fmt: skip
VALIDATION_LOSSES = [1.0, 0.9, 0.95, 0.92, 0.91, 0.9, 0.89, 0.9, 0.95, 0.99]
CLASS_WEIGHTS = [0.25, 3.0, 1.0, 0.5, 2.0, 1.0, 1.5, 0.75, 1.25, 4.0]

SGD = {"optimizer": "sgd", "learning_rate": 0.05}
MOMENTUM = SGD | {"momentum": 0.9}
ADAM = {"optimizer": "adam", "learning_rate": 0.002}
CASES = {
    "sgd": SGD,
    "sgd, momentum": MOMENTUM,
    "sgd, nesterov": MOMENTUM | {"nesterov": True},
    "sgd, weight decay": SGD | {"weight_decay": 0.05},
    "sgd, nesterov, weight decay": MOMENTUM | {"nesterov": True, "weight_decay": 0.01},
    "adam": ADAM,
    "adam, options": ADAM | {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4},
    "adam, weight decay": ADAM | {"weight_decay": 0.05},
    "adamw": ADAM | {"optimizer": "adamw"},
    "adamw, weight decay": ADAM | {"optimizer": "adamw", "weight_decay": 0.5},
    "clipped always": MOMENTUM | {"clip_norm": 0.05},
    "clipped now and then": MOMENTUM | {"clip_norm": 1.3},
    "label smoothing": MOMENTUM | {"label_smoothing": 0.2},
    "class weights": MOMENTUM | {"class_weights": True},
    "class weights, label smoothing": MOMENTUM | {"class_weights": True, "label_smoothing": 0.2},
    "step": MOMENTUM | {"schedule": "step", "schedule_epochs": 3, "schedule_factor": 0.4},
    "cosine": MOMENTUM | {"schedule": "cosine"},
    "one_cycle": MOMENTUM | {"schedule": "one_cycle"},
    "plateau": MOMENTUM | {"schedule": "plateau", "schedule_factor": 0.3, "schedule_patience": 1},
    "adam, one_cycle": ADAM | {"schedule": "one_cycle"},
}  # fmt: skip


def request(train, **more):
    weights = {"class_weights": CLASS_WEIGHTS} if train.get("class_weights") else {}
    return {
        "layers": LAYERS, "images": [12, 12, 1], "batch_size": 30, "steps": STEPS, "steps_per_epoch": STEPS_PER_EPOCH,
        "validation_losses": VALIDATION_LOSSES, "train": {k: v for k, v in train.items() if k != "class_weights"},
    } | weights | more  # fmt: skip


def make_optimizer(parameters, train):
    decay, rate = train.get("weight_decay", 0), train["learning_rate"]
    if train["optimizer"] == "sgd":
        momentum = train.get("momentum", 0)
        return torch.optim.SGD(parameters, rate, momentum, weight_decay=decay, nesterov=train.get("nesterov", False))
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[train["optimizer"]]
    betas = train.get("beta1", 0.9), train.get("beta2", 0.999)
    return kind(parameters, rate, betas, train.get("epsilon", 1e-8), decay)


class Schedule:
    """Whichever scheduler it is, told of the ends of steps and epochs."""

    def __init__(self, optimizer, train):
        schedulers, rate = torch.optim.lr_scheduler, train["learning_rate"]
        factor = train.get("schedule_factor", 0.1)
        self.kind, self.scheduler = train.get("schedule", "constant"), None
        if self.kind == "step":
            self.scheduler = schedulers.StepLR(optimizer, train["schedule_epochs"], factor)
        elif self.kind == "cosine":
            self.scheduler = schedulers.CosineAnnealingLR(optimizer, STEPS)
        elif self.kind == "one_cycle":
            self.scheduler = schedulers.OneCycleLR(optimizer, rate, STEPS, cycle_momentum=False)
        elif self.kind == "plateau":
            self.scheduler = schedulers.ReduceLROnPlateau(optimizer, "min", factor, train["schedule_patience"])

    def after_step(self, number):
        if self.kind in ("cosine", "one_cycle"):
            self.scheduler.step()
        if (number + 1) % STEPS_PER_EPOCH == 0 and self.kind == "step":
            self.scheduler.step()
        if (number + 1) % STEPS_PER_EPOCH == 0 and self.kind == "plateau":
            self.scheduler.step(VALIDATION_LOSSES[number // STEPS_PER_EPOCH])


def follow(dump, train):
    """PyTorch's own 50 steps: yields the learning rate, the loss and the network after each."""
    keys = Keys(dump.seed)
    network = build(LAYERS, dump.input, keys)
    network.load_state_dict(dump.models[0])
    optimizer = make_optimizer(network.parameters(), train)
    schedule = Schedule(optimizer, train)
    loss_of = nn.CrossEntropyLoss(
        torch.tensor(CLASS_WEIGHTS) if train.get("class_weights") else None,
        label_smoothing=train.get("label_smoothing", 0.0),
    )
    for number, step in enumerate(dump.steps):
        keys.set(step["epoch"], step["sample_ids"])
        optimizer.zero_grad()
        loss = loss_of(network(dump.images[number]), dump.labels(number))
        (loss + penalty(network)).backward()
        if "clip_norm" in train:
            nn.utils.clip_grad_norm_(network.parameters(), train["clip_norm"])
        rate = optimizer.param_groups[0]["lr"]
        optimizer.step()
        schedule.after_step(number)
        yield rate, loss.item(), network


def check_case(name, dump, train, check):
    farthest, rates, losses = {}, 0.0, []
    for number, (rate, loss, network) in enumerate(follow(dump, train)):
        rates = max(rates, abs(dump.steps[number]["learning_rate"] - rate) / rate)
        losses.append(loss)
        for key, tensor in network.state_dict().items():
            if "num_batches" not in key:
                found = distance(dump.models[number + 1][key], tensor)
                farthest[key] = max(farthest.get(key, 0), found)
    check(f"{name}: learning rates", rates, 1e-9)
    for key, found in farthest.items():
        check(f"{name}: {key}", found, TOLERANCE)
    moved = min(distance(dump.models[-1][key], dump.models[0][key]) for key in farthest)
    check(f"{name}: what moved least in 50 steps (as a shortfall)", 1e-3 - moved, 0)
    weights = torch.tensor(CLASS_WEIGHTS if train.get("class_weights") else [1.0] * 10)
    per_step = torch.stack([weights[dump.labels(number)].sum() for number in range(STEPS)]).double()
    means, per_epoch = torch.tensor(losses, dtype=torch.float64), (-1, STEPS_PER_EPOCH)
    expected = (means * per_step).view(per_epoch).sum(1)
    check(f"{name}: loss sums", distance([sums["loss"] for sums in dump.sums], expected), TOLERANCE)
    check(f"{name}: weights", distance([sums["weight"] for sums in dump.sums], per_step.view(per_epoch).sum(1)), 1e-7)


def check_clipping(name, dump, check):
    """Some gradients are as long as they may be, or all."""
    limit = dump.setting("clip_norm", 0)
    norms = torch.stack([torch.cat([g.flatten() for g in step.values()]).norm() for step in dump.gradients])
    clipped = (norms > 0.999 * limit).sum().item()
    check(f"{name}: longest gradient", norms.max().item() / limit, 1.0001)
    check(f"{name}: clipped steps", abs(clipped - STEPS), 0 if "always" in name else STEPS - 1)
    check(f"{name}: steps that are not clipped", 0 if "always" in name or clipped < STEPS else 1, 0)


def check_diverged(dump, check):
    """The network blows up at some step of the one epoch: our own parameters tell at which."""
    finite = [all(tensor.isfinite().all() for tensor in model.values()) for model in dump.models]
    diverged = dump.sums[0]["diverged"]
    check("diverged: not reported", 0 if diverged is not None else 1, 0)
    check("diverged: steps before the first bad one", abs(finite.index(False) - 1 - diverged), 0)
    check("diverged: blew up at once", 0 if diverged > 0 else 1, 0)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build_folder = pathlib.Path(sys.argv[1]).resolve()
    torch.set_num_threads(1)
    check = Check(quiet=True)
    requests = {name: request(train) for name, train in CASES.items()}
    halves = ("sgd, nesterov, weight decay", "adam", "adamw, weight decay", "class weights")
    requests |= {f"half {name}": request(CASES[name], restore_at=22) for name in halves}
    wild = {"optimizer": "sgd", "learning_rate": 1e12}
    requests["diverged"] = request(wild, layers=["flatten", "dense 16", "dense 16", "dense 10"], steps=8, steps_per_epoch=8)
    answers = dump_all(build_folder, requests)
    for name, train in CASES.items():
        check_case(name, answers[name], train, check)
        if "clip_norm" in train:
            check_clipping(name, answers[name], check)
        check(f"{name}: diverged", sum(sums["diverged"] is not None for sums in answers[name].sums), 0)
        print(name, flush=True)
    for name in halves:
        check(f"{name}, taken over: other bits", other_bits(answers[f"half {name}"], answers[name]), 0)
    check_diverged(answers["diverged"], check)
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
