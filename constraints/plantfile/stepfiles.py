"""``step_file`` of models -> ``step``: a step response out of a table, as if its points stood in the plant file.

So everything that is said of ``step`` holds, findings name the table's row and column, and the plant's hash is of the
numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from constraints.plantfile.document import Document, Path, Span, Value
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.taglist import Cell

KEY: Final = "step_file"
POINTS_MAX: Final = 500
"""As of ``step``."""
_NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class StepFileError(Exception):
    """A table that gives no step response; ``span`` is where in it, ``hint`` what to do."""

    def __init__(self, message: str, span: Span, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step response that a document wants from a file."""

    path: Path
    """Of the model: ``("models", CV, MV)``."""
    file: str
    time: str
    column: str
    units: tuple[str, str]
    """Of the two columns; empty: seconds, and CV unit per MV unit."""


def wanted(data: dict[str, Value]) -> Iterator[Wanted]:
    """Yield what the models want; what has another form, or a ``step`` beside it, is left for the schema to refuse."""
    models = data.get("models")
    for cv, row in models.items() if isinstance(models, dict) else ():
        for source, model in row.items() if isinstance(row, dict) else ():
            given = model.get(KEY) if isinstance(model, dict) else None
            if not isinstance(model, dict) or not isinstance(given, dict) or "step" in model:
                continue
            texts = {key: value for key, value in given.items() if isinstance(value, str)}
            needed = {"file", "time", "column"}
            if texts.keys() == given.keys() and needed <= texts.keys() <= needed | {"time_unit", "unit"}:
                units = (texts.get("time_unit", ""), texts.get("unit", ""))
                yield Wanted(("models", cv, source), texts["file"], texts["time"], texts["column"], units)


def with_step(document: Document, want: Wanted, rows: Sequence[Sequence[Cell]], name: str) -> Document:
    """Return ``document`` with the points of ``rows`` as the model's ``step``; raises StepFileError.

    ``name`` is what findings call the file. The first row names the columns; blank rows are passed over.
    """
    filled = [row for row in rows if any(cell.value != "" for cell in row)]
    if not filled:
        raise StepFileError("an empty table", Span(1, 1), f"row 1 names the columns: {want.time}, {want.column}")
    columns = [_column(filled[0], each) for each in (want.time, want.column)]
    if len(filled) - 1 > POINTS_MAX:
        raise StepFileError(f"more than {POINTS_MAX} points", filled[POINTS_MAX + 1][0].span, "leave some out")
    at: Path = (*want.path, "step")
    whole = document.value_at((*want.path, KEY))
    values: dict[Path, Span] = {at: whole}
    points: list[Value] = []
    for i, row in enumerate(filled[1:]):
        stray = next((cell for cell in row[len(filled[0]) :] if cell.value != ""), None)
        if stray is not None:
            raise StepFileError("a cell beyond the last column", stray.span, "write numbers with a point")
        cells = [_cell(row, column) for column in columns]
        points.append([_number(cell, unit) for cell, unit in zip(cells, want.units, strict=True)])
        spans = [replace(cell.span, file=name) for cell in cells]
        values |= {(*at, i): spans[0], (*at, i, 0): spans[0], (*at, i, 1): spans[1]}
    keys = {**document.keys, at: document.key_at((*want.path, KEY))}
    data = _put(document.data, want.path, points)
    return replace(document, data=data, keys=keys, values={**document.values, **values})


def _column(header: Sequence[Cell], name: str) -> int:
    names = [str(cell.value).strip() for cell in header]
    if names.count(name) == 1:
        return names.index(name)
    if name in names:
        raise StepFileError(f"column {name!r} twice", header[names.index(name)].span, "rename one")
    hint = did_you_mean(name, names) or f"columns are {', '.join(each for each in names if each)[:200]}"
    raise StepFileError(f"no column {name!r}", header[0].span, hint)


def _cell(row: Sequence[Cell], column: int) -> Cell:
    if column < len(row) and row[column].value != "":
        return row[column]
    span = row[min(column, len(row) - 1)].span
    raise StepFileError("a number is missing in this row", span, "fill it, or remove the row")


def _number(cell: Cell, unit: str) -> Value:
    number = cell.value
    if isinstance(number, str):
        number = float(number) if _NUMBER.fullmatch(number.strip()) else math.nan
    if isinstance(number, bool) or not math.isfinite(number):
        hint = "numbers only, with a point: the units stand in the plant file (time_unit, unit)"
        raise StepFileError(f"{str(cell.value)[:40]!r} is not a number", cell.span, hint)
    return f"{number!r} {unit}" if unit else float(number)


def _put(data: dict[str, Value], path: Path, points: list[Value]) -> dict[str, Value]:
    """Return ``data`` with ``step`` for ``step_file`` in the mapping at ``path``; nothing that was given is changed."""
    if not path:
        return {**{key: value for key, value in data.items() if key != KEY}, "step": points}
    inner = data[str(path[0])]
    return {**data, str(path[0]): _put(inner, path[1:], points)} if isinstance(inner, dict) else data
