#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Trains the small classifiers: digits_{plain,robust,judge,judge2}, clothes_{plain,robust,judge} and
shapes_{plain,robust,judge}.

  nice python3 train_small.py WHAT OUTDIR --data FOLDER [--steps N] [--threads 1]

WHAT: one of the ten names.  FOLDER: where the digits or the clothes are (see smallnets.py).  Seed fixed.  Writes
WHAT.pt (state dict) and WHAT.json (accuracies).  Robust ones: L2 PGD in pixel units ([0,1] per pixel, over all
channels), radius and steps by ATTACK while training, 20 steps in the report.  shapes_robust then went on at twice the
radius, half of what lies between circle and square, its nearest classes (clean 100 %, and morphs that reach further):
  train_small.py shapes_robust OUT2 --init OUT/shapes_robust.pt --eps 4 --steps 500
digits_robust went on with radii that vary and smooth warps, twice: its phases then draw more of the target
(docs/methods.md).  It went on from the last iterate of a run whose attack ramp began at step 0:
  train_small.py digits_robust OUT2 --init OUT/digits_robust.pt --eps 4 --warp 1 --rate 1e-3 --steps 1000
  train_small.py digits_robust OUT3 --init OUT2/digits_robust.pt --eps 5 --warp 1 --rate 1e-3 --steps 500
clothes_robust went on in the same way, clothes_plain as it began:
  train_small.py clothes_robust OUT2 --init OUT/clothes_robust.pt --eps 2.5 --warp 1 --rate 1.5e-3 --steps 800
  train_small.py clothes_plain OUT2 --init OUT/clothes_plain.pt --steps 1500
What is written is the running average (about the last iterate at the end of the schedule)."""
import argparse
import json
import time

import torch
import torch.nn.functional as F

import smallnets as S

# L2 radius of the attack in training, its steps, pictures in a batch
ATTACK = {"digits": (2.0, 5, 100), "clothes": (2.0, 3, 64), "shapes": (2.5, 3, 64)}
STEPS = {"digits": {"plain": 700, "judge": 900, "judge2": 5000, "robust": 2200},
         "clothes": {"plain": 1500, "judge": 1500, "robust": 1500},
         "shapes": {"plain": 1500, "judge": 900, "robust": 1500}}
MOVES = {"digits": {}, "clothes": {"max_shift": 1, "max_rot": 4, "max_scale": 0.06}}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("what")
    ap.add_argument("out")
    ap.add_argument("--data")
    ap.add_argument("--held", action="store_true", help="report on the clothes held back for choosing, not on the test's")
    ap.add_argument("--steps", type=int)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--init", help="go on from this state dict (full eps from the start)")
    ap.add_argument("--eps", type=float, help="attack radius in training")
    ap.add_argument("--warp", type=float, help="radii vary, from a quarter of eps; half of each batch meets a smooth warp of up to this RMS, in pixels, instead")
    ap.add_argument("--rate", type=float, help="largest learning rate")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(20250602)
    g = torch.Generator().manual_seed(20250602)
    kind, mode = a.what.split("_")
    robust, judge = mode == "robust", mode.startswith("judge")
    net = S.network(kind, mode)
    # attack and data live in [0,1]; shapes networks take [-1,1]
    model = torch.nn.Sequential(S.Affine(2.0, -1.0), net) if kind == "shapes" else net
    eps, atk, bs = ATTACK[kind]
    if a.init:
        net.load_state_dict(torch.load(a.init, weights_only=True))
    eps = a.eps or eps
    steps = a.steps or STEPS[kind][mode]
    if kind == "digits":
        x, y, xt, yt = S.load_digits(a.data)
    elif kind == "clothes":
        x, y, xt, yt = S.load_clothes(a.data, a.held)
    else:
        gt = torch.Generator().manual_seed(7)
        yt = torch.arange(1200) % 6
        xt = torch.cat([S.draw_shapes(yt[i:i + 200], gt) for i in range(0, 1200, 200)])
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    rate = a.rate or (2e-3 if robust else (1.2e-3 if a.what == "shapes_plain" else 3e-3))
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, rate, total_steps=steps, pct_start=0.2)
    ema = [p.detach().clone() for p in net.parameters()]
    t0 = time.time()
    for it in range(steps):
        if kind != "shapes":
            k = torch.randint(len(x), (bs,), generator=g)
            xb, yb = x[k], y[k]
            if kind == "clothes" and it % 2:
                xb = xb.flip(3)
            xb = S.jitter(xb, g, **MOVES[kind])
        else:
            yb = torch.randint(6, (bs,), generator=g)
            xb = S.draw_shapes(yb, g)
        if judge:   # noise and blur, so that the judge does not hang on fine texture
            s = torch.rand(bs, 1, 1, 1, generator=g) * 0.25
            xb = (xb + s * torch.randn(xb.shape, generator=g)).clamp(0, 1)
            if it % 3 == 0:
                xb = F.avg_pool2d(xb, 3, 1, 1)
        if robust:
            e = eps if a.init else eps * min(1.0, max(0.0, it / steps - 0.1) / 0.4)     # first tenth clean, then a ramp
            net.eval()
            if a.warp:
                n = bs // 2
                near = S.pgd(model, xb[:n], yb[:n], e * (0.25 + 0.75 * torch.rand(n, 1, 1, 1, generator=g)), atk, g)
                bent = S.warp_attack(model, xb[n:], yb[n:], a.warp * torch.rand(bs - n, 1, 1, 1, generator=g), 4, g)
                xb = torch.cat([near, bent])
            elif e > 0:
                xb = S.pgd(model, xb, yb, e, atk, g)
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
            torch.save(net.state_dict(), f"{a.out}/{a.what}.part.pt")
    net.eval()
    if not judge:
        with torch.no_grad():
            for p, q in zip(ema, net.parameters()):
                q.copy_(p)
    rep = {"params": sum(p.numel() for p in net.parameters()), "train_s": round(time.time() - t0), "steps": steps,
           "n_test": len(xt), "clean": S.accuracy(model, xt, yt)}
    torch.save(net.state_dict(), f"{a.out}/{a.what}.pt")
    xs, ys = {"digits": (xt[::4], yt[::4]), "clothes": (xt[:500], yt[:500])}.get(kind, (xt[:300], yt[:300]))
    for e in (() if judge else (0.5, 1.0, 2.0)):
        rep[f"pgd20_l2_{e}"] = round(S.accuracy_pgd(model, xs, ys, e, 20), 4)
    torch.save(net.state_dict(), f"{a.out}/{a.what}.pt")
    with open(f"{a.out}/{a.what}.json", "w") as f:
        json.dump(rep, f)
    print(a.what, rep, flush=True)


if __name__ == "__main__":
    main()
