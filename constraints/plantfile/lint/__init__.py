"""What no schema sees: a plant that is well formed and still not what the engineer meant. Warnings only.

Runs on the finished plant, so each rule speaks of numbers in the variables' own units. One file for each kind of rule.
"""

from __future__ import annotations

from constraints.plant import Plant
from constraints.plantfile.lint.calendar import warn_schedule
from constraints.plantfile.lint.collinear import warn_collinear
from constraints.plantfile.lint.ranks import warn_ranks
from constraints.plantfile.lint.relative import warn_relative_gains
from constraints.plantfile.lint.timing import warn_timing
from constraints.plantfile.scope import Scope

__all__ = ["lint"]


def lint(scope: Scope, plant: Plant) -> None:
    """Report to ``scope.issues`` what an experienced engineer would question about ``plant``."""
    warn_relative_gains(scope, plant, warn_collinear(scope, plant))
    warn_ranks(scope, plant)
    warn_timing(scope, plant)
    warn_schedule(scope, plant)
