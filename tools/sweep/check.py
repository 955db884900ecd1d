#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Differentiates what export.py made, runs it with onnxruntime and prints the table.

  STEERLENS=target/release/steerlens nice python3 check.py WORK [--only NAME ...] [--profile plain cpu]

Verdicts: `ok`; `kinks`: beyond the limit for one input, but no further than flipped kinks explain; `WRONG`;
`refused`, with the sentence; `reference` where PyTorch contradicts its own central difference; `export` where the
exported file does not compute the network's logits, or was not written.  See README.md for the limits."""
import argparse
import glob
import json
import os

import numpy as np

import differentiated as d
import reference

SMOOTH, COSINE = 1e-4, 0.999


def verdict(rows, kinked):
    """`rows`: per input relative L2, cosine, PyTorch float32's own error, effect of nudges."""
    if all(rel <= (3 * own if kinked else 0) + SMOOTH and cos >= COSINE for rel, cos, own, _ in rows):
        return "ok"
    if kinked and all(rel <= 3 * max(own, nudged) + SMOOTH and cos >= COSINE for rel, cos, own, nudged in rows):
        return "kinks"
    return "WRONG"


def check(work, key, exporter, known, profiles):
    model = os.path.join(work, f"{key}.{exporter}.onnx")
    arrays = np.load(os.path.join(work, key + ".npz"))
    row = dict(key=key, family=known["family"], size=known["size"], exporter=exporter, kinked=d.is_kinked(model))
    own, rows, nodes = [c["float32"] for c in known["cases"]], [], {}
    row.update(float32=max(own), slope=max(c["slope_error"] for c in known["cases"]))
    seed = np.zeros(arrays["logits_0"].size, np.float32)
    seed[reference.TARGET], seed[reference.SOURCE] = 1, -1
    for profile in profiles:
        differentiated = d.Differentiated(model, profile)
        if differentiated.refusal:
            broken = differentiated.refusal.startswith("BROKEN")
            return row | dict(verdict="WRONG" if broken else "refused", note=differentiated.refusal)
        nodes[profile] = differentiated.nodes
        worst = 0.0
        for k, case in enumerate(known["cases"]):
            x = arrays[f"input_{k}"]
            logits, g = differentiated.run(x, seed)
            off, _ = d.compare(logits, arrays[f"logits_{k}"])
            if off > 1e-3:
                session = d.session(model)
                plain = session.run(None, {session.get_inputs()[0].name: x})[0]
                if d.compare(plain, arrays[f"logits_{k}"])[0] > 1e-3:
                    return row | dict(verdict="export", note=f"the exported file's logits are off by {off:.0e}")
                return row | dict(verdict="WRONG", note=f"logits differ by {off:.0e}, those of the exported file do not")
            rel, cos = d.compare(g, arrays[f"gradient_{k}"])
            rows.append((rel, cos, case["float32"], case["nudged"]))
            worst = max(worst, rel)
        row[profile] = worst
    row.update(nodes=nodes, cosine=min(r[1] for r in rows), verdict=verdict(rows, row["kinked"]))
    if row["slope"] > reference.CONFIRMED:
        row.update(verdict="reference", note=f"central difference {row['slope']:.0%} off")
    return row


def line(row, profiles):
    number = lambda v: f"{v:8.1e}" if isinstance(v, float) else " " * 8
    cells = [f"{row['key']:42s} {row['exporter'][:11]:11s} {row['size']:4d}"]
    cells.append("/".join(f"{row['nodes'][p]}" for p in profiles).rjust(10) if "nodes" in row else " " * 10)
    cells += [" kinks" if row["kinked"] else "smooth", number(row.get("float32"))]
    cells += [number(row.get(p)) for p in profiles]
    cells.append(f"{row['cosine']:.6f}" if "cosine" in row else " " * 8)
    return "  ".join([*cells, row["verdict"], row.get("note", "")]).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--profile", nargs="+", default=["plain", "cpu"])
    options = parser.parse_args()
    print("architecture, exporter, pixels, nodes, kind, error of PyTorch float32, of " + ", of ".join(options.profile) +
          ", cosine, verdict (relative L2 against float64)")
    counts = {}
    for notes in sorted(glob.glob(os.path.join(options.work, "*.json"))):
        known = json.load(open(notes))
        if options.only and known["name"] not in options.only:
            continue
        key = f"{known['library']}.{known['name']}"
        for exporter, failure in sorted(known["exports"].items()):
            if failure:
                row = dict(key=key, exporter=exporter, size=known["size"], kinked=False, verdict="export", note=failure)
            else:
                row = check(options.work, key, exporter, known, options.profile)
            counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
            print(line(row, options.profile), flush=True)
    print(", ".join(f"{n} {v}" for v, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
