from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from controllers.compile import NO_LIMIT, CompileError, compiled
from controllers.problems import PART_SQUARE, PEAK_STEP, Violations, move_plan
from controllers.solver import Qp, Tuning
from tests.controllers.problems import economics, give_ups


def problem():
    x, e = cp.Variable(3, name="x"), cp.Variable(2, name="e")
    p = {name: cp.Parameter(size, name=name) for name, size in {"g": 3, "c": 3, "lo": 2, "hi": 2}.items()}
    a = cp.Constant(np.arange(6.0).reshape(2, 3) + 1.0)
    cost = cp.sum_squares(np.tri(3) @ x + p["g"]) + 2.0 * cp.sum_squares(e) + p["c"] @ x
    written = cp.Problem(cp.Minimize(cost), [a @ x - e <= p["hi"], a @ x - e >= p["lo"], x <= 1.0, x >= -2.0])
    return written, x, e


def values(rng):
    lo = rng.normal(size=2)
    return {"g": rng.normal(size=3), "c": rng.normal(size=3), "lo": lo, "hi": lo + rng.random(2)}


def test_the_compiled_problem_has_cvxpys_own_answers():
    written, x, e = problem()
    qp = Qp(compiled("t", problem()[0]))
    rng = np.random.default_rng(0)
    for _ in range(20):
        v = values(rng)
        for parameter in written.parameters():
            parameter.value = v[parameter.name()]
        written.solve(solver=cp.CLARABEL)
        answer = qp.solve(v)
        assert np.abs(answer.values["x"] - x.value).max() < 1e-5
        assert np.abs(answer.values["e"] - e.value).max() < 1e-5


def test_limits_share_rows_and_auxiliaries_are_gone():
    c = compiled("t", problem()[0])
    assert c.a.shape == (5, 5)
    assert c.p.shape == (5, 5)


def test_multipliers_are_those_of_the_written_limits():
    written, _, _ = problem()
    c = compiled("t", problem()[0])
    v = values(np.random.default_rng(4))
    for parameter in written.parameters():
        parameter.value = v[parameter.name()]
    written.solve(solver=cp.CLARABEL)
    y = Qp(c).solve(v).y
    for i, limit in enumerate(written.constraints):
        assert c.duals(i, y) == pytest.approx(limit.dual_value, abs=1e-4)


def test_an_equality_that_defines_nothing_stays():
    x = cp.Variable(2, name="x")
    b = cp.Parameter(1, name="b")
    c = compiled("t", cp.Problem(cp.Minimize(cp.sum_squares(x)), [cp.Constant(np.ones((1, 2))) @ x == b, x <= 5.0]))
    assert Qp(c).solve({"b": np.array([3.0])}).values["x"] == pytest.approx([1.5, 1.5], abs=1e-6)


def test_an_absent_limit_stays_absent():
    written, x, _ = problem()
    v = {**values(np.random.default_rng(1)), "lo": np.full(2, -NO_LIMIT), "hi": np.full(2, NO_LIMIT)}
    free = cp.Problem(written.objective, written.constraints[2:])
    for parameter in written.parameters():
        parameter.value = v[parameter.name()]
    free.solve(solver=cp.CLARABEL)
    assert Qp(compiled("t", problem()[0])).solve(v).values["x"] == pytest.approx(x.value, abs=1e-5)


def test_parameters_may_not_multiply_what_is_limited():
    x, a = cp.Variable(2, name="x"), cp.Parameter(2, name="a")
    with pytest.raises(CompileError, match="multiplies a variable"):
        compiled("t", cp.Problem(cp.Minimize(cp.sum_squares(x)), [a @ x <= 1.0]))


def test_what_is_not_convex_is_refused():
    x, a = cp.Variable(2, name="x"), cp.Parameter(2, name="a")
    with pytest.raises(CompileError, match="DPP"):
        compiled("t", cp.Problem(cp.Minimize(cp.sum_squares(cp.multiply(cp.multiply(a, a), x)))))


def test_sizes_are_checked():
    c = compiled("t", problem()[0])
    with pytest.raises(ValueError, match="parameter g has 4 values"):
        c.theta({**values(np.random.default_rng(0)), "g": np.zeros(4)})
    with pytest.raises(KeyError):
        c.theta({})


