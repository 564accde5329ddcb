"""Whether an expression is convex, judged without calculating: rules of composition over boxes.

The rules are those of disciplined convex programming (Grant, Boyd & Ye, in: Global Optimization, Springer 2006): what
they call convex is convex; what they cannot tell is not called so. Signs come from the ranges of the variables by
interval arithmetic, so that ``1 / flow`` is convex where the flow's limits are above 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from constraints.plantfile.bounds import Interval
from safety.grammar import Node

Curvature = Literal["constant", "affine", "convex", "concave", "unknown"]
_ANY: Final[Interval] = (-math.inf, math.inf)
_FLIPPED: Final[Mapping[Curvature, Curvature]] = {
    "constant": "constant", "affine": "affine", "convex": "concave", "concave": "convex", "unknown": "unknown",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """How an expression bends, and between which numbers it lies."""

    curvature: Curvature
    range: Interval = _ANY


@dataclass(frozen=True, slots=True)
class Judged:
    """The shape of the whole, and the part at which convexity ends; None where it does not."""

    shape: Shape
    at: Node | None


def judged(node: Node, ranges: Mapping[str, Interval], fixed: Collection[str] = ()) -> Judged:
    """Return how ``node`` bends while every variable stays inside its range; ``fixed`` ones are known numbers."""
    worst: list[Node] = []

    def shape(part: Node) -> Shape:
        if part.op == "number":
            return Shape("constant", (part.number, part.number))
        if part.op == "tag":
            return Shape("constant" if part.tag in fixed else "affine", ranges.get(part.tag, _ANY))
        parts = [shape(each) for each in part.args]
        found = _shape(part, parts)
        if found.curvature == "unknown" and all(each.curvature != "unknown" for each in parts):
            worst.append(part)
        return found

    whole = shape(node)
    return Judged(whole, worst[0] if worst else None)


def _shape(node: Node, parts: list[Shape]) -> Shape:
    if node.op in ("min", "max", "avg", "median"):
        return _gathered(node, parts)
    rule = _RULES.get(node.op)
    return rule(node, parts) if rule is not None else Shape("unknown")


def _sum(_: Node, parts: list[Shape]) -> Shape:
    (a, b), (c, d) = parts[0].range, parts[1].range
    ends = a + c, b + d
    return Shape(_added([each.curvature for each in parts]), _ANY if any(map(math.isnan, ends)) else ends)


def _difference(node: Node, parts: list[Shape]) -> Shape:
    return _sum(node, [parts[0], _scaled(parts[1], -1.0)])


def _product(node: Node, parts: list[Shape]) -> Shape:
    one, other = parts
    if one.curvature == "constant":
        return _times(other, one.range)
    if other.curvature == "constant":
        return _times(one, other.range)
    if node.args[0] == node.args[1]:
        return _power_of(one, 2.0)
    return Shape("unknown", _span([x * y for x in one.range for y in other.range]))


def _quotient(_: Node, parts: list[Shape]) -> Shape:
    one, other = parts
    low, high = other.range
    if other.curvature == "constant":
        return Shape("unknown") if low <= 0.0 <= high else _times(one, (1.0 / high, 1.0 / low))
    if one.curvature == "constant":
        return _times(_power_of(other, -1.0), one.range)
    return Shape("unknown")


def _raised(node: Node, parts: list[Shape]) -> Shape:
    return _power_of(parts[0], node.args[1].number)


def _magnitude(_: Node, parts: list[Shape]) -> Shape:
    (low, high), curvature = parts[0].range, parts[0].curvature
    if low >= 0.0:
        return parts[0]
    if high <= 0.0:
        return _scaled(parts[0], -1.0)
    bends: Curvature = curvature if curvature == "constant" else "convex" if curvature == "affine" else "unknown"
    return Shape(bends, (0.0, max(-low, high)))


_RULES: Final[Mapping[str, Callable[[Node, list[Shape]], Shape]]] = {
    "+": _sum, "-": _difference, "*": _product, "/": _quotient, "**": _raised, "abs": _magnitude,
}  # fmt: skip


def _gathered(node: Node, parts: list[Shape]) -> Shape:
    lows, highs = [each.range[0] for each in parts], [each.range[1] for each in parts]
    if all(each.curvature == "constant" for each in parts):
        return Shape("constant", (min(lows), max(highs)))
    if node.op == "avg":
        added = _added([each.curvature for each in parts])
        ends = sum(lows) / len(parts), sum(highs) / len(parts)
        return Shape(added, _ANY if any(map(math.isnan, ends)) else ends)
    if node.op == "median":
        return Shape("unknown", (min(lows), max(highs)))
    wanted: Curvature = "convex" if node.op == "max" else "concave"
    fits = all(each.curvature in ("constant", "affine", wanted) for each in parts)
    pick = max if node.op == "max" else min
    return Shape(wanted if fits else "unknown", (pick(lows), pick(highs)))


def _times(shape: Shape, by: Interval) -> Shape:
    """Return ``shape`` times something that is constant, but only known to lie in ``by``."""
    if by[0] == by[1]:
        return _scaled(shape, by[0])
    ends = _span([x * y for x in shape.range for y in by])
    if by[0] >= 0.0 or shape.curvature in ("constant", "affine"):
        return Shape(shape.curvature, ends)
    return Shape(_FLIPPED[shape.curvature] if by[1] <= 0.0 else "unknown", ends)


def _scaled(shape: Shape, factor: float) -> Shape:
    if factor == 0.0:
        return Shape("constant", (0.0, 0.0))
    low, high = sorted((shape.range[0] * factor, shape.range[1] * factor))
    return Shape(shape.curvature if factor > 0.0 else _FLIPPED[shape.curvature], (low, high))


def _added(curvatures: list[Curvature]) -> Curvature:
    found = set(curvatures) - {"constant"}
    if not found:
        return "constant"
    found -= {"affine"}
    if not found:
        return "affine"
    return next(iter(found)) if len(found) == 1 else "unknown"


def _power_of(base: Shape, exponent: float) -> Shape:
    low, high = base.range
    if exponent == 1.0:
        return base
    if exponent == 0.0 or (base.curvature == "constant" and (low == high or low > 0.0)):
        return Shape("constant", _span([_pow(each, exponent) for each in base.range]))
    if base.curvature == "constant":
        return Shape("constant")
    even = exponent > 0.0 and exponent % 2.0 == 0.0
    if low < 0.0 and even and base.curvature == "affine":
        top = max(_pow(low, exponent), _pow(high, exponent))
        return Shape("convex", (0.0 if high >= 0.0 else _pow(high, exponent), top))
    if low < 0.0 or (exponent < 0.0 and low <= 0.0):
        return Shape("unknown")
    inside = _span([_pow(low, exponent), _pow(high, exponent)])
    # on the positive side: rising and convex from 1 on, rising and concave below, falling and convex below 0
    of: Curvature = "concave" if 0.0 < exponent < 1.0 else "convex"
    kept = {"affine", "concave"} if exponent < 1.0 else {"affine", "convex"}
    return Shape(of if base.curvature in kept else "unknown", inside)


def _pow(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError):
        return math.inf


def _span(ends: list[float]) -> Interval:
    return _ANY if any(math.isnan(end) for end in ends) else (min(ends), max(ends))
