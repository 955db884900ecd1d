# SPDX-License-Identifier: MPL-2.0
"""Settings by name: the list of them, and keyword arguments on their way to the library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _steerlens

if TYPE_CHECKING:
    from ._settings import Setting

#: Of a setting's kind, what its text is.
_VALUES: dict[str, Any] = {
    "float": float,
    "int": int,
    "seconds": float,
    "bool": "true".__eq__,
    "floats": lambda text: [float(number) for number in text.split(",")],
}


def settings() -> list[Setting]:
    """Every setting that is a keyword argument, a row each.

    A row has `name`; `of`, which is "model" for those that `Lens`, `differentiate` and `inspect` take, and "lens" for
    those that `Lens` and its methods take; `kind` ("float", "int", "seconds", "bool", "choice", "str", "path" or
    "floats"); `default` (None: nothing is set); `range`, the smallest and the largest value of a number; `values`, a
    choice's names with what each means; and `doc`, a sentence with the unit.

    Beside these there are `source`, `target`, `preset`, `roi` and `input_size`: see `Lens`.
    """
    rows = _steerlens.settings()
    for row in rows:
        row["default"] = _value(row["kind"], row["default"])
        row["values"] = dict(row["values"])
    return rows


def presets() -> dict[str, str]:
    """The names that `preset` takes, and what each preset is for."""
    return dict(_steerlens.presets())


def in_force(pairs: list[tuple[str, str | None]]) -> dict[str, Any]:
    """Settings with their values, of their texts."""
    kinds = {row["name"]: row["kind"] for row in _steerlens.settings()}
    return {name: _value(kinds[name], text) for name, text in pairs}


def _value(kind: str, text: str | None) -> Any:
    return text if text is None else _VALUES.get(kind, str)(text)


def rows(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keyword arguments as the library reads them; None says nothing."""
    return [(name.replace("_", "-"), _text(value)) for name, value in given.items() if value is not None]


def wishes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a lens: those that are no rows have a form of their own."""
    rest = dict(given)
    own = {name: rest.pop(name, None) for name in ("source", "target", "preset", "roi")}
    return {**own, "rows": rows(rest)}


def _text(value: Any) -> str:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if hasattr(value, "__iter__"):
        return ",".join(_text(part) for part in value)
    return str(value)
