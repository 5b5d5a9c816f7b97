"""Every layer and every option of a layer against PyTorch, in training and evaluation.

    .deps/venv/bin/python tests/peers/layers_peer.py BUILD_FOLDER

Each case is a small network around one layer, built in torch.nn from the same text. Two steps of training, then evaluation:
logits, loss, and as |a - b| / |b| (Euclidean) each gradient tensor and each running statistic, within 1e-5 of PyTorch in
float32. A bias before batch_norm shifts nothing: its true gradient is 0, so what rounding leaves of it is held against 0.
Then, groups of two and four engines, which end with the bits of one that computes the same parts alone; and a network in
bfloat16 against PyTorch's autocast. Exits with 1 where something differs by more.
"""

import pathlib
import sys
import warnings

import torch

from engine import Check, StepResult, distance, dump_all, evaluated, logits_distance, other_bits
from layer_text import build
from random_layers import Keys

TOLERANCE = 1e-5
BFLOAT16 = 1e-2  # one rounding is 4e-3, and sums in another order round elsewhere
BEFORE, AFTER = ["conv 4 3 padding=1"], ["flatten", "dense 10"]


def around(*layers):
    return [*BEFORE, *layers, *AFTER]


CASES = {
    "conv": ["conv 6 3", *AFTER],
    "conv stride, padding": around("conv 6 3 stride=2 padding=1"),
    "conv same": around("conv 6 5 padding=same"),
    "conv same, even kernel": around("conv 6 4 padding=same"),
    "conv without bias": around("conv 6 3 bias=no"),
    "conv groups": around("conv 6 3 groups=2"),
    "conv depthwise": around("conv 8 3 groups=4 padding=1"),
    "conv table": around("conv 5 3 table=0+2/1/0+1+2+3/3/2+3"),
    "conv l2": around("conv 6 3 l2=0.3"),
    "dense l2, without bias": [*BEFORE, "flatten", "dense 20 l2=0.1 bias=no", "tanh", "dense 10"],
    "max_pool": around("max_pool 2"),
    "max_pool stride, padding": around("max_pool 3 stride=2 padding=1"),
    "max_pool rest at the border": around("max_pool 5"),
    "avg_pool": around("avg_pool 2"),
    "avg_pool stride, padding": around("avg_pool 3 stride=2 padding=1"),
    "global_avg_pool": [*BEFORE, "global_avg_pool", "dense 10"],
    "batch_norm": around("batch_norm"),
    "batch_norm options": around("batch_norm momentum=0.3 epsilon=0.01"),
    "batch_norm of rows": [*BEFORE, "flatten", "dense 16", "batch_norm", "dense 10"],
    "dropout": around("dropout 0.3"),
    "dropout of rows": [*BEFORE, "flatten", "dropout 0.5", "dense 10"],
    "gaussian_noise": around("gaussian_noise 0.5"),
    "relu": around("relu"),
    "leaky_relu": around("leaky_relu"),
    "leaky_relu slope": around("leaky_relu slope=0.2"),
    "tanh": around("tanh"),
    "gelu": around("gelu"),
    "sigmoid": around("sigmoid"),
    "patches": ["patches 4 [flatten, dense 12, tanh]", "dense 10"],
    "patches of planes": [*BEFORE, "patches 6 [conv 3 3, relu, max_pool 2, flatten]", "dense 10"],
    "patches with random layers": ["patches 3 [dropout 0.3, flatten, dense 9, gaussian_noise 0.1]", "dropout 0.2", "dense 10"],
    "patches with batch_norm": ["patches 4 [conv 3 3, batch_norm, relu, flatten]", "dense 10"],
    "patches in patches": ["patches 6 [patches 3 [flatten, dense 4, tanh], dropout 0.3, dense 6]", "dense 10"],
    "residual": around("residual [conv 4 3 padding=1, tanh]"),
    "residual projection": around("residual [conv 6 3 stride=2 padding=1, tanh, conv 6 3 padding=1]", "dropout 0.3"),
    "residual of rows": [*BEFORE, "flatten", "dense 16", "residual [dense 16, tanh]", "dense 10"],
    "residual of rows, projection": [*BEFORE, "flatten", "residual [dense 24, tanh]", "dropout 0.3", "dense 10"],
    "residual of one pixel": [*BEFORE, "global_avg_pool", "residual [dense 4, tanh]", "dense 10"],
    "residual in residual": around("residual [residual [conv 4 1, dropout 0.4], gaussian_noise 0.2]", "dropout 0.3"),
    "residual in patches": ["patches 6 [residual [conv 3 3 padding=1, batch_norm], dropout 0.3, flatten]", "dense 10"],
    "padded images": ["conv 4 3", "tanh", *AFTER],
}  # fmt: skip
PARTS = ("batch_norm", "batch_norm of rows", "patches with random layers", "patches with batch_norm", "conv l2", "conv table")


def request(name, layers, parts=1):
    return {
        "layers": layers, "images": [12, 12, 2], "side": 15 if name == "padded images" else 0,
        "batch_size": 30, "steps": 2, "steps_per_epoch": 1,
        "train": {"learning_rate": 0.05, "momentum": 0.5, "micro_batches": parts},
    }  # fmt: skip


