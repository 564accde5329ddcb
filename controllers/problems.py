"""The optimisation problems, in the field's notation. Scaled: MVs in spans, CVs in concerns.

Steady state: ``x = (u_ss - u) / span``; ``rows @ x <= room`` are the limits. Dynamic: ``du`` are the moves of each
block and MV, ``e`` is how far each CV is outside its zone at each coincidence point.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np
from cvxpy.atoms.affine.binary_operators import multiply
from cvxpy.atoms.sum_squares import sum_squares

from controllers.compile import Compiled, compiled
from controllers.model import FloatArray


def give_ups(name: str, above: FloatArray, here: FloatArray, pull: float) -> Compiled:
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
    cost = sum_squares(give_up) + pull * sum_squares(x - rest)
    return compiled(name, cp.Problem(cp.Minimize(cost), limits))


def economics(name: str, rows: FloatArray, pull: FloatArray) -> Compiled:
    """Least cost, with a weak pull toward where each MV rests, inside every row and range.

    Parameters: lo, hi, room, cost, rest. Variable: x. Limits in this order: rows, hi, lo.
    """
    x = cp.Variable(rows.shape[1], name="x")
    lo, hi = cp.Parameter(rows.shape[1], name="lo"), cp.Parameter(rows.shape[1], name="hi")
    room, cost = cp.Parameter(len(rows), name="room"), cp.Parameter(rows.shape[1], name="cost")
    rest = cp.Parameter(rows.shape[1], name="rest")
    objective = cost @ x + sum_squares(multiply(np.sqrt(pull), x - rest))
    return compiled(name, cp.Problem(cp.Minimize(objective), [cp.Constant(rows) @ x <= room, x <= hi, x >= lo]))


def move_plan(steps: FloatArray, weight: FloatArray, pull: FloatArray, suppress: FloatArray) -> Compiled:
    """Least cost of leaving zones, of distance from the targets, and of moving.

    ``steps`` (points x CVs, blocks x MVs) is the dynamic matrix; ``weight`` (its rows,) of the zones; ``pull`` and
    ``suppress`` (blocks, MVs) of distance and of moves.
    Parameters: gap (u minus target, per MV), zone_lo, zone_hi (minus the free response), down, up (largest moves),
    floor, ceiling (range minus u). Variables: du, e.
    """
    blocks, mvs = pull.shape
    du = cp.Variable(blocks * mvs, name="du")
    e = cp.Variable(len(steps), name="e")
    gap = cp.Parameter(mvs, name="gap")
    zone_lo, zone_hi = cp.Parameter(len(steps), name="zone_lo"), cp.Parameter(len(steps), name="zone_hi")
    down, up = cp.Parameter(blocks * mvs, name="down"), cp.Parameter(blocks * mvs, name="up")
    floor, ceiling = cp.Parameter(blocks * mvs, name="floor"), cp.Parameter(blocks * mvs, name="ceiling")
    u = cp.Constant(np.kron(np.tri(blocks), np.eye(mvs))) @ du  # from now on, block by block
    distance = cp.Constant(np.kron(np.ones((blocks, 1)), np.eye(mvs))) @ gap + u
    y = cp.Constant(steps) @ du
    cost = (
        sum_squares(multiply(np.sqrt(weight), e))
        + sum_squares(multiply(np.sqrt(pull.ravel()), distance))
        + sum_squares(multiply(np.sqrt(suppress.ravel()), du))
    )
    limits = [
        y - e <= zone_hi,
        y - e >= zone_lo,
        du <= up,
        du >= -down,
        u <= ceiling,
        u >= floor,
    ]
    return compiled("moves", cp.Problem(cp.Minimize(cost), limits))
