#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""One audit on a Ray cluster: each task audits a share of the inputs, then the shares are merged.

  python3 examples/scale/on_ray.py --shards 8 --out /shared/audit -- /shared/clips -m /shared/model.onnx ...

What follows the -- goes to `steerlens audit` as it is. Inputs, model and --out must be on storage that every node
mounts. Needs the PyPI package ray, and steerlens in the PATH of every node (or STEERLENS=/path/to/steerlens). Ray runs
a task again when its node is lost; with --resume it goes on where it was.
"""
import argparse
import os
import subprocess
import sys

import ray

UNREADABLE_INPUTS = 3  # exit status of an audit that is whole but for inputs that could not be read
PROGRAM = os.environ.get("STEERLENS", "steerlens")


def audit(number, of, cpus, out, line):
    """Audits share number/of; returns its folder."""
    folder = os.path.join(out, f"shard-{number}")
    command = [PROGRAM, "audit", *line, "-o", folder, "--shard", f"{number}/{of}", "--jobs", str(cpus), "--resume"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, UNREADABLE_INPUTS):
        raise RuntimeError(f"share {number}/{of}: {done.stderr.strip()}")
    return folder


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--shards", type=int, required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--cpus", type=int, default=1, help="cores of one share")
    ap.add_argument("line", nargs="+", help="arguments of `steerlens audit`")
    a = ap.parse_args()
    ray.init(address=os.environ.get("RAY_ADDRESS"))
    task = ray.remote(num_cpus=a.cpus, max_retries=3, retry_exceptions=True)(audit)
    shards = [task.remote(k, a.shards, a.cpus, a.out, a.line) for k in range(1, a.shards + 1)]
    folders = ray.get(shards)
    return subprocess.run([PROGRAM, "audit", "merge", *folders, "-o", os.path.join(a.out, "report")]).returncode


if __name__ == "__main__":
    sys.exit(main())
