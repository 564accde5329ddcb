"""What one unit more of each limit is worth, also where limits were given up on the way.

The duals of the economics say what one unit more is worth of what each row is *held* to. Where a row was given up it is
held to what its rank's stage came to, and that depends on the limits of its own and of earlier ranks. So the duals are
carried back through the stages, last one first: a stage is an equality-constrained least-squares problem whose active
rows are known, and the derivative of its answer is the answer of the same linear system with another right side
(adjoint of the optimality conditions; Fiacco, Introduction to Sensitivity and Stability Analysis in Nonlinear
Programming, 1983, chapter 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from controllers.model import FloatArray
from controllers.ranked import Stage


def worths(dual: FloatArray, stages: Sequence[Stage], rows: FloatArray) -> FloatArray:
    """Return the change of the optimum for one unit more of each side of the box and of each row; ``dual`` likewise.

    Exact as long as the same limits hold; scaled units.
    """
    total = dual.copy()
    n = rows.shape[1]
    everything = np.vstack((np.eye(n), rows)) if stages else rows
    for stage in reversed(stages):
        given, firm = stage.given + n, stage.firm
        push = total[given]
        if not push.any():
            continue
        here, held = everything[given], everything[firm]
        k = len(firm)
        system = np.block([[here.T @ here, held.T], [held, np.zeros((k, k))]])
        found = np.linalg.lstsq(system, np.concatenate((here.T @ push, np.zeros(k))))[0]
        total[given] = here @ found[:n]
        total[firm] += found[n:]
    return total
