# SPDX-License-Identifier: MPL-2.0
"""The command line: `steerlens`, or `python -m steerlens`."""

from __future__ import annotations

import os
import signal
import sys

from . import _steerlens
from ._runtime import usual


def main() -> int:
    """Runs the program with this process's arguments; its exit code."""
    library = usual()
    if library is not None:
        os.environ["ORT_DYLIB_PATH"] = str(library)
    # It ends at once, as programs do: there is no Python in it that could be told.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _steerlens.main(["steerlens", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
