# SPDX-License-Identifier: MPL-2.0
"""Evaluates an ONNX classifier node by node with PyTorch in float64, so that torch's
autograd gives an input gradient that owes nothing to steerlens.  Slow and plain.

  from onnx_torch_eval import Net
  out = Net("model.onnx").run({"input": x64})      # dict: output name -> float64 tensor

Conventions: float tensors of any width become float64; Cast between float types is the
identity; Quantize/DequantizeLinear is evaluated exactly in the forward pass and
straight-through inside the clipping range in the backward pass (zero outside it)."""
import math

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper

D = torch.float64


def set_dtype(dt):
    """float32 shows how far single precision alone moves a gradient."""
    global D
    D = dt


def to_t(a):
    a = np.array(a)
    return torch.from_numpy(a.astype(np.float64)).to(D) if a.dtype.kind == "f" else torch.from_numpy(a)


def ints(t):
    return [int(v) for v in t.reshape(-1)]


class _STE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, q, ok):
        ctx.save_for_backward(ok)
        return q

    @staticmethod
    def backward(ctx, g):
        (ok,) = ctx.saved_tensors
        return g * ok, None, None


class Net:
    def __init__(self, model):
        self.m = onnx.load(model) if isinstance(model, str) else model
        self.opset = max(o.version for o in self.m.opset_import if o.domain in ("", "ai.onnx"))
        g = self.m.graph
        self.const = {i.name: to_t(numpy_helper.to_array(i)) for i in g.initializer}
        self.inputs = [i.name for i in g.input if i.name not in self.const]
        self.outputs = [o.name for o in g.output]

    def run(self, feed, want=None):
        v = dict(self.const)
        v.update(feed)
        for n in self.m.graph.node:
            ins = [v[i] if i else None for i in n.input]
            at = {a.name: helper.get_attribute_value(a) for a in n.attribute}
            fn = getattr(self, "op_" + n.op_type, None)
            if fn is None:
                raise NotImplementedError(n.op_type)
            out = fn(ins, at, n)
            out = out if isinstance(out, (list, tuple)) else [out]
            v.update(zip(n.output, out))
        return {o: v[o] for o in (want or self.outputs)}

    # ---- helpers
    @staticmethod
    def _pads(at, spatial, k, s, d):
        n = len(k)
        mode = at.get("auto_pad", b"NOTSET")
        mode = mode.decode() if isinstance(mode, bytes) else mode
        if mode in ("NOTSET", ""):
            p = list(at.get("pads", [0] * 2 * n))
            return p[:n], p[n:]
        if mode == "VALID":
            return [0] * n, [0] * n
        lo, hi = [], []
        for i in range(n):
            t = max((-(-spatial[i] // s[i]) - 1) * s[i] + (k[i] - 1) * d[i] + 1 - spatial[i], 0)
            a, b = t // 2, t - t // 2
            lo.append(a if mode == "SAME_UPPER" else b)
            hi.append(b if mode == "SAME_UPPER" else a)
        return lo, hi

    @staticmethod
    def _padded(x, lo, hi, value=0.0):
        p = []
        for a, b in zip(reversed(lo), reversed(hi)):
            p += [a, b]
        return F.pad(x, p, value=value) if any(p) else x

    # ---- convolution, pooling, normalisation
    def op_Conv(self, i, at, n):
        x, w = i[0], i[1]
        k = list(w.shape[2:])
        s, d = at.get("strides", [1] * len(k)), at.get("dilations", [1] * len(k))
        lo, hi = self._pads(at, x.shape[2:], k, s, d)
        b = i[2] if len(i) > 2 else None
        f = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(k)]
        return f(self._padded(x, lo, hi), w, b, tuple(s), 0, tuple(d), at.get("group", 1))

    def _pool(self, x, at, kind):
        k = at["kernel_shape"]
        s, d = at.get("strides", [1] * len(k)), at.get("dilations", [1] * len(k))
        lo, hi = self._pads(at, x.shape[2:], k, s, d)
        extra = [0] * len(k)
        if at.get("ceil_mode", 0):
            for j in range(len(k)):
                full = x.shape[2 + j] + lo[j] + hi[j] - ((k[j] - 1) * d[j] + 1)
                o = -(-full // s[j])
                if o * s[j] >= x.shape[2 + j] + lo[j]:      # a window may not start in the end padding
                    o -= 1
                extra[j] = max(0, o * s[j] - full)
        h2 = [a + b for a, b in zip(hi, extra)]
        nd = len(k)
        avg = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[nd]
        area = float(np.prod(k))
        if kind == "max":
            return {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[nd](self._padded(x, lo, h2, -math.inf), tuple(k), tuple(s), 0, tuple(d))
        num = avg(self._padded(x, lo, h2), tuple(k), tuple(s)) * area
        one = torch.ones_like(x[:1, :1])
        cnt = self._padded(one, lo, hi, 1.0 if at.get("count_include_pad", 0) else 0.0)
        cnt = self._padded(cnt, [0] * nd, extra)
        return num / (avg(cnt, tuple(k), tuple(s)) * area)

    def op_MaxPool(self, i, at, n): return self._pool(i[0], at, "max")
    def op_AveragePool(self, i, at, n): return self._pool(i[0], at, "avg")
    def op_GlobalAveragePool(self, i, at, n): return i[0].mean(dim=tuple(range(2, i[0].dim())), keepdim=True)
    def op_GlobalMaxPool(self, i, at, n): return i[0].amax(dim=tuple(range(2, i[0].dim())), keepdim=True)

    def op_BatchNormalization(self, i, at, n):
        sh = [1, -1] + [1] * (i[0].dim() - 2)
        x, g, b, m, v = i[0], *[t.reshape(sh) for t in i[1:5]]
        return (x - m) / torch.sqrt(v + at.get("epsilon", 1e-5)) * g + b

    def op_InstanceNormalization(self, i, at, n):
        return F.instance_norm(i[0], weight=i[1], bias=i[2], eps=at.get("epsilon", 1e-5))

    def op_LayerNormalization(self, i, at, n):
        ax = at.get("axis", -1) % i[0].dim()
        return F.layer_norm(i[0], i[0].shape[ax:], i[1], i[2] if len(i) > 2 else None, at.get("epsilon", 1e-5))

    def op_GroupNormalization(self, i, at, n):
        return F.group_norm(i[0], at["num_groups"], i[1], i[2], at.get("epsilon", 1e-5))

    def op_LRN(self, i, at, n):
        x, size = i[0], at["size"]
        sq = F.pad((x * x).unsqueeze(1), (0, 0, 0, 0, (size - 1) // 2, size - 1 - (size - 1) // 2))
        s = F.avg_pool3d(sq, (size, 1, 1), stride=1).squeeze(1)
        return x / (at.get("bias", 1.0) + at.get("alpha", 1e-4) * s) ** at.get("beta", 0.75)

    # ---- activations
    def op_Relu(self, i, at, n): return torch.relu(i[0])
    def op_LeakyRelu(self, i, at, n): return F.leaky_relu(i[0], at.get("alpha", 0.01))
    def op_PRelu(self, i, at, n): return torch.where(i[0] < 0, i[0] * i[1], i[0])
    def op_Elu(self, i, at, n): return F.elu(i[0], at.get("alpha", 1.0))
    def op_Selu(self, i, at, n): return F.selu(i[0])
    def op_Sigmoid(self, i, at, n): return torch.sigmoid(i[0])
    def op_Tanh(self, i, at, n): return torch.tanh(i[0])
    def op_Softplus(self, i, at, n): return F.softplus(i[0], threshold=700)
    def op_Softsign(self, i, at, n): return i[0] / (1 + i[0].abs())
    def op_Erf(self, i, at, n): return torch.erf(i[0])
    def op_HardSigmoid(self, i, at, n): return (at.get("alpha", 0.2) * i[0] + at.get("beta", 0.5)).clamp(0, 1)
    def op_HardSwish(self, i, at, n): return i[0] * (i[0] / 6 + 0.5).clamp(0, 1)
    def op_Mish(self, i, at, n): return i[0] * torch.tanh(F.softplus(i[0]))

    def op_Gelu(self, i, at, n):
        return F.gelu(i[0], approximate=at.get("approximate", b"none").decode())

    def op_Clip(self, i, at, n):
        lo = i[1] if len(i) > 1 and i[1] is not None else at.get("min")
        hi = i[2] if len(i) > 2 and i[2] is not None else at.get("max")
        x = i[0]
        x = x if lo is None else torch.clamp(x, min=float(lo))
        return x if hi is None else torch.clamp(x, max=float(hi))

    def _softmax(self, i, at, f):
        x = i[0]
        if self.opset >= 13:
            return f(x, dim=at.get("axis", -1))
        ax = at.get("axis", 1) % x.dim()
        return f(x.reshape(int(np.prod(x.shape[:ax])), -1), dim=1).reshape(x.shape)

    def op_Softmax(self, i, at, n): return self._softmax(i, at, torch.softmax)
    def op_LogSoftmax(self, i, at, n): return self._softmax(i, at, torch.log_softmax)

    # ---- arithmetic
    def _bc(self, i, at):
        a, b = i
        if self.opset < 7 and at.get("broadcast", 0) and "axis" in at:
            b = b.reshape(list(b.shape) + [1] * (a.dim() - at["axis"] - b.dim()))
        return a, b

    def op_Add(self, i, at, n): a, b = self._bc(i, at); return a + b
    def op_Sub(self, i, at, n): a, b = self._bc(i, at); return a - b
    def op_Mul(self, i, at, n): a, b = self._bc(i, at); return a * b

    def op_Div(self, i, at, n):
        a, b = self._bc(i, at)
        return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")

    def op_Pow(self, i, at, n): return i[0] ** i[1].to(i[0].dtype)
    def op_Sqrt(self, i, at, n): return i[0].sqrt()
    def op_Exp(self, i, at, n): return i[0].exp()
    def op_Log(self, i, at, n): return i[0].log()
    def op_Abs(self, i, at, n): return i[0].abs()
    def op_Neg(self, i, at, n): return -i[0]
    def op_Reciprocal(self, i, at, n): return 1 / i[0]
    def op_Identity(self, i, at, n): return i[0]
    def op_Dropout(self, i, at, n): return i[0]
    def op_Sum(self, i, at, n): return sum(i[1:], i[0])

    def op_Min(self, i, at, n):
        r = i[0]
        for t in i[1:]:
            r = torch.minimum(r, t)
        return r

    def op_Max(self, i, at, n):
        r = i[0]
        for t in i[1:]:
            r = torch.maximum(r, t)
        return r

    def op_Greater(self, i, at, n): return i[0] > i[1]
    def op_Less(self, i, at, n): return i[0] < i[1]
    def op_Equal(self, i, at, n): return i[0] == i[1]
    def op_Where(self, i, at, n): return torch.where(i[0], i[1], i[2])
    def op_MatMul(self, i, at, n): return i[0] @ i[1]

    def op_Gemm(self, i, at, n):
        a = i[0].T if at.get("transA", 0) else i[0]
        b = i[1].T if at.get("transB", 0) else i[1]
        y = at.get("alpha", 1.0) * (a @ b)
        return y + at.get("beta", 1.0) * i[2] if len(i) > 2 and i[2] is not None else y

    def _reduce(self, i, at, f):
        ax = ints(i[1]) if len(i) > 1 and i[1] is not None else at.get("axes")
        if ax is None or len(ax) == 0:
            if at.get("noop_with_empty_axes", 0):
                return i[0]
            ax = list(range(i[0].dim()))
        return f(i[0], dim=tuple(ax), keepdim=bool(at.get("keepdims", 1)))

    def op_ReduceMean(self, i, at, n): return self._reduce(i, at, torch.mean)
    def op_ReduceSum(self, i, at, n): return self._reduce(i, at, torch.sum)
    def op_ReduceMax(self, i, at, n): return self._reduce(i, at, torch.amax)
    def op_ReduceMin(self, i, at, n): return self._reduce(i, at, torch.amin)

    # ---- shape
    def op_Flatten(self, i, at, n):
        ax = at.get("axis", 1)
        return i[0].reshape(int(np.prod(i[0].shape[:ax])), -1)

    def op_Reshape(self, i, at, n):
        s = ints(i[1]) if len(i) > 1 else list(at["shape"])
        if not at.get("allowzero", 0):
            s = [i[0].shape[k] if v == 0 else v for k, v in enumerate(s)]
        return i[0].reshape(s)

    def op_Transpose(self, i, at, n): return i[0].permute(at.get("perm", list(range(i[0].dim()))[::-1]))
    def op_Concat(self, i, at, n): return torch.cat([t for t in i], dim=at["axis"])
    def op_Shape(self, i, at, n): return torch.tensor(list(i[0].shape), dtype=torch.int64)[at.get("start", 0):at.get("end")]
    def op_Expand(self, i, at, n): return i[0] * torch.ones(ints(i[1]), dtype=i[0].dtype)
    def op_Gather(self, i, at, n):
        ax = at.get("axis", 0)
        idx = i[1].to(torch.int64)
        y = torch.index_select(i[0], ax, idx.reshape(-1) % i[0].shape[ax])
        return y.reshape(list(i[0].shape[:ax % i[0].dim()]) + list(idx.shape) + list(i[0].shape[ax % i[0].dim() + 1:]))

    def _axes(self, i, at): return ints(i[1]) if len(i) > 1 and i[1] is not None else at.get("axes")

    def op_Squeeze(self, i, at, n):
        ax = self._axes(i, at)
        x = i[0]
        ax = [k for k, s in enumerate(x.shape) if s == 1] if ax is None else [a % x.dim() for a in ax]
        return x.reshape([s for k, s in enumerate(x.shape) if k not in ax])

    def op_Unsqueeze(self, i, at, n):
        ax = self._axes(i, at)
        x = i[0]
        for a in sorted(a % (x.dim() + len(ax)) for a in ax):
            x = x.unsqueeze(a)
        return x

    def op_Split(self, i, at, n):
        ax = at.get("axis", 0)
        sz = ints(i[1]) if len(i) > 1 and i[1] is not None else at.get("split")
        if sz is None:
            k, t = len(n.output), i[0].shape[ax]
            c = -(-t // k)
            sz = [c] * (k - 1) + [t - c * (k - 1)]
        return list(torch.split(i[0], list(sz), dim=ax))

    def op_Slice(self, i, at, n):
        if len(i) > 1:
            st, en = ints(i[1]), ints(i[2])
            ax = ints(i[3]) if len(i) > 3 and i[3] is not None else list(range(len(st)))
            sp = ints(i[4]) if len(i) > 4 and i[4] is not None else [1] * len(st)
        else:
            st, en = at["starts"], at["ends"]
            ax, sp = at.get("axes", list(range(len(st)))), [1] * len(st)
        x = i[0]
        for s, e, a, p in zip(st, en, ax, sp):
            x = x.index_select(a, torch.tensor(range(x.shape[a])[slice(s, None if e < -(1 << 40) else e, p)], dtype=torch.int64))
        return x

    def op_Pad(self, i, at, n):
        p = ints(i[1]) if len(i) > 1 else list(at["pads"])
        val = float(i[2]) if len(i) > 2 and i[2] is not None else at.get("value", 0.0)
        mode = at.get("mode", b"constant").decode()
        k = i[0].dim()
        q = []
        for a in reversed(range(k)):
            q += [p[a], p[a + k]]
        if mode == "constant":
            return F.pad(i[0], q, value=val)
        while len(q) > 4 and q[-2:] == [0, 0]:
            q = q[:-2]
        return F.pad(i[0], q, mode={"reflect": "reflect", "edge": "replicate"}[mode])

    def op_Constant(self, i, at, n):
        if "value" in at:
            return to_t(numpy_helper.to_array(at["value"]))
        k, val = next(iter(at.items()))
        return torch.tensor(val, dtype=D if "float" in k else torch.int64)

    def op_ConstantOfShape(self, i, at, n):
        t = to_t(numpy_helper.to_array(at["value"])) if "value" in at else torch.zeros(1, dtype=D)
        return torch.full(ints(i[0]), t.reshape(-1)[0].item(), dtype=t.dtype)

    def op_Cast(self, i, at, n):
        if at["to"] in (1, 10, 11, 16):
            return i[0].to(D)
        return i[0].to({6: torch.int32, 7: torch.int64, 9: torch.bool}[at["to"]])

    # ---- quantisation (values stay float64; straight-through gradient)
    def op_QuantizeLinear(self, i, at, n):
        x, s = i[0], i[1]
        zp = i[2] if len(i) > 2 else torch.zeros((), dtype=torch.uint8)
        lo, hi = (0, 255) if zp.dtype == torch.uint8 else (-128, 127)
        sh = [1] * x.dim()
        if s.dim() == 1 and s.numel() > 1:
            sh[at.get("axis", 1)] = -1
            s, zp = s.reshape(sh), zp.reshape(sh)
        u = x / s + zp.to(D)
        q = torch.round(x.detach() / s) + zp.to(D)
        ok = ((q >= lo) & (q <= hi)).to(D)
        return _STE.apply(u, q.clamp(lo, hi), ok)

    def op_DequantizeLinear(self, i, at, n):
        x, s = i[0].to(D), i[1]
        zp = i[2].to(D) if len(i) > 2 else torch.zeros((), dtype=D)
        if s.dim() == 1 and s.numel() > 1:
            sh = [1] * x.dim()
            sh[at.get("axis", 1)] = -1
            s, zp = s.reshape(sh), zp.reshape(sh)
        return (x - zp) * s
