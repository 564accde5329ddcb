"""Every constraint of a plant as named one-sided rows: CV limits, targets, engineers' own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from constraints.plant import CvSpec, Plant
from constraints.ranks import RankedRow


def rank_rows(plant: Plant, limits: Mapping[str, tuple[float, float]]) -> tuple[RankedRow, ...]:
    """Return one row per side of every constraint that has a finite limit; ``limits`` is by CV, in its unit."""
    rows = [row for name, cv in plant.cvs.items() for row in _of_cv(name, cv, limits.get(name, cv.limits.operator))]
    rows += [
        RankedRow(name=f"row.{row.name}", coefficients=row.coefficients, hi=row.hi, rank=row.rank, concern=row.concern)
        for row in plant.rows
    ]
    return tuple(rows)


def _of_cv(name: str, cv: CvSpec, limits: tuple[float, float]) -> Iterator[RankedRow]:
    lo, hi = limits
    sides = [(f"cv.{name}.hi", 1.0, hi, cv.rank_hi), (f"cv.{name}.lo", -1.0, lo, cv.rank_lo)]
    if cv.target is not None:
        sides.append((f"cv.{name}.target.hi", 1.0, cv.target, cv.rank_target))
        sides.append((f"cv.{name}.target.lo", -1.0, cv.target, cv.rank_target))
    for row, sign, limit, rank in sides:
        if math.isfinite(limit):
            yield RankedRow(name=row, coefficients={name: sign}, hi=sign * limit, rank=rank, concern=cv.concern)
