"""Our own way to the limits that hold, from those of the last cycle (``sets``): a few factors where an engine would
need a hundred pivots, and one where nothing changed.
"""

from __future__ import annotations

import numpy as np

from controllers.engines.problem import HOLDS, Found, Start, Vectors
from controllers.engines.sets import Sets, SideArray
from controllers.engines.slacks import Loosened

ROWS_MAX = 2_000
"""Up to so many rows the tables are worth their memory."""


class NewtonEngine:
    """One problem's active-set Newton method."""

    name = "newton"

    def __init__(self, problem: Loosened, tries_max: int) -> None:
        self._problem, self._tries_max = problem, tries_max
        self._sets: Sets | None = None

    def ask(self, vectors: Vectors, start: Start) -> Found:
        """Return the answer; ``iterations`` is 1 where the limits of the start hold."""
        problem = self._problem
        if self._sets is None:
            try:
                self._sets = Sets(problem.hessian, problem.rows, problem.soft)
            except np.linalg.LinAlgError:
                return Found(start.x[problem.kept], start.y, start.rho, "not strictly convex", 0)
        side: SideArray = (start.y > HOLDS).astype(np.int8) - (start.y < -HOLDS)
        found = self._sets.settled(vectors.q[problem.kept], vectors.low, vectors.high, side, self._tries_max)
        return Found(found.x, found.y, start.rho, "solved" if found.settled else "not settled", found.tries)

    def distrust(self) -> None:
        """Throw the tables away: their last answer was refused."""
        self._sets = None
