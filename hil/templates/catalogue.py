"""The templates by name, and where their plant files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FROM_CSV = "from-csv"
_HERE = Path(__file__).parent
_ELSEWHERE = MappingProxyType({"dryer": _HERE.parent / "demo" / "plant.yaml"})
NAMES = ("blank", "dryer", "column", "chiller", "compressor-house", "boiler-house", FROM_CSV)


def folder(name: str) -> Path:
    """Return the folder of what a template has of its own. KeyError for an unknown one."""
    if name not in NAMES:
        raise KeyError(name)
    return _HERE / name


def plant_files() -> Mapping[str, Path]:
    """Return the plant file of every template by its name; all of them check without error or warning."""
    return {name: _ELSEWHERE.get(name, _HERE / name / "plant.yaml") for name in NAMES}
