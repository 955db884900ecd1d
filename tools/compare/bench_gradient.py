#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Logits and input gradient: `steerlens gradient` on ONNX Runtime beside PyTorch autograd and `onnx-ad`.

  STEERLENS=target/release/steerlens python3 bench_gradient.py [--runs N] [--profile cpu] [--only NAME ...]

Each network (224x224, batch 1, random weights) is exported once; then every contender computes logits and gradient
in turn, one thread each, for N rounds in one process.  CPU time, milliseconds, minimum and median.  `forward` is the
exported file alone under onnxruntime; `torch nhwc` is PyTorch with memory format channels_last; onnx-ad gets the file
folded by ONNX Runtime and with inferred shapes, since it refuses the raw exports.  Beside each time stands how far the
gradient is from PyTorch's float32 one (relative L2): a fast wrong answer is no contender."""
import argparse
import os
import statistics
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sweep"))
import differentiated as d  # noqa: E402
import export  # noqa: E402
import networks  # noqa: E402
import reference  # noqa: E402

NETWORKS = [("timm", "tf_efficientnet_lite0"), ("torchvision", "mobilenet_v2"), ("torchvision", "resnet50"),
            ("torchvision", "resnet18"), ("timm", "vit_tiny_patch16_224"), ("torchvision", "mobilenet_v3_small"),
            ("torchvision", "squeezenet1_1"), ("torchvision", "densenet121")]
SIZE = 224


def seed():
    cotangent = np.zeros((1, networks.CLASSES), np.float32)
    cotangent[0, reference.TARGET], cotangent[0, reference.SOURCE] = 1, -1
    return cotangent


def with_torch(net, x, layout):
    net = net.to(memory_format=layout)
    x = torch.from_numpy(x).contiguous(memory_format=layout)
    return lambda: reference.gradient(net, x)[1]


def with_onnx_ad(path, folder, x):
    """None and the reason where onnx-ad refuses the network."""
    import onnx_ad
    folded = os.path.join(folder, "folded.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = folded
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    try:
        adjoint = onnx_ad.reverse(onnx.shape_inference.infer_shapes(onnx.load(folded)))
        session = d.session(adjoint.SerializeToString())
    except Exception as error:  # its refusal is its result
        return None, " ".join(str(error).split())[:120]
    # It reads a tensor as a matrix with one column per direction; here there is one direction.
    extent = lambda dim: dim if isinstance(dim, int) else -1
    feed = {i.name: seed().reshape([extent(n) for n in i.shape]) if i.name.startswith("adj_") else x for i in session.get_inputs()}
    wanted = sorted((o.name for o in session.get_outputs()), key=lambda name: name.startswith("adj_"))
    return lambda: session.run(wanted, feed)[-1], None


def contenders(library, name, profile, folder):
    net = networks.build(library, name, SIZE, {})
    x = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(11)).numpy()
    path = os.path.join(folder, "net.onnx")
    export.export(net, torch.from_numpy(x), "torchscript", path)
    forward = d.session(path)
    found = {"forward": lambda: forward.run(None, {"input": x})[0]}
    ours = d.Differentiated(path, profile)
    if ours.refusal:
        print(name, ours.refusal)
    else:
        found["steerlens"] = lambda: ours.run(x, seed())[1]
    found["torch"] = with_torch(net, x, torch.contiguous_format)
    found["torch nhwc"] = with_torch(networks.build(library, name, SIZE, {}), x, torch.channels_last)
    adjoint, reason = with_onnx_ad(path, folder, x)
    if adjoint:
        found["onnx-ad"] = adjoint
    return found, reason


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--only", nargs="+", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("network, contender, CPU ms min, median, times steerlens (min), relative L2 from torch")
    for library, name in NETWORKS:
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found, reason = contenders(library, name, options.profile, folder)
        times, results = {k: [] for k in found}, {}
        for _ in range(options.runs + 2):
            for k, run in found.items():
                started = time.process_time()
                results[k] = run()
                times[k].append((time.process_time() - started) * 1e3)
        # The first two rounds are page faults and packing of weights.
        least = {k: min(v[2:]) for k, v in times.items()}
        for k, v in times.items():
            off = "" if k == "forward" else f"{d.compare(results[k], results['torch'])[0]:8.0e}"
            ratio = least[k] / least.get("steerlens", float("nan"))
            print(f"{name:24s} {k:10s} {least[k]:8.1f} {statistics.median(v[2:]):8.1f} {ratio:6.2f} {off}", flush=True)
        if reason:
            print(f"{name:24s} onnx-ad refuses: {reason}", flush=True)


if __name__ == "__main__":
    main()
