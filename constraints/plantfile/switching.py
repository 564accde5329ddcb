"""A condition of the file that switches something: boolean, of tags, and neither always nor never true."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from constraints.plantfile.bounds import Interval, outcomes
from constraints.plantfile.document import Path
from constraints.plantfile.expressions import check_names, check_present, check_units, parsed
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from safety.grammar import Expression


def switching_condition(
    scope: Scope,
    path: Path,
    text: str | None,
    known: Mapping[str, Unit],
    ranges: Mapping[str, Interval],
    said: Callable[[str], str],
) -> Expression | None:
    """Return the condition at a path; None where there is none, or where it cannot be read (reported).

    ``known`` has the unit of each tag and ``ranges`` what it can be, in that unit. ``said`` gives the message for a
    condition that cannot change (E033), from the word ``always`` or ``never``.
    """
    expression = parsed(scope, path, text) if text is not None else None
    if expression is None or not check_names(scope, path, expression, scope.names("tags"), lambda _: ""):
        return None
    check_units(scope, path, expression, known)
    check_present(scope, path, expression)
    possible = outcomes(expression, ranges)
    if possible != {True, False}:
        word = "always" if possible == {True} else "never"
        scope.issues.at_value("E033", path, said(word), "compare the number with the tag's range")
    return expression
