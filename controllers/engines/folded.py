"""A problem without the rows that need not be rows: soft ones of no width, and firm ones without limits.

A CV at a setpoint has such a row at each point, ``a x + f e = b`` with ``1/2 p e^2`` in the cost. Its slack is
``e = (b - a x) / f``, whatever the cycle, so the row is worth ``1/2 (p / f^2) (a x - b)^2``: a square in the unknowns
that remain. An engine then has neither row nor slack to carry, nor the rate of an MV that has none. Which rows these
are changes seldom.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from controllers.compile import fastest
from controllers.engines.problem import Start, Vectors
from controllers.engines.slacks import Slacks
from controllers.model import FloatArray

BoolArray = npt.NDArray[np.bool_]


class Folded:
    """One problem with some of its slacks folded away."""

    def __init__(self, p: sp.csc_array, a: sp.csc_array, slacks: Slacks, fold: BoolArray, idle: BoolArray) -> None:
        """``fold``: for each slack, its row is part of the cost; ``idle``: for each row, it has no limit."""
        self.rows = np.setdiff1d(np.flatnonzero(~idle), slacks.row[fold])
        self._whole = len(self.rows) == a.shape[0]
        self.unknowns = np.setdiff1d(np.arange(a.shape[1]), slacks.unknown[fold])
        self._row, self._slack = slacks.row[fold], slacks.unknown[fold]
        self._factor, self._weight = slacks.factor[fold], slacks.weight[fold]
        by_row = sp.csr_array(a)
        across = sp.csr_array(by_row[self._row, :][:, self.unknowns])
        stiff = sp.csr_array(across.T * (self._weight / self._factor**2))
        self._across, self._pull = fastest(across), fastest(stiff)
        inner = sp.csr_array(p)[self.unknowns, :][:, self.unknowns]
        self.p = sp.csc_array(inner + stiff @ across) if fold.any() else sp.csc_array(inner)
        self.a = sp.csc_array(by_row[self.rows, :][:, self.unknowns])
        place_row, place = np.zeros(a.shape[0], dtype=np.intp), np.zeros(a.shape[1], dtype=np.intp)
        place_row[self.rows], place[self.unknowns] = np.arange(len(self.rows)), np.arange(len(self.unknowns))
        rest = ~fold
        self.slacks = Slacks(
            place[slacks.unknown[rest]], place_row[slacks.row[rest]], slacks.factor[rest], slacks.weight[rest]
        )

    def inward(self, vectors: Vectors) -> Vectors:
        """Return the data of the problem that remains."""
        if self._whole:
            return vectors
        q: FloatArray = vectors.q[self.unknowns]
        if len(self._row):
            q = q - self._pull @ vectors.high[self._row]
        return Vectors(q, vectors.low[self.rows], vectors.high[self.rows])

    def begin(self, start: Start) -> Start:
        """Return where the problem that remains starts."""
        return start if self._whole else Start(start.x[self.unknowns], start.y[self.rows], start.rho)

    def outward(self, x: FloatArray, y: FloatArray, vectors: Vectors) -> tuple[FloatArray, FloatArray]:
        """Return unknowns and duals of the whole problem."""
        if self._whole:
            return x, y
        every, duals = np.empty(len(vectors.q)), np.zeros(len(vectors.low))
        every[self.unknowns], duals[self.rows] = x, y
        slack = (vectors.high[self._row] - self._across @ x) / self._factor
        every[self._slack], duals[self._row] = slack, -self._weight * slack / self._factor
        return every, duals
