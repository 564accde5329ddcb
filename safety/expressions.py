"""Engineers' expressions, evaluated: three values (True, False, None for unknown), combined by Kleene's rules.

There are tags, numbers, ``+ - * / **``, comparisons (chained), ``and or not``, and the functions ``abs(x)``,
``min max avg median`` (of one value or more), ``rate(tag, seconds)`` (change per minute over that time),
``delta(tag, seconds)`` (change over that time), ``age(tag)`` (seconds since it last had a new good sample),
``quality(tag)`` (192 good, 64 estimated, 0 bad, as OPC counts), ``good(tag)`` (true or false; these two are never
unknown) and ``for_time(condition, seconds)`` (whether it has been met so long without a break). Numbers are floats.
Whatever is not known, not finite, or divided by zero
is unknown, and so is everything made of it, except where ``and``/``or`` is decided by the other side.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from safety.grammar import COMPARISONS, TIMED, Expression, ExpressionError, Node, parse
from safety.samples import History

__all__ = ["Expression", "ExpressionError", "History", "Node", "Outcome", "evaluate", "parse", "timed"]

Outcome = bool | float | None


def evaluate(expression: Expression, values: Mapping[str, float | None], history: History) -> Outcome:
    """Return what it yields now, None where unknown. ``values`` holds good values; None or absent means unknown.

    One with ``for_time`` needs a history that is ``timed`` for this moment.
    """
    here = _Evaluation(values, history)
    return here.truth(expression.root) if expression.sort == "truth" else here.number(expression.root)


def timed(expression: Expression, values: Mapping[str, float | None], history: History) -> History:
    """Return the history in which every ``for_time`` of the expression has taken note of this moment."""
    for timer in expression.timers:
        history = history.timed(timer, met=_Evaluation(values, history).truth(timer.args[0]))
    return history


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2.0


_GATHER: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "abs": lambda values: abs(values[0]),
    "min": min,
    "max": max,
    "avg": lambda values: math.fsum(values) / len(values),
    "median": _median,
    "+": lambda values: values[0] + values[1],
    "-": lambda values: values[0] - values[1],
    "*": lambda values: values[0] * values[1],
    "/": lambda values: values[0] / values[1],
    "**": lambda values: math.pow(values[0], values[1]),
}
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class _Evaluation:
    values: Mapping[str, float | None]
    history: History

    def number(self, node: Node) -> float | None:
        """Return a finite number or None."""
        found = self.raw_number(node)
        return found if found is not None and math.isfinite(found) else None

    def raw_number(self, node: Node) -> float | None:
        if node.op == "number":
            return node.number
        if node.op == "tag":
            return self.values.get(node.tag)
        if node.op == "age":
            return self.history.age(node.tag)
        if node.op == "quality":
            return self.history.qualities.get(node.tag, 0.0)
        if node.op in TIMED:
            return self.change(node)
        values = [each for each in map(self.number, node.args) if each is not None]
        if len(values) != len(node.args):
            return None
        try:
            return _GATHER[node.op](values)
        except (ZeroDivisionError, OverflowError, ValueError):
            return None

    def change(self, node: Node) -> float | None:
        """Return ``delta`` or, per minute, ``rate``."""
        found = self.history.change(node.tag, self.values.get(node.tag), node.number)
        if found is None:
            return None
        return found.delta if node.op == "delta" else found.delta / found.over_s * 60.0

    def truth(self, node: Node) -> bool | None:
        if node.op == "good":
            return self.number(Node("tag", tag=node.tag)) is not None
        if node.op == "for_time":
            return self.history.lasted(node)
        if node.op in COMPARISONS:
            left, right = map(self.number, node.args)
            return None if left is None or right is None else _COMPARE[node.op](left, right)
        parts = [self.truth(each) for each in node.args]
        if node.op == "not":
            return None if parts[0] is None else not parts[0]
        # "and" (and a chain of comparisons) is decided by one False, "or" by one True, whatever else is unknown.
        decisive = node.op == "or"
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
