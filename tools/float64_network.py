# SPDX-License-Identifier: MPL-2.0
"""A classifier in float64 with what its side-car says of its input, and its gradients, single and averaged, without
steerlens.

The network runs in PyTorch (onnx_torch_eval.py), whose autograd gives gradients; ways to the input and copies are those
of docs/method.md 2.11 and 2.12; random numbers are xoshiro256++, as its authors publish it. Pictures are `(H, W, 3)` or
`(H, W)`, 0..1. Needs numpy, torch and onnx."""
import configparser
import math
import pathlib
import sys

import numpy as np
import torch

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(TOOLS), str(TOOLS / "oracle")]
import onnx_torch_eval  # noqa: E402
import steerlens_oracle as oracle  # noqa: E402

LUMA = np.array([.299, .587, .114])
MASK = (1 << 64) - 1


def luma(picture):
    return picture @ LUMA if picture.ndim == 3 else picture


class Network:
    """A classifier, read with its side-car."""

    def __init__(self, path):
        side = configparser.ConfigParser(strict=False)
        side.read_string(pathlib.Path(f"{path}.modelinfo").read_text())
        [about] = [side[s] for s in side.sections() if side[s].get("dir") == "input"]
        [out] = [side[s] for s in side.sections() if side[s].get("dir") == "output"]
        self.net = onnx_torch_eval.Net(str(path))
        dims = [int(n) for n in about["dims"].split(",")]
        self.last = about.get("layout") == "nhwc"
        self.channels, self.size = (dims[3], dims[1:3]) if self.last else (dims[1], dims[2:])
        ends = [[float(v) for v in r.split(",")] for r in about["ranges"].split(";")]
        ends = ends if len(ends) > 1 else ends * self.channels
        self.ends = torch.tensor(ends, dtype=torch.float64).T[:, :, None, None]
        self.crop = float(about.get("crop", 1))
        # A network that ends in Softmax says probabilities, whose logarithms are logits.
        self.squashed = out.get("activation", "logits") != "logits"
        self.labels = (pathlib.Path(path).parent / out["labels"]).read_text().splitlines()

    def maps(self, shape):
        """The cut that the network sees of a picture, and the two matrices that bring it to the input's size."""
        scale = self.crop * min(shape[0] / self.size[0], shape[1] / self.size[1])
        cut = [max(1, min(n, math.floor(side * scale + .5))) for n, side in zip(shape, self.size)]
        at = [slice((n - c) // 2, (n - c) // 2 + c) for n, c in zip(shape, cut)]
        return at, [oracle.resize_matrix(side, c) for side, c in zip(self.size, cut)]

    def see(self, picture):
        (at_y, at_x), (rows, columns) = self.maps(picture.shape)
        if self.channels == 1:
            of = [luma(picture)]
        else:
            of = np.moveaxis(picture, -1, 0) if picture.ndim == 3 else [picture] * 3
        return np.stack([rows @ plane[at_y, at_x] @ columns.T for plane in of])

    def logits(self, planes):
        low, high = self.ends
        x = (low + planes * (high - low))[None]
        [out] = self.net.run({self.net.inputs[0]: x.permute(0, 2, 3, 1) if self.last else x}).values()
        return out.reshape(-1).log() if self.squashed else out.reshape(-1)

    def probabilities(self, picture):
        with torch.no_grad():
            return torch.softmax(self.logits(torch.from_numpy(self.see(picture))), 0).numpy()

    def gradient(self, planes, pair):
        """Of the margin of `pair`, at the model's input."""
        x = torch.from_numpy(np.ascontiguousarray(planes)).requires_grad_()
        logits = self.logits(x)
        (logits[pair[1]] - logits[pair[0]]).backward()
        return x.grad.numpy()

    def averaged(self, picture, pair, samples, copies):
        """The mean gradient at the input (docs/method.md 2.12), and its agreement."""
        planes = self.see(picture)
        if samples == 1:
            return self.gradient(planes, pair), math.nan
        halves = [np.zeros_like(planes), np.zeros_like(planes)]
        for copy in range(samples):
            rows, columns = changed(self.size, copy, copies)
            seen = np.stack([rows @ plane @ columns.T for plane in planes]) + noise(planes.shape, copy, copies)
            gradient = self.gradient(seen, pair)
            halves[copy.bit_count() % 2] += np.stack([rows.T @ plane @ columns for plane in gradient])
        cosine = (halves[0] * halves[1]).sum() / np.linalg.norm(halves[0]) / np.linalg.norm(halves[1])
        return (halves[0] + halves[1]) / samples, max(0, 2 * cosine / (1 + cosine))

    def at_luma(self, gradient, shape):
        """A gradient at the input as that of the picture's luma."""
        (at_y, at_x), (rows, columns) = self.maps(shape)
        plane = np.zeros(shape[:2])
        plane[at_y, at_x] = rows.T @ gradient.sum(0) @ columns
        return plane


def xoshiro(seed):
    """xoshiro256++ (Blackman and Vigna), started by splitmix64: numbers from 0 up to 1, of 53 bits."""
    state = []
    for _ in range(4):
        seed = (seed + 0x9e3779b97f4a7c15) & MASK
        z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9 & MASK
        z = (z ^ z >> 27) * 0x94d049bb133111eb & MASK
        state.append(z ^ z >> 31)
    a, b, c, d = state
    while True:
        x = (a + d) & MASK
        yield ((((x << 23 | x >> 41) + a) & MASK) >> 11) / (1 << 53)
        t = b << 17 & MASK
        c, d = c ^ a, d ^ b
        b, a = b ^ c, a ^ d
        c, d = c ^ t, (d << 45 | d >> 19) & MASK


def changed(size, copy, copies):
    """The two matrices of a copy: shift, zoom, and the mirror along rows."""
    random, at = xoshiro(copies["seed"]), []
    for base in (3, 5, 7):
        inverse, weight, number = 0, 1, copy
        while number:
            weight /= base
            inverse, number = inverse + number % base * weight, number // base
        at.append(2 * ((next(random) + inverse) % 1) - 1)
    zoom = 1 + at[2] * copies["zoom"]
    maps = []
    for n, shift in zip(size, (at[1] * copies["shift"], at[0] * copies["shift"])):
        m, length = np.zeros((n, n)), n / zoom
        for o in range(n):
            p = (n - length) / 2 - shift * length + (o + .5) * length / n
            i = np.arange(math.floor(p - 2 / zoom) - 2, math.ceil(p + 2 / zoom) + 3)
            weights = np.maximum(0, 1 - np.abs(i + .5 - p) / max(1 / zoom, 1))
            inside = i % (2 * n)
            np.add.at(m[o], np.where(inside < n, inside, 2 * n - 1 - inside), weights / weights.sum())
        maps.append(m)
    return maps[0], maps[1][::-1] if copies["mirror"] and copy % 2 else maps[1]


def noise(shape, copy, copies):
    if not copies["noise-level"]:
        return 0.0
    random = xoshiro(copies["seed"] ^ (copy << 32 | copy >> 32) & MASK)
    pairs = np.array([next(random) for _ in range(2 * math.prod(shape))]).reshape(-1, 2) + 2.0 ** -53
    return copies["noise-level"] * (np.sqrt(-2 * np.log(pairs[:, 0])) * np.cos(2 * np.pi * pairs[:, 1])).reshape(shape)
