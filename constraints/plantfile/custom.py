"""Section ``constraints``: an engineer's comparison -> affine rows over MVs and CVs, or a curve where it bends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from constraints.calls import CallSpec
from constraints.curve import Curve, renamed, variables
from constraints.plant import Row
from constraints.plantfile.affine import Affine, NotAffineError, pieces
from constraints.plantfile.blocks import known_names
from constraints.plantfile.bounds import Interval
from constraints.plantfile.curvature import judged
from constraints.plantfile.document import Path
from constraints.plantfile.expressions import check_names, check_units, parsed, word_at
from constraints.plantfile.measures import unit_of_sides
from constraints.plantfile.schema_rules import ConstraintSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.plantfile.variables import variable_of
from safety.grammar import Node

_VALUES = frozenset({"number", "tag", "+", "-", "*", "/", "**", "abs", "min", "max", "avg", "median"})
"""Operations whose outcome is a function of the values of this moment."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the section comes to."""

    rows: tuple[Row, ...] = ()
    curves: tuple[Curve, ...] = ()
    calls: tuple[CallSpec, ...] = ()


def own_constraints(scope: Scope, known: Mapping[str, Unit], ranges: Mapping[str, Interval]) -> Constraints:
    """Return every constraint; ``ranges`` are those of tags and MVs."""
    given = scope.file.constraints
    scope.once(((each.name, ("constraints", i, "name")) for i, each in enumerate(given)), "constraints")
    found = [_constraint(_One(scope, index, each, known, ranges)) for index, each in enumerate(given)]
    return Constraints(
        tuple(row for each in found for row in each.rows),
        tuple(curve for each in found for curve in each.curves),
        tuple(call for each in found for call in each.calls),
    )


@dataclass(frozen=True, slots=True)
class _One:
    """One entry of the section."""

    scope: Scope
    index: int
    given: ConstraintSection
    known: Mapping[str, Unit]
    ranges: Mapping[str, Interval]

    @property
    def path(self) -> Path:
        return "constraints", self.index, "expr"

    def failed(self, error: NotAffineError, hint: str) -> Constraints:
        code = "E035" if error.message.startswith("'") else "E034"
        self.scope.issues.at(
            code, word_at(self.scope, self.path, self.given.expr or "", error.column), error.message, hint
        )
        return Constraints()


def _constraint(one: _One) -> Constraints:
    scope, given = one.scope, one.given
    concern = scope.positive(("constraints", one.index, "concern"), given.concern)
    if (given.expr is None) == (given.call is None):
        message = f"constraint {given.name!r} needs expr or call, and only one of them"
        scope.issues.at_key("E016", ("constraints", one.index), message, 'such as expr: "a + b <= 3"')
        return Constraints()
    if given.expr is None:
        return _call(one, concern)
    expression = parsed(scope, one.path, given.expr)
    allowed = (*scope.names("tags"), *scope.names("mvs"))
    if expression is None or not check_names(scope, one.path, expression, allowed, lambda _: ""):
        return Constraints()
    check_units(scope, one.path, expression, one.known)
    unit = unit_of_sides(expression.root, one.known)
    try:
        pairs = [*_comparisons(expression.root)]
        if given.use != "monitor" and not any(name in scope.dv_names for name in expression.names):
            found = [part for smaller, larger in pairs for part in _differences(scope, smaller, larger)]
            return _rows(one, found, concern, unit)
    except NotAffineError as error:
        if not error.bends:
            return one.failed(error, "a constraint is a sum of MVs and CVs, each times a number")
    try:
        return _curves(one, pairs, concern, unit)
    except NotAffineError as error:
        return one.failed(error, "a constraint is made of MVs, CVs and DVs")


def _call(one: _One, concern: float) -> Constraints:
    scope, given = one.scope, one.given
    allowed = (*scope.names("mvs"), *scope.names("cvs"))
    if not given.variables:
        hint = "add variables: [the MVs and CVs that it is given]"
        scope.issues.at_key("E016", ("constraints", one.index), f"{given.name!r} calls a function of nothing", hint)
    if given.use is not None:
        message = "use goes with expr: what a function returns is held"
        scope.issues.at_value("E016", ("constraints", one.index, "use"), message, "remove use")
    known_names(scope, ("constraints", one.index, "variables"), given.variables, allowed, "MV or CV")
    spec = CallSpec(
        name=given.name,
        address=given.call or "",
        variables=tuple(given.variables),
        rank=given.rank,
        concern=concern,
    )
    return Constraints(calls=(spec,))