def shifted_away(network):
    """Names of biases that a batch_norm follows at once."""
    names, modules = set(), list(network.named_modules())
    for (name, module), (_, following) in zip(modules, modules[1:]):
        normalised = isinstance(following, torch.nn.modules.batchnorm._BatchNorm)
        if normalised and getattr(module, "bias", None) is not None:
            names.add(f"{name}.bias")
    return names


def check_gradients(what, ours, step, zeros, check):
    largest = max(gradient.norm().item() for gradient in step.gradients.values())
    for key, gradient in step.gradients.items():
        if key in zeros:
            check(f"{what}: gradient of {key}, which is 0", ours[key].norm().item() / largest, TOLERANCE)
        else:
            check(f"{what}: gradient of {key}", distance(ours[key], gradient), TOLERANCE)


def check_case(what, dump, check):
    keys = Keys(dump.seed)
    network = build(dump.request["layers"], dump.input, keys)
    zeros = shifted_away(network)
    for number, sums in enumerate(dump.sums):
        step = StepResult(network, keys, dump, number)
        here = f"{what}: step {number}"
        check(f"{here}: loss", distance(sums["loss"] / sums["weight"], step.loss), TOLERANCE)
        check(f"{here}: correct", abs(sums["correct"] - step.correct), 0)
        check_gradients(here, dump.gradients[number], step, zeros, check)
        for key, running in step.running.items():
            check(f"{here}: {key}", distance(dump.running[number + 1][key], running), TOLERANCE)
    for when, model, ours in (("first", 0, dump.first_logits), ("last", -1, dump.last_logits)):
        theirs = evaluated(network, dump.models[model], dump.images[-1])
        check(f"{what}: {when} logits", logits_distance(ours, theirs), TOLERANCE)


def check_tables(dump, check):
    """What a table leaves out is 0 before and after."""
    seen = torch.zeros(5, 4, dtype=torch.bool)
    for output, inputs in enumerate(((0, 2), (1,), (0, 1, 2, 3), (3,), (2, 3))):
        seen[output, list(inputs)] = True
    for model in dump.models:
        weight = model["1.weight"].abs().amax((2, 3))
        check("conv table: weights that are left out", weight[~seen].max().item(), 0)
        check("conv table: others that are 0", (weight[seen] == 0).sum().item(), 0)


# Random numbers, statistics, tables and penalties; by epochs of two steps. With three images a part of four has none.
SHARED = {
    "shared": ["conv 6 3 l2=0.01", "batch_norm", "relu", "dropout 0.25", "conv 5 3 table=0+2/1/3+5/4/0+1+2+3+4+5", "flatten",
               "patches 1 [dense 20, dropout 0.3]", "gaussian_noise 0.1", "dense 10"],
    "shared, few images": ["conv 6 3 l2=0.01", "relu", "dropout 0.25", "flatten", "dense 10"],
}  # fmt: skip


def check_groups(build_folder, check):
    for name, layers in SHARED.items():
        requests = {width: request(name, layers, parts=4) for width in (1, 2, 4)}
        for width, given in requests.items():
            given |= {"width": width, "steps": 4, "steps_per_epoch": 2, "batch_size": 3 if "few" in name else 30}
            given["train"] |= {"clip_norm": 0.5, "weight_decay": 0.01}
        answers = dump_all(build_folder, requests)
        for width in (2, 4):
            check(f"{name}: other bits with {width} engines", other_bits(answers[width], answers[1]), 0)
        moved = distance(answers[1].flat_models[-1], answers[1].flat_models[0])
        check(f"{name}: moved (as a shortfall)", 1e-3 - moved, 0)


BFLOAT_LAYERS = ["conv 8 3", "batch_norm", "relu", "dropout 0.25", "max_pool 2", "flatten", "dense 32", "tanh", "dense 10"]


def check_bfloat16(dump, exact, check):
    """Far from float32, near to autocast."""
    keys = Keys(dump.seed)
    network = build(BFLOAT_LAYERS, dump.input, keys)
    with torch.autocast("cpu", torch.bfloat16):
        step = StepResult(network, keys, dump, 0)
        logits = evaluated(network, dump.models[-1], dump.images[-1]).float()
    check("bf16: loss", distance(dump.sums[0]["loss"] / dump.sums[0]["weight"], step.loss), BFLOAT16)
    for key in ("6.weight", "6.bias", "8.weight", "8.bias"):
        check(f"bf16: gradient of {key}", distance(dump.gradients[0][key], step.gradients[key]), BFLOAT16)
    check("bf16: logits", logits_distance(dump.last_logits, logits), BFLOAT16)
    rounded = logits_distance(dump.first_logits, exact.first_logits)
    check("bf16: distance from float32 (as a shortfall)", 1e-4 - rounded, 0)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build_folder = pathlib.Path(sys.argv[1]).resolve()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "Using padding='same' with even kernel")
    check = Check(quiet=True)
    requests = {name: request(name, layers) for name, layers in CASES.items()}
    requests |= {f"{name}, 4 micro-batches": request(name, CASES[name], 4) for name in PARTS}
    answers = dump_all(build_folder, requests)
    for name, dump in answers.items():
        check_case(name, dump, check)
        print(name, flush=True)
    check_tables(answers["conv table"], check)
    check_groups(build_folder, check)
    rough = {"bf16": request("", BFLOAT_LAYERS), "float32": request("", BFLOAT_LAYERS)}
    rough["bf16"]["train"]["precision"] = "bf16"
    rough = dump_all(build_folder, rough)
    check_bfloat16(rough["bf16"], rough["float32"], check)
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
