"""A CSV tag list -> lines for a plant file: the columns of Kepware's and Ignition's exports, or plain ones."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from constraints.plantfile.units import UnitError, unit

_COLUMNS = MappingProxyType(
    {
        "name": ("name", "tag", "tag name"),
        "address": ("source", "node", "node id", "opcitempath", "address"),
        "unit": ("unit", "units", "eng units", "eng. units", "engunit", "engineering units"),
        "desc": ("description", "desc", "documentation"),
        "low": ("low", "scaled low", "englow"),
        "high": ("high", "scaled high", "enghigh"),
    }
)
"""Our word -> headers that mean it, in lower case."""
_UNITS = MappingProxyType({"C": "degC", "m3/h": "m**3/h", "m³/h": "m**3/h"})
"""How tag lists write units, and how a plant file does."""
_NODE = re.compile(r"(ns=\d+;|nsu=[^;]+;)?[sigb]=.+")
_ROWS_MAX = 100_000


class TagListError(Exception):
    """No tag can be had from this list; the message says why."""


@dataclass(frozen=True, slots=True)
class TagLines:
    """What became of a list."""

    lines: tuple[str, ...]
    """One line of YAML per tag."""
    skipped: tuple[str, ...]
    """Why rows were left out."""


def tag_lines(text: str, connection: str) -> TagLines:
    """Return the list's tags as lines below ``tags:``, their addresses on an OPC UA ``connection``.

    Raises TagListError where there is no column of names or units, or nothing is left.
    """
    rows = csv.DictReader(io.StringIO(text), dialect=_dialect(text))
    lines: list[str] = []
    skipped: list[str] = []
    taken: set[str] = set()
    try:
        columns = _columns(rows.fieldnames or ())
        for row in rows:
            if rows.line_num > _ROWS_MAX:
                raise TagListError(f"more than {_ROWS_MAX} lines")
            given = {word: (row.get(header) or "").strip() for word, header in columns.items()}
            name = _name(given["name"])
            why = _trouble(name, given["unit"], taken)
            if why:
                skipped.append(f"line {rows.line_num}: {given['name'] or 'no name'}: {why}")
                continue
            taken.add(name)
            lines.append(_line(name, given, connection))
    except csv.Error as error:
        raise TagListError(f"line {rows.line_num}: {error}") from error
    if not lines:
        raise TagListError("no tag can be taken from it" + "".join(f"\n  {why}" for why in skipped[:5]))
    return TagLines(tuple(lines), tuple(skipped))


def _dialect(text: str) -> type[csv.Dialect]:
    """Return commas, or semicolons where the first line has more of those (Excel in half of Europe)."""
    first = text.partition("\n")[0]

    class Dialect(csv.excel):
        delimiter = ";" if first.count(";") > first.count(",") else ","

    return Dialect


def _columns(headers: Iterable[str]) -> Mapping[str, str]:
    known = {header.strip().lower(): header for header in headers}
    found = {
        word: next(known[each] for each in meant if each in known)
        for word, meant in _COLUMNS.items()
        if any(each in known for each in meant)
    }
    for word in ("name", "unit"):
        if word not in found:
            raise TagListError(
                f"no column for the {word}: one of {', '.join(_COLUMNS[word])} is needed in the first line"
            )
    return found


def _name(text: str) -> str:
    """Return a name that expressions can use."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    return f"t_{name}" if name[:1].isdigit() else name


def _trouble(name: str, given_unit: str, taken: set[str]) -> str:
    if not name:
        return "no name that can be used"
    if name in taken:
        return f"a second tag {name}"
    if not given_unit:
        return "no unit"
    try:
        unit(_UNITS.get(given_unit, given_unit))
    except UnitError as error:
        return f"unit {given_unit!r}: {error}"
    return ""


def _line(name: str, given: Mapping[str, str], connection: str) -> str:
    address = given.get("address", "")
    node = address if _NODE.fullmatch(address) else f"ns=2;s={given['name']}"
    parts = [f"source: {_quoted(f'{connection}:{node}')}", f"unit: {_quoted(_UNITS.get(given['unit'], given['unit']))}"]
    low, high = _number(given.get("low", "")), _number(given.get("high", ""))
    if low is not None and high is not None and low < high:
        parts.append(f"range: [{low!r}, {high!r}]")
    if given.get("desc"):
        parts.append(f"desc: {_quoted(given['desc'][:500])}")
    return f"  {name}: {{{', '.join(parts)}}}"


def _quoted(text: str) -> str:
    """Return a double-quoted scalar; JSON's is one of YAML's (YAML 1.2, 7.3.1)."""
    return json.dumps(text, ensure_ascii=False)


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
