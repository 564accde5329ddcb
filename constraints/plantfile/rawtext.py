"""The bytes of a file -> its text, or where they are no text."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError

BYTES_MAX: Final = 1024 * 1024


def decoded(raw: bytes, name: str) -> str:
    """Return the UTF-8 text in ``raw``; raises PlantFileError where there is too much of it, or other bytes."""
    if len(raw) > BYTES_MAX:
        raise refused(name, f"larger than {BYTES_MAX // 1024} KiB", hint="a plant file is text of some pages")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:4]:
        raise refused(name, "UTF-16 or UTF-32 text, or no text at all", hint="save the file as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        byte = raw[error.start : error.start + 1]
        hint = f"save the file as UTF-8; in Windows-1252 it would be {byte.decode('cp1252', errors='replace')!r}"
        message = f"byte 0x{byte[0]:02X} is not UTF-8 text"
        raise refused(name, message, line, column, hint, raw.decode("utf-8-sig", errors="replace")) from error


def refused(
    name: str, message: str, line: int = 1, column: int = 1, hint: str = "", source: str = ""
) -> PlantFileError:
    """Return the error that a file as such cannot be used; ``source`` is what of it can be shown."""
    finding = Diagnostic(code="E001", severity="error", message=message, path=name, line=line, column=column, hint=hint)
    return PlantFileError((finding,), source)
