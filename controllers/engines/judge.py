"""Our own look at an answer: the optimality conditions, with numpy, whatever the engine said of itself.

OSQP says ``solved`` in situations where it is not (measured); so an answer counts only when it is finite, every row
holds, the gradient is balanced by the duals (stationarity), and a dual pushes only against a limit that its row stands
at (complementarity): Boyd & Vandenberghe, Convex Optimization (2004), section 5.5.3. A soft row yields by its dual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.model import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """What an accepted answer may lack, scaled units."""

    row: float = 1e-6
    """Largest violation of a row."""
    dual: float = 1e-5
    """Largest gradient left over, and largest product of a dual and its row's distance from the limit (counted up to
    1), relative to the largest term, at least 1."""


class Judge:
    """The optimality conditions of ``minimise 1/2 x'Hx + f'x  subject to  low <= A x - soft y <= high``."""

    def __init__(self, hessian: FloatArray, rows: FloatArray, strictness: Strictness) -> None:
        """``hessian`` (n, n), ``rows`` (m, n)."""
        self._hessian, self._rows, self._across = hessian, rows, np.ascontiguousarray(rows.T)
        self._strict = strictness

    def look(
        self, x: FloatArray, y: FloatArray, f: FloatArray, limits: tuple[FloatArray, FloatArray], soft: FloatArray
    ) -> tuple[str, float]:
        """Return ``solved`` or what is wrong with the answer, and the worst violation of a row.

        ``y`` are the rows' duals, positive where the upper limit holds; ``soft`` (m,) is 0 in firm rows.
        """
        at = self._rows @ x - soft * y
        above, below = limits[1] - at, at - limits[0]
        residual = -float(np.minimum.reduce(np.minimum(above, below), initial=0.0))
        bends, pull = self._hessian @ x, self._across @ y
        left = _largest(bends + pull + f)
        slack = _largest(y * np.minimum(np.abs(np.where(y > 0.0, above, below)), 1.0))
        if not (residual < np.inf and left < np.inf and slack < np.inf):  # what is no number is not below anything
            return "not finite", 0.0
        if residual > self._strict.row:
            return "row violated", residual
        allowed = self._strict.dual
        if left > allowed or slack > allowed:
            allowed *= 1.0 + max(_largest(bends), _largest(pull), _largest(f), _largest(y))
            if left > allowed:
                return "not stationary", residual
            if slack > allowed:
                return "not complementary", residual
        return "solved", residual


def _largest(values: FloatArray) -> float:
    return float(np.maximum.reduce(np.abs(values), initial=0.0))
