# SPDX-License-Identifier: MPL-2.0
"""Gradients against differences of the model's own scores, by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from PIL import Image

import steerlens

#: Of faces_robust.onnx and face_expression.onnx, as their side-cars say: what black and white become.
RANGES: dict[str, Any] = {
    "faces_robust": ([-1.0], [1.0]),
    "face_expression": (
        [-0.48149803, -0.458827449, -0.409011751],
        [0.51850197, 0.541172551, 0.590988249],
    ),
}


class Plain:
    """The model as it is, at pixel values 0..1: [height, width, channels]."""

    def __init__(self, root: Path, name: str) -> None:
        self.session = onnxruntime.InferenceSession(f"{root}/models/{name}.onnx")
        self.input = self.session.get_inputs()[0].name
        self.low, self.high = (np.array(values) for values in RANGES[name])

    def logits(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        values = self.low + (self.high - self.low) * pixels
        batch = values.transpose(2, 0, 1)[None].astype(np.float32)
        (scores,) = self.session.run(None, {self.input: batch})
        return np.asarray(scores, np.float64).ravel()


def slope(plain: Plain, pixels: npt.NDArray[np.float64], along: npt.NDArray[np.float64], pair: list[int]) -> float:
    """Of the margin, along a direction of norm 1."""
    source, target = pair

    def margin(step: float) -> float:
        scores = plain.logits(pixels + step * along)
        return float(scores[target] - scores[source])

    # The networks are piecewise linear: a short step bends little, and a shorter one drowns in float32.
    step = 0.02
    return (margin(step) - margin(-step)) / (2 * step)


@pytest.mark.parametrize(
    ("name", "picture", "size", "pair"),
    [
        ("faces_robust", "faces/neutral-2.png", 64, ["neutral", "smile"]),
        ("face_expression", "face_astronaut.png", 112, ["happy", "sad"]),
    ],
)
def test_a_gradient_is_the_slope_of_the_scores(
    root: Path, name: str, picture: str, size: int, pair: list[str]
) -> None:
    plain = Plain(root, name)
    lens = steerlens.Lens(f"{root}/models/{name}.onnx", source=pair[0], target=pair[1])
    numbers = [lens.labels.index(label) for label in pair]
    image = np.asarray(Image.open(root / "media" / picture).resize((size, size)))
    pixels = image.reshape(size, size, -1) / 255.0
    gradient = lens.gradient(image)
    assert gradient.dtype == np.float32 and gradient.shape == image.shape
    flat = gradient.reshape(pixels.shape).astype(np.float64)
    norm = np.linalg.norm(flat)
    # A part of the gradient has a large slope too, so that the measure is good there.
    random = np.random.default_rng(0)
    for _ in range(6):
        along = flat * (random.random(flat.shape) < 0.3)
        along /= np.linalg.norm(along)
        expected = slope(plain, pixels, along, numbers)
        assert abs(np.vdot(flat, along) - expected) < 0.03 * norm
    at_input = lens.gradient(image, at="input")
    assert np.array_equal(at_input.reshape(gradient.shape), gradient)
    saliency = np.sqrt(np.square(flat).sum(axis=2))
    np.testing.assert_allclose(lens.saliency(image), saliency, rtol=1e-5)


def test_a_gradient_at_another_size_goes_back_through_the_resize(root: Path) -> None:
    lens = steerlens.Lens(root / "models/face_expression.onnx", source="happy", target="sad")
    image = np.asarray(Image.open(root / "media/face_astronaut.png"))
    gradient = lens.gradient(image)
    assert gradient.shape == image.shape == (130, 130, 3)
    # What the margin gains by a brighter picture does not depend on where it is asked, as the resize keeps constants.
    np.testing.assert_allclose(gradient.sum((0, 1)), lens.gradient(image, at="input").sum((0, 1)), rtol=1e-3)
    part = lens.gradient(image, roi=(20, 10, 60, 70))
    outside = part.copy()
    outside[10:80, 20:80] = 0
    assert not outside.any()
    np.testing.assert_array_equal(part[10:80, 20:80], lens.gradient(image[10:80, 20:80]))


def test_grey_and_colour_of_models_and_pictures(root: Path, lens: steerlens.Lens, face: Path) -> None:
    grey = np.asarray(Image.open(face))
    colour = np.stack([grey] * 3, axis=2)
    luma = lens.gradient(grey, source="neutral")
    # A grey model sees luma of colours.
    for channel, share in enumerate((0.299, 0.587, 0.114)):
        np.testing.assert_allclose(lens.gradient(colour, source="neutral")[..., channel], share * luma, rtol=1e-4, atol=1e-5)
    other = steerlens.Lens(root / "models/face_expression.onnx", source="happy", target="sad")
    np.testing.assert_allclose(other.gradient(grey), other.gradient(colour).sum(axis=2), rtol=1e-4, atol=1e-5)
    alpha = np.dstack([colour, np.full_like(grey, 255)])
    np.testing.assert_array_equal(other.gradient(alpha), other.gradient(colour))


def test_a_differentiated_model_has_the_slope_of_the_model(root: Path, faces: str) -> None:
    written = steerlens.differentiate(faces)
    assert isinstance(written, bytes)
    session = onnxruntime.InferenceSession(written)
    names = [tensor.name for tensor in session.get_inputs()]
    assert names[1] == "cotangent" and session.get_outputs()[1].name == "input_gradient"
    pixels = np.random.default_rng(1).random((64, 64, 1))
    plain = Plain(root, "faces_robust")
    cotangent = np.array([[-1, 1, 0, 0]], np.float32)
    values = (2 * pixels - 1).transpose(2, 0, 1)[None].astype(np.float32)
    logits, gradient = session.run(None, {names[0]: values, "cotangent": cotangent})
    np.testing.assert_allclose(np.ravel(logits), plain.logits(pixels), rtol=1e-4, atol=1e-4)
    # A pixel's unit is two of the input's.
    flat = 2.0 * np.asarray(gradient)[0].transpose(1, 2, 0)
    along = flat / np.linalg.norm(flat)
    assert abs(np.linalg.norm(flat) - slope(plain, pixels, along, [0, 1])) < 0.03 * np.linalg.norm(flat)
    assert steerlens.differentiate(faces, profile="cpu") != written
