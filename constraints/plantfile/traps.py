"""Values that look right to a person and are something else: what to write instead."""

from __future__ import annotations

import re
from typing import Final

_YES: Final = frozenset({"yes", "on", "y"})
_NO: Final = frozenset({"no", "off", "n"})
_RADIX: Final = re.compile(r"[-+]?0([xX][0-9a-fA-F]{1,15}|[oO][0-7]{1,18}|[bB][01]{1,60})")
_SIXTIES: Final = re.compile(r"\d+(:\d+)+(\.\d*)?")
_THOUSANDS: Final = re.compile(r"[-+]?\d{1,3}([_'’ ]\d{3})+(\.\d*)?")
_UNDERSCORES: Final = re.compile(r"[-+]?\d+(_\d+)+(\.\d*)?")
_COMMA: Final = re.compile(r"[-+]?\d+,\d+")
_DATE: Final = re.compile(r"\d{4}-\d\d?-\d\d?")
_NOT_FINITE: Final = frozenset({".nan", ".inf", "nan", "inf", "infinity"})
_NO_UNIT: Final = re.compile(r"[_,:'’.-]|[xXoObB][0-9a-fA-F]+$|\d+($|[\s.,_'’])")


def wanted_bool(given: object) -> str:
    """Return what to write where true or false is needed; empty where nobody can tell."""
    word = str(given).strip().lower()
    if word in _YES or given == 1:
        return "write true"
    return "write false" if word in _NO or given == 0 else ""


def wanted_number(given: object) -> str:
    """Return how to write the number that was meant; empty where nobody can tell."""
    text = given.strip() if isinstance(given, str) else ""
    first = text.split(maxsplit=1)[0] if text else ""
    if text.lower().lstrip("+-") in _NOT_FINITE:
        return "leave the key out, or write null where a side has no limit"
    if _RADIX.fullmatch(first):
        return f"write {int(first, 0)}"
    if _SIXTIES.fullmatch(first):
        return "a time has a unit, such as 45 s, 12.5 min or 8 h"
    if _THOUSANDS.match(text) or _UNDERSCORES.match(text):
        return "write digits without separators, such as 1000"
    if _COMMA.match(text):
        return "write a decimal point, such as 1.5"
    return "a date cannot stand here" if _DATE.match(text) else ""


def no_unit(rest: str) -> bool:
    """Return whether what follows a number belongs to the number and is not its unit: 1,5 or 12:30 or 1_000."""
    return _NO_UNIT.match(rest) is not None
