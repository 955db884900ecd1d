#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the tiny models of tests/data/runtime. Needs the `onnx` package; the models are kept in the repository."""

import pathlib

import onnx

HEADER = '<ir_version: 8, opset_import: ["" : 15]>\n'

MODELS = {
    # Two inputs of two types, two outputs, in an order of their own.
    "affine": """
        affine (float[2, 3] x, uint8[3] u) => (float[3] total, float[2, 3] y)
        <float two = {2.0}, int64[1] rows = {0}>
        {
            twice = Mul (x, two)
            added = Cast <to = 1> (u)
            y = Add (twice, added)
            total = ReduceSum <keepdims = 0> (y, rows)
        }""",
    # One output of every element type.
    "types": """
        types (float[4] x) => (float[4] f32, double[4] f64, int64[4] i64, int32[4] i32, int8[4] i8, uint8[4] u8,
                               bool[4] b, float16[4] f16)
        {
            f32 = Identity (x)
            f64 = Cast <to = 11> (x)
            i64 = Cast <to = 7> (x)
            i32 = Cast <to = 6> (x)
            i8 = Cast <to = 3> (x)
            whole = Abs (x)
            u8 = Cast <to = 2> (whole)
            b = Cast <to = 9> (x)
            f16 = Cast <to = 10> (x)
        }""",
    # Counts for ever where go is true, and not at all where it is false.
    "loop": """
        endless (bool go) => (float last)
        <float zero = {0.0}, float one = {1.0}, int64 most = {9223372036854775807}>
        {
            last = Loop (most, go, zero) <body = body (int64 i, bool again, float count) => (bool more, float next) {
                more = Identity (again)
                next = Add (count, one)
            }>
        }""",
    # A quantised weight: folded by the optimiser only where disable_quant_qdq is set.
    "quantised": """
        quantised (float[2] x) => (float[2] y)
        <int8[2] weight = {50, -100}, float scale = {0.5}, int8 zero = {0}>
        {
            plain = DequantizeLinear (weight, scale, zero)
            y = Mul (x, plain)
        }""",
    # An output that is no tensor.
    "sequence": """
        sequence (float[4] x) => (seq(float[4]) s)
        {
            s = SequenceConstruct (x)
        }""",
    # An output that is a tensor, or not there; it is not there.
    "absent": """
        absent (float[4] x) => (optional(float[4]) o)
        {
            o = Optional <type = float[4]> ()
        }""",
    # An output whose shape depends on the input's values.
    "nonzero": """
        nonzero (float[4] x) => (float[n] y)
        {
            found = NonZero (x)
            flat = Squeeze (found)
            y = Cast <to = 1> (flat)
        }""",
}

if __name__ == "__main__":
    folder = pathlib.Path(__file__).parents[1] / "tests" / "data" / "runtime"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in MODELS.items():
        model = onnx.parser.parse_model(HEADER + text)
        onnx.checker.check_model(model, full_check=True)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
