#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""face-api's face expression network (MIT): tfjs weight shard inside an npm tarball -> ONNX.

  python3 export_face_expression.py vladmandic-face-api-1.7.15.tgz OUTDIR [--any-version]

Needs numpy and onnx.  uint8-quantised weights are expanded to float32.  Output: 7 logits
(the JavaScript library applies softmax afterwards).  Layout NCHW, opset 11, batch fixed
to 1, no BatchNorm; 4 dense blocks of depthwise-separable convolutions with ReLU."""
import argparse
import io
import json
import os
import tarfile

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import onnxmeta

SHA = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"
BASE = "package/model/face_expression_model"
LABELS = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"]
MEAN = [122.782, 117.001, 104.298]
META = {
    "input.layout": "NCHW", "input.color": "RGB", "input.size": "112x112",
    "input.resize": "face crop, padded to a centred square, bilinear to 112x112",
    "output.kind": "logits", "origin": "npm @vladmandic/face-api 1.7.15 (after face-api.js)", "license": "MIT",
}


def read_weights(tgz):
    with tarfile.open(tgz) as t:
        man = json.load(t.extractfile(BASE + "-weights_manifest.json"))
        raw = t.extractfile(BASE + ".bin").read()
    f, out = io.BytesIO(raw), {}
    for group in man:
        for w in group["weights"]:
            n = int(np.prod(w["shape"]))
            q = w.get("quantization")
            if q:
                a = np.frombuffer(f.read(n), np.uint8).astype(np.float64) * q["scale"] + q["min"]
            else:
                a = np.frombuffer(f.read(4 * n), "<f4")
            out[w["name"]] = a.reshape(w["shape"]).astype(np.float32)
    if f.read(1):
        raise SystemExit("bytes left in the weight shard")
    return out


def build(w):
    nodes, inits, count = [], [], [0]

    def init(name, a):
        inits.append(numpy_helper.from_array(np.ascontiguousarray(a), name))
        return name

    def node(op, ins, **kw):
        count[0] += 1
        out = f"{op.lower()}_{count[0]}"
        nodes.append(helper.make_node(op, ins, [out], name=f"n{count[0]}_{op}", **kw))
        return out

    def pads(s):
        return [0, 0, 1, 1] if s == 2 else [1, 1, 1, 1]     # TensorFlow SAME, even sizes

    def sep(x, p, s):
        dw = w[p + "/depthwise_filter"].transpose(2, 3, 0, 1)
        x = node("Conv", [x, init(p + "/dw", dw)], kernel_shape=[3, 3], strides=[s, s], pads=pads(s), group=dw.shape[0])
        return node("Conv", [x, init(p + "/pw", w[p + "/pointwise_filter"].transpose(3, 2, 0, 1)), init(p + "/b", w[p + "/bias"])],
                    kernel_shape=[1, 1])

    x = "input"
    for d in range(4):
        p = f"dense{d}/"
        if d == 0:
            x = node("Conv", [x, init(p + "conv0/w", w[p + "conv0/filters"].transpose(3, 2, 0, 1)), init(p + "conv0/b", w[p + "conv0/bias"])],
                     kernel_shape=[3, 3], strides=[2, 2], pads=pads(2))
        else:
            x = sep(x, p + "conv0", 2)
        o1 = node("Relu", [x])
        o2 = sep(o1, p + "conv1", 1)
        o3 = sep(node("Relu", [node("Add", [o1, o2])]), p + "conv2", 1)
        s3 = node("Add", [o1, node("Add", [o2, o3])])
        o4 = sep(node("Relu", [s3]), p + "conv3", 1)
        x = node("Relu", [node("Add", [o1, node("Add", [o2, node("Add", [o3, o4])])])])
    x = node("AveragePool", [x], kernel_shape=[7, 7], strides=[2, 2])
    x = node("Flatten", [x], axis=1)
    nodes.append(helper.make_node("Gemm", [x, init("fc/w", w["fc/weights"]), init("fc/b", w["fc/bias"])], ["logits"]))
    g = helper.make_graph(nodes, "face_expression", [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 112, 112])],
                          [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 7])], inits)
    return helper.make_model(g, producer_name="export_face_expression", ir_version=6, opset_imports=[helper.make_opsetid("", 11)])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("tgz")
    ap.add_argument("outdir")
    ap.add_argument("--any-version", action="store_true")
    a = ap.parse_args()
    onnxmeta.check_sha(a.tgz, SHA, a.any_version)
    os.makedirs(a.outdir, exist_ok=True)
    onnxmeta.save(build(read_weights(a.tgz)), os.path.join(a.outdir, "face_expression.onnx"), LABELS, MEAN, [255.0] * 3, META)


if __name__ == "__main__":
    main()
