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


class ModelSettings(TypedDict, total=False):
    """How a model is understood and run."""

    label_file: str | os.PathLike[str]
    """Class labels: one per line, numbered lines, or a list or map in JSON; unset: side-car, model metadata,
    MODEL.labels.txt, config.json, else "class N"; empty: none."""
    model_info: str | os.PathLike[str]
    """Side-car that describes the model's input; unset: MODEL.onnx.modelinfo or MODEL.modelinfo, empty: none."""
    output_name: str
    """Tensor that holds the class scores, or a row of one that holds more, as in NAME[0,:,3]; unset: found by its
    shape."""
    onnxruntime_library: str | os.PathLike[str]
    """ONNX Runtime library (libonnxruntime.so); unset: ORT_DYLIB_PATH, the copy that set-up placed, the system's.
    Loading a library runs its code."""
    execution_provider: Literal["cpu", "cuda"]
    """What runs the model; one that cannot be had is an error (cpu unless set)."""
    device: str
    """Number of the execution provider's device; unset: the first. The processor has none to choose."""
    optimization_level: Literal["disable-all", "enable-basic", "enable-extended", "enable-all"]
    """How far ONNX Runtime rewrites the model before it runs it (enable-all unless set)."""
    threads: int
    """Threads of the model's run, and of the pyramid after it; 0: physical cores minus one, at least one (0 to 256,
    0 unless set)."""
    input_format: Literal["auto", "rgb", "bgr", "gray"]
    """The channels that the model wants (auto unless set)."""
    input_layout: Literal["auto", "nchw", "nhwc"]
    """The order of the model's input axes (auto unless set)."""
    normalization: Literal["auto", "imagenet", "unit", "signed", "byte", "clip", "custom"]
    """How pixel values become the model's input (auto unless set)."""
    mean: Sequence[float]
    """Channel means on the 0..1 scale (or 0..255, which is recognised and said), 1 or 3 values; implies
    normalization=custom."""
    std: Sequence[float]
    """Channel standard deviations on the scale of mean, 1 or 3 values; implies normalization=custom."""


class _Rows(TypedDict, total=False):
    """How a picture is morphed."""

    class_hold: int
    """Analysed frames in a row that a new automatic class must lead before the pair of classes switches (0 to 1000,
    5 unless set)."""
    objective: Literal["margin", "logit", "log-probability"]
    """The scalar whose gradient is taken (log-probability unless set)."""
    samples: int
    """Copies of the picture, slightly changed, whose gradients are averaged: what is left of the gradient under
    small changes of the picture; 1: the picture's own gradient (1 to 1000, 2 unless set)."""
    shift: float
    """How far the copies that samples asks for are shifted at most, as a share of the model's input (0 to 0.5, 0.04
    unless set)."""
    zoom: float
    """How much larger or smaller the copies that samples asks for are at most, as a share (0 to 0.5, 0.15 unless
    set)."""
    mirror: bool
    """Mirror every other of the copies that samples asks for: for classes that look the same in a mirror (True
    unless set)."""
    noise_level: float
    """Standard deviation of the noise on the copies that samples asks for, pixel values 0..1 (0 to 1, 0.05 unless
    set)."""
    seed: int
    """Which of the random directions of control=random, and which changes of samples (0 to 1.84467e+19, 0 unless
    set)."""
    control: Literal["none", "random"]
    """A direction in place of the gradient's, to compare it with (none unless set)."""
    fit: Literal["center-crop", "stretch", "letterbox"]
    """How a frame is laid into the model's input (center-crop unless set)."""
    crop_fraction: float
    """Share of the short side that center-crop keeps; 0: side-car, metadata, else 1 (0 to 1, 0.0 unless set)."""
    resolution: Literal["auto", "model", "frame"]
    """Where the pyramid works (auto unless set)."""
    method: Literal["csp-phase", "csp-joint", "fourier-phase", "pixel"]
    """The coordinates in which the picture moves (csp-joint unless set)."""
    color_mode: Literal["luma", "joint", "independent"]
    """What is edited in a colour picture (joint unless set)."""
    amplitude_exponent: float
    """Weighting of the phase step by amplitude: 0 the derivative as it is (with scale-weight=1 that of the published
    abstract), 2 the phase difference of motion magnification (0 to 2, 1.0 unless set)."""
    amplitude_floor: float
    """Amplitudes below this share of the RMS amplitude do not raise the phase step (0 to 1, 0.1 unless set)."""
    scale_weight: float
    """How much coarse scales are favoured in the phase step: 0 not at all, 1 by the area of their samples, as the
    derivative by each phase does (0 to 1, 0.5 unless set)."""
    phase_smooth: float
    """Standard deviation of the smoothing of the phase step over the picture, in samples of the octave grid; 0: none
    (0 to 64, 0.0 unless set)."""
    magnification_unit: Literal["rms", "none"]
    """The unit of magnification (rms unless set)."""
    padding: int
    """Mirrored border around the frame, in pixels; 8 to 16 keep structure at one border from acting on the opposite
    one (0 to 256, 16 unless set)."""
    step_mode: Literal["reanalyse", "source", "live"]
    """How several steps follow each other (reanalyse unless set)."""
    orientations: int
    """Orientations of the pyramid (2 to 8, 4 unless set)."""
    octaves: int
    """Octaves of the pyramid; 0: from the size (0 to 12, 0 unless set)."""
    grid: Literal["exact", "fast"]
    """The sampling grid of the pyramid's bands (fast unless set)."""
    amplitude_gain: float
    """Share of amplitude change, csp-joint only (0 to 100, 1.0 unless set)."""
    amplitude_limit: float
    """Soft limit of a change of log amplitude, csp-joint only (0.001 to 10, 1.3862943611198906 unless set)."""
    phase_limit: float
    """Soft limit of a phase change, in radians; 0: no limit (0 to 3.14159, 1.5707963267948966 unless set)."""
    temporal_smoothing: float
    """Time constant of the running average of phase steps over the frames of a video, with steps=1; a tenth of a
    second takes most of the flicker away, 0: none (0 to 60, seconds, 0.0 unless set)."""
    magnification: float
    """How far the picture moves, in radians RMS of phase (see magnification-unit); 0 is the frame bit for bit,
    negative moves away from the target. What a side-car advises is told, and not taken (-64 to 64, 1.0 unless
    set)."""
    l2_budget: float
    """L2 distance that the morph is taken to, pixel values 0..1; 0: off, magnification decides (0 to 1e+06, 0.0
    unless set)."""
    steps: int
    """How often the gradient is taken along the way; 1 is the paper's single gradient (1 to 64, 32 unless set)."""
    reach: Literal["fixed", "auto"]
    """What ends the way (auto unless set)."""
    lead: float
    """By how much the target must lead with reach=auto: its probability less that of every other class, in the mean
    of all samples and on the picture itself (0 to 1, 0.8 unless set)."""
    display_mode: Literal["morph", "source", "difference", "saliency", "phase-flow", "side-by-side"]
    """What is shown (morph unless set)."""
    caption: bool
    """Draw the two classes with their probabilities into the lower edge of the picture (False unless set)."""
    measure_after: bool
    """Classify the morphed picture too, as written; one more forward run (True unless set)."""


