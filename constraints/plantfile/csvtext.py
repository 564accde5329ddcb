"""CSV text (RFC 4180) -> rows of cells, each with its place. Commas, semicolons or tabs; quotes as in the RFC."""

from __future__ import annotations

import re
from typing import Final

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError, lines_of
from constraints.plantfile.document import Span
from constraints.plantfile.taglist import COLUMNS_MAX, ROWS_MAX, Cell

_QUOTED: Final = re.compile(r'[ ]*"((?:[^"]|"")*)"[ ]*')


def csv_rows(source: str, name: str) -> list[list[Cell]]:
    """Return the rows of a CSV text, blank ones too; raises PlantFileError where it cannot be read.

    What stands most often in the first line separates the cells everywhere.
    """
    text = "\n".join(lines_of(source))
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    bare = re.compile(rf'[^{separator}\n"]*')
    rows: list[list[Cell]] = [[]]
    at, line, begin = 0, 1, 0
    while True:
        quoted = _QUOTED.match(text, at)
        match = quoted or bare.match(text, at)
        end = match.end() if match is not None else at
        span = Span(line, at - begin + 1, max(1, end - at))
        if end < len(text) and text[end] not in (separator, "\n"):
            raise _error(name, Span(line, end - begin + 1), "a quote that does not end, or text beside one")
        rows[-1].append(_cell(text[at:end], span, quoted))
        breaks = text.count("\n", at, end)
        if breaks:  # inside quotes
            line, begin = line + breaks, text.rindex("\n", at, end) + 1
        if end >= len(text):
            return rows
        if text[end] == "\n":
            line, begin = line + 1, end + 1
            rows.append([])
        if len(rows) > ROWS_MAX + 1 or len(rows[-1]) >= COLUMNS_MAX:
            raise _error(name, span, f"more than {ROWS_MAX} rows or {COLUMNS_MAX} columns")
        at = end + 1


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
