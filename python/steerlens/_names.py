# SPDX-License-Identifier: MPL-2.0
"""Settings by name: the list of them, and keyword arguments on their way to the library."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from operator import index
from typing import TYPE_CHECKING, Any

from . import _steerlens
from ._error import Error

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
    return [(name.replace("_", "-"), text(value)) for name, value in given.items() if value is not None]


def wishes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a lens: those that are no rows have a form of their own."""
    rest = dict(given)
    return {
        "source": _class("source", rest.pop("source", None)),
        "target": _class("target", rest.pop("target", None)),
        "preset": rest.pop("preset", None),
        "roi": _whole("roi", "x, y, width and height in pixels", 4, rest.pop("roi", None)),
        "rows": rows(rest),
    }


def paths(given: Any) -> list[str]:
    """One file, or several."""
    if isinstance(given, (str, os.PathLike)):
        given = [given]
    return [os.fspath(path) for path in given]


def size(given: Sequence[int] | str | None) -> tuple[int, ...] | None:
    """An input size; as a text it is "224x224", as the library's sentences have it."""
    numbers: Any = given
    if isinstance(given, str):
        numbers = [int(part) if part.isdecimal() else None for part in given.lower().split("x")]
    return _whole("input_size", "height and width in pixels", 2, numbers)


def _class(name: str, given: Any) -> str | int | None:
    if given is None or isinstance(given, str):
        return given
    if hasattr(given, "__index__") and not isinstance(given, bool) and given >= 0:
        return index(given)
    raise Error(f"{name} is a class's label or its number, and not {given!r}", "settings")


def _whole(name: str, what: str, count: int, given: Any) -> tuple[int, ...] | None:
    if given is None:
        return None
    try:
        numbers = tuple(index(number) for number in given)
    except TypeError:
        numbers = ()
    # The last two are a size.
    if len(numbers) != count or min(numbers) < 0 or 0 in numbers[-2:]:
        raise Error(f"{name} is {what}, and not {given!r}", "settings")
    return numbers


def text(value: Any) -> str:
    """A value as the library reads it."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if hasattr(value, "__iter__"):
        return ",".join(text(part) for part in value)
    return str(value)
