"""CSV text (RFC 4180) -> rows of cells, each with its place. Commas, semicolons or tabs; quotes as in the RFC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError, lines_of
from constraints.plantfile.document import Span
from constraints.plantfile.taglist import COLUMNS_MAX, ROWS_MAX, Cell

_QUOTED: Final = re.compile(r'[ ]*"((?:[^"]++|"")*+)"[ ]*')


class CsvError(Exception):
    """Not CSV, or too much of it; the message says why."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span


def table(source: str, separator: str, rows_max: int, columns_max: int) -> Iterator[list[Cell]]:
    """Yield the rows of a CSV text, blank ones too. Raises CsvError.

    A quotation mark inside a cell that does not begin with one is a character like others: ``2" valve``.
    """
    text = "\n".join(lines_of(source)).removesuffix("\n")
    bare = re.compile(rf'(?:[^{separator}\n"][^{separator}\n]*+)?')
    row: list[Cell] = []
    at, line, begin, count = 0, 1, 0, 0
    while True:
        quoted = _QUOTED.match(text, at)
        match = quoted or bare.match(text, at)
        end = match.end() if match is not None else at
        span = Span(line, at - begin + 1, max(1, end - at))
        if end < len(text) and text[end] not in (separator, "\n"):
            raise CsvError("a quotation mark that does not end, or text beside one", Span(line, end - begin + 1))
        row.append(_cell(text[at:end], span, quoted))
        if len(row) > columns_max or count == rows_max:
            raise CsvError(f"more than {rows_max} rows or {columns_max} columns: split the list", span)
        breaks = text.count("\n", at, end)
        if breaks:  # inside quotes
            line, begin = line + breaks, text.rindex("\n", at, end) + 1
        if end >= len(text):
            yield row
            return
        if text[end] == "\n":
            yield row
            row, line, begin, count = [], line + 1, end + 1, count + 1
        at = end + 1


def csv_rows(source: str, name: str) -> list[list[Cell]]:
    """Return the rows of a list that a plant file includes; raises PlantFileError where it cannot be read.

    What stands most often in the first line separates the cells everywhere.
    """
    first = lines_of(source)[0]
    try:
        return list(table(source, max(",;\t", key=first.count), ROWS_MAX + 1, COLUMNS_MAX))
    except CsvError as error:
        raise _error(name, error.span, str(error)) from error


def _cell(raw: str, span: Span, quoted: re.Match[str] | None) -> Cell:
    if quoted is None:
        text = raw.strip()
        return Cell(text, span, len(raw) - len(raw.lstrip()))
    text = quoted[1].replace('""', '"')
    return Cell(text, span, quoted.start(1) - quoted.start() if text == quoted[1] and "\n" not in text else None)


def _error(name: str, span: Span, message: str) -> PlantFileError:
    found = Diagnostic(
        code="E019",
        severity="error",
        message=message,
        path=name,
        line=span.line,
        column=span.column,
        hint="save the list anew as CSV with commas",
    )
    return PlantFileError((found,))
