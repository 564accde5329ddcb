"""Numbers with a unit -> numbers in the unit that is wanted: as positions on a scale, as differences, as rates."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final

from constraints.plantfile import unitnames
from constraints.plantfile.issues import nearest
from constraints.plantfile.traps import no_unit, wanted_number
from constraints.plantfile.unitnames import USUAL, Conditions
from constraints.plantfile.unittext import NUMBER, TEXT_MAX, Unit, UnitError, tidy, unit

__all__ = [
    "NUMBER", "USUAL", "Conditions", "Unit", "UnitError", "alike", "difference", "point",
    "quantity", "rate", "seconds", "tidy", "unit",
]  # fmt: skip

_QUANTITY: Final = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_FORM: Final = "such as 12 or '12 kg/h'"
_NEAR_MAX: Final = 4


def point(value: float | str, wanted: Unit, conditions: Conditions = USUAL) -> float:
    """Return a position on the scale of ``wanted`` (365 K is 91.85 degC). A bare number is in ``wanted`` already."""
    given = _given(value, conditions)
    if given.unit is not None:
        _check_zeros(given.unit, wanted)
    return _convert(given, wanted)


def difference(value: float | str, wanted: Unit, conditions: Conditions = USUAL) -> float:
    """Return a distance on the scale of ``wanted``: 5 degC and 5 delta_degC both mean five degrees."""
    return _convert(_given(value, conditions).between, wanted.of_differences)


def rate(value: float | str, wanted: Unit, per: str, conditions: Conditions = USUAL) -> float:
    """Return a change of ``wanted`` per ``per`` (``min``, ``s``); a bare number is in just that."""
    slope = wanted.of_differences.times(unit(per), -1)
    shown = Unit(f"{wanted.of_differences.text}/{per}", slope.dimensions, slope.factor)
    return _convert(_given(value, conditions).between, shown)


def seconds(value: float | str) -> float:
    """Return a time in seconds; a bare number is in seconds already."""
    return _convert(_given(value, USUAL), unit("s"))


def quantity(value: float | str, conditions: Conditions = USUAL) -> tuple[float, Unit]:
    """Return number and unit of a value that must carry one; raises UnitError."""
    given = _given(value, conditions)
    if given.unit is None:
        raise UnitError("E022", "a unit is needed here", "such as 48 EUR/MWh or 10.3 kWh/m**3")
    return given.number, given.unit


@dataclass(frozen=True, slots=True)
class _Given:
    number: float
    unit: Unit | None
    """None where the text has none."""

    @property
    def between(self) -> _Given:
        return self if self.unit is None else replace(self, unit=self.unit.of_differences)


def _given(value: float | str, conditions: Conditions) -> _Given:
    if not isinstance(value, str):
        return _Given(float(value), None)
    match = _QUANTITY.fullmatch(value)
    number = float(match[1]) if match else math.inf
    if match is None or not math.isfinite(number):
        raise UnitError("E012", f"{value[:TEXT_MAX]!r} is not a number with a unit", _FORM)
    if no_unit(match[2]):
        raise UnitError("E012", f"{value[:TEXT_MAX]!r} is not a number with a unit", wanted_number(value) or _FORM)
    return _Given(number, unit(match[2], conditions) if match[2] else None)


def _convert(given: _Given, wanted: Unit) -> float:
    if given.unit is None:
        return given.number
    if given.unit.dimensions != wanted.dimensions:
        message = f"{given.unit.text} is not a unit of the same kind as {wanted.text}"
        raise UnitError("E021", message, _instead(given.unit, wanted))
    if (given.unit.factor, given.unit.offset) == (wanted.factor, wanted.offset):
        return given.number
    return tidy((given.number * given.unit.factor + given.unit.offset - wanted.offset) / wanted.factor)


def _check_zeros(given: Unit, wanted: Unit) -> None:
    """Refuse a difference where a position is meant, and a pressure of which nobody can tell where it begins."""
    zeros = {given.zero, wanted.zero}
    if zeros == {"own", "difference"}:
        hint = f"write {wanted.text}" if wanted.zero == "own" else f"write {wanted.text} or K"
        raise UnitError("E021", f"{given.text} and {wanted.text} are a difference and a temperature", hint)
    if zeros == {"gauge", ""} and given.dimensions == wanted.dimensions:
        vague = given if given.zero == "" else wanted
        message = f"{vague.text} does not say whether it is a gauge or an absolute pressure, {wanted.text} is wanted"
        if vague is wanted:
            message = f"{given.text} is a gauge pressure; {wanted.text} does not say what it is"
        base = vague.text if f"{vague.text}g" in unitnames.GAUGE else "bar"
        raise UnitError("E021", message, f"write {base}g or {base}a")


def _goes_with(given: Unit, wanted: Unit) -> bool:
    try:
        _check_zeros(given, wanted)
    except UnitError:
        return False
    return True


def alike(wanted: Unit) -> tuple[str, ...]:
    """Return the usual units of the same kind as ``wanted``, the likest names first."""
    fits = [text for text in unitnames.COMMON if unit(text).dimensions == wanted.dimensions]
    first = nearest(wanted.text, fits)
    return (first, *(text for text in fits if text != first)) if first else tuple(fits)


def _instead(given: Unit, wanted: Unit) -> str:
    """Return what to do about a unit of another kind."""
    ours, theirs = dict(wanted.dimensions), dict(given.dimensions)
    if (unitnames.NORMAL_VOLUME in ours) != (unitnames.NORMAL_VOLUME in theirs):
        return (
            "Nm3 and Sm3 count gas at reference conditions, m**3 as it flows: no factor turns one into the other; "
            f"use {', '.join(alike(wanted)[:2]) or wanted.text}"
        )
    money = [name for name in ours if name.startswith("[currency_")]
    if money and any(name.startswith("[currency_") and name not in ours for name in theirs):
        return f"use {wanted.text}: no currency converts to another here"
    others = [text for text in alike(wanted) if text != wanted.text and _goes_with(unit(text), wanted)]
    others = others[: _NEAR_MAX - 1]
    return f"use {', '.join((wanted.text, *others))}"
