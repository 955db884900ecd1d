# SPDX-License-Identifier: MPL-2.0
"""Input gradients in float64 by PyTorch, each held to its own central difference."""
import copy
import functools

import numpy as np
import torch

SOURCE, TARGET = 3, 7
# PyTorch's autograd has been seen to be wrong, for some networks altogether, for one by a sixth.  Where nudges do not
# move the gradient the central difference is good to 1e-5; elsewhere a ReLU may switch within the step.
CONFIRMED, CONFIRMED_SMOOTH, STILL = 0.05, 1e-3, 1e-4
DIRECTIONS = 32


def margin(net, x):
    z = net(x)
    return z[0, TARGET] - z[0, SOURCE]


def gradient(net, x):
    """Logits and the gradient of the margin, as float64 arrays."""
    x = x.clone().requires_grad_(True)
    z = net(x)
    (g,) = torch.autograd.grad(z[0, TARGET] - z[0, SOURCE], x)
    return z.detach().double().numpy(), g.double().numpy()


@torch.no_grad()
def slope(f, x, direction, h):
    """Central difference of f at x."""
    d = torch.from_numpy(direction).reshape(x.shape)
    return (float(f(x + h * d)) - float(f(x - h * d))) / (2 * h)


def slope_error(f, x, g):
    """How far the central difference along g is from |g|, relative."""
    norm = float(np.linalg.norm(g))
    if norm == 0:
        return float("nan")
    # A change of about 1e-6 in the margin: far above rounding, far below the distance to most kinks.
    h = min(1e-6 / norm, 1e-4 * float(x.norm()))
    return abs(slope(f, x, g / norm, h) / norm - 1)


def directions(shape):
    """Independent normal directions, one a row: what a gradient's error is along them estimates its norm."""
    return np.random.default_rng(7).standard_normal((DIRECTIONS, int(np.prod(shape))))


def relative(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def case(net, size, seed):
    """One picture: float64 logits and gradient, the error of the central difference, float32's own error, and how
    far rounding-sized nudges of the picture move the float64 gradient (flipped kinks)."""
    net64 = copy.deepcopy(net).double()
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 3, size, size, generator=generator)
    logits, g = gradient(net64, x.double())
    nudged = 0.0
    for _ in range(2):
        step = 1e-6 * torch.randn(x.shape, generator=generator, dtype=torch.float64)
        nudged = max(nudged, relative(gradient(net64, x.double() + step)[1], g))
    f = functools.partial(margin, net64)
    found = dict(
        input=x.numpy(), logits=logits, gradient=g, nudged=nudged,
        slope_error=slope_error(f, x.double(), g), float32=relative(gradient(net, x)[1], g))
    if not found["slope_error"] <= (CONFIRMED_SMOOTH if nudged <= STILL else CONFIRMED):
        # Autograd is of no use here: central differences in float64 take its place.
        rows = directions(x.shape)
        found["slopes"] = np.array([slope(f, x.double(), row, 1e-8) for row in rows])
    return found
