#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Builds the networks, exports them with both exporters of PyTorch, and stores float64 reference gradients.

  nice python3 export.py WORK [--only NAME ...] [--exporter torchscript|dynamo] [--limit SECONDS]

WORK/NAME.EXPORTER.onnx, WORK/NAME.npz (pictures, logits, gradients) and WORK/NAME.json (what is known of both).
What is there already is not made again.  Each network is made in a process of its own, which may fail."""
import argparse
import contextlib
import io
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

OPSET = 17


def export(net, x, exporter, path):
    # On failure the exporter prints the whole graph.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if exporter == "torchscript":
            torch.onnx.export(net, (x,), path, dynamo=False, opset_version=OPSET, input_names=["input"], output_names=["logits"])
        else:
            program = torch.onnx.export(net, (x,), dynamo=True, verbose=False, input_names=["input"], output_names=["logits"])
            program.save(path, external_data=False)


def make(work, exporters, library, family, name, size, arguments):
    torch.set_num_threads(1)
    key = f"{library}.{name}"
    notes = os.path.join(work, key + ".json")
    known = json.load(open(notes)) if os.path.exists(notes) else dict(
        library=library, family=family, name=name, size=size, exports={})
    wanted = [e for e in exporters if e not in known["exports"]]
    if not wanted and known.get("cases"):
        return
    net = networks.build(library, name, size, arguments)
    if not known.get("cases"):
        cases = reference.cases(net, size)
        arrays = {f"{k}_{i}": c.pop(k) for i, c in enumerate(cases) for k in ("input", "logits", "gradient")}
        np.savez(os.path.join(work, key + ".npz"), **arrays)
        known["cases"] = cases
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
        print(f"{arguments[2]}.{arguments[4]}: not built", traceback.format_exc(limit=-2), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--exporter", nargs="+", default=["torchscript", "dynamo"])
    parser.add_argument("--limit", type=int, default=300, help="seconds for one network")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    import timm  # noqa: F401  imported once, before the processes fork
    import torchvision  # noqa: F401
    fork = multiprocessing.get_context("fork")
    for row in architectures.ALL:
        if options.only and row[2] not in options.only:
            continue
        process = fork.Process(target=guarded, args=(options.work, options.exporter, *row))
        process.start()
        process.join(options.limit)
        if process.is_alive():
            process.kill()
            process.join()
            print(f"{row[0]}.{row[2]}: not done in {options.limit} s", flush=True)


if __name__ == "__main__":
    main()
