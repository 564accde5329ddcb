"""The keys of a tag and their columns, by the plant file's own schema: a key added there is in the lists too."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue

from constraints.plantfile.document import Value
from constraints.plantfile.schema_variables import Tag
from constraints.plantfile.taglists.sheet import is_number, tidy

Kind = Literal["text", "number", "quantity", "yes", "pair", "other"]
NAME: Final = "name"
_SIDES: Final = ("lo", "hi")


class CellError(ValueError):
    """A cell does not hold what its key takes; the message says what it takes."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a generic list: a key of the tag, or one side of a pair."""

    title: str
    key: str
    kind: Kind
    side: int | None = None


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Return the kind of each key of a tag, in the order of the documented form."""
    schema = Tag.model_json_schema(by_alias=True)
    found = schema.get("properties", {})
    return {key: _kind(each) for key, each in found.items()} if isinstance(found, dict) else {}


@functools.cache
def columns() -> tuple[Column, ...]:
    """Return the columns of a generic list, the name first."""
    found = [Column(NAME, NAME, "text")]
    for key, kind in kinds().items():
        if kind == "pair":
            found += [Column(f"{key}_{side}", key, kind, index) for index, side in enumerate(_SIDES)]
        else:
            found.append(Column(key, key, kind))
    return tuple(found)


def cell_of(value: Value, column: Column) -> str:
    """Return what stands in the cell for a key's value; empty for what is not there."""
    if column.side is not None:
        value = value[column.side] if isinstance(value, list) and len(value) == len(_SIDES) else None
    return text_of_value(value)


def text_of_value(value: Value) -> str:
    """Return a value as a cell shows it: text as it is, numbers in their shortest form, lists and mappings as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False)


def value_of(cell: str, kind: Kind, *, decimal_comma: bool) -> Value:
    """Return what a cell says for a key of this kind. Raises CellError."""
    match kind:
        case "text":
            return cell
        case "number":
            return number_of(cell, decimal_comma=decimal_comma)
        case "quantity" | "pair":
            return number_of(cell, decimal_comma=decimal_comma) if is_number(cell) else cell
        case "yes":
            return _yes(cell)
        case "other":
            return _json(cell)


def number_of(cell: str, *, decimal_comma: bool) -> int | float:
    """Return the number in a cell. Raises CellError for anything else, and for a comma where commas are no points."""
    if not is_number(cell):
        raise CellError(f"{cell[:40]!r} is not a number")
    if "," in cell and not decimal_comma:
        raise CellError(f"{cell!r}: is the comma a decimal point? say so in the mapping: decimal: comma")
    found = float(cell.replace(",", "."))
    if not math.isfinite(found):
        raise CellError(f"{cell!r} is too large")
    return int(found) if cell.lstrip("+-").isdecimal() and abs(found) < 1e15 else found  # noqa: PLR2004 - exact in a float


def number_text(value: float) -> str:
    """Return the shortest text of a number: ``60``, ``0.1``."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))  # noqa: PLR2004


def same(one: Value, other: Value) -> bool:
    """Return whether two values say the same in a list: 60, 60.0 and the text "60" do, blanks around do not count."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return tidy(text_of_value(one)) == tidy(text_of_value(other))


def _kind(schema: JsonValue) -> Kind:
    """Return the kind of a property from its JSON Schema."""
    if not isinstance(schema, dict):
        return "other"
    choices = [each for each in _choices(schema) if each.get("type") != "null"]
    types = {str(each.get("type", "string" if "enum" in each or "const" in each else "")) for each in choices}
    if types == {"string"}:
        return "text"
    if types <= {"number", "integer"}:
        return "number"
    if types <= {"number", "integer", "string"}:
        return "quantity"
    if types == {"boolean"}:
        return "yes"
    if types == {"array"} and all(each.get("minItems") == each.get("maxItems") == len(_SIDES) for each in choices):
        items = {_kind(each.get("items")) for each in choices}
        return "pair" if items <= {"number", "quantity"} else "other"
    return "other"


def _choices(schema: Mapping[str, JsonValue]) -> Sequence[Mapping[str, JsonValue]]:
    """Return the alternatives of a schema, those inside alternatives too."""
    inner = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(inner, list):
        return [schema]
    return [choice for each in inner if isinstance(each, dict) for choice in _choices(each)]


def _yes(cell: str) -> bool:
    if cell.lower() in ("true", "1", "yes"):
        return True
    if cell.lower() in ("false", "0", "no"):
        return False
    raise CellError(f"{cell[:40]!r} is neither true nor false")


def _json(cell: str) -> Value:
    try:
        found: Value = json.loads(cell)
    except (json.JSONDecodeError, RecursionError):
        return cell
    return found
