"""Free slacks: unknowns that do nothing but loosen one row, at a square cost of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from controllers.compile import Compiled
from controllers.model import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Slacks:
    """For each free slack: the unknown, its row, its coefficient there, and its second derivative in the cost."""

    unknown: IntArray
    row: IntArray
    factor: FloatArray
    weight: FloatArray


def free_slacks(problem: Compiled) -> Slacks:
    """Return the free slacks of ``problem``, at most one for a row."""
    p, a = sp.csc_array(problem.p), sp.csc_array(problem.a)
    p.eliminate_zeros()
    unknowns = p.shape[0]
    weight = np.asarray(p.diagonal())
    linear = problem.vectors.matrix[:unknowns, :]
    costs = (np.diff(linear.indptr) > 0) | (problem.vectors.constant[:unknowns] != 0.0)
    free = (np.diff(a.indptr) == 1) & (np.diff(p.indptr) == 1) & (weight > 0.0) & ~costs
    unknown = np.flatnonzero(free)
    row = a.indices[a.indptr[unknown]].astype(np.intp)
    loosens = np.diff(sp.csr_array(a).indptr)[row] > 1
    unknown, row = unknown[loosens], row[loosens]
    row, first = np.unique(row, return_index=True)
    unknown = unknown[first]
    return Slacks(unknown, row, np.asarray(a.data[a.indptr[unknown]]), weight[unknown])


class Loosened:
    """A problem in which no free slack is an unknown: dense, with soft rows in their place."""

    def __init__(self, p: sp.csc_array, a: sp.csc_array, slacks: Slacks) -> None:
        self._slack, self._of_row = slacks.unknown, slacks.row
        self.kept = np.setdiff1d(np.arange(p.shape[0]), self._slack)
        self.hessian: FloatArray = np.ascontiguousarray(sp.csr_array(p)[self.kept, :][:, self.kept].toarray())
        self.rows: FloatArray = np.ascontiguousarray(sp.csr_array(a)[:, self.kept].toarray())
        # P e + a y = 0 at the optimum of e, so e = -(a / P) y; as a soft row it yields by (a^2 / P) y
        self._slack_per_dual = -slacks.factor / slacks.weight
        self.soft: FloatArray = np.zeros(a.shape[0])
        """Per row: by how much it yields to a dual of 1; 0 where it is firm."""
        self.soft[self._of_row] = slacks.factor**2 / slacks.weight

    def whole(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return all unknowns, from those that are kept and the duals of the rows."""
        every = np.empty(len(self.kept) + len(self._slack))
        every[self.kept] = x
        every[self._slack] = self._slack_per_dual * y[self._of_row]
        return every
