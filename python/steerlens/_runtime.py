# SPDX-License-Identifier: MPL-2.0
"""Where ONNX Runtime is: in the `onnxruntime` package beside this one."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def usual() -> Path | None:
    """The library of the `onnxruntime` package, which is not imported for it.

    None where `ORT_DYLIB_PATH` names another, or where there is no such package: then the library looks where it
    always does.
    """
    if os.environ.get("ORT_DYLIB_PATH"):
        return None
    package = find_spec("onnxruntime")
    for folder in (package.submodule_search_locations or []) if package else []:
        for library in sorted(Path(folder, "capi").glob("libonnxruntime.so*")):
            return library
    return None
