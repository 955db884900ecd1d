# SPDX-License-Identifier: MPL-2.0
"""Pictures of any kind, as the compiled half takes them: a path, or a contiguous array."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Union

from ._error import Error

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    #: A file, an array of uint8 (height x width, or height x width x 3 or 4: RGB, RGBA), or a PIL image.
    Picture = Union[str, os.PathLike[str], npt.NDArray[np.uint8], Image]

_GREY = ("1", "L")
_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")
#: More than eight bits, which PIL would cut off without a word.
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def given(picture: Picture) -> Any:
    """The picture as the compiled half takes it; an array that is contiguous is not copied."""
    if isinstance(picture, (str, os.PathLike)):
        return os.fspath(picture)
    import numpy as np

    # What is a PIL image has PIL imported.
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(picture, pil.Image):
        picture = _upright(picture)
    if not (hasattr(picture, "__array__") or hasattr(picture, "__array_interface__")):
        raise TypeError(f"a picture is a path, a numpy array or a PIL image, and not {type(picture).__name__}")
    array = np.asarray(picture)
    if array.dtype != np.uint8:
        raise Error(
            f"an array of {array.dtype} is no picture: give uint8 values, 0 to 255"
            + ("; of values 0..1, (255 * array).round().astype('uint8')" if array.dtype.kind == "f" else ""),
            "frame",
        )
    return np.ascontiguousarray(array)


def _upright(image: Image) -> Image:
    """As a file of it is read: turned as the camera says, grey, RGB or RGBA."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in _DEEP:
        raise Error(
            f"a PIL image of mode {image.mode} has more than eight bits: give the file's path, or convert it to L",
            "frame",
        )
    if image.mode in _GREY:
        return image.convert("L")
    if image.mode in _ALPHA or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")
