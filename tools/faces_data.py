# SPDX-License-Identifier: MPL-2.0
"""Drawn grey faces 64x64 with four expressions (numpy/torch, CPU), and the networks for them.

The mouth alone decides the class: curvature c in [-1,1] of a line (frown < -0.35, neutral
|c| < 0.15, smile > 0.35) or an open oval (surprise).  All edges are soft (signed distances)."""
import math

import torch
import torch.nn.functional as F
from torch import nn

import smallnets as S

FACES = ["neutral", "smile", "frown", "surprise"]
BEND = 0.26         # height of the mouth's arc at c = 1, in head radii


def sample(labels, g, c=None):
    """Random parameters (dict of tensors, first axis = picture).  `c` overrides the curvature."""
    n = len(labels)
    u = lambda lo, hi, *s: lo + (hi - lo) * torch.rand(n, *s, generator=g)
    p = {"label": labels.clone()}
    p["rad"] = u(0.72, 0.94)
    p["cx"], p["cy"] = u(-1, 1) * (1.02 - p["rad"]), u(-1, 1) * (1.02 - p["rad"])
    p["rot"] = u(-0.3, 0.3)
    p["hw"], p["hpow"] = u(0.80, 0.98), u(1.8, 2.8)
    p["yaw"], p["pitch"] = u(-0.10, 0.10), u(-0.08, 0.06)
    v = u(0, 1)
    sign = (u(0, 1) < 0.5).float() * 2 - 1
    cc = torch.stack([sign * 0.15 * v, 0.35 + 0.65 * v, -0.35 - 0.65 * v, 0 * v])
    p["c"] = cc[labels, torch.arange(n)]
    if c is not None:
        p["c"] = torch.as_tensor(c).expand(n).clone()
    p["mw"], p["mth"], p["my"], p["mtilt"] = u(0.32, 0.48), u(0.045, 0.085), u(0.42, 0.52), u(-0.06, 0.06)
    p["orx"], p["ory"] = u(0.17, 0.30), u(0.15, 0.28)
    p["ex"], p["ey"], p["erx"], p["ery"] = u(0.30, 0.42), u(-0.26, -0.10), u(0.07, 0.13), u(0.05, 0.12)
    p["sclera"] = (u(0, 1) < 0.5).float()
    smile, frown, sur = (labels == 1).float(), (labels == 2).float(), (labels == 3).float()
    p["ery"] = p["ery"] * (1 + 0.25 * sur * u(0, 1))
    p["bdy"], p["blen"], p["bth"], p["balpha"] = u(0.17, 0.27) + 0.04 * sur * u(0, 1), u(0.12, 0.2), u(0.02, 0.05), u(0.2, 1)
    p["btilt"] = u(-0.3, 0.3) + 0.06 * (frown - smile)
    p["nlen"], p["nth"], p["nalpha"], p["nbend"] = u(0.1, 0.22), u(0.02, 0.045), u(0, 0.8), u(-0.08, 0.08)
    p["hair"], p["hairy"], p["hairw"], p["hairt"] = (u(0, 1) < 0.6).float(), u(-0.75, -0.45), u(-0.25, 0.25), u(0.05, 0.6)
    p["skin"], p["bg"] = u(0.5, 0.92), u(0.05, 0.95)
    for _ in range(20):
        close = (p["bg"] - p["skin"]).abs() < 0.15
        p["bg"] = torch.where(close, u(0.05, 0.95), p["bg"])
    p["ink"], p["lip"] = p["skin"] * u(0.08, 0.5), p["skin"] * u(0.06, 0.42)
    p["outline"], p["oth"] = u(0, 1), u(0.02, 0.05)
    p["soft"] = u(0.8, 2.0)                                   # edge width, pixels
    p["lx"], p["ly"], p["rim"] = u(-0.15, 0.15), u(-0.15, 0.15), u(0, 0.25)
    p["gx"], p["gy"] = u(-0.15, 0.15), u(-0.15, 0.15)
    p["t5"], p["t16"], p["ts"] = u(0, 0.3), u(0, 0.2), u(0, 0.07)
    p["blur"], p["noise"] = u(0, 0.8), u(0, 0.04)
    p["z5"], p["z16"] = torch.rand(n, 1, 5, 5, generator=g), torch.rand(n, 1, 16, 16, generator=g)
    p["zn"] = torch.randint(1 << 31, (n,), generator=g)
    return p


def _ellipse(x, y, rx, ry):
    k = torch.sqrt((x / rx) ** 2 + (y / ry) ** 2 + 1e-9)
    h = torch.sqrt((x / rx ** 2) ** 2 + (y / ry ** 2) ** 2 + 1e-9)
    return k * (k - 1) / h


def _stroke(x, y, x0, half, f, df, th):
    """Distance to the curve y = f(x - x0), |x - x0| <= half, thickness 2 th, round ends."""
    q = torch.minimum(torch.maximum(x - x0, -half), half)
    dy = (y - f(q)) / torch.sqrt(1 + df(q) ** 2)
    return torch.sqrt((x - x0 - q) ** 2 + dy ** 2 + 1e-9) - th


