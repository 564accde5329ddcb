"""A tag list as a file -> its sheets: CSV, XLSX or Ignition's JSON, told apart by their first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from constraints.plantfile.taglists.ignition import sheet_of_json
from constraints.plantfile.taglists.sheet import BYTES_MAX, Sheet, SheetError, sheet_of, text_of

_ARCHIVE: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


def raw_list(path: Path) -> bytes:
    """Return the file's bytes, at most one more than is read. Raises SheetError."""
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise SheetError(f"cannot be read: {error.strerror}") from error


def kind_of(raw: bytes) -> Literal["xlsx", "json", "csv"]:
    """Return what kind of list it is. Raises SheetError for what is none."""
    if raw.startswith(_OLD_EXCEL):
        raise SheetError("an old Excel workbook (.xls): save it as XLSX or CSV")
    if raw.startswith(_ARCHIVE):
        return "xlsx"
    text, _ = text_of(raw)
    return "json" if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") else "csv"


def sheets_in(raw: bytes) -> list[Sheet]:
    """Return the sheets of a list; a text is one sheet. Raises SheetError."""
    kind = kind_of(raw)
    if kind == "xlsx":
        from supervisor.workbook import sheets_of  # noqa: PLC0415 - only those who need a workbook load openpyxl

        return sheets_of(raw)
    text, encoding = text_of(raw)
    return [sheet_of_json(text) if kind == "json" else sheet_of(text, encoding)]
