"""Two independent QP solvers behind one question: when one has no acceptable answer, the other is asked.

Mostly no solver is needed: the limits that held in the last cycle still hold, or a few factors of our own lead to those
that do (``newton``, docs/decisions/0017). Where they do not, OSQP is asked, roughly: in a few iterations it knows which
limits hold, and DAQP is exact from there in a few pivots; where DAQP has no acceptable answer OSQP is asked again,
exactly. Or DAQP at once, and then OSQP, exactly (docs/decisions/0016).

What goes in is checked first (OSQP prints an error for ``l > u`` and then solves the old problem), and every answer is
measured against the optimality conditions before anyone sees it. Nobody has an acceptable answer: the plant holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import scipy.sparse as sp

from controllers.compile import Compiled
from controllers.engines.daqp_engine import DaqpEngine
from controllers.engines.folded import BoolArray, Folded
from controllers.engines.judge import Judge, Strictness
from controllers.engines.newton_engine import ROWS_MAX, NewtonEngine
from controllers.engines.osqp_engine import OsqpEngine, OsqpTuning
from controllers.engines.problem import NO_LIMIT, Found, Start, Vectors
from controllers.engines.slacks import Loosened, Slacks, free_slacks
from controllers.model import FloatArray, IntArray
from controllers.types import Solve

FEW = 350
"""Up to so many unknowns, slacks not counted, a pivot costs less than an iteration of OSQP."""
SETS_MAX = 25
_SHOWS = frozenset({"rough", "row violated", "not stationary", "not complementary"})
"""What is no answer but shows the next engine where to begin."""
_DECLINED = frozenset({"not settled", "not strictly convex"})
"""No answer, and nothing wrong with who gave none."""
_ROUNDING = 1e-9
"""Limits that cross by no more than this are one point."""


Engine = NewtonEngine | OsqpEngine | DaqpEngine


class SolverError(RuntimeError):
    """Neither solver had an acceptable answer."""

    def __init__(self, layer: str, tried: tuple[Solve, ...]) -> None:
        """``tried`` says what each solver answered."""
        self.tried = tried
        super().__init__(f"{layer}: " + ", ".join(f"{s.solver} {s.status}" for s in tried))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Settings for one kind of problem."""

    first: Literal["osqp", "daqp"] = "osqp"
    """Who is asked first."""
    rough: OsqpTuning | None = None
    """How OSQP looks for the limits that hold; None = as ``looked_for`` says."""
    exact: OsqpTuning = field(default_factory=lambda: OsqpTuning(tolerance=1e-6, rho=1.0))
    """How OSQP answers by itself."""
    sets_max: int = SETS_MAX
    """So many sets of limits are tried before an engine is asked; 0 = an engine is asked at once."""
    pivots_max: int = 10_000
    strictness: Strictness = field(default_factory=Strictness)


def looked_for(unknowns: int) -> OsqpTuning:
    """Return how OSQP looks for the limits that hold: the dearer a pivot of DAQP is, the longer."""
    if unknowns <= FEW:
        return OsqpTuning(tolerance=0.3, rho=0.3, check_every=5, polishing="off")
    return OsqpTuning(tolerance=1e-2, rho=1.0, check_every=10, polishing="off")


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted solution."""

    x: FloatArray
    y: FloatArray
    """Duals of the rows; positive where the upper limit holds."""
    rho: float
    """OSQP's step size, for the next start; 0 where OSQP did not answer."""
    values: Mapping[str, FloatArray]
    """The variables by name."""
    solves: tuple[Solve, ...]


