"""A text file that people edit, read and replaced whole: never half written, never over somebody else's change."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

BOM = b"\xef\xbb\xbf"


class RewriteError(Exception):
    """The file could not be replaced, and is as it was; the message says why."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was read."""

    path: Path
    """Where it really lies, behind symbolic links."""
    raw: bytes

    @classmethod
    def read(cls, path: Path) -> Original:
        """Read the file at ``path``. Raises OSError."""
        real = path.resolve()
        return cls(real, real.read_bytes())

    @property
    def marked(self) -> bool:
        """Whether it begins with a byte order mark."""
        return self.raw.startswith(BOM)

    def replace(self, text: str) -> bool:
        """Write ``text`` (UTF-8) in the file's place at once, its mode kept; return whether that changed anything.

        Raises RewriteError where the file is not what was read any more, or may not be written.
        """
        raw = (BOM if self.marked else b"") + text.encode("utf-8")
        if raw == self.raw:
            return False
        try:
            self._swap(raw)
        except OSError as error:
            raise RewriteError(f"{self.path} cannot be written: {error.strerror or error}") from error
        return True

    def _swap(self, raw: bytes) -> None:
        if not _may_be_written(self.path):
            raise RewriteError(f"{self.path} may not be written: it is read-only, or not there any more")
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.", suffix=".new")
        new = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
                file.flush()
                os.fchmod(file.fileno(), self.path.stat().st_mode & 0o7777)
                os.fsync(file.fileno())
            if self.path.read_bytes() != self.raw:  # as late as can be: only the rename comes after it
                raise RewriteError(f"{self.path} was changed meanwhile: nothing written; try again")
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)
        _sync_folder(self.path.parent)


def write_new(path: Path, raw: bytes) -> None:
    """Write a file at once, in the place of an older one where there is one. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            os.fchmod(file.fileno(), path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask())
        new.replace(path.resolve())
    finally:
        new.unlink(missing_ok=True)


def _may_be_written(path: Path) -> bool:
    """Return whether it is there and writable; a file that is read-only for everybody is so for root too."""
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