class LensSettings(_Rows, total=False):
    """The same with classes, preset and region."""

    source: str | int | None
    """The class to move away from: label or number; None: the predicted one."""
    target: str | int | None
    """The class to move towards: label or number; None: the next one."""
    preset: Literal["paper", "fast", "readable", "live", "calm"] | None
    """Settings that belong together: see `steerlens.presets()`."""
    roi: tuple[int, int, int, int] | None
    """Part of the picture that is looked at and moved: x, y, width, height in pixels."""


class AuditSettings(TypedDict, total=False):
    """How an audit is made."""

    also: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
    """Classifier whose gradient is added, each brought to the same length; may be given several times. Classes are
    matched by label."""
    judge: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
    """Classifier that only looks at the results; may be given several times. Classes are matched by label."""
    sample: str | float | Sequence[str | float]
    """Frames of a video: every=N, at most fps=F in a second, the first max=N; several with commas."""
    truth: Literal["folder"]
    """True classes: the name of the folder that a file lies in."""
    labels_from: str | os.PathLike[str]
    """True classes: a table of path and label."""
    source: Literal["predicted", "true"]
    """Class to move away from: the one predicted, or the true one."""
    targets: str | float | Sequence[str | float]
    """Classes to move towards: runner-up, all, or labels with commas."""
    pairs: str | float | Sequence[str | float]
    """Move frames of class A towards class B; other frames are left out."""
    budgets: str | float | Sequence[str | float]
    """L2 distances to move to, pixel values 0..1: methods are compared there."""
    magnifications: str | float | Sequence[str | float]
    """Magnifications to move by [default without budgets: 1, 2 and 4 times the median flip]."""
    no_flip: bool
    """Do not search for the smallest magnification at which the class flips."""
    steps: str | float | Sequence[str | float]
    """How often the gradient is taken along the way; 1 is the paper's single gradient [default: 1, range: 1 to 64]."""
    methods: str | float | Sequence[str | float]
    """Coordinates in which frames move, with commas."""
    samples: str | float | Sequence[str | float]
    """Slightly changed copies of each frame whose gradients are averaged; 1,16 sets single and averaged gradients
    side by side [default: 1]."""
    shift: str | float | Sequence[str | float]
    """How far the copies that samples asks for are shifted at most, as a share of the model's input [default: 0.04,
    range: 0 to 0.5]."""
    zoom: str | float | Sequence[str | float]
    """How much larger or smaller the copies that samples asks for are at most, as a share [default: 0.15, range: 0
    to 0.5]."""
    mirror: Literal["true", "false"]
    """Mirror every other of the copies that samples asks for: for classes that look the same in a mirror."""
    noise_level: str | float | Sequence[str | float]
    """Standard deviation of the noise on the copies that samples asks for, pixel values 0..1 [default: 0.05, range:
    0 to 1]."""
    control: Literal["none", "random", "other"]
    """Move every frame once more, to compare with: random, in a random direction of the same spectrum; other, along
    the gradient of another picture; or both with a comma [default: none]."""
    seed: str | float | Sequence[str | float]
    """Seed of the random directions [default: 0]."""
    color_mode: Literal["luma", "joint", "independent"]
    """What is edited in a colour picture [default: luma]."""
    amplitude_exponent: str | float | Sequence[str | float]
    """Weighting of the phase step by amplitude: 0 the derivative as it is (with scale-weight=1 that of the published
    abstract), 2 the phase difference of motion magnification [default: 1, range: 0 to 2]."""
    amplitude_floor: str | float | Sequence[str | float]
    """Amplitudes below this share of the RMS amplitude do not raise the phase step [default: 0.1, range: 0 to 1]."""
    scale_weight: str | float | Sequence[str | float]
    """How much coarse scales are favoured in the phase step: 0 not at all, 1 by the area of their samples, as the
    derivative by each phase does [default: 0, range: 0 to 1]."""
    phase_smooth: str | float | Sequence[str | float]
    """Standard deviation of the smoothing of the phase step over the picture, in samples of the octave grid; 0: none
    [default: 0, range: 0 to 64]."""
    padding: str | float | Sequence[str | float]
    """Mirrored border around the frame, in pixels; 8 to 16 keep structure at one border from acting on the opposite
    one [default: 0, range: 0 to 256]."""
    step_mode: Literal["reanalyse", "source", "live"]
    """How several steps follow each other [default: reanalyse]."""
    orientations: str | float | Sequence[str | float]
    """Orientations of the pyramid [default: 4, range: 2 to 8]."""
    octaves: str | float | Sequence[str | float]
    """Octaves of the pyramid; 0: from the size [default: 0, range: 0 to 12]."""
    grid: Literal["exact", "fast"]
    """The sampling grid of the pyramid's bands [default: exact]."""
    amplitude_gain: str | float | Sequence[str | float]
    """Share of amplitude change, csp-joint only [default: 0.5, range: 0 to 100]."""
    amplitude_limit: str | float | Sequence[str | float]
    """Soft limit of a change of log amplitude, csp-joint only [default: 1.3863, range: 0.001 to 10]."""
    phase_limit: str | float | Sequence[str | float]
    """Soft limit of a phase change, in radians; 0: no limit [default: 1.5708, range: 0 to 3.1416]."""
    resolution: Literal["auto", "model", "frame"]
    """Where the pyramid works [default: auto]."""
    resume: bool
    """Go on with an audit that was interrupted."""
    shard: str | float | Sequence[str | float]
    """Audit only the Kth of N equal shares of the inputs; `steerlens audit merge` puts the results together."""
    jobs: str | float | Sequence[str | float]
    """Frames audited at once [default: one per core]. The results do not depend on it."""
    format: Literal["parquet", "csv"]
    """Format of the table."""
    baseline: str | os.PathLike[str]
    """An earlier audit's summary.json to compare with."""
    threshold: str | float | Sequence[str | float]
    """By what share flips may become easier than in the baseline."""
    fail_if: str | float | Sequence[str | float] | Sequence[str | float | Sequence[str | float]]
    """Fail where this is so: 'flips(psnr>40) > 5%', 'wrong > 10%'; may be given several times."""
    no_strips: bool
    """Write no pictures of the frames and their edits."""
    no_clips: bool
    """Write no clips of the videos and their edits."""
    output: str | float | Sequence[str | float]
    """Tensor that holds the class scores, or a row of one that holds more, as in NAME[0,:,3]; unset: found by its
    shape."""
    input_size: str | float | Sequence[str | float]
    """Input size HxW of a model with dynamic height or width; unset: side-car or metadata."""
    label_file: str | os.PathLike[str]
    """Class labels: one per line, numbered lines, or a list or map in JSON; unset: side-car, model metadata,
    MODEL.labels.txt, config.json, else "class N"; empty: none."""
    model_info: str | os.PathLike[str]
    """Side-car that describes the model's input; unset: MODEL.onnx.modelinfo or MODEL.modelinfo, empty: none."""
    input_format: Literal["auto", "rgb", "bgr", "gray"]
    """The channels that the model wants [default: auto]."""
    input_layout: Literal["auto", "nchw", "nhwc"]
    """The order of the model's input axes [default: auto]."""
    normalization: Literal["auto", "imagenet", "unit", "signed", "byte", "clip", "custom"]
    """How pixel values become the model's input [default: auto]."""
    mean: str | float | Sequence[str | float]
    """Channel means on the 0..1 scale (or 0..255, which is recognised and said), 1 or 3 values; implies
    normalization=custom."""
    std: str | float | Sequence[str | float]
    """Channel standard deviations on the scale of mean, 1 or 3 values; implies normalization=custom."""
    onnxruntime_library: str | os.PathLike[str]
    """ONNX Runtime library (libonnxruntime.so); unset: ORT_DYLIB_PATH, the copy that set-up placed, the system's.
    Loading a library runs its code."""


class Settings(ModelSettings, _Rows, total=False):
    """Of a model and of its lens."""
