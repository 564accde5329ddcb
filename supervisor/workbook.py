"""XLSX workbooks as rows of text, and back; openpyxl reads and writes."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from constraints.plantfile.taglists.keys import number_of, number_text
from constraints.plantfile.taglists.sheet import (
    COLUMNS_MAX,
    ROWS_MAX,
    Sheet,
    SheetError,
    guarded,
    is_number,
    plain,
    row,
)
from constraints.plantfile.workbook import Limits, Scalar, WorkbookError, Worksheet, worksheets

UNPACKED_MAX: Final = 256 * 1024 * 1024
"""A workbook is a ZIP archive: a small one may hold endless zeros."""
_LIMITS: Final = Limits(UNPACKED_MAX, ROWS_MAX, COLUMNS_MAX)
WIDTH_MAX: Final = 60


def sheets_of(raw: bytes) -> list[Sheet]:
    """Return every worksheet of a workbook that holds anything; formulas by their last value. Raises SheetError."""
    try:
        found = worksheets(io.BytesIO(raw), _LIMITS, choose=tuple)
    except WorkbookError as error:
        raise SheetError(f"{error}: split the list, or save it anew as XLSX or CSV") from error
    filled = [sheet for sheet in map(_sheet, found) if not all(each.blank for each in sheet.rows)]
    if not filled:
        raise SheetError("the workbook is empty")
    return filled


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


def _sheet(found: Worksheet) -> Sheet:
    rows = tuple(row(number, map(_text, cells)) for number, cells in enumerate(found.rows, start=1))
    return Sheet(rows, f"XLSX, sheet {found.title!r}", title=found.title)


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    return value if isinstance(value, str) else number_text(value)


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
