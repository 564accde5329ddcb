"""The constraints of the steady state in numbers: ``lo <= effect @ (u_ss - u) <= hi``, one row each.

``constraints.stack`` names and ranks them. Here they meet the model's gains (an argument of the cycle: they may vary)
and what holds in this cycle. Both are array work, without a loop over rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from constraints.plant import MvSpec, Plant
from constraints.stack import RankedRow, rank_rows
from controllers.model import FloatArray, IntArray, Model
from controllers.types import ExternalTarget

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]
OUT_OF_REACH = 100.0
"""A limit that is further out of every MV's reach than this many concerns counts as that far: squares of wild readings
would drown everything else."""


_NO_LIMIT = np.array([np.nan])


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
    integrating: BoolArray
    balance_s: FloatArray
    """Per CV: seconds in which an integrating CV is brought back."""
    rows: tuple[RankedRow, ...]
    """By rank, 1 first."""
    index: Index
    """The same rows as arrays."""


@dataclass(frozen=True, slots=True)
class Index:
    """The rows as arrays: what each is made of, and where its limits are found among the values of a cycle."""

    rank: IntArray
    concern: FloatArray
    of_mv: FloatArray
    """(rows, MVs): coefficients."""
    of_cv: FloatArray
    """(rows, CVs): coefficients at steady state; zero in balance rows."""
    balance: FloatArray
    """(rows, CVs): seconds to balance in balance rows."""
    all_of_it: FloatArray
    """(rows, MVs, CVs and CVs): the three, side by side."""
    needs: BoolArray
    """(rows, CVs): the row says nothing when that CV is out."""
    lo: IntArray
    hi: IntArray
    """Where each side's limit stands in ``_values``."""
    target: IntArray
    """Per CV: its target row (the balance row of an integrating one)."""
    mv_target: IntArray
    """Per MV."""
    custom: FloatArray
    """Limits of the engineer's own rows, in the plant file's order; NaN for a nonlinear one, whose limit comes with the
    cycle."""
    own: Mapping[str, int]
    """Where each stands there, by name."""
    back_off: FloatArray
    """(2, CVs): below, above."""


def layout(plant: Plant, model: Model) -> Layout:
    """Return the layout of ``plant``; ``model`` has the MVs first among its inputs."""
    mvs, cvs = tuple(plant.mvs), tuple(plant.cvs)
    level, slope = model.gains()
    integrating = model.cv_integrates()
    balance = model.settle_s()
    rows = rank_rows(plant, [name for name, does in zip(cvs, integrating, strict=True) if does])
    return Layout(
        mvs=mvs,
        cvs=cvs,
        dvs=tuple(plant.dvs),
        span=np.array([_span(spec) for spec in plant.mvs.values()]),
        concern=np.array([spec.concern for spec in plant.cvs.values()]),
        level_gain=level[:, : len(mvs)],
        slope_gain=slope[:, : len(mvs)],
        integrating=integrating,
        balance_s=balance,
        rows=rows,
        index=_index(plant, rows, balance),
    )


def _span(spec: MvSpec) -> float:
    for lo, hi in (spec.limits.operator, spec.limits.engineering, spec.limits.safety):
        if np.isfinite(lo) and np.isfinite(hi) and hi > lo:
            return hi - lo
    return 1.0


