"""One training step of titrate's engine against PyTorch: the same weights, the same batch, the same dropout masks.

    .deps/venv/bin/python tests/peers/gradients_peer.py BUILD_FOLDER

For each network of the zoo: the loss, every gradient tensor and every parameter tensor after the step, as
|a - b| / |b| (Euclidean), within 1e-5 of PyTorch in float32; and with 1, 2 and 4 micro-batches the loss and every gradient
tensor within 5e-6 of PyTorch in float64. Two float32 sums in different orders need not be closer to each other than either
is to the truth (1e-6 to 3e-6 for the first layer), so the micro-batches are held against the truth. The masks are made here
in numpy from their description. Exits with 1 where something differs by more.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from torch import nn

from networks import NETWORKS
from philox import dropout_mask, philox4x32

TOLERANCE, TRUTH_TOLERANCE = 1e-5, 5e-6


class Masked(nn.Module):
    """Dropout with the engine's mask."""

    def __init__(self, rate, layer, step):
        super().__init__()
        self.rate, self.layer, self.step = rate, layer, step

    def forward(self, values):
        step, size = self.step, values[0].numel()
        mask = dropout_mask(self.rate, self.layer, size, step["seed"], step["epoch"], step["sample_ids"])
        # Four standard deviations of a fair coin: a mask of the wrong rate would cancel out of no comparison below.
        error = abs((mask == 0).mean() - self.rate) / (self.rate * (1 - self.rate) / mask.size) ** 0.5
        assert error < 4, f"layer {self.layer}: the share of zeros is {error:.1f} standard deviations off"
        return values * torch.from_numpy(mask).view_as(values)


class Dump:
    def __init__(self, build, network, micro_batches):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            program, engine = build / "tests/engine_dump", build / "libtitrate_engine_torch.so"
            subprocess.run([program, engine, network, str(micro_batches), out], check=True)
            self.step = json.loads((out / "step.json").read_text())
            self.images = torch.from_numpy(numpy.fromfile(out / "images.bin", numpy.float32)).view(-1, 1, 28, 28)
            self.initial, self.gradients, self.after = (
                self.tensors(out / f"{name}.bin") for name in ("initial", "gradients", "after")
            )

    def tensors(self, path):
        flat = torch.from_numpy(numpy.fromfile(path, numpy.float32))
        return {
            entry["name"]: flat[entry["offset"] :][: entry["count"]].view(entry["dimensions"])
            for entry in self.step["layout"]
        }


def distance(ours, theirs):
    ours, theirs = (torch.as_tensor(values, dtype=torch.float64) for values in (ours, theirs))
    return ((ours - theirs).norm() / theirs.norm()).item()


class Check:
    def __init__(self):
        self.failed = False

    def __call__(self, what, found, allowed):
        good = found <= allowed  # and no NaN
        self.failed |= not good
        print(f"{'ok' if good else 'FAILED':6} {what}: {found:.2e}")


def peer(name, dump):
    network = NETWORKS[name](lambda rate, layer: Masked(rate, layer, dump.step))
    network.load_state_dict(dump.initial, strict=True)
    return network


def against_pytorch(name, dump, check):
    step, labels, network = dump.step, torch.tensor(dump.step["labels"]), peer(name, dump)
    optimizer = torch.optim.SGD(network.parameters(), lr=step["learning_rate"], momentum=0.5)
    logits = network(dump.images)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    optimizer.step()
    check(f"{name}: loss", distance(step["loss_sum"] / step["images"], loss.item()), TOLERANCE)
    check(f"{name}: correct", abs(step["correct"] - (logits.argmax(1) == labels).sum().item()), 0)
    for key, tensor in network.named_parameters():
        check(f"{name}: gradient of {key}", distance(dump.gradients[key], tensor.grad), TOLERANCE)
        check(f"{name}: {key} after the step", distance(dump.after[key], tensor.detach()), TOLERANCE)


def against_truth(name, dumps, check):
    first = dumps[1]
    network = peer(name, first).double()
    loss = nn.functional.cross_entropy(network(first.images.double()), torch.tensor(first.step["labels"]))
    loss.backward()
    for parts, dump in dumps.items():
        what = f"{name}: {parts} micro-batches, float64: "
        check(what + "loss", distance(dump.step["loss_sum"] / dump.step["images"], loss.item()), TRUTH_TOLERANCE)
        for key, tensor in network.named_parameters():
            check(what + f"gradient of {key}", distance(dump.gradients[key], tensor.grad), TRUTH_TOLERANCE)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    torch.set_num_threads(1)
    known = philox4x32(numpy.zeros((4, 1), numpy.uint32), (0, 0))[:, 0]
    assert [f"{word:08x}" for word in known] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"], known
    check = Check()
    for name in NETWORKS:
        dumps = {parts: Dump(build, name, parts) for parts in (1, 2, 4)}
        against_pytorch(name, dumps[1], check)
        against_truth(name, dumps, check)
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
