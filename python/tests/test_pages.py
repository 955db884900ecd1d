# SPDX-License-Identifier: MPL-2.0
"""The pages' snippets and the notebook run, and the command line is there."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import steerlens


def run(code: str, names: dict[str, Any]) -> Any:
    """Runs a cell; the value of its last expression, as a notebook shows it."""
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "<cell>", "exec"), names)
        return None
    tree.body.pop()
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)


@pytest.fixture
def clone(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What snippets find in a clone."""
    for folder in ("models", "media"):
        (tmp_path / folder).symlink_to(root / folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", ["README.md", "docs/python.md", "docs/answers.md"])
def test_python_snippets_run(root: Path, clone: Path, page: str) -> None:
    names: dict[str, Any] = {}
    snippets = re.findall(r"```python\n(.*?)```", (root / page).read_text(), re.DOTALL)
    assert snippets
    for snippet in snippets:
        run(snippet, names)


def test_the_notebook_runs(root: Path, clone: Path) -> None:
    notebook = json.loads((root / "docs/python.ipynb").read_text())
    names: dict[str, Any] = {}
    shown = 0
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "commit it without outputs"
        if cell["cell_type"] == "code":
            value = run("".join(cell["source"]), names)
            if hasattr(value, "_repr_png_"):
                assert value._repr_png_().startswith(b"\x89PNG")
                shown += 1
    assert shown >= 2


def program(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_comes_along(faces: str) -> None:
    module = (sys.executable, "-m", "steerlens")
    ran = program(*module, "inspect", faces, "--json")
    assert json.loads(ran.stdout) == steerlens.inspect(faces)
    ran = program(*module, "--version")
    assert ran.stdout.startswith(f"steerlens {steerlens.__version__}\n")
    assert steerlens.runtime().path in ran.stdout
    ran = program(*module, "no-such")
    assert ran.returncode == 2 and "no-such" in ran.stderr
    ran = program(*module, "--help")
    assert ran.returncode == 0 and "morph" in ran.stdout


def test_an_installed_package_has_its_program_and_its_metadata() -> None:
    try:
        about = importlib.metadata.metadata("steerlens")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("it is tested without being installed; tools/python wheel tests the wheel")
    assert about["Version"] == steerlens.__version__
    assert about.get_all("Requires-Dist")
    script = shutil.which("steerlens", path=str(Path(sys.executable).parent))
    assert script and program(script, "--version").stdout.startswith("steerlens ")
    licences = [file.read_text() for file in importlib.metadata.files("steerlens") or [] if "LICENSE" in file.name]
    assert any("Mozilla Public License" in text for text in licences)
    # Of the crates that are compiled in, and of the font.
    assert all(any(name in text for text in licences) for name in ("rustfft ", "pyo3 ", "DejaVu"))
    # Type checkers look for it.
    assert (Path(steerlens.__file__).parent / "py.typed").exists()


def test_the_module_s_own_names_are_documented() -> None:
    for name in steerlens.__all__:
        if not name.startswith("_"):
            assert getattr(steerlens, name).__doc__, name
