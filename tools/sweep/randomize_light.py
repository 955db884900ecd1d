#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Gives the nine `light_*` networks of the PyPI wheel `onnx` (real graphs of old exporters,
IR 3, opset 9) random weights.

  python3 randomize_light.py onnx-*.whl OUTDIR NAME ...      NAME: squeezenet shufflenet densenet121 resnet50 ...

As shipped, every weight is a ConstantOfShape filled with one number: all logits are equal and
the gradient of a logit difference is exactly zero, so they test parsing only.  Here each
ConstantOfShape that is a weight becomes a seeded random initializer (He scale; BatchNorm
scale, variance positive).  Needs numpy and onnx."""
import os
import sys
import zipfile

import numpy as np
import onnx
from onnx import numpy_helper


def randomize(m, seed=1):
    rng = np.random.RandomState(seed)
    g = m.graph
    const = {i.name: numpy_helper.to_array(i) for i in g.initializer}
    use = {}
    for n in g.node:
        for k, v in enumerate(n.input):
            use.setdefault(v, (n, k))

    def final(v):           # follow a weight through Unsqueeze to its real consumer
        n, k = use[v]
        return final(n.output[0]) if n.op_type == "Unsqueeze" else (n, k)
    gain = 0.35 if any(n.op_type == "Sum" for n in g.node) else 1.0      # keeps deep residual sums bounded
    keep, new, gone = [], [], set()
    for n in g.node:
        if n.op_type != "ConstantOfShape":
            keep.append(n)
            continue
        shape = [int(v) for v in const[n.input[0]]]
        gone.add(n.input[0])
        c, k = final(n.output[0])
        if c.op_type == "BatchNormalization":
            a = {1: gain * rng.uniform(0.8, 1.2, shape), 2: rng.normal(0, 0.1, shape), 3: rng.normal(0, 0.1, shape), 4: rng.uniform(0.7, 1.3, shape)}[k]
        elif c.op_type == "Mul":
            a = rng.uniform(0.8, 1.2, shape)
        elif len(shape) == 4:
            a = rng.normal(0, np.sqrt(2.0 / np.prod(shape[1:])), shape)
        elif len(shape) == 2:
            a = rng.normal(0, np.sqrt(1.0 / shape[1]), shape)
        else:
            a = rng.normal(0, 0.05, shape)
        new.append(numpy_helper.from_array(np.asarray(a, np.float32), n.output[0]))
    del g.node[:]
    g.node.extend(keep)
    inits = [i for i in g.initializer if i.name not in gone] + new
    del g.initializer[:]
    g.initializer.extend(inits)
    have = {i.name for i in g.input}
    ins = [i for i in g.input if i.name not in gone]
    del g.input[:]
    g.input.extend(ins)
    for t in new:           # IR 3: initializers are inputs too
        if t.name not in have:
            g.input.append(onnx.helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)))
    return m


if __name__ == "__main__":
    z = zipfile.ZipFile(sys.argv[1])
    os.makedirs(sys.argv[2], exist_ok=True)
    for name in sys.argv[3:]:
        m = randomize(onnx.load_model_from_string(z.read(f"onnx/backend/test/data/light/light_{name}.onnx")))
        onnx.checker.check_model(m)
        p = os.path.join(sys.argv[2], f"rand_{name}.onnx")
        onnx.save(m, p)
        print(p, os.path.getsize(p))
