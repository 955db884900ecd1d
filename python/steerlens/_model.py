# SPDX-License-Identifier: MPL-2.0
"""What is asked of a model file without a picture, and ONNX Runtime."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _steerlens
from ._names import rows, size
from ._runtime import usual

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._settings import ModelSettings


class Runtime(NamedTuple):
    """The ONNX Runtime that this process uses."""

    #: Its library, links resolved.
    path: str
    version: str


def runtime(library: str | os.PathLike[str] | None = None) -> Runtime:
    """Opens ONNX Runtime and says which.

    Taken is `library`, else what the environment variable `ORT_DYLIB_PATH` names, else the one in the `onnxruntime`
    package, else the system's. A process has one: call this with a library before anything else to choose, or give
    `onnxruntime_library` to the first `Lens`. Loading a library runs its code.

    Raises `Error` of kind "runtime_library" when it cannot be used, of kind "settings" when another one is open.
    """
    path, version = _steerlens.runtime(None if library is None else os.fspath(library), usual())
    return Runtime(str(path), version)


def differentiate(
    model: str | os.PathLike[str],
    *,
    profile: str = "plain",
    input_size: tuple[int, int] | str | None = None,
    **settings: Unpack[ModelSettings],
) -> bytes:
    """The model with its input gradient, as the bytes of an ONNX file for any runtime.

    Its inputs are the model's own and `cotangent`, shaped as the logits; its outputs the logits, under their own name,
    and `input_gradient`, shaped as the input: the gradient of the sum of cotangent times logits, float32. All shapes
    are static, the batch is 1.

        session = onnxruntime.InferenceSession(steerlens.differentiate("model.onnx"))
        logits, gradient = session.run(None, {"input": x, "cotangent": one_hot})

    `profile` is "plain" for standard operators, or "cpu" for a layout that ONNX Runtime's CPU provider runs faster.
    `input_size` is height and width of a model that leaves them open.

    Raises `Error`: kind "unsupported" when an operator has no gradient here (`inspect` lists which), "not_found",
    "invalid_model". What there is to doubt is issued with `warnings.warn`.
    """
    given = rows(settings)
    written, doubts = _steerlens.differentiate(os.fspath(model), size(input_size), profile, given, usual())
    for doubt in doubts:
        warnings.warn(doubt, stacklevel=2)
    return written


def inspect(
    model: str | os.PathLike[str],
    *,
    input_size: tuple[int, int] | str | None = None,
    **settings: Unpack[ModelSettings],
) -> dict[str, Any]:
    """What a model is, and whether its gradient can be taken: what `steerlens inspect --json` answers.

    `supported` says whether, `refusal` and `unsupported` why not. `inputs`, `outputs`, `labels`, `classes`, `operators`,
    `cost` (multiply-adds, and the time with the gradient over that without) and `memory` (bytes) describe it; `facts`
    say what was taken from where, `warnings` what there is to doubt. Keys are written as the command line writes them,
    with hyphens.

    Raises `Error` when the file is not there or no model. A model without a gradient is an answer, not an error.
    """
    import json

    answer: dict[str, Any] = json.loads(_steerlens.inspect(os.fspath(model), size(input_size), rows(settings), usual()))
    return answer
