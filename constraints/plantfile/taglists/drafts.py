"""Rows that are understood -> tags of the plant file, or why a row is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from constraints.plantfile.document import Value
from constraints.plantfile.taglists.keys import CellError, columns, kinds, number_of, text_of_value, value_of
from constraints.plantfile.taglists.mapping import TagMapping
from constraints.plantfile.taglists.places import NoPlaceError, Target, source_of
from constraints.plantfile.taglists.sheet import is_number
from constraints.plantfile.taglists.understand import Understood
from constraints.plantfile.taglists.unitnames import is_unit, unit_name
from constraints.plantfile.taglists.wiretypes import TEXT, kind_of

NAME_MAX: Final = 64
SCAN_MS_MIN: Final = 1_000.0
"""A scan that is not slower says no more than that the value is always fresh."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_BRACKETS: Final = re.compile(r"\s*\[([^\[\]]{1,20})\]\s*$")
Existing = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A tag as a list has it."""

    row: int
    """Where it stands in the list; 0 where there is none, but a device."""
    listed: str
    """Its name in the list."""
    name: str
    """Its name in the plant file."""
    keys: Mapping[str, Value]
    """What the list says of it, in the order of the documented form."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that makes no tag."""

    row: int
    listed: str
    why: str
    """Short, for counting the like."""
    detail: str


class _SkipError(Exception):
    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail or why


def drafts(
    understood: Understood, mapping: TagMapping, target: Target | None, existing: Existing
) -> tuple[list[Draft], list[Skipped]]:
    """Return the list's tags, and the rows that are none with the reason of each.

    ``existing`` are the plant file's tags: a row that means one of them, by its source or else by its name, keeps its
    name and needs no unit. ``target`` is None where the list must name connections itself.
    """
    made: list[Draft] = []
    skipped: list[Skipped] = []
    by_source = {str(keys["source"]): name for name, keys in existing.items() if "source" in keys}
    context = _Context(understood, mapping, target, existing, by_source, _decimal_comma(understood, mapping))
    short = Counter(understood.cells(row).get("name", "") for row in understood.rows)
    for row in understood.rows:
        cells = understood.cells(row)
        listed = cells.get("name", "")
        try:
            made.append(_draft(cells, row.number, context, qualified=short[listed] > 1))
        except _SkipError as skip:
            skipped.append(Skipped(row.number, listed, skip.why, skip.detail))
    return _without_twins(made, skipped)


@dataclass(frozen=True, slots=True)
class _Context:
    understood: Understood
    mapping: TagMapping
    target: Target | None
    existing: Existing
    by_source: Mapping[str, str]
    decimal_comma: bool


def _draft(cells: dict[str, str], row: int, context: _Context, *, qualified: bool) -> Draft:
    listed = cells.get("name", "")
    if not listed:
        raise _SkipError("no name")
    form = context.understood.format.name
    kind = kind_of(form, cells.get("type", ""))
    if kind == TEXT:
        raise _SkipError("not a number", f"type {cells['type']!r} is not a number")
    if form in ("ignition", "ignition-json") and cells.get("origin", "") not in ("", "0", "opc"):
        raise _SkipError("not read from a device", f"its value comes from {cells['origin']!r}, not from an OPC server")
    source = _source(cells, form, kind, context)
    name = _name(cells, source, context, qualified=qualified)
    known = context.existing.get(name, {})
    if not source and "source" not in known:
        raise _SkipError("no source", "neither a source nor an address")
    keys: dict[str, Value] = {"source": source} if source else {}
    keys |= _unit_and_words(cells, kind, context, has_unit="unit" in known)
    keys |= _numbers(cells, form, context)
    return Draft(row, listed, name, {key: keys[key] for key in kinds() if key in keys})


def _source(cells: Mapping[str, str], form: str, kind: str, context: _Context) -> str:
    if given := cells.get("source"):
        return given
    if context.target is None:
        if "address" in cells:
            raise _SkipError("no connection", "an address without a connection: say --connection")
        return ""
    target = context.target
    if order := cells.get("order"):
        target = replace(target, word_order=order)
    if form == "generic" and "address" not in cells and target.template is None:
        return ""
    try:
        return source_of(cells, form, kind, target)
    except NoPlaceError as error:
        raise _SkipError(error.why, error.detail) from error


def _name(cells: Mapping[str, str], source: str, context: _Context, *, qualified: bool) -> str:
    """Return the name that the plant file has for this source, else the list's, made fit for expressions."""
    listed = cells["name"]
    if listed in context.mapping.names:
        return context.mapping.names[listed]
    generic = context.understood.format.name == "generic"
    if source in context.by_source and not (generic and listed in context.existing):
        return context.by_source[source]
    path = cells.get("path", "")
    return plain_name(f"{path}/{listed}" if qualified and path else listed)


def plain_name(listed: str) -> str:
    """Return a name of letters, digits and ``_``, as expressions need it: ``TIC201.PV`` -> ``TIC201_PV``."""
    if _NAME.fullmatch(listed):
        return listed
    name = re.sub(r"[^A-Za-z0-9_]+", "_", listed).strip("_") or "tag"
    return (f"t_{name}" if name[0].isdigit() else name)[:NAME_MAX]


