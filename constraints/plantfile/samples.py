"""``analyser`` of a CV -> how late its samples are."""

from __future__ import annotations

from constraints.plantfile.document import Path
from constraints.plantfile.schema_variables import AnalyserSection
from constraints.plantfile.scope import Scope


def analyser_delay_s(scope: Scope, path: Path, given: AnalyserSection | None) -> float:
    """Return the age of a sample when it is first shown; 0 without an analyser."""
    if given is None:
        return 0.0
    return scope.not_negative((*path, "delay"), scope.seconds((*path, "delay"), given.delay))
