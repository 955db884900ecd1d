#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes the golden arrays and their index.json: make_oracle.py FOLDER. Needs only numpy."""
import json
import os
import sys
import numpy as np
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from steerlens_oracle import *   # noqa

INDEX = []
if len(sys.argv) != 2:
    sys.exit("usage: make_oracle.py FOLDER")
FOLDER = sys.argv[1]


def save(case, name, a, what, settings=None, **extra):
    a = np.asarray(a)
    if np.iscomplexobj(a):
        a = np.stack([a.real, a.imag], -1)
        extra["complex"] = "last axis is (re, im)"
    a = np.ascontiguousarray(a.astype("<f8"))
    os.makedirs(os.path.join(FOLDER, case), exist_ok=True)
    np.save(os.path.join(FOLDER, case, name + ".npy"), a)
    INDEX.append(dict(file=f"{case}/{name}.npy", shape=list(a.shape), what=what, settings=settings or {}, **extra))


def test_image(h, w, seed):
    """smooth shading + disc + oriented texture + a little noise, inside [0.06, 0.94]"""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
    s = max(h, w)
    im = 0.5 + 0.12 * np.sin(2 * np.pi * (1.3 * x + 0.7 * y) / s)
    r = np.hypot((y - 0.45 * h) / max(h, 1), (x - 0.55 * w) / max(w, 1))
    im += 0.22 / (1 + np.exp((r - 0.27) * s * 0.8)) - 0.05
    im += 0.07 * np.sin(2 * np.pi * (0.17 * x - 0.11 * y)) * (x > w / 2)
    im += 0.015 * rng.standard_normal((h, w))
    return np.clip(im, 0.06, 0.94)


def test_gradient(h, w, seed):
    """broad blob structure plus noise, as a classifier gradient may look"""
    rng = np.random.default_rng(seed)
    n = rng.standard_normal((h, w))
    fy, fx = np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w)[None, :]
    low = np.fft.ifft2(np.fft.fft2(n) * np.exp(-(fy ** 2 + fx ** 2) * 60)).real
    return 0.4 * low / (low.std() + 1e-12) + 0.1 * rng.standard_normal((h, w))


def toy_grad(h):
    """gradient of the toy loss sum(h*sin(3x)/3): h*cos(3x)"""
    return lambda x: h * np.cos(3 * x)


EDITS = [   # name, keyword settings; everything not named is the default of docs/method.md section 2.1
    ("csp_default", {}),
    ("csp_mag0", dict(magnification=0.0)),
    ("csp_mag2", dict(magnification=2.0)),
    ("csp_mag03", dict(magnification=0.3)),
    ("csp_p0", dict(amplitude_exponent=0.0)),
    ("csp_p05", dict(amplitude_exponent=0.5)),
    ("csp_p2", dict(amplitude_exponent=2.0)),
    ("csp_p2_floor05", dict(amplitude_exponent=2.0, floor=0.5)),
    ("csp_p2_floor0", dict(amplitude_exponent=2.0, floor=0.0)),
    ("csp_literal", dict(amplitude_exponent=0.0, normalise="none", phase_limit=0.0, scale_weight=1.0, magnification=3.0)),
    ("csp_motion", dict(amplitude_exponent=2.0, floor=0.0, normalise="none", phase_limit=0.0, magnification=0.05)),
    ("csp_scaleweight05", dict(scale_weight=0.5)),
    ("csp_nolimit", dict(phase_limit=0.0, magnification=1.5)),
    ("csp_limit_clip", dict(limit="clip", phase_limit=0.8, magnification=1.0)),
    ("csp_limit_tanh", dict(phase_limit=0.8, magnification=1.0)),
    ("csp_smooth1", dict(phase_smooth=1.0)),
    ("csp_smooth2_p2", dict(phase_smooth=2.0, amplitude_exponent=2.0)),
    ("csp_K2", dict(orientations=2)),
    ("csp_K3B2", dict(orientations=3, bands_per_octave=2)),
    ("csp_K8", dict(orientations=8)),
    ("csp_S1", dict(octaves=1)),
    ("csp_fast", dict(grid="fast")),
    ("csp_pad5", dict(pad=5)),
    ("csp_fast_smooth1", dict(grid="fast", phase_smooth=1.0)),
    ("joint_default", dict(method="csp-joint")),
    ("joint_gain1", dict(method="csp-joint", amplitude_gain=1.0)),
    ("joint_gain0", dict(method="csp-joint", amplitude_gain=0.0)),
    ("joint_smooth1_p0", dict(method="csp-joint", phase_smooth=1.0, amplitude_exponent=0.0)),
    ("fourier_default", dict(method="fourier-phase")),
    ("fourier_p0_literal", dict(method="fourier-phase", amplitude_exponent=0.0, normalise="none", phase_limit=0.0)),
    ("fourier_p2", dict(method="fourier-phase", amplitude_exponent=2.0)),
    ("pixel_default", dict(method="pixel")),
    ("pixel_literal", dict(method="pixel", normalise="none", magnification=0.1)),
    ("csp_clipped", dict(magnification=6.0)),
]
FEW = ("csp_default", "csp_p0", "csp_p2", "csp_literal", "csp_smooth1", "csp_fast", "joint_default", "fourier_default", "pixel_default")
BUDGETS = [("budget1", dict(l2_budget=1.0)), ("budget1_joint", dict(l2_budget=1.0, method="csp-joint")),
           ("budget1_fourier", dict(l2_budget=1.0, method="fourier-phase")), ("budget1_pixel", dict(l2_budget=1.0, method="pixel")),
           ("budget_unreachable", dict(l2_budget=1000.0))]


