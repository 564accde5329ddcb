"""Constraints that an engineer writes in Python with cvxpy: taken apart once, into rows and curves of our own.

The function gets one cvxpy variable for each MV and CV that it names, at steady state and in the plant file's units,
and returns constraints. What can be held is exactly what the layers know: affine ones become rows, convex quadratic
ones curves, the largest of several such some of both. It is asked once, in the thinker; no cycle calls cvxpy.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import cvxpy as cp
import numpy as np
from cvxpy.constraints.nonpos import Inequality
from cvxpy.constraints.zero import Equality

from constraints.calls import CallSpec
from constraints.curve import Curve
from constraints.plant import CvSpec, MvSpec, Plant, Row
from controllers.models.function import FunctionError
from safety.grammar import Node

PARTS_MAX = 500
"""More rows than this from one function are refused."""
_ALLOWED = "allowed are affine and convex quadratic ones, and cp.maximum, cp.max, cp.abs of them on the smaller side"
_TEXT_MAX = 200
Point = Mapping[str, cp.Variable]


def with_calls(plant: Plant) -> Plant:
    """Return ``plant`` with the rows and curves of its functions. Raises FunctionError for what cannot be held."""
    if not plant.calls:
        return plant
    specs: tuple[MvSpec | CvSpec, ...] = (*plant.mvs.values(), *plant.cvs.values())
    transformed = {each.name for each in specs if each.transform is not None}
    rows, curves = list(plant.rows), list(plant.curves)
    for spec in plant.calls:
        if hit := sorted(transformed & set(spec.variables)):
            raise FunctionError(f"constraint {spec.name} is on {hit[0]}, which is transformed")
        parts = _parts(spec)
        for number, (part, point) in enumerate(parts, start=1):
            name = f"{spec.name} ({number})" if len(parts) > 1 else spec.name
            made = _held(spec, name, part, point)
            if isinstance(made, Row):
                rows.append(made)
            else:
                curves.append(made)
    return replace(plant, rows=tuple(rows), curves=tuple(curves), calls=())


def _parts(spec: CallSpec) -> list[tuple[cp.Expression, Point]]:
    """Return expressions, one number each, that must be at most zero."""
    if spec.call is None:
        raise FunctionError(f"constraint {spec.name} ({spec.address}) is declared but not loaded")
    variables = {name: cp.Variable(name=name) for name in spec.variables}
    try:  # an engineer's own code: nobody can list what it raises
        answer = spec.call(dict(variables))
    except Exception as error:
        what = f"raised {type(error).__name__}: {error}"
        raise FunctionError(f"constraint {spec.name} ({spec.address}) {what[:_TEXT_MAX]}") from error
    given = list(answer) if isinstance(answer, list | tuple) else [answer]
    found: list[tuple[cp.Expression, Point]] = []
    for each in given:
        for above in _sides(spec, each):
            _check_own(spec, above, variables)
            found += [(part, variables) for part in itertools.islice(_pieces(spec, above), PARTS_MAX + 1)]
    if not found or len(found) > PARTS_MAX:
        raise FunctionError(f"constraint {spec.name} returned {'more than 500' if found else 'no'} constraints")
    return found


def _sides(spec: CallSpec, given: object) -> list[cp.Expression]:
    if isinstance(given, Inequality):
        return _numbers(given.args[0] - given.args[1])
    if isinstance(given, Equality):
        above = given.args[0] - given.args[1]
        return [*_numbers(above), *_numbers(-above)]
    kind = type(given).__name__
    raise FunctionError(f"constraint {spec.name} ({spec.address}) returned a {kind}, not <=, >= or == of cvxpy")


def _numbers(expression: cp.Expression) -> list[cp.Expression]:
    flat = expression.flatten(order="F")
    return [expression] if expression.size == 1 else [flat[i] for i in range(expression.size)]


def _check_own(spec: CallSpec, above: cp.Expression, variables: Point) -> None:
    own = {id(each) for each in variables.values()}
    if above.parameters() or any(id(each) not in own for each in above.variables()):
        what = "uses variables or parameters of its own: only those that it is given can be held"
        raise FunctionError(f"constraint {spec.name} ({spec.address}) {what}")
    if not above.variables():
        raise FunctionError(f"constraint {spec.name} ({spec.address}) has a constraint without a variable")


def _pieces(spec: CallSpec, above: cp.Expression) -> Iterator[cp.Expression]:
    """Yield affine and convex quadratic expressions whose largest is ``above``."""
    if above.is_affine() or (above.is_quadratic() and above.is_convex()):
        yield above
        return
    match type(above).__name__:  # cvxpy gives its atoms' classes no types that a checker could know
        case "maximum":
            inner: list[cp.Expression] = list(above.args)
        case "max":
            inner = _numbers(above.args[0])
        case "abs" if above.args[0].is_affine():
            inner = [above.args[0], -above.args[0]]
        case "AddExpression":
            bent = [term for term in above.args if not term.is_affine()]
            flat = sum((term for term in above.args if term.is_affine()), start=cp.Constant(0.0))
            choices = [list(_pieces(spec, term)) for term in bent]
            inner = [sum(choice, start=flat) for choice in itertools.product(*choices)]
        case "NegExpression" if type(above.args[0]).__name__ == "NegExpression":
            inner = [above.args[0].args[0]]
        case _:
            shown = str(above)[:_TEXT_MAX]
            raise FunctionError(f"constraint {spec.name} ({spec.address}) cannot be held: {shown}; {_ALLOWED}")
    for each in inner:
        yield from _pieces(spec, each)


def _held(spec: CallSpec, name: str, above: cp.Expression, variables: Point) -> Row | Curve:
    """Return ``above <= 0`` as numbers: found from its values, which is exact for an affine or quadratic one."""
    names = [each for each in spec.variables if any(v is variables[each] for v in above.variables())]
    zero = _at(spec, above, variables, {})
    plus, minus = ([_at(spec, above, variables, {each: sign}) - zero for each in names] for sign in (1.0, -1.0))
    linear = [0.5 * (up - down) for up, down in zip(plus, minus, strict=True)]
    rank, concern = spec.rank, spec.concern
    if above.is_affine():
        kept = {each: value for each, value in zip(names, linear, strict=True) if value != 0.0}
        if not kept:
            raise FunctionError(f"constraint {name} ({spec.address}) never changes: its variables cancel out")
        return Row(name=name, coefficients=kept, hi=0.0 - zero, rank=rank, concern=concern)
    terms = [Node("number", number=zero)]
    terms += [_times(value, Node("tag", tag=each)) for each, value in zip(names, linear, strict=True)]
    for i, one in enumerate(names):
        square = 0.5 * (plus[i] + minus[i])
        terms.append(_times(square, Node("**", (Node("tag", tag=one), Node("number", number=2.0)))))
        for k in range(i):
            both = _at(spec, above, variables, {one: 1.0, names[k]: 1.0}) - zero - plus[i] - plus[k]
            terms.append(_times(both, Node("*", (Node("tag", tag=one), Node("tag", tag=names[k])))))
    total = _sum(terms)
    return Curve(
        name=name, above=total, variables=tuple(names), use="linearised", convex=True, rank=rank, concern=concern
    )


def _times(value: float, node: Node) -> Node:
    return Node("*", (Node("number", number=value), node))


def _sum(terms: Sequence[Node]) -> Node:
    total = terms[0]
    for each in terms[1:]:
        total = Node("+", (total, each))
    return total


def _at(spec: CallSpec, above: cp.Expression, variables: Point, point: Mapping[str, float]) -> float:
    for name, variable in variables.items():
        variable.value = np.array(point.get(name, 0.0))
    value = float(np.asarray(above.value).reshape(-1)[0])
    if not np.isfinite(value):
        raise FunctionError(f"constraint {spec.name} ({spec.address}) has a number that is not finite")
    return value
