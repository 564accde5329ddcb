"""Two small problems in the field's notation, for the tests of compiling and solving."""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from controllers.compile import Compiled, compiled


def give_ups(name: str, above: np.ndarray, here: np.ndarray, pull: float) -> Compiled:
    """Least squared give-up of the rows ``here`` with the rows ``above`` held, and ``pull`` toward a resting point.

    Parameters: lo, hi, rest, here, above (where there are any). Variables: x, give_up.
    """
    x = cp.Variable(here.shape[1], name="x")
    give_up = cp.Variable(len(here), name="give_up")
    lo, hi = cp.Parameter(here.shape[1], name="lo"), cp.Parameter(here.shape[1], name="hi")
    room, rest = cp.Parameter(len(here), name="here"), cp.Parameter(here.shape[1], name="rest")
    limits = [cp.Constant(here) @ x - give_up <= room, x <= hi, x >= lo]
    if len(above):
        limits.append(cp.Constant(above) @ x <= cp.Parameter(len(above), name="above"))
    cost = cp.sum_squares(give_up) + pull * cp.sum_squares(x - rest)
    return compiled(name, cp.Problem(cp.Minimize(cost), limits))


def economics(name: str, rows: np.ndarray, pull: np.ndarray) -> Compiled:
    """Least cost, with a weak pull toward where each MV rests, inside every row and range.

    Parameters: lo, hi, room, cost, rest. Variable: x. Limits in this order: rows, hi, lo.
    """
    x = cp.Variable(rows.shape[1], name="x")
    lo, hi = cp.Parameter(rows.shape[1], name="lo"), cp.Parameter(rows.shape[1], name="hi")
    room, cost = cp.Parameter(len(rows), name="room"), cp.Parameter(rows.shape[1], name="cost")
    rest = cp.Parameter(rows.shape[1], name="rest")
    objective = cost @ x + cp.sum_squares(cp.multiply(np.sqrt(pull), x - rest))
    return compiled(name, cp.Problem(cp.Minimize(objective), [cp.Constant(rows) @ x <= room, x <= hi, x >= lo]))
