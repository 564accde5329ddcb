"""The text of a unit -> dimensions and factor.

Pint knows most names and prefixes (it is loaded at the first name that is not in ``unit_table``, about 0.5 s),
``unitnames`` the others; the grammar, the algebra and the difference between a temperature and a temperature
difference are ours, so nothing of pint leaves this module. A plant file may contain any text, so the grammar is small:
names, ``*``, ``/``, whole exponents, brackets.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from constraints.plantfile import unitnames
from constraints.plantfile.issues import nearest
from constraints.plantfile.unit_table import KNOWN, Dimensions
from constraints.plantfile.unitnames import USUAL, Conditions

if TYPE_CHECKING:
    from pint import UnitRegistry

TEXT_MAX: Final = 60
_BRACKETS_MAX: Final = 4
_MANY: Final = 2.0**20

_DIFFERENCES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("degC", "°C", "℃", "celsius"), "delta_degC"),
    **dict.fromkeys(("degF", "°F", "℉"), "delta_degF"),
    **unitnames.GAUGE,
    **unitnames.ABSOLUTE,
}
_TOKEN: Final = re.compile(r"\s*(?:(\*\*|\^)\s*(-?\d)|([A-Za-zµΩ°℃℉€%Δ_]+(?:\d[A-Za-z_]+)*\d?)|([*/()·])|(1))")
_PRESSURE_MARK: Final = re.compile(r"\b(m?bar|[hkM]?Pa|psi)\s*\(\s*([gGaA])\s*\)")

Zero = Literal["", "own", "gauge", "absolute", "difference"]
"""Where a scale begins: at its own place (degC), at ambient or no pressure, nowhere (a difference), or not said."""


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
    zero: Zero = ""

    @property
    def of_differences(self) -> Unit:
        """The unit of a difference of two such values: the same without the offset."""
        name = _DIFFERENCES.get(self.text, self.text)
        return Unit(name, self.dimensions, self.factor)

    def like(self, other: Unit) -> bool:
        """Return whether a number means the same in both."""
        same = self.dimensions == other.dimensions and math.isclose(self.factor, other.factor, rel_tol=1e-9)
        return same and self.offset == other.offset

    @property
    def has_zero(self) -> bool:
        """Whether its values are positions on a scale with a zero of its own, so that ratios mean nothing."""
        return self.zero in ("own", "gauge")

    def times(self, other: Unit, exponent: int | Fraction = 1) -> Unit:
        """Return the product with ``other ** exponent``, differences where a unit has an offset."""
        powers = dict(self.dimensions)
        for name, power in other.dimensions:
            powers[name] = powers.get(name, 0) + power * exponent
        try:
            factor = self.factor * float(other.factor**exponent)
        except OverflowError:
            factor = math.inf
        raised = other.of_differences.text + (f"**{abs(exponent)}" if abs(exponent) != 1 else "")
        text = f"{self.of_differences.text}{'*' if exponent > 0 else '/'}{raised}"
        if self is NUMBER and exponent > 0:
            text = raised
        return Unit(text, _sorted(powers), factor)


NUMBER: Final = Unit("1", (), 1.0)


def unit(text: str, conditions: Conditions = USUAL) -> Unit:
    """Return the unit that ``text`` names; raises UnitError.

    ``conditions`` say where gauge pressures begin and at which state gas volumes are counted.
    """
    if len(text) > TEXT_MAX:
        raise UnitError("E020", f"unit longer than {TEXT_MAX} characters")
    found = _parse(text.strip(), conditions)
    if not (math.isfinite(found.factor) and found.factor > 0.0):
        raise UnitError("E020", f"unknown unit {text!r}")
    return found


def tidy(value: float) -> float:
    """Return ``value`` without the rounding of the last digit that conversion factors leave."""
    return float(f"{value:.15g}")


@functools.cache
def _parse(text: str, conditions: Conditions) -> Unit:
    found, rest = _product(_tokens(text), _Reading(text, conditions))
    if rest:
        raise UnitError("E020", f"unknown unit {text!r}", "write it like kg/h or m**3/h")
    return replace(found, text=_PRESSURE_MARK.sub(r"\1\2", text))


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    conditions: Conditions


def _tokens(text: str) -> tuple[str, ...]:
    flat = _PRESSURE_MARK.sub(r"\1\2", text.replace("²", "2").replace("³", "3"))
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


def _product(tokens: tuple[str, ...], of: _Reading, depth: int = 0) -> tuple[Unit, tuple[str, ...]]:
    """Read ``factor (('*' | '/') factor)*``; return it and the tokens that are left."""
    found, rest = _factor(tokens, of, depth)
    while rest and rest[0] in ("*", "/"):
        other, after = _factor(rest[1:], of, depth)
        found = found.times(other, 1 if rest[0] == "*" else -1)
        rest = after
    return found, rest


def _factor(tokens: tuple[str, ...], of: _Reading, depth: int) -> tuple[Unit, tuple[str, ...]]:
    if not tokens or depth > _BRACKETS_MAX:
        raise UnitError("E020", f"unknown unit {of.text!r}", _advice(of.text))
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        found, rest = _product(rest, of, depth + 1)
        if not rest or rest[0] != ")":
            raise UnitError("E020", f"unknown unit {of.text!r}: a bracket is open")
        rest = rest[1:]
    elif head == "1":
        found = NUMBER
    elif head[0] in "^*/)":
        raise UnitError("E020", f"unknown unit {of.text!r}", "write it like kg/h or m**3/h")
    else:
        found = _name(head, of.conditions)
    if rest and rest[0].startswith("^"):
        found, rest = NUMBER.times(found, int(rest[0][1:])), rest[1:]
    return found, rest


def _name(word: str, conditions: Conditions) -> Unit:
    """Return a single unit; ``m3`` is understood as ``m**3`` where there is no unit of that name."""
    known = None if word in unitnames.REFUSED or _is_power(word, conditions) else _known(word, conditions)
    if known is None and word[-1] in "23" and word not in unitnames.REFUSED:
        base = _known(word[:-1], conditions) if word[:-1] not in unitnames.REFUSED else None
        known = NUMBER.times(base, int(word[-1])) if base is not None else None
    if known is None:
        raise UnitError("E020", f"unknown unit {word!r}", _advice(word))
    return replace(known, text=word)


def _is_power(word: str, conditions: Conditions) -> bool:
    """Return whether ``word`` is a common unit with an exponent: found without asking pint for ``m3`` first."""
    base = unitnames.ALIASES.get(word[:-1], word[:-1])
    return word[-1] in "23" and base in KNOWN and word not in KNOWN and unitnames.own_unit(word, conditions) is None


def _known(word: str, conditions: Conditions) -> Unit | None:
    meant = unitnames.ALIASES.get(word, word)
    if not meant.isidentifier() and meant != word:
        return _parse(meant, conditions)
    own = unitnames.own_unit(meant, conditions)
    if own is None:
        return _look_up(meant)
    zero: Zero = "gauge" if meant in unitnames.GAUGE else "absolute" if meant in unitnames.ABSOLUTE else ""
    return Unit(meant, own.dimensions, own.factor, own.offset, zero)


def _advice(word: str) -> str:
    said = unitnames.REFUSED.get(word)
    near = nearest(word, unitnames.COMMON)
    return said or (f"did you mean {near!r}?" if near else "write it like kg/h, m**3/h, degC or EUR/MWh")


def _sorted(powers: Mapping[str, int | Fraction]) -> Dimensions:
    return tuple(sorted((name, power) for name, power in powers.items() if power))


@functools.cache
def _registry() -> UnitRegistry[float]:
    from pint import UnitRegistry  # noqa: PLC0415 - slow, and most commands never meet a unit

    registry: UnitRegistry[float] = UnitRegistry(cache_folder=None)
    for line in unitnames.PINT_DEFINITIONS:
        registry.define(line)
    return registry


def _look_up(word: str) -> Unit | None:
    return from_table(word) if word in KNOWN else from_pint(word)


def from_table(word: str) -> Unit:
    """Return a unit of ``KNOWN``."""
    dimensions, factor, offset = KNOWN[word]
    return Unit(word, dimensions, factor, offset, _begins(word, offset))


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
    factor = tidy((float(many.magnitude) - offset) / _MANY) if offset else float(one.magnitude)
    dimensions: dict[str, int | Fraction] = {}
    for name, power in one.dimensionality.items():
        whole = round(float(str(power)))
        if power != whole:
            return None
        dimensions[str(name)] = whole
    return Unit(word, _sorted(dimensions), factor, offset, _begins(word, offset))


def _begins(word: str, offset: float) -> Zero:
    return "own" if offset else "difference" if word.startswith("delta_") else ""
