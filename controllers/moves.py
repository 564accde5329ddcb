"""Zone control over the horizon: how to get to the targets.

Decision: changes of each MV over blocks of cycles, the first block one cycle long. Cost: distance of the MVs to their
targets, CVs outside their zones at the coincidence points (by rank; as their ``slack`` says), and the moves themselves.
Hard: MV ranges, the largest move of a cycle, locked directions. A zone that is violated now starts at the violation and
closes (funnel). A level must stand still at the end: an integrating CV has one more point there, its slope.

Inside, MVs are in spans from their present value and CVs in concerns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from constraints.plant import Plant
from controllers.engines.judge import Strictness
from controllers.engines.problem import NO_LIMIT
from controllers.horizon import Horizon, dynamic, horizon
from controllers.model import FloatArray, IntArray, Model
from controllers.problems import PEAK_STEP, Violations, move_plan
from controllers.rows import OUT_OF_REACH, Layout
from controllers.rowsahead import RowsAhead, RowsNow
from controllers.solver import SETS_MAX, Answer, Qp, Tuning

SUPPRESSION = 0.02
"""Move suppression relative to what a move does to the zones (sum over the points), for ``suppression: 1``."""
PULL_SHARE = 0.15
"""An MV alone goes to its target with about this share of the settling time as time constant."""
PULL_CYCLES_MIN = 4.0
PULL_CYCLES_END = 10.0
"""Weight of the plan's end, in cycles."""
FUNNEL_SHARE = 0.12
"""Time constant of a closing funnel relative to the CV's settling time."""
STRICTNESS = Strictness(row=1e-5, dual=1e-6)
"""An accepted answer is exact for all that a setpoint can show: see the first-move errors in docs/decisions/0016."""
_BELOW, _ABOVE = 0, 1
"""The problem's limits on a CV: below the zone's upper end, above its lower."""
INWARD = 0.98
"""An MV outside its range comes in at this share of its rate: a little freedom keeps the problem well posed."""


@dataclass(frozen=True, slots=True)
class Gains:
    """Gains of this cycle, (CVs, MVs)."""

    factor: FloatArray
    """On each unit response."""
    slope: FloatArray
    """Per second, of the integrating ones."""


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
    slope_end: FloatArray
    """Per CV: slope per second that remains at the end of the free response; only an integrating CV's counts."""
    gains: Gains | None = None
    """None where no gain varies."""
    rows: RowsNow | None = None
    """The engineer's own rows; None where there are none."""


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
    row_cost: FloatArray
    """(rows,): what the violation of the engineer's own rows costs, scaled."""
    row_push: FloatArray
    """(rows, MVs): how strongly each of them pushes the first move, and which way; scaled."""
    answer: Answer


@dataclass(frozen=True, slots=True)
class Warm:
    """Where the solver starts: its last answer."""

    x: FloatArray
    y: FloatArray
    rho: float


