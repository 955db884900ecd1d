#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Cuts the reference gradients of make_refgrad.py down to what the repository keeps.

  python3 cut_refgrad.py REFGRAD_DIR OUT_DIR        needs numpy

Every model of tests/data/variety and models/ stays, and EfficientNet-Lite0; some with fewer cases.
The two large references keep 8 bits of each gradient's mantissa: a relative error of at most 2^-9 = 2e-3 per
value, 1e-3 in relative L2, a tenth of the tighter one's tolerance (0.01), for a third of the bytes.  `model` in index.json becomes a path from the
repository's root; EfficientNet-Lite0's is one from set-up's `steerlens/models`."""
import json
import os
import sys

import numpy as np

SRC, OUT = sys.argv[1:3]
CASES = {
    "digits_judge": 2, "digits_plain": 2, "digits_robust": 2,
    **dict.fromkeys(("efficientnet_lite0", "face_expression", "mini_xception", "shapes_judge", "shapes_plain",
                     "shapes_robust", "v_convnext", "v_dynamo_dynamic", "v_fp16_io32", "v_mobilenetv3",
                     "v_multi_output", "v_vit_tiny", "v_vit_tiny_dynamo"), 1),
}
ROUNDED = {"efficientnet_lite0", "face_expression"}
MODELS = {"efficientnet_lite0": "efficientnet-lite0/efficientnet-lite0.onnx",
          "face_expression": "models/face_expression.onnx", "mini_xception": "models/mini_xception.onnx"}


def rounded(a, bits=8):
    """Nearest float32 with `bits` bits after the leading one."""
    drop = 23 - bits
    u = a.view(np.uint32)
    return ((u + np.uint32(1 << (drop - 1))) & ~np.uint32((1 << drop) - 1)).view(np.float32)


def place(name, model):
    if name in MODELS:
        return MODELS[name]
    return "tests/data/" + model if model.startswith("variety/") else "models/" + model


def main():
    index = json.load(open(os.path.join(SRC, "index.json")))
    kept = {}
    for name, entry in index.items():
        if entry["model"].startswith("generated/") and name not in MODELS:
            continue
        arrays = np.load(os.path.join(SRC, entry["npz"]))
        n = min(CASES.get(name, 9), len(entry["cases"]))
        out = {}
        for k in range(n):
            for part in ("input", "logits", "grad"):
                a = arrays[f"{part}_{k}"]
                out[f"{part}_{k}"] = rounded(a) if part == "grad" and name in ROUNDED else a
        np.savez_compressed(os.path.join(OUT, entry["npz"]), **out)
        kept[name] = dict(entry, model=place(name, entry["model"]), cases=entry["cases"][:n])
    with open(os.path.join(OUT, "index.json"), "w") as f:
        json.dump(kept, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
