"""From a file's bytes to rows of text: encodings, separators, and cells that a spreadsheet would take for formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from constraints.plantfile.csvtext import CsvError, table

BYTES_MAX: Final = 32 * 1024 * 1024
ROWS_MAX: Final = 100_000
COLUMNS_MAX: Final = 1_000
CELL_MAX: Final = 8_000
"""Characters; a plant file's longest text has 1,000."""
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
_FORMULA: Final = re.compile(r"[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?")
_BLANK: Final = re.compile(r"[ ]*[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff][\s\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]*")


class SheetError(ValueError):
    """Not a list that can be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list."""

    number: int
    """Its line in the text, or its row in the workbook, from 1."""
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows of a list, header and what stands before it among them."""

    rows: tuple[Row, ...]
    form: str
    """How it was written, for people: ``CSV with semicolons, UTF-16``."""
    comma_separated: bool = False
    """Commas stand between cells, so that one inside a number is more likely a thousands mark."""
    title: str = ""
    """Name of the worksheet."""


def text_of(raw: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: UTF-8, UTF-16 (with or without a mark), else Windows-1252.

    Raises SheetError.
    """
    if len(raw) > BYTES_MAX:
        raise SheetError(f"larger than {BYTES_MAX // 2**20} MiB: split the list")
    for mark, codec, name in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw, codec, name), name
    if codec := _utf16_without_mark(raw):
        return _decoded(raw, codec, "UTF-16"), "UTF-16"
    try:
        return raw.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252; the rest of the world's single-byte encodings cannot be told apart.
        return _decoded(raw, "cp1252", "Windows-1252"), "Windows-1252"


def sheet_of(text: str, encoding: str) -> Sheet:
    """Return the rows of a CSV text. Raises SheetError."""
    if "\x00" in text:
        raise SheetError("not a text of tags: it holds zero bytes; save it as CSV or XLSX")
    separator = _separator(text)
    try:
        rows = [
            row(cells[0].span.line, (str(cell.value) for cell in cells))
            for cells in table(text, separator, ROWS_MAX, COLUMNS_MAX)
        ]
    except CsvError as error:
        raise SheetError(f"line {error.span.line}: {error}") from error
    return Sheet(tuple(rows), f"CSV with {_SEPARATORS[separator]}, {encoding}", separator == ",")


def row(number: int, cells: Iterable[str]) -> Row:
    """Return a row of tidy cells. Raises SheetError where they are too many or too long."""
    tidied = [plain(tidy(cell)) for cell in cells]
    while tidied and not tidied[-1]:
        tidied.pop()
    if len(tidied) > COLUMNS_MAX or any(len(cell) > CELL_MAX for cell in tidied):
        raise SheetError(f"row {number}: more than {COLUMNS_MAX} columns or {CELL_MAX} characters in a cell")
    return Row(number, tuple(tidied))


def csv_of(rows: Iterable[Sequence[str]]) -> str:
    """Return CSV text with commas; a cell that a spreadsheet would run as a formula gets an apostrophe before it.

    After the OWASP page "CSV Injection": cells that begin with ``= + - @``, tab or carriage return. ``plain`` takes the
    apostrophe away again. Numbers are left as they are.
    """
    lines = _Lines([])
    csv.writer(lines, lineterminator="\r\n").writerows([guarded(cell) for cell in cells] for cells in rows)
    return "".join(lines.written)


def guarded(cell: str) -> str:
    """Return the cell with an apostrophe before it where it could be taken for a formula, or begins with one itself."""
    risky = bool(_FORMULA.match(cell)) and not is_number(cell)
    return f"'{cell}" if risky or cell.startswith("'") else cell


def plain(cell: str) -> str:
    """Return what ``guarded`` was given."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and guarded(cell[1:]) == cell else cell


def is_number(cell: str) -> bool:
    """Return whether it is a number, with a decimal point or a decimal comma."""
    return bool(_NUMBER.fullmatch(cell))


@dataclass(frozen=True, slots=True)
class _Lines:
    """What ``csv.writer`` writes to."""

    written: list[str]

    def write(self, text: str) -> None:
        self.written.append(text)


def tidy(text: str) -> str:
    """Return the text as a cell can hold it: one line, no control characters, no blanks around."""
    return _BLANK.sub(" ", text).strip()


def _decoded(raw: bytes, codec: str, name: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise SheetError(f"byte {error.start} is not {name} text: save the list as UTF-8") from error


def _utf16_without_mark(raw: bytes) -> str:
    """Return the codec where every other byte is zero, as in Latin text of UTF-16; empty where not."""
    head = raw[:400]
    if len(head) < 4 or len(raw) % 2:  # noqa: PLR2004 - two characters
        return ""
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.8 * len(odd) and even.count(0) < 0.2 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.8 * len(even) and odd.count(0) < 0.2 * len(odd):
        return "utf-16-be"
    return ""


def _separator(text: str) -> str:
    """Return what stands between the cells of the first line that has several, outside quotation marks."""
    for line in _first_lines(text):
        outside = "".join(line.split('"')[0::2])
        found = max(_SEPARATORS, key=outside.count)
        if outside.count(found):
            return found
    raise SheetError("no columns: a list has a header and commas, semicolons or tabs between the cells")


def _first_lines(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines()):
        if number > 50:  # noqa: PLR2004 - a preface is shorter
            return
        if line.strip() and not line.startswith("#"):
            yield line
