"""The unit of every part of an expression, and where units stop fitting.

Temperatures in degC and gauge pressures are positions on a scale that begins at a place of its own: a position minus a
position is a difference, position plus difference a position, and no position is a factor. Numbers stand for whatever
unit is needed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from constraints.plantfile.units import NUMBER, Unit, unit
from safety.grammar import COMPARISONS, Node

QUALITY: Final = Unit("quality", (), 1.0)
"""What ``quality(tag)`` is in: OPC's numbers, 0 to 192."""
_VERBS: Final = {"+": "adds", "-": "subtracts"}
_ROOT_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Units that do not fit, in the part that begins at ``column``."""

    column: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Measure:
    """What a part of an expression is measured in."""

    unit: Unit | None
    """None where it is not known: a plain number, or something times one."""
    points: int = 0
    """How many positions it is the sum of; 0 = none: a plain quantity or a difference."""

    @property
    def shown(self) -> str:
        found = self.unit if self.unit is not None else NUMBER
        return found.text if self.points <= 1 else f"a sum of {self.points} {found.text}"


_UNKNOWN: Final = _Measure(None)


def mismatches(root: Node, known: Mapping[str, Unit]) -> tuple[Mismatch, ...]:
    """Return every place where units do not fit, innermost first; ``known`` are the units of tags."""
    found: list[Mismatch] = []
    _measure(root, known, found)
    return tuple(found)


def unit_of(root: Node, known: Mapping[str, Unit]) -> Unit | None:
    """Return the unit of a number; None where it is not known: a plain number, a product with one, a sum of points."""
    found = _measure(root, known, [])
    return found.unit if found.points <= 1 else None


def unit_of_sides(root: Node, known: Mapping[str, Unit]) -> str:
    """Return the unit of a difference of both sides of the first comparison in ``root``; empty where none tells."""
    if root.op in COMPARISONS:
        sides = (_measure(each, known, []) for each in root.args)
        return next((each.unit.of_differences.text for each in sides if each.unit is not None), "")
    return next((text for each in root.args if (text := unit_of_sides(each, known))), "")


def _measure(node: Node, known: Mapping[str, Unit], found: list[Mismatch]) -> _Measure:
    if node.tag or node.op == "age":
        return _of_tag(node, known)
    parts = [(each, _measure(each, known, found)) for each in node.args]
    before = len(found)
    match node.op:
        case "+" | "-" | "min" | "max" | "avg" | "median" | "abs":
            wrong = _unlike(node, parts)
            result = _summed(node, [measure for _, measure in parts])
        case "*" | "/":
            wrong = _position(node, parts)
            result = _product(node, [measure for _, measure in parts])
        case "**":
            wrong = _position(node, parts)
            result = _power(parts[0][1], node.args[1].number)
        case _:
            wrong = _unlike(node, parts) if node.op in COMPARISONS else None
            result = _UNKNOWN
    if wrong is not None:
        found.append(wrong)
    return result if len(found) == before else _UNKNOWN  # one slip is told once


def _of_tag(node: Node, known: Mapping[str, Unit]) -> _Measure:
    found = known.get(node.tag)
    match node.op:
        case "tag" if found is not None:
            return _Measure(found, int(found.has_zero))
        case "delta" if found is not None:
            return _Measure(found.of_differences)
        case "rate" if found is not None:
            return _Measure(found.of_differences.times(unit("min"), -1))
        case "age":
            return _Measure(unit("s"))
        case "quality":
            return _Measure(QUALITY)
    return _UNKNOWN


def _summed(node: Node, parts: list[_Measure]) -> _Measure:
    given = [each for each in parts if each.unit is not None]
    if not given:
        return _UNKNOWN
    signs = [1 if i == 0 or node.op == "+" else -1 for i in range(len(parts))]
    points = max(each.points for each in given)
    if node.op in _VERBS:
        points = sum(sign * each.points for sign, each in zip(signs, parts, strict=True))
    if points < 0:
        return _UNKNOWN  # such as 100 - T: what it stands for is the engineer's to know
    scale = next((each.unit for each in given if each.points), given[0].unit)
    if scale is None or points:
        return _Measure(scale, points)
    return _Measure(scale.of_differences)


def _product(node: Node, parts: list[_Measure]) -> _Measure:
    one, other = parts
    if one.unit is None or other.unit is None:
        return _UNKNOWN
    return _Measure(one.unit.times(other.unit, 1 if node.op == "*" else -1))


def _power(base: _Measure, exponent: float) -> _Measure:
    if base.unit is None:
        return _UNKNOWN
    whole = Fraction(exponent).limit_denominator(_ROOT_MAX)
    return _Measure(NUMBER.times(base.unit, whole)) if float(whole) == exponent else _UNKNOWN


def _unlike(node: Node, parts: list[tuple[Node, _Measure]]) -> Mismatch | None:
    """Return what two neighbours with a unit do not share."""
    with_unit = [(part, each) for part, each in parts if each.unit is not None]
    for (left, one), (right, other) in itertools.pairwise(with_unit):
        if not _alike(node.op, one, other):
            verb = "compares" if node.op in COMPARISONS else _VERBS.get(node.op, "mixes")
            message = f"{verb} {_named(one, left)} and {_named(other, right)}"
            return Mismatch(node.column, message, _advice(one, other))
    return None


def _alike(op: str, one: _Measure, other: _Measure) -> bool:
    a, b = one.unit, other.unit
    if a is None or b is None:
        return True
    if a.dimensions != b.dimensions or not math.isclose(a.factor, b.factor, rel_tol=1e-9):
        return False
    if one.points and other.points and a.offset != b.offset:
        return False
    if op not in _VERBS:
        return one.points == other.points
    # An absolute pressure is no difference that could be taken from a gauge pressure.
    return not (one.points != other.points and "absolute" in (a.zero, b.zero))


def _advice(one: _Measure, other: _Measure) -> str:
    a, b = one.unit, other.unit
    if a is None or b is None or a.dimensions != b.dimensions:
        return ""
    if a.factor == b.factor and "gauge" in (a.zero, b.zero):
        return "a gauge and another pressure begin at different places: use tags of one kind"
    return "expressions do not convert: use tags in one unit, or a factor"


def _position(node: Node, parts: list[tuple[Node, _Measure]]) -> Mismatch | None:
    """Return where a position is multiplied by something that varies, divided by, or raised to a power."""
    if node.op == "**" and node.args[1].number == 1.0:
        return None
    for i, (part, each) in enumerate(parts):
        others_vary = any(_varies(other) for k, (other, _) in enumerate(parts) if k != i)
        if not each.points or each.unit is None or not (others_vary or node.op == "**" or (node.op == "/" and i == 1)):
            continue
        verb = {"*": "multiplies", "**": "raises to a power"}.get(node.op, "divides" if i == 0 else "divides by")
        kind, hint = "a temperature", "use a difference such as T_in - T_out, or a tag in K"
        if each.unit.zero == "gauge":
            kind, hint = "a gauge pressure", "use a difference, or a tag of absolute pressure such as bara"
        message = f"{verb} {_named(each, part)}: {kind} in {each.unit.text} is no factor"
        return Mismatch(node.column, message, hint)
    return None


def _varies(node: Node) -> bool:
    return bool(node.tag) or node.op == "age" or any(_varies(each) for each in node.args)


def _named(found: _Measure, node: Node) -> str:
    name = _first_tag(node)
    return f"{found.shown} ({name})" if name else found.shown


def _first_tag(node: Node) -> str:
    return node.tag or next((name for each in node.args if (name := _first_tag(each))), "")