def _unit_and_words(cells: Mapping[str, str], kind: str, context: _Context, *, has_unit: bool) -> dict[str, Value]:
    """Return unit and description; a unit may also stand in brackets at the end of the description."""
    own, listed, desc = context.mapping.units, cells.get("unit", ""), cells.get("desc", "")
    brackets = _BRACKETS.search(desc)
    keys: dict[str, Value] = {}
    if listed and context.understood.format.name == "generic" and listed not in own and is_unit(listed):
        keys["unit"] = listed  # the plant file knows it as it stands: what was exported comes back as it was
    elif listed:
        keys["unit"] = unit_name(listed, own)
        if not keys["unit"]:
            raise _SkipError("unknown unit", f"unknown unit {listed!r}: translate it in a mapping file, units: ...")
    elif brackets and (found := unit_name(brackets[1], own)):
        keys["unit"], desc = found, desc[: brackets.start()]
    elif own.get(""):
        keys["unit"] = own[""]
    elif kind == "bool":
        keys["unit"] = "1"
    elif not has_unit:
        raise _SkipError("no unit")
    return {**keys, "desc": desc} if desc else keys


def _numbers(cells: Mapping[str, str], form: str, context: _Context) -> dict[str, Value]:
    """Return everything else: a generic list's keys as they are, the ranges and scalings of the others."""
    try:
        keys = _own_keys(cells, context)
        if form != "generic":
            keys |= _scaled(cells, form, context)
    except CellError as error:
        raise _SkipError("a cell that cannot be read", str(error)) from error
    return keys


def _own_keys(cells: Mapping[str, str], context: _Context) -> dict[str, Value]:
    keys: dict[str, Value] = {}
    pairs: dict[str, dict[int, Value]] = {}
    for column in columns():
        if column.title not in cells or column.key in ("name", "source", "unit", "desc"):
            continue
        value = value_of(cells[column.title], column.kind, decimal_comma=context.decimal_comma)
        if column.side is None:
            keys[column.key] = value
        else:
            pairs.setdefault(column.key, {})[column.side] = value
    for key, sides in pairs.items():
        if len(sides) == 1:
            raise CellError(f"{key} has only one side: give both, or none")
        keys[key] = [sides[0], sides[1]]
    return keys


def _scaled(cells: Mapping[str, str], form: str, context: _Context) -> dict[str, Value]:
    """Return range, scale, offset and how often the device renews the value.

    An OPC server in front of the device scales by itself, so scaling counts only where we read the device: over Modbus,
    and behind Ignition, which scales what its OPC item gives.
    """
    keys: dict[str, Value] = {}
    number = {
        role: float(number_of(cells[role], decimal_comma=context.decimal_comma))
        for role in ("raw_lo", "raw_hi", "scaled_lo", "scaled_hi", "eng_lo", "eng_hi", "scan_ms")
        if role in cells
    }
    scaling = cells.get("scaling", "").lower()
    linear = scaling in ("linear", "1")
    span = ("scaled_lo", "scaled_hi") if linear else ("eng_lo", "eng_hi")
    if all(side in number for side in span) and number[span[0]] < number[span[1]]:
        keys["range"] = [short(number[side]) for side in span]
    raw = context.target is not None and (context.target.protocol == "modbus-tcp" or form.startswith("ignition"))
    if raw and scaling not in ("", "none", "off", "0") and not linear:
        raise _SkipError("scaling that is not linear", f"scaling {cells['scaling']!r} is not linear")
    if raw and linear:
        if not {"raw_lo", "raw_hi", "scaled_lo", "scaled_hi"} <= number.keys() or number["raw_lo"] == number["raw_hi"]:
            raise _SkipError("scaling without its ends", "linear scaling needs raw and scaled low and high")
        scale = (number["scaled_hi"] - number["scaled_lo"]) / (number["raw_hi"] - number["raw_lo"])
        offset = number["scaled_lo"] - number["raw_lo"] * scale
        sign = -1.0 if cells.get("negate") in ("1", "true", "True") else 1.0
        if scale == 0.0:
            raise _SkipError("scaling without its ends", "linear scaling onto one value")
        keys |= {key: value for key, value, none in (("scale", sign * scale, 1.0), ("offset", sign * offset, 0.0))
                 if value != none}  # fmt: skip
        keys = {key: short(value) if isinstance(value, float) else value for key, value in keys.items()}
    if number.get("scan_ms", 0.0) > SCAN_MS_MIN:
        keys["every"] = short(number["scan_ms"] / 1000.0)
    return keys


def short(value: float) -> int | float:
    """Return the number without the last digits' rounding, whole where it is."""
    tidy = float(f"{value:.12g}")
    return int(tidy) if tidy.is_integer() and abs(tidy) < 1e15 else tidy  # noqa: PLR2004 - exact in a float


def _without_twins(made: Sequence[Draft], skipped: list[Skipped]) -> tuple[list[Draft], list[Skipped]]:
    first: dict[str, Draft] = {}
    for draft in made:
        if (twin := first.setdefault(draft.name, draft)) is not draft:
            detail = f"row {twin.row} ({twin.listed}) is tag {draft.name} already"
            skipped.append(Skipped(draft.row, draft.listed, "name twice", detail))
    return list(first.values()), sorted(skipped, key=lambda each: each.row)


def _decimal_comma(understood: Understood, mapping: TagMapping) -> bool:
    """Return whether commas are decimal points: as the mapping says, else where no cell of a number says otherwise."""
    if mapping.decimal is not None:
        return mapping.decimal == "comma"
    if understood.sheet.comma_separated:
        return False
    numeric = {column.title for column in columns() if column.kind != "text"}
    numeric |= {"raw_lo", "raw_hi", "scaled_lo", "scaled_hi", "eng_lo", "eng_hi", "scan_ms"}
    cells = [
        cell
        for row in understood.rows
        for role, cell in understood.cells(row).items()
        if role in numeric and is_number(cell)
    ]
    return any("," in cell for cell in cells) and not any("." in cell for cell in cells)


def told(draft: Draft) -> str:
    """Return a draft as one line, for people."""
    return ", ".join(f"{key}: {text_of_value(value)}" for key, value in draft.keys.items())
