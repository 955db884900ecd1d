# SPDX-License-Identifier: MPL-2.0
"""What tests share: the repository's small models and pictures, and a lens on each kind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import steerlens

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def interrupts_arrive() -> Iterator[None]:
    """Ctrl-C raises, though a shell lets what it starts in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def faces() -> str:
    """A classifier of drawn faces, 64x64."""
    return str(ROOT / "models/faces_robust.onnx")


@pytest.fixture(scope="session")
def face() -> Path:
    return ROOT / "media/faces/neutral-2.png"


@pytest.fixture(scope="session")
def lens(faces: str) -> steerlens.Lens:
    return steerlens.Lens(faces, target="smile")
