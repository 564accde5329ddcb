"""The plant file's tags as rows of a list, and what the list cannot hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from constraints.plantfile.document import Value
from constraints.plantfile.taglists.drafts import drafts
from constraints.plantfile.taglists.formats import BY_NAME, GENERIC, Format, normal
from constraints.plantfile.taglists.keys import cell_of, columns, number_text, text_of_value
from constraints.plantfile.taglists.mapping import TagMapping
from constraints.plantfile.taglists.places import MULTIPLE, Target
from constraints.plantfile.taglists.sheet import Row, Sheet, row
from constraints.plantfile.taglists.understand import understand
from constraints.plantfile.taglists.unitnames import same_key
from constraints.plantfile.units import UnitError, seconds

KINDS: Final = ("generic", "kepware", "ignition", "tia")
SCAN_MS: Final = 1_000.0
"""Scan rate of a tag that is always fresh."""
_TIA_NODE: Final = re.compile(r'ns=3;s="([^"]+)"')
_MODBUS: Final = re.compile(r"(holding|input)/(\d+):(\w+)(?::(\w+))?")
_WORD_KEYS: Final = frozenset(column.title for column in columns() if column.kind == "text")
_KEPWARE_TYPES: Final = {
    "float32": "Float", "float64": "Double", "int16": "Short", "uint16": "Word", "int32": "Long", "uint32": "DWord",
    "bool": "Boolean", "": "Double",
}  # fmt: skip
_TIA_TYPES: Final = {
    "float32": "Real", "float64": "LReal", "int16": "Int", "uint16": "UInt", "int32": "DInt", "uint32": "UDInt",
    "bool": "Bool", "": "Real",
}  # fmt: skip
_IGNITION_TYPES: Final = {"float32": "4", "int16": "1", "uint16": "2", "int32": "2", "uint32": "3", "bool": "6"}
_REGISTER_FIRST: Final = {"holding": 400_001, "input": 300_001}

Tags = Mapping[str, Mapping[str, Value]]


def rows_of(tags: Tags, form: str) -> list[tuple[str, ...]]:
    """Return header and rows of a list of one of ``KINDS``."""
    kind = BY_NAME[form]
    if kind is GENERIC:
        return [kind.header, *(tuple(_own(name, keys)) for name, keys in tags.items())]
    return [kind.header, *(_foreign(kind, _roles(form, name, keys)) for name, keys in tags.items())]


def numeric_columns(form: str) -> frozenset[int]:
    """Return the columns, from 0, whose numbers are numbers in a workbook too, unlike a name that looks like one."""
    kind = BY_NAME[form]
    words = {"name", "path", "address", "type", "origin", "unit", "desc", "", *_WORD_KEYS}
    return frozenset(at for at, title in enumerate(kind.header) if kind.roles[normal(title)] not in words)


def word_order(source: str) -> str | None:
    """Return the order of a source's words, ABCD where the plant file says none; None for a single word."""
    register = _MODBUS.fullmatch(source.partition(":")[2])
    return (register[4] or "ABCD") if register and register[3] in MULTIPLE else None


def losses(tags: Tags, rows: Sequence[Sequence[str]], form: str, target: Target | None) -> Counter[str]:
    """Return by key how many tags would lose it, or come back changed, were the list read back into an empty file.

    ``tag`` counts those that would not come back at all.
    """
    sheet = Sheet((Row(1, tuple(rows[0])), *(row(at, cells) for at, cells in enumerate(rows[1:], start=2))), form)
    mapping = TagMapping(format=form)
    found, _ = drafts(understand([sheet], mapping), mapping, target, {})
    back = {draft.name: draft.keys for draft in found}
    lost: Counter[str] = Counter()
    for name, keys in tags.items():
        if name not in back:
            lost["tag"] += 1
            continue
        lost.update(
            key for key, value in keys.items() if not same_key(key, value, back[name].get(key, _DEFAULTS.get(key)))
        )
    return lost


_DEFAULTS: Final[Mapping[str, Value]] = {"desc": "", "scale": 1.0, "offset": 0.0, "every": 0.0, "hold": 0.0}
_CONSTANTS: Final[Mapping[str, Mapping[str, str]]] = {
    "kepware": {"Respect Data Type": "1", "Client Access": "RO"},
    "ignition": {"Enabled": "TRUE", "AccessRights": "Read_Only", "OPCServer": "Ignition OPC-UA Server"},
    "tia": {"Hmi Visible": "True", "Hmi Accessible": "True", "Hmi Writeable": "False"},
}


def _own(name: str, keys: Mapping[str, Value]) -> list[str]:
    return [name, *(cell_of(keys.get(column.key), column) for column in columns()[1:])]


def _foreign(kind: Format, roles: Mapping[str, str]) -> tuple[str, ...]:
    constants = _CONSTANTS[kind.name]
    return tuple(roles.get(kind.roles[normal(title)], constants.get(title, "")) for title in kind.header)


def _roles(form: str, name: str, keys: Mapping[str, Value]) -> dict[str, str]:
    """Return the cells of one tag by what they are for; what is not there is left out."""
    address = text_of_value(keys.get("source")).partition(":")[2]
    register = _MODBUS.fullmatch(address)
    wire = register[3] if register else ""
    unit, desc = text_of_value(keys.get("unit")), text_of_value(keys.get("desc"))
    match form:
        case "tia":
            node = _TIA_NODE.fullmatch(address)
            found = {
                "name": node[1] if node else name,
                "path": "Default tag table",
                "type": _TIA_TYPES.get(wire, "Real"),
            }
            return {**found, "desc": f"{desc} [{unit}]".strip()}
        case "kepware":
            listed = str(_REGISTER_FIRST[register[1]] + int(register[2])) if register else address
            found = {"address": listed, "type": _KEPWARE_TYPES.get(wire, "Double"), "scan_ms": _scan_ms(keys)}
        case _:
            found = {"address": address, "type": _IGNITION_TYPES.get(wire, "5"), "origin": "0"}
    return {"name": name, **found, "unit": unit, "desc": desc, **_span(form, keys)}


def _scan_ms(keys: Mapping[str, Value]) -> str:
    every = keys.get("every", 0.0)
    try:
        given_ms = seconds(every) * 1000.0 if isinstance(every, str | int | float) else 0.0
    except UnitError:
        given_ms = 0.0
    return number_text(max(given_ms, SCAN_MS))


def _span(form: str, keys: Mapping[str, Value]) -> dict[str, str]:
    """Return range and scaling, which these lists have together: what the ends of the range are before scaling."""
    pair = keys.get("range")
    numbers = [each for each in pair if isinstance(each, int | float)] if isinstance(pair, list) else []
    scale, offset = keys.get("scale", 1.0), keys.get("offset", 0.0)
    if len(numbers) != 2 or not isinstance(scale, int | float) or not isinstance(offset, int | float) or not scale:  # noqa: PLR2004 - low and high
        return {}
    lo, hi = (number_text(each) for each in numbers)
    ends = {"eng_lo": lo, "eng_hi": hi}
    if form == "ignition" and scale == 1.0 and not offset:
        return ends
    raw_lo, raw_hi = (number_text((each - offset) / scale) for each in numbers)
    return {**ends, "scaling": "Linear", "raw_lo": raw_lo, "raw_hi": raw_hi, "scaled_lo": lo, "scaled_hi": hi}
