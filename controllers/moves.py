"""Zone control over the horizon: how to get to the targets.

Decision: changes of each MV over blocks of cycles, the first block one cycle long. Cost: distance of the MVs to their
targets, CVs outside their zones at the coincidence points (one free quadratic slack and one two-sided row for each),
and the moves themselves. Hard: MV ranges, the largest move of a cycle, locked directions. A zone that is violated now
starts at the violation and closes (funnel).

Inside, MVs are in spans from their present value and CVs in concerns.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from controllers.compile import NO_LIMIT
from controllers.model import FloatArray, IntArray, Model
from controllers.problems import move_plan
from controllers.rows import OUT_OF_REACH, Layout
from controllers.solver import Answer, Qp, Tuning

EDGES = (0, 1, 2, 4, 7, 11, 16, 24)
"""Cycles between which a move is decided; within a block it is spread evenly over the cycles, as a rate limit wants."""
BLOCKS = len(EDGES) - 1
POINTS = 12
"""Coincidence points per CV, closer together early on."""
SUPPRESSION = 0.02
"""Move suppression relative to what a move does to the zones (sum over the points), for ``suppression: 1``."""
PULL_SHARE = 0.15
"""An MV alone goes to its target with about this share of the settling time as time constant."""
PULL_CYCLES_MIN = 4.0
PULL_CYCLES_END = 10.0
"""Weight of the plan's end, in cycles."""
FUNNEL_SHARE = 0.12
"""Time constant of a closing funnel relative to the CV's settling time."""
INWARD = 0.98
"""An MV outside its range comes in at this share of its rate: a little freedom keeps the problem well posed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What the dynamic layer starts from; engineering units."""

    u: FloatArray
    target: FloatArray
    """Per MV: its steady-state target; its own value where it may not move."""
    lo: FloatArray
    hi: FloatArray
    """Per MV: its range."""
    up: FloatArray
    down: FloatArray
    """Per MV: largest move of one cycle, both positive; zero where that way is locked."""
    free: FloatArray
    """(points, CVs): free response at the coincidence points."""
    y: FloatArray
    """Per CV: now."""
    zone_lo: FloatArray
    zone_hi: FloatArray
    """Per CV: zone at steady state, infinite where there is none."""


@dataclass(frozen=True, slots=True)
class MovePlan:
    """The answer, in engineering units where nothing else is said."""

    first: FloatArray
    """Per MV: the move of this cycle."""
    setpoint: FloatArray
    """Per MV: where that move leads; in its range to the last bit, or on its way there."""
    path: FloatArray
    """(blocks, MVs): setpoints at the end of each block."""
    effect: FloatArray
    """(report times, CVs): what the planned moves add to the free response."""
    zone: FloatArray
    """(CVs,): cost of leaving the zones, scaled."""
    tracking: float
    suppression: float
    push: FloatArray
    """(CVs, MVs): how strongly each zone pushes the first move, and which way; scaled."""
    side: FloatArray
    """Per CV: positive where it is planned above its zone, negative below."""
    pull: FloatArray
    """Per MV: how strongly its target pulls the first move; scaled."""
    answer: Answer


