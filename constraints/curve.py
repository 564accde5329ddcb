"""A nonlinear expression of an engineer: its value, and its exact derivative, at a point.

Derivatives are carried along with values, operation by operation (forward mode; Griewank & Walther, Evaluating
Derivatives, 2nd ed. 2008, chapter 3): no differences, no step to choose, the same bits at every replay. Where an
operation has a corner (``abs``, ``min``, ``max``, ``median``), the derivative is that of the part that holds there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from safety.grammar import Node

Gradient = dict[str, float]


@dataclass(frozen=True, slots=True)
class Tangent:
    """A value and its derivative by each variable."""

    value: float
    slope: Mapping[str, float]


class NotFiniteError(ValueError):
    """The expression has no finite value or slope here: a division by zero, a root of a negative number."""


def tangent(node: Node, at: Mapping[str, float]) -> Tangent:
    """Return value and derivative of a number ``node`` at ``at`` (by name of its tags).

    Raises NotFiniteError where there is none, KeyError for a name that ``at`` lacks, ValueError for what is no function
    of values alone (``rate``, ``age``, ...).
    """
    try:
        value, slope = _dual(node, at)
    except (ZeroDivisionError, OverflowError) as error:
        raise NotFiniteError(str(error)) from error
    if not math.isfinite(value) or not all(map(math.isfinite, slope.values())):
        raise NotFiniteError("not a finite number")
    return Tangent(value, slope)


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """Return ``node`` with its tags called otherwise."""
    args = tuple(renamed(each, names) for each in node.args)
    return Node(node.op, args, names.get(node.tag, node.tag), node.number, node.column)


def variables(node: Node) -> tuple[str, ...]:
    """Return every tag of ``node``, each once, in the order in which they stand."""
    found = [node.tag] if node.tag else []
    return tuple(dict.fromkeys((*found, *(name for each in node.args for name in variables(each)))))


def _dual(node: Node, at: Mapping[str, float]) -> tuple[float, Gradient]:
    if node.op == "number":
        return node.number, {}
    if node.op == "tag":
        return at[node.tag], {node.tag: 1.0}
    parts = [_dual(each, at) for each in node.args]
    if node.op in ("min", "max", "median"):
        return _picked(node.op, sorted(parts, key=_value))
    values, slopes = [value for value, _ in parts], [slope for _, slope in parts]
    match node.op:
        case "+":
            found = values[0] + values[1], _mix((1.0, slopes[0]), (1.0, slopes[1]))
        case "-":
            found = values[0] - values[1], _mix((1.0, slopes[0]), (-1.0, slopes[1]))
        case "*":
            found = values[0] * values[1], _mix((values[1], slopes[0]), (values[0], slopes[1]))
        case "/":
            one, other = values
            found = one / other, _mix((1.0 / other, slopes[0]), (-one / (other * other), slopes[1]))
        case "**":
            found = _power(values[0], values[1], slopes[0])
        case "abs":
            found = abs(values[0]), _mix((-1.0 if values[0] < 0.0 else 1.0, slopes[0]))
        case "avg":
            found = math.fsum(values) / len(values), _mix(*((1.0 / len(parts), slope) for slope in slopes))
        case _:
            raise ValueError(f"{node.op} is not a function of values alone")
    return found


def _picked(op: str, ordered: list[tuple[float, Gradient]]) -> tuple[float, Gradient]:
    middle = len(ordered) // 2
    if op != "median":
        return ordered[0 if op == "min" else -1]
    if len(ordered) % 2:
        return ordered[middle]
    (one, a), (other, b) = ordered[middle - 1 : middle + 1]
    return (one + other) / 2.0, _mix((0.5, a), (0.5, b))


def _value(part: tuple[float, Gradient]) -> float:
    return part[0]


def _power(base: float, exponent: float, slope: Gradient) -> tuple[float, Gradient]:
    try:
        value = math.pow(base, exponent)
        steep = exponent * math.pow(base, exponent - 1.0) if slope and exponent != 0.0 else 0.0
    except ValueError as error:
        raise NotFiniteError(f"{base:g} ** {exponent:g}") from error
    return value, _mix((steep, slope))


def _mix(*terms: tuple[float, Gradient]) -> Gradient:
    total: Gradient = {}
    for factor, slope in terms:
        for name, value in slope.items():
            total[name] = total.get(name, 0.0) + factor * value
    return total
