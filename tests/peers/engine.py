"""What titrate's engine computed (engine_dump.cpp), and how far another framework is from it."""

import json
import pathlib
import subprocess
import tempfile

import numpy
import torch
from torch import nn

from networks import penalty


class Dump:
    """One request's answer. Models are state dictionaries of PyTorch: before the first step, and after each."""

    def __init__(self, folder, request):
        self.request = request
        answer = json.loads((folder / "dump.json").read_text())
        self.steps, self.sums, self.input = answer["steps"], answer["sums"], answer["input"]
        self.seed, self.parameter_count = answer["seed"], answer["parameter_count"]
        self.predictions = answer["predictions"]
        images, models, running, gradients, logits = (
            torch.from_numpy(numpy.fromfile(folder / f"{name}.bin", numpy.float32))
            for name in ("images", "models", "running", "gradients", "logits")
        )
        steps = len(self.steps)
        self.images = images.view(steps, -1, *self.input)
        self.flat_models = models.view(steps + 1, answer["floats"])
        self.running = self.tensors(answer["running_layout"], running.view(steps + 1, answer["running_floats"]))
        parameters = self.tensors(answer["layout"], self.flat_models)
        self.models = [p | r for p, r in zip(parameters, self.running)]
        self.gradients = self.tensors(answer["layout"], gradients.view(steps, answer["floats"]))
        self.first_logits, self.last_logits = logits.view(2, self.images.shape[1], -1)

    @staticmethod
    def tensors(layout, rows):
        return [
            {e["name"]: row[e["offset"] :][: e["count"]].view(e["dimensions"]) for e in layout} for row in rows
        ]

    def setting(self, key, default):
        return self.request.get("train", {}).get(key, default)

    def labels(self, step):
        return torch.tensor(self.steps[step]["labels"])

    def parts(self, step):
        """How the batch is cut, as lists of places."""
        images, parts = self.images.shape[1], self.setting("micro_batches", 1)
        return [slice(images * part // parts, images * (part + 1) // parts) for part in range(parts)]


def dump_all(build, requests):
    """Answers to a dictionary of requests, by name, from one run of the program."""
    with tempfile.TemporaryDirectory() as root:
        folders = {name: pathlib.Path(root) / str(i) for i, name in enumerate(requests)}
        for name, request in requests.items():
            folders[name].mkdir()
            (folders[name] / "request.json").write_text(json.dumps(request))
        engine = build / "libtitrate_engine_torch.so"
        subprocess.run([build / "tests/engine_dump", engine, *folders.values()], check=True)
        return {name: Dump(folder, requests[name]) for name, folder in folders.items()}


def distance(ours, theirs):
    """|a - b| / |b|, Euclidean. Where b is all zeros, as the true gradient of a bias before batch_norm is, |a|."""
    ours, theirs = (torch.as_tensor(values, dtype=torch.float64) for values in (ours, theirs))
    return ((ours - theirs).norm() / (theirs.norm() or 1)).item()


class Check:
    def __init__(self, quiet=False):
        self.failed, self.quiet = False, quiet

    def __call__(self, what, found, allowed):
        good = found <= allowed  # and no NaN
        self.failed |= not good
        if not good or not self.quiet:
            print(f"{'ok' if good else 'FAILED':6} {what}: {found:.2e} (at most {allowed:.0e})", flush=True)


def other_bits(ours, theirs):
    """How many numbers of two dumps differ, in models after any step, running statistics and sums."""
    pairs = [(ours.flat_models, theirs.flat_models)]
    pairs += [(a[key], b[key]) for a, b in zip(ours.running, theirs.running) for key in a]
    differing = sum((a.view(torch.int32) != b.view(torch.int32)).sum().item() for a, b in pairs)
    return differing + (ours.sums != theirs.sums)


class StepResult:
    """What PyTorch computes for a step of a dump: mean loss, correct images, gradients, running statistics after it."""

    def __init__(self, network, keys, dump, step, dtype=torch.float32):
        entry = dump.steps[step]
        network.to(dtype).load_state_dict(dump.models[step], strict=True)
        network.train().zero_grad()
        running = {name: tensor for name, tensor in network.named_buffers() if ".running_" in name}
        before = {name: tensor.clone() for name, tensor in running.items()}
        weights = dump.request.get("class_weights")
        weights = torch.tensor(weights, dtype=dtype) if weights else torch.ones(10, dtype=dtype)
        images, labels = dump.images[step].to(dtype), dump.labels(step)
        self.loss, self.correct = 0.0, 0
        self.running = {name: torch.zeros_like(tensor) for name, tensor in running.items()}
        for part in dump.parts(step):
            # Each part normalises alone, and its running statistics count by its share of the images.
            for name, tensor in running.items():
                tensor.copy_(before[name])
            keys.set(entry["epoch"], entry["sample_ids"][part])
            logits = network(images[part])
            logits = logits.float() if logits.dtype == torch.bfloat16 else logits
            loss = nn.functional.cross_entropy(
                logits, labels[part], weights, reduction="sum", label_smoothing=dump.setting("label_smoothing", 0.0)
            )
            loss = loss / weights[labels].sum()
            loss.backward()
            self.loss += loss.item()
            self.correct += (logits.argmax(1) == labels[part]).sum().item()
            for name, tensor in running.items():
                self.running[name] += tensor * (len(labels[part]) / len(labels))
        extra = penalty(network)
        if torch.is_tensor(extra):
            extra.backward()
        self.gradients = {name: tensor.grad.clone() for name, tensor in network.named_parameters()}


def evaluated(network, model, images, dtype=torch.float32):
    network.to(dtype).load_state_dict(model, strict=True)
    with torch.inference_mode():
        return network.eval()(images.to(dtype))


def logits_distance(ours, theirs):
    """The largest, of values that are about 1; of larger ones as a share of the largest."""
    return ((ours - theirs).abs().max() / max(1, theirs.abs().max())).item()
