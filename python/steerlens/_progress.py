# SPDX-License-Identifier: MPL-2.0
"""How far long work is: a bar in a notebook, a line on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from typing import Any


class Bar:
    """Shows the phases of some work; it is called with each phase's name, the share that is done, and a count of frames."""

    def __init__(self) -> None:
        self._show = _notebook() or _terminal()

    def __call__(self, phase: str, done: float, count: int) -> None:
        if self._show:
            text = f"{phase} {100 * done:3.0f} %, {count} frames" if count else f"{phase} .."
            self._show(text, done)

    def close(self) -> None:
        """Takes the bar away."""
        if self._show:
            self._show("", None)


def _notebook() -> Any:
    """What shows a text and a share in the cell that runs, in a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        return None
    from IPython.display import HTML, display

    shown = display(HTML(""), display_id=True)

    def show(text: str, done: float | None) -> None:
        bar = "" if done is None else f'<progress value="{done:.3f}"></progress> {text}'
        shown.update(HTML(bar))

    return show


def _terminal() -> Any:
    """What shows it in the last line of a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(text: str, done: float | None) -> None:
        # To the line's beginning, and what is longer there goes.
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    return show
