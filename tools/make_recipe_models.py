#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the models of tests/data/recipes: files as the exporters of docs/your-model.md write them, with tiny networks in
them. Names, layouts, ranges, scores, labels and metadata are the exporters'; the networks tell fruits by their colour, so
that a file that is read the wrong way gives a wrong answer. Needs numpy and onnx; the models are kept in the repository."""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests/data/recipes"
LABELS = ["blueberry", "coconut", "lime", "liquorice", "tomato"]
COLOURS = np.array([[50, 60, 160], [245, 245, 245], [70, 170, 50], [15, 15, 15], [200, 40, 40]], np.float64) / 255
IMAGENET = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))
HALF = (np.array([0.5] * 3), np.array([0.5] * 3))
UNIT = (np.zeros(3), np.ones(3))
BYTES = (np.zeros(3), np.ones(3) / 255)


class Net:
    """A Conv, a Relu, the mean over the picture, and a linear layer, for pixels (v - mean) / std of RGB in 0..1."""

    def __init__(self, scale, bgr=False):
        rng = np.random.default_rng(3)
        mean, std = scale
        self.nodes, self.weights = [], []
        # Three channels of colour 0..1, and five that look at edges, which is what a morph can move.
        kernel = np.zeros((8, 3, 3, 3))
        kernel[:3, :, 1, 1] = np.eye(3)
        edges = rng.normal(0, 1, (5, 3, 3, 3))
        kernel[3:] = edges - edges.mean((2, 3), keepdims=True)
        # What the input stands for is taken out in the first layer: w (v std + mean).
        bias = (kernel * mean[:, None, None]).sum((1, 2, 3))
        kernel = kernel * std[:, None, None]
        if bgr:
            kernel = kernel[:, ::-1]
        self.kernel, self.bias = kernel, bias
        # -|m - c|^2, less what all classes share.
        self.head = np.concatenate([60 * COLOURS.T, rng.normal(0, 1, (5, 5))])
        self.offset = -30 * (COLOURS**2).sum(1)

    def constant(self, name, array, dtype=np.float32):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"/{op}_{len(self.nodes)}", **attributes))
        return output

    def logits(self, x, output):
        """From an NCHW tensor to the scores."""
        w, b = self.constant("conv1.weight", self.kernel), self.constant("conv1.bias", self.bias)
        x = self.node("Conv", [x, w, b], "conv1", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])
        x = self.node("Relu", [x], "relu")
        x = self.node("GlobalAveragePool", [x], "pool")
        x = self.node("Flatten", [x], "flat")
        w, b = self.constant("fc.weight", self.head.T), self.constant("fc.bias", self.offset)
        return self.node("Gemm", [x, w, b], output, transB=1)

    def save(self, file, inputs, outputs, producer, opset=17, metadata=(), domains=()):
        graph = helper.make_graph(self.nodes, "main_graph", inputs, outputs, self.weights)
        imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, v) for d, v in domains]
        model = helper.make_model(graph, opset_imports=imports, ir_version=8, producer_name=producer)
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        path = OUT / file
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
        print(path.relative_to(OUT), path.stat().st_size)


def real(name, *shape):
    return helper.make_tensor_value_info(name, T.FLOAT, shape)


def text(file, lines):
    (OUT / file).write_text(lines)


def torchvision():
    net = Net(IMAGENET)
    net.logits("input", "output")
    net.save("torchvision/resnet18.onnx", [real("input", "batch", 3, 224, 224)], [real("output", "batch", 5)], "pytorch")
    text("torchvision/labels.txt", "\n".join(LABELS) + "\n")


def timm():
    net = Net(HALF)
    net.logits("input0", "output0")
    net.save("timm/vit_tiny.onnx", [real("input0", "batch", 3, 224, 224)], [real("output0", "batch", 5)], "pytorch")
    pretrained = {"input_size": [3, 224, 224], "mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.9,
                  "interpolation": "bicubic", "num_classes": 5}
    config = {"architecture": "vit_tiny_patch16_224", "num_classes": 5, "label_names": LABELS,
              "pretrained_cfg": pretrained}
    text("timm/config.json", json.dumps(config, indent=2) + "\n")


def keras():
    """Channels last, the pictures' own values, a Rescaling layer inside, probabilities."""
    net = Net(UNIT)
    by = net.constant("rescaling/Cast/x:0", np.float32(1 / 255))
    x = net.node("Mul", ["input_layer", by], "rescaled")
    x = net.node("Transpose", [x], "transposed", perm=[0, 3, 1, 2])
    net.node("Softmax", [net.logits(x, "logits")], "output_0", axis=-1)
    net.save("keras/fruits.onnx", [real("input_layer", "unk__0", 224, 224, 3)], [real("output_0", "unk__1", 5)], "tf2onnx",
             opset=15)
    text("keras/labels.txt", "\n".join(LABELS) + "\n")


