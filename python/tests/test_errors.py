# SPDX-License-Identifier: MPL-2.0
"""What goes wrong is said in a sentence, with its kind."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import steerlens


def refusal(kind: str, call: Any) -> str:
    with pytest.raises(steerlens.Error) as caught:
        call()
    assert caught.value.kind == kind, caught.value
    return str(caught.value)


def test_files(lens: steerlens.Lens, tmp_path: Path, faces: str) -> None:
    assert "nowhere.onnx" in refusal("not_found", lambda: steerlens.Lens(tmp_path / "nowhere.onnx"))
    assert "nowhere.png" in refusal("not_found", lambda: lens.morph(tmp_path / "nowhere.png"))
    broken = tmp_path / "broken"
    broken.write_text("neither")
    refusal("invalid_model", lambda: steerlens.Lens(broken))
    refusal("invalid_model", lambda: steerlens.inspect(broken))
    refusal("unreadable", lambda: lens.morph(broken))
    refusal("unreadable", lambda: lens.morph(tmp_path))
    refusal("not_found", lambda: steerlens.differentiate(tmp_path / "nowhere.onnx"))
    with pytest.raises(OSError):
        lens.morph(np.zeros((64, 64), np.uint8)).save(tmp_path / "no" / "folder.png")


def test_pictures(lens: steerlens.Lens) -> None:
    refusal("frame", lambda: lens.morph(np.zeros((3, 64, 64), np.uint8)))
    refusal("frame", lambda: lens.morph(np.zeros((64,), np.uint8)))
    refusal("frame", lambda: lens.morph(np.zeros((0, 64, 3), np.uint8)))
    floats: Any = np.zeros((64, 64, 3))
    assert "(255 * array)" in refusal("frame", lambda: lens.morph(floats))
    assert "I;16" in refusal("frame", lambda: lens.morph(Image.new("I;16", (64, 64))))
    nothing: Any = None
    with pytest.raises(TypeError, match="a picture is a path, a numpy array or a PIL image, and not NoneType"):
        lens.morph(nothing)


def test_settings(lens: steerlens.Lens, faces: str, face: Path) -> None:
    assert "grin" in refusal("settings", lambda: steerlens.Lens(faces, "grin"))
    assert "grin" in refusal("settings", lambda: lens.morph(face, target="grin"))
    refusal("settings", lambda: lens.morph(face, target=17))
    assert "must be between" in refusal("settings", lambda: lens.morph(face, steps=0))
    wrong: Any = "four"
    assert "steps takes a whole number" in refusal("settings", lambda: lens.morph(face, steps=wrong))
    assert "method takes one of csp-phase" in refusal("settings", lambda: lens.morph(face, method=wrong))
    assert "readable" in refusal("settings", lambda: lens.morph(face, preset=wrong))
    target: Any
    for target in (-1, True, ["smile"], 1.0):
        assert "target is a class's label or its number" in refusal("settings", lambda: lens.morph(face, target=target))
    roi: Any
    for roi in ((1, 2, 3), (1, 2, 3, 0), "all", (0.5, 0, 8, 8)):
        assert "roi is x, y, width" in refusal("settings", lambda: lens.morph(face, roi=roi))
    typo: Any = {"magnificaton": 1}
    with pytest.raises(TypeError, match="'magnificaton': did you mean magnification?"):
        lens.morph(face, **typo)
    unknown: Any = {"colour": 1}
    with pytest.raises(TypeError, match="'colour'"):
        steerlens.Lens(faces, **unknown)
    # The model's settings are the lens's for good.
    of_model: Any = {"threads": 1}
    with pytest.raises(TypeError, match="'threads'"):
        lens.morph(face, **of_model)
    with pytest.raises(ValueError, match="fps"):
        next(lens.live([face], fps=0))
    # After all of this it works as before.
    assert lens.morph(face).target == "smile"


def test_the_size_of_a_model_that_leaves_it_open(root: Path) -> None:
    model = root / "tests/data/variety/dynamic_shape.onnx"
    assert "input-size HxW" in refusal("not_a_classifier", lambda: steerlens.Lens(model))
    for size in ((28, 32), "28x32"):
        assert steerlens.Lens(model, input_size=size).input_shape == (28, 32, 1)
        assert steerlens.inspect(model, input_size=size)["facts"]
    wrong: Any
    for wrong in ("28", "28x", (28, 28, 1), "0x28"):
        refusal("settings", lambda: steerlens.Lens(model, input_size=wrong))


def test_an_error_travels(lens: steerlens.Lens) -> None:
    error = pickle.loads(pickle.dumps(steerlens.Error("it is so", "frame")))
    assert (str(error), error.kind) == ("it is so", "frame")


def test_a_refused_model_is_an_answer_of_inspect(root: Path) -> None:
    answer = steerlens.inspect(root / "models/faces_robust.onnx")
    assert answer["supported"] is True and answer["labels"] == ["neutral", "smile", "frown", "surprise"]
    assert answer["cost"]["ratio"] > 1
    answer = steerlens.inspect(root / "tests/data/runtime/absent.onnx")
    assert answer["supported"] is False and "four axes" in answer["refusal"]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )


def test_onnx_runtime_is_the_package_s_unless_another_is_named(root: Path, tmp_path: Path) -> None:
    import onnxruntime

    path = Path(steerlens.runtime().path)
    assert path.parent == Path(onnxruntime.__file__).resolve().parent / "capi"
    assert steerlens.runtime().version == onnxruntime.__version__
    # The package is not imported for it, and numpy not before it is needed.
    ran = python("import sys, steerlens; steerlens.runtime(); print({'onnxruntime', 'numpy', 'PIL'} & {*sys.modules})")
    assert ran.stdout == "set()\n", ran.stderr
    other = tmp_path / "libother.so"
    other.write_bytes(path.read_bytes())
    ran = python("import steerlens; print(steerlens.runtime().path)", ORT_DYLIB_PATH=str(other))
    assert ran.stdout.strip() == str(other), ran.stderr
    ran = python(f"import steerlens; print(steerlens.runtime({str(other)!r}).path)")
    assert ran.stdout.strip() == str(other), ran.stderr
    model = str(root / "models/faces_robust.onnx")
    code = "import steerlens; steerlens.Lens({!r}, onnxruntime_library={!r}); print(steerlens.runtime().path)"
    ran = python(code.format(model, str(other)))
    assert ran.stdout.strip() == str(other), ran.stderr
    assert "libother.so" in refusal("settings", lambda: steerlens.runtime(other))
    assert "gone.so" in refusal("runtime_library", lambda: steerlens.runtime("/gone.so"))
