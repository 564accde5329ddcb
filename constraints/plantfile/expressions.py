"""Engineers' expressions as a plant file sees them: names that exist, units that fit, outcomes that can change."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from constraints.plantfile.document import Path, Span
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import NUMBER, Unit, unit
from safety.grammar import Expression, ExpressionError, Node, parse

COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")
QUALITY: Final = Unit("quality", (), 1.0)
"""What ``quality(tag)`` is in: OPC's numbers, 0 to 192."""
_WORD: Final = re.compile(r"\w+")
_LIKE: Final = ("+", "-", "min", "max", "avg", "median")
"""Operations whose values must all be of one unit."""


def parsed(scope: Scope, path: Path, text: str) -> Expression | None:
    """Return the expression at ``path``, which must be a condition; None where it is not one (reported)."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        column = min(error.column, max(len(text) - 1, 0))
        scope.issues.at("E032", word_at(scope, path, text, column), error.message)
        return None
    if expression.sort != "truth":
        message = "this is a number; a condition is needed here"
        scope.issues.at_value("E032", path, message, "compare it, such as tag > 3")
        return None
    if not expression.names:
        scope.issues.at_value("E033", path, "no tag in this condition: it never changes", "name a tag")
        return None
    return expression


def word_at(scope: Scope, path: Path, text: str, column: int) -> Span:
    """Return where the word stands that begins at ``column`` of the expression ``text`` at ``path``."""
    found = _WORD.match(text, column)
    return scope.document.inside(path, column, len(found[0]) if found else 1)


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and everything below it."""
    yield node
    for each in node.args:
        yield from walk(each)


def check_names(
    scope: Scope, path: Path, expression: Expression, allowed: Collection[str], advice: Callable[[str], str]
) -> bool:
    """Report every name that is not among ``allowed``; ``advice`` may know better than the nearest name."""
    fine = True
    for node in walk(expression.root):
        if node.tag and node.tag not in allowed:
            column = node.column
            if node.op != "tag":  # rate(tag, ...): point at the tag
                column = max(expression.text.find(node.tag, column + len(node.op)), column)
            hint = advice(node.tag) or scope.issues.near(node.tag, allowed) or "declare it under tags"
            span = scope.document.inside(path, column, len(node.tag))
            scope.issues.at("E030", span, f"unknown tag {node.tag!r}", hint)
            fine = False
    return fine


def check_units(scope: Scope, path: Path, expression: Expression, known: Mapping[str, Unit]) -> None:
    """Report sums and comparisons of different units. A number fits any unit: it stands for one in the tag's own."""
    for node in walk(expression.root):
        if node.op not in (*_LIKE, *COMPARISONS):
            continue
        sides = [(part, unit_of(part, known)) for part in node.args]
        with_unit = [(part, found) for part, found in sides if found is not None]
        for (left, one), (right, other) in itertools.pairwise(with_unit):
            if not _alike(node.op, one, other):
                verb = "compares" if node.op in COMPARISONS else {"+": "adds", "-": "subtracts"}.get(node.op, "mixes")
                message = f"{verb} {_shown(one, left)} and {_shown(other, right)}"
                same_kind = one.dimensions == other.dimensions
                hint = "expressions do not convert: use tags in one unit, or a factor" if same_kind else ""
                scope.issues.at("E031", word_at(scope, path, expression.text, node.column), message, hint)
                break


def _alike(op: str, one: Unit, other: Unit) -> bool:
    if one.dimensions != other.dimensions or not math.isclose(one.factor, other.factor, rel_tol=1e-9):
        return False
    # A temperature plus a temperature difference is one; two scales with different zeros are not comparable.
    return one.offset == other.offset or (op in ("+", "-") and 0.0 in (one.offset, other.offset))


def _shown(found: Unit, node: Node) -> str:
    names = [each.tag for each in walk(node) if each.tag]
    return f"{found.text} ({names[0]})" if names else found.text


def unit_of(node: Node, known: Mapping[str, Unit]) -> Unit | None:
    """Return the unit of a number; None where it is not known (a plain number, or a product with one)."""
    if node.tag or node.op == "age":
        return _unit_of_tag(node, known)
    parts = [unit_of(each, known) for each in node.args]
    given = [each for each in parts if each is not None]
    match node.op:
        case "*" | "/" if len(given) == len(parts):
            return given[0].times(given[1], 1 if node.op == "*" else -1)
        case "**" if given and node.args[1].number == int(node.args[1].number):
            return NUMBER.times(given[0], int(node.args[1].number))
        case "-" if len(given) == len(parts) and all(each.offset for each in given):
            return given[0].of_differences  # between two points of one scale
        case "abs" | "-" | "+" | "min" | "max" | "avg" | "median":
            points = [each for each in given if each.offset]
            return next(iter((*points, *given)), None)
    return None


def _unit_of_tag(node: Node, known: Mapping[str, Unit]) -> Unit | None:
    found = known.get(node.tag)
    match node.op:
        case "tag":
            return found
        case "delta" if found is not None:
            return found.of_differences
        case "rate" if found is not None:
            return found.of_differences.times(unit("min"), -1)
        case "age":
            return unit("s")
        case "quality":
            return QUALITY
    return None
