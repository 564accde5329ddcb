"""Ranked steady state: where the plant should go.

``y_ss = y_end + G (u_ss - u)``. Limits hold in rank order (``ranked``); then money is earned in what freedom is left:
linear in MVs and CVs, and quadratic around desired values; what money does not decide goes to ideal resting values or
stays. There is always an answer: the MVs have a point to stand at, and everything else has a give-up.

Inside, ``x = (u_ss - u) / span`` and every row is divided by its concern.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from constraints.plant import Plant
from controllers.dense import Dense, Found, Question
from controllers.engines.problem import NO_LIMIT
from controllers.model import FloatArray, IntArray
from controllers.ranked import FEASIBLE, NEAR, Held, between, held
from controllers.rows import BoolArray, Layout, Room, SteadyState, effects
from controllers.types import Solve
from controllers.worth import worths

REST = 1e-6
"""Pull of every MV toward its last target, relative to the steepest earning per span: decides what money does not."""
REST_IDEAL = 10.0
"""Pull toward an ideal resting value, relative to that."""
JUMP = 0.05
"""A target that moves by more than this share of a span is another vertex, subject to the hysteresis."""
_BINDS = 1e-4
"""A limit binds when the answer is this near to it; spans and concerns."""


@dataclass(frozen=True, slots=True)
class SteadyTargets:
    """The answer, in engineering units where nothing else is said."""

    u: FloatArray
    y: FloatArray
    give_up: FloatArray
    """Per row of the layout: by how much it is given up, in its own unit; positive above, negative below."""
    worth: FloatArray
    """Per row: currency per hour for one unit more of its limit, through everything that was given up; positive where
    the upper side should rise, negative where the lower one should fall; 0 where it does not bind."""
    worth_lo: FloatArray
    worth_hi: FloatArray
    """Per MV: currency per hour for one unit more room of its own range."""
    rows: FloatArray
    """(rows, MVs): change of each row, in its concern, per span of each MV, in this cycle."""
    earns: float
    """Currency per hour that the best targets earn more than standing still."""
    kept: bool
    """The last targets stayed because another vertex would have earned less than the hysteresis more."""
    solves: tuple[Solve, ...]
    active: tuple[float, ...]
    """Where the next cycle's solver may start; plain numbers for the memory."""


@dataclass(frozen=True, slots=True)
class _Economy:
    """Currency per hour relative to standing still: ``linear @ x - 1/2 x' quadratic x``."""

    linear: FloatArray
    quadratic: FloatArray

    def at(self, x: FloatArray) -> float:
        return float(self.linear @ x - 0.5 * x @ self.quadratic @ x)


@dataclass(frozen=True, slots=True)
class _Search:
    """One search for the best targets, scaled."""

    there: IntArray
    """The rows that say something in this cycle."""
    box: tuple[FloatArray, FloatArray]
    before: FloatArray
    wish: FloatArray
    economy: _Economy
    inside: Held
    best: Found
    unit: float
    """Currency per hour of one unit of the duals."""
    x: FloatArray


