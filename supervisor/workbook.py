"""XLSX workbooks as rows of text, and back; openpyxl reads and writes."""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from constraints.plantfile.taglists.keys import number_of, number_text
from constraints.plantfile.taglists.sheet import (
    ROWS_MAX,
    Row,
    Sheet,
    SheetError,
    guarded,
    is_number,
    plain,
    row,
)

UNPACKED_MAX: Final = 256 * 1024 * 1024
"""A workbook is a ZIP archive: a small one may hold endless zeros."""
WIDTH_MAX: Final = 60
_TROUBLE: Final = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, IndexError,
    AttributeError, EOFError, OSError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl 3.1 raises on files that are no workbooks, by its sources and by trying."""


def sheets_of(raw: bytes) -> list[Sheet]:
    """Return every worksheet of a workbook that holds anything; formulas by their last value. Raises SheetError."""
    try:
        _refuse_bombs(raw)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl does not know
            return _sheets(raw)
    except SheetError:
        raise
    except _TROUBLE as error:
        raise SheetError(f"not a workbook that can be read ({type(error).__name__}): save it as XLSX or CSV") from error


def workbook_of(title: str, rows: Sequence[Sequence[str]], numeric: Collection[int]) -> bytes:
    """Return a workbook with one sheet, its first row the header. Columns in ``numeric`` (from 0) hold numbers as such.

    Everything else is text, marked as such: a text that begins with ``=`` is no formula.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    for at, width in enumerate(_widths(rows), start=1):
        sheet.column_dimensions[_letters(at)].width = width
    for number, cells in enumerate(rows):
        sheet.append([_cell(sheet, text, head=number == 0, number=at in numeric) for at, text in enumerate(cells)])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _refuse_bombs(raw: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MAX:
            raise SheetError(f"the workbook unpacks to more than {UNPACKED_MAX // 2**20} MiB: split the list")


def _sheets(raw: bytes) -> list[Sheet]:
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    found = []
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what the file says of its own size is often wrong
            rows = list(_rows(sheet.iter_rows(values_only=True)))
            if any(not each.blank for each in rows):
                found.append(Sheet(tuple(rows), f"XLSX, sheet {sheet.title!r}", title=sheet.title))
    finally:
        book.close()
    if not found:
        raise SheetError("the workbook is empty")
    return found


def _rows(found: Iterable[Sequence[object]]) -> Iterable[Row]:
    for number, values in enumerate(found, start=1):
        if number > ROWS_MAX:
            raise SheetError(f"more than {ROWS_MAX} rows: split the list")
        yield row(number, [_text(value) for value in values])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _cell(sheet: WriteOnlyWorksheet, text: str, *, head: bool, number: bool) -> Cell | None:
    if not text:
        return None
    made = WriteOnlyCell(sheet)
    if number and not head and is_number(text):
        made.value = number_of(text, decimal_comma=False)
        return made
    # Set by hand: openpyxl makes a formula of any text with an equals sign at its front.
    made.value = text if plain(text) == text else guarded(text)
    made.data_type = "s"
    made.quotePrefix = made.value[0] in "=+-@'"
    made.font = Font(bold=head)
    return made


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    longest = [max(map(len, column)) for column in zip(*rows, strict=False)]
    return [min(max(length, 8) + 2, WIDTH_MAX) for length in longest]


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
