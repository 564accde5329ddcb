"""Every version of the plant file that control ran with, in the data folder, each sealed with the one before.

``config/00042/`` holds ``version.json`` and, under ``files/``, the plant file (and what it includes) as they were. The
newest is what runs, or ran last. Nothing here is changed later; ``broken`` finds out whether somebody did.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

FOLDER = "config"
_RECORD = "version.json"
_FILES = "files"
_BINARY = "base64,"
"""Begins the text of what is none, such as a workbook."""

Files = Mapping[str, str]
"""Text of the plant file, which comes first, and of what it includes, by path relative to its folder."""


class VersionsError(Exception):
    """The versions cannot be read or written; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the plant file."""

    number: int
    config_hash: str
    files_sha256: str
    who: str
    why: str
    utc_s: float
    """When it came into force, by the machine's clock."""
    signed_by: tuple[str, ...] = ()
    plan_sha256: str = ""
    """The plan that brought it; empty where the file was found changed at a start."""
    before_sha256: str = ""
    """Seal of the version before; empty for the first."""

    @property
    def seal(self) -> str:
        """SHA-256 over all of this."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def files_sha256(files: Files) -> str:
    """Return the SHA-256 of names and texts."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


class Versions:
    """The versions in the data folder ``data``. Each method raises VersionsError."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def all(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""
        return tuple(self._read(number) for number in self._numbers())

    def current(self) -> Version | None:
        """Return the newest version; None where control never ran."""
        numbers = self._numbers()
        return self._read(numbers[-1]) if numbers else None

    def files(self, number: int) -> dict[str, str]:
        """Return the files of one version, the plant file first."""
        folder = self._of(number) / _FILES
        try:
            order = json.loads((self._of(number) / "order.json").read_text(encoding="utf-8"))
            return {name: text_of((folder / name).read_bytes()) for name in order}
        except (OSError, ValueError) as error:
            raise VersionsError(f"version {number} cannot be read: {error}") from error

    def plant_path(self, number: int) -> Path:
        """Return where the plant file of one version lies."""
        return self._of(number) / _FILES / next(iter(self.files(number)))

    def add(self, files: Files, version: Version) -> Version:
        """Store ``version`` as the newest one, its number and seal of the one before set here."""
        last = self.current()
        sealed = Version(
            **{
                **asdict(version),
                "signed_by": version.signed_by,
                "number": last.number + 1 if last is not None else 1,
                "files_sha256": files_sha256(files),
                "before_sha256": last.seal if last is not None else "",
            }
        )
        places = {_inside(name): text for name, text in files.items()}
        target = self._of(sealed.number)
        making = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            shutil.rmtree(making, ignore_errors=True)
            for place, text in places.items():
                path = making / _FILES / place
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, raw_of(text))
            _write(making / "order.json", json.dumps(list(files)).encode())
            _write(making / _RECORD, json.dumps(asdict(sealed), indent=1).encode())
            making.rename(target)  # whoever finds the folder finds all of it
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            raise VersionsError(f"version {sealed.number} cannot be stored in {self._folder}: {error}") from error
        return sealed

    def broken(self) -> str:
        """Return which version is not as it was stored; empty where all are."""
        before = ""
        for version in self.all():
            if version.before_sha256 != before:
                return f"version {version.number} does not follow the one before it"
            if files_sha256(self.files(version.number)) != version.files_sha256:
                return f"a file of version {version.number} was changed"
            before = version.seal
        return ""

    def _numbers(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return sorted(int(each.name) for each in self._folder.iterdir() if each.name.isdecimal())

    def _of(self, number: int) -> Path:
        return self._folder / f"{number:05d}"

    def _read(self, number: int) -> Version:
        path = self._of(number) / _RECORD
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return Version(**{**raw, "signed_by": tuple(raw["signed_by"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise VersionsError(f"{path} cannot be read: {error}") from error


def _inside(name: str) -> PurePosixPath:
    """Return ``name`` where it stays in its folder. Raises VersionsError."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise VersionsError(f"{name!r} does not lie beside the plant file")
    return path


def raw_of(text: str) -> bytes:
    """Return the bytes of a file of a bundle."""
    return base64.b64decode(text.removeprefix(_BINARY)) if text.startswith(_BINARY) else text.encode()


def text_of(raw: bytes) -> str:
    """Return a file as a bundle has it: its text, line ends as they are; base64 of what is no text."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = _BINARY
    return _BINARY + base64.b64encode(raw).decode() if text.startswith(_BINARY) else text


def _write(path: Path, raw: bytes) -> None:
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