@pytest.mark.parametrize("first", ["osqp", "daqp"])
def test_the_real_problems_through_either_solver(first):
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(6, 3))
    box = {"lo": -np.ones(3), "hi": np.ones(3)}
    stage = Qp(give_ups("g", rows[:2], rows[2:], 1e-6), Tuning(first=first))
    room = {"above": np.ones(2), "here": rng.normal(size=4) - 1.0, "rest": np.zeros(3)}
    x, s = cp.Variable(3), cp.Variable(4)
    limits = [rows[2:] @ x - s <= room["here"], rows[:2] @ x <= 1.0, cp.abs(x) <= 1.0]
    least = cp.Problem(cp.Minimize(cp.sum_squares(s)), limits).solve(solver=cp.CLARABEL)
    assert float((stage.solve({**box, **room}).values["give_up"] ** 2).sum()) == pytest.approx(least, abs=1e-5)

    money = Qp(economics("e", rows, np.full(3, 1e-4)), Tuning(first=first))
    cost = rng.normal(size=3)
    answer = money.solve({**box, "room": np.ones(6), "cost": cost, "rest": np.zeros(3)})
    earned = cp.Problem(cp.Minimize(cost @ x), [rows @ x <= 1.0, cp.abs(x) <= 1.0]).solve(solver=cp.CLARABEL)
    assert float(cost @ answer.values["x"]) == pytest.approx(earned, abs=5e-4)


BLOCKS = 7
ROWS = np.arange(8)
NONE = ROWS[:0]
WAY = {"own": Tuning(), "osqp": Tuning(sets_max=0), "daqp": Tuning(first="daqp", sets_max=0)}
LADDER = {
    "osqp": [("osqp", "rough"), ("daqp", "solved")],
    "daqp": [("daqp", "solved")],
}
KINDS = {
    "step": Violations(np.ones(8), ROWS, NONE, NONE, NONE),
    "peak": Violations(np.ones(8), NONE, ROWS, ROWS % 2, NONE),
    "integral": Violations(np.ones(8), NONE, NONE, NONE, ROWS),
    "mixed": Violations(np.ones(8), ROWS[:3], ROWS[3:5], np.zeros(2, dtype=int), ROWS[5:]),
}


def counted(kind, above, below):
    """The cost of (rows,) violations, written down again."""
    outside = above + below
    if kind == "step":
        return cp.sum_squares(outside)
    if kind == "peak":
        largest = 4.0 * sum(cp.max(side[first::2]) ** 2 for side in (above, below) for first in (0, 1))
        return largest + PEAK_STEP * cp.sum_squares(outside)
    if kind == "integral":
        return cp.sum(outside) + PART_SQUARE * cp.sum_squares(outside)
    several = 2.0 * (cp.max(above[3:5]) ** 2 + cp.max(below[3:5]) ** 2)
    several += PEAK_STEP * cp.sum_squares(outside[3:5])
    return cp.sum_squares(outside[:3]) + several + counted("integral", above[5:], below[5:])


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_of_moves_by_every_way_whatever_of_a_violation_counts(way, kind):
    rng = np.random.default_rng(7)
    steps, n = rng.normal(size=(8, BLOCKS * 2)), BLOCKS * 2
    weights = np.full((BLOCKS, 2), 0.1)
    moves = Qp(move_plan(steps, KINDS[kind], weights, weights), WAY[way])
    plan = moves.solve(
        {
            "gap": np.array([0.3, -0.2]),
            "zone_lo": np.full(8, -0.1),
            "zone_hi": np.full(8, 0.1),
            "up": np.full(n, 0.05),
            "down": np.full(n, 0.02),
            "floor": np.full(n, -0.5),
            "ceiling": np.full(n, 0.5),
        }
    )
    du = cp.Variable(n)
    u = np.kron(np.tri(BLOCKS), np.eye(2)) @ du
    above, below = cp.pos(steps @ du - 0.1), cp.pos(-0.1 - steps @ du)
    gap = np.tile([0.3, -0.2], BLOCKS)
    cost = counted(kind, above, below) + 0.1 * cp.sum_squares(gap + u) + 0.1 * cp.sum_squares(du)
    cp.Problem(cp.Minimize(cost), [du <= 0.05, du >= -0.02, cp.abs(u) <= 0.5]).solve(solver=cp.CLARABEL)
    said = [(each.solver, each.status) for each in plan.solves]
    assert said[-1][1] == "solved"
    assert way == "own" or said == LADDER[way]
    assert np.abs(plan.values["du"] - du.value).max() < 1e-5
