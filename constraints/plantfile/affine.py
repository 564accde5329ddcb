"""Expressions as sums of variables: affine, or the largest (convex) or smallest (concave) of several affine ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn

from safety.grammar import Node

Curve = Literal["affine", "convex", "concave"]
PIECES_MAX: Final = 32


class NotAffineError(ValueError):
    """The expression is not of this kind; ``column`` is where it stops being so."""

    def __init__(self, message: str, column: int, *, bends: bool = False) -> None:
        """``bends``: it is an expression of values all the same, only a nonlinear one."""
        super().__init__(message)
        self.message = message
        self.column = column
        self.bends = bends


@dataclass(frozen=True, slots=True)
class Affine:
    """``sum(coefficients[v] * v) + constant``."""

    constant: float = 0.0
    coefficients: Mapping[str, float] = field(default_factory=dict)

    def plus(self, other: Affine, factor: float = 1.0) -> Affine:
        """Return ``self + factor * other``."""
        summed = dict(self.coefficients)
        for name, value in other.coefficients.items():
            summed[name] = summed.get(name, 0.0) + factor * value
        kept = {name: value for name, value in summed.items() if value != 0.0}
        return Affine(self.constant + factor * other.constant, kept)


@dataclass(frozen=True, slots=True)
class Pieces:
    """The largest (convex) or smallest (concave) of ``parts``; affine has exactly one."""

    curve: Curve
    parts: tuple[Affine, ...]

    def scaled(self, factor: float) -> Pieces:
        """Return ``factor`` times this."""
        flipped: Mapping[Curve, Curve] = {"affine": "affine", "convex": "concave", "concave": "convex"}
        curve = self.curve if factor >= 0.0 else flipped[self.curve]
        return Pieces(curve, tuple(Affine().plus(part, factor) for part in self.parts))


def pieces(node: Node, variable: Callable[[Node], str]) -> Pieces:
    """Return the number that ``node`` means; ``variable`` names a tag's variable or raises NotAffineError."""
    if node.op == "number":
        return Pieces("affine", (Affine(node.number),))
    if node.op == "tag":
        return Pieces("affine", (Affine(0.0, {variable(node): 1.0}),))
    args = [pieces(each, variable) for each in node.args]
    if node.op in ("abs", "max", "min"):
        return _extreme(node, args)
    if node.op == "avg":
        return _sum(node, *args).scaled(1.0 / len(args))
    if node.op not in _ARITHMETIC:
        _fail(node, f"{node.op} is not affine", bends=node.op == "median")
    return _ARITHMETIC[node.op](node, args[0], args[1])


def _fail(node: Node, message: str, *, bends: bool = False) -> NoReturn:
    raise NotAffineError(message, node.column, bends=bends)


def _constant(found: Pieces) -> float | None:
    if found.curve == "affine" and not found.parts[0].coefficients:
        return found.parts[0].constant
    return None


def _power(node: Node, base: float, power: float) -> float:
    try:
        value = base**power
    except (OverflowError, ZeroDivisionError):
        _fail(node, "this power is not a finite number")
    if isinstance(value, complex):
        _fail(node, "this power is not a finite number")
    return float(value)


def _quotient(node: Node, one: Pieces, other: Pieces) -> Pieces:
    divisor = _constant(other)
    if divisor is None:
        _fail(node, "division by a variable is not affine", bends=True)
    if divisor == 0.0:
        _fail(node, "division by zero")
    return one.scaled(1.0 / divisor)


def _raised(node: Node, one: Pieces, other: Pieces) -> Pieces:
    base, power = _constant(one), _constant(other)
    if power == 1.0:
        return one
    if base is None or power is None:
        _fail(node, "a power of a variable is not affine", bends=True)
    return Pieces("affine", (Affine(_power(node, base, power)),))


def _difference(node: Node, one: Pieces, other: Pieces) -> Pieces:
    return _sum(node, one, other.scaled(-1.0))


def _product(node: Node, one: Pieces, other: Pieces) -> Pieces:
    for factor, rest in ((_constant(one), other), (_constant(other), one)):
        if factor is not None:
            return rest.scaled(factor)
    _fail(node, "a product of two variables is not affine", bends=True)


def _sum(node: Node, *terms: Pieces) -> Pieces:
    curves = {each.curve for each in terms} - {"affine"}
    if len(curves) > 1:
        _fail(node, "this sum is neither convex nor concave", bends=True)
    parts: tuple[Affine, ...] = (Affine(),)
    for each in terms:
        parts = tuple(a.plus(b) for a in parts for b in each.parts)
        if len(parts) > PIECES_MAX:
            _fail(node, f"more than {PIECES_MAX} cases")
    return Pieces(next(iter(curves), "affine"), parts)


def _extreme(node: Node, args: list[Pieces]) -> Pieces:
    curve: Curve = "concave" if node.op == "min" else "convex"
    if node.op == "abs":
        args = [args[0], args[0].scaled(-1.0)]
    if any(each.curve not in ("affine", curve) for each in args):
        _fail(node, "a largest of smallest ones (or the reverse) is neither convex nor concave", bends=True)
    parts = tuple(part for each in args for part in each.parts)
    if len(parts) > PIECES_MAX:
        _fail(node, f"more than {PIECES_MAX} cases")
    return Pieces(curve if len(parts) > 1 else "affine", parts)


_ARITHMETIC: Final[Mapping[str, Callable[[Node, Pieces, Pieces], Pieces]]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _quotient,
    "**": _raised,
}
