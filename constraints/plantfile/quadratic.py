"""``cost_quadratic`` of an MV or CV: what the distance from its ``ideal`` costs."""

from __future__ import annotations

from constraints.plantfile.document import Path
from constraints.plantfile.scope import Scope


def quadratic(scope: Scope, path: Path, given: float, ideal: float | None) -> float:
    """Return the cost, currency per hour and unit squared; NaN where it is below 0 or has nothing to be far from."""
    at = (*path, "cost_quadratic")
    if given != 0.0 and ideal is None:
        scope.issues.at_value(
            "E016", at, f"{path[1]} has a cost_quadratic but no ideal", "add ideal: the cost is zero there"
        )
    return scope.not_negative(at, given)
