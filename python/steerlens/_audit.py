# SPDX-License-Identifier: MPL-2.0
"""Audits: what a classifier reacts to, over many pictures."""

from __future__ import annotations

import difflib
import html
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _steerlens
from ._error import Error
from ._names import paths, text
from ._progress import Bar
from ._runtime import usual

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._settings import AuditSettings


class Audit:
    """The results of an audit. In a notebook it shows its counts, and where the page is."""

    #: How it ended, in a word: "whole"; "partial", without inputs that could not be read; "failed", with a condition of
    #: `fail_if` fulfilled; "easier", with flips that became easier than `threshold` allows against the `baseline`.
    verdict: str
    #: The folder of all results.
    folder: Path
    #: The page for people, one file: `report.html`.
    page: Path
    #: Every edit of every frame, a row each: `pandas.read_parquet(audit.table)`, `polars.read_parquet(audit.table)`; with
    #: `format="csv"` their `read_csv`.
    table: Path
    #: What people should know of the results, in sentences.
    warnings: list[str]

    def __init__(self, told: Mapping[str, Any], warnings: list[str]) -> None:
        self.verdict = told["verdict"]
        self.folder, self.page, self.table = (Path(told[name]) for name in ("folder", "page", "table"))
        self.warnings = warnings

    @cached_property
    def summary(self) -> dict[str, Any]:
        """All statistics, as `summary.json` in the folder has them; docs/audit.md says what its keys mean."""
        summary: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return summary

    def __repr__(self) -> str:
        return f"<Audit {self.verdict}: {self.page}>"

    def _repr_html_(self) -> str:
        page = html.escape(str(self.page))
        flips = "".join(
            f"<tr><td>{html.escape(flips['method'])}</td><td>{share['count']} of {share['of']} frames flip</td></tr>"
            for flips in self.summary["flips"]
            for share in [flips["all"]["flipped"]]
        )
        return f'<p>Audit, {self.verdict}: <a href="{page}" target="_blank">{page}</a></p><table>{flips}</table>'


def audit(
    pictures: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    progress: bool | Callable[[str, float, int], object] = True,
    **settings: Unpack[AuditSettings],
) -> Audit:
    """Measures what a classifier reacts to, over pictures: what `steerlens audit` does.

        audit = steerlens.audit("photos", "model.onnx", "report", judge="other.onnx", control="random")
        rows = pandas.read_parquet(audit.table)

    Moves every picture towards other classes, by several methods and equally far, and records when the model changes its
    mind, whether other models agree (`judge`), and what sort of change it was. `pictures` are files, folders or patterns;
    `out` is the folder for the results, which must not hold another audit. Keyword arguments are the flags of the command
    line: lists are sequences (`budgets=[1, 2]`, `targets=["cat", "dog"]`), a flag without a value is True.

    `progress` is a bar in notebooks
    and on terminals; False, or a function that is called with the phase, the share that is done (0..1) and the number of
    frames. Ctrl-C ends an audit; what is finished is kept, and the same call with `resume=True` goes on. Of videos none is
    read.

    Raises `Error` when nothing can be audited, or the model, a setting or the folder does not fit. A picture that cannot be
    read is no error: the verdict is then "partial". What is to be said of the results is issued with `warnings.warn`.
    """
    words = _words(settings)
    words += [f"--model={os.fspath(model)}", f"--out={os.fspath(out)}", "--", *paths(pictures)]
    said: list[str] = []
    bar = Bar() if progress is True else None
    listen = progress if callable(progress) else bar or _nobody
    try:
        told = _steerlens.audit(words, listen, said.append, usual())
    finally:
        if bar:
            bar.close()
    for warning in said:
        warnings.warn(warning, stacklevel=2)
    return Audit(told, said)


def _nobody(phase: str, done: float, count: int) -> None:
    pass


def _words(settings: Mapping[str, Any]) -> list[str]:
    """Keyword arguments as the command line's words."""
    flags = {flag["name"]: flag for flag in _steerlens.audit_settings()}
    words = []
    for name, value in settings.items():
        if name not in flags:
            near = difflib.get_close_matches(name, flags, 1)
            hint = f"did you mean {near[0]}?" if near else "see steerlens audit --help"
            raise TypeError(f"unexpected keyword argument '{name}': {hint}")
        flag = f"--{name.replace('_', '-')}"
        if flags[name]["kind"] == "bool":
            if not isinstance(value, bool):
                raise Error(f"{name} takes True or False, and not {value!r}", "settings")
            words += [flag] if value else []
        elif value is not None:
            values = paths(value) if flags[name]["many"] else [_listed(name, value)]
            words += [f"{flag}={value}" for value in values]
    return words


def _listed(name: str, value: Any) -> str:
    """A value as text; of a list the parts, which a comma in one of them would part again."""
    if not isinstance(value, (str, os.PathLike)) and hasattr(value, "__iter__"):
        for part in value:
            if "," in text(part):
                raise Error(f"{name} is a list, and {part!r} has a comma: give the class by its number", "settings")
    return text(value)
