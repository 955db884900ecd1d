#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Differentiates what export.py made, runs it with onnxruntime and prints the table.

  STEERLENS=target/release/steerlens nice python3 check.py WORK [--only NAME ...] [--profile plain cpu]

Verdicts: `ok`; `kinks`: beyond the limit for some picture, but no further than nudges of the picture move the
reference, or within 1e-4 for another picture, as no wrong rule would be; `WRONG`; `float32`: beyond the
limit, yet closer than PyTorch in float32; `refused`, with the sentence; `export` where the exported file does not
compute the network's logits, or was not written.  README.md has the limits."""
import argparse
import glob
import json
import os

import numpy as np

import differentiated as d
import reference

SMOOTH, COSINE = 1e-4, 0.999
NOTE = 110


def verdict(rows, kinked):
    """`rows`: per picture relative L2, cosine, PyTorch float32's own error, effect of nudges."""
    own, nudged = max(r[2] for r in rows), max(r[3] for r in rows)
    limit = (3 * own if kinked else 0) + SMOOTH
    errors = [r[0] for r in rows]
    right = min(r[1] for r in rows) >= COSINE
    if right and max(errors) <= limit:
        return "ok"
    if max(errors) <= own:
        return "float32"
    # A wrong rule is wrong for every picture; a kink flips for some.
    if kinked and (right and max(errors) <= 3 * nudged + limit or min(errors) <= SMOOTH):
        return "kinks"
    return "WRONG"


def check(work, key, exporter, known, profiles):
    model = os.path.join(work, f"{key}.{exporter}.onnx")
    arrays = np.load(os.path.join(work, key + ".npz"))
    row = dict(key=key, family=known["family"], size=known["size"], exporter=exporter, kinked=d.is_kinked(model))
    nodes, verdicts, note = {}, [], ""
    row.update(float32=max(c["float32"] for c in known["cases"]), slope=max(c["slope_error"] for c in known["cases"]))
    seed = np.zeros(arrays["logits_0"].size, np.float32)
    seed[reference.TARGET], seed[reference.SOURCE] = 1, -1
    for profile in profiles:
        differentiated = d.Differentiated(model, profile, "--input-size", "{0}x{0}".format(known["size"]))
        if differentiated.refusal:
            broken = differentiated.refusal.startswith("BROKEN")
            return row | dict(verdict="WRONG" if broken else "refused", note=differentiated.refusal)
        nodes[profile] = differentiated.nodes
        rows = []
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
            if f"slopes_{k}" in arrays:
                along = reference.directions(x.shape) @ g.reshape(-1).astype(np.float64)
                compared = d.compare(along, arrays[f"slopes_{k}"])
            else:
                compared = d.compare(g, arrays[f"gradient_{k}"])
            # Even where autograd is wrong, float32 and nudges flip the same kinks in it.
            rows.append((*compared, case["float32"], case["nudged"]))
        row[profile] = max(r[0] for r in rows)
        row["cosine"] = min(row.get("cosine", 1.0), *(r[1] for r in rows))
        verdicts.append(verdict(rows, row["kinked"]))
        if verdicts[-1] != "ok":
            note = f"{profile}, per picture: " + " ".join(f"{r[0]:.0e}" for r in rows)
    row.update(nodes=nodes, note=note, verdict=max(verdicts, key=["ok", "float32", "kinks", "WRONG"].index))
    if "slopes_0" in arrays:
        row.update(note=f"against central differences; autograd is off by {row['slope']:.0%} {note}".strip())
    return row


def line(row, profiles):
    number = lambda v: f"{v:8.1e}" if isinstance(v, float) else " " * 8
    cells = [f"{row['key']:42s} {row['exporter'][:11]:11s} {row['size']:4d}"]
    cells.append("/".join(f"{row['nodes'][p]}" for p in profiles).rjust(10) if "nodes" in row else " " * 10)
    cells += [" kinks" if row["kinked"] else "smooth", number(row.get("float32"))]
    cells += [number(row.get(p)) for p in profiles]
    cells.append(f"{row['cosine']:.6f}" if "cosine" in row else " " * 8)
    return "  ".join([*cells, row["verdict"], row.get("note", "")[:NOTE]]).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--exporter", nargs="+", default=["torchscript", "dynamo", "dynamic", "dynamo23"])
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
            if exporter not in options.exporter:
                continue
            if failure:
                row = dict(key=key, exporter=exporter, size=known["size"], kinked=False, verdict="export", note=failure)
            else:
                row = check(options.work, key, exporter, known, options.profile)
            counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
            print(line(row, options.profile), flush=True)
    print(", ".join(f"{n} {v}" for v, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
