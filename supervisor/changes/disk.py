"""The plant file's files on disk: read as one bundle, and replaced as one."""

from __future__ import annotations

import io
import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from constraints.plantfile import PlantFileError
from constraints.plantfile.compile import compile_document
from constraints.plantfile.include import KINDS, IncludeError, with_included
from constraints.plantfile.stepfiles import wanted
from constraints.plantfile.yamltext import parse
from supervisor.changes.making import Side
from supervisor.changes.versions import Files, raw_of, text_of


def bundle(plant_path: Path) -> dict[str, str]:
    """Return the plant file's text, and that of what it includes, by path relative to its folder. Raises OSError.

    What is missing or cannot be read as a plant file includes nothing here; ``side_of`` says what is wrong with it.
    """
    return bundle_of(text_of(plant_path.read_bytes()), plant_path)


def bundle_of(text: str, plant_path: Path) -> dict[str, str]:
    """Return the same for ``text`` in the place of the plant file. Raises OSError."""
    found = {plant_path.name: text}
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        for other in _included(name, found[name]):
            path = plant_path.parent / other
            if other not in found and path.is_file():
                found[other] = text_of(path.read_bytes())
                waiting.append(other)
    return found


def strangers(files: Files) -> frozenset[str]:
    """Return the files that the first one does not include, not even by others: a plan has no business with them."""
    first = next(iter(files), "")
    reached, waiting = {first}, [first]
    while waiting:
        name = waiting.pop()
        more = [other for other in _included(name, files.get(name, "")) if other in files and other not in reached]
        reached.update(more)
        waiting += more
    return frozenset(files.keys() - reached)


def side_of(files: Files, shown_as: str = "") -> Side:
    """Return the plant that ``files`` declare. Raises PlantFileError."""
    name, text = next(iter(files.items()))

    def opened(wanted: str, bytes_max: int) -> BinaryIO:
        if wanted not in files:
            raise IncludeError(f"there is no file {wanted}", "names are relative to the file that they stand in")
        raw = raw_of(files[wanted])
        if len(raw) > bytes_max:
            raise IncludeError(f"{wanted} is larger than {bytes_max // 1024} KiB", "split it")
        return io.BytesIO(raw)

    document = with_included(parse(text.removeprefix("\ufeff"), shown_as or name), opened)
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
        with fresh.open("wb") as file:
            file.write(raw_of(files[name]))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            fresh.chmod(target.stat().st_mode & 0o777)
        fresh.replace(target)


def _included(name: str, text: str) -> list[str]:
    """Return what a file includes, relative to the plant file's folder; nothing that would lead out of it."""
    if not name.lower().endswith((".yaml", ".yml")):
        return []
    try:
        data = parse(text.removeprefix("\ufeff"), name).data
    except PlantFileError:
        return []
    listed = data.get("include", [])
    named = [*(listed if isinstance(listed, list) else ()), *(each.file for each in wanted(data))]
    paths = [posixpath.normpath(posixpath.join(posixpath.dirname(name), str(each))) for each in named]
    return [path for path in paths if not path.startswith(("/", "..")) and path.lower().endswith(KINDS)]
