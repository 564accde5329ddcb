"""The gauge in each row: three nested ranges, where the value is, where it will end, and its target. SVG, pure.

``‖ ‖`` safety, ``( )`` engineering, ``[ ]`` operator limits, filled dot = now, ring = predicted end, triangle = target.
The form is that of a patent on nested limits that expired in 2019 (US 6 952 808).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from constraints.plant import NestedLimits

WIDTH, HEIGHT = 220, 22
_EDGE = 8.0
_MID = 12.0
_FAR = 1e15
"""No instrument reads that much; beyond it a drawing has no digits left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """What is drawn on the ranges; None where there is none."""

    now: float | None = None
    end: float | None = None
    target: float | None = None


def domain(limits: NestedLimits, active: tuple[float, float], pointers: Pointers) -> tuple[float, float]:
    """Return the range of the drawing: every finite limit and every pointer is inside."""
    sides = (*limits.safety, *limits.engineering, *limits.operator, *active)
    marks = [each for each in (pointers.now, pointers.end, pointers.target) if each is not None]
    finite = [each for each in (*sides, *marks) if math.isfinite(each) and abs(each) < _FAR]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = max(0.05 * (high - low), 1e-9 * max(abs(low), abs(high), 1.0))
    return low - room, high + room


def gauge(
    limits: NestedLimits,
    active: tuple[float, float],
    pointers: Pointers,
    described: str,
    beside: NestedLimits | None = None,
) -> Markup:
    """Return the drawing; ``active`` is the operator range in force, ``described`` what a screen reader says.

    ``beside``: limits of another drawing that is to have the same scale.
    """
    low, high = domain(limits, active, pointers)
    if beside is not None:
        other = domain(beside, beside.operator, pointers)
        low, high = min(low, other[0]), max(high, other[1])

    def x(value: float) -> float:
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return round(_EDGE + (WIDTH - 2 * _EDGE) * share, 1)

    parts = [Markup('<line class="g-base" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_EDGE, WIDTH - _EDGE, _MID, _MID)]
    parts += [_band("g-eng", x, limits.engineering, low, high, 5.0), _band("g-opr", x, active, low, high, 9.0)]
    for kind, (lo, hi), marks in (
        ("g-saf", limits.safety, ("‖", "‖")),
        ("g-engm", limits.engineering, ("(", ")")),
        ("g-oprm", active, ("[", "]")),
    ):
        parts += [_mark(kind, x(each), sign) for each, sign in zip((lo, hi), marks, strict=True) if math.isfinite(each)]
    if _finite(pointers.target):
        at = x(pointers.target or 0.0)
        parts.append(
            Markup('<path class="g-target" d="M{} 1 L{} 1 L{} 8 Z"/>').format(round(at - 4, 1), round(at + 4, 1), at)
        )
    if _finite(pointers.end):
        parts.append(Markup('<circle class="g-end" cx="{}" cy="{}" r="4"/>').format(x(pointers.end or 0.0), _MID))
    if _finite(pointers.now):
        parts.append(Markup('<circle class="g-now" cx="{}" cy="{}" r="4"/>').format(x(pointers.now or 0.0), _MID))
    head = Markup('<svg class="gauge" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, described)
    return head + Markup("").join(parts) + Markup("</svg>")


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _band(
    kind: str, x: Callable[[float], float], between: tuple[float, float], low: float, high: float, tall: float
) -> Markup:
    lo, hi = max(between[0], low), min(between[1], high)
    if not hi > lo:
        return Markup("")
    left, right = x(lo), x(hi)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        kind, left, _MID - tall / 2, round(right - left, 1), tall
    )


def _mark(kind: str, at: float, sign: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, at, _MID + 5, sign)
