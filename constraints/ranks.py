"""One-sided rows with a rank, and the order in which they are given up."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRow:
    """``sum(coefficients[v] * v) <= hi`` at steady state, over MVs and CVs in their units."""

    name: str
    """``cv.moist.hi``, ``cv.moist.target.lo``, ``row.Evaporative load``."""
    coefficients: Mapping[str, float]
    hi: float
    rank: int
    """1 is given up last."""
    concern: float
    """Violation that hurts as much as any other row's concern."""

    def room(self, values: Mapping[str, float]) -> float:
        """Return how far ``values`` are from the limit, unit of the row; negative = violated. KeyError if one lacks."""
        return self.hi - sum(factor * values[name] for name, factor in self.coefficients.items())


def by_rank(rows: Iterable[RankedRow]) -> tuple[tuple[int, tuple[RankedRow, ...]], ...]:
    """Return the rows grouped by rank, rank 1 first; within a rank in the order given."""
    ordered = sorted(rows, key=lambda row: row.rank)
    return tuple((rank, tuple(group)) for rank, group in itertools.groupby(ordered, key=lambda row: row.rank))
