from __future__ import annotations
from typing import Any, Literal, TypedDict
class Setting(TypedDict):
    name: str
    of: Literal["model", "lens"]
    kind: str
    default: Any
    range: tuple[float, float] | None
    values: dict[str, str]
    doc: str
class ModelSettings(TypedDict, total=False):
    threads: int
    onnxruntime_library: str
    normalization: str
    input_format: str
    label_file: str
class _Rows(TypedDict, total=False):
    magnification: float
    l2_budget: float
    steps: int
    samples: int
    measure_after: bool
    display_mode: str
    temporal_smoothing: float
    method: str
class LensSettings(_Rows, total=False):
    source: str|int|None
    target: str|int|None
    preset: Literal["readable","paper","calm"]|None
    roi: tuple[int,int,int,int]|None
class Settings(ModelSettings, _Rows, total=False):
    pass
