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
