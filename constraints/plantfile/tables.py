"""Tables of two columns: straight between points whose first column rises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from constraints.plantfile.document import Path
from constraints.plantfile.scope import Scope

_COLUMNS: Final = 2
_POINTS_MIN: Final = 2

Points = tuple[tuple[float, float], ...]
Column = Callable[[Path, float | str], float]
"""A column's conversion, which reports what is wrong by itself."""


def table(
    scope: Scope, path: Path, given: Sequence[Sequence[float | str]], columns: tuple[Column, Column], form: str
) -> Points | None:
    """Return the points at ``path``; None where they are no table (reported). ``form`` shows what one looks like."""
    if len(given) < _POINTS_MIN:
        scope.issues.at_value("E072", path, f"{scope.dotted(path)} needs two points or more", form)
        return None
    wrong = [i for i, point in enumerate(given) if len(point) != _COLUMNS]
    for i in wrong:
        scope.issues.at_value("E072", (*path, i), "a point has two numbers", form)
    if wrong:
        return None
    first, second = columns
    points = tuple((first((*path, i, 0), a), second((*path, i, 1), b)) for i, (a, b) in enumerate(given))
    for i, ((before, _), (after, _)) in enumerate(itertools.pairwise(points), start=1):
        if after <= before:
            message = f"{scope.dotted(path)}: {after:g} does not lie above {before:g}"
            scope.issues.at_value("E072", (*path, i), message, "points stand in ascending order")
            return None
    return points
