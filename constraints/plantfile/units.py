"""Units: text -> dimensions and factor; numbers with a unit -> numbers in the unit that is wanted.

Pint knows the names and prefixes (it is loaded at the first name that is not in our table of common ones); the
grammar, the algebra and the difference between a temperature and a temperature difference are ours, so nothing of pint
leaves this module. A plant file may contain any text, so the grammar is small: names, ``*``, ``/``, whole exponents,
brackets.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from constraints.plantfile.issues import nearest
from constraints.plantfile.traps import no_unit, wanted_number
from constraints.plantfile.unit_table import CURRENCIES, KNOWN, Dimensions

if TYPE_CHECKING:
    from pint import UnitRegistry

TEXT_MAX: Final = 60
_FORM: Final = "such as 12 or '12 kg/h'"
_BRACKETS_MAX: Final = 4
_MANY: Final = 2.0**20

_OWN: Final = (
    # No currency converts to another: each is a dimension of its own.
    *(f"{code} = [currency_{code}]" for code in CURRENCIES),
    "Nm3 = meter ** 3",
    "barg = bar; offset: 1.01325",
    "mbarg = millibar; offset: 1013.25",
    "mH2O = 9806.65 * pascal",
    "var = watt",
    "NTU = []",
    "pH = []",
    "rH = 0.01",
)
_COMMON: Final = (
    "degC", "K", "degF", "delta_degC", "percent", "ppm", "bar", "mbar", "barg", "Pa", "kPa", "MPa", "kg/h", "t/h",
    "kg/s", "kg", "g", "t", "m**3/h", "Nm3/h", "L/h", "L/min", "L", "m**3", "kW", "MW", "W", "kWh", "MWh", "kJ/kg",
    "kWh/m**3", "g/kg", "kg/m**3", "mm/s", "m/s", "mm", "m", "rpm", "Hz", "A", "mA", "V", "s", "min", "h", "d",
    "ms", "EUR", "EUR/h", "EUR/kWh", "EUR/MWh", "EUR/kg", "EUR/t", "EUR/m**3",
)  # fmt: skip
_ALIASES: Final[Mapping[str, str]] = {
    "%": "percent", "°C": "degC", "°F": "degF", "℃": "degC", "µm": "um", "€": "EUR", "t": "tonne", "l": "liter",
    "sec": "second", "°": "degree", "C": "degC", "F": "degF",
}  # fmt: skip
_REFUSED: Final[Mapping[str, str]] = {"C": "degC", "F": "degF"}
"""Coulomb and farad to pint, always a slip in a process plant."""
_DIFFERENCES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("degC", "°C", "℃", "celsius"), "delta_degC"),
    **dict.fromkeys(("degF", "°F"), "delta_degF"),
    "barg": "bar",
    "mbarg": "mbar",
}
_TOKEN: Final = re.compile(r"\s*(?:(\*\*|\^)\s*(-?\d)|([A-Za-zµΩ°℃€%_]+\d?)|([*/()·])|(1))")
_QUANTITY: Final = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*", re.DOTALL)


class UnitError(ValueError):
    """A unit is unknown or of the wrong kind. ``code`` is of ``CODES``, ``hint`` says what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Unit:
    """``base = value * factor + offset``, in SI base units."""

    text: str
    dimensions: Dimensions
    factor: float
    offset: float = 0.0

    @property
    def of_differences(self) -> Unit:
        """The unit of a difference of two such values: the same without the offset."""
        name = _DIFFERENCES.get(self.text, self.text)
        return Unit(name, self.dimensions, self.factor)

    def like(self, other: Unit) -> bool:
        """Return whether a number means the same in both."""
        same = self.dimensions == other.dimensions and math.isclose(self.factor, other.factor, rel_tol=1e-9)
        return same and self.offset == other.offset

    def times(self, other: Unit, exponent: int = 1) -> Unit:
        """Return the product with ``other ** exponent``, differences where a unit has an offset."""
        powers = dict(self.dimensions)
        for name, power in other.dimensions:
            powers[name] = powers.get(name, 0) + power * exponent
        raised = other.of_differences.text + (f"**{abs(exponent)}" if abs(exponent) != 1 else "")
        text = f"{self.of_differences.text}{'*' if exponent > 0 else '/'}{raised}"
        return Unit(text, _sorted(powers), self.factor * other.factor**exponent)


