#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Runs files of `steerlens gradient` on other runtimes, and compares their gradients with ONNX Runtime's.

  nice python3 compare.py WORK [--only NAME ...]

Twelve architectures of torchvision and timm (random weights, as ../sweep builds them) and the models that the
repository ships, each in both profiles, on the same pictures. Prints a table; ends with 1 if a row does not agree."""
import argparse
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx.reference import ReferenceEvaluator

HERE = pathlib.Path(__file__).resolve().parent
SWEEP, SHIPPED = HERE.parent / "sweep", HERE.parents[1] / "models"
STEERLENS = os.environ.get("STEERLENS", "steerlens")
ARCHITECTURES = [
    ("torchvision", "resnet18", 96, {}),
    ("torchvision", "resnet50", 96, {}),
    ("torchvision", "densenet121", 96, {}),
    ("torchvision", "googlenet", 96, {"init_weights": False}),
    ("torchvision", "squeezenet1_1", 96, {}),
    ("torchvision", "mobilenet_v2", 96, {}),
    ("torchvision", "mobilenet_v3_small", 96, {}),
    ("torchvision", "efficientnet_b0", 96, {}),
    ("timm", "tf_efficientnet_lite0", 96, {}),
    ("torchvision", "convnext_tiny", 64, {}),
    ("timm", "vit_tiny_patch16_224", 64, {"img_size": 64}),
    ("torchvision", "swin_t", 64, {}),
]
PICTURES = 3
# Allowed to sums in another order: three times what was seen of a smooth network (3e-5, EfficientNet-B0).
ROUNDING = 1e-4
# What is added to a picture, and how many times the change that it makes to ONNX Runtime's gradient is allowed. A large
# change means that a kink is near, and another runtime may be on its other side.
NUDGE, KINKS = 1e-6, 5
# Elements of the largest picture for the evaluator, which is plain Python and slow.
EVALUATED = 3 * 64 * 64


def export(work, library, name, size, arguments):
    path = work / f"{name}.onnx"
    if not path.exists():
        sys.path.insert(0, str(SWEEP))
        import networks
        import torch
        torch.set_num_threads(1)
        torch.backends.mha.set_fastpath_enabled(False)
        net = networks.build(library, name, size, arguments)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, (torch.randn(1, 3, size, size),), path, dynamo=False, opset_version=17,
                              input_names=["input"], output_names=["logits"])
    return path


def on_onnxruntime(path):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(["input_gradient"], feeds)[0]


def on_openvino(path):
    core = openvino.Core()
    # float32, as the file says: by default OpenVINO takes bfloat16 or float16 where the processor has it.
    model = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    return lambda feeds: model(feeds)[model.output("input_gradient")]


def on_evaluator(path):
    evaluator = ReferenceEvaluator(path)
    return lambda feeds: evaluator.run(["input_gradient"], feeds)[0]


def distance(a, b):
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def pictures(path):
    """Pictures of noise, each with its cotangent, and both again with the picture nudged."""
    model = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    shapes = {i.name: i.shape for i in model.get_inputs()}
    picture = next(name for name in shapes if name != "cotangent")
    for seed in range(PICTURES):
        random = np.random.default_rng(seed)
        feeds = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
        nudge = NUDGE * random.standard_normal(shapes[picture]).astype(np.float32)
        yield feeds, feeds | {picture: feeds[picture] + nudge}


def compare(model, work):
    rows = []
    for profile in ("plain", "cpu"):
        path = str(work / f"{model.stem}.{profile}.onnx")
        subprocess.run([STEERLENS, "gradient", str(model), "-o", path, "--profile", profile], check=True,
                       stdout=subprocess.DEVNULL)
        runtimes = {"OpenVINO": on_openvino}
        ours = on_onnxruntime(path)
        cases = [(feeds, ours(feeds), ours(nudged)) for feeds, nudged in pictures(path)]
        kinks = max(distance(nudged, gradient) for _, gradient, nudged in cases)
        if cases[0][1].size <= EVALUATED:
            runtimes["evaluator"] = on_evaluator
        for runtime, load in runtimes.items():
            try:
                theirs = load(path)
                worst = max(distance(theirs(feeds), gradient) for feeds, gradient, _ in cases)
                agree = worst <= ROUNDING + KINKS * kinks
                text = f"{worst:.0e}" if agree else f"**{worst:.0e}**"
            except Exception as error:  # what a runtime refuses is a row of the table
                agree, text = False, "refused: " + " ".join(str(error).split())[:120]
            rows.append((model.stem, profile, runtime, text, f"{kinks:.0e}", agree))
            print("| " + " | ".join(rows[-1][:-1]) + " |", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", default=[])
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    print(f"ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}, onnx {onnx.__version__}\n")
    print("| network | profile | runtime | off by (relative L2) | ONNX Runtime's own, nudged |\n|---|---|---|---|---|")
    rows = []
    for architecture in ARCHITECTURES:
        if not options.only or architecture[1] in options.only:
            rows += compare(export(options.work, *architecture), options.work)
    for model in sorted(SHIPPED.glob("*.onnx")):
        if not options.only or model.stem in options.only:
            rows += compare(model, options.work)
    wrong = [row for row in rows if not row[-1]]
    print(f"\n{len(rows) - len(wrong)} of {len(rows)} agree")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
