"""Two independent QP solvers behind one question: OSQP first, DAQP when OSQP has no acceptable answer.

An answer is never believed: what goes in is checked first (OSQP prints an error for ``l > u`` and then solves the old
problem), the status must be exactly *solved*, and every answer is measured against the optimality conditions here, with
numpy, before anyone sees it. A solver object that failed is thrown away.

Bit for bit: an OSQP object is set up on a stored reference; each solve sets the vectors, resets rho and gives x and y,
so that nothing of earlier cycles remains in it. Iterations bound it, never time. DAQP always starts cold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import daqp
import numpy as np
import osqp
import scipy.sparse as sp

from controllers.compile import NO_LIMIT, Compiled
from controllers.model import FloatArray
from controllers.types import Solve

_NONE = 1e20
"""A bound beyond this is no bound."""
_ROUNDING = 1e-9
"""Limits that cross by no more than this are one point."""
DUAL_TOLERANCE = 1e-5
"""Largest gradient left over, relative to the cost's own size."""


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
    iterations_max: int = 4000
    tolerance: float = 1e-6
    rho: float = 0.1
    row_tolerance: float = 1e-6
    """Largest violation of a row in an accepted answer of either solver, scaled units."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted solution."""

    x: FloatArray
    y: FloatArray
    """Duals of the rows; positive where the upper limit holds."""
    values: Mapping[str, FloatArray]
    """The variables by name."""
    solves: tuple[Solve, ...]


