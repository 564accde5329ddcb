"""The limits of the steady state as ranked rows ``effect @ (u_ss - u) <= limit - free value``, one side each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from constraints.plant import MvSpec, Plant
from controllers.model import FloatArray, Model

Side = Literal["hi", "lo"]
OUT_OF_REACH = 100.0
"""A limit that is further out of every MV's reach than this many concerns counts as that far: squares of wild readings
would drown everything else."""
BACK_OFF_RANK = 1_000
"""Back-off is wished for by the economics alone: it goes before any limit does."""


@dataclass(frozen=True, slots=True)
class RankedRow:
    """One side of one limit at steady state."""

    name: str
    """``cv.moist.hi``, ``cv.moist.target``, ``cv.level.balance``, ``row.Evaporative load``."""
    rank: int
    kind: Literal["limit", "target", "balance", "row", "back_off"]
    variable: str
    """The CV, or the custom row's name."""
    side: Side
    effect: FloatArray
    """Change of the left side per unit of each MV (of the CV, negated for ``lo``; of the seconds-to-balance slope)."""
    concern: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Names in order and the scales of everything inside the solvers."""

    mvs: tuple[str, ...]
    cvs: tuple[str, ...]
    dvs: tuple[str, ...]
    span: FloatArray
    """Per MV: its operator range."""
    concern: FloatArray
    """Per CV."""
    level_gain: FloatArray
    """(CVs, MVs) at steady state; zero for integrating pairs."""
    slope_gain: FloatArray
    """(CVs, MVs) per second."""
    integrating: np.ndarray[tuple[int], np.dtype[np.bool_]]
    balance_s: FloatArray
    """Per CV: seconds in which an integrating CV is brought back."""
    rows: tuple[RankedRow, ...]
    """By rank, 1 first."""


def layout(plant: Plant, model: Model) -> Layout:
    """Return the layout of ``plant``; ``model`` has the MVs first among its inputs."""
    mvs, cvs = tuple(plant.mvs), tuple(plant.cvs)
    level, slope = model.gains()
    level, slope = level[:, : len(mvs)], slope[:, : len(mvs)]
    integrating = model.cv_integrates()
    balance = model.settle_s()
    rows: list[RankedRow] = []
    for c, name in enumerate(cvs):
        spec = plant.cvs[name]
        if integrating[c]:
            rank = min(spec.rank_hi, spec.rank_lo)
            for side in _SIDES:
                effect = _SIGN[side] * slope[c] * balance[c]
                rows.append(RankedRow(f"cv.{name}.balance", rank, "balance", name, side, effect, spec.concern))
            continue
        back_off: dict[Side, float] = {"hi": spec.back_off_hi, "lo": spec.back_off_lo}
        ranks: dict[Side, int] = {"hi": spec.rank_hi, "lo": spec.rank_lo}
        for side in _SIDES:
            effect = _SIGN[side] * level[c]
            rows.append(RankedRow(f"cv.{name}.{side}", ranks[side], "limit", name, side, effect, spec.concern))
            rows.append(RankedRow(f"cv.{name}.target", spec.rank_target, "target", name, side, effect, spec.concern))
            if back_off[side] > 0.0:
                rows.append(RankedRow(f"cv.{name}.{side}", BACK_OFF_RANK, "back_off", name, side, effect, spec.concern))
    for row in plant.rows:
        effect = np.zeros(len(mvs))
        for variable, coefficient in row.coefficients.items():
            if variable in plant.mvs:
                effect[mvs.index(variable)] += coefficient
            else:
                effect += coefficient * level[cvs.index(variable)]
        rows.append(RankedRow(f"row.{row.name}", row.rank, "row", row.name, "hi", effect, row.concern))
    return Layout(
        mvs=mvs,
        cvs=cvs,
        dvs=tuple(plant.dvs),
        span=np.array([_span(spec) for spec in plant.mvs.values()]),
        concern=np.array([spec.concern for spec in plant.cvs.values()]),
        level_gain=level,
        slope_gain=slope,
        integrating=integrating,
        balance_s=balance,
        rows=tuple(sorted(rows, key=lambda r: r.rank)),  # sorted is stable: the plant file's order within a rank
    )


_SIDES: tuple[Side, Side] = ("hi", "lo")
_SIGN: dict[Side, float] = {"hi": 1.0, "lo": -1.0}


def _span(spec: MvSpec) -> float:
    for lo, hi in (spec.limits.operator, spec.limits.engineering, spec.limits.safety):
        if np.isfinite(lo) and np.isfinite(hi) and hi > lo:
            return hi - lo
    return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyState:
    """Where the plant would settle if nothing moved, and what holds there; engineering units."""

    u: FloatArray
    """Actual setpoints."""
    lo: FloatArray
    hi: FloatArray
    """Per MV: range of its target, contains a point; equal where it may not move."""
    y_end: FloatArray
    """Per CV: value at the end of the free response (for an integrating CV: now)."""
    slope_end: FloatArray
    """Per CV: slope at the end per second, integrating CVs; else zero."""
    limits: Mapping[str, tuple[float, float]]
    targets: Mapping[str, float]
    out: frozenset[str]
    """CVs that are out of control."""
    money: FloatArray
    """Per MV: currency per hour and unit, through its CVs too."""


def room(plan: Layout, plant: Plant, state: SteadyState) -> FloatArray:
    """Return for each row how much of its concern is left at the free steady state; inf where the row does not hold."""
    rows = {row.name: row for row in plant.rows}
    result = np.empty(len(plan.rows))
    for i, row in enumerate(plan.rows):
        if row.kind == "row":
            result[i] = _custom_room(plan, plant, state, rows[row.variable].coefficients, rows[row.variable].hi)
        else:
            result[i] = _cv_room(plan, plant, state, row)
        result[i] /= row.concern
    return result


def _cv_room(plan: Layout, plant: Plant, state: SteadyState, row: RankedRow) -> float:
    if row.variable in state.out:
        return float("inf")
    c = plan.cvs.index(row.variable)
    free = float(state.y_end[c])
    lo, hi = state.limits[row.variable]
    target = state.targets.get(row.variable)
    if row.kind == "balance":
        wish = min(max(free, lo), hi) if target is None else target
        limit, free = wish - free, float(state.slope_end[c] * plan.balance_s[c])
    elif row.kind == "target":
        if target is None:
            return float("inf")
        limit = target
    elif row.kind == "back_off":
        spec = plant.cvs[row.variable]
        middle = 0.5 * (lo + hi) if np.isfinite(lo) and np.isfinite(hi) else (lo if np.isfinite(lo) else hi)
        if row.side == "hi":
            limit = max(hi - spec.back_off_hi, middle) if np.isfinite(lo) else hi - spec.back_off_hi
        else:
            limit = min(lo + spec.back_off_lo, middle) if np.isfinite(hi) else lo + spec.back_off_lo
    else:
        limit = hi if row.side == "hi" else lo
    return limit - free if row.side == "hi" else free - limit


def _custom_room(plan: Layout, plant: Plant, state: SteadyState, coefficients: Mapping[str, float], hi: float) -> float:
    value = 0.0
    for variable, coefficient in coefficients.items():
        if variable in plant.mvs:
            value += coefficient * float(state.u[plan.mvs.index(variable)])
        elif variable in state.out:
            return float("inf")
        else:
            value += coefficient * float(state.y_end[plan.cvs.index(variable)])
    return hi - value