def _rows(one: _One, found: list[Affine], concern: float, unit: str) -> Constraints:
    if any(not part.coefficients for part in found):
        message = "the variables cancel out: this constraint never changes"
        one.scope.issues.at_value("E033", one.path, message)
        return Constraints()
    return Constraints(
        rows=tuple(
            Row(
                name=_numbered(one.given.name, number, len(found)),
                coefficients=dict(part.coefficients),
                hi=0.0 - part.constant,  # not -0.0
                rank=one.given.rank,
                concern=concern,
                unit=unit,
            )
            for number, part in enumerate(found, start=1)
        )
    )


def _numbered(name: str, number: int, count: int) -> str:
    return f"{name} ({number})" if count > 1 else name


def _curves(one: _One, pairs: list[tuple[Node, Node]], concern: float, unit: str) -> Constraints:
    scope, curves = one.scope, []
    pairs = [each for pair in pairs for each in _corners(*pair)] if one.given.use != "monitor" else pairs
    for number, (smaller, larger) in enumerate(pairs, start=1):
        above = Node("-", (smaller, larger), column=smaller.column)
        _check_values(above)
        names = {name: _variable(scope, name, above) for name in variables(above)}
        ranges = {name: one.ranges.get(of, one.ranges.get(name, (-math.inf, math.inf))) for name, of in names.items()}
        convex = _check_convex(one, above, ranges)
        named = renamed(above, names)
        curves.append(
            Curve(
                name=_numbered(one.given.name, number, len(pairs)),
                above=named,
                variables=variables(named),
                use=one.given.use or "linearised",
                convex=convex,
                rank=one.given.rank,
                concern=concern,
                unit=unit,
            )
        )
    moved = all(any(name not in scope.dv_names for name in curve.variables) for curve in curves)
    if one.given.use != "monitor" and not moved:
        scope.issues.at_value("E035", one.path, "no MV and no CV in this constraint: no move could change it")
    return Constraints(curves=tuple(curves))


def _corners(smaller: Node, larger: Node) -> Iterator[tuple[Node, Node]]:
    """Yield comparisons without the corners that a tangent would not see: max(a, b) <= c means a <= c and b <= c."""
    if smaller.op == "max":
        for each in smaller.args:
            yield from _corners(each, larger)
    elif smaller.op == "abs":
        zero = Node("number", column=smaller.column)
        for each in (smaller.args[0], Node("-", (zero, smaller.args[0]), column=smaller.column)):
            yield from _corners(each, larger)
    elif larger.op == "min":
        for each in larger.args:
            yield from _corners(smaller, each)
    else:
        yield smaller, larger


def _check_values(node: Node) -> None:
    if node.op not in _VALUES:
        raise NotAffineError(f"{node.op} is not a function of this moment's values", node.column)
    if node.op == "/" and node.args[1] == Node("number"):
        raise NotAffineError("division by zero", node.column)
    for each in node.args:
        _check_values(each)


def _variable(scope: Scope, name: str, above: Node) -> str:
    found = variable_of(scope, name)
    if found is None and name in scope.dv_names:
        return name
    if found is None:
        message = f"{name!r} is neither MV nor CV nor DV: the controller does not see it"
        raise NotAffineError(message, _column(above, name))
    return found


def _column(node: Node, name: str) -> int:
    if node.tag == name:
        return node.column
    return next((column for each in node.args if (column := _column(each, name)) >= 0), -1)


def _check_convex(one: _One, above: Node, ranges: Mapping[str, Interval]) -> bool:
    """Return whether ``above <= 0`` is convex; report one that is not and does not say what is to be done."""
    found = judged(above, ranges, one.scope.dv_names)
    if found.shape.curvature in ("constant", "affine", "convex"):
        return True
    if one.given.use is None:
        where, what = found.at or above, "this constraint is not convex"
        if found.at is not None:
            what += f": {_WHY.get(where.op, 'it is neither convex nor concave here')}"
        hint = "add use: linearised (held by its tangent of each cycle) or use: monitor (only watched)"
        if where.op == "/":
            hint = "a / b <= r is a <= r * b where b is above 0, which is exact; or " + hint
        one.scope.issues.at("E039", word_at(one.scope, one.path, one.given.expr or "", where.column), what, hint)
    return False


_WHY = {
    "*": "a product of two variables",
    "/": "a ratio of two variables",
    "**": "a power whose base may change its sign, or bends the other way",
    "median": "a median",
}


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
        message = "this side is not convex: min belongs on the larger side, max on the smaller"
        raise NotAffineError(message, smaller.column, bends=True)
    summed = [a.plus(b) for a in left.parts for b in right.parts]
    if not all(math.isfinite(value) for part in summed for value in (part.constant, *part.coefficients.values())):
        raise NotAffineError("a number here is too large", smaller.column)
    return summed