def run_case(h, w, small, few=False):
    case = f"{h}x{w}"
    x, g = test_image(h, w, 100 * h + w), test_gradient(h, w, 200 * h + w)
    save(case, "x", x, "input image in [0,1]")
    save(case, "g", g, "image-space gradient")
    for K, B, S in ((4, 1, None), (2, 1, 1), (8, 2, 3)) if small else ((4, 1, None),) if few else ((4, 1, None), (3, 2, None)):
        for grid in ("exact", "fast"):
            if grid == "fast" and (K, B) != (4, 1):
                continue
            P = Pyramid(h, w, S, K, B, grid)
            st = dict(octaves=P.S, orientations=K, bands_per_octave=B, grid=grid)
            tag = f"{grid}_K{K}B{B}S{P.S}"
            lay, off = [], 0
            for b in P.bands:
                lay.append(dict(j=b["j"], k=b["k"], ny=b["ny"], nx=b["nx"], offset=off, weight=b["w"]))
                off += b["ny"] * b["nx"]
            c = P.analyse_bands(x)
            save(case, f"coef_{tag}", np.concatenate([v.ravel() for v in c]),
                 "band coefficients of x, bands one after the other, row major; offset counts complex samples", st, bands=lay)
            if grid == "exact":
                hi, lo = P.residuals(x)
                save(case, f"hi_{tag}", hi, "high-pass residual", st)
                save(case, f"lo_{tag}", lo, "low-pass residual", st, weight=P.N / lo.size)
                if (K, B) == (4, 1):
                    save(case, f"bands_only_{tag}", P.synth_bands(c), "Re S of the bands of x without residuals", st)
                    # masks of three bands, full size, DFT order
                    for i in sorted({0, len(P.bands) // 2, len(P.bands) - 1}):
                        save(case, f"mask_{tag}_{i}", P.bands[i]["full"], f"mask B of band number {i}, DFT order", st)
    for name, kw in EDITS:
        if small and name in ("csp_smooth2_p2", "csp_fast_smooth1", "csp_pad5") or few and name not in FEW:
            continue
        y, t, d, ok = morph(x, g, **kw)
        save(case, "morph_" + name, y, "one-step edit of x by g, clipped to [0,1]", kw, l2=d)
    for name, kw in BUDGETS:
        kw = dict(kw)
        y, t, d, ok = morph(x, g, **kw)
        save(case, "morph_" + name, y, "edit scaled along its path to the L2 budget", kw, magnification_found=t, l2=d, attained=ok)
    # step fields
    for name, kw in (("default", {}), ("p2_smooth1", dict(amplitude_exponent=2.0, phase_smooth=1.0)), ("literal", dict(EDITS)["csp_literal"])):
        if small and name == "p2_smooth1" or few and name != "default":
            continue
        P = Path(x, g, **kw)
        dl, _ = P.steps(P.p["magnification"])
        save(case, f"delta_{name}", np.concatenate([v.ravel() for v in dl[0]]), "limited phase steps, all bands of the exact grid in order", kw,
             rms=P.rms, floor_abs=P.f)
    P = Path(x, g, method="csp-joint")
    dl, et = P.steps(P.p["magnification"])
    save(case, "eta_joint_default", np.concatenate([v.ravel() for v in et[0]]), "limited log-amplitude steps", dict(method="csp-joint"), rms=P.rms)
    # live mode with the toy gradient h*cos(3x), h = g
    for live in ("source", "reanalyse"):
        for m in ("csp-phase", "csp-joint") if not small else ("csp-phase",):
            y, d, ok = morph_live(x, toy_grad(g), 4, live, magnification=1.0, method=m)
            save(case, f"live4_{live}_{m}", y, "4 live steps, gradient(x) = g*cos(3x)", dict(steps=4, live=live, method=m, magnification=1.0), l2=d, gradient="g*cos(3x)")
        y, d, ok = morph_live(x, toy_grad(g), 4, live, l2_budget=0.8)
        save(case, f"live4_{live}_budget08", y, "4 live steps to an L2 budget, gradient(x) = g*cos(3x)", dict(steps=4, live=live, l2_budget=0.8), l2=d, attained=ok)
    # explained energy of edits
    for name in ("csp_default", "pixel_default", "joint_default"):
        y = np.load(os.path.join(FOLDER, case, f"morph_{name}.npy"))
        for gain in (False, True):
            E, fit = explained_energy(x, y, 8, gain)
            save(case, f"explained_{name}_{'gain' if gain else 'warp'}", fit, f"least-squares fit of the edit of morph_{name}", dict(grid=8, gain=gain), E=E)
    if min(h, w) > 4:   # a known warp: displacement inside the hat space, linear in the gradient
        rng = np.random.default_rng(7)
        By, Bx = hat_basis(h, 8), hat_basis(w, 8)
        dx, dy = By @ rng.standard_normal((8, 8)) @ Bx.T * 0.3, By @ rng.standard_normal((8, 8)) @ Bx.T * 0.3
        gx, gy = central_diff(x)
        y = x + gx * dx + gy * dy
        E, fit = explained_energy(x, y, 8, False)
        save(case, "explained_known", y, "edited image = x + gx*dx + gy*dy with dx, dy in the 8x8 hat space: E must be 1 (up to the ridge)", dict(grid=8, gain=False), E=E)


def run_colour():
    h, w, case = 48, 80, "colour_48x80"
    x = np.stack([test_image(h, w, 11), 0.9 * test_image(h, w, 12)[:, ::-1], 0.1 + 0.8 * test_image(h, w, 13)[::-1]])
    g = np.stack([test_gradient(h, w, 21), test_gradient(h, w, 22), test_gradient(h, w, 23)])
    save(case, "x", x, "RGB input, planes R, G, B")
    save(case, "g", g, "gradient of the three planes")
    for col in ("luma", "joint", "independent"):
        for m in ("csp-phase", "csp-joint", "fourier-phase", "pixel"):
            y, t, d, ok = morph(x, g, colour=col, method=m)
            save(case, f"morph_{m}_{col}", y, "one-step edit", dict(method=m, colour=col), l2=d)
        y, t, d, ok = morph(x, g, colour=col, l2_budget=1.5)
        save(case, f"morph_csp-phase_{col}_budget15", y, "edit to L2 budget (over all three planes)", dict(colour=col, l2_budget=1.5), l2=d, magnification_found=t, attained=ok)


def run_extra():
    case = "resize"
    for no, ni in ((8, 21), (21, 8), (7, 7), (28, 37), (5, 1)):
        save(case, f"matrix_{ni}_to_{no}", resize_matrix(no, ni), "triangle resampling matrix (n_out x n_in)", dict(n_out=no, n_in=ni))
    case = "temporal"
    h, w = 24, 31
    state = [Temporal()]
    for i in range(4):
        x, g = np.roll(test_image(h, w, 31), i, 1), test_gradient(h, w, 40 + i)
        P = Path(x, g, temporal=(state, 0.04, 0.1))
        save(case, f"x{i}", x, f"frame {i}")
        save(case, f"g{i}", g, f"gradient {i}")
        save(case, f"morph{i}", P.image(0.5), f"edit of frame {i}: default settings, temporal average", dict(dt=0.04, tau=0.1, magnification=0.5), rms=P.rms)


if __name__ == "__main__":
    run_case(64, 64, False)
    run_case(37, 53, False)
    run_case(1, 16, True)
    run_case(48, 80, False, few=True)
    run_colour()
    run_extra()
    with open(os.path.join(FOLDER, "index.json"), "w") as f:
        json.dump(dict(dtype="little-endian float64, C order, npy version 1.0",
                       defaults={k: v for k, v in DEFAULTS.items()}, arrays=INDEX), f, indent=0, default=float)
    print(len(INDEX), "arrays")
