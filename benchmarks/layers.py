"""Targets plus moves, cycle by cycle, beside the bare solvers on the same data in the same run.

    python -m benchmarks.layers [--cycles 40]

A plant of each size runs in closed loop (benchmarks/grown.py). Timed is what a cycle does from its estimate on: limits
of every row, ranked targets, zones, the moves with all their checks, and what is told of them. Beside it, in turn
within each cycle:

- *same engines*: OSQP's and DAQP's own update and solve for the very questions that were asked, nothing else;
- *bare OSQP*: the moves alone, through OSQP's public interface, set up once, warm, at 1e-4, as one would by hand.

CPU time of one thread, for the machine is shared; wall time is printed for the largest goals. First-move error: against
the same moves solved to 1e-9 by Clarabel.
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
from controllers.engines import daqp_engine, osqp_engine
from controllers.engines.problem import NO_LIMIT
from controllers.model import FloatArray
from controllers.moves import MovePlan, Moves
from controllers.solver import Answer

SIZES = ((2, 2), (10, 20), (20, 40), (100, 200))
SETTLING = 5
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


class Bare:
    """The moves as one would write them by hand on OSQP."""

    def __init__(self, moves: Moves) -> None:
        self._moves, self._engine = moves, osqp.OSQP()
        self._ready = False
        self.spent = Watch()

    def solve(self, values: dict[str, FloatArray]) -> None:
        """Solve this cycle's moves; only OSQP's own calls count."""
        problem = self._moves._qp.problem
        q, low, high = problem.at(values)
        if not self._ready:
            self._engine.setup(
                sp.csc_matrix(sp.triu(problem.p)), q, sp.csc_matrix(self._moves._qp._a), low, high,
                verbose=False, eps_abs=1e-4, eps_rel=1e-4, rho=1.0, check_termination=10,
            )  # fmt: skip
            self._ready = True
        self.spent.around(self._once)(q, low, high)

    def _once(self, q: FloatArray, low: FloatArray, high: FloatArray) -> None:
        self._engine.update(q=q, l=low, u=high)
        self._engine.solve(raise_error=False)


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
    engines: Watch = field(default_factory=Watch)
    bare: Watch = field(default_factory=Watch)
    errors: list[float] = field(default_factory=list)
    made_s: float = 0.0


def measured(mvs: int, cvs: int, solver: str, cycles: int) -> Measured:
    """Run one size."""
    plant = grown(mvs, cvs, Tuning(solver="daqp" if solver == "daqp" else "osqp", blocking=BLOCKING, points=POINTS))
    found = Measured()
    began = time.thread_time()
    controller = Controller(plant)
    found.made_s = time.thread_time() - began
    bare = Bare(controller._moves)
    found.bare = bare.spent
    asked: list[dict[str, FloatArray]] = []
    plans: list[MovePlan] = []
    watched(controller, found, asked, plans)
    running = Running(plant, controller)
    for cycle in range(cycles + SETTLING):
        for watch in (found.whole, found.engines, found.bare):
            watch.begin()
        running.step()
        bare.solve(asked[-1])
        if cycle % 8 == 7:
            first = plans[-1].answer.values["du"][:mvs]
            found.errors.append(float(np.abs(first - exact_first(controller._moves, asked[-1], mvs)).max()))
    return found


class Proxy:
    """An engine's own object, with its work timed."""

    def __init__(self, inner: Any, watch: Watch) -> None:  # noqa: ANN401 - the bindings have no types
        object.__setattr__(self, "_inner", inner)
        for name in ("update", "update_data_vec", "update_rho", "warm_start", "solve"):
            if hasattr(inner, name):
                object.__setattr__(self, name, watch.around(getattr(inner, name)))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: object) -> None:
        """Pass settings through."""
        setattr(self._inner, name, value)


def watched(controller: Controller, found: Measured, asked: list[dict[str, FloatArray]], plans: list[MovePlan]) -> None:
    """Put watches around the two layers and around the engines' own calls."""
    moves, targets = controller._moves, controller._targets
    setattr(controllers.controller, "room", found.whole.around(rows.room))  # noqa: B010 - a module's name, timed
    setattr(targets, "solve", found.whole.around(targets.solve))  # noqa: B010
    timed = found.whole.around(moves.solve)
    solve = moves._qp.solve

    def spied(values: dict[str, FloatArray], *start: Any) -> Answer:  # noqa: ANN401
        asked[:] = [values]
        return solve(values, *start)

    def kept(*given: Any) -> MovePlan:  # noqa: ANN401
        plans[:] = [timed(*given)]
        return plans[-1]

    setattr(moves._qp, "solve", spied)  # noqa: B010
    setattr(moves, "solve", kept)  # noqa: B010

    class Daqp:
        """The library with its models timed."""

        @staticmethod
        def Model() -> Proxy:  # noqa: N802 - its name there
            """Return a timed model."""
            return Proxy(daqp.Model(), found.engines)

    setattr(dense, "daqp", Daqp)  # noqa: B010
    setattr(daqp_engine, "daqp", Daqp)  # noqa: B010
    set_up = osqp_engine.OsqpEngine.__dict__.get("_plain", osqp_engine.OsqpEngine._set_up)
    setattr(osqp_engine.OsqpEngine, "_plain", set_up)  # noqa: B010
    setattr(osqp_engine.OsqpEngine, "_set_up", lambda self: Proxy(set_up(self), found.engines))  # noqa: B010


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
        print("  MV x CV   whole   p99   engines  ratio  bare OSQP 1e-4  ratio   error    wall   p99   made in, s")
        drawn[f"{solver}: targets plus moves"] = whole = []
        drawn[f"{solver}: their engines alone"] = alone = []
        for mvs, cvs in SIZES:
            found = measured(mvs, cvs, solver, cycles)
            cpu, engines, bare = (middle(w.cpu) for w in (found.whole, found.engines, found.bare))
            p99, wall = np.percentile(found.whole.cpu[SETTLING:], 99), middle(found.whole.wall)
            wall_p99, error = float(np.percentile(found.whole.wall[SETTLING:], 99)), max(found.errors)
            whole.append(cpu)
            alone.append(engines)
            if solver == "osqp":
                drawn.setdefault("bare OSQP at 1e-4, moves only", []).append(bare)
            print(
                f"{mvs:4d} x {cvs:<4d}{cpu:7.2f}{p99:7.2f}{engines:9.2f}{cpu / engines:7.2f}"
                f"{bare:13.2f}{cpu / bare:9.2f}{error:10.1e}{wall:8.2f}{wall_p99:7.1f}{found.made_s:9.1f}"
            )
            if solver == "osqp":
                goals.append(Goal(f"{mvs} x {cvs}: targets plus moves, to bare OSQP", cpu / bare, RATIO_MAX))
                goals.append(Goal(f"{mvs} x {cvs}: targets plus moves, to their own engines", cpu / engines, RATIO_MAX))
                goals.append(Goal(f"{mvs} x {cvs}: first-move error, spans", error, ERROR_MAX))
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