NUMBER: Final = Unit("1", (), 1.0)


def unit(text: str) -> Unit:
    """Return the unit that ``text`` names; raises UnitError."""
    if len(text) > TEXT_MAX:
        raise UnitError("E020", f"unit longer than {TEXT_MAX} characters")
    found = _parse(text.strip())
    if not (math.isfinite(found.factor) and found.factor > 0.0):
        raise UnitError("E020", f"unknown unit {text!r}")
    return found


def point(value: float | str, wanted: Unit) -> float:
    """Return a position on the scale of ``wanted`` (365 K is 91.85 degC). A bare number is in ``wanted`` already."""
    return _convert(value, wanted, wanted)


def difference(value: float | str, wanted: Unit) -> float:
    """Return a distance on the scale of ``wanted``: 5 degC and 5 delta_degC both mean five degrees."""
    return _convert(value, wanted.of_differences, wanted.of_differences, points=False)


def rate(value: float | str, wanted: Unit, per: str) -> float:
    """Return a change of ``wanted`` per ``per`` (``min``, ``s``); a bare number is in just that."""
    slope = wanted.of_differences.times(unit(per), -1)
    shown = Unit(f"{wanted.of_differences.text}/{per}", slope.dimensions, slope.factor)
    return _convert(value, shown, shown, points=False)


def seconds(value: float | str) -> float:
    """Return a time in seconds; a bare number is in seconds already."""
    return _convert(value, unit("s"), unit("s"))


def quantity(value: float | str) -> tuple[float, Unit]:
    """Return number and unit of a value that must carry one; raises UnitError."""
    number, text = _split(value)
    if text is None:
        raise UnitError("E022", "a unit is needed here", "such as 48 EUR/MWh or 10.3 kWh/m**3")
    return number, unit(text)


def tidy(value: float) -> float:
    """Return ``value`` without the rounding of the last digit that conversion factors leave."""
    return float(f"{value:.15g}")


def _convert(value: float | str, bare: Unit, wanted: Unit, *, points: bool = True) -> float:
    number, text = _split(value)
    if text is None:
        given = bare
    else:
        given = unit(text)
        if not points:
            given = given.of_differences
    if given.dimensions != wanted.dimensions:
        raise UnitError("E021", f"{given.text} is not a unit of the same kind as {wanted.text}", f"use {wanted.text}")
    if (given.factor, given.offset) == (wanted.factor, wanted.offset):
        return number
    return tidy((number * given.factor + given.offset - wanted.offset) / wanted.factor)


def _split(value: float | str) -> tuple[float, str | None]:
    if not isinstance(value, str):
        return float(value), None
    match = _QUANTITY.fullmatch(value)
    number = float(match[1]) if match else math.inf
    if match is None or not math.isfinite(number):
        raise UnitError("E012", f"{value[:TEXT_MAX]!r} is not a number with a unit", _FORM)
    if no_unit(match[2]):
        raise UnitError("E012", f"{value[:TEXT_MAX]!r} is not a number with a unit", wanted_number(value) or _FORM)
    return number, match[2] or None


@functools.cache
def _parse(text: str) -> Unit:
    tokens = _tokens(text)
    found, rest = _product(tokens, text)
    if rest:
        raise UnitError("E020", f"unknown unit {text!r}", "write it like kg/h or m**3/h")
    return Unit(text, found.dimensions, found.factor, found.offset)


def _tokens(text: str) -> tuple[str, ...]:
    flat = text.replace("²", "2").replace("³", "3")
    tokens: list[str] = []
    at = 0
    while at < len(flat):
        match = _TOKEN.match(flat, at)
        if match is None:
            raise UnitError("E020", f"unknown unit {text!r}", _advice(text))
        power, name, sign, one = match.group(2), match.group(3), match.group(4), match.group(5)
        tokens.append(f"^{power}" if power is not None else name or ("*" if sign == "·" else sign) or one)
        at = match.end()
    return tuple(tokens)


