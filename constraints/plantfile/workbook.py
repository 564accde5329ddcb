"""An XLSX workbook -> the rows of its sheet "tags", or of its first one. A formula counts as its last stored value.

A workbook is a zip archive of XML. Before openpyxl sees it, it is held to a size when unpacked (a few kilobytes can
unpack to gigabytes) and to XML without entities of its own.
"""

from __future__ import annotations

import datetime
import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO, Final
from xml.etree.ElementTree import ParseError

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError
from constraints.plantfile.document import Span
from constraints.plantfile.taglist import COLUMNS_MAX, ROWS_MAX, Cell

UNPACKED_BYTES_MAX: Final = 16 * 1024 * 1024
PARTS_MAX: Final = 500
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, ParseError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError,
    OSError, OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl and the standard library raise for an archive or XML that is not a workbook; there is no common one."""


def workbook_rows(file: BinaryIO, name: str) -> list[list[Cell]]:
    """Return the rows of cells; raises PlantFileError where it cannot be read."""
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import, and most plants have no workbook

    try:
        _check_archive(file, name)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = book.worksheets
        sheet = next((each for each in sheets if str(each.title).lower() == "tags"), sheets[0])
        if hasattr(sheet, "reset_dimensions"):
            sheet.reset_dimensions()  # what a file says of its own size is often wrong
        rows: list[list[Cell]] = []
        for values in sheet.iter_rows(max_row=ROWS_MAX + 2, max_col=COLUMNS_MAX, values_only=True):
            rows.append(_row(len(rows) + 1, values))
    except _BROKEN as error:
        raise _refused(name, f"not a workbook that can be read: {type(error).__name__}") from error
    if len(rows) > ROWS_MAX + 1:
        raise _refused(name, f"more than {ROWS_MAX} rows")
    return rows


def _check_archive(file: BinaryIO, name: str) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        # The sizes are the archive's own claims, but what is read below never exceeds them.
        if len(parts) > PARTS_MAX or sum(each.file_size for each in parts) > UNPACKED_BYTES_MAX:
            raise _refused(name, f"a workbook of more than {UNPACKED_BYTES_MAX // 1024 // 1024} MiB when unpacked")
        for each in parts:
            if each.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(each).replace(b"\0", b""):
                raise _refused(name, "a workbook with a document type of its own")
    file.seek(0)


def _row(number: int, values: Sequence[object]) -> list[Cell]:
    """Return the cells of a row up to the last one that is filled."""
    length = max((at for at, each in enumerate(values, start=1) if each is not None), default=0)
    return [Cell(_value(each), Span(number, column)) for column, each in enumerate(values[:length], start=1)]


def _value(given: object) -> str | float | bool:
    if given is None:
        return ""
    if isinstance(given, bool | int | float):
        return given
    if isinstance(given, datetime.date | datetime.time):
        return given.isoformat()
    return str(given).strip()


def _refused(name: str, message: str) -> PlantFileError:
    found = Diagnostic(
        code="E019",
        severity="error",
        message=message,
        path=name,
        line=1,
        column=1,
        hint="save the list anew as .xlsx or .csv",
    )
    return PlantFileError((found,))
