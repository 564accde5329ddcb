"""A table of tags, one a row -> a document with a section ``tags``. Columns are the keys of a tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError, in_order
from constraints.plantfile.document import START, Document, Path, Span, Value
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_variables import Tag
from constraints.plantfile.yamltext import CONTROL, plain

ROWS_MAX: Final = 10_000
COLUMNS_MAX: Final = 40
NAME: Final = "name"
_PAIRS: Final = ("range", "validity")
"""Keys that hold ``[low, high]``, in two columns: ``range_lo`` and ``range_hi``."""
_NOT_IN_LISTS: Final = ("vote",)
_TEXTS: Final = frozenset({NAME, "source", "unit", "desc", "calc"})
"""Columns whose cells are text even where they look like numbers."""
_KEYS: Final = tuple(key for key in Tag.model_fields if key not in (*_PAIRS, *_NOT_IN_LISTS))
COLUMNS: Final = (NAME, *_KEYS, *(f"{pair}_{side}" for pair in _PAIRS for side in ("lo", "hi")))
_ALSO: Final = {"tag": NAME, "tag_name": NAME, "description": "desc", "lo": "range_lo", "hi": "range_hi"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: empty text where nothing stands in it."""

    value: str | float | bool
    span: Span
    inner: int | None = None
    """Characters before the text's first; None where characters do not map."""


@dataclass(slots=True)
class _List:
    name: str
    tags: dict[str, Value] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)
    inner: dict[Path, int] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, message: str, span: Span, hint: str = "") -> None:
        self.found.append(
            Diagnostic(
                code=code,
                severity="error",
                message=message,
                path=self.name,
                line=span.line,
                column=span.column,
                length=span.length,
                hint=hint,
            )
        )

    def header(self, row: Sequence[Cell]) -> list[str]:
        """Return the column that each cell of the first row names; empty where there is none."""
        found: list[str] = []
        for cell in row:
            given = _text(cell)
            column = "_".join(given.lower().replace("-", " ").replace("_", " ").split())
            column = _ALSO.get(column, column)
            if column and column not in COLUMNS:
                hint = did_you_mean(column, COLUMNS) or f"columns are {', '.join(COLUMNS)}"
                self.error("E010", f"unknown column {given[:60]!r}", cell.span, hint)
                column = ""
            elif column and column in found:
                self.error("E004", f"column {column!r} twice", cell.span, "remove one")
                column = ""
            found.append(column)
        if NAME not in found:
            self.error("E011", "a tag list needs a column 'name'", row[0].span if row else START, "add it to row 1")
        return found

    def take(self, columns: Sequence[str], row: Sequence[Cell]) -> None:
        """Take one row."""
        cells = {column: cell for column, cell in zip(columns, row, strict=False) if column and _text(cell)}
        for cell in row:
            hidden = CONTROL.search(_text(cell))
            if hidden:
                self.error("E003", f"control character U+{ord(hidden.group()):04X}", cell.span, "remove it")
        stray = next((cell for cell in row[len(columns) :] if _text(cell)), None)
        if stray is not None:
            self.error("E019", "a cell beyond the last column", stray.span, "quote a text that holds a separator")
        name = _text(cells[NAME]) if NAME in cells else ""
        if not name:
            if cells:
                self.error("E011", "this row has no name", next(iter(cells.values())).span, "each tag needs a name")
            return
        path: Path = ("tags", name)
        if name in self.tags:
            hint = f"first in line {self.keys[path].line}; remove one"
            self.error("E004", f"tag {name!r} twice", cells[NAME].span, hint)
            return
        tag: dict[str, Value] = {}
        self.tags[name] = tag
        self.keys[path] = self.values[path] = cells[NAME].span
        for column, cell in cells.items():
            if column in _KEYS:
                tag[column] = _value(column, cell)
                self.place((*path, column), cell)
        for pair in _PAIRS:
            self.pair(pair, path, tag, cells)

    def pair(self, pair: str, path: Path, tag: dict[str, Value], cells: dict[str, Cell]) -> None:
        sides = [cells.get(f"{pair}_{side}") for side in ("lo", "hi")]
        there = [each for each in sides if each is not None]
        if len(there) == 1:
            missing = f"{pair}_{'hi' if sides[0] is not None else 'lo'}"
            self.error("E011", f"{path[1]} has no {missing}", there[0].span, "give both or none")
        elif there:
            tag[pair] = [_value(pair, each) for each in there]
            self.keys[(*path, pair)] = self.values[(*path, pair)] = there[0].span
            for index, each in enumerate(there):
                self.values[(*path, pair, index)] = each.span

    def place(self, path: Path, cell: Cell) -> None:
        self.keys[path] = self.values[path] = cell.span
        if cell.inner is not None:
            self.inner[path] = cell.inner


def tag_list(name: str, source: str, rows: Sequence[Sequence[Cell]]) -> Document:
    """Return the tags in ``rows``, the first of which names the columns; raises PlantFileError with every finding.

    Rows without any text are passed over; ``source`` is the list's text, empty where it has none.
    """
    made = _List(name)
    filled = [row for row in rows if any(_text(cell) for cell in row)]
    if not filled:
        made.error("E019", "an empty tag list", START, "row 1 names the columns: name, source, unit, desc, ...")
    else:
        columns = made.header(filled[0])
        for row in filled[1:] if NAME in columns else ():
            made.take(columns, row)
    if made.found:
        raise PlantFileError(in_order(made.found), source)
    keys: dict[Path, Span] = {("tags",): START, **made.keys}
    return Document(name, source, {"tags": made.tags}, keys, {("tags",): START, **made.values}, made.inner)


def _text(cell: Cell) -> str:
    if isinstance(cell.value, str):
        return cell.value
    return str(cell.value).lower() if isinstance(cell.value, bool) else f"{cell.value:.15g}"


def _value(column: str, cell: Cell) -> Value:
    if column in _TEXTS:
        return _text(cell)
    return plain(cell.value) if isinstance(cell.value, str) else cell.value