class Qp:
    """One compiled problem and its solvers."""

    def __init__(self, problem: Compiled, tuning: Tuning | None = None) -> None:
        self.problem = problem
        self._tuning = tuning if tuning is not None else Tuning()
        # OSQP goes on from the last answer: what did not come to rest is far from anything that solves the problem
        self._shows = _SHOWS if self._tuning.first == "osqp" else _SHOWS | {"not settled"}
        self._slacks: Slacks = free_slacks(problem)
        self._a = sp.csc_array(problem.a)
        self._firm = np.ones(problem.a.shape[0], dtype=np.bool_)
        self._firm[self._slacks.row] = False
        self._build(np.zeros(len(self._slacks.row), dtype=np.bool_), np.zeros_like(self._firm))

    def _build(self, fold: BoolArray, idle: BoolArray) -> None:
        tuning = self._tuning
        self._fold, self._idle = fold, idle
        self._inner = inner = Folded(sp.csc_array(self.problem.p), self._a, self._slacks, fold, idle)
        self._dense = dense = Loosened(inner.p, inner.a, inner.slacks)
        self._judge = Judge(dense.hessian, dense.rows, tuning.strictness)
        rough = looked_for(len(dense.kept)) if tuning.rough is None else tuning.rough
        self._newton = NewtonEngine(dense, tuning.sets_max)
        self._rough = OsqpEngine(inner.p, inner.a, dense.kept, rough)
        self._daqp = DaqpEngine(dense, tuning.pivots_max)
        self._exact = OsqpEngine(inner.p, inner.a, dense.kept, tuning.exact)

    def replace(self, at: IntArray, coefficients: FloatArray) -> None:
        """Put ``coefficients`` at these places of the rows' matrix (``Compiled.block``), for the solves that follow."""
        if np.array_equal(self._a.data[at], coefficients):
            return
        self._a = self._a.copy()
        self._a.data[at] = coefficients
        # Engines are made anew and not updated: OSQP would rescale what it had scaled before, and so remember.
        self._build(self._fold, self._idle)

    def solve(
        self,
        values: Mapping[str, FloatArray],
        x: FloatArray | None = None,
        y: FloatArray | None = None,
        rho: float = 0.0,
    ) -> Answer:
        """Return the solution at these parameters, started from ``x``, ``y`` and ``rho`` where they fit.

        Raises SolverError when the data are not finite, limits cross, or neither solver has an acceptable answer.
        """
        vectors = self._vectors(values)
        start = Start(
            x if x is not None and x.shape == vectors.q.shape else np.zeros_like(vectors.q),
            y if y is not None and y.shape == vectors.low.shape else np.zeros_like(vectors.low),
            rho,
        )
        apart = vectors.high - vectors.low
        fold, idle = apart[self._slacks.row] == 0.0, self._firm & (apart >= 2.0 * NO_LIMIT)
        if (fold != self._fold).any() or (idle != self._idle).any():
            self._build(fold, idle)
        inner, begin = self._inner.inward(vectors), self._inner.begin(start)
        tried: list[Solve] = []
        for engine in self._ladder():
            found = engine.ask(inner, begin)
            status, residual = self._looked(engine, found, inner)
            tried.append(self._said(engine.name, status, found.iterations, residual))
            if status == "solved":
                x, y = self._inner.outward(self._dense.whole(found.x, found.y), found.y, vectors)
                named = {name: x[place] for name, place in self.problem.variables.items()}
                return Answer(x, y, found.rho, named, tuple(tried))
            if status in self._shows:
                begin = Start(self._dense.whole(found.x, found.y), found.y, found.rho)
            elif status not in _DECLINED:
                engine.distrust()
        raise SolverError(self.problem.name, tuple(tried))

    def _ladder(self) -> tuple[Engine, ...]:
        own = (self._newton,) if self._tuning.sets_max and len(self._dense.rows) <= ROWS_MAX else ()
        looks = (self._rough,) if self._tuning.first == "osqp" else ()
        return *own, *looks, self._daqp, self._exact

    def _looked(self, engine: Engine, found: Found, inner: Vectors) -> tuple[str, float]:
        if found.status != "solved":
            return found.status, 0.0
        if engine is self._rough:
            return "rough", 0.0
        dense = self._dense
        return self._judge.look(found.x, found.y, inner.q[dense.kept], (inner.low, inner.high), dense.soft)

    def _vectors(self, values: Mapping[str, FloatArray]) -> Vectors:
        q, low, high = self.problem.at(values)
        apart = high - low
        if not math.isfinite(float(np.add.reduce(q)) + float(np.add.reduce(apart))):
            raise SolverError(self.problem.name, (self._said("none", "not finite", 0, 0.0),))
        least = float(np.minimum.reduce(apart, initial=0.0))
        if least < 0.0:
            if least < -_ROUNDING:
                raise SolverError(self.problem.name, (self._said("none", "limits cross", 0, 0.0),))
            middle = 0.5 * (low + high)
            low, high = np.where(apart < 0.0, middle, low), np.where(apart < 0.0, middle, high)
        return Vectors(q, low, high)

    def _said(self, solver: str, status: str, iterations: int, residual: float) -> Solve:
        return Solve(layer=self.problem.name, solver=solver, status=status, iterations=iterations, residual=residual)
