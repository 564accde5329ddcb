"""Engineers' expressions as a plant file sees them: names that exist, units that fit, outcomes that can change."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from constraints.plantfile.document import Path, Span
from constraints.plantfile.measures import mismatches
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from safety.grammar import Expression, ExpressionError, Node, parse

_OF_THE_PAST: Final = frozenset({"rate", "delta", "age", "for_time"})
_WORD: Final = re.compile(r"\w+")


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
    """Report sums and comparisons of different units, each where it goes wrong first.

    A number fits any unit: it stands for one in the tag's own.
    """
    for wrong in mismatches(expression.root, known):
        scope.issues.at("E031", word_at(scope, path, expression.text, wrong.column), wrong.message, wrong.hint)


def check_present(scope: Scope, path: Path, expression: Expression) -> None:
    """Report what needs a past, where only what is now is looked at."""
    past = next((node for node in walk(expression.root) if node.op in _OF_THE_PAST), None)
    if past is not None:
        hint = "compare what is now, or use a calculated tag"
        scope.issues.at("E032", scope.document.inside(path, past.column), f"{past.op} is not possible here", hint)
