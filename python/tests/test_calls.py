# SPDX-License-Identifier: MPL-2.0
"""Long calls: Ctrl-C ends them, and other threads go on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import steerlens

#: Ten minutes and more, as nobody waits for.
LONG: dict[str, Any] = {"samples": 1000, "steps": 64}


@pytest.fixture(scope="module")
def slow(root: Path) -> steerlens.Lens:
    return steerlens.Lens(root / "models/face_expression.onnx", "sad")


@pytest.mark.parametrize("method", ["morph", "gradient", "sheet", "live"])
def test_an_interrupt_ends_a_call(slow: steerlens.Lens, root: Path, method: str) -> None:
    picture = root / "media/face_astronaut.png"
    expected = slow.morph(picture).image
    calls: dict[str, Callable[[], object]] = {
        "morph": lambda: slow.morph(picture, **LONG),
        "gradient": lambda: [slow.gradient(picture, samples=1000) for _ in range(64)],
        "sheet": lambda: slow.sheet(picture, ["sad", "angry"], **LONG),
        "live": lambda: list(slow.live([picture], **LONG)),
    }
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        calls[method]()
    timer.join()
    assert np.array_equal(slow.morph(picture).image, expected)


def test_other_threads_go_on_meanwhile(slow: steerlens.Lens, lens: steerlens.Lens, root: Path, face: Path) -> None:
    picture = root / "media/face_astronaut.png"
    begun = threading.Event()

    def work() -> None:
        begun.set()
        slow.morph(picture, samples=500)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    # Were the lock held, this would come to its end after the other one only.
    for _ in range(3):
        lens.morph(face, magnification=0.5)
    assert thread.is_alive()
    thread.join()


def test_one_lens_in_two_threads_gives_each_its_own(slow: steerlens.Lens, root: Path) -> None:
    picture = root / "media/face_astronaut.png"
    targets = ["sad", "angry", "surprised", "fearful"]
    expected = [slow.morph(picture, target=target).image for target in targets]
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        found[number] = [slow.morph(picture, target=targets[(number + k) % 4]).image for k in range(8)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, images in found.items():
        for k, image in enumerate(images):
            assert np.array_equal(image, expected[(number + k) % 4])
    assert len(found) == 3
