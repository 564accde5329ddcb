"""The problem of the moves, in the field's notation. Scaled: MVs in spans, CVs in concerns.

``du`` are the moves of each block and MV; how far a CV is outside its zone is a slack.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from cvxpy.atoms.affine.binary_operators import multiply
from cvxpy.atoms.sum_squares import sum_squares

from controllers.compile import Compiled, compiled
from controllers.model import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Violations:
    """How leaving a zone counts. Rows are coincidence points times CVs, point by point."""

    weight: FloatArray
    """Per row: of one concern, squared (``step``, ``peak``) or not (``integral``)."""
    step: IntArray
    """Rows whose violation counts squared at every point."""
    peak: IntArray
    """Rows of which only the largest violation of each group counts."""
    group: IntArray
    """For each of ``peak``: its group, counted from 0."""
    integral: IntArray
    """Rows whose violations count by their sum."""


PEAK_STEP = 0.1
"""Square cost of each violation under a ``peak`` relative to a ``step``'s: without it a first point that nothing can
help would be the peak, and the rest would never be brought back."""
PART_SQUARE = 1e-3
"""Square cost of an ``integral`` violation relative to its plain one: keeps the problem strictly convex."""


def move_plan(steps: FloatArray, count: Violations, pull: FloatArray, suppress: FloatArray) -> Compiled:
    """Least cost of leaving zones, of distance from the targets, and of moving.

    ``steps`` (points x CVs, blocks x MVs) is the dynamic matrix; ``pull`` and ``suppress`` (blocks, MVs) weigh distance
    and moves.

    Parameters: gap (u minus target, per MV), zone_lo, zone_hi (minus the free response), down, up (largest moves),
    floor, ceiling (range minus u). Variables: du, and of the violations those that occur: e (free, one a ``step`` row),
    peak (above, then below, for each group) and under (the same for each ``peak`` row), part (the same for each
    ``integral`` row). Limits in this order: below zone_hi, above zone_lo, then the others.
    """
    blocks, mvs = pull.shape
    du = cp.Variable(blocks * mvs, name="du")
    gap = cp.Parameter(mvs, name="gap")
    zone_lo, zone_hi = cp.Parameter(len(steps), name="zone_lo"), cp.Parameter(len(steps), name="zone_hi")
    down, up = cp.Parameter(blocks * mvs, name="down"), cp.Parameter(blocks * mvs, name="up")
    floor, ceiling = cp.Parameter(blocks * mvs, name="floor"), cp.Parameter(blocks * mvs, name="ceiling")
    u = cp.Constant(sp.kron(np.tri(blocks), sp.eye_array(mvs)).tocsc()) @ du  # from now on, block by block
    distance = cp.Constant(np.kron(np.ones((blocks, 1)), np.eye(mvs))) @ gap + u
    y = cp.Constant(sp.csc_array(steps)) @ du
    above, below, cost, signs = _violations(count, len(steps))
    cost += sum_squares(multiply(np.sqrt(pull.ravel()), distance))
    cost += sum_squares(multiply(np.sqrt(suppress.ravel()), du))
    limits = [y - above <= zone_hi, y - below >= zone_lo, du <= up, du >= -down, u <= ceiling, u >= floor, *signs]
    return compiled("moves", cp.Problem(cp.Minimize(cost), limits))


def _violations(
    count: Violations, rows: int
) -> tuple[cp.Expression, cp.Expression, cp.Expression, list[cp.Constraint]]:
    """Return how far each row may lie above and (negative) below its zone, what that costs, and the signs."""
    above: cp.Expression = cp.Constant(np.zeros(rows))
    below, cost = above, cp.Constant(0.0)
    signs: list[cp.Constraint] = []
    if len(count.step):
        e = cp.Variable(len(count.step), name="e")
        loose = _picks(rows, count.step, np.arange(len(count.step)), len(count.step)) @ e
        above, below = above + loose, below + loose
        cost += sum_squares(multiply(np.sqrt(count.weight[count.step]), e))
    if len(count.peak):
        groups = int(count.group.max()) + 1
        heaviest = np.zeros(groups)
        np.maximum.at(heaviest, count.group, count.weight[count.peak])
        many = len(count.peak)
        peak = cp.Variable(2 * groups, name="peak")
        under = cp.Variable(2 * many, name="under")
        spread = _picks(rows, count.peak, np.arange(many), many)
        above, below = above + spread @ under[:many], below - spread @ under[many:]
        rows_each = np.bincount(count.group, minlength=groups)
        cost += sum_squares(multiply(np.sqrt(np.tile(heaviest * rows_each, 2)), peak))
        cost += sum_squares(multiply(np.sqrt(PEAK_STEP * np.tile(count.weight[count.peak], 2)), under))
        both = np.concatenate((count.group, groups + count.group))
        signs += [under >= 0.0, under <= _picks(2 * many, np.arange(2 * many), both, 2 * groups) @ peak]
    if len(count.integral):
        many = len(count.integral)
        part = cp.Variable(2 * many, name="part")
        spread = _picks(rows, count.integral, np.arange(many), many)
        above, below = above + spread @ part[:many], below - spread @ part[many:]
        weight = np.tile(count.weight[count.integral], 2)
        cost += weight @ part + sum_squares(multiply(np.sqrt(PART_SQUARE * weight), part))
        signs.append(part >= 0.0)
    return above, below, cost, signs


def _picks(rows: int, row: IntArray, column: IntArray, columns: int) -> cp.Constant:
    return cp.Constant(sp.csc_array((np.ones(len(row)), (row, column)), shape=(rows, columns)))