class Qp:
    """One compiled problem and its solvers."""

    def __init__(self, problem: Compiled, tuning: Tuning | None = None) -> None:
        self.problem = problem
        self._tuning = tuning if tuning is not None else Tuning()
        self._a = sp.csc_matrix(problem.a)
        self._dense: tuple[FloatArray, FloatArray] | None = None
        self._osqp: osqp.OSQP | None = None

    def solve(
        self, values: Mapping[str, FloatArray], x: FloatArray | None = None, y: FloatArray | None = None
    ) -> Answer:
        """Return the solution at these parameters, started from ``x`` and ``y`` where they fit.

        Raises SolverError when the data are not finite, limits cross, or neither solver has an acceptable answer.
        """
        problem = self.problem
        theta = problem.theta(values)
        q, low, high = problem.q.at(theta), problem.l.at(theta), problem.u.at(theta)
        low = np.where(low < -_NONE, -NO_LIMIT, low)
        high = np.where(high > _NONE, NO_LIMIT, high)
        if not (np.isfinite(q).all() and np.isfinite(low).all() and np.isfinite(high).all()):
            raise SolverError(problem.name, (self._said("none", "not finite"),))
        crossed = low > high
        if crossed.any():
            if not bool((low - high <= _ROUNDING).all()):
                raise SolverError(problem.name, (self._said("none", "limits cross"),))
            low = np.where(crossed, 0.5 * (low + high), low)
            high = np.where(crossed, low, high)
        tried: list[Solve] = []
        ladder = (self._ask_osqp, self._ask_daqp)
        start_x = x if x is not None and x.shape == q.shape else np.zeros_like(q)
        start_y = y if y is not None and y.shape == low.shape else np.zeros_like(low)
        for ask in ladder if self._tuning.first == "osqp" else ladder[::-1]:
            found_x, found_y, solve = ask(q, low, high, start_x, start_y)
            tried.append(solve)
            if solve.status == "solved":
                named = {name: problem.variable(name, found_x, theta) for name in problem.variables}
                return Answer(found_x, found_y, named, tuple(tried))
        raise SolverError(problem.name, tuple(tried))

    def _ask_osqp(
        self, q: FloatArray, low: FloatArray, high: FloatArray, x: FloatArray, y: FloatArray
    ) -> tuple[FloatArray, FloatArray, Solve]:
        try:
            if self._osqp is None:
                self._osqp = self._set_up()
            engine = self._osqp
            engine.update(q=np.append(q, 1.0), l=np.append(low, 0.0), u=np.append(high, 0.0))
            engine.update_settings(rho=self._tuning.rho)
            engine.warm_start(x=np.append(x, 0.0), y=np.append(y, -1.0))
            result = engine.solve(raise_error=False)
        except (osqp.OSQPException, ValueError) as error:
            self._osqp = None
            return x, y, self._said("osqp", f"error {error}")
        status = "solved" if result.info.status_val == osqp.SolverStatus.OSQP_SOLVED else str(result.info.status)
        found_x = np.array(result.x, dtype=np.float64)[:-1]
        found_y = np.array(result.y, dtype=np.float64)[:-1]
        status, residual = self._judge(status, found_x, found_y, q, low, high)
        if status != "solved":
            self._osqp = None  # NaN or a certificate may have stayed in it
        return found_x, found_y, self._said("osqp", status, int(result.info.iter), residual)

    def _set_up(self) -> osqp.OSQP:
        # One more unknown, pressed against its own row: OSQP prints a line when polishing finds no active row.
        p = sp.csc_matrix(sp.block_diag((sp.triu(self.problem.p), sp.csc_matrix((1, 1)))))
        a = sp.csc_matrix(sp.block_diag((self._a, sp.csc_matrix(np.ones((1, 1))))))
        rows, unknowns = a.shape
        engine = osqp.OSQP()
        engine.setup(
            p,
            np.zeros(unknowns),
            a,
            np.full(rows, -1.0),
            np.full(rows, 1.0),
            verbose=False,
            rho=self._tuning.rho,
            adaptive_rho=1,  # by iterations: by time would not repeat
            adaptive_rho_interval=50,
            max_iter=self._tuning.iterations_max,
            eps_abs=self._tuning.tolerance,
            eps_rel=self._tuning.tolerance,
            check_termination=25,
            polishing=True,
            warm_starting=True,
        )
        return engine

    def _ask_daqp(
        self, q: FloatArray, low: FloatArray, high: FloatArray, _x: FloatArray, _y: FloatArray
    ) -> tuple[FloatArray, FloatArray, Solve]:
        if self._dense is None:
            self._dense = (
                np.ascontiguousarray(self.problem.p.toarray()),
                np.ascontiguousarray(self.problem.a.toarray()),
            )
        h, a = self._dense
        sense = np.where(low == high, 5, 0).astype(np.int32)
        found, _, flag, info = daqp.solve(
            h, q, a, high, low, sense, primal_tol=1e-7, dual_tol=1e-12, sing_tol=1e-14, iter_limit=10_000
        )
        found_x = np.array(found, dtype=np.float64)
        found_y = np.array(info["lam"], dtype=np.float64)
        status, residual = self._judge("solved" if flag == 1 else f"flag {flag}", found_x, found_y, q, low, high)
        return found_x, found_y, self._said("daqp", status, int(info["iterations"]), residual)

    def _said(self, solver: str, status: str, iterations: int = 0, residual: float = 0.0) -> Solve:
        return Solve(layer=self.problem.name, solver=solver, status=status, iterations=iterations, residual=residual)

    def _judge(
        self, status: str, x: FloatArray, y: FloatArray, q: FloatArray, low: FloatArray, high: FloatArray
    ) -> tuple[str, float]:
        """Return the status after our own look at the optimality conditions, and the worst violation of a row."""
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return (f"{status}, not finite" if status == "solved" else status), 0.0
        ax = self._a @ x
        residual = float(np.maximum(low - ax, ax - high).max(initial=0.0))
        if status != "solved":
            return status, residual
        if residual > self._tuning.row_tolerance:
            return "row violated", residual
        px = self.problem.p @ x
        pull = self._a.T @ y
        size = 1.0 + max(float(np.abs(v).max(initial=0.0)) for v in (px, pull, q))
        if float(np.abs(px + q + pull).max(initial=0.0)) > DUAL_TOLERANCE * size:
            return "not stationary", residual
        # a dual may push only against a limit that the row stands at
        slack = np.where(y > 0.0, high - ax, ax - low)
        if float((np.abs(y) * np.minimum(np.abs(slack), 1.0)).max(initial=0.0)) > DUAL_TOLERANCE * size:
            return "not complementary", residual
        return "solved", residual
