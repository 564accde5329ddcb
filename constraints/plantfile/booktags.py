"""An XLSX workbook -> the rows of its sheet "tags", or of its first one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import BinaryIO, Final

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError
from constraints.plantfile.document import Span
from constraints.plantfile.taglist import COLUMNS_MAX, ROWS_MAX, Cell
from constraints.plantfile.workbook import Limits, WorkbookError, worksheets

UNPACKED_BYTES_MAX: Final = 16 * 1024 * 1024
_LIMITS: Final = Limits(UNPACKED_BYTES_MAX, ROWS_MAX + 1, COLUMNS_MAX)


def workbook_rows(file: BinaryIO, name: str) -> list[list[Cell]]:
    """Return the rows of cells; raises PlantFileError where it cannot be read."""
    try:
        found = worksheets(file, _LIMITS, _tags_or_first)
    except WorkbookError as error:
        raise PlantFileError((_refused(name, str(error)),)) from error
    return [
        [Cell(value, Span(number, column)) for column, value in enumerate(row, start=1)]
        for sheet in found[:1]
        for number, row in enumerate(sheet.rows, start=1)
    ]


def _tags_or_first(titles: Sequence[str]) -> Collection[str]:
    return next(([title] for title in titles if title.lower() == "tags"), titles[:1])


def _refused(name: str, message: str) -> Diagnostic:
    return Diagnostic(
        code="E019",
        severity="error",
        message=message,
        path=name,
        line=1,
        column=1,
        hint="save the list anew as .xlsx or .csv",
    )
