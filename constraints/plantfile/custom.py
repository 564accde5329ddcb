"""Section ``constraints``: an engineer's comparison -> affine rows over MVs and CVs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from constraints.plant import Row
from constraints.plantfile.affine import Affine, NotAffineError, pieces
from constraints.plantfile.document import Path
from constraints.plantfile.expressions import check_names, check_units, parsed, word_at
from constraints.plantfile.schema_rules import ConstraintSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.plantfile.variables import variable_of
from safety.grammar import Node


def rows(scope: Scope, known: Mapping[str, Unit]) -> tuple[Row, ...]:
    """Return the rows of every constraint."""
    given = scope.file.constraints
    scope.once(((each.name, ("constraints", i, "name")) for i, each in enumerate(given)), "constraints")
    return tuple(row for index, each in enumerate(given) for row in _rows(scope, index, each, known))


def _rows(scope: Scope, index: int, given: ConstraintSection, known: Mapping[str, Unit]) -> list[Row]:
    path: Path = ("constraints", index, "expr")
    concern = scope.positive(("constraints", index, "concern"), given.concern)
    expression = parsed(scope, path, given.expr)
    allowed = (*scope.names("tags"), *scope.names("mvs"))
    if expression is None or not check_names(scope, path, expression, allowed, lambda _: ""):
        return []
    check_units(scope, path, expression, known)
    found: list[Affine] = []
    try:
        for smaller, larger in _comparisons(expression.root):
            found += _differences(scope, smaller, larger)
    except NotAffineError as error:
        span = word_at(scope, path, given.expr, error.column)
        code = "E035" if error.message.startswith("'") else "E034"
        scope.issues.at(code, span, error.message, "a constraint is a sum of MVs and CVs, each times a number")
        return []
    if any(not part.coefficients for part in found):
        scope.issues.at_value("E033", path, "the variables cancel out: this constraint never changes")
        return []
    numbered = len(found) > 1
    return [
        Row(
            name=f"{given.name} ({number})" if numbered else given.name,
            coefficients=dict(part.coefficients),
            hi=0.0 - part.constant,  # not -0.0
            rank=given.rank,
            concern=concern,
        )
        for number, part in enumerate(found, start=1)
    ]


def _comparisons(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield (smaller, larger) for each comparison that must hold."""
    match node.op:
        case "<" | "<=":
            yield node.args[0], node.args[1]
        case ">" | ">=":
            yield node.args[1], node.args[0]
        case "==":
            yield node.args[0], node.args[1]
            yield node.args[1], node.args[0]
        case "chain" | "and":
            for each in node.args:
                yield from _comparisons(each)
        case _:
            raise NotAffineError(f"{node.op} cannot stand in a constraint", node.column)


def _differences(scope: Scope, smaller: Node, larger: Node) -> list[Affine]:
    """Return affine parts that must all be at most zero for ``smaller <= larger``."""

    def variable(node: Node) -> str:
        found = variable_of(scope, node.tag)
        if found is None:
            raise NotAffineError(f"{node.tag!r} is neither MV nor CV: no move could change it", node.column)
        return found

    left, right = pieces(smaller, variable), pieces(larger, variable).scaled(-1.0)
    if "concave" in (left.curve, right.curve):
        raise NotAffineError(
            "this side is not convex: min belongs on the larger side, max on the smaller", smaller.column
        )
    summed = [a.plus(b) for a in left.parts for b in right.parts]
    if not all(math.isfinite(value) for part in summed for value in (part.constant, *part.coefficients.values())):
        raise NotAffineError("a number here is too large", smaller.column)
    return summed