def _index(plant: Plant, rows: tuple[RankedRow, ...], balance_s: FloatArray) -> Index:
    mvs, cvs = tuple(plant.mvs), tuple(plant.cvs)
    m, n, c = len(rows), len(mvs), len(cvs)
    column = {name: i for i, name in enumerate(mvs)}
    place = {name: i for i, name in enumerate(cvs)}
    limits = {row.name: row.hi for row in plant.rows}
    limits |= {curve.name: np.nan for curve in plant.curves if curve.use == "linearised"}
    own = {name: i for i, name in enumerate(limits)}
    of_mv, of_cv, balance = np.zeros((m, n)), np.zeros((m, c)), np.zeros((m, c))
    target, mv_target = np.zeros(c, dtype=np.intp), np.zeros(n, dtype=np.intp)
    sides = np.zeros((2, m), dtype=np.intp)
    # the blocks of `_values`: lower limits, upper limits, targets, back-offs, own rows, MV targets, and no limit at all
    lower, upper, targets, below, above, owns, of_mvs, none = _blocks(n, c, len(own))
    for i, row in enumerate(rows):
        at = place.get(row.variable, 0)
        for variable, coefficient in row.coefficients.items():
            if variable in column:
                of_mv[i, column[variable]] += coefficient
            elif row.kind == "balance":
                balance[i, place[variable]] = balance_s[place[variable]]
            else:
                of_cv[i, place[variable]] += coefficient
        match row.kind:
            case "limit":
                pair = lower + at, upper + at
            case "target" | "balance":
                pair = targets + at, targets + at
                target[at] = i
            case "back_off":
                pair = below + at, above + at
            case "row":
                pair = none, owns + own[row.variable]
            case "mv_target":
                pair = of_mvs + column[row.variable], of_mvs + column[row.variable]
                mv_target[column[row.variable]] = i
        sides[:, i] = pair[0] if row.lo else none, pair[1] if row.hi else none
    return Index(
        rank=np.array([row.rank for row in rows], dtype=np.intp),
        concern=np.array([row.concern for row in rows]),
        of_mv=of_mv,
        of_cv=of_cv,
        balance=balance,
        all_of_it=np.hstack((of_mv, of_cv, balance)),
        needs=(of_cv != 0.0) | (balance != 0.0),
        lo=sides[0],
        hi=sides[1],
        target=target,
        mv_target=mv_target,
        custom=np.array([*limits.values()]),
        own=own,
        back_off=np.array([[s.back_off_lo for s in plant.cvs.values()], [s.back_off_hi for s in plant.cvs.values()]]),
    )


def _blocks(n: int, c: int, own: int) -> list[int]:
    return list(itertools.accumulate((0, c, c, c, c, c, own, n)))


@dataclass(frozen=True, slots=True)
class Bowl:
    """Corrected economics of some MVs: ``SteadyState.money`` is their slope where they stand, this the curvature."""

    mvs: IntArray
    bent: FloatArray
    """(k, k): currency per hour and squared unit; positive definite."""


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The engineer's nonlinear rows as tangents of one cycle."""

    at: IntArray
    """Places among the layout's rows."""
    of_mv: FloatArray
    """(tangents, MVs)."""
    of_cv: FloatArray
    """(tangents, CVs)."""
    hi: FloatArray
    """NaN where it is not held."""
    bend: FloatArray
    """(MVs and CVs, MVs and CVs): what leaving the tangents costs, currency per hour and units squared: second
    derivatives times what a unit of each was worth in the last cycle, their convex part."""
    y: FloatArray
    """Per CV: where the tangents were taken."""


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
    external: Mapping[str, ExternalTarget] = field(default_factory=dict)
    """Targets of a higher layer that are in force, by MV or CV; a CV's comes before its own target."""
    level_gain: FloatArray | None = None
    slope_gain: FloatArray | None = None
    """(CVs, MVs): the model's gains in this cycle; None where they are the layout's."""
    bowl: Bowl | None = None
    """Where adaptation corrects the economics: instead of the quadratic costs of its MVs."""
    own: OwnRows | None = None
    """None where every row is the layout's."""

    def gains(self, plan: Layout) -> tuple[FloatArray, FloatArray]:
        """Return the gains and the slopes of this cycle."""
        level = plan.level_gain if self.level_gain is None else self.level_gain
        slope = plan.slope_gain if self.slope_gain is None else self.slope_gain
        return level, slope

    def coefficients(self, plan: Layout) -> tuple[FloatArray, FloatArray]:
        """Return (rows, MVs) and (rows, CVs) of this cycle."""
        of_mv, of_cv = plan.index.of_mv, plan.index.of_cv
        if self.own is None:
            return of_mv, of_cv
        of_mv, of_cv = of_mv.copy(), of_cv.copy()
        of_mv[self.own.at], of_cv[self.own.at] = self.own.of_mv, self.own.of_cv
        return of_mv, of_cv

    def own_limits(self, plan: Layout) -> FloatArray:
        """Return the limit of each of the engineer's rows, in the order of ``Index.own``."""
        if self.own is None:
            return plan.index.custom
        limits = plan.index.custom.copy()
        limits[[plan.index.own[plan.rows[i].variable] for i in self.own.at]] = self.own.hi
        return limits