class Targets:
    """The steady-state layer of one plant."""

    def __init__(self, layout: Layout, plant: Plant) -> None:
        self._layout = layout
        self._hysteresis = plant.hysteresis_eur_per_h
        mvs, cvs = plant.mvs.values(), plant.cvs.values()
        self._ideal = np.array([np.nan if spec.ideal is None else spec.ideal for spec in mvs])
        self._quadratic_u = np.array([spec.cost_quadratic for spec in mvs])
        self._quadratic_y = np.array([spec.cost_quadratic for spec in cvs])
        self._ideal_y = np.array([0.0 if spec.ideal is None else spec.ideal for spec in cvs])
        self._quadratic = bool(self._quadratic_u.any() or self._quadratic_y.any())
        self._curved = any(curve.use == "linearised" for curve in plant.curves)
        self._pull = np.where(np.isfinite(self._ideal), REST_IDEAL, 1.0)
        self._flat = np.zeros((len(layout.mvs), len(layout.mvs)))
        self._formed_of: tuple[FloatArray, ...] | None = None
        self._all_rows = np.zeros((len(layout.rows), len(layout.mvs)))
        self._in_force: BoolArray | None = None
        self._ranks = self._earn = Dense(np.eye(len(layout.mvs)), self._all_rows, NEAR)

    def solve(
        self, state: SteadyState, room: Room, last: FloatArray | None, start: tuple[float, ...] = ()
    ) -> SteadyTargets:
        """Return the targets for ``state`` with ``room`` left in each row; ``last`` are the previous ones and ``start``
        their ``active``, for speed.

        Raises SolverError when no solver has an acceptable answer for the economics.
        """
        found = self._searched(state, room, last, start)
        x, kept, solves = found.x, False, (*found.inside.solves, *found.best.solves)
        if last is not None and float(np.abs(x - found.before).max()) > JUMP:
            stay, asked = self._nearest(found)
            solves += asked
            gain = found.economy.at(x) - found.economy.at(stay)
            if gain < self._hysteresis and not self._rests(x, stay, found.wish):
                x, kept = stay, True
        return self._told(state, room, found, (x, kept, solves))

    def explored(
        self, state: SteadyState, room: Room, last: FloatArray | None, start: tuple[float, ...]
    ) -> tuple[FloatArray, float]:
        """Return the best targets for another ``room`` or range, and what they earn [currency/h] more than standing
        still; without hysteresis. Raises SolverError as ``solve``.
        """
        found = self._searched(state, room, last, start)
        return state.u + found.x * self._layout.span, found.economy.at(found.x)

    def _searched(self, state: SteadyState, room: Room, last: FloatArray | None, start: tuple[float, ...]) -> _Search:
        there = self._formed(state, room)
        span = self._layout.span
        box = (state.lo - state.u) / span, (state.hi - state.u) / span
        before = between(((last if last is not None else state.u) - state.u) / span, *box)
        wish = np.where(np.isfinite(self._ideal), (self._ideal - state.u) / span, before)
        economy = self._economy(state)
        lo, hi = np.maximum(room.lo[there], -NO_LIMIT), np.minimum(room.hi[there], NO_LIMIT)
        inside = held(self._ranks, (lo, hi, room.rank[there]), box, before)
        bent = self._bent(economy, state)
        best, unit = self._best(bent, inside, box, wish, np.array(start, dtype=np.intp))
        return _Search(there, box, before, wish, economy, inside, best, unit, between(best.x, *box))

    def _formed(self, state: SteadyState, room: Room) -> IntArray:
        """Return the rows that say something in this cycle, after forming the problems that hold them."""
        made_of = (*state.gains(self._layout), *((state.own.of_mv, state.own.of_cv) if state.own is not None else ()))
        in_force = np.isfinite(room.lo) | np.isfinite(room.hi)
        known = self._formed_of
        same = known is not None and all(_same(a, b) for a, b in zip(made_of, known, strict=True))
        if not same:
            self._formed_of = made_of
            self._all_rows = effects(self._layout, state)
        if not same or self._in_force is None or not np.array_equal(in_force, self._in_force):
            self._in_force = in_force
            rows = self._all_rows[in_force]
            self._ranks = Dense(np.eye(len(self._layout.mvs)), rows, NEAR)
            self._earn = Dense(np.diag(self._pull), rows, NEAR)
        return np.flatnonzero(in_force)

    def _economy(self, state: SteadyState) -> _Economy:
        span = self._layout.span
        if not self._quadratic:
            return _Economy(state.money * span, self._flat)
        level = state.gains(self._layout)[0] * span
        counts = np.array([name not in state.out for name in self._layout.cvs])
        quadratic_y = np.where(counts, self._quadratic_y, 0.0)
        away_u = np.where(self._quadratic_u > 0.0, state.u - np.nan_to_num(self._ideal), 0.0)
        slope = self._quadratic_u * away_u * span + (quadratic_y * (state.y_end - self._ideal_y)) @ level
        return _Economy(
            state.money * span - slope, np.diag(self._quadratic_u * span**2) + level.T @ (quadratic_y[:, None] * level)
        )

    def _bent(self, economy: _Economy, state: SteadyState) -> _Economy:
        """Return the economy with what leaving the tangents of nonlinear rows would cost."""
        if state.own is None or not state.own.bend.any():
            return economy
        level, span = state.gains(self._layout)[0], self._layout.span
        way = np.vstack((np.diag(span), level * span))
        start = np.concatenate((np.zeros(len(span)), state.y_end - state.own.y))
        bend = way.T @ state.own.bend
        return _Economy(economy.linear - bend @ start, economy.quadratic + bend @ way)

    def _best(
        self, economy: _Economy, inside: Held, box: tuple[FloatArray, FloatArray], wish: FloatArray, start: IntArray
    ) -> tuple[Found, float]:
        """Return the point that earns most, and what one unit of its duals is in currency per hour."""
        steepest = max(float(np.abs(economy.linear).max()), float(economy.quadratic.max()))
        unit = REST * steepest if steepest > 0.0 else 1.0
        problem = self._earn
        if self._quadratic or self._curved:
            hessian = np.diag(self._pull) + economy.quadratic / unit
            if not np.array_equal(hessian, problem.hessian):
                problem = self._earn = Dense(hessian, problem.rows, NEAR)
        if len(start) != len(inside.active):
            start = inside.active
        question = Question(-economy.linear / unit - self._pull * wish, *box, inside.lo, inside.hi)
        return problem.ask("targets.economics", question, start), unit

    def _nearest(self, found: _Search) -> tuple[FloatArray, tuple[Solve, ...]]:
        """Return the point nearest to the last targets at which everything is held that can be."""
        inside, box, before = found.inside, found.box, found.before
        at = self._ranks.rows @ before
        if bool(((at <= inside.hi + FEASIBLE) & (at >= inside.lo - FEASIBLE)).all()):
            return before, ()
        answer = self._ranks.ask("targets.keep", Question(-before, *box, inside.lo, inside.hi), inside.active)
        return between(answer.x, *box), answer.solves

    def _rests(self, x: FloatArray, stay: FloatArray, wish: FloatArray) -> bool:
        """Return whether ``x`` differs from ``stay`` only where an MV goes to its ideal resting value."""
        goes = np.abs(x - stay) > JUMP
        return bool(np.isfinite(self._ideal[goes]).all() and (np.abs(x - wish)[goes] < np.abs(stay - wish)[goes]).all())

    def _told(
        self,
        state: SteadyState,
        room: Room,
        found: _Search,
        chosen: tuple[FloatArray, bool, tuple[Solve, ...]],
    ) -> SteadyTargets:
        layout, span, concern = self._layout, self._layout.span, self._layout.index.concern
        x, kept, solves = chosen
        there, inside, box = found.there, found.inside, found.box
        n, m = len(span), len(layout.rows)
        at = self._all_rows @ x
        give_up, row_dual = np.zeros((2, m))
        give_up[there] = (inside.hi - np.minimum(room.hi[there], NO_LIMIT)) - (
            np.maximum(room.lo[there], -NO_LIMIT) - inside.lo
        )
        dual = worths(found.best.dual, inside.stages, self._ranks.rows) * found.unit
        # what more room at a side that holds would cost (because an earlier rank's limit lets a later one be kept) is
        # no worth of the other side
        above, below = inside.hi - at[there] < _BINDS, at[there] - inside.lo < _BINDS
        row_dual[there] = np.where(above, np.maximum(dual[n:], 0.0), 0.0) + np.where(
            below, np.minimum(dual[n:], 0.0), 0.0
        )
        own = dual[:n] / span
        return SteadyTargets(
            u=between(state.u + x * span, state.lo, state.hi),
            y=state.y_end + state.gains(layout)[0] @ (x * span),
            give_up=give_up * concern,
            worth=row_dual / concern,
            worth_hi=np.where(box[1] - x < _BINDS, np.maximum(own, 0.0), 0.0),
            worth_lo=np.where(x - box[0] < _BINDS, np.maximum(-own, 0.0), 0.0),
            rows=self._all_rows,
            earns=found.economy.at(found.x),
            kept=kept,
            solves=solves,
            active=tuple(found.best.active().astype(np.float64).tolist()),
        )


def _same(a: FloatArray, b: FloatArray) -> bool:
    return a is b or np.array_equal(a, b)
