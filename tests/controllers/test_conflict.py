from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from controllers.conflict import clash, names

INF = np.inf


def feasible(rows, room, lo, hi):
    there = np.isfinite(room)
    found = linprog(np.zeros(rows.shape[1]), rows[there], room[there], bounds=list(zip(lo, hi, strict=True)))
    return found.status == 0


def test_two_limits_and_a_range():
    rows = np.array([[1.0, 1.0], [-1.0, 0.0], [0.0, 1.0]])
    # x0 + x1 <= 1 against x0 >= 2 (row 1) while x1 >= 0 (range); row 2 has nothing to do with it
    found = clash(rows, np.array([INF, -2.0, 0.5]), np.zeros(2), np.full(2, 9.0), 0, 1.0)
    assert found == ((1,), (1,), ())
    assert names(found, ["a", "cv.y.lo", "c"], ["u", "v"]) == ("cv.y.lo", "mv.v.lo")


def test_what_can_be_held_clashes_with_nothing():
    assert clash(np.eye(2), np.array([INF, 1.0]), np.zeros(2), np.ones(2), 0, 0.5) == ((), (), ())


def test_a_name_is_told_once():
    assert names(((0, 1), (), (0,)), ["row.a", "row.a"], ["u"]) == ("row.a", "mv.u.hi")


@pytest.mark.parametrize("seed", range(40))
def test_every_member_is_needed_and_all_together_are_enough(seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(6, 3))
    room = np.abs(rng.normal(size=6))  # the origin holds all the others: they do not clash among themselves
    room[rng.random(6) < 0.3] = INF
    lo, hi = -np.ones(3), np.ones(3)
    wanted, wish = 0, -2.0
    held = room.copy()
    held[wanted] = wish
    inside, below, above = clash(rows, room, lo, hi, wanted, wish)
    if feasible(rows, held, lo, hi):
        assert (inside, below, above) == ((), (), ())
        return
    members = [("row", i) for i in inside] + [("lo", i) for i in below] + [("hi", i) for i in above]
    for left_out in itertools.chain([None], members):
        some = np.full(6, INF)
        some[wanted] = wish
        a, b = np.full(3, -1e4), np.full(3, 1e4)
        for kind, i in members:
            if (kind, i) == left_out:
                continue
            if kind == "row":
                some[i] = room[i]
            elif kind == "lo":
                a[i] = lo[i]
            else:
                b[i] = hi[i]
        assert feasible(rows, some, a, b) is (left_out is not None)
