"""DAQP (Arnström, Bemporad & Axehill, IEEE Trans. Autom. Control 67, 2022): a dense dual active-set method.

It ends in an active set, exactly, and certifies infeasibility. A free slack with a quadratic cost of its own is no
unknown here: its row becomes a soft one with that cost, which leaves the moves alone as unknowns.

Bit for bit: the active set to start from is told each time (from the duals of the start), so nothing of earlier cycles
remains in the object.
"""

from __future__ import annotations

from typing import Any

import daqp
import numpy as np

from controllers.engines.problem import HOLDS, Found, Start, Vectors
from controllers.engines.slacks import Loosened

_ACTIVE, _LOWER, _IMMUTABLE, _SOFT = 1, 2, 4, 8
"""Bits of DAQP's ``sense``."""
_FIRM = 1e-9
"""Softness of a firm row's place in the table of weights; DAQP does not read it there."""
_SOLVED = (1, 2)
"""DAQP's flags for optimal, and for optimal with soft rows violated."""


class DaqpEngine:
    """One problem's DAQP."""

    name = "daqp"

    def __init__(self, problem: Loosened, iterations_max: int) -> None:
        self._problem = problem
        soft = problem.soft > 0.0
        self._softness = np.where(soft, problem.soft, _FIRM)
        self._sense = np.where(soft, _SOFT, 0).astype(np.int32)
        self._iterations_max = iterations_max
        self._model: Any = None

    def ask(self, vectors: Vectors, start: Start) -> Found:
        """Return DAQP's answer."""
        problem = self._problem
        low, high, f = vectors.low, vectors.high, vectors.q[problem.kept]
        sense = self._sense.copy()
        sense[start.y > HOLDS] |= _ACTIVE
        sense[start.y < -HOLDS] |= _ACTIVE | _LOWER
        sense[(low == high) & (self._sense == 0)] = _ACTIVE | _IMMUTABLE
        model = self._model
        self._model = None
        if model is None:
            model = daqp.Model()
            cold = np.where(sense & _IMMUTABLE, sense, self._sense).astype(np.int32)
            flag = model.setup(problem.hessian, f, problem.rows, high, low, cold)[0]
            model.settings = {
                "primal_tol": 1e-8,
                "dual_tol": 1e-12,
                "sing_tol": 1e-14,
                "iter_limit": self._iterations_max,
            }
            if (self._sense == _SOFT).any():
                model.soft_weights(rho_l=self._softness, rho_u=self._softness)
            if flag < 0:
                return Found(start.x[problem.kept], start.y, start.rho, f"set-up flag {flag}", 0)
        flag = model.update(f=f, bupper=high, blower=low, sense=sense)
        if flag < 0:
            return Found(start.x[problem.kept], start.y, start.rho, f"update flag {flag}", 0)
        x, _, flag, info = model.solve()
        x, y = np.array(x, dtype=np.float64), np.array(info["lam"], dtype=np.float64)
        if flag not in _SOLVED:
            return Found(x, y, start.rho, f"flag {flag}", int(info["iterations"]))
        self._model = model
        return Found(x, y, start.rho, "solved", int(info["iterations"]))

    def distrust(self) -> None:
        """Throw the object away: its last answer was refused."""
        self._model = None
