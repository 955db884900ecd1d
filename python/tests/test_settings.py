# SPDX-License-Identifier: MPL-2.0
"""Keyword arguments are the library's rows, and the types that editors and checkers know are made of them.

STEERLENS_BLESS=1 writes steerlens/_settings.py anew.
"""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import steerlens
from steerlens import _steerlens

TYPES = {
    "float": "float",
    "int": "int",
    "seconds": "float",
    "bool": "bool",
    "str": "str",
    "path": "str | os.PathLike[str]",
    "floats": "Sequence[float]",
}

HEAD = '''\
# SPDX-License-Identifier: MPL-2.0
"""Keyword arguments, for type checkers and editors alone. Made by tests/test_settings.py of the library's settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal, TypedDict


class Setting(TypedDict):
    """A row of `steerlens.settings()`."""

    name: str
    of: Literal["model", "lens"]
    kind: str
    default: Any
    range: tuple[float, float] | None
    values: dict[str, str]
    doc: str
'''


def _type(row: Any) -> str:
    if row["kind"] == "choice":
        return f"Literal[{', '.join(f'{name!r}' for name in row['values'])}]".replace("'", '"')
    return TYPES[row["kind"]]


def _field(row: Any) -> str:
    notes = []
    if row["range"]:
        notes.append("{:g} to {:g}".format(*row["range"]))
    if row["kind"] == "seconds":
        notes.append("seconds")
    if row["default"] is not None:
        notes.append(f"{row['default']} unless set")
    doc = row["doc"] + (f" ({', '.join(notes)})" if notes else "") + "."
    # An editor shows the string under a field as its documentation.
    lines = textwrap.wrap(doc, 110, break_long_words=False)
    text = '    """' + ("\n    ".join(lines)) + '"""'
    return f"    {row['name']}: {_type(row)}\n{text}"


#: Of an audit's flags, which the command line reads: a list is text with commas.
FLAGS = {
    "bool": "bool",
    "path": "str | os.PathLike[str]",
    "text": "str | float | Sequence[str | float]",
}


def _flag(flag: Any) -> str:
    kind = FLAGS[flag["kind"]]
    if flag["values"]:
        kind = f"Literal[{', '.join(f'{name!r}' for name in flag['values'])}]".replace("'", '"')
    if flag["many"]:
        kind += f" | Sequence[{kind}]"
    lines = textwrap.wrap(flag["doc"] + ".", 110, break_long_words=False)
    return f"    {flag['name']}: {kind}\n" + '    """' + "\n    ".join(lines) + '"""'


def _made() -> str:
    own = '''    source: str | int | None
    """The class to move away from: label or number; None: the predicted one."""
    target: str | int | None
    """The class to move towards: label or number; None: the next one."""
    preset: Literal[{presets}] | None
    """Settings that belong together: see `steerlens.presets()`."""
    roi: tuple[int, int, int, int] | None
    """Part of the picture that is looked at and moved: x, y, width, height in pixels."""'''
    presets = ", ".join(f'"{name}"' for name in steerlens.presets())
    rows = {of: [row for row in steerlens.settings() if row["of"] == of] for of in ("model", "lens")}
    classes = [
        ("ModelSettings(TypedDict, total=False)", "How a model is understood and run.", map(_field, rows["model"])),
        ("_Rows(TypedDict, total=False)", "How a picture is morphed.", map(_field, rows["lens"])),
        ("LensSettings(_Rows, total=False)", "The same with classes, preset and region.", [own.format(presets=presets)]),
        ("AuditSettings(TypedDict, total=False)", "How an audit is made.", map(_flag, _steerlens.audit_settings())),
        ("Settings(ModelSettings, _Rows, total=False)", "Of a model and of its lens.", []),
    ]
    made = [f'class {head}:\n    """{doc}"""\n' + "".join(f"\n{field}" for field in fields) for head, doc, fields in classes]
    return HEAD + "".join(f"\n\n{text.rstrip()}\n" for text in made)


def test_the_types_of_keyword_arguments_are_those_of_the_rows() -> None:
    source = Path(__file__).parents[1] / "steerlens/_settings.py"
    if os.environ.get("STEERLENS_BLESS"):
        source.write_text(_made())
    assert source.read_text() == _made(), "run: STEERLENS_BLESS=1 make test-python"
