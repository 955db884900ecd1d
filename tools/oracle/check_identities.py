#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The identities of docs/method.md section 4, run on the oracle itself. Needs only numpy. Prints one line per identity."""
import os
import sys
import numpy as np
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from steerlens_oracle import *   # noqa

rng = np.random.default_rng(0)
fails = 0


def check(name, value, tol):
    global fails
    ok = bool(value <= tol)
    fails += not ok
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {value:.2e} (tolerance {tol:.0e})")


pr = ad = pa = ms = 0.0
for h, w in ((1, 1), (1, 16), (2, 2), (3, 2), (2, 7), (28, 28), (37, 53), (48, 80)):
    for K in range(2, 9):
        for B in (1, 2):
            for grid in ("exact", "fast"):
                P = Pyramid(h, w, None, K, B, grid)
                x = rng.standard_normal((h, w))
                c = P.analyse_bands(x)
                hi, lo = P.residuals(x)
                pr = max(pr, np.abs(P.synth(c, hi, lo) - x).max())
                d = [rng.standard_normal(v.shape) + 1j * rng.standard_normal(v.shape) for v in c]
                lhs = sum(b["w"] * np.vdot(v, u).real for b, v, u in zip(P.bands, c, d))
                ad = max(ad, abs(lhs - (x * P.synth_bands(d)).sum()) / (1 + abs(lhs)))
                e = (hi ** 2).sum() + P.N / lo.size * (lo ** 2).sum() + sum(b["w"] * (np.abs(v) ** 2).sum() for b, v in zip(P.bands, c))
                pa = max(pa, abs(e / (x ** 2).sum() - 1))
                tot = P.hi ** 2 + P.lo ** 2
                for b in P.bands:
                    m = b["full"] ** 2
                    tot = tot + 0.5 * (m + m[(-np.arange(h)) % h][:, (-np.arange(w)) % w])
                ms = max(ms, np.abs(tot - 1).max())
check("1 reconstruction", pr, 1e-13)
check("2 adjoint", ad, 1e-12)
check("2 Parseval", pa, 1e-13)
check("3 masks", ms, 1e-14)

H = W = 64
P = Pyramid(H, W, 3)
yy, xx = np.meshgrid(np.arange(H), np.arange(W), indexing="ij")
wy, wx = 2 * np.pi * 5 / 64, 2 * np.pi * 11 / 64
tone = lambda dy, dx: 0.3 * np.cos(wy * (yy - dy) + wx * (xx - dx))
err = 0.0
for b, u, v in zip(P.bands, P.analyse_bands(tone(0, 0)), P.analyse_bands(tone(0.37, -0.81))):
    if np.abs(u).max() > 1e-6:
        th = np.pi * b["k"] / 4
        s = 1.0 if wx * np.cos(th) + wy * np.sin(th) > 0 else -1.0
        err = max(err, np.abs(np.angle(v * np.conj(u)) + s * (wy * 0.37 - wx * 0.81)).max())
check("4 phase shift of a tone", err, 1e-12)

x, g = rng.random((64, 64)), rng.standard_normal((64, 64))
sh = lambda a: np.roll(a, (8, 16), (0, 1))
check("5 shift covariance", np.abs(sh(morph(x, g, octaves=3)[0]) - morph(sh(x), sh(g), octaves=3)[0]).max(), 1e-13)
x, g = rng.random((37, 53)), rng.standard_normal((37, 53))
fl = lambda a: np.roll(a[:, ::-1], 1, 1)
check("6 circular reflection", np.abs(fl(morph(x, g, orientations=3)[0]) - morph(fl(x), fl(g), orientations=3)[0]).max(), 1e-13)
check("6 transpose, K even", np.abs(morph(x, g)[0].T - morph(x.T.copy(), g.T.copy())[0]).max(), 1e-13)
for m in ("csp-phase", "csp-joint", "fourier-phase", "pixel"):
    check(f"7 magnification 0, {m}", float(not np.array_equal(morph(x, g, 0.0, method=m)[0], x)), 0)
    check(f"7 zero gradient, {m}", float(not np.array_equal(morph(x, 0 * g, method=m)[0], x)), 0)
    a = morph(x, g, method=m, clip=False)[0]
    check(f"8 gradient scale, {m}", np.abs(a - morph(x, 37.0 * g, method=m, clip=False)[0]).max(), 1e-13)
    check(f"8 affine, {m}", np.abs(morph(3 * x + 2, g, method=m, clip=False)[0] - (3 * a + 2)).max(), 1e-12)
    X, G = np.stack([x] * 3), np.stack([g] * 3)
    r = morph(x, g, method=m)[0]
    for col in ("luma", "joint", "independent"):
        check(f"11 grey RGB, {m}, {col}", np.abs(morph(X, G, method=m, colour=col)[0] - r).max(), 1e-13)
    check(f"10 ascent, {m}", -((morph(x, g, 1e-3, method=m, clip=False)[0] - x) * g).sum(), 0)
P = Path(x, g, phase_limit=0.0)
bands = math.sqrt(sum(b["w"] * (np.abs(c) ** 2).sum() for b, c in zip(P.P.bands, P.c[0])))
check("9 norm bound", np.linalg.norm(P.change(0.7)[0]) - 0.7 * bands, 0)
check("11 gain 0", float(not np.array_equal(morph(x, g, method="csp-joint", amplitude_gain=0.0)[0], morph(x, g)[0])), 0)
gr = lambda y: g * np.cos(3 * y)
for live in ("source", "reanalyse"):
    check(f"11 one live step, {live}", np.abs(morph_live(x, gr, 1, live)[0] - morph(x, gr(x))[0]).max(), 1e-15)
Q = Pyramid(37, 53)
c, G = Q.analyse_bands(x), Q.analyse_bands(3 * np.cos(3 * x) * g)
d = [rng.standard_normal(v.shape) for v in c]
L = lambda t: (np.sin(3 * (x + Q.synth_bands([v * (np.exp(1j * t * q) - 1) for v, q in zip(c, d)]))) * g).sum()
num = (L(1e-5) - L(-1e-5)) / 2e-5
ana = sum(b["w"] * ((np.conj(v) * q).imag * e).sum() for b, v, q, e in zip(Q.bands, c, G, d))
check("12 phase gradient", abs(num / ana - 1), 1e-7)
P = Path(x, g, amplitude_exponent=2.0, floor=0.0, normalise="none", phase_limit=0.0)
c2 = P.P.analyse_bands(x + 1e-7 * g)
check("2.3 motion reading of p = 2", max(np.abs(np.angle(v * np.conj(u)) / 1e-7 - q).max() / np.abs(q).max()
                                         for u, v, q in zip(P.c[0], c2, P.dirs[0].d)), 1e-3)
By, Bx = hat_basis(37, 8), hat_basis(53, 8)
gx, gy = central_diff(x)
y = x + 0.1 * (gx * (By @ rng.standard_normal((8, 8)) @ Bx.T) + gy * (By @ rng.standard_normal((8, 8)) @ Bx.T))
check("13 known warp", 1 - explained_energy(x, y)[0], 1e-9)
R = resize_matrix(9, 40)
a, b = rng.standard_normal(40), rng.standard_normal(9)
check("14 resize rows", np.abs(R.sum(1) - 1).max(), 1e-14)
check("14 resize adjoint", abs((R @ a) @ b - a @ (R.T @ b)), 1e-13)
print("FAILED" if fails else "all identities hold")
sys.exit(1 if fails else 0)