class Moves:
    """The compiled problem of one plant."""

    def __init__(self, layout: Layout, model: Model, rank: IntArray, suppression: FloatArray) -> None:
        """``rank`` per CV: the best of its limits' ranks; ``suppression`` per MV, 1 is usual."""
        self._layout = layout
        n = len(layout.mvs)
        cycle = model.cycle_s
        settle = model.settle_s()
        delay = np.array([_least_delay(model, c, n) for c in range(len(layout.cvs))])
        self.moved = np.isfinite(delay)
        """Per CV: some MV acts on it."""
        delay = np.where(self.moved, delay, 0.0)
        early = delay + cycle
        late = np.maximum(settle, early + POINTS)
        share = (np.arange(POINTS) / (POINTS - 1)) ** 1.5
        self.points_s: FloatArray = early + (late - early) * share[:, None]
        """(points, CVs): seconds from now."""
        self.report_s: FloatArray = np.linspace(0.0, float(late.max(initial=cycle)), 2 * POINTS)
        self._report = self._dynamic(model, np.repeat(self.report_s[:, None], len(layout.cvs), axis=1), n)
        dynamic = self._dynamic(model, self.points_s, n) * layout.span / layout.concern[:, None, None]
        # (points, CVs, blocks, MVs): one row per point and CV, one column per block and MV
        self._s = dynamic.reshape(POINTS * len(layout.cvs), BLOCKS * n)
        # furthest that a row can be moved by one span of each MV, and the violation beyond that which still counts
        self._reach = OUT_OF_REACH + np.abs(dynamic).max(axis=2).sum(axis=2).ravel()
        self._lasts = np.diff(EDGES).astype(np.float64)
        self._weight: FloatArray = np.tile(2.0 ** (5.0 - rank), POINTS)
        gram = (self._weight[:, None] * self._s[:, :n] ** 2).sum(axis=0)
        largest = float(gram.max(initial=0.0))
        gram = np.maximum(gram, 1e-3 * largest if largest > 0.0 else 1.0)
        self._suppress = SUPPRESSION * suppression * gram
        slowest = max(float(settle.max(initial=cycle)) / cycle * PULL_SHARE, PULL_CYCLES_MIN)
        # the way to a block's end counts for the cycles that follow it
        waits = np.append(self._lasts[1:], PULL_CYCLES_END)
        self._pull: FloatArray = np.outer(waits, self._suppress) / slowest**2
        self._funnel = np.exp(-np.maximum(self.points_s - delay, 0.0) / (FUNNEL_SHARE * settle))
        problem = move_plan(self._s, self._weight, self._pull, self._suppress / self._lasts[:, None])
        self._qp = Qp(problem, Tuning(iterations_max=4000, tolerance=1e-6, row_tolerance=1e-5))

    def _dynamic(self, model: Model, ahead_s: FloatArray, mvs: int) -> FloatArray:
        """Return (times, CVs, blocks, MVs): effect at each time of a unit move over each block."""
        blocks = []
        for first, last in itertools.pairwise(EDGES):
            cycles = [model.steps(ahead_s - k * model.cycle_s)[:, :, :mvs] for k in range(first, last)]
            blocks.append(sum(cycles[1:], start=cycles[0]) / len(cycles))
        return np.stack(blocks, axis=2)

    def solve(self, now: Present, warm: tuple[FloatArray, FloatArray] | None) -> MovePlan:
        """Return the plan from ``now``. Raises SolverError when no solver has an acceptable answer."""
        span, concern = self._layout.span, self._layout.concern
        n, blocks = len(span), BLOCKS
        above = np.maximum(now.y - now.zone_hi, 0.0)
        below = np.maximum(now.zone_lo - now.y, 0.0)
        zone_hi = (now.zone_hi + above * self._funnel - now.free) / concern
        zone_lo = (now.zone_lo - below * self._funnel - now.free) / concern
        up, down = now.up / span, now.down / span
        gap = (now.u - now.target) / span
        cycles = np.array(EDGES[1:])[:, None]
        ceiling = np.maximum((now.hi - now.u) / span, np.where(now.u > now.hi, -INWARD * cycles * down, 0.0))
        floor = np.minimum((now.lo - now.u) / span, np.where(now.u < now.lo, INWARD * cycles * up, 0.0))
        values = {
            "gap": gap,
            "zone_lo": np.clip(np.where(self.moved, zone_lo, -NO_LIMIT).ravel(), -NO_LIMIT, self._reach),
            "zone_hi": np.clip(np.where(self.moved, zone_hi, NO_LIMIT).ravel(), -self._reach, NO_LIMIT),
            "up": np.outer(self._lasts, up).ravel(),
            "down": np.outer(self._lasts, down).ravel(),
            "ceiling": ceiling.ravel(),
            "floor": floor.ravel(),
        }
        answer = self._qp.solve(values, *(warm or (None, None)))
        du = answer.values["du"]
        e = answer.values["e"]
        steps = du.reshape(blocks, n)
        so_far = np.cumsum(steps, axis=0)
        cost = self._weight * e**2
        force = (-2.0 * self._weight * e)[:, None] * self._s[:, :n]
        push = force.reshape(POINTS, len(concern), n).sum(axis=0)
        # a solver keeps limits to its tolerance, an MV keeps them exactly
        setpoint = now.u + np.clip(steps[0] * span, -now.down, now.up)
        setpoint = np.clip(setpoint, np.minimum(now.lo, now.u), np.maximum(now.hi, now.u))
        return MovePlan(
            first=setpoint - now.u,
            setpoint=setpoint,
            path=np.vstack((setpoint, now.u + so_far[1:] * span)),
            effect=np.einsum("tcbm,bm->tc", self._report, steps * span),
            zone=self._by_cv(cost),
            tracking=float((self._pull * (gap + so_far) ** 2).sum()),
            suppression=float((self._suppress * steps**2 / self._lasts[:, None]).sum()),
            push=push,
            side=self._by_cv(self._weight * e),
            pull=-2.0 * (self._pull * (gap + so_far)).sum(axis=0),
            answer=answer,
        )

    def _by_cv(self, per_row: FloatArray) -> FloatArray:
        result: FloatArray = per_row.reshape(POINTS, len(self._layout.cvs)).sum(axis=0)
        return result


def _least_delay(model: Model, cv: int, mvs: int) -> float:
    mine = (model.cv == cv) & (model.source < mvs) & (model.gain != 0.0)
    return float(model.dead_s[mine].min(initial=np.inf))
