#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Trains and exports the drawn-face classifiers faces_{plain,robust,judge} (PyTorch CPU, seed fixed).

  nice python3 train_faces.py WHAT OUTDIR [--eps E] [--steps N] [--attack K] [--pool N] [--threads 1]
  python3 train_faces.py export TRAIN_DIR OUTDIR

WHAT: faces_plain, faces_robust or faces_judge.  Writes WHAT.pt (state dict) and WHAT.json (accuracies).
Attack radius in pixel units ([0,1] per pixel), L2, linear ramp to full radius at half of the schedule."""
import argparse
import json
import os
import time

import torch
import torch.nn.functional as F

import faces_data as D
import smallnets as S


def test_set(n=1200):
    y = torch.arange(n) % 4
    return D.draw_faces(y, torch.Generator().manual_seed(7)), y


def export(src, out):
    import onnx
    import onnxmeta
    for name in ("faces_plain", "faces_robust", "faces_judge"):
        net = (D.faces_judge if name.endswith("judge") else D.faces_net)()
        net.load_state_dict(torch.load(os.path.join(src, name + ".pt"), weights_only=True))
        tmp = os.path.join(out, "_tmp.onnx")
        torch.onnx.export(net.eval(), (torch.zeros(1, 1, 64, 64),), tmp, opset_version=13, dynamo=False, input_names=["input"],
                          output_names=["logits"], dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})
        m = onnx.load(tmp)
        os.remove(tmp)
        meta = {"input.layout": "NCHW", "input.color": "GRAY", "input.size": "64x64", "input.resize": "bilinear or area to 64x64",
                "output.kind": "logits", "origin": "tools/train_faces.py", "license": "this project"}
        onnxmeta.save(m, os.path.join(out, name + ".onnx"), D.FACES, [127.5], [127.5], meta)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("what")
    ap.add_argument("out")
    ap.add_argument("dest", nargs="?")
    ap.add_argument("--eps", type=float, default=0.75)
    ap.add_argument("--steps", type=int)
    ap.add_argument("--attack", type=int, default=3)
    ap.add_argument("--pool", type=int, default=24000)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--init")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    if a.what == "export":
        return export(a.out, a.dest)
    torch.manual_seed(20250602)
    g = torch.Generator().manual_seed(20250602)
    judge, robust = a.what == "faces_judge", a.what == "faces_robust"
    net = (D.faces_judge if judge else D.faces_net)()
    if a.init:
        net.load_state_dict(torch.load(a.init, weights_only=True))
    model = torch.nn.Sequential(S.Affine(2.0, -1.0), net)
    steps, bs = a.steps or {"faces_plain": 1500, "faces_robust": 2000, "faces_judge": 900}[a.what], 64
    t0 = time.time()
    py = torch.randint(4, (a.pool,), generator=g)
    px = torch.cat([(D.draw_faces(py[i:i + 1000], g, noise=False) * 255).round().to(torch.uint8) for i in range(0, a.pool, 1000)])
    xt, yt = test_set()
    print(f"pool drawn in {time.time() - t0:.0f} s", flush=True)
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 3e-3 if judge else 2e-3, total_steps=steps, pct_start=0.2)
    ema = [p.detach().clone() for p in net.parameters()]
    for it in range(steps):
        k = torch.randint(a.pool, (bs,), generator=g)
        xb, yb = px[k].float() / 255, py[k]
        if torch.rand(1, generator=g) < 0.5:
            xb = xb.flip(3)
        xb = (xb + 0.04 * torch.rand(bs, 1, 1, 1, generator=g) * torch.randn(xb.shape, generator=g)).clamp(0, 1)
        if judge:   # noise and blur, so that the judge does not hang on fine texture
            s = torch.rand(bs, 1, 1, 1, generator=g) * 0.2
            xb = (xb + s * torch.randn(xb.shape, generator=g)).clamp(0, 1)
            if it % 3 == 0:
                xb = F.avg_pool2d(xb, 3, 1, 1)
        if robust:
            e = a.eps if a.init else a.eps * min(1.0, max(0.0, it / steps - 0.1) / 0.4)
            net.eval()
            xb = S.pgd(model, xb, yb, e, a.attack, g) if e > 0 else xb
        net.train()
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        sched.step()
        with torch.no_grad():
            d = min(0.995, (1 + it) / (10 + it))
            for p, q in zip(ema, net.parameters()):
                p.mul_(d).add_(q, alpha=1 - d)
        if it % 100 == 99:
            print(f"{a.what} {it + 1}/{steps} loss {loss.item():.3f} {time.time() - t0:.0f} s", flush=True)
    net.eval()
    if not judge:
        with torch.no_grad():
            for p, q in zip(ema, net.parameters()):
                q.copy_(p)
    rep = {"params": sum(p.numel() for p in net.parameters()), "train_s": round(time.time() - t0), "steps": steps,
           "eps": a.eps if robust else 0, "n_test": len(xt), "clean": S.accuracy(model, xt, yt)}
    torch.save(net.state_dict(), f"{a.out}/{a.what}.pt")
    for e in (0.25, 0.5, 1.0, 2.0):
        rep[f"pgd20_l2_{e}"] = round(S.accuracy_pgd(model, xt[:300], yt[:300], e, 20), 4)
    with open(f"{a.out}/{a.what}.json", "w") as f:
        json.dump(rep, f)
    print(a.what, rep, flush=True)


if __name__ == "__main__":
    main()
