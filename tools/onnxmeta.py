#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Metadata, side-cars and label files of the models made here.  Needs numpy and onnx.

  python3 onnxmeta.py MODEL.onnx ...     writes side-car and labels again from the metadata inside

Preprocessing is stored in three places that must agree:
  1. metadata_props of the .onnx (keys below, all strings);
  2. MODEL.onnx.modelinfo, GStreamer's ini side-car (`ranges` is what pixel 0 and pixel 255 become,
     one pair per channel), with the keys `layout`, `channels`, `crop`, `labels` and `activation` added;
  3. MODEL.labels.txt, one class per line.

metadata_props keys:
  input.layout   NCHW or NHWC
  input.color    RGB, BGR or GRAY
  input.size     HxW
  input.mean     per channel, in units of 8-bit pixel values
  input.std      per channel, same units;  tensor = (pixel - mean) / std
  input.crop     share of the short side that the central crop keeps, where it is not 1
  input.resize   how the photo is brought to input.size
  output.kind    logits | softmax | sigmoid
  labels         class names joined by newlines
  origin, license
"""
import hashlib
import os
import sys

import numpy as np
import onnx
from onnx import helper


def sha256(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for b in iter(lambda: f.read(1 << 20), b""):
            h.update(b)
    return h.hexdigest()


def check_sha(path, want, allow=False):
    got = sha256(path)
    if got != want:
        msg = f"{os.path.basename(path)}: sha256 {got}, expected {want}"
        if not allow:
            raise SystemExit(msg + " (use --any-version to go on)")
        print("warning:", msg)


def fmt(v):
    return ",".join(repr(float(np.float32(x))) if float(x) != int(x) else str(int(x)) for x in v)


def ranges(meta):
    mean, std = ([float(x) for x in meta[k].split(",")] for k in ("input.mean", "input.std"))
    return ";".join(f"{(0 - m) / s:.9g},{(255 - m) / s:.9g}" for m, s in zip(mean, std))


def dims(v):
    return ",".join(str(d.dim_value) if d.HasField("dim_value") else "-1" for d in v.type.tensor_type.shape.dim)


TYPES = {1: "float32", 2: "uint8", 10: "float16", 11: "float64", 7: "int64"}
# GStreamer's names for what a classifier puts out.
OUTPUT_ID = {"logits": "classification-generic-out", "softmax": "classification-generic-softmaxed-out"}


def side_car(model, group, labels_file):
    meta = {p.key: p.value for p in model.metadata_props}
    kind = meta["output.kind"]
    out = ["[modelinfo]", "version=1.0", f"group-id={group}", ""]
    inits = {i.name for i in model.graph.initializer}
    for v in model.graph.input:
        if v.name in inits:
            continue
        out += [f"[{v.name}]", f"id={group}-{v.name}", f"type={TYPES[v.type.tensor_type.elem_type]}",
                f"dims={dims(v)}", "dir=input", f"ranges={ranges(meta)}",
                f"layout={meta['input.layout'].lower()}", f"channels={meta['input.color'].lower()}"]
        if "input.crop" in meta:
            out += [f"crop={meta['input.crop']}"]
        out += [""]
    for v in model.graph.output:
        out += [f"[{v.name}]", f"id={OUTPUT_ID[kind]}", f"type={TYPES[v.type.tensor_type.elem_type]}",
                f"dims={dims(v)}", "dir=output", "dims-order=row-major", f"activation={kind}", f"labels={labels_file}", ""]
    return "\n".join(out[:-1]) + "\n"


def write_beside(model, path):
    """MODEL.onnx.modelinfo and MODEL.labels.txt, both from the metadata."""
    stem = os.path.splitext(path)[0]
    labels = next(p.value for p in model.metadata_props if p.key == "labels")
    name = os.path.basename(stem)
    with open(path + ".modelinfo", "w") as f:
        f.write(side_car(model, name.replace("_", "-"), name + ".labels.txt"))
    with open(stem + ".labels.txt", "w") as f:
        f.write(labels + "\n")


def strip(model):
    """Drops the exporters' stack traces (doc strings and per-node metadata)."""
    model.ClearField("doc_string")
    model.graph.ClearField("doc_string")
    for group in (model.graph.node, model.graph.value_info, model.graph.input, model.graph.output, model.graph.initializer):
        for x in group:
            x.ClearField("doc_string")
            x.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")


def save(model, path, labels, mean, std, meta, beside=True):
    meta = dict(meta)
    meta["input.mean"], meta["input.std"] = fmt(mean), fmt(std)
    if labels:
        meta["labels"] = "\n".join(labels)
    strip(model)
    del model.metadata_props[:]
    helper.set_model_props(model, {k: str(v) for k, v in meta.items()})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    if beside:
        write_beside(model, path)
    print(f"{path}: {os.path.getsize(path)} bytes, {len(model.graph.node)} nodes")


def main():
    for path in sys.argv[1:]:
        write_beside(onnx.load(path), path)


if __name__ == "__main__":
    main()
