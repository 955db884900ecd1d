# SPDX-License-Identifier: MPL-2.0
"""Audits: the command line's results, told while they run, and ended by Ctrl-C."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import steerlens


@pytest.fixture
def three(root: Path, tmp_path: Path) -> Path:
    """A folder of three drawn faces."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for name in ("neutral-1.png", "smile-1.png", "frown-1.png"):
        shutil.copy(root / "media/faces" / name, folder)
    return folder


def test_the_results_are_the_command_line_s(three: Path, faces: str, root: Path, tmp_path: Path) -> None:
    judge = str(root / "models/faces_judge.onnx")
    audit = steerlens.audit(
        three, faces, tmp_path / "a", judge=judge, budgets=[1, 2], control="random", methods=["pixel", "csp-phase"],
        format="csv", no_strips=True,
    )
    line = f"-m {faces} --judge {judge} --budgets 1,2 --control random --methods pixel,csp-phase --format csv --no-strips"
    program = [sys.executable, "-m", "steerlens", "audit", str(three), *line.split(), "-o", str(tmp_path / "b")]
    subprocess.run(program, check=True, capture_output=True)
    assert audit.table.read_bytes() == (tmp_path / "b/frames.csv").read_bytes()
    with audit.table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {Path(row["input"]).name for row in rows} == {path.name for path in three.iterdir()}
    assert {row["method"] for row in rows} == {"pixel", "csp-phase"}

    assert audit.verdict == "whole" and audit.folder == tmp_path / "a"
    assert audit.page.read_text().startswith("<!doctype html>")
    # What runs it again is in the page, and runs.
    assert audit.summary["run"]["command"].startswith("steerlens audit --judge=")
    assert "frames flip" in audit._repr_html_() and "report.html" in repr(audit)


def test_progress_is_told_in_order(three: Path, faces: str, tmp_path: Path) -> None:
    told: list[tuple[str, float, int]] = []
    steerlens.audit(three, faces, tmp_path / "a", methods="pixel", progress=lambda *stand: told.append(stand))
    assert all(0 <= done <= 1 for _, done, _ in told)
    phases = list(dict.fromkeys(phase for phase, *_ in told))
    assert phases and phases == [phase for phase in ("loading", "checking", "auditing", "writing") if phase in phases]


def test_what_a_listener_raises_ends_the_audit(three: Path, faces: str, tmp_path: Path) -> None:
    def refuse(phase: str, done: float, count: int) -> None:
        raise LookupError(phase)

    with pytest.raises(LookupError):
        steerlens.audit(three, faces, tmp_path / "a", progress=refuse)


def test_an_interrupt_ends_an_audit_which_goes_on_later(root: Path, faces: str, tmp_path: Path) -> None:
    many = root / "media/faces"
    settings: dict[str, Any] = {"methods": "csp-phase", "steps": 64, "jobs": 1, "no_strips": True, "no_flip": True}
    begun = threading.Event()

    def listen(phase: str, done: float, count: int) -> None:
        # In the middle: after the first frame.
        if phase == "auditing" and count and not begun.is_set():
            begun.set()
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        steerlens.audit(many, faces, tmp_path / "a", progress=listen, **settings)
    assert not (tmp_path / "a/summary.json").exists()
    settings["resume"] = True
    audit = steerlens.audit(many, faces, tmp_path / "a", **settings)
    assert audit.verdict == "whole"


def test_what_is_wrong_is_said(three: Path, faces: str, tmp_path: Path) -> None:
    def asked(kind: str, **settings: Any) -> str:
        with pytest.raises(steerlens.Error) as raised:
            steerlens.audit(three, faces, tmp_path / "a", **settings)
        assert raised.value.kind == kind
        return str(raised.value)

    assert "smell" in asked("settings", targets="smell")
    assert "no-such" in asked("settings", methods="no-such")
    assert "'a,b' has a comma" in asked("settings", targets=["a,b", "smile"])
    assert "resume takes True or False" in asked("settings", resume="yes")
    with pytest.raises(TypeError, match="did you mean budgets?"):
        steerlens.audit(three, faces, tmp_path / "a", budget=[1])  # type: ignore[call-arg]
    with pytest.raises(steerlens.Error) as raised:
        steerlens.audit(tmp_path / "nothing", faces, tmp_path / "a")
    assert raised.value.kind == "not_found"


def test_a_notebook_shows_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import ModuleType, SimpleNamespace

    from steerlens._progress import Bar

    shown: list[str] = []
    display: Any = ModuleType("IPython.display")
    display.HTML = lambda text: text
    display.display = lambda text, display_id: SimpleNamespace(update=shown.append)
    notebook: Any = ModuleType("IPython")
    notebook.get_ipython = lambda: SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    bar = Bar()
    bar("auditing", 0.25, 3)
    bar.close()
    assert shown == ['<progress value="0.250"></progress> auditing  25 %, 3 frames', ""]