def _product(tokens: tuple[str, ...], text: str, depth: int = 0) -> tuple[Unit, tuple[str, ...]]:
    """Read ``factor (('*' | '/') factor)*``; return it and the tokens that are left."""
    found, rest = _factor(tokens, text, depth)
    while rest and rest[0] in ("*", "/"):
        other, after = _factor(rest[1:], text, depth)
        found = found.times(other, 1 if rest[0] == "*" else -1)
        rest = after
    return found, rest


def _factor(tokens: tuple[str, ...], text: str, depth: int) -> tuple[Unit, tuple[str, ...]]:
    if not tokens or depth > _BRACKETS_MAX:
        raise UnitError("E020", f"unknown unit {text!r}", _advice(text))
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        found, rest = _product(rest, text, depth + 1)
        if not rest or rest[0] != ")":
            raise UnitError("E020", f"unknown unit {text!r}: a bracket is open")
        rest = rest[1:]
    elif head == "1":
        found = NUMBER
    elif head[0] in "^*/)":
        raise UnitError("E020", f"unknown unit {text!r}", "write it like kg/h or m**3/h")
    else:
        found = _name(head)
    if rest and rest[0].startswith("^"):
        found, rest = NUMBER.times(found, int(rest[0][1:])), rest[1:]
    return found, rest


def _name(word: str) -> Unit:
    """Return a single unit; ``m3`` is understood as ``m**3`` where there is no unit of that name."""
    power = word[-1] in "23" and _ALIASES.get(word[:-1], word[:-1]) in KNOWN and word not in KNOWN
    known = None if word in _REFUSED or power else _look_up(_ALIASES.get(word, word))
    if known is None and word[-1] in "23":
        base = _look_up(_ALIASES.get(word[:-1], word[:-1]))
        known = NUMBER.times(base, int(word[-1])) if base is not None else None
    if known is None:
        raise UnitError("E020", f"unknown unit {word!r}", _advice(word))
    return Unit(word, known.dimensions, known.factor, known.offset)


def _advice(word: str) -> str:
    near = _REFUSED.get(word) or nearest(word, _COMMON)
    return f"did you mean {near!r}?" if near else "write it like kg/h, m**3/h, degC or EUR/MWh"


def _sorted(powers: Mapping[str, int]) -> Dimensions:
    return tuple(sorted((name, power) for name, power in powers.items() if power))


@functools.cache
def _registry() -> UnitRegistry[float]:
    from pint import UnitRegistry  # noqa: PLC0415 - slow, and most commands never meet a unit

    registry: UnitRegistry[float] = UnitRegistry(cache_folder=None)
    for line in _OWN:
        registry.define(line)
    return registry


def _look_up(word: str) -> Unit | None:
    return Unit(word, *KNOWN[word]) if word in KNOWN else from_pint(word)


@functools.cache
def from_pint(word: str) -> Unit | None:
    """Return what pint knows of one name; None where it knows nothing, or nothing linear."""
    from pint.errors import PintError  # noqa: PLC0415

    if not word or word.startswith("_"):
        return None
    registry = _registry()
    try:
        zero = registry.Quantity(0.0, word).to_base_units()
        one = registry.Quantity(1.0, word).to_base_units()
        two = registry.Quantity(2.0, word).to_base_units()
        if not math.isclose(two.magnitude - one.magnitude, one.magnitude - zero.magnitude, rel_tol=1e-9):
            return None  # decibels and the like
        many = registry.Quantity(_MANY, word).to_base_units()
    except (PintError, ValueError):  # the latter for words like "nan", which pint takes for numbers
        return None
    # Many at once, so that rounding against the offset costs no digits of the factor.
    offset = float(zero.magnitude)
    factor = (float(many.magnitude) - offset) / _MANY if offset else float(one.magnitude)
    dimensions: dict[str, int] = {}
    for name, power in one.dimensionality.items():
        whole = round(float(str(power)))
        if power != whole:
            return None
        dimensions[str(name)] = whole
    return Unit(word, _sorted(dimensions), factor, offset)
