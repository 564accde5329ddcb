"""Opens plant files: the only place in this room that touches the disk."""

from __future__ import annotations

from pathlib import Path

from constraints.plantfile.compile import Loaded, compile_document
from constraints.plantfile.diagnostics import Diagnostic, PlantFileError
from constraints.plantfile.yamltext import BYTES_MAX, parse


def load(path: Path) -> Loaded:
    """Return the plant that the file at ``path`` declares, and warnings; raises PlantFileError with every finding."""
    return load_text(_text(path), str(path))


def load_text(source: str, name: str) -> Loaded:
    """Return the plant that ``source`` declares; ``name`` is what findings call it. Raises PlantFileError."""
    return compile_document(parse(source, name))


def check(path: Path) -> tuple[Diagnostic, ...]:
    """Return every finding about the file at ``path``, by place; warnings too. Empty = nothing to say."""
    try:
        return load(path).warnings
    except PlantFileError as error:
        return error.diagnostics


def read_source(path: Path) -> str:
    """Return the file's text as far as it can be shown beside a finding; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or type(error).__name__}") from error
    if len(raw) > BYTES_MAX:
        raise _refused(path, f"larger than {BYTES_MAX // 1024} KiB", hint="a plant file is text of some pages")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        message = f"byte 0x{raw[error.start]:02X} is not UTF-8 text"
        raise _refused(path, message, line, column, "save the file as UTF-8") from error


def _refused(path: Path, message: str, line: int = 1, column: int = 1, hint: str = "") -> PlantFileError:
    finding = Diagnostic(
        code="E001", severity="error", message=message, path=str(path), line=line, column=column, hint=hint
    )
    return PlantFileError((finding,), "")
