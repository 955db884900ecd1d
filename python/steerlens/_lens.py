# SPDX-License-Identifier: MPL-2.0
"""The lens: a classifier, and pictures moved by its gradient."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Union

from . import _steerlens
from ._morph import Morph, Sheet
from ._names import in_force, paths, size, wishes
from ._picture import given
from ._runtime import usual

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Unpack

    from ._picture import Picture
    from ._settings import LensSettings, Settings

#: A class: its label (exact, else a unique beginning), or its number.
Class = Union[str, int]


class Lens:
    """An ONNX classifier to look through.

        lens = steerlens.Lens("model.onnx", target="lemon")
        morph = lens.morph("orange.jpg")

    `model` is the file, `target` and `source` are the classes to move towards and away from, by label or number. Without
    a source it is the class that the model predicts, without a target the next one. Labels, size and normalization are
    found as the command line finds them: in a side-car, in the model's metadata, in files beside it; `facts` says where,
    and what had to be guessed is issued with `warnings.warn`.

    `also` are further models that drive: pictures move along what the gradients of all agree on, between the classes of
    the same labels. Probabilities, `gradient`, `saliency` and `classify` stay those of `model`.

    `preset` is a name from `presets()`; what is set beside it wins. Where none is named, stills have "readable" and end where
    the target leads, streams have "live", and gradients are those of the picture itself. `roi` is the part of pictures that is looked at and
    moved: x, y, width, height in pixels. `input_size` is height and width of a model that leaves them open. Every other
    setting is a keyword argument too: `settings()` lists them with range, default and unit. Those that matter first:

    - `magnification`: how far, in radians RMS of phase; in one step 0.03 to 0.2 for networks trained on photographs
    - `l2_budget`: or how far as a distance, pixel values 0..1 over all pixels and colours
    - `steps`: how often the gradient is taken along the way; `samples`: over how many changed copies it is averaged
    - `onnxruntime_library`: another ONNX Runtime than that of the `onnxruntime` package

    A lens may be used from several threads; calls on one lens wait for each other, and the interpreter's lock is released
    meanwhile, so that calls on two lenses run at once. Ctrl-C ends a call. While a call runs, its array must not be
    written to.

    Raises `Error` when the model, ONNX Runtime, a label or a setting does not fit, and `TypeError` for a keyword argument
    that is none.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        target: Class | None = None,
        *,
        source: Class | None = None,
        also: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
        preset: str | None = None,
        roi: tuple[int, int, int, int] | None = None,
        input_size: tuple[int, int] | str | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        said = {"target": target, "source": source, "preset": preset, "roi": roi, **settings}
        self._model = os.fspath(model)
        self._lens = _steerlens.Lens(self._model, size(input_size), paths(also), wishes(said), usual())
        for warning in self._lens.warnings():
            warnings.warn(warning, stacklevel=2)

    @property
    def labels(self) -> list[str]:
        """The classes' labels, by number; "class 7" where there is no name."""
        return self._lens.labels()

    @property
    def facts(self) -> dict[str, tuple[str, str]]:
        """What had to be known of the model: for each thing its value and where it was taken from."""
        return {name: (value, source) for name, value, source in self._lens.facts()}

    @property
    def warnings(self) -> list[str]:
        """What there is to doubt in the model and its description."""
        return self._lens.warnings()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the lens that are in force, by the names of their keyword arguments."""
        return in_force(self._lens.settings())

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the picture that the model sees."""
        return self._lens.input_shape()

    @property
    def advised_magnification(self) -> float | None:
        """The magnification that the model's description advises, where it does."""
        return self._lens.advised_magnification()

    def morph(self, picture: Picture, **settings: Unpack[LensSettings]) -> Morph:
        """Moves a picture towards the target class.

        `picture` is a file (PNG, JPEG, WebP, BMP), an array of uint8, [height, width] or [height, width, 3 or 4] (RGB,
        RGBA), or a PIL image. Keyword arguments change the lens's settings for this call.

        A still is morphed for itself, whatever came before. The same picture again, with the same classes, costs no run
        of the model for its gradient. Costs `steps` times `samples` runs with gradient, and one without for the
        probabilities of the morph (`measure_after=False` leaves it out).

        Raises `Error`: "not_found" or "unreadable" of a file, "frame" of an array, "settings" of a label or a value.
        """
        return Morph(self._lens.morph(given(picture), wishes(settings), None))

    def live(
        self, frames: Iterable[Picture], *, fps: float = 25.0, **settings: Unpack[LensSettings]
    ) -> Iterator[Morph]:
        """Morphs frame after frame of one stream, `fps` of them a second.

        Unlike with `morph`, a frame's morph depends on those before: steps are kept and fade over `temporal_smoothing`
        seconds, and an automatic pair of classes stays until another has led for `class_hold` frames. Each
        iterator remembers for itself. Frames are taken one by one, when the next morph is asked for.
        """
        if not fps > 0:
            raise ValueError(f"fps is {fps}, and must be above 0")
        lens = self._lens.another(wishes(settings))
        unchanged = wishes({})
        for number, frame in enumerate(frames):
            yield Morph(lens.morph(given(frame), unchanged, number / fps))

    def gradient(
        self, picture: Picture, *, at: Literal["picture", "input"] = "picture", **settings: Unpack[LensSettings]
    ) -> npt.NDArray[np.float32]:
        """The gradient of `logit[target] - logit[source]` (or what `objective` says) by the pixel values, 0..1.

        float32, shaped as the picture: [height, width, 3], or [height, width] of a grey one; alpha has none. It is exact,
        resize and crop included, and 0 where the model does not look. With `at="input"` it is that at the model's input,
        before its normalization: [height, width, channels] of `input_shape`, R, G, B.

        With `samples` above 1 it is the mean over changed copies. `differentiate` has the gradient by the model's own
        input values.
        """
        if at not in ("picture", "input"):
            raise ValueError(f"at is {at!r}, and must be 'picture' or 'input'")
        return self._lens.gradient(given(picture), wishes(settings), at == "input")

    def saliency(self, picture: Picture, **settings: Unpack[LensSettings]) -> npt.NDArray[np.float32]:
        """The size of the gradient at each pixel of the picture: its norm over the colours.

        float32, [height, width], the larger the more the model reacts. `morph(picture, display_mode="saliency")` is the
        picture of it.
        """
        import numpy as np

        gradient = self.gradient(picture, **settings)
        size: npt.NDArray[np.float32] = np.abs(gradient) if gradient.ndim == 2 else np.linalg.norm(gradient, axis=2)
        return size

    def classify(self, picture: Picture, **settings: Unpack[LensSettings]) -> dict[str, float]:
        """What the model says of a picture: the probability of each label, 0..1, the most probable first.

        Classes of one name have their number behind it, as in "crane [517]".
        """
        labels = self.labels
        probabilities = self._lens.classify(given(picture), wishes(settings))
        twice = {label for label in labels if labels.count(label) > 1} if len(set(labels)) < len(labels) else set()
        pairs = [
            (f"{label} [{number}]" if label in twice else label, probability)
            for number, (label, probability) in enumerate(zip(labels, probabilities))
        ]
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def sheet(
        self,
        picture: Picture,
        targets: Sequence[Class] | Class | None = None,
        magnifications: Sequence[float] | None = None,
        **settings: Unpack[LensSettings],
    ) -> Sheet:
        """The picture beside its morphs towards each of `targets`, at each of `magnifications`, under what the
        classifier says of them.

        Without targets it is the lens's one, without magnifications the lens's reach.
        """
        if targets is None or isinstance(targets, (str, int)):
            targets = [targets]  # type: ignore[list-item]
        each = [
            wishes({**settings, **_but_none(target=target, magnification=magnification)})
            for target in targets
            for magnification in (magnifications if magnifications is not None else [None])
        ]
        image, morphs = self._lens.sheet(given(picture), each)
        return Sheet(image, [Morph(told) for told in morphs])

    def __repr__(self) -> str:
        height, width, channels = self.input_shape
        return f"<Lens {self._model}: {height}x{width}x{channels}, {len(self.labels)} classes>"


def _but_none(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
