# SPDX-License-Identifier: MPL-2.0
"""`steerlens gradient`, and its file run by plain Python onnxruntime."""
import os
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime

# Operators whose derivative jumps: rounding may put an element on the other side.
KINKED = {"Relu", "LeakyRelu", "PRelu", "Clip", "HardSigmoid", "HardSwish", "ThresholdedRelu", "MaxPool", "GlobalMaxPool",
          "ReduceMax", "ReduceMin", "Max", "Min", "Abs", "QuantizeLinear"}


def binary():
    return os.environ.get("STEERLENS", "steerlens")


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def write(model, out, profile, *arguments, limit=300):
    """None, or the sentence that refuses the model."""
    try:
        done = subprocess.run([binary(), "gradient", model, "-o", out, "--profile", profile, *arguments],
                              capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"not done in {limit} s"
    if done.returncode == 0:
        return None
    return " ".join(done.stderr.split()) or f"exit code {done.returncode}"


class Differentiated:
    """The differentiated file of one model and profile; `refusal` says why there is none."""

    def __init__(self, model, profile, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "gradient.onnx")
            self.refusal = write(model, out, profile, *arguments)
            if self.refusal:
                return
            graph = onnx.load(out).graph
            self.nodes = len(graph.node)
            try:
                self.session = session(out)
            except Exception as error:  # a file that the runtime refuses is a row of the table
                self.refusal = "BROKEN " + " ".join(str(error).split())[:300]
                return
        picture, cotangent = self.session.get_inputs()
        self.feed, self.dtype = picture.name, picture.type
        self.classes = cotangent.shape

    def run(self, x, cotangent):
        """Logits and gradient; `cotangent` has one number per class."""
        seed = np.asarray(cotangent, np.float32).reshape(self.classes)
        return self.session.run(None, {self.feed: x, "cotangent": seed})


def is_kinked(model):
    return any(n.op_type in KINKED for n in onnx.load(model, load_external_data=False).graph.node)


def compare(a, b):
    """Relative L2 of a against b, and their cosine."""
    a, b = (np.asarray(v, np.float64).reshape(-1) for v in (a, b))
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if not all(norms):
        return float("inf"), 0.0
    return float(np.linalg.norm(a - b) / norms[1]), float(a @ b / (norms[0] * norms[1]))
