# SPDX-License-Identifier: MPL-2.0
"""How well an older frame's gradient fits where the camera has moved meanwhile: the cosine between the gradients of a
photograph and of the same one with a little noise, or moved by pixels of the model's input.

EfficientNet-Lite0, runner-up minus top class of each picture in `media/`. Needs numpy, onnxruntime, pillow:

    OMP_NUM_THREADS=1 venv/bin/python tools/compare/moved.py [MODEL]
"""

import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DATA = os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share"))
MODEL = f"{DATA}/steerlens/models/efficientnet-lite0/efficientnet-lite0.onnx"
STEERLENS = os.environ.get("STEERLENS", f"{ROOT}/target/release/steerlens")
SIDE, BORDER = 224, 8
MOST = 4


def pictures():
    """The square in the middle of each photograph, with a border to move into, 0..255."""
    for path in sorted(glob.glob(f"{ROOT}/media/*.jpg") + glob.glob(f"{ROOT}/media/cat*.png")):
        picture = Image.open(path).convert("RGB")
        side = min(picture.size)
        left, top = ((extent - side) // 2 for extent in picture.size)
        square = picture.crop((left, top, left + side, top + side))
        wide = SIDE + 2 * BORDER
        yield np.asarray(square.resize((wide, wide), Image.BICUBIC), np.float64)


def main():
    model = sys.argv[1] if len(sys.argv) > 1 else MODEL
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([STEERLENS, "gradient", model, "-o", f"{folder}/gradient.onnx"], check=True, stdout=2)
        session = onnxruntime.InferenceSession(f"{folder}/gradient.onnx", providers=["CPUExecutionProvider"])
    name = next(i.name for i in session.get_inputs() if i.name != "cotangent")
    logits = next(o.name for o in session.get_outputs() if o.name != "input_gradient")

    def run(pixels, cotangent):
        fed = np.ascontiguousarray(((pixels - 127) / 128).transpose(2, 0, 1)[None], np.float32)
        return session.run([logits, "input_gradient"], {name: fed, "cotangent": cotangent})

    def middle(picture, by=0):
        return picture[BORDER : BORDER + SIDE, BORDER + by : BORDER + by + SIDE]

    noise = np.random.default_rng(7)
    table = {}
    for picture in pictures():
        shape = [1, 1000]
        scores, _ = run(middle(picture), np.zeros(shape, np.float32))
        second, top = np.argsort(scores[0])[-2:]
        cotangent = np.zeros(shape, np.float32)
        cotangent[0, second], cotangent[0, top] = 1, -1

        def gradient(pixels):
            return run(pixels, cotangent)[1][0]

        def cosine(a, b):
            return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))

        here = gradient(middle(picture))
        noisy = middle(picture) + noise.normal(0, 1, (SIDE, SIDE, 3))
        table.setdefault("noise of 1/255", []).append((cosine(here, gradient(noisy)), None))
        for by in range(1, MOST + 1):
            moved = gradient(middle(picture, by))
            along = cosine(here[:, :, by:], moved[:, :, :-by])
            table.setdefault(f"moved by {by}", []).append((cosine(here, moved), along))
    print(f"{'':16}  same place  moved along   (means of {len(table['moved by 1'])} photographs)")
    for row, found in table.items():
        same, along = zip(*found)
        print(f"{row:16}  {np.mean(same):10.2f}  " + ("" if along[0] is None else f"{np.mean(along):11.2f}"))


if __name__ == "__main__":
    main()
