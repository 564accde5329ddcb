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
from controllers.rows import BoolArray, Bowl, Layout, Room, SteadyState, effects
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
    quadratic: FloatArray | None
    """None where nothing costs by its square."""

    def at(self, x: FloatArray) -> float:
        earns = float(self.linear @ x)
        return earns if self.quadratic is None else earns - 0.5 * float(x @ self.quadratic @ x)


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
        self._wished = np.isfinite(self._ideal)
        self._pull = np.where(self._wished, REST_IDEAL, 1.0)
        self._bowed = False
        """The problem that earns is formed with a curvature."""
        self._formed_of: tuple[FloatArray, ...] | None = None
        self._all_rows = np.zeros((len(layout.rows), len(layout.mvs)))
        self._in_force: BoolArray | None = None
        self._there: IntArray = np.zeros(0, dtype=np.intp)
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
        if last is not None and state.bowl is None and float(np.maximum.reduce(np.abs(x - found.before))) > JUMP:
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
        wish = np.where(self._wished, (self._ideal - state.u) / span, before)
        economy = self._economy(state)
        lo, hi = np.maximum(room.lo[there], -NO_LIMIT), np.minimum(room.hi[there], NO_LIMIT)
        inside = held(self._ranks, (lo, hi, room.rank[there]), box, before)
        bent = self._along_curves(economy, state)
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
        if not same or self._in_force is None or (in_force != self._in_force).any():
            self._in_force, self._there = in_force, np.flatnonzero(in_force)
            rows = self._all_rows[in_force]
            self._ranks = Dense(np.eye(len(self._layout.mvs)), rows, NEAR)
            self._earn = Dense(np.diag(self._pull), rows, NEAR)
        return self._there

    def _economy(self, state: SteadyState) -> _Economy:
        own = self._own_economy(state)
        return own if state.bowl is None else _bent(own, state, state.bowl, self._layout.span)

    def _own_economy(self, state: SteadyState) -> _Economy:
        span = self._layout.span
        if not self._quadratic:
            return _Economy(state.money * span, None)
        level = state.gains(self._layout)[0] * span
        counts = np.array([name not in state.out for name in self._layout.cvs])
        quadratic_y = np.where(counts, self._quadratic_y, 0.0)
        away_u = np.where(self._quadratic_u > 0.0, state.u - np.nan_to_num(self._ideal), 0.0)
        slope = self._quadratic_u * away_u * span + (quadratic_y * (state.y_end - self._ideal_y)) @ level
        return _Economy(
            state.money * span - slope, np.diag(self._quadratic_u * span**2) + level.T @ (quadratic_y[:, None] * level)
        )

    def _along_curves(self, economy: _Economy, state: SteadyState) -> _Economy:
        """Return the economy with what leaving the tangents of nonlinear rows would cost."""
        if state.own is None or not state.own.bend.any():
            return economy
        level, span = state.gains(self._layout)[0], self._layout.span
        way = np.vstack((np.diag(span), level * span))
        start = np.concatenate((np.zeros(len(span)), state.y_end - state.own.y))
        bend = way.T @ state.own.bend
        quadratic = bend @ way if economy.quadratic is None else economy.quadratic + bend @ way
        return _Economy(economy.linear - bend @ start, quadratic)

    def _best(
        self, economy: _Economy, inside: Held, box: tuple[FloatArray, FloatArray], wish: FloatArray, start: IntArray
    ) -> tuple[Found, float]:
        """Return the point that earns most, and what one unit of its duals is in currency per hour."""
        steepest = float(np.maximum.reduce(np.abs(economy.linear)))
        if economy.quadratic is not None:
            steepest = max(steepest, float(economy.quadratic.max()))
        unit = REST * steepest if steepest > 0.0 else 1.0
        problem = self._earn
        bends = economy.quadratic is not None
        if bends or self._bowed:
            self._bowed = bends
            hessian = np.diag(self._pull) + (0.0 if economy.quadratic is None else economy.quadratic / unit)
            if not np.array_equal(hessian, problem.hessian):
                problem = self._earn = Dense(hessian, problem.rows, NEAR)
        if len(start) != len(inside.active):
            start = inside.active
        question = Question(-economy.linear / unit - self._pull * wish, *box, inside.lo, inside.hi)
        return problem.follow("targets.economics", question, start), unit

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
        at = (self._all_rows @ x)[there]
        give_up, row_dual = np.zeros((2, m))
        if inside.stages:
            give_up[there] = (inside.hi - np.minimum(room.hi[there], NO_LIMIT)) - (
                np.maximum(room.lo[there], -NO_LIMIT) - inside.lo
            )
        dual = worths(found.best.dual, inside.stages, self._ranks.rows) * found.unit
        # what more room at a side that holds would cost (because an earlier rank's limit lets a later one be kept) is
        # no worth of the other side
        row = dual[n:]
        row_dual[there] = np.where(np.where(row > 0.0, inside.hi - at, at - inside.lo) < _BINDS, row, 0.0)
        own = dual[:n] / span
        moved = x * span
        return SteadyTargets(
            u=between(state.u + moved, state.lo, state.hi),
            y=state.y_end + state.gains(layout)[0] @ moved,
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


def _bent(own: _Economy, state: SteadyState, bowl: Bowl, span: FloatArray) -> _Economy:
    """Return ``own`` with the corrected economics of the MVs that ``bowl`` is of."""
    linear = own.linear.copy()
    quadratic = np.zeros((len(span), len(span))) if own.quadratic is None else own.quadratic.copy()
    linear[bowl.mvs] = (state.money * span)[bowl.mvs]
    quadratic[bowl.mvs, :], quadratic[:, bowl.mvs] = 0.0, 0.0
    quadratic[np.ix_(bowl.mvs, bowl.mvs)] = bowl.bent * np.outer(span[bowl.mvs], span[bowl.mvs])
    return _Economy(linear, quadratic)


def _same(a: FloatArray, b: FloatArray) -> bool:
    return a is b or np.array_equal(a, b)
