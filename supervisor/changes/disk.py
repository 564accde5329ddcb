"""The plant file's files on disk: read as one bundle, and replaced as one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from constraints.plantfile.compile import compile_document
from constraints.plantfile.yamltext import parse
from supervisor.changes.making import Side
from supervisor.changes.versions import Files


def bundle(plant_path: Path) -> dict[str, str]:
    """Return the plant file's text, and that of what it includes, by path relative to its folder. Raises OSError, and
    UnicodeDecodeError (a ValueError) for what is no text.
    """
    return {plant_path.name: plant_path.read_bytes().decode()}


def side_of(files: Files, shown_as: str = "") -> Side:
    """Return the plant that ``files`` declare. Raises PlantFileError."""
    name, text = next(iter(files.items()))
    document = parse(text, shown_as or name)
    return Side(files, document.data, compile_document(document))


def replaced(plant_path: Path, files: Mapping[str, str]) -> None:
    """Make the files beside ``plant_path`` what ``files`` says; the plant file itself last. Raises OSError.

    Each is written beside its place, forced to the disk and renamed: a power cut leaves the old file or the new one.
    """
    first, *rest = files
    for name in (*rest, first):
        target = plant_path.parent / name if name != first else plant_path
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.write(files[name])
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            fresh.chmod(target.stat().st_mode & 0o777)
        fresh.replace(target)
