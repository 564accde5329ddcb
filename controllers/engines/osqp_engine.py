"""OSQP (Stellato et al., Math. Prog. Comp. 12, 2020), set up once and updated in place.

Bit for bit: the object is set up on a stored reference; each solve sets the vectors, rho, x and y, so that nothing of
earlier cycles remains in it. rho adapts by iterations, never by time, and is carried from cycle to cycle with x and y:
setting the value that is already there would cost a factorisation for nothing.

The bindings' inner object is used where the outer one hides what matters: a refused update (``l > u``, NaN) returns a
code there and only prints a line outside, and the next solve would answer the old problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import osqp
import scipy.sparse as sp

from controllers.engines.problem import Found, Start, Vectors
from controllers.model import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class OsqpTuning:
    """Settings; the rest is OSQP's default."""

    iterations_max: int = 4000
    tolerance: float = 1e-6
    """Absolute and relative, scaled units."""
    rho: float = 0.1
    check_every: int = 25
    """Iterations between two looks at the residuals."""
    polishing: Literal["on", "off"] = "on"
    """Whether the answer is solved for once more with the active set that was found."""


class OsqpEngine:
    """One problem's OSQP."""

    name = "osqp"

    def __init__(self, p: sp.csc_array, a: sp.csc_array, kept: IntArray, tuning: OsqpTuning) -> None:
        """``kept``: the unknowns that are no free slacks."""
        self._p, self._a, self._kept, self._tuning = p, a, kept, tuning
        rows, unknowns = a.shape
        # One more unknown, pressed against its own row: OSQP prints a line when polishing finds no active row.
        self._q = np.append(np.zeros(unknowns), 1.0)
        self._low, self._high = np.zeros(rows + 1), np.zeros(rows + 1)
        self._x, self._y = np.zeros(unknowns + 1), np.append(np.zeros(rows), -1.0)
        self._solver: Any = None

    def ask(self, vectors: Vectors, start: Start) -> Found:
        """Return OSQP's answer."""
        try:
            solver = self._solver if self._solver is not None else self._set_up()
        except (osqp.OSQPException, ValueError) as error:
            return Found(start.x[self._kept], start.y, 0.0, f"error {error}", 0)
        rho = start.rho if start.rho > 0.0 else self._tuning.rho
        self._q[:-1], self._low[:-1], self._high[:-1] = vectors.q, vectors.low, vectors.high
        self._x[:-1], self._y[:-1] = start.x, start.y
        self._solver = None  # until the answer is known to be good: NaN or a certificate may stay in the object
        if solver.get_settings().rho != rho and solver.update_rho(rho) != 0:
            return Found(start.x[self._kept], start.y, 0.0, "rho refused", 0)
        if solver.update_data_vec(q=self._q, l=self._low, u=self._high) != 0:
            return Found(start.x[self._kept], start.y, 0.0, "data refused", 0)
        solver.warm_start(self._x, self._y)
        solver.solve()
        x, y = np.array(solver.solution.x)[self._kept], np.array(solver.solution.y[:-1])
        info = solver.info
        if info.status_val != osqp.SolverStatus.OSQP_SOLVED:
            return Found(x, y, 0.0, str(info.status), int(info.iter))
        self._solver = solver
        return Found(x, y, float(solver.get_settings().rho), "solved", int(info.iter))

    def distrust(self) -> None:
        """Throw the object away: its last answer was refused."""
        self._solver = None

    def _set_up(self) -> Any:  # noqa: ANN401 - the bindings have no types
        p = sp.csc_matrix(sp.block_diag((sp.triu(self._p), sp.csc_matrix((1, 1)))))
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
            check_termination=self._tuning.check_every,
            polishing=self._tuning.polishing == "on",
            warm_starting=True,
        )
        return engine._solver
