"""Targets plus moves, cycle by cycle, beside the bare solvers on the same data in the same run.

    python -m benchmarks.layers [--cycles 40]

A plant of each size runs in closed loop (benchmarks/grown.py). Timed is what a cycle does from its estimate on: limits
of every row, ranked targets, zones, the moves with all their checks, and what is told of them. Beside it, in turn
within each cycle, what one would write by hand for the two problems that every cycle has, the economics and the moves
(the rank stages, which only some cycles have, are left out), set up once and warm; only the solver's own calls count:

- *bare OSQP, 1e-4*: through its public interface, whatever its answer is worth then;
- *bare OSQP, 1e-6*: which is as near as it comes to the accuracy of ours within its 4,000 iterations;
- *bare DAQP*: told the vectors and nothing else, so it goes on from whatever it did before.

CPU time of one thread, for the machine is shared; wall time is printed for the largest goals. Errors: of the first move
in spans against the same moves solved to 1e-9 by Clarabel, and of OSQP's targets in spans against ours.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import clarabel
import daqp
import numpy as np
import osqp
import scipy.sparse as sp

import controllers.controller
from benchmarks.charts import growth
from benchmarks.figures import Goal, judge, kept, made_with
from benchmarks.grown import BLOCKING, POINTS, Running, grown
from constraints.plant import Tuning
from controllers import dense, rows
from controllers.controller import Controller
from controllers.engines.problem import NO_LIMIT
from controllers.model import FloatArray, IntArray
from controllers.moves import MovePlan, Moves
from controllers.solver import Answer

SIZES = ((2, 2), (10, 20), (20, 40), (100, 200))
SETTLING = 5
LARGE, SHARE = 100, 3
"""From so many MVs on only one in so many of the cycles is run: bare OSQP takes its time there."""
RATIO_MAX = 1.3
MEDIAN_MS_MAX, P99_MS_MAX, ERROR_MAX = 25.0, 100.0, 1e-3
CYCLE_MS_MAX = 5000.0


@dataclass(slots=True)
class Watch:
    """CPU and wall milliseconds of one thing, cycle by cycle; it may be entered several times in one."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """Begin a cycle."""
        self.cpu.append(0.0)
        self.wall.append(0.0)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``call``, timed."""

        def timed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the call takes and gives
            cpu, wall = time.thread_time(), time.perf_counter()
            result = call(*given, **named)
            self.cpu[-1] += 1e3 * (time.thread_time() - cpu)
            self.wall[-1] += 1e3 * (time.perf_counter() - wall)
            return result

        return timed


@dataclass(frozen=True, slots=True)
class Asked:
    """The economics of one cycle."""

    problem: dense.Dense
    question: dense.Question
    found: dense.Found


class Bare:
    """Both layers as one would write them by hand on OSQP; only OSQP's own calls count."""

    def __init__(self, tolerance: float) -> None:
        self._settings = {"eps_abs": tolerance, "eps_rel": tolerance, "verbose": False}
        self._of: object = None
        self.spent = Watch()
        self.targets_error: list[float] = []
        self.first: FloatArray = np.zeros(0)

    def solve(self, moves: Moves, values: dict[str, FloatArray], asked: Asked) -> None:
        """Solve this cycle's economics and moves."""
        q, low, high = moves._qp.problem.at(values)
        n, steepest = len(asked.question.f), float(np.abs(asked.question.f).max())
        box = asked.problem._bounds("bare", asked.question)
        if self._of is not asked.problem:  # other rows than before: set up anew, not counted
            self._of, self._targets = asked.problem, osqp.OSQP()
            rows = sp.csc_matrix(asked.problem._every)
            cost = sp.csc_matrix(sp.triu(sp.csc_matrix(asked.problem.hessian / steepest)))
            self._targets.setup(cost, np.zeros(n), rows, *box, **self._settings)
            self._moves = osqp.OSQP()
            cost = sp.csc_matrix(sp.triu(moves._qp.problem.p))
            rest = {"rho": 1.0, "check_termination": 10}
            self._moves.setup(cost, q, sp.csc_matrix(moves._qp._a), low, high, **rest, **self._settings)
        target = self.spent.around(_again)(self._targets, asked.question.f / steepest, *box)
        self.targets_error.append(float(np.abs(target[:n] - asked.found.x).max()))
        self.first = self.spent.around(_again)(self._moves, q, low, high)