def ultralytics():
    net = Net(UNIT)
    net.node("Softmax", [net.logits("images", "logits")], "output0", axis=1)
    metadata = {"description": "Ultralytics YOLO11n-cls model", "author": "Ultralytics", "version": "8.3.0",
                "license": "AGPL-3.0", "stride": "1", "task": "classify", "batch": "1", "imgsz": "[224, 224]",
                "names": str(dict(enumerate(LABELS)))}
    net.save("ultralytics/best.onnx", [real("images", 1, 3, 224, 224)], [real("output0", 1, 5)], "pytorch",
             metadata=metadata)


def custom_vision():
    """BGR, 0..255, the names in a ZipMap, and beside it in labels.txt."""
    net = Net(BYTES, bgr=True)
    net.node("Softmax", [net.logits("data", "logits")], "model_output", axis=1)
    top = net.node("ArgMax", ["model_output"], "top", axis=1, keepdims=0)
    names = net.constant("names", np.array(LABELS, object), object)
    net.node("Gather", [names, top], "classLabel")
    net.nodes.append(helper.make_node("ZipMap", ["model_output"], ["loss"], name="ZipMap", domain="ai.onnx.ml",
                                      classlabels_strings=LABELS))
    pair = helper.make_map_type_proto(T.STRING, helper.make_tensor_type_proto(T.FLOAT, []))
    loss = helper.make_value_info("loss", helper.make_sequence_type_proto(pair))
    label = helper.make_tensor_value_info("classLabel", T.STRING, ["None"])
    metadata = {"Image.BitmapPixelFormat": "Bgr8", "Image.ColorSpaceGamma": "SRGB",
                "Image.NominalPixelRange": "NominalRange_0_255"}
    net.save("custom-vision/model.onnx", [real("data", "None", 3, 224, 224)], [label, loss], "CustomVision",
             opset=13, metadata=metadata, domains=[("ai.onnx.ml", 1)])
    text("custom-vision/labels.txt", "\n".join(LABELS) + "\n")


def hugging_face():
    net = Net(HALF)
    net.logits("pixel_values", "logits")
    net.save("hugging-face/model.onnx", [real("pixel_values", "batch_size", "num_channels", "height", "width")],
             [real("logits", "batch_size", 5)], "pytorch")
    config = {"architectures": ["ViTForImageClassification"], "model_type": "vit", "image_size": 224,
              "id2label": {str(k): name for k, name in enumerate(LABELS)},
              "label2id": {name: k for k, name in enumerate(LABELS)}}
    text("hugging-face/config.json", json.dumps(config, indent=2) + "\n")
    processor = {"do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5] * 3,
                 "image_std": [0.5] * 3, "image_processor_type": "ViTImageProcessor", "resample": 2,
                 "rescale_factor": 1 / 255, "size": {"height": 224, "width": 224}}
    text("hugging-face/preprocessor_config.json", json.dumps(processor, indent=2) + "\n")


def teachable_machine():
    """Keras 2 under tf2onnx: channels last, -1..1, numbered labels; the scaling is outside of the file."""
    net = Net(HALF)
    x = net.node("Transpose", ["sequential_1_input"], "transposed", perm=[0, 3, 1, 2])
    net.node("Softmax", [net.logits(x, "logits")], "sequential_3", axis=-1)
    net.save("teachable-machine/keras_model.onnx", [real("sequential_1_input", "unk__0", 224, 224, 3)],
             [real("sequential_3", "unk__1", 5)], "tf2onnx", opset=15)
    text("teachable-machine/labels.txt", "".join(f"{k} {name}\n" for k, name in enumerate(LABELS)))


if __name__ == "__main__":
    for make in (torchvision, timm, keras, ultralytics, custom_vision, hugging_face, teachable_machine):
        make()