def render(p, size=64, noise=True, c=None):
    """Pictures [n,1,size,size] in [0,1].  `c`: other mouth curvature for the same faces."""
    n = len(p["rad"])
    b = lambda k: (p[k] if isinstance(k, str) else k).view(n, 1, 1)
    cc = b(p["c"] if c is None else torch.as_tensor(c, dtype=torch.float32).expand(n))
    lin = (torch.arange(size) + 0.5) / size * 2 - 1
    gy, gx = torch.meshgrid(lin, lin, indexing="ij")
    dx, dy = (gx - b("cx")) / b("rad"), (gy - b("cy")) / b("rad")
    ca, sa = b(p["rot"].cos()), b(p["rot"].sin())
    x, y = dx * ca + dy * sa, -dx * sa + dy * ca
    px = b(2 / size / p["rad"])                                # one pixel in head radii
    cov = lambda d: torch.sigmoid(-4 * d / (b("soft") * px))
    mix = lambda img, col, m: img * (1 - m) + col * m
    up = lambda z: F.interpolate(z, size=(size, size), mode="bicubic", align_corners=False)[:, 0] - 0.5
    t5, t16 = up(p["z5"]), up(p["z16"])
    img = b("bg") + b("t5") * t5 + b("t16") * t16
    k = ((x.abs() / b("hw")) ** b("hpow") + y.abs() ** b("hpow") + 1e-9) ** (1 / b("hpow"))
    dh = (k - 1) * b("hw")
    face = b("skin") * (1 + b("lx") * x + b("ly") * y - b("rim") * k.clamp(max=1.2) ** 4) + b("ts") * t16.flip(1)
    img = mix(img, face, cov(dh))
    img = mix(img, b("ink"), cov(dh.abs() - b("oth")) * b("outline"))
    hair = torch.maximum(dh - 0.05, y - b("hairy") - b("hairw") * x)
    img = mix(img, b("hairt") + b("ts") * t5, cov(hair) * b("hair"))
    fx, fy = x - b("yaw"), y - b("pitch")
    for s in (-1, 1):
        ex, ey = fx - s * b("ex"), fy - b("ey")
        img = mix(img, 0.95, cov(_ellipse(ex, ey, b("erx") * 1.5, b("ery") * 1.5)) * b("sclera"))
        img = mix(img, b("ink"), cov(_ellipse(ex, ey, b("erx"), b("ery"))))
        t = s * b("btilt")
        yb = b("ey") - b("bdy")
        br = _stroke(fx, fy, s * b("ex"), b("blen"), lambda q: yb + t * q, lambda q: t + 0 * q, b("bth"))
        img = mix(img, b("ink"), cov(br) * b("balpha"))
    nb = b("nbend")
    nose = _stroke(fy, fx, b(torch.full((n,), 0.12)), b("nlen"), lambda q: nb * (q / b("nlen")), lambda q: nb / b("nlen") + 0 * q, b("nth"))
    img = mix(img, b("ink"), cov(nose) * b("nalpha"))
    w, tl = b("mw"), b("mtilt")
    f = lambda q: b("my") + BEND * cc * (0.5 - (q / w) ** 2) + tl * q        # y points down: c > 0 lifts the corners
    line = _stroke(fx, fy, torch.zeros_like(w), w, f, lambda q: -2 * BEND * cc * q / w ** 2 + tl, b("mth"))
    oval = _ellipse(fx, fy - b("my"), b("orx"), b("ory"))
    sur = b((p["label"] == 3).float())
    img = mix(img, b("lip"), cov(torch.where(sur > 0, oval, line)))
    img = img * (1 + b("gx") * gx + b("gy") * gy)
    img = img.unsqueeze(1)
    bl = F.avg_pool2d(F.pad(img, (1, 1, 1, 1), mode="replicate"), 3, 1)
    s = p["blur"].view(n, 1, 1, 1)
    img = (1 - s) * img + s * bl
    if noise:
        z = torch.randn(img.shape, generator=torch.Generator().manual_seed(int(p["zn"][0])))
        img = img + p["noise"].view(n, 1, 1, 1) * z
    return img.clamp(0, 1)


def draw_faces(labels, g, **kw):
    return torch.cat([render(sample(labels[i:i + 250], g), **kw) for i in range(0, len(labels), 250)])


def faces_net():
    """SiLU convolutions; grey 64x64, pixels mapped to [-1,1]."""
    return S.init_he(nn.Sequential(
        S.conv(1, 20, 5, 2), nn.SiLU(), S.conv(20, 32, 3, 2), nn.SiLU(), S.conv(32, 48, 3, 2), nn.SiLU(),
        S.conv(48, 64, 3, 1), nn.SiLU(), S.conv(64, 64, 3, 1), nn.SiLU(), nn.Flatten(),
        nn.Linear(64 * 64, 48), nn.SiLU(), nn.Linear(48, len(FACES))))


def faces_judge():
    """ReLU + MaxPool + BatchNorm; a coarse 4x4 map in front of the linear layer (position of the mouth matters)."""
    def b(i, o):
        return [S.conv(i, o, 3, bias=False), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*b(1, 16), *b(16, 32), *b(32, 64), *b(64, 64), nn.Flatten(), nn.Linear(64 * 16, len(FACES)))
