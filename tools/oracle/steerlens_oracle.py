#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Independent float64 numpy reference of docs/method.md (pyramid, edits, budget, explained energy).

Written for clarity, not for speed: every formula is the one of docs/method.md, with full complex FFTs.
"""
import math
import numpy as np

TINY = 1e-30


# ---------------------------------------------------------------- section 1
def signed_freqs(n):
    """signed integer frequencies in DFT order: 0..ceil(n/2)-1, -floor(n/2)..-1"""
    k = np.arange(n)
    return np.where(k < (n + 1) // 2, k, k - n)


def smooth(n):
    """smallest 2^a 3^b 5^c 7^d >= n"""
    m = max(1, n)
    while True:
        r = m
        for p in (2, 3, 5, 7):
            while r % p == 0:
                r //= p
        if r == 1:
            return m
        m += 1


def default_octaves(h, w):
    return max(1, min(h, w).bit_length() - 1 - 1)


def max_octaves(h, w):
    return max(1, max(h, w).bit_length() - 1)


def low_high(r, j, B):
    """L_j(r), H_j(r)"""
    with np.errstate(divide="ignore"):
        t = B * np.log2(r) + (j + 1)
    L = np.cos(np.pi / 2 * np.clip(t, 0, 1))
    Hh = np.sin(np.pi / 2 * np.clip(t, 0, 1))
    one, zero = t <= 1e-12, t >= 1 - 1e-12
    L = np.where(one, 1.0, np.where(zero, 0.0, L))
    Hh = np.where(one, 0.0, np.where(zero, 1.0, Hh))
    return L, Hh


class Pyramid:
    def __init__(self, h, w, octaves=None, K=4, B=1, grid="exact"):
        S = default_octaves(h, w) if octaves is None else octaves
        S = min(max(1, S), max_octaves(h, w))
        self.h, self.w, self.N = h, w, h * w
        self.S, self.K, self.B, self.J, self.grid = S, K, B, S * B, grid
        u, v = np.meshgrid(signed_freqs(w), signed_freqs(h))
        self.u, self.v = u, v
        fx, fy = 2.0 * u / w, 2.0 * v / h
        r = np.hypot(fx, fy)
        self.r = r
        rs = np.where(r == 0, 1.0, r)
        alpha = 2.0 ** (K - 1) * math.factorial(K - 1) / math.sqrt(K * math.factorial(2 * K - 2))
        ang = []
        for k in range(K):
            d = (fx * math.cos(math.pi * k / K) + fy * math.sin(math.pi * k / K)) / rs
            ang.append(np.where(d > 1e-12, alpha * np.maximum(d, 0) ** (K - 1), 0.0))
        self.hi = low_high(r, 0, B)[1]
        self.lo = low_high(r, self.J, B)[0]
        self.bands = []
        for j in range(self.J):
            R = low_high(r, j, B)[0] * low_high(r, j + 1, B)[1]
            for k in range(K):
                M = math.sqrt(2.0) * R * ang[k]
                iy, ix = np.nonzero(M)
                if iy.size == 0:
                    continue
                if grid == "exact":
                    o = j // B
                    nx, ny = (w + (1 << o) - 1) >> o, (h + (1 << o) - 1) >> o
                else:
                    uu, vv = u[iy, ix], v[iy, ix]
                    rows = [uu[vv == q] for q in np.unique(vv)]
                    nx = smooth(max(int(r.max() - r.min() + 1) for r in rows))
                    ny = smooth(int(vv.max() - vv.min() + 1))
                dst = (v[iy, ix] % ny, u[iy, ix] % nx)
                lin = dst[0] * nx + dst[1]
                assert np.unique(lin).size == lin.size, "grid too small for the band"
                self.bands.append(dict(j=j, k=k, nx=nx, ny=ny, src=(iy, ix), dst=dst, mask=M[iy, ix],
                                       w=self.N / (nx * ny), full=M))

    def analyse_bands(self, x):
        X = np.fft.fft2(x)
        out = []
        for b in self.bands:
            Z = np.zeros((b["ny"], b["nx"]), complex)
            Z[b["dst"]] = b["mask"] * X[b["src"]]
            out.append(np.fft.ifft2(Z) * (b["nx"] * b["ny"]) / self.N)
        return out

    def residuals(self, x):
        """high-pass (full size) and low-pass residual (octave grid S), both real"""
        X = np.fft.fft2(x)
        hi = np.fft.ifft2(self.hi * X)
        nx, ny = (self.w + (1 << self.S) - 1) >> self.S, (self.h + (1 << self.S) - 1) >> self.S
        Z = np.zeros((ny, nx), complex)
        iy, ix = np.nonzero(self.lo)
        Z[self.v[iy, ix] % ny, self.u[iy, ix] % nx] = (self.lo * X)[iy, ix]
        lo = np.fft.ifft2(Z) * (nx * ny) / self.N
        self.leak = max(np.abs(hi.imag).max(), np.abs(lo.imag).max())
        return hi.real, lo.real

    def synth_bands(self, cs):
        Y = np.zeros((self.h, self.w), complex)
        for b, c in zip(self.bands, cs):
            C = np.fft.fft2(c)
            Y[b["src"]] += b["w"] * b["mask"] * C[b["dst"]]
        return np.fft.ifft2(Y).real

    def synth(self, cs, hi, lo):
        ny, nx = lo.shape
        Y = self.hi * np.fft.fft2(hi)
        C = np.fft.fft2(lo)
        iy, ix = np.nonzero(self.lo)
        Y[iy, ix] += self.N / (nx * ny) * self.lo[iy, ix] * C[self.v[iy, ix] % ny, self.u[iy, ix] % nx]
        return np.fft.ifft2(Y).real + self.synth_bands(cs)


# ---------------------------------------------------------------- section 2: edits
DEFAULTS = dict(
    method="csp-phase",        # csp-phase, csp-joint, fourier-phase, pixel
    octaves=None, orientations=4, bands_per_octave=1, grid="exact",
    amplitude_exponent=1.0, floor=0.1, scale_weight=0.0,
    normalise="rms",           # rms, none
    magnification=1.0, phase_limit=math.pi / 2, limit="tanh",   # tanh, clip; phase_limit 0 = off
    amplitude_gain=0.5, amplitude_limit=math.log(4.0),      # csp-joint only
    phase_smooth=0.0,
    colour="luma",             # luma, joint, independent (3-channel input only)
    pad=0,                     # mirror padding in pixels (not for pixel); at most min(H, W)
    clip=True,
)


class FourierFrame:
    """fourier-phase: one 'band' = one frequency of each pair {f, -f}, c = sqrt(2/N) X. Self-conjugate bins stay."""

    def __init__(self, h, w):
        self.h, self.w, self.N = h, w, h * w
        iy, ix = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
        lin = (iy * w + ix).ravel()
        neg = ((-iy) % h * w + (-ix) % w).ravel()
        self.src, self.dst = lin[lin < neg], neg[lin < neg]
        self.bands = [dict(j=0, k=0, w=1.0, nx=self.src.size, ny=1)]

    def analyse_bands(self, x):
        return [math.sqrt(2.0 / self.N) * np.fft.fft2(x).ravel()[self.src][None, :]]

    def synth_bands(self, cs):
        Y = np.zeros(self.N, complex)
        c = cs[0][0] * math.sqrt(self.N / 2.0)
        Y[self.src], Y[self.dst] = c, np.conj(c)
        return np.fft.ifft2(Y.reshape(self.h, self.w)).real


def gaussian_circular(a, sy, sx):
    for axis, s in ((0, sy), (1, sx)):
        if s < 0.05:
            continue
        R = max(1, math.ceil(3 * s))
        t = np.arange(-R, R + 1)
        k = np.exp(-t * t / (2 * s * s))
        k /= k.sum()
        a = sum(k[i] * np.roll(a, int(t[i]), axis=axis) for i in range(t.size))
    return a


def limit(v, m, kind):
    if m <= 0:
        return v
    return m * np.tanh(v / m) if kind == "tanh" else np.clip(v, -m, m)


class Direction:
    """raw phase (and log-amplitude) step fields of one group of channels that share one field"""

    def __init__(self, d, e, a2):
        self.d, self.e, self.a2 = d, e, a2


def raw_fields(P, group_c, group_G, p, floor_abs):
    """group_c, group_G: list over channels of lists over bands. Shared field over the channels of the group."""
    d, e, a2 = [], [], []
    for i, b in enumerate(P.bands):
        z = sum(np.conj(c[i]) * G[i] for c, G in zip(group_c, group_G))
        aa = sum(np.abs(c[i]) ** 2 for c in group_c)
        s = 2.0 ** (2.0 * b["j"] * p["scale_weight"] / p["bands_per_octave"]) if p["method"] != "fourier-phase" else 1.0
        den = (aa + len(group_c) * floor_abs ** 2) ** (p["amplitude_exponent"] / 2) + TINY
        dd, ee = s * z.imag / den, s * z.real / den
        if p["phase_smooth"] > 0 and p["method"] != "fourier-phase":
            sig = p["phase_smooth"] * 2.0 ** (b["j"] // p["bands_per_octave"])
            sy, sx = sig * b["ny"] / P.h, sig * b["nx"] / P.w
            A = np.sqrt(aa)
            g = gaussian_circular(A, sy, sx) + TINY
            dd, ee = gaussian_circular(A * dd, sy, sx) / g, gaussian_circular(A * ee, sy, sx) / g
        d.append(dd)
        e.append(ee)
        a2.append(aa)
    return Direction(d, e, a2)


def band_rms(P, channels_c):
    """RMS amplitude over all bands and channels: the reference of the floor"""
    nb = len(P.bands) if isinstance(P, FourierFrame) else P.J * P.K
    e = sum(b["w"] * (np.abs(c[i]) ** 2).sum() for c in channels_c for i, b in enumerate(P.bands))
    n = P.bands[0]["nx"] if isinstance(P, FourierFrame) else nb * P.N
    return math.sqrt(e / (n * len(channels_c))) if n else 0.0


def make_frame(h, w, p):
    if p["method"] == "fourier-phase":
        return FourierFrame(h, w)
    return Pyramid(h, w, p["octaves"], p["orientations"], p["bands_per_octave"], p["grid"])


class Path:
    """x(t) of one source image and one gradient; t = magnification. Channels: array (C,H,W)."""

    def __init__(self, x, g, temporal=None, **kw):
        """temporal: (list of Temporal, one per group; dt; tau) or None"""
        self.p = p = dict(DEFAULTS, **kw)
        self.temporal = temporal
        self.colour_in = x.ndim == 3
        self.x = x
        if self.colour_in and p["colour"] == "luma":
            self.ch = [0.299 * x[0] + 0.587 * x[1] + 0.114 * x[2]]
            self.gr = [g[0] + g[1] + g[2]]
        elif self.colour_in:
            self.ch, self.gr = list(x), list(g)
        else:
            self.ch, self.gr = [x], [g]
        n = len(self.ch)
        self.groups = [[i] for i in range(n)] if p["colour"] == "independent" else [list(range(n))]
        if p["method"] == "pixel":
            rg = math.sqrt(np.mean([np.mean(q ** 2) for q in self.gr]))
            sd = math.sqrt(np.mean([np.var(q) for q in self.ch]))
            self.scale = 1.0 if p["normalise"] == "none" else (sd / rg if rg > 0 else 0.0)
            return
        if p["octaves"] is None:      # the default counts the size without padding
            p["octaves"] = default_octaves(*self.ch[0].shape)
        if p["pad"]:
            self.ch = [np.pad(q, p["pad"], mode="symmetric") for q in self.ch]
        h, w = self.ch[0].shape
        self.P = make_frame(h, w, p)
        self.c = [self.P.analyse_bands(q) for q in self.ch]
        self.f = p["floor"] * band_rms(self.P, self.c)
        self.set_direction(self.c, self.gr)
        self.u = [[np.zeros_like(v) for v in q.d] for q in self.dirs]
        self.v = [[np.zeros_like(v) for v in q.d] for q in self.dirs]

    def set_direction(self, c, gr):
        G = [self.P.analyse_bands(np.pad(q, self.p["pad"])) for q in gr]
        self.dirs = [raw_fields(self.P, [c[i] for i in gp], [G[i] for i in gp], self.p, self.f) for gp in self.groups]
        if self.temporal is not None:
            for state, q in zip(self.temporal[0], self.dirs):
                state.update(q, self.temporal[1], self.temporal[2])
        num = den = 0.0
        for q in self.dirs:
            for b, d, a2 in zip(self.P.bands, q.d, q.a2):
                num += b["w"] * (a2 * d * d).sum()
                den += b["w"] * a2.sum()
        self.rms = math.sqrt(num / den) if den > 0 else 0.0
        self.scale = 1.0 if self.p["normalise"] == "none" else (1.0 / self.rms if self.rms > 0 else 0.0)

    def steps(self, t):
        """limited phase and log-amplitude steps per group and band"""
        p = self.p
        k = t * self.scale
        dl = [[limit(u + k * d, p["phase_limit"], p["limit"]) for u, d in zip(U, q.d)] for U, q in zip(self.u, self.dirs)]
        if p["method"] != "csp-joint":
            return dl, [[0.0 for _ in U] for U in self.u]
        return dl, [[limit(v + k * p["amplitude_gain"] * e, p["amplitude_limit"], "tanh") for v, e in zip(V, q.e)]
                    for V, q in zip(self.v, self.dirs)]

    def change(self, t):
        """change of the edited channels before clipping"""
        if self.p["method"] == "pixel":
            return [t * self.scale * g for g in self.gr]
        dl, et = self.steps(t)
        out = [None] * len(self.ch)
        for gi, gp in enumerate(self.groups):
            for i in gp:
                out[i] = self.P.synth_bands([c * (np.exp(e + 1j * d) - 1) for c, d, e in zip(self.c[i], dl[gi], et[gi])])
                if self.p["pad"]:
                    out[i] = out[i][self.p["pad"]:-self.p["pad"], self.p["pad"]:-self.p["pad"]]
        return out

    def image(self, t):
        ch = self.change(t)
        if not self.colour_in:
            y = self.x + ch[0]
        elif self.p["colour"] == "luma":
            y = self.x + ch[0][None]
        else:
            y = self.x + np.stack(ch)
        return np.clip(y, 0.0, 1.0) if self.p["clip"] else y

    def advance(self, t):
        """accept the step t into the accumulated (unlimited) fields (live mode, source parameterisation)"""
        k = t * self.scale
        for gi, q in enumerate(self.dirs):
            self.u[gi] = [u + k * d for u, d in zip(self.u[gi], q.d)]
            self.v[gi] = [v + k * self.p["amplitude_gain"] * e for v, e in zip(self.v[gi], q.e)]


def meet_budget(dist, budget, t0=0.0625, doublings=10, iterations=60):
    """bracket by doubling from t0 (largest t = 64), then bisect: t with dist(t) = budget. Returns t, dist(t), attained."""
    lo, hi = 0.0, t0
    dh = dist(hi)
    for _ in range(doublings):
        if dh >= budget:
            break
        lo, hi = hi, 2 * hi
        dh = dist(hi)
    if dh < budget:
        return hi, dh, False
    for _ in range(iterations):
        mid = 0.5 * (lo + hi)
        if dist(mid) < budget:
            lo = mid
        else:
            hi = mid
    return hi, dist(hi), True


def morph(x, g, magnification=None, l2_budget=0.0, **kw):
    """one-step edit. Returns image, t, L2 distance, attained. A budget search runs in RMS units whatever `normalise`."""
    if l2_budget > 0:
        kw = dict(kw, normalise="rms")
    P = Path(x, g, **kw)
    t = P.p["magnification"] if magnification is None else magnification
    d = lambda t: math.sqrt(((P.image(t) - x) ** 2).sum())
    if l2_budget > 0:
        t, dist, ok = meet_budget(d, l2_budget)
        return P.image(t), t, dist, ok
    return P.image(t), t, d(t), True


def morph_live(x, grad, steps, live="reanalyse", l2_budget=0.0, magnification=1.0, **kw):
    """grad(image) -> gradient at that image. Step k moves by magnification/steps, or so that the distance from the
    source is budget*k/steps. source: phases accumulate on the coefficients of the source; reanalyse: every step
    analyses the current (clipped) image."""
    y, ok = x, True
    if l2_budget > 0:
        kw = dict(kw, normalise="rms")
    dist = lambda z: math.sqrt(((z - x) ** 2).sum())
    base = None
    for k in range(1, steps + 1):
        if live == "reanalyse" or kw.get("method") == "pixel":
            st = Path(y, grad(y), **kw)
        else:
            if base is None:
                base = Path(x, grad(x), **kw)
            else:
                gr = grad(y)
                if base.colour_in:
                    gr = [gr[0] + gr[1] + gr[2]] if base.p["colour"] == "luma" else list(gr)
                else:
                    gr = [gr]
                dl, et = base.steps(0.0)
                cc = [None] * len(base.ch)
                for gi, gp in enumerate(base.groups):
                    for i in gp:
                        cc[i] = [c * np.exp(e + 1j * d) for c, d, e in zip(base.c[i], dl[gi], et[gi])]
                base.set_direction(cc, gr)
            st = base
        if l2_budget > 0:
            t, _, ok = meet_budget(lambda t: dist(st.image(t)), l2_budget * k / steps)
        else:
            t = magnification / steps
        y = st.image(t)
        if st is base:
            base.advance(t)
    return y, dist(y), ok


# ---------------------------------------------------------------- temporal smoothing (section 2.10)
class Temporal:
    """amplitude-weighted exponential average of the raw fields, per coefficient"""

    def __init__(self):
        self.num = None

    def update(self, direction, dt, tau):
        lam = 0.0 if self.num is None or tau <= 0 else math.exp(-dt / tau)
        amp = [np.sqrt(v) for v in direction.a2]
        if self.num is None:
            self.num = [np.zeros_like(v) for v in amp]
            self.nue = [np.zeros_like(v) for v in amp]
            self.den = [np.zeros_like(v) for v in amp]
        mix = lambda s, v: lam * s + (1 - lam) * v
        self.num = [mix(s, A * d) for s, A, d in zip(self.num, amp, direction.d)]
        self.nue = [mix(s, A * e) for s, A, e in zip(self.nue, amp, direction.e)]
        self.den = [mix(s, A) for s, A in zip(self.den, amp)]
        direction.d = [n / (m + TINY) for n, m in zip(self.num, self.den)]
        direction.e = [n / (m + TINY) for n, m in zip(self.nue, self.den)]


# ---------------------------------------------------------------- resize (section 2.11)
def resize_matrix(n_out, n_in):
    """triangle (antialiased bilinear) resampling matrix, half-pixel centres, rows sum to 1"""
    scale = n_in / n_out
    sup = max(scale, 1.0)
    M = np.zeros((n_out, n_in))
    for o in range(n_out):
        wgt = np.maximum(0.0, 1.0 - np.abs((np.arange(n_in) + 0.5 - (o + 0.5) * scale) / sup))
        M[o] = wgt / wgt.sum()
    return M


# ---------------------------------------------------------------- section 3: explained edit energy
def hat_basis(n, m):
    """n x m bilinear (hat) weights of m control points spread evenly over the pixel centres 0..n-1"""
    p = np.arange(n) * (m - 1) / max(1, n - 1)
    return np.maximum(0.0, 1.0 - np.abs(p[:, None] - np.arange(m)[None, :]))


def central_diff(x):
    """(gx, gy): central differences with replicated border"""
    xp = np.pad(x, 1, mode="edge")
    return (xp[1:-1, 2:] - xp[1:-1, :-2]) / 2, (xp[2:, 1:-1] - xp[:-2, 1:-1]) / 2


def explained_energy(x, xe, grid=8, gain=False, ridge=1e-6):
    """Least squares of the edit e = xe - x on { gx*Phi_i, gy*Phi_i (, x*Phi_i) }; returns E and the fitted edit."""
    h, w = x.shape
    Phi = np.einsum("ya,xb->yxab", hat_basis(h, grid), hat_basis(w, grid)).reshape(h * w, grid * grid)
    gx, gy = central_diff(x)
    cols = [gx.reshape(-1, 1) * Phi, gy.reshape(-1, 1) * Phi] + ([x.reshape(-1, 1) * Phi] if gain else [])
    M = np.hstack(cols)
    e = (xe - x).reshape(-1)
    tot = (e ** 2).sum()
    if tot <= 0:
        return 1.0, np.zeros_like(x)
    A = M.T @ M
    q = np.linalg.solve(A + ridge * (np.trace(A) / A.shape[0] + TINY) * np.eye(A.shape[0]), M.T @ e)
    fit = M @ q
    return 1.0 - ((e - fit) ** 2).sum() / tot, fit.reshape(h, w)
