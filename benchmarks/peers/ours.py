"""Setwise's own dynamic layer on the recorded problem: the plant's problem of moves, compiled and solved as in a cycle.

Every move is free and every cycle a coincidence point, as the peers have it. MVs are in spans and a setpoint is a zone
of no width, as in ``controllers.moves``; what is timed is what a cycle does: limits of the zones from the state, the solve
with all its checks, the first move. ``ours_daqp`` is the same with ``solver: daqp``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from benchmarks.peers.condensed import Condensed
from benchmarks.peers.harness import Step, run
from benchmarks.peers.problem import NONE, Array, Problem
from controllers.engines.problem import NO_LIMIT
from controllers.moves import STRICTNESS
from controllers.problems import Violations, move_plan
from controllers.solver import Answer, Qp, Tuning


def layer(problem: Problem, solver: Literal["osqp", "daqp"]) -> Step:
    """Return the compiled layer as the harness wants it."""
    form, h, n = Condensed(problem), problem.horizon, problem.mvs
    span = problem.high - problem.low
    rows = np.arange(h * problem.cvs)
    none = rows[:0]
    count = Violations(np.tile(problem.track + problem.slack, h), rows, none, none, none)
    pull, suppress = (np.tile(weight * span**2, (h, 1)) for weight in (problem.pull, problem.suppress))
    qp = Qp(move_plan(form.s * np.tile(span, h), count, pull, suppress), Tuning(first=solver, strictness=STRICTNESS))
    largest = np.tile(np.where(problem.step < NONE, problem.step / span, NO_LIMIT), h)
    to_setpoint = problem.track > 0.0
    last: list[Answer] = []

    def step(x: Array, u: Array, d: Array, r: Array, target: Array) -> Array:
        free = form.by_x @ x + form.by_now @ u + np.tile(d, h)
        low, high = np.where(to_setpoint, r, problem.zone_low), np.where(to_setpoint, r, problem.zone_high)
        values = {
            "gap": (u - target) / span,
            "zone_lo": np.tile(low, h) - free,
            "zone_hi": np.tile(high, h) - free,
            "up": largest,
            "down": largest,
            "floor": np.tile((problem.low - u) / span, h),
            "ceiling": np.tile((problem.high - u) / span, h),
        }
        answer = qp.solve(values, last[-1].x, last[-1].y, last[-1].rho) if last else qp.solve(values)
        last[:] = [answer]
        move = answer.values["du"][:n] * span
        first: Array = np.clip(u + np.clip(move, -problem.step, problem.step), problem.low, problem.high) - u
        return first

    return step


def build(problem: Problem) -> Step:
    """Compile with ``solver: osqp``, the default."""
    return layer(problem, "osqp")


if __name__ == "__main__":
    run(("setwise", "osqp", "daqp"), build)
