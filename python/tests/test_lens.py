# SPDX-License-Identifier: MPL-2.0
"""Morphs are those of the command line, whatever kind of picture goes in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import steerlens


def program(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """The command line, in a process of its own."""
    command = [sys.executable, "-m", "steerlens", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False)


CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("faces_robust", "faces/neutral-2.png", "smile", {}),
    ("faces_robust", "faces/neutral-2.png", "frown", {"l2_budget": 3.0, "steps": 3, "source": "smile"}),
    ("face_expression", "face_astronaut.png", "sad", {"preset": "readable", "samples": 2, "steps": 2}),
    ("face_expression", "astronaut.jpg", "angry", {"roi": (170, 40, 120, 120), "display_mode": "side-by-side"}),
    ("face_expression", "face_astronaut.png", "sad", {"also": "mini_xception", "source": "happy", "l2_budget": 5.0}),
    ("face_expression", "cat_chelsea.png", "sad", {"caption": True, "method": "pixel", "magnification": -0.25}),
]


@pytest.mark.parametrize(("model", "picture", "target", "settings"), CASES)
def test_a_morph_is_the_command_line_s(
    root: Path, tmp_path: Path, model: str, picture: str, target: str, settings: dict[str, Any]
) -> None:
    out, file = tmp_path / "out.png", tmp_path / "morph.png"
    model, picture = f"{root}/models/{model}.onnx", f"{root}/media/{picture}"
    if "also" in settings:
        settings = {**settings, "also": f"{root}/models/{settings['also']}.onnx"}
    flags = ["--" + name.replace("_", "-") + "=" + flag(value) for name, value in settings.items()]
    ran = program("morph", picture, "-m", model, "--target", target, "-o", out, "--json", *flags)
    assert ran.returncode == 0, ran.stderr.decode()
    report = json.loads(ran.stdout)

    lens = steerlens.Lens(model, target, **settings)
    # Whatever came before.
    lens.morph(np.full((40, 50, 3), 77, np.uint8))
    morph = lens.morph(picture)
    morph.save(file)
    assert file.read_bytes() == out.read_bytes()
    assert morph._repr_png_() == out.read_bytes()
    done = report["morphs"][0]
    assert morph.source == report["source-label"] and morph.target == report["target-label"]
    assert morph.l2 == done["l2"] and morph.magnification == done["magnification"]
    assert (morph.attained, morph.led) == (done["attained"], done.get("led")) and morph.agreement == report.get("agreement")
    assert morph.drivers_agreement == done.get("drivers-agreement")
    assert ("also" in settings) == (morph.drivers_agreement is not None)
    before, after = morph.probabilities[target]
    assert np.float32(before) == np.float32(report["target-probability"])
    assert np.float32(after) == np.float32(done["target-probability-after"])
    assert morph.top == (report["classes"][0]["label"], done["top-label-after"])


def flag(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_a_sheet_is_the_command_line_s(root: Path, tmp_path: Path, faces: str, face: Path) -> None:
    out = tmp_path / "sheet.png"
    ran = program("morph", face, "-m", faces, "--target", "smile", "--sheet=.25,1", "-o", out)
    assert ran.returncode == 0, ran.stderr.decode()
    sheet = steerlens.Lens(faces, "smile").sheet(face, magnifications=[0.25, 1])
    assert sheet._repr_png_() == out.read_bytes()
    assert [morph.magnification for morph in sheet.morphs] == [0.25, 1]


def test_a_sheet_of_targets_has_a_morph_of_each(lens: steerlens.Lens, face: Path) -> None:
    sheet = lens.sheet(face, ["smile", "frown", 3])
    assert [morph.target for morph in sheet.morphs] == ["smile", "frown", lens.labels[3]]
    one = lens.sheet(face, "frown")
    assert np.array_equal(one.morphs[0].image, lens.morph(face, target="frown").image)
    assert sheet.image.shape[1] > one.image.shape[1]


def test_paths_arrays_and_pil_images_are_one(root: Path, tmp_path: Path) -> None:
    lens = steerlens.Lens(root / "models/face_expression.onnx", "sad")
    colour = Image.open(root / "media/face_astronaut.png").convert("RGB")
    clear = colour.copy()
    clear.putalpha(Image.fromarray(np.tile(np.arange(130, dtype=np.uint8), (130, 1))))
    opaque = colour.copy()
    opaque.putalpha(255)
    turned = colour.copy()
    exif = turned.getexif()
    exif[0x0112] = 6
    for name, image in [
        ("colour", colour),
        ("grey", colour.convert("L")),
        ("transparent", clear),
        ("opaque", opaque),
        ("palette", colour.convert("P")),
        ("turned", turned),
    ]:
        path = tmp_path / f"{name}.png"
        image.save(path, exif=exif if name == "turned" else None)
        expected = lens.morph(path)
        for other in (str(path), Image.open(path)):
            assert np.array_equal(lens.morph(other).image, expected.image), name
        if name not in ("palette", "turned"):
            morph = lens.morph(np.asarray(image))
            assert np.array_equal(morph.image, expected.image), name
            assert morph.warnings == expected.warnings and bool(morph.warnings) == (name == "transparent")


def test_channels_and_strides(lens: steerlens.Lens, face: Path) -> None:
    grey = np.asarray(Image.open(face))
    expected = lens.morph(face).image
    assert expected.shape == grey.shape and expected.dtype == np.uint8
    assert np.array_equal(lens.morph(grey[:, :, None]).image, expected)
    wide = np.zeros((64, 200, 3), np.uint8)
    wide[:, 10:138:2, 1] = grey
    before = wide.copy()
    assert np.array_equal(lens.morph(wide[:, 10:138:2, 1]).image, expected)
    assert np.array_equal(wide, before)
    frozen = grey.copy()
    frozen.flags.writeable = False
    assert np.array_equal(lens.morph(frozen).image, expected)


def test_a_still_does_not_depend_on_others_and_frames_do(root: Path) -> None:
    settings: dict[str, Any] = {"preset": "fast", "magnification": 1}
    lens = steerlens.Lens(root / "models/faces_robust.onnx", temporal_smoothing=1, **settings)
    faces = [f"{root}/media/faces/neutral-{number}.png" for number in (1, 2, 3)]
    alone = [steerlens.Lens(root / "models/faces_robust.onnx", **settings).morph(face).image for face in faces]
    for morph, expected in zip(map(lens.morph, faces), alone):
        assert np.array_equal(morph.image, expected)
    live = [morph.image for morph in lens.live(faces, fps=10)]
    assert np.array_equal(live[0], alone[0])
    assert not np.array_equal(live[1], alone[1])
    again = lens.live(faces, fps=10)
    for expected in live:
        assert np.array_equal(next(again).image, expected)
        lens.morph(faces[2])
    assert list(lens.live([])) == []


def test_unless_told_otherwise_stills_reach_their_target_and_streams_are_live(root: Path) -> None:
    lens, face = steerlens.Lens(root / "models/faces_plain.onnx", "surprise"), root / "media/faces/smile-1.png"
    morph = lens.morph(face)
    assert morph.led is True and morph.top[1] == "surprise"
    assert np.array_equal(lens.morph(face, preset="readable").image, morph.image)
    far = lens.morph(face, l2_budget=6.0)
    assert far.led is None and abs(far.l2 - 6) < 0.02
    assert lens.morph(face, magnification=0.9, reach="auto").led is True
    # What was said of the lens counts in its calls.
    told = steerlens.Lens(root / "models/faces_plain.onnx", "surprise", reach="auto")
    assert told.morph(face, magnification=0.9).led is True
    frames = [face, face]
    ways: list[dict[str, Any]] = [{}, {"preset": "live", "magnification": 0.5}]
    streams = [[morph.image for morph in lens.live(frames, **said)] for said in ways]
    assert np.array_equal(streams[0], streams[1])
    # A gradient is the picture's own.
    assert np.array_equal(lens.gradient(face), lens.gradient(face, samples=1))
    assert not np.array_equal(lens.gradient(face), lens.gradient(face, preset="readable"))


def test_frames_are_taken_one_by_one(lens: steerlens.Lens, face: Path) -> None:
    taken = []

    def frames() -> Any:
        for number in range(3):
            taken.append(number)
            yield face

    morphs = lens.live(frames())
    assert taken == []
    next(morphs)
    assert taken == [0]


def test_what_is_said_of_a_lens(lens: steerlens.Lens, face: Path) -> None:
    assert lens.labels == ["neutral", "smile", "frown", "surprise"]
    assert lens.input_shape == (64, 64, 1)
    assert lens.settings["magnification"] == 1 and lens.settings["measure_after"] is True
    assert lens.facts["labels"][0] == "4 names"
    morph = lens.morph(face)
    assert repr(morph).startswith(f"<Morph neutral {morph.probabilities['neutral'][0]:.3f} to ")
    assert "64x64x1, 4 classes" in repr(lens)
    scores = lens.classify(face)
    assert list(scores)[0] == morph.top[0] and abs(sum(scores.values()) - 1) < 1e-5
    assert scores["smile"] == morph.probabilities["smile"][0]
    # The morph's probabilities are those of the picture as written.
    assert lens.classify(morph.image)["smile"] == morph.probabilities["smile"][1]
    without = lens.morph(face, measure_after=False)
    assert without.probabilities["smile"] == (scores["smile"], None) and without.top[1] is None
    assert np.array_equal(np.asarray(without.to_pil()), morph.image)
