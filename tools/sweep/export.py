#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Builds the networks, exports them with both exporters of PyTorch, and stores float64 reference gradients.

  nice python3 export.py WORK [--only NAME ...] [--exporter torchscript|dynamo|dynamic|dynamo23 ...] [--inputs N]

WORK/NAME.EXPORTER.onnx, WORK/NAME.npz (pictures, logits, gradients) and WORK/NAME.json (what is known of both).
`dynamic` is TorchScript
with batch, height and width left open, at opset 14; `dynamo23` is dynamo at opset 23, which has attention as one
operator.  What is there already is not made again.  Each network is made in a process of its own, which may fail."""
import argparse
import json
import multiprocessing
import os
import time
import traceback
import warnings

import numpy as np
import torch

import architectures
import networks
import reference

OPSET, OLD_OPSET, NEW_OPSET, SEED = 17, 14, 23, 11
# The fused attention of inference mode is an operator that the TorchScript exporter does not know.
torch.backends.mha.set_fastpath_enabled(False)


def export(net, x, exporter, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not exporter.startswith("dynamo"):
            axes = {"input": {0: "N", 2: "H", 3: "W"}} if exporter == "dynamic" else None
            opset = OLD_OPSET if exporter == "dynamic" else OPSET
            torch.onnx.export(net, (x,), path, dynamo=False, opset_version=opset, dynamic_axes=axes,
                              input_names=["input"], output_names=["logits"])
        else:
            opset = NEW_OPSET if exporter == "dynamo23" else None
            program = torch.onnx.export(net, (x,), dynamo=True, opset_version=opset, verbose=False, input_names=["input"],
                                        output_names=["logits"])
            program.save(path, external_data=False)


def make(work, exporters, inputs, library, family, name, size, arguments):
    torch.set_num_threads(1)
    key = f"{library}.{name}"
    notes = os.path.join(work, key + ".json")
    known = json.load(open(notes)) if os.path.exists(notes) else dict(
        library=library, family=family, name=name, size=size, exports={}, cases=[])
    wanted = [e for e in exporters if e not in known["exports"]]
    done = len(known["cases"])
    if not wanted and done >= inputs:
        return
    net = networks.build(library, name, size, arguments)
    stored = os.path.join(work, key + ".npz")
    arrays = dict(np.load(stored)) if done else {}
    for k in range(done, inputs):
        case = reference.case(net, size, SEED + k)
        arrays |= {f"{part}_{k}": case.pop(part) for part in ("input", "logits", "gradient", "slopes") if part in case}
        known["cases"].append(case)
    np.savez(stored, **arrays)
    for exporter in wanted:
        started = time.monotonic()
        try:
            export(net, torch.randn(1, 3, size, size), exporter, os.path.join(work, f"{key}.{exporter}.onnx"))
            known["exports"][exporter] = None
        except Exception as error:  # the exporter's own failure is a row of the table
            known["exports"][exporter] = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        print(f"{key:44s} {exporter:12s} {time.monotonic() - started:5.0f} s  {known['exports'][exporter] or 'ok'}", flush=True)
    json.dump(known, open(notes, "w"), indent=1)


def guarded(*arguments):
    try:
        make(*arguments)
    except Exception:
        print(f"{arguments[3]}.{arguments[5]}: not built", traceback.format_exc(limit=-2), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--exporter", nargs="+", default=["torchscript", "dynamo"])
    parser.add_argument("--inputs", type=int, default=2, help="pictures per network; more tell a kink from a mistake")
    parser.add_argument("--limit", type=int, default=300, help="seconds for one network")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    import timm  # noqa: F401  imported once, before the processes fork
    import torchvision  # noqa: F401
    fork = multiprocessing.get_context("fork")
    for row in architectures.ALL:
        if options.only and row[2] not in options.only:
            continue
        process = fork.Process(target=guarded, args=(options.work, options.exporter, options.inputs, *row))
        process.start()
        process.join(options.limit)
        if process.is_alive():
            process.kill()
            process.join()
            print(f"{row[0]}.{row[2]}: not done in {options.limit} s", flush=True)


if __name__ == "__main__":
    main()
