# SPDX-License-Identifier: MPL-2.0
"""See how an image classifier gets from one class to another.

    import steerlens

    lens = steerlens.Lens("model.onnx", target="lemon")
    morph = lens.morph("orange.jpg")
    morph.image          # numpy array, uint8: the picture, moved towards "lemon"
    morph.probabilities  # {"orange": (before, after), "lemon": (before, after)}

`Lens` morphs pictures, and gives scores, gradients and saliencies of them. `audit` does it to many, and counts.
`differentiate` writes an ONNX model with its
input gradient, `inspect` says what a model is, `settings` lists every keyword argument. Everything that goes wrong is an
`Error`.
"""

from ._audit import Audit, audit
from ._error import Error
from ._lens import Lens
from ._model import Runtime, differentiate, inspect, runtime
from ._morph import Morph, Sheet
from ._names import presets, settings
from ._steerlens import __version__

__all__ = [
    "Audit",
    "Error",
    "Lens",
    "Morph",
    "Runtime",
    "Sheet",
    "__version__",
    "audit",
    "differentiate",
    "inspect",
    "presets",
    "runtime",
    "settings",
]