@dataclass(frozen=True, slots=True)
class Room:
    """What is left to each side of each row at the free steady state, in its concern; infinite where it is not held."""

    lo: FloatArray
    hi: FloatArray
    rank: IntArray
    """In this cycle: an external target brings its own."""


def effects(plan: Layout, state: SteadyState) -> FloatArray:
    """Return (rows, MVs): change of each row, in its concern, per span of each MV."""
    index = plan.index
    (level, slope), (of_mv, of_cv) = state.gains(plan), state.coefficients(plan)
    own = of_mv + of_cv @ level + index.balance @ slope
    result: FloatArray = own * plan.span / index.concern[:, None]
    return result


def room(plan: Layout, state: SteadyState) -> Room:
    """Return the room of every row in ``state``."""
    index = plan.index
    limits = np.array([state.limits[name] for name in plan.cvs]).reshape(-1, 2)
    low, high = limits[:, 0], limits[:, 1]
    target = np.full(len(plan.cvs), np.nan)
    wanted = np.full(len(plan.mvs), np.nan)
    rank = index.rank
    for name, value in state.targets.items():
        target[plan.cvs.index(name)] = value
    if state.external:
        rank = rank.copy()
        for name, given in state.external.items():
            if name in plan.cvs:
                target[plan.cvs.index(name)] = given.value
                rank[index.target[plan.cvs.index(name)]] = given.rank
            else:
                wanted[plan.mvs.index(name)] = given.value
                rank[index.mv_target[plan.mvs.index(name)]] = given.rank
    wish = np.where(np.isnan(target), np.minimum(np.maximum(state.y_end, low), high), target)
    values = np.concatenate(
        (
            low,
            high,
            np.where(plan.integrating, wish - state.y_end, target),
            *_backed_off(low, high, index.back_off),
            index.custom if state.own is None else state.own_limits(plan),
            wanted,
            _NO_LIMIT,
        )
    )
    if state.own is None:
        free = index.all_of_it @ np.concatenate((state.u, state.y_end, state.slope_end))
    else:
        of_mv, of_cv = state.coefficients(plan)
        free = of_mv @ state.u + of_cv @ state.y_end + index.balance @ state.slope_end
    below = (values[index.lo] - free) / index.concern
    above = (values[index.hi] - free) / index.concern
    if state.out:
        out = np.array([name in state.out for name in plan.cvs])
        gone = (index.needs & out).any(axis=1)
        below[gone], above[gone] = np.nan, np.nan
    return Room(np.fmax(below, -np.inf), np.fmin(above, np.inf), rank)  # of a NaN and a number these give the number


def _backed_off(low: FloatArray, high: FloatArray, by: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return both limits moved inward, at most to the middle between them."""
    if not by.any():
        return low, high
    bounded = np.isfinite(low) & np.isfinite(high)
    middle = 0.5 * (np.where(bounded, low, 0.0) + np.where(bounded, high, 0.0))
    inner_low, inner_high = low + by[0], high - by[1]
    return (
        np.where(bounded, np.minimum(inner_low, middle), inner_low),
        np.where(bounded, np.maximum(inner_high, middle), inner_high),
    )


def fresh(external: Mapping[str, ExternalTarget], at_s: float) -> Mapping[str, ExternalTarget]:
    """Return the external targets that are not too old at ``at_s``, nor from a time to come."""
    return {name: each for name, each in external.items() if each.holds(at_s)}
