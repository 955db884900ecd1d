# SPDX-License-Identifier: MPL-2.0
"""What comes out of a lens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import _steerlens
from ._picture import given

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image


class _Shown:
    """Something with a picture, which notebooks show."""

    #: The picture: uint8, [height, width, channels], or [height, width] of a grey one.
    image: npt.NDArray[np.uint8]

    def _repr_png_(self) -> bytes:
        return _steerlens.png(given(self.image))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture as a PNG file, byte for byte as the command line does.

        Raises `OSError` when the file cannot be written.
        """
        with open(path, "wb") as file:
            file.write(self._repr_png_())

    def to_pil(self) -> Image:
        """The picture as a PIL image (Pillow is not installed by this package)."""
        from PIL.Image import fromarray

        return fromarray(self.image)


class Morph(_Shown):
    """One picture, moved towards another class, and what the classifier says of it. In a notebook it shows itself."""

    #: What is shown, of the picture's size and channels: the morph, unless `display_mode` says otherwise. An RGBA
    #: picture that is transparent somewhere is laid on white and has three.
    image: npt.NDArray[np.uint8]
    #: Label of the class moved away from.
    source: str
    #: Label of the class moved towards.
    target: str
    #: Their numbers.
    classes: tuple[int, int]
    #: Of source and target, by label: the probability of the picture, and of the morph as written (8 bit), 0..1. The
    #: second is None with `measure_after=False`.
    probabilities: dict[str, tuple[float, float | None]]
    #: Label of the most probable class of the picture, and of the morph (None with `measure_after=False`).
    top: tuple[str, str | None]
    #: The magnification that was used (the one found, with `l2_budget`): radians RMS of phase unless
    #: `magnification_unit` says otherwise.
    magnification: float
    #: L2 distance of the morph as written from the picture, pixel values 0..1, over all colours.
    l2: float
    #: Whether `l2_budget` was reached; True without one.
    attained: bool
    #: With `reach="auto"`: whether the target leads; otherwise `magnification` or `l2_budget` ended the way.
    led: bool | None
    #: How sure the direction is, 0..1, with `samples` above 1: the cosine to be expected with the mean of as many others.
    #: None for a single gradient.
    agreement: float | None
    #: With `also`: the mean cosine between the gradients of the models, -1..1; near 0 they agree on nothing.
    drivers_agreement: float | None
    #: Norm of the gradient at the model's input, pixel values 0..1; it is 0 where the model says nothing.
    gradient_norm: float
    #: RMS of the raw phase step: how strong the gradient is in the phases.
    phase_rms: float
    #: What is not as it was asked for, in sentences.
    warnings: list[str]

    def __init__(self, told: dict[str, Any]) -> None:
        before, after = told.pop("before"), told.pop("after")
        self.top = told.pop("top_before"), told.pop("top_after")
        self.__dict__.update(told)
        labels = [self.source, self.target]
        if self.source == self.target:
            # Two classes may have one name.
            labels = [f"{label} [{number}]" for label, number in zip(labels, self.classes)]
        self.probabilities = dict(zip(labels, zip(before, after or (None, None))))

    def __repr__(self) -> str:
        def number(probability: float | None) -> str:
            return "?" if probability is None else f"{probability:.3f}"

        moved = (f"{label} {number(p)} to {number(q)}" for label, (p, q) in self.probabilities.items())
        missed = "" if self.attained else ", l2_budget not attained"
        return f"<Morph {', '.join(moved)}; L2 {self.l2:.2f}, magnification {self.magnification:.3g}{missed}>"


class Sheet(_Shown):
    """A picture and its morphs side by side, with what the classifier says of each. In a notebook it shows itself."""

    #: The sheet: uint8, [height, width, 3].
    image: npt.NDArray[np.uint8]
    #: The morphs on it, in order.
    morphs: list[Morph]

    def __init__(self, image: npt.NDArray[np.uint8], morphs: list[Morph]) -> None:
        self.image = image
        self.morphs = morphs

    def __repr__(self) -> str:
        return f"<Sheet of {len(self.morphs)} morphs>"
