"""Our own look at an answer: the optimality conditions, with numpy, whatever the engine said of itself.

OSQP says ``solved`` in situations where it is not (measured); so an answer counts only when it is finite, every row
holds, the gradient is balanced by the duals (stationarity), and a dual pushes only against a limit that its row stands
at (complementarity): Boyd & Vandenberghe, Convex Optimization (2004), section 5.5.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from controllers.compile import fastest
from controllers.engines.problem import Found, Vectors
from controllers.model import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """What an accepted answer may lack, scaled units."""

    row: float = 1e-6
    """Largest violation of a row."""
    dual: float = 1e-5
    """Largest gradient left over, and largest product of a dual and its row's distance from the limit (counted up to
    1), relative to the cost's own size."""


class Judge:
    """One problem's optimality conditions."""

    def __init__(self, p: sp.csc_array, a: sp.csc_array, strictness: Strictness) -> None:
        self._p, self._a, self._across = fastest(sp.csr_array(p)), fastest(sp.csr_array(a)), fastest(sp.csr_array(a.T))
        self._strict = strictness

    def look(self, found: Found, vectors: Vectors) -> tuple[str, float]:
        """Return ``solved`` or what is wrong with the answer, and the worst violation of a row."""
        x, y = found.x, found.y
        if not np.isfinite(x.sum() + y.sum()):
            return ("not finite" if found.status == "solved" else f"{found.status}, not finite"), 0.0
        px, ax = self._p @ x, self._a @ x
        below, above = ax - vectors.low, vectors.high - ax
        residual = max(-float(below.min(initial=0.0)), -float(above.min(initial=0.0)), 0.0)
        if found.status != "solved":
            return found.status, residual
        if residual > self._strict.row:
            return "row violated", residual
        pull = self._across @ y
        size = 1.0 + max(_largest(px), _largest(pull), _largest(vectors.q))
        if _largest(px + pull + vectors.q) > self._strict.dual * size:
            return "not stationary", residual
        away = np.minimum(np.abs(np.where(y > 0.0, above, below)), 1.0)
        if _largest(y * away) > self._strict.dual * size:
            return "not complementary", residual
        return "solved", residual


def _largest(values: FloatArray) -> float:
    return float(max(values.max(initial=0.0), -values.min(initial=0.0)))
