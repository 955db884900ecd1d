# SPDX-License-Identifier: MPL-2.0
"""The one exception."""


class Error(Exception):
    """What went wrong, as a sentence: what, where, and what to do.

    `kind` is one of

    - `"settings"`: a setting is out of range, contradicts another, or names a class that is not there
    - `"not_found"`: a file is not there
    - `"unreadable"`: a file cannot be read
    - `"frame"`: an array is no picture
    - `"runtime_library"`: ONNX Runtime cannot be found or used
    - `"invalid_model"`: the file is no ONNX model, or ONNX Runtime refuses it
    - `"not_a_classifier"`: the model is valid and no image classifier
    - `"unsupported"`: something in the model has no gradient here
    - `"run"`: the model's run failed
    - `"interrupted"`: the run was interrupted
    - `"internal"`: a fault of this program
    """

    kind: str

    def __init__(self, message: str, kind: str = "internal") -> None:
        super().__init__(message, kind)
        self.kind = kind

    def __str__(self) -> str:
        return str(self.args[0])
