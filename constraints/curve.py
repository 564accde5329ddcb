"""A nonlinear expression of an engineer: its value, and its exact first and second derivatives, at a point.

Derivatives are carried along with values, operation by operation (forward mode; Griewank & Walther, Evaluating
Derivatives, 2nd ed. 2008, chapters 3 and 13): no differences, no step to choose, the same bits at every replay. Where
an operation has a corner (``abs``, ``min``, ``max``, ``median``), they are those of the part that holds there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from safety.grammar import Node

Bend = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One constraint that is not affine: ``above <= 0``, over MVs, CVs and DVs by name."""

    name: str
    above: Node
    variables: tuple[str, ...]
    use: Literal["linearised", "monitor"]
    """``linearised``: held as its tangent of each cycle; ``monitor``: looked at and told, never held."""
    convex: bool
    rank: int = 5
    concern: float = 1.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Tangent:
    """A value and its derivatives by each variable."""

    value: float
    slope: Mapping[str, float]
    bend: Mapping[tuple[str, str], float]
    """Second derivatives, by both variables either way round; what is missing is 0."""


class NotFiniteError(ValueError):
    """The expression has no finite value or slope here: a division by zero, a root of a negative number."""


def tangent(node: Node, at: Mapping[str, float]) -> Tangent:
    """Return value and derivatives of a number ``node`` at ``at`` (by name of its tags).

    Raises NotFiniteError where there are none, KeyError for a name that ``at`` lacks, ValueError for what is no
    function of values alone (``rate``, ``age``, ...).
    """
    try:
        found = _tangent(node, at)
    except (ZeroDivisionError, OverflowError) as error:
        raise NotFiniteError(str(error)) from error
    if not all(map(math.isfinite, (found.value, *found.slope.values()))):
        raise NotFiniteError("not a finite number")
    return found if all(map(math.isfinite, found.bend.values())) else Tangent(found.value, found.slope, {})


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """Return ``node`` with its tags called otherwise."""
    args = tuple(renamed(each, names) for each in node.args)
    return Node(node.op, args, names.get(node.tag, node.tag), node.number, node.column)


def variables(node: Node) -> tuple[str, ...]:
    """Return every tag of ``node``, each once, in the order in which they stand."""
    found = [node.tag] if node.tag else []
    return tuple(dict.fromkeys((*found, *(name for each in node.args for name in variables(each)))))


def _tangent(node: Node, at: Mapping[str, float]) -> Tangent:
    if node.op == "number":
        return Tangent(node.number, {}, {})
    if node.op == "tag":
        return Tangent(at[node.tag], {node.tag: 1.0}, {})
    parts = [_tangent(each, at) for each in node.args]
    if not parts:
        raise ValueError(f"{node.op} is not a function of values alone")
    if node.op in ("min", "max", "median"):
        return _picked(node.op, sorted(parts, key=_value))
    if node.op == "avg":
        total = math.fsum(each.value for each in parts)
        return _chain(total / len(parts), parts, [1.0 / len(parts)] * len(parts))
    if node.op == "abs":
        return _chain(abs(parts[0].value), parts, [-1.0 if parts[0].value < 0.0 else 1.0])
    if node.op == "**":
        return _power(parts[0], parts[1].value)
    return _of_two(node.op, parts)


def _of_two(op: str, parts: list[Tangent]) -> Tangent:
    one, other = parts[0].value, parts[1].value if len(parts) > 1 else 0.0
    match op:
        case "+":
            return _chain(one + other, parts, [1.0, 1.0])
        case "-":
            return _chain(one - other, parts, [1.0, -1.0])
        case "*":
            return _chain(one * other, parts, [other, one], {(0, 1): 1.0})
        case "/":
            ratio, inverse = one / other, 1.0 / other
            second = {(0, 1): -inverse * inverse, (1, 1): 2.0 * ratio * inverse * inverse}
            return _chain(ratio, parts, [inverse, -ratio * inverse], second)
    raise ValueError(f"{op} is not a function of values alone")


def _value(part: Tangent) -> float:
    return part.value


def _picked(op: str, ordered: list[Tangent]) -> Tangent:
    middle = len(ordered) // 2
    if op != "median":
        return ordered[0 if op == "min" else -1]
    if len(ordered) % 2:
        return ordered[middle]
    pair = ordered[middle - 1 : middle + 1]
    return _chain((pair[0].value + pair[1].value) / 2.0, pair, [0.5, 0.5])


def _power(base: Tangent, exponent: float) -> Tangent:
    try:
        value = math.pow(base.value, exponent)
    except ValueError as error:
        raise NotFiniteError(f"{base.value:g} ** {exponent:g}") from error
    factors = (exponent, exponent * (exponent - 1.0)) if base.slope else (0.0, 0.0)
    first, second = (
        factor * _steep(base.value, exponent - order) if factor else 0.0 for order, factor in enumerate(factors, 1)
    )
    return _chain(value, [base], [first], {(0, 0): second})


def _steep(base: float, exponent: float) -> float:
    return math.inf if base == 0.0 and exponent < 0.0 else math.pow(base, exponent)


def _chain(
    value: float,
    parts: Sequence[Tangent],
    first: Sequence[float],
    second: Mapping[tuple[int, int], float] | None = None,
) -> Tangent:
    """Return a function of ``parts`` by the chain rule; ``second`` are its second derivatives, each pair once."""
    slope: dict[str, float] = {}
    bend: Bend = {}
    for factor, part in zip(first, parts, strict=False):
        for name, each in part.slope.items():
            slope[name] = slope.get(name, 0.0) + factor * each
        for pair, each in part.bend.items():
            bend[pair] = bend.get(pair, 0.0) + factor * each
    for (i, j), factor in (second or {}).items():
        for one, a in parts[i].slope.items():
            for other, b in parts[j].slope.items():
                bend[one, other] = bend.get((one, other), 0.0) + factor * a * b
                if i != j:
                    bend[other, one] = bend.get((other, one), 0.0) + factor * a * b
    return Tangent(value, slope, bend)
