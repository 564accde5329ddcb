"""Ranked steady state: where the plant should go.

``y_ss = y_end + G (u_ss - u)``. Limits hold in rank order: for each rank the squared give-ups, in units of concern, are
minimised with those of earlier ranks fixed; then money is earned in what freedom is left. There is always an answer:
the MVs have a point to stand at, and everything else has a give-up.

Inside, ``x = (u_ss - u) / span`` and every row is divided by its concern.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.engines.problem import NO_LIMIT
from controllers.model import FloatArray
from controllers.problems import economics, give_ups
from controllers.rows import BACK_OFF_RANK, OUT_OF_REACH, Layout, SteadyState
from controllers.solver import Qp, SolverError, Tuning
from controllers.types import Solve

FEASIBLE = 1e-6
"""A row within this much of its limit holds; concerns."""
REST = 1e-4
"""Pull of every MV toward its last target, relative to the steepest earning per span: decides what money does not."""
REST_IDEAL = 1e-3
"""Pull toward an ideal resting value."""
NEAR = 1e-3
"""Pull of a rank's stage toward the point it starts from. A stage is asked again from its own answer until it stands
still (proximal point method), so that the pull keeps the problem well posed and costs no accuracy."""
NEAR_TIMES = 4
JOINT = 1e-7
"""The same where every row may give: nothing can go wrong there, and once is enough."""
JUMP = 0.05
"""A target that moves by more than this share of a span is another vertex, subject to the hysteresis."""
_EASE = 1e-7
"""So much inside its limit is the point that every later problem can stand at: exact ties have no interior."""
_BINDS = 1e-4
"""A limit binds when the answer is this near to it; spans and concerns."""
_TUNING = Tuning(first="daqp")
"""These problems are small, dense and nearly linear: an active-set method ends in a vertex, exactly, where OSQP often
runs out of iterations (measured on 20 MVs and 40 CVs: 54 of 60 economic stages)."""


@dataclass(frozen=True, slots=True)
class SteadyTargets:
    """The answer, in engineering units."""

    u: FloatArray
    y: FloatArray
    give_up: FloatArray
    """Per row of the layout: by how much it is given up, in its variable's unit."""
    worth: FloatArray
    """Per row: currency per hour for one unit more room; 0 where it does not bind."""
    worth_lo: FloatArray
    worth_hi: FloatArray
    """Per MV: the same for its own range."""
    kept: bool
    """The last targets stayed because another vertex would have earned less than the hysteresis more."""
    solves: tuple[Solve, ...]


