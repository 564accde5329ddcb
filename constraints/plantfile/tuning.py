"""Section ``controller`` -> Tuning: solver, move blocks and coincidence points."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from constraints.plant import Tuning
from constraints.plantfile.document import Path
from constraints.plantfile.scope import Scope

WORST_MS: Final = {"osqp": 1e-3, "daqp": 2.5e-4}
"""Milliseconds that a bad cycle takes for each unknown and row (MVs x blocks x CVs x points): the slowest of 100 cycles
of 20 MVs x 40 CVs with every gain there, generously rounded up (docs/decisions/0016)."""
DAQP_MAX: Final = 1_000_000
"""Beyond so many unknowns times rows DAQP alone is no faster."""


def tuning(scope: Scope, think_s: float) -> Tuning:
    """Return how the dynamic layer is set up; what the file does not say is the usual. ``think_s``: time for a plan."""
    found = _tuning(scope)
    _warn_slow(scope, found, think_s)
    return found


def _warn_slow(scope: Scope, found: Tuning, think_s: float) -> None:
    """Advise where a bad cycle of this size may not end in time."""
    mvs, cvs = len(scope.names("mvs")), len(scope.names("cvs"))
    points = found.points if isinstance(found.points, int) else len(found.points)
    size = mvs * len(found.blocking) * cvs * points
    worst_s = 1e-3 * WORST_MS[found.solver] * size
    if worst_s <= think_s:
        return
    quicker = found.solver == "osqp" and size <= DAQP_MAX
    hint = f"fewer blocking or points{', or solver: daqp' if quicker else ''}, or a longer cycle"
    message = f"moves of {mvs} MVs for {cvs} CVs may take {worst_s:.2g} s in a bad cycle, and have {think_s:.2g} s"
    scope.issues.at_key("W111", ("controller",), message, hint)


def _tuning(scope: Scope) -> Tuning:
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
    return Tuning(solver=given.solver, blocking=blocking, pull=given.pull, points=points)


def _ascending(scope: Scope, path: Path, cycles: Sequence[int]) -> tuple[int, ...]:
    for i, (before, after) in enumerate(itertools.pairwise(cycles), start=1):
        if after <= before:
            message = f"cycle {after} after cycle {before}"
            scope.issues.at_value("E014", (*path, i), message, "cycles from now, each later than the one before")
    return tuple(cycles)