class Moves:
    """The compiled problem of one plant."""

    def __init__(self, layout: Layout, model: Model, plant: Plant) -> None:
        self._layout = layout
        self.grid: Horizon = horizon(model, len(layout.mvs), plant.tuning)
        self.rows = RowsAhead(layout, model, self.grid, plant)
        self._size(model)
        self._weigh(plant)
        self._limit()
        varies = model.varies or any(curve.use == "linearised" for curve in plant.curves)
        # where gains or tangents vary, the tables behind the sets would be made anew each cycle: more than they save
        self._compile(Tuning(first=plant.tuning.solver, sets_max=0 if varies else SETS_MAX, strictness=STRICTNESS))

    @property
    def points_s(self) -> FloatArray:
        """(points, CVs): seconds from now to the coincidence points."""
        return self.grid.points_s

    @property
    def report_s(self) -> FloatArray:
        """(times,): seconds from now to the moments of the prediction that people see."""
        return self.grid.report_s

    # ------------------------------------------------------------------ made once

    def _size(self, model: Model) -> None:
        """Fill the dynamic matrices: a row for each point and CV, then one for the end slope of each level."""
        layout, grid = self._layout, self.grid
        self._points, cvs = grid.points_s.shape
        n, blocks = len(layout.mvs), len(grid.lasts)
        scale = layout.span / layout.concern[:, None]
        levels = np.flatnonzero(layout.integrating & grid.moved)
        self._cv = np.concatenate((np.tile(np.arange(cvs), self._points), levels))
        self._slope: FloatArray = (layout.balance_s[:, None] * scale)[levels]
        slopes = np.tile(layout.slope_gain[levels] * self._slope, (1, blocks))
        inner = dynamic(model.steps, grid.points_s, grid.blocks) * scale[:, None, :]
        self._steps: FloatArray = np.vstack((inner.reshape(-1, blocks * n), slopes))
        unit = dynamic(model.steps_unit, grid.points_s, grid.blocks) * scale[:, None, :] if model.varies else inner
        self._unit: FloatArray = unit.reshape(-1, blocks * n)
        """Without the end slopes; where a gain varies by cycle, at a factor of 1."""
        report_s = np.repeat(grid.report_s[:, None], cvs, axis=1)
        report = dynamic(model.steps_unit if model.varies else model.steps, report_s, grid.blocks) * layout.span
        self._report: FloatArray = report.reshape(-1, blocks * n)
        index, at = layout.index, self.rows.at
        self._made_of: tuple[FloatArray, ...] = (index.of_mv[at], index.of_cv[at])
        self._lines = self.rows.lines(*self._made_of, None)
        """Those of the engineer's own rows, below the CVs'."""

    def _weigh(self, plant: Plant) -> None:
        layout, grid = self._layout, self.grid
        cycle, n = plant.cycle_s, len(layout.mvs)
        specs = tuple(plant.cvs.values())
        rank = np.array([min(spec.rank_hi, spec.rank_lo) for spec in specs])
        of_cvs: FloatArray = 2.0 ** (5.0 - rank[self._cv])
        of_rows = np.tile(2.0 ** (5.0 - self.rows.rank), len(self.rows.points_s))
        self._weight: FloatArray = np.concatenate((of_cvs, of_rows))
        gram = (of_cvs[:, None] * self._steps[:, :n] ** 2).sum(axis=0)
        largest = float(gram.max(initial=0.0))
        gram = np.maximum(gram, 1e-3 * largest if largest > 0.0 else 1.0)
        self._suppress = SUPPRESSION * np.array([spec.suppression for spec in plant.mvs.values()]) * gram
        slowest = max(float(grid.settle_s.max(initial=cycle)) / cycle * PULL_SHARE, PULL_CYCLES_MIN)
        # the way to a block's end counts for the cycles that follow it
        waits = np.append(grid.lasts[1:], PULL_CYCLES_END)
        self._pull: FloatArray = plant.tuning.pull * np.outer(waits, self._suppress) / slowest**2
        closing = [
            FUNNEL_SHARE * s if c.funnel_s is None else c.funnel_s for c, s in zip(specs, grid.settle_s, strict=True)
        ]
        self._funnel = np.exp(-np.maximum(grid.points_s - grid.delay_s, 0.0) / np.maximum(closing, 1e-3 * cycle))
        self._declared = np.array([spec.funnel_s is not None for spec in specs], dtype=np.bool_)
        self._kinds: Sequence[str] = [spec.slack for spec in specs]
        slowest_s = max(FUNNEL_SHARE * float(self.rows.points_s[-1]), 1e-3 * cycle)
        self._closing = np.exp(-self.rows.points_s / slowest_s)

    def _limit(self) -> None:
        """Work out what does not change with the cycle in the limits."""
        layout, n = self._layout, len(self._layout.mvs)
        # furthest that a row can be moved by one span of each MV, and the violation beyond that which still counts
        every = np.vstack((self._steps, self._lines))
        furthest = np.abs(every.reshape(len(every), -1, n)).max(axis=1, initial=0.0).sum(axis=1)
        self._reach: FloatArray = OUT_OF_REACH + furthest
        self._cycles = np.array(self.grid.blocks.edges[1:], dtype=np.float64)[:, None]
        self._lasts: FloatArray = np.asarray(self.grid.lasts, dtype=np.float64)[:, None]
        self._every_block = np.ones_like(self._lasts)
        self._all_moved = bool(self.grid.moved.all())
        self._levels = self._cv[self._points * len(layout.cvs) :]

    def _compile(self, tuning: Tuning) -> None:
        kind = np.array([self._kinds[c] for c in self._cv])
        # a level's end slope is no violation that lasts: it counts as a point does, whatever the CV's slack
        kind[self._points * len(self._layout.cvs) :] = "step"
        kind = np.concatenate((kind, np.full(len(self._lines), "step")))
        peak = np.flatnonzero(kind == "peak")
        count = Violations(
            weight=self._weight,
            step=np.flatnonzero(kind == "step"),
            peak=peak,
            group=np.unique(self._cv[peak], return_inverse=True)[1],
            integral=np.flatnonzero(kind == "integral"),
        )
        self._count = count
        # every place that a gain may fill in some cycle is there from the start
        inner = len(self._unit)
        of_cvs = np.vstack((np.where(self._unit != 0.0, self._unit, self._steps[:inner]), self._steps[inner:]))
        anywhere = np.vstack((of_cvs, self.rows.anywhere()))
        problem = move_plan(anywhere, count, self._pull, self._suppress / self.grid.lasts[:, None])
        self._qp = Qp(problem, tuning)
        both = [problem.block(limit, "du", anywhere) for limit in (_BELOW, _ABOVE)]
        self._places = np.concatenate([at for at, _ in both])
        self._signs = np.concatenate([sign for _, sign in both])
        self._filled = np.nonzero(anywhere)
        below, above = problem.limits[_BELOW], problem.limits[_ABOVE]
        self._zone_row: IntArray = problem.row[below]
        self._one_row = bool((self._zone_row == problem.row[above]).all())
        """Whether each zone is one two-sided row."""
        self._upward: FloatArray = -problem.side[below].astype(np.float64)
        self._fill()

    # ------------------------------------------------------------------ each cycle

    def solve(self, now: Present, warm: Warm | None) -> MovePlan:
        """Return the plan from ``now``. Raises SolverError when no solver has an acceptable answer."""
        if now.gains is not None:
            self._regain(now.gains)
        moved = self._rerow(now)
        if now.gains is not None or moved:
            self._fill()
        span = self._layout.span
        up, down, gap = now.up / span, now.down / span, (now.u - now.target) / span
        values = {"gap": gap, **self._zone(now), **self._room(now, up, down)}
        answer = self._qp.solve(values, warm.x, warm.y, warm.rho) if warm is not None else self._qp.solve(values)
        return self._plan(now, gap, answer)

    def _regain(self, gains: Gains) -> None:
        """Give every coefficient the gain of this cycle."""
        blocks = len(self.grid.lasts)
        factor = np.tile(gains.factor, (1, blocks))[self._cv[: len(self._unit)]]
        slopes = np.tile(gains.slope[self._levels] * self._slope, (1, blocks))
        self._steps = np.vstack((self._unit * factor, slopes))

    def _rerow(self, now: Present) -> bool:
        """Give the engineer's own rows the coefficients of this cycle; return whether any is another one."""
        if now.rows is None:
            return False
        factor = None if now.gains is None else now.gains.factor
        made_of = (now.rows.of_mv, now.rows.of_cv, *(() if factor is None else (factor,)))
        known = self._made_of
        if len(known) == len(made_of) and all(map(np.array_equal, made_of, known)):
            return False
        self._made_of = made_of
        self._lines = self.rows.lines(now.rows.of_mv, now.rows.of_cv, factor)
        return True

    def _fill(self) -> None:
        """Put the dynamic matrix into the compiled problem."""
        self._every: FloatArray = np.vstack((self._steps, self._lines))
        self._qp.replace(self._places, self._signs * np.tile(self._every[self._filled], 2))

    def _zone(self, now: Present) -> dict[str, FloatArray]:
        """Return the zone's limits for what the moves add, (rows,) in concerns."""
        concern = self._layout.concern
        lo, hi = now.zone_lo, now.zone_hi
        if not self._all_moved:
            lo, hi = np.where(self.grid.moved, lo, -np.inf), np.where(self.grid.moved, hi, np.inf)
        y, ends = now.y, np.array((lo, hi))[:, None, :]
        if float(np.minimum.reduce(np.minimum(hi - y, y - lo), initial=0.0)) < 0.0:
            # the way to a target is the suppression's business: no funnel there, unless one is declared
            opens = self._declared | (lo < hi)
            outside = np.where(opens, np.maximum((lo - y, y - hi), 0.0), 0.0)
            ends = ends + np.array((-outside[0], outside[1]))[:, None, :] * self._funnel
        zone_lo, zone_hi = ((ends - now.free) / concern).reshape(2, -1)
        if len(self._levels):
            level = self._levels
            rest = -now.slope_end[level] * self._layout.balance_s[level] / concern[level]
            free = np.isinf(lo[level]) & np.isinf(hi[level])
            zone_hi = np.concatenate((zone_hi, np.where(free, np.inf, rest)))
            zone_lo = np.concatenate((zone_lo, np.where(free, -np.inf, rest)))
        if len(self._lines):
            held = (
                self.rows.room(now.rows, self._closing) if now.rows is not None else np.full(len(self._lines), np.inf)
            )
            zone_hi = np.concatenate((zone_hi, held))
            zone_lo = np.concatenate((zone_lo, np.full(len(held), -np.inf)))
        return {
            "zone_lo": np.minimum(np.maximum(zone_lo, -NO_LIMIT), self._reach),
            "zone_hi": np.minimum(np.maximum(zone_hi, -self._reach), NO_LIMIT),
        }

    def _room(self, now: Present, up: FloatArray, down: FloatArray) -> dict[str, FloatArray]:
        """Return the MVs' limits, block by block, in spans from where they are."""
        span, every = self._layout.span, self._every_block
        above, below = (now.hi - now.u) / span, (now.lo - now.u) / span
        ceiling, floor = every * above, every * below
        if float(np.minimum.reduce(np.minimum(above, -below), initial=0.0)) < 0.0:
            ceiling = np.maximum(ceiling, np.where(above < 0.0, -INWARD * self._cycles * down, 0.0))
            floor = np.minimum(floor, np.where(below > 0.0, INWARD * self._cycles * up, 0.0))
        return {"up": self._lasts * up, "down": self._lasts * down, "ceiling": ceiling, "floor": floor}

    def _plan(self, now: Present, gap: FloatArray, answer: Answer) -> MovePlan:
        span, n, problem, du = self._layout.span, len(self._layout.mvs), self._qp.problem, answer.values["du"]
        steps = du.reshape(-1, n)
        so_far = np.add.accumulate(steps)
        # a row's dual says how strongly its zone pushes, whatever of a violation counts
        if self._one_row:
            force = self._upward * answer.y[self._zone_row]
        else:
            force = problem.duals(_ABOVE, answer.y) - problem.duals(_BELOW, answer.y)
        # a solver keeps limits to its tolerance, an MV keeps them exactly
        setpoint = now.u + np.minimum(np.maximum(steps[0] * span, -now.down), now.up)
        setpoint = np.minimum(np.maximum(setpoint, np.minimum(now.lo, now.u)), np.maximum(now.hi, now.u))
        path = now.u + so_far * span
        path[0] = setpoint
        far = gap + so_far
        away = self._pull * far
        cost, push = self._violation_cost(answer), force[:, None] * self._every[:, :n]
        of_cvs, rows = len(self._steps), (len(self.rows.points_s), len(self.rows.at))
        report = self._report if now.gains is None else self._report * self._report_gain(now.gains.factor)
        return MovePlan(
            first=setpoint - now.u,
            setpoint=setpoint,
            path=path,
            effect=(report @ du).reshape(-1, len(self._layout.cvs)),
            zone=self._by_cv(cost[:of_cvs]),
            tracking=float(np.vdot(away, far)),
            suppression=float(np.vdot(self._suppress * steps, steps / self._lasts)),
            push=self._by_cv(push[:of_cvs]),
            side=self._by_cv(-force[:of_cvs]),
            pull=-2.0 * np.add.reduce(away),
            row_cost=cost[of_cvs:].reshape(rows).sum(axis=0),
            row_push=push[of_cvs:].reshape(*rows, n).sum(axis=0),
            answer=answer,
        )

    def _report_gain(self, factor: FloatArray) -> FloatArray:
        return np.tile(factor, (len(self.grid.report_s), len(self.grid.lasts)))

    def _violation_cost(self, answer: Answer) -> FloatArray:
        """Return (rows,) what each row's violation costs; of a ``peak`` its rows bear equal parts."""
        weight, values = self._weight, answer.values
        if len(self._count.step) == len(weight):
            return weight * values["e"] ** 2
        cost = np.zeros(len(weight))
        if "e" in values:
            cost[self._count.step] = weight[self._count.step] * values["e"] ** 2
        if "peak" in values:
            largest, each = np.split(values["peak"] ** 2, 2), np.split(values["under"] ** 2, 2)
            shared = (largest[0] + largest[1])[self._count.group] + PEAK_STEP * (each[0] + each[1])
            cost[self._count.peak] = weight[self._count.peak] * shared
        if "part" in values:
            above, below = np.split(values["part"], 2)
            cost[self._count.integral] = weight[self._count.integral] * (above + below)
        return cost

    def _by_cv(self, rows: FloatArray) -> FloatArray:
        """Return (CVs, ...) the sums over each CV's rows."""
        cvs = len(self._layout.cvs)
        inner = self._points * cvs
        result: FloatArray = np.add.reduce(rows[:inner].reshape(self._points, cvs, *rows.shape[1:]))
        if len(self._levels):
            result[self._levels] += rows[inner:]
        return result
