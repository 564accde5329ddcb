"""Every constraint of a plant as named rows with a rank: limits, targets, balances, back-offs, engineers' own.

A row is a sum of MVs and CVs with a lower and an upper side. Both sides of a limit are one row where they have the same
rank. What the sides are at a moment (limits in force, targets in force) is not told here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from constraints.plant import CvSpec, Plant

Kind = Literal["limit", "target", "balance", "row", "back_off", "mv_target"]
BACK_OFF_RANK = 1_000
"""Back-off is wished for by the economics alone: it goes before any limit does."""
MV_TARGET_RANK = 9
"""Where an external target for an MV names no rank of its own."""
MV_CONCERN = 0.01
"""Distance of an MV from an external target that hurts as much as any other concern; share of its operator range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRow:
    """``lo <= sum(coefficients[v] * v) <= hi`` at steady state, over MVs and CVs in their units."""

    kind: Kind
    variable: str
    """The CV or MV, or the name of an engineer's own row."""
    coefficients: Mapping[str, float]
    """Of a nonlinear row: which variables it has; its tangent's slopes come with the cycle."""
    rank: int
    """1 is given up last."""
    concern: float
    """Violation that hurts as much as any other row's concern."""
    lo: bool = True
    hi: bool = True
    """Which sides it has."""

    def name(self, side: Literal["lo", "hi"]) -> str:
        """Return what one side is called: ``cv.moist.hi``, ``cv.moist.target``, ``row.Evaporative load``."""
        if self.kind == "row":
            return f"row.{self.variable}"
        owner = "mv" if self.kind == "mv_target" else "cv"
        return f"{owner}.{self.variable}.{_CALLED.get(self.kind, side)}"


_CALLED: Mapping[Kind, str] = {"target": "target", "mv_target": "target", "balance": "balance"}


def rank_rows(plant: Plant, integrating: Collection[str] = ()) -> tuple[RankedRow, ...]:
    """Return every row, rank 1 first, else in the plant file's order; ``integrating`` names the CVs that integrate."""
    rows = [row for name, cv in plant.cvs.items() for row in _of_cv(name, cv, name in integrating)]
    rows += [
        RankedRow(
            kind="row",
            variable=row.name,
            coefficients=row.coefficients,
            rank=row.rank,
            concern=row.concern,
            lo=False,
        )
        for row in plant.rows
    ]
    rows += [
        RankedRow(
            kind="row",
            variable=curve.name,
            coefficients=dict.fromkeys((v for v in curve.variables if v in plant.mvs or v in plant.cvs), 1.0),
            rank=curve.rank,
            concern=curve.concern,
            lo=False,
        )
        for curve in plant.curves
        if curve.use == "linearised"
    ]
    for name, mv in plant.mvs.items():
        lo, hi = mv.limits.operator
        concern = MV_CONCERN * (hi - lo) if 0.0 < hi - lo < float("inf") else 1.0
        rows.append(
            RankedRow(kind="mv_target", variable=name, coefficients={name: 1.0}, rank=MV_TARGET_RANK, concern=concern)
        )
    return tuple(sorted(rows, key=lambda row: row.rank))


def _of_cv(name: str, cv: CvSpec, integrates: bool) -> Iterator[RankedRow]:  # noqa: FBT001 - a fact, not a switch
    def row(kind: Kind, rank: int, *, lo: bool = True, hi: bool = True) -> RankedRow:
        return RankedRow(
            kind=kind, variable=name, coefficients={name: 1.0}, rank=rank, concern=cv.concern, lo=lo, hi=hi
        )

    if integrates:
        yield row("balance", min(cv.rank_hi, cv.rank_lo))
        return
    if cv.rank_hi == cv.rank_lo:
        yield row("limit", cv.rank_hi)
    else:
        yield row("limit", cv.rank_hi, lo=False)
        yield row("limit", cv.rank_lo, hi=False)
    yield row("target", cv.rank_target)
    if cv.back_off_hi > 0.0 or cv.back_off_lo > 0.0:
        yield row("back_off", BACK_OFF_RANK, lo=cv.back_off_lo > 0.0, hi=cv.back_off_hi > 0.0)
