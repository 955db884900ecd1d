#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Stock files: the models with a stored reference gradient, and the nine `light_*` networks of the wheel `onnx`.

  STEERLENS=target/release/steerlens nice python3 stock.py MODELS FETCHED [--profile plain cpu] [--only NAME ...]

MODELS holds refgrad/ (made by tools/make_refgrad.py), FETCHED the .onnx files that come out of wheels.  A stored
reference asks for its own `rel_tol` and cosine 0.999 (the cosine alone where `rel_tol` is above .045), and 1e-4 where
it is marked smooth.  A light network without one is held to tools/onnx_torch_eval.py in float64, confirmed by its
own central difference; its limit is three times that evaluator's float32 error, as in check.py."""
import argparse
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import torch

import check
import differentiated as d
import randomize_light
import reference

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import onnx_torch_eval as evaluator  # noqa: E402

LIGHT = ["bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "vgg19", "zfnet512"]


def light(name, folder):
    """A light network with random weights, as a file."""
    data = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")
    path = os.path.join(folder, f"rand_{name}.onnx")
    onnx.save(randomize_light.randomize(onnx.load(os.path.join(data, f"light_{name}.onnx"))), path)
    return path


def seeds(entry, case):
    """The cotangent of the stored margin."""
    classes = case["logits"].size
    if classes == 1:
        return np.array([1.0 if entry["target"] == 1 else -1.0])
    seed = np.zeros(classes)
    seed[entry["target"]], seed[entry["source"]] = 1, -1
    return seed


def stored(name, entry, path, folder, profile):
    """One row: the model against its stored reference."""
    shape = entry["shape"]
    size = shape[1:3] if shape[-1] in (1, 3) else shape[2:]
    arguments = ["--input-size", f"{size[0]}x{size[1]}"]
    if name == "v_multi_output":
        arguments += ["--output", entry["logits_tensor"]]
    model = d.Differentiated(path, profile, *arguments)
    if model.refusal:
        return "refused", model.refusal
    arrays = np.load(os.path.join(folder, "refgrad", entry["npz"]))
    words, right = [], True
    for k, case in enumerate(entry["cases"]):
        x = arrays[f"input_{k}"]
        x = x if "uint8" in model.dtype else x.astype(np.float32)
        _, g = model.run(x, seeds(case, dict(logits=arrays[f"logits_{k}"])))
        rel, cos = d.compare(g, arrays[f"grad_{k}"])
        limit = 1e-4 if entry.get("smooth") else case["rel_tol"]
        right &= cos >= check.COSINE and (rel <= limit or limit > 0.045)
        words.append(f"{rel:.1e} ({limit:g}) {cos:.6f}")
    return "ok" if right else "WRONG", "; ".join(words)


def evaluated(path, profile):
    """One row: a light network against the node-by-node evaluator."""
    model = d.Differentiated(path, profile)
    if model.refusal:
        return "refused", model.refusal
    net = onnx.load(path)
    classes = int(np.prod(model.classes))
    feed, want = model.feed, model.session.get_outputs()[0].name
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(1, 3, 224, 224, generator=generator)

    def f(v):
        evaluator.set_dtype(v.dtype)
        z = evaluator.Net(net).run({feed: v}, [want])[want].reshape(-1)
        return z[reference.TARGET] - z[reference.SOURCE]

    def gradient(v):
        v = v.clone().requires_grad_(True)
        return torch.autograd.grad(f(v), v)[0].double().numpy()

    g64 = gradient(x.double())
    slope = reference.slope_error(f, x.double(), g64)
    own = reference.relative(gradient(x), g64)
    seed = np.zeros(classes)
    seed[reference.TARGET], seed[reference.SOURCE] = 1, -1
    rel, cos = d.compare(model.run(x.numpy(), seed)[1], g64)
    right = slope <= reference.CONFIRMED and rel <= 3 * own + check.SMOOTH and cos >= check.COSINE
    return "ok" if right else "WRONG", f"{rel:.1e} {cos:.6f}; float32 evaluator {own:.1e}, central difference {slope:.0e} off"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models")
    parser.add_argument("fetched")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--profile", nargs="+", default=["plain", "cpu"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("model, profile, verdict; per case relative L2 (limit) and cosine")
    with open(os.path.join(options.models, "refgrad", "index.json")) as file:
        index = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for name in LIGHT:
            entry = index.pop(f"rand_{name}", None)
            jobs.append((f"light_{name}", entry, lambda name=name: light(name, folder)))
        for name, entry in index.items():
            root = options.fetched if entry["model"].startswith("generated/") else options.models
            path = os.path.join(root, entry["model"].removeprefix("generated/"))
            jobs.append((name, entry, lambda path=path: path))
        for name, entry, find in jobs:
            if options.only and name not in options.only:
                continue
            path = find()
            for profile in options.profile:
                verdict, words = stored(name, entry, path, options.models, profile) if entry else evaluated(path, profile)
                print(f"{name:24s} {profile:6s} {verdict:8s} {words}", flush=True)


if __name__ == "__main__":
    main()
