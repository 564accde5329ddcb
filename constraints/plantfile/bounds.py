"""What a condition can come to while every tag stays inside its instrument range: both, only one, or nothing at all.

Interval arithmetic: too wide where a tag occurs twice, so "always" and "never" are certain and "both" is not. A
``for_time`` counts as what it is once its seconds have passed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from safety.grammar import Expression, Node

Interval = tuple[float, float]
_ANY: Final[Interval] = (-math.inf, math.inf)
_BOTH: Final = frozenset({True, False})
_QUALITIES: Final[Interval] = (0.0, 192.0)


def outcomes(expression: Expression, ranges: Mapping[str, Interval]) -> frozenset[bool]:
    """Return which truths the condition can take; empty where it can never be evaluated."""
    return _truth(expression.root, ranges)


def _truth(node: Node, ranges: Mapping[str, Interval]) -> frozenset[bool]:
    if node.op == "good":
        return _BOTH
    if node.op in ("and", "or", "chain", "not", "for_time"):
        parts = [_truth(each, ranges) for each in node.args]
        if node.op == "not":
            return frozenset(not each for each in parts[0])
        return parts[0] if node.op == "for_time" else _combined(parts, decisive=node.op == "or")
    one, other = (_number(each, ranges) for each in node.args)
    return frozenset() if one is None or other is None else _compared(node.op, one, other)


def _compared(op: str, one: Interval, other: Interval) -> frozenset[bool]:
    (low, high), (other_low, other_high) = one, other
    match op:
        case "<" | "<=" | ">" | ">=":
            if op in (">", ">="):
                low, high, other_low, other_high = other_low, other_high, low, high
            strict = op in ("<", ">")
            can = low < other_high if strict else low <= other_high
            must = high < other_low if strict else high <= other_low
        case _:
            can = low <= other_high and other_low <= high
            must = low == high == other_low == other_high
            if op == "!=":
                can, must = not must, not can
    if must:
        return frozenset({True})
    return _BOTH if can else frozenset({False})


def _combined(parts: list[frozenset[bool]], *, decisive: bool) -> frozenset[bool]:
    if any(part == {decisive} for part in parts):
        return frozenset({decisive})
    found = {decisive} if any(decisive in part for part in parts) else set()
    return frozenset(found | {not decisive} if all((not decisive) in part for part in parts) else found)


def _number(node: Node, ranges: Mapping[str, Interval]) -> Interval | None:
    """Return between which numbers it lies; None where it is never a number."""
    match node.op:
        case "number":
            return node.number, node.number
        case "tag":
            return ranges.get(node.tag, _ANY)
        case "age":
            return 0.0, math.inf
        case "quality":
            return _QUALITIES
        case "rate" | "delta":
            return _ANY
    parts = [each for each in (_number(arg, ranges) for arg in node.args) if each is not None]
    if len(parts) != len(node.args) or (node.op == "/" and parts[1] == (0.0, 0.0)):
        return None
    found = _reached(node, parts)
    return _ANY if any(math.isnan(end) for end in found) else found


def _reached(node: Node, parts: list[Interval]) -> Interval:
    """Return the interval of an operation on ``parts``; with NaN in it where that is not known."""
    lows, highs = [low for low, _ in parts], [high for _, high in parts]
    found = _ANY
    match node.op:
        case "+":
            found = lows[0] + lows[1], highs[0] + highs[1]
        case "-":
            found = lows[0] - highs[1], highs[0] - lows[1]
        case "*":
            found = _span([a * b for a in parts[0] for b in parts[1]])
        case "/" if not lows[1] <= 0.0 <= highs[1]:
            found = _span([a / b for a in parts[0] for b in parts[1]])
        case "**" if parts[1][0] % 2.0 == 0.0:
            found = 0.0, math.inf
        case "abs":
            low, high = parts[0]
            found = (0.0 if low <= 0.0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case "min":
            found = min(lows), min(highs)
        case "max":
            found = max(lows), max(highs)
        case "avg" | "median":
            found = min(lows), max(highs)
    return found


def _span(ends: list[float]) -> Interval:
    return _ANY if any(math.isnan(end) for end in ends) else (min(ends), max(ends))
