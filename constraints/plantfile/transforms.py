"""``transform`` of an MV or CV -> Transform."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from constraints.calls import CallSpec
from constraints.curve import Curve
from constraints.plant import (
    FunctionSpec,
    LogTransform,
    Row,
    TableTransform,
    Transform,
    ValveTransform,
)
from constraints.plantfile.document import Path
from constraints.plantfile.schema_variables import LogSection, TableSection, ValveSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.tables import table
from constraints.plantfile.units import Unit


def transform(
    scope: Scope,
    path: Path,
    given: LogSection | TableSection | ValveSection | None,
    unit: Unit | None,
    limits: tuple[float, float],
) -> Transform | None:
    """Return what the section says; None where there is none, or one with errors. ``limits`` are the safety limits."""
    match given:
        case None:
            return None
        case LogSection():
            return LogTransform(at=scope.positive((*path, "at"), scope.point((*path, "at"), given.at, unit)))
        case ValveSection():
            if not all(map(math.isfinite, limits)):
                message = "an equal-percentage valve needs safety limits on both sides: they are its travel"
                scope.issues.at_key("E075", path, message, "add safety: [low, high], or use a table")
                return None
            if given.rangeability <= 1.0:
                at = (*path, "rangeability")
                scope.issues.at_value("E014", at, "a rangeability is above 1", "30 to 50 is usual")
                return None
            return ValveTransform(lo=limits[0], hi=limits[1], rangeability=given.rangeability)
        case TableSection():
            return _table(scope, (*path, "points"), given, unit)


def _table(scope: Scope, path: Path, given: TableSection, unit: Unit | None) -> Transform | None:
    def column(at: Path, value: float | str) -> float:
        return scope.point(at, value, unit)

    points = table(scope, path, given.points, (column, column), "such as [[0, 0], [50, 20], [100, 100]]")
    if points is None:
        return None
    for i, ((_, before), (_, after)) in enumerate(itertools.pairwise(points), start=1):
        if after <= before:
            message = f"the transformed value falls from {before:g} to {after:g}"
            scope.issues.at_value(
                "E072", (*path, i), message, "a transform rises throughout; turn the sign of the gains"
            )
            return None
    return TableTransform(points=points)


def check_untransformed(
    scope: Scope, transformed: Iterable[str], rows: Iterable[Row | Curve | CallSpec], functions: Iterable[FunctionSpec]
) -> None:
    """Report constraints and functions on transformed variables: both are meant in engineering units."""
    names = set(transformed)
    indices = {each.name: i for i, each in enumerate(scope.file.constraints)}
    for row in rows:
        hit = sorted(names & set(row.coefficients if isinstance(row, Row) else row.variables))
        index = indices.get(row.name, indices.get(row.name.rpartition(" (")[0]))
        if hit and index is not None:
            message = f"a constraint on {hit[0]}, which is transformed, is not affine"
            scope.issues.at_value(
                "E075", ("constraints", index, "expr"), message, "remove the transform or the constraint"
            )
    for function in functions:
        for kind, own in (("mvs", function.mvs), ("cvs", function.cvs)):
            for i, name in enumerate(own):
                if name in names:
                    message = f"function {function.name} of {name}, which is transformed"
                    hint = "a function may bend by itself; remove the transform"
                    scope.issues.at_value("E075", ("functions", function.name, kind, i), message, hint)
