"""Section ``multipliers`` -> Multipliers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from constraints.plant import Multiplier
from constraints.plantfile.document import Path
from constraints.plantfile.scope import Scope
from constraints.plantfile.tables import table
from constraints.plantfile.units import NUMBER, Unit


def multipliers(scope: Scope, tag_units: Mapping[str, Unit]) -> dict[str, Multiplier]:
    """Return every multiplier whose tag exists and whose table can be followed."""
    found: dict[str, Multiplier] = {}
    for name, given in scope.file.multipliers.items():
        path: Path = ("multipliers", name)
        if scope.unknown("E051", "tags", given.by, (*path, "by")):
            continue
        unit = tag_units.get(given.by)

        def of_tag(at: Path, value: float | str, unit: Unit | None = unit) -> float:
            return scope.point(at, value, unit)

        def factor(at: Path, value: float | str) -> float:
            return scope.positive(at, scope.point(at, value, NUMBER))

        form = "such as [[1000, 1.2], [4000, 0.8]]"
        points = table(scope, (*path, "points"), given.points, (of_tag, factor), form)
        rate = math.inf
        if given.max_rate is not None:
            rate = scope.positive((*path, "max_rate"), given.max_rate) / 60.0
        if points is not None:
            found[name] = Multiplier(name=name, by=given.by, points=points, per_s_max=rate)
    return found
