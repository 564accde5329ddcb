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
import scipy.sparse as sp

from controllers.engines.problem import Found, Start, Vectors
from controllers.engines.slacks import Slacks

_ACTIVE, _LOWER, _IMMUTABLE, _SOFT = 1, 2, 4, 8
"""Bits of DAQP's ``sense``."""
_FIRM = 1e-9
"""Softness of a firm row's place in the table of weights; DAQP does not read it there."""
_SOLVED = (1, 2)
"""DAQP's flags for optimal, and for optimal with soft rows violated."""
_HOLDS = 1e-9
"""A start's dual beyond this means that the row was active."""


class DaqpEngine:
    """One problem's DAQP."""

    name = "daqp"

    def __init__(self, p: sp.csc_array, a: sp.csc_array, slacks: Slacks, iterations_max: int) -> None:
        self._slack, self._of_row = slacks.unknown, slacks.row
        self._kept = np.setdiff1d(np.arange(p.shape[0]), self._slack)
        self._p = np.ascontiguousarray(sp.csr_array(p)[self._kept, :][:, self._kept].toarray())
        self._a = np.ascontiguousarray(sp.csr_array(a)[:, self._kept].toarray())
        # P e + a y = 0 at the optimum of e, so e = -(a / P) y; as a soft row it yields by (a^2 / P) y
        self._slack_per_dual = -slacks.factor / slacks.weight
        self._soft = np.full(a.shape[0], _FIRM)
        self._soft[self._of_row] = slacks.factor**2 / slacks.weight
        self._sense = np.zeros(a.shape[0], dtype=np.int32)
        self._sense[self._of_row] = _SOFT
        self._iterations_max = iterations_max
        self._model: Any = None

    def ask(self, vectors: Vectors, start: Start) -> Found:
        """Return DAQP's answer."""
        low, high, f = vectors.low, vectors.high, vectors.q[self._kept]
        sense = self._sense.copy()
        sense[start.y > _HOLDS] |= _ACTIVE
        sense[start.y < -_HOLDS] |= _ACTIVE | _LOWER
        sense[(low == high) & (self._sense == 0)] = _ACTIVE | _IMMUTABLE
        model = self._model
        self._model = None
        if model is None:
            model = daqp.Model()
            cold = np.where(sense & _IMMUTABLE, sense, self._sense).astype(np.int32)
            flag = model.setup(self._p, f, self._a, high, low, cold)[0]
            model.settings = {
                "primal_tol": 1e-8,
                "dual_tol": 1e-12,
                "sing_tol": 1e-14,
                "iter_limit": self._iterations_max,
            }
            if len(self._slack):
                model.soft_weights(rho_l=self._soft, rho_u=self._soft)
            if flag < 0:
                return Found(start.x, start.y, start.rho, f"set-up flag {flag}", 0)
        flag = model.update(f=f, bupper=high, blower=low, sense=sense)
        if flag < 0:
            return Found(start.x, start.y, start.rho, f"update flag {flag}", 0)
        found, _, flag, info = model.solve()
        y = np.array(info["lam"], dtype=np.float64)
        x = np.empty(len(vectors.q))
        x[self._kept] = found
        x[self._slack] = self._slack_per_dual * y[self._of_row]
        if flag not in _SOLVED:
            return Found(x, y, start.rho, f"flag {flag}", int(info["iterations"]))
        self._model = model
        return Found(x, y, start.rho, "solved", int(info["iterations"]))

    def distrust(self) -> None:
        """Throw the object away: its last answer was refused."""
        self._model = None