class Targets:
    """The compiled problems of one plant."""

    def __init__(self, layout: Layout, ideal: FloatArray, hysteresis: float) -> None:
        """``ideal`` per MV, NaN where it has none; ``hysteresis`` in currency per hour."""
        self._layout = layout
        self._ideal = ideal
        self._hysteresis = hysteresis
        self._rows = np.array([row.effect * layout.span / row.concern for row in layout.rows]).reshape(
            len(layout.rows), len(layout.mvs)
        )
        ranks = [row.rank for row in layout.rows]
        self._stages: list[tuple[int, int, Qp]] = []
        for rank in sorted(set(ranks)):
            first, last = ranks.index(rank), len(ranks) - ranks[::-1].index(rank)
            name = "targets.back_off" if rank == BACK_OFF_RANK else f"targets.rank{rank}"
            self._stages.append(
                (first, last, Qp(give_ups(name, self._rows[:first], self._rows[first:last], NEAR), _TUNING))
            )
        self._joint = Qp(give_ups("targets.joint", self._rows[:0], self._rows, JOINT), _TUNING)
        self._pull = np.where(np.isfinite(ideal), REST_IDEAL, REST)
        self._economics = Qp(economics("targets.economics", self._rows, self._pull), _TUNING)
        self._keep = Qp(economics("targets.keep", self._rows, np.ones(len(layout.mvs))), _TUNING)

    def solve(self, state: SteadyState, room: FloatArray, last: FloatArray | None) -> SteadyTargets:
        """Return the targets for ``state`` with ``room`` left in each row; ``last`` are the previous ones.

        Raises SolverError when no solver has an acceptable answer.
        """
        span = self._layout.span
        box = {"lo": (state.lo - state.u) / span, "hi": (state.hi - state.u) / span}
        before = np.clip(((last if last is not None else state.u) - state.u) / span, box["lo"], box["hi"])
        solves: list[Solve] = []
        best_case = np.where(self._rows > 0.0, self._rows * box["lo"], self._rows * box["hi"]).sum(axis=1)
        wanted = np.clip(room, best_case - OUT_OF_REACH, NO_LIMIT)
        held = self._hold_ranks(wanted, box, before, solves)
        # from here on `held` is never below what some x in the box achieves, so every later problem has an answer
        give_up = np.maximum(held - room, 0.0)
        steepest = float(np.abs(state.money * span).max(initial=0.0))
        unit = steepest if steepest > 0.0 else 1.0
        wish = np.where(np.isfinite(self._ideal), (self._ideal - state.u) / span, before)
        best = self._economics.solve({**box, "room": held, "cost": -state.money * span / unit, "rest": wish})
        solves += best.solves
        x, kept = best.values["x"], False
        if last is not None and float(np.abs(x - before).max(initial=0.0)) > JUMP:
            stay = before
            if float((self._rows @ stay - held).max(initial=0.0)) > FEASIBLE:
                nearest = self._keep.solve({**box, "room": held, "cost": np.zeros(len(span)), "rest": before})
                solves += nearest.solves
                stay = nearest.values["x"]
            if float(state.money * span @ (x - stay)) < self._hysteresis and not self._rests(x, stay, wish):
                x, kept = stay, True
        x = np.clip(x, box["lo"], box["hi"])
        concerns = np.array([row.concern for row in self._layout.rows])
        problem = self._economics.problem
        near = np.abs(self._rows @ x - held) < _BINDS
        return SteadyTargets(
            u=np.clip(state.u + x * span, state.lo, state.hi),
            y=state.y_end + self._layout.level_gain @ (x * span),
            give_up=give_up * concerns,
            worth=np.where(near, problem.duals(0, best.y), 0.0) * unit / concerns,
            worth_hi=np.where(box["hi"] - x < _BINDS, problem.duals(1, best.y), 0.0) * unit / span,
            worth_lo=np.where(x - box["lo"] < _BINDS, problem.duals(2, best.y), 0.0) * unit / span,
            kept=kept,
            solves=tuple(solves),
        )

    def _rests(self, x: FloatArray, stay: FloatArray, wish: FloatArray) -> bool:
        """Return whether ``x`` differs from ``stay`` only where an MV goes to its ideal resting value."""
        goes = np.abs(x - stay) > JUMP
        return bool(np.isfinite(self._ideal[goes]).all() and (np.abs(x - wish)[goes] < np.abs(stay - wish)[goes]).all())

    def _hold_ranks(
        self, room: FloatArray, box: dict[str, FloatArray], x: FloatArray, solves: list[Solve]
    ) -> FloatArray:
        """Return the room of each row, widened by what must be given up."""
        rows = self._rows
        if float((rows @ x - room).max(initial=0.0)) <= FEASIBLE:
            return np.maximum(room, rows @ x + _EASE)
        joint = self._joint.solve({**box, "rest": x, "here": room})
        solves += joint.solves
        if float((rows @ joint.values["x"] - room).max(initial=0.0)) <= FEASIBLE:
            return np.maximum(room, rows @ joint.values["x"] + _EASE)
        held = room.copy()
        for first, last, stage in self._stages:
            if float((rows[:last] @ x - held[:last]).max(initial=0.0)) > FEASIBLE:
                x = self._nearer(stage, {**box, "above": held[:first], "here": room[first:last]}, x, solves)
            held[:last] = np.maximum(held[:last], rows[:last] @ x + _EASE)
        return held

    @staticmethod
    def _nearer(stage: Qp, values: dict[str, FloatArray], x: FloatArray, solves: list[Solve]) -> FloatArray:
        """Return the point with the least give-up of one rank, from ``x``, where every earlier rank holds.

        Where no solver has an answer the rank keeps what ``x`` gives it, and the record says so: earlier ranks have
        then left (next to) no freedom, and ``x`` is in what is left.
        """
        for _ in range(NEAR_TIMES):
            start = x
            try:
                answer = stage.solve({**values, "rest": x})
            except SolverError as error:
                solves += error.tried
                return x
            solves += answer.solves
            x = np.clip(answer.values["x"], values["lo"], values["hi"])
            if float(np.abs(x - start).max(initial=0.0)) <= FEASIBLE:
                break
        return x
