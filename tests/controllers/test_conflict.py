from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from controllers.conflict import Limits, clash

INF = np.inf


def limits(rows, lo=None, hi=None, box=(-1.0, 1.0)):
    rows = np.asarray(rows, dtype=float)
    m, n = rows.shape
    return Limits(
        rows,
        np.full(m, -INF) if lo is None else np.asarray(lo, dtype=float),
        np.full(m, INF) if hi is None else np.asarray(hi, dtype=float),
        np.full(n, box[0]),
        np.full(n, box[1]),
    )


def feasible(of, members, wish, most):
    """Return whether ``members`` alone leave a point with ``wish @ x <= most``; by HiGHS."""
    n = len(wish)
    above, below = [wish], [most]
    bounds = [[None, None] for _ in range(n)]
    for i, side in members:
        if i < n:
            bounds[i][1 if side == "hi" else 0] = (of.box_hi if side == "hi" else of.box_lo)[i]
        else:
            above.append(of.rows[i - n] if side == "hi" else -of.rows[i - n])
            below.append(of.hi[i - n] if side == "hi" else -of.lo[i - n])
    return linprog(np.zeros(n), np.array(above), np.array(below), bounds=bounds).status == 0


def test_two_limits_and_a_range():
    # x0 + x1 <= 1 against x0 >= 2 (row 0) while x1 >= 0 (range); row 1 has nothing to do with it
    of = limits([[1.0, 0.0], [0.0, 1.0]], lo=[2.0, -INF], hi=[INF, 0.5], box=(0.0, 9.0))
    assert clash(of, np.array([1.0, 1.0]), 1.0) == ((2, "lo"), (1, "lo"))


def test_what_can_be_held_clashes_with_nothing():
    assert clash(limits(np.eye(2)), np.array([1.0, 0.0]), 0.5) == ()


def test_where_an_mv_ends_is_a_reason_too():
    assert clash(limits(np.zeros((0, 1))), np.array([-1.0]), -1.5) == ((0, "hi"),)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), mvs=st.integers(1, 4), rows=st.integers(1, 8), collinear=st.booleans())
def test_every_member_is_needed_and_all_together_are_enough(seed, mvs, rows, collinear):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(rows, mvs))
    if collinear and rows > 1:
        a[1] = -2.0 * a[0]
    width = np.abs(rng.normal(size=(2, rows)))  # the origin holds all the others: they do not clash among themselves
    width[rng.random((2, rows)) < 0.4] = INF
    of = limits(a, -width[0], width[1])
    wish, most = rng.normal(size=mvs), -1.0 - abs(rng.normal())
    found = clash(of, wish, most)
    if not found:
        everything = [(i, side) for i in range(mvs) for side in ("lo", "hi")]
        everything += [(mvs + i, "lo") for i in range(rows) if np.isfinite(width[0, i])]
        everything += [(mvs + i, "hi") for i in range(rows) if np.isfinite(width[1, i])]
        assert feasible(of, everything, wish, most)
        return
    for left_out in itertools.chain([None], found):
        members = [each for each in found if each != left_out]
        assert feasible(of, members, wish, most) is (left_out is not None)
