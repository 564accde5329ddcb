"""What a condition can come to while every tag stays inside its instrument range: both, or only one.

Interval arithmetic: too wide where a tag occurs twice, so "always" and "never" are certain and "both" is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from safety.grammar import Expression, Node

Interval = tuple[float, float]
_ANY: Interval = (-math.inf, math.inf)
_BOTH = frozenset({True, False})


def outcomes(expression: Expression, ranges: Mapping[str, Interval]) -> frozenset[bool]:
    """Return which truths the condition can take."""
    return _truth(expression.root, ranges)


def _truth(node: Node, ranges: Mapping[str, Interval]) -> frozenset[bool]:
    if node.op == "good":
        return _BOTH
    if node.op in ("and", "or", "chain", "not"):
        parts = [_truth(each, ranges) for each in node.args]
        if node.op == "not":
            return frozenset(not each for each in parts[0])
        return _combined(parts, decisive=node.op == "or")
    (low, high), (other_low, other_high) = (_number(each, ranges) for each in node.args)
    match node.op:
        case "<" | "<=" | ">" | ">=":
            if node.op in (">", ">="):
                low, high, other_low, other_high = other_low, other_high, low, high
            strict = node.op in ("<", ">")
            can = low < other_high if strict else low <= other_high
            must = high < other_low if strict else high <= other_low
        case _:
            can = low <= other_high and other_low <= high
            must = low == high == other_low == other_high
            if node.op == "!=":
                can, must = not must, not can
    if must:
        return frozenset({True})
    return _BOTH if can else frozenset({False})


def _combined(parts: list[frozenset[bool]], *, decisive: bool) -> frozenset[bool]:
    if any(part == {decisive} for part in parts):
        return frozenset({decisive})
    return _BOTH if any(decisive in part for part in parts) else frozenset({not decisive})


def _number(node: Node, ranges: Mapping[str, Interval]) -> Interval:
    if node.op == "number":
        return node.number, node.number
    if node.op == "tag":
        return ranges.get(node.tag, _ANY)
    if node.op == "age":
        return 0.0, math.inf
    if node.op in ("rate", "delta"):
        return _ANY
    parts = [_number(each, ranges) for each in node.args]
    match node.op:
        case "+":
            found = parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
        case "-":
            found = parts[0][0] - parts[1][1], parts[0][1] - parts[1][0]
        case "*":
            ends = [a * b for a in parts[0] for b in parts[1]]
            found = (min(ends), max(ends)) if not any(math.isnan(end) for end in ends) else _ANY
        case "abs":
            low, high = parts[0]
            found = (0.0 if low <= 0.0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case "min":
            found = min(low for low, _ in parts), min(high for _, high in parts)
        case "max":
            found = max(low for low, _ in parts), max(high for _, high in parts)
        case "avg" | "median":
            found = min(low for low, _ in parts), max(high for _, high in parts)
        case _:
            found = _ANY
    return _ANY if any(math.isnan(end) for end in found) else found