def _again(engine: Any, q: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:  # noqa: ANN401
    engine.update(q=q, l=low, u=high)
    return np.asarray(engine.solve(raise_error=False).x)


class BareDaqp:
    """Both layers by hand on DAQP: dense, soft rows, warm from whatever it did last."""

    def __init__(self) -> None:
        self._of: tuple[object, object] = (None, None)
        self.spent = Watch()

    def solve(self, moves: Moves, values: dict[str, FloatArray], asked: Asked) -> None:
        """Solve this cycle's economics and moves."""
        qp = moves._qp
        inner, dense = qp._inner.inward(qp._vectors(values)), qp._dense
        low, high = asked.problem._bounds("bare", asked.question)
        if self._of != (asked.problem, dense):
            self._of = asked.problem, dense
            none = np.zeros(len(low))
            self._targets = _daqp(asked.problem.hessian, asked.problem.rows, low, high, none)
            self._moves = _daqp(dense.hessian, dense.rows, inner.low, inner.high, dense.soft)
        self.spent.around(_once)(self._targets, asked.question.f, low, high)
        self.spent.around(_once)(self._moves, inner.q[dense.kept], inner.low, inner.high)


def _daqp(hessian: FloatArray, rows: FloatArray, low: FloatArray, high: FloatArray, soft: FloatArray) -> Any:  # noqa: ANN401
    model = daqp.Model()
    sense = np.where(soft > 0.0, 8, 0).astype(np.int32)
    model.setup(hessian, np.zeros(len(hessian)), rows, high, low, sense)
    if soft.any():
        weights = np.where(soft > 0.0, soft, 1e-9)
        model.soft_weights(rho_l=weights, rho_u=weights)
    return model


def _once(model: Any, f: FloatArray, low: FloatArray, high: FloatArray) -> None:  # noqa: ANN401
    model.update(f=f, bupper=high, blower=low)
    model.solve()


def exact_first(moves: Moves, values: dict[str, FloatArray], mvs: int) -> FloatArray:
    """Return the first moves in spans, by an interior point method at 1e-9."""
    problem = moves._qp.problem
    q, low, high = problem.at(values)
    up, down = high < NO_LIMIT / 10.0, low > -NO_LIMIT / 10.0
    a = sp.csr_matrix(moves._qp._a)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
    both = sp.csc_matrix(sp.vstack((a[up], -a[down])))
    limits = np.concatenate((high[up], -low[down]))
    p = sp.csc_matrix(sp.triu(problem.p))
    found = clarabel.DefaultSolver(p, q, both, limits, [clarabel.NonnegativeConeT(len(limits))], settings).solve()
    return np.array(found.x)[problem.variables["du"]][:mvs]


@dataclass(slots=True)
class Measured:
    """One size: milliseconds a cycle."""

    whole: Watch = field(default_factory=Watch)
    loose: Bare = field(default_factory=lambda: Bare(1e-4))
    exact: Bare = field(default_factory=lambda: Bare(1e-6))
    daqp: BareDaqp = field(default_factory=BareDaqp)
    errors: list[tuple[float, float, float]] = field(default_factory=list)
    """Of the first move: ours, and the two OSQPs'."""
    alone: int = 0
    """Cycles in which no engine was asked for the moves."""


def measured(mvs: int, cvs: int, solver: str, cycles: int) -> Measured:
    """Run one size."""
    plant = grown(mvs, cvs, Tuning(solver="daqp" if solver == "daqp" else "osqp", blocking=BLOCKING, points=POINTS))
    found = Measured()
    controller = Controller(plant)
    values: list[dict[str, FloatArray]] = []
    economics: list[Asked] = []
    plans: list[MovePlan] = []
    watched(controller, found, values, economics, plans)
    running = Running(plant, controller)
    bare: list[Bare | BareDaqp] = [found.loose, found.exact, found.daqp]
    for cycle in range(cycles + SETTLING):
        for watch in (found.whole, *(each.spent for each in bare)):
            watch.begin()
        running.step()
        for each in bare:
            each.solve(controller._moves, values[-1], economics[-1])
        found.alone += cycle >= SETTLING and plans[-1].answer.solves[0].status == "solved"
        if cycle % 8 == 7:
            place = controller._moves._qp.problem.variables["du"]
            right = exact_first(controller._moves, values[-1], mvs)
            firsts = plans[-1].answer.values["du"], found.loose.first[place], found.exact.first[place]
            ours, loose, exact = (float(np.abs(first[:mvs] - right).max()) for first in firsts)
            found.errors.append((ours, loose, exact))
    return found


def watched(
    controller: Controller,
    found: Measured,
    values: list[dict[str, FloatArray]],
    economics: list[Asked],
    plans: list[MovePlan],
) -> None:
    """Put watches around the two layers, and keep what each was asked last."""
    moves, targets = controller._moves, controller._targets
    setattr(controllers.controller, "room", found.whole.around(rows.room))  # noqa: B010 - a module's name, timed
    setattr(targets, "solve", found.whole.around(targets.solve))  # noqa: B010
    timed = found.whole.around(moves.solve)
    solve, follow = moves._qp.solve, dense.Dense.__dict__.get("_plain", dense.Dense.follow)

    def spied(given: dict[str, FloatArray], *start: Any) -> Answer:  # noqa: ANN401
        values[:] = [given]
        return solve(given, *start)

    def kept(*given: Any) -> MovePlan:  # noqa: ANN401
        plans[:] = [timed(*given)]
        return plans[-1]

    def followed(self: dense.Dense, layer: str, question: dense.Question, start: IntArray) -> dense.Found:
        answer: dense.Found = follow(self, layer, question, start)
        economics[:] = [Asked(self, question, answer)]
        return answer

    setattr(dense.Dense, "_plain", follow)  # noqa: B010
    setattr(dense.Dense, "follow", followed)  # noqa: B010
    setattr(moves._qp, "solve", spied)  # noqa: B010
    setattr(moves, "solve", kept)  # noqa: B010


def middle(values: list[float]) -> float:
    """Return the median after settling."""
    return float(np.median(values[SETTLING:]))


def fitted(sizes: list[float], ms: list[float]) -> float:
    """Return the exponent of a power of MVs x CVs through these times."""
    return float(np.polyfit(np.log(sizes), np.log(ms), 1)[0])


def main() -> int:
    """Measure every size, print, judge."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--cycles", type=int, default=40)
    cycles = ask.parse_args().cycles
    print(made_with())
    goals: list[Goal] = []
    drawn: dict[str, list[float]] = {}
    for solver in ("osqp", "daqp"):
        print(f"\nsolver: {solver}; horizon 60 cycles, 12 blocks, 15 points; ms of CPU a cycle, median of {cycles}")
        print("                whole           no engine   error | bare OSQP 1e-4          moves    targets | ", end="")
        print("1e-6                      moves    targets | bare DAQP")
        drawn[f"{solver}: targets plus moves"] = whole = []
        for mvs, cvs in SIZES:
            counted = cycles if mvs < LARGE else max(cycles // SHARE, 8)
            found = measured(mvs, cvs, solver, counted)
            cpu, wall = middle(found.whole.cpu), middle(found.whole.wall)
            p99, wall_p99 = (float(np.percentile(each[SETTLING:], 99)) for each in (found.whole.cpu, found.whole.wall))
            errors = [max(each) for each in zip(*found.errors, strict=True)]
            whole.append(cpu)
            bare = [middle(each.spent.cpu) for each in (found.loose, found.exact, found.daqp)]
            if solver == "osqp":
                drawn.setdefault("bare OSQP at 1e-4", []).append(bare[0])
                drawn.setdefault("bare OSQP at 1e-6", []).append(bare[1])
                drawn.setdefault("bare DAQP", []).append(bare[2])
            targets = [middle(each.targets_error) for each in (found.loose, found.exact)]
            print(
                f"{mvs:4d} x {cvs:<4d}{cpu:8.3f}, p99 {p99:7.2f}{found.alone / counted:9.0%}{errors[0]:10.0e} | "
                f"{bare[0]:8.3f} ({cpu / bare[0]:5.2f})   {errors[1]:9.0e}{targets[0]:9.0e}   | "
                f"{bare[1]:8.3f} ({cpu / bare[1]:5.2f})   {errors[2]:9.0e}{targets[1]:9.0e}   | "
                f"{bare[2]:8.3f} ({cpu / bare[2]:5.2f}); wall {wall:.2f}, p99 {wall_p99:.1f}"
            )
            if solver == "osqp":
                goals.append(Goal(f"{mvs} x {cvs}: targets plus moves, to bare OSQP at 1e-4", cpu / bare[0], RATIO_MAX))
                goals.append(Goal(f"{mvs} x {cvs}: the same, to bare OSQP at 1e-6", cpu / bare[1], RATIO_MAX))
                goals.append(Goal(f"{mvs} x {cvs}: first-move error, spans", errors[0], ERROR_MAX))
            if solver == "osqp" and mvs == 20:
                goals.append(Goal("20 x 40: median, ms of wall time", wall, MEDIAN_MS_MAX))
                goals.append(Goal("20 x 40: p99, ms of wall time", wall_p99, P99_MS_MAX))
            if mvs == 100:
                goals.append(Goal(f"100 x 200, {solver}: p99, ms of wall time", wall_p99, CYCLE_MS_MAX))
        print(f"growth: time goes with (MV x CV)^{fitted([float(m * c) for m, c in SIZES], whole):.2f}")
    kept(growth("A cycle's two layers, horizon 60, 12 blocks", SIZES, drawn), "bench-layers.png")
    return 0 if judge(goals) else 1


if __name__ == "__main__":
    sys.exit(main())
