"""Nested limits: safety contains engineering contains operator; each pair the right way round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from constraints.plant import NestedLimits
from constraints.plantfile.document import Path
from constraints.plantfile.schema_variables import CvLimits, MvLimits
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit

Range = tuple[float, float]
_EVERYTHING: Final[Range] = (-math.inf, math.inf)


def nested(scope: Scope, path: Path, given: MvLimits | CvLimits, unit: Unit | None) -> NestedLimits:
    """Return the three ranges; a range that is not given is as wide as the one around it."""
    safety = _range(scope, (*path, "safety"), given.safety, unit)
    engineering = _range(scope, (*path, "engineering"), given.engineering, unit)
    operator = _range(scope, (*path, "operator"), given.operator, unit)
    widest = safety or _EVERYTHING
    middle = engineering or widest
    if engineering is not None:
        _check_inside(scope, (*path, "engineering"), engineering, "safety", safety)
    if operator is not None:
        around = ("engineering", engineering) if engineering is not None else ("safety", safety)
        _check_inside(scope, (*path, "operator"), operator, *around)
    return NestedLimits(safety=widest, engineering=middle, operator=operator or middle)


def _range(scope: Scope, path: Path, given: Sequence[float | str | None] | None, unit: Unit | None) -> Range | None:
    if given is None:
        return None
    low, high = given
    lo = -math.inf if low is None else scope.point((*path, 0), low, unit)
    hi = math.inf if high is None else scope.point((*path, 1), high, unit)
    if lo >= hi:
        hint = "write [low, high]" if lo > hi else "an MV or CV that must not move needs no limits; remove it"
        scope.issues.at_value("E041", path, f"{scope.dotted(path)}: {lo:g} is not below {hi:g}", hint)
        return math.nan, math.nan
    return lo, hi


def _check_inside(scope: Scope, path: Path, inner: Range, name: str, outer: Range | None) -> None:
    if outer is not None and (inner[0] < outer[0] or inner[1] > outer[1]):
        shown, limits = list(inner), list(outer)
        message = f"{path[-1]} limits {shown} reach outside the {name} limits {limits}"
        scope.issues.at_value("E040", path, message, f"keep {path[-1]} inside {name}, or change {name} on purpose")


def check_value_inside(scope: Scope, path: Path, value: float, limits: Range, kind: str) -> None:
    """Report a value outside ``limits``, which are called ``kind``."""
    if value < limits[0] or value > limits[1]:
        message = f"{scope.dotted(path)} of {value:g} is outside the {kind} limits {list(limits)}"
        scope.issues.at_value("E042", path, message, f"from {limits[0]:g} to {limits[1]:g}")
