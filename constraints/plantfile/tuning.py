"""Section ``controller`` -> Tuning: solver, move blocks and coincidence points."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from constraints.plant import Tuning
from constraints.plantfile.document import Path
from constraints.plantfile.scope import Scope


def tuning(scope: Scope) -> Tuning:
    """Return how the dynamic layer is set up; what the file does not say is the usual."""
    given, usual = scope.file.controller, Tuning()
    blocking, points = usual.blocking, usual.points
    if given.blocking is not None:
        path: Path = ("controller", "blocking")
        blocking = _ascending(scope, path, given.blocking)
        if given.blocking[0] != 1:
            hint = "begin with 1: the first move is this cycle's"
            scope.issues.at_value("E014", path, f"the first move block ends at cycle {given.blocking[0]}", hint)
    if isinstance(given.points, int):
        points = given.points
    elif given.points is not None:
        points = _ascending(scope, ("controller", "points"), given.points)
    return Tuning(solver=given.solver, blocking=blocking, points=points)


def _ascending(scope: Scope, path: Path, cycles: Sequence[int]) -> tuple[int, ...]:
    for i, (before, after) in enumerate(itertools.pairwise(cycles), start=1):
        if after <= before:
            message = f"cycle {after} after cycle {before}"
            scope.issues.at_value("E014", (*path, i), message, "cycles from now, each later than the one before")
    return tuple(cycles)
