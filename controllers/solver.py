"""Two independent QP solvers behind one question: when the first has no acceptable answer, the second is asked.

What goes in is checked first (OSQP prints an error for ``l > u`` and then solves the old problem), and every answer is
measured against the optimality conditions before anyone sees it. Neither has an acceptable answer: the plant holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import scipy.sparse as sp

from controllers.compile import Compiled
from controllers.engines.daqp_engine import DaqpEngine
from controllers.engines.judge import Judge, Strictness
from controllers.engines.osqp_engine import OsqpEngine, OsqpTuning
from controllers.engines.problem import NO_LIMIT, Found, Start, Vectors
from controllers.engines.slacks import Slacks, free_slacks
from controllers.model import FloatArray, IntArray
from controllers.types import Solve

_NONE = 1e20
"""A bound beyond this is no bound."""
_ROUNDING = 1e-9
"""Limits that cross by no more than this are one point."""


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
    """Who is asked first; the other one takes over."""
    osqp: OsqpTuning = field(default_factory=OsqpTuning)
    pivots_max: int = 10_000
    strictness: Strictness = field(default_factory=Strictness)


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
        self._slacks: Slacks = free_slacks(problem)
        self._a = sp.csc_array(problem.a)
        self._build()

    def _build(self) -> None:
        p, a, tuning = sp.csc_array(self.problem.p), self._a, self._tuning
        self._judge = Judge(p, a, tuning.strictness)
        self._osqp = OsqpEngine(p, a, tuning.osqp)
        self._daqp: DaqpEngine | None = None

    def replace(self, at: IntArray, coefficients: FloatArray) -> None:
        """Put ``coefficients`` at these places of the rows' matrix (``Compiled.block``), for the solves that follow."""
        if np.array_equal(self._a.data[at], coefficients):
            return
        self._a = self._a.copy()
        self._a.data[at] = coefficients
        # Engines are made anew and not updated: OSQP would rescale what it had scaled before, and so remember.
        self._build()

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
        first, second = ("osqp", "daqp") if self._tuning.first == "osqp" else ("daqp", "osqp")
        found, one = self._ask(first, vectors, start)
        if one.status == "solved":
            return self._accepted(found, (one,))
        # The second starts where the first came to rest, as far as that makes sense: its active set is a good guess.
        near = Start(found.x, found.y, rho) if one.status in _NEARLY else start
        found, two = self._ask(second, vectors, near)
        if two.status == "solved":
            return self._accepted(found, (one, two))
        raise SolverError(self.problem.name, (one, two))

    def _vectors(self, values: Mapping[str, FloatArray]) -> Vectors:
        q, low, high = self.problem.at(values)
        if not (np.isfinite(q).all() and np.isfinite(low).all() and np.isfinite(high).all()):
            raise SolverError(self.problem.name, (self._said("none", "not finite", 0, 0.0),))
        low = np.where(low < -_NONE, -NO_LIMIT, low)
        high = np.where(high > _NONE, NO_LIMIT, high)
        apart = high - low
        if apart.min(initial=0.0) < 0.0:
            if apart.min(initial=0.0) < -_ROUNDING:
                raise SolverError(self.problem.name, (self._said("none", "limits cross", 0, 0.0),))
            middle = 0.5 * (low + high)
            low, high = np.where(apart < 0.0, middle, low), np.where(apart < 0.0, middle, high)
        return Vectors(q, low, high)

    def _ask(self, name: Literal["osqp", "daqp"] | str, vectors: Vectors, start: Start) -> tuple[Found, Solve]:
        engine = self._osqp if name == "osqp" else self._second()
        found = engine.ask(vectors, start)
        status, residual = self._judge.look(found, vectors)
        if status != "solved":
            engine.distrust()
        return found, self._said(name, status, found.iterations, residual)

    def _second(self) -> DaqpEngine:
        """Return DAQP, made when it is first asked: its dense matrices are large and seldom needed."""
        if self._daqp is None:
            self._daqp = DaqpEngine(sp.csc_array(self.problem.p), self._a, self._slacks, self._tuning.pivots_max)
        return self._daqp

    def _accepted(self, found: Found, solves: tuple[Solve, ...]) -> Answer:
        named = {name: found.x[place] for name, place in self.problem.variables.items()}
        return Answer(found.x, found.y, found.rho, named, solves)

    def _said(self, solver: str, status: str, iterations: int, residual: float) -> Solve:
        return Solve(layer=self.problem.name, solver=solver, status=status, iterations=iterations, residual=residual)


_NEARLY = frozenset({"row violated", "not stationary", "not complementary"})
"""An answer refused for these was at least near."""
