"""``analyser`` and ``lab`` of a CV -> how late its samples are, and which laboratory values are believed."""

from __future__ import annotations

from constraints.plantfile.document import Path
from constraints.plantfile.schema_variables import AnalyserSection, LabSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.supplied import LabRule


def analyser_delay_s(scope: Scope, path: Path, given: AnalyserSection | None) -> float:
    """Return the age of a sample when it is first shown; 0 without an analyser."""
    if given is None:
        return 0.0
    return scope.not_negative((*path, "delay"), scope.seconds((*path, "delay"), given.delay))


def lab_rule(scope: Scope, path: Path, given: LabSection | None, unit: Unit | None) -> LabRule | None:
    """Return which laboratory values count; None where the CV has none."""
    if given is None:
        return None
    lo, hi = (scope.point((*path, "limits", i), value, unit) for i, value in enumerate(given.limits))
    if lo >= hi:
        scope.issues.at_value("E041", (*path, "limits"), f"{lo:g} is not below {hi:g}", "write [low, high]")
    if not 0.0 < given.share <= 1.0:
        hint = "1 believes the laboratory wholly, 0.5 half of it"
        scope.issues.at_value("E014", (*path, "share"), "a share is above 0 and at most 1", hint)
    at = (*path, "max_difference")
    difference = scope.positive(at, scope.difference(at, given.max_difference, unit))
    age = scope.positive((*path, "max_age"), scope.seconds((*path, "max_age"), given.max_age))
    return LabRule(lo=lo, hi=hi, difference_max=difference, age_s_max=age, share=given.share)
