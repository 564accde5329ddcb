from __future__ import annotations

from dataclasses import replace

import clarabel
import numpy as np
import pytest
import scipy.sparse as sp

from constraints.plant import Pair, Tuning
from controllers.model import Model
from controllers.moves import Gains, Moves, Present, Warm
from controllers.rows import layout
from tests.controllers.plants import cv, dryer, mv, pair, plant


def layer(p):
    m = Model(p.pairs, (*p.mvs, *p.dvs), tuple(p.cvs), p.cycle_s)
    plan = layout(p, m)
    return plan, Moves(plan, m, p)


EDGES = (0, *Tuning().blocking)
POINTS = Tuning().points


@pytest.fixture(scope="module")
def one():
    p = plant([mv("u", (0.0, 10.0), 4.0, 8.0)], [cv("y", (0.0, 20.0))], [pair("u", "y", 2.0, 20.0, 90.0)])
    return layer(p)[1]


def present(moves, u=5.0, y=10.0, **more):
    n = moves.points_s.shape[1]
    base = Present(
        u=np.array([u]),
        target=np.array([u]),
        lo=np.array([0.0]),
        hi=np.array([10.0]),
        up=np.array([1.0]),
        down=np.array([2.0]),
        free=np.full((POINTS, n), y),
        y=np.full(n, y),
        zone_lo=np.zeros(n),
        zone_hi=np.full(n, 20.0),
        slope_end=np.zeros(n),
    )
    return replace(base, **{k: v if k == "free" else np.atleast_1d(np.array(v, dtype=float)) for k, v in more.items()})


def test_nothing_moves_when_nothing_is_wrong(one):
    plan = one.solve(present(one), None)
    assert abs(plan.first[0]) < 1e-9
    assert plan.zone.tolist() == [0.0]


def test_it_goes_to_its_target_no_faster_than_its_rates(one):
    up = one.solve(present(one, u=5.0, target=9.5), None)
    assert up.first[0] == pytest.approx(1.0, abs=1e-6)
    steps = np.diff(np.append(5.0, up.path[:, 0]))
    assert (steps <= np.diff(EDGES) * 1.0 + 1e-6).all()
    down = one.solve(present(one, u=5.0, target=0.5), None)
    assert down.first[0] >= -2.0
    assert down.first[0] < -1.0


def test_a_zone_that_will_be_left_is_met_and_the_plan_says_so(one):
    plan = one.solve(present(one, free=np.full((POINTS, 1), 24.0), y=19.0), None)
    assert plan.first[0] < -0.5
    assert plan.side[0] > 0.0
    assert plan.push[0, 0] < 0.0
    assert plan.zone[0] > 0.0


def test_effect_is_what_the_model_says_of_the_path(one):
    plan = one.solve(present(one, target=9.0), None)
    assert plan.effect[0, 0] == 0.0
    assert plan.effect[-1, 0] == pytest.approx(2.0 * (plan.path[-1, 0] - 5.0), rel=0.2)


def test_a_present_violation_opens_the_zone_and_it_closes(one):
    hurry = one.solve(present(one, free=np.full((POINTS, 1), 21.0), y=19.0), None)
    calm = one.solve(present(one, free=np.full((POINTS, 1), 21.0), y=21.0), None)
    assert hurry.first[0] < calm.first[0] < 0.0


def test_locked_directions_are_hard(one):
    assert one.solve(present(one, target=9.0, up=0.0), None).first[0] <= 0.0
    assert abs(one.solve(present(one, target=9.0, up=0.0), None).first[0]) < 1e-8
    assert abs(one.solve(present(one, target=1.0, down=0.0), None).first[0]) < 1e-8
    both = one.solve(present(one, free=np.full((POINTS, 1), 40.0), y=40.0, up=0.0, down=0.0), None)
    assert both.first.tolist() == [0.0]


@pytest.mark.parametrize(("u", "lo", "hi", "first"), [(9.0, 0.0, 5.0, -2.0), (2.0, 6.0, 10.0, 1.0)])
def test_an_mv_outside_its_range_comes_in_at_its_rate(one, u, lo, hi, first):
    plan = one.solve(present(one, u=u, target=np.clip(u, lo, hi), lo=lo, hi=hi), None)
    assert plan.first[0] == pytest.approx(first, rel=0.03)
    assert lo - 1e-5 <= plan.path[-1, 0] <= hi + 1e-5
    locked = one.solve(present(one, u=u, target=u, lo=lo, hi=hi, up=0.0, down=0.0), None)
    assert locked.first.tolist() == [0.0]


def test_a_cv_without_an_mv_or_a_zone_asks_for_nothing():
    p = plant(
        [mv("u", (0.0, 10.0))],
        [cv("y", (0.0, 20.0)), cv("lonely", (0.0, 1.0))],
        [pair("u", "y", 2.0, 20.0, 90.0), pair("d", "lonely", 1.0, lag1=30.0)],
        dvs=("d",),
    )
    moves = layer(p)[1]
    free = np.tile([10.0, 99.0], (POINTS, 1))
    now = present(moves, free=free, y=[10.0, 99.0], zone_lo=[0.0, 0.0], zone_hi=[20.0, 1.0])
    assert abs(moves.solve(now, None).first[0]) < 1e-9
    out = replace(now, free=np.full((POINTS, 2), 99.0), zone_lo=np.full(2, -np.inf), zone_hi=np.full(2, np.inf))
    assert abs(moves.solve(out, None).first[0]) < 1e-9


def test_the_first_move_is_that_of_an_interior_point_method():
    p = dryer()
    plan, moves = layer(p)
    rng = np.random.default_rng(11)
    span = plan.span
    warm = None
    for _ in range(25):
        u = np.array([182.0, 2650.0, 72.0]) + rng.normal(size=3) * 0.1 * span
        zone_lo = np.array([s.limits.operator[0] for s in p.cvs.values()])
        zone_hi = np.array([s.limits.operator[1] for s in p.cvs.values()])
        y = rng.uniform(zone_lo - 0.2 * (zone_hi - zone_lo), zone_hi + 0.2 * (zone_hi - zone_lo))
        now = Present(
            u=u,
            target=u + rng.normal(size=3) * 0.2 * span,
            lo=np.array([170.0, 1500.0, 50.0]),
            hi=np.array([195.0, 3800.0, 95.0]),
            up=0.02 * span,
            down=0.04 * span,
            free=y + rng.normal(size=(POINTS, 5)) * plan.concern,
            y=y,
            zone_lo=zone_lo,
            zone_hi=zone_hi,
            slope_end=np.zeros(5),
        )
        answer = moves.solve(now, warm)
        warm = Warm(answer.answer.x, answer.answer.y, answer.answer.rho)
        exact = interior_point(moves, now, plan)
        assert np.abs(answer.first - exact).max() <= 1e-3 * span.max()
        assert (np.abs(answer.first - exact) / span).max() < 1e-5


def interior_point(moves, now, plan):
    """The very vectors of this cycle through Clarabel; returns the first move."""
    seen = {}
    qp = moves._qp
    original = qp.solve

    def spy(values, *start):
        seen.update(values)
        return original(values, *start)

    qp.solve = spy
    try:
        moves.solve(now, None)
    finally:
        qp.solve = original
    c = qp.problem
    q, low, high = c.at(seen)
    up, down = high < 1e20, low > -1e20
    a = sp.csc_matrix(sp.vstack([c.a.tocsr()[up], -c.a.tocsr()[down]]))
    b = np.concatenate([high[up], -low[down]])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    p = sp.csc_matrix(sp.triu(c.p))
    x = np.array(clarabel.DefaultSolver(p, q, a, b, [clarabel.NonnegativeConeT(len(b))], settings).solve().x)
    return x[c.variables["du"]][: len(plan.span)] * plan.span


# ------------------------------------------------------------------------------------------------ gains, slacks, levels


def tank(gain=1.0, slack="step"):
    """Two MVs, a flow CV with negative gains first, and a level."""
    return plant(
        [mv("in", (0.0, 10.0), 40.0, 40.0), mv("out", (0.0, 10.0), 40.0, 40.0)],
        [cv("y", (0.0, 20.0), slack=slack), cv("level", (40.0, 60.0))],
        [
            pair("in", "y", -2.0 * gain, 20.0, 90.0),
            pair("out", "y", 1.0 * gain, 0.0, 60.0),
            Pair(source="in", cv="level", gain=0.02, integrating=True),
            Pair(source="out", cv="level", gain=-0.03 * gain, integrating=True),
        ],
    )


def tank_now(moves, **more):
    base = Present(
        u=np.array([5.0, 4.0]),
        target=np.array([5.0, 4.0]),
        lo=np.zeros(2),
        hi=np.full(2, 10.0),
        up=np.full(2, 10.0),
        down=np.full(2, 10.0),
        free=np.tile([10.0, 50.0], (POINTS, 1)),
        y=np.array([10.0, 50.0]),
        zone_lo=np.array([0.0, 40.0]),
        zone_hi=np.array([20.0, 60.0]),
        slope_end=np.zeros(2),
    )
    return replace(base, **more)


def test_gains_of_a_cycle_act_as_if_compiled_with_them():
    plan, once = layer(tank())
    for factor in (1.7, 0.4, -1.0):
        fixed = layer(tank(factor))[1]
        slope = plan.slope_gain * np.where(plan.slope_gain < 0.0, factor, 1.0)
        both = np.array([[factor, factor], [1.0, factor]])
        away = {"free": np.tile([26.0, 62.0], (POINTS, 1)), "slope_end": np.array([0.0, 0.01])}
        a = once.solve(tank_now(once, **away, gains=Gains(both, slope)), None)
        b = fixed.solve(tank_now(fixed, **away), None)
        # weights are chosen at the reference gains, so the plans differ a little and their direction does not
        assert (np.sign(a.first) == np.sign(b.first)).all()
        steps = (np.diff(np.vstack(([5.0, 4.0], a.path)), axis=0) / plan.span).ravel()
        assert a.effect == pytest.approx((fixed._report @ steps).reshape(-1, 2), abs=1e-6)


@pytest.mark.parametrize("slack", ["step", "peak", "integral"])
def test_whatever_of_a_violation_counts_the_zone_is_met(slack):
    moves = layer(tank(slack=slack))[1]
    calm = moves.solve(tank_now(moves), None)
    assert np.abs(calm.first).max() < 1e-6
    free = np.tile([23.0, 50.0], (POINTS, 1))
    plan = moves.solve(tank_now(moves, free=free), None)
    assert plan.first[0] > 0.05
    assert plan.side[0] > 0.0
    assert plan.push[0, 0] > 0.0
    assert plan.zone[0] > 0.0


def test_a_level_that_would_go_on_rising_stands_still_at_the_end():
    plan, moves = layer(tank())
    rising = np.array([0.0, 0.02])
    free = np.column_stack((np.full(POINTS, 10.0), 50.0 + 0.02 * moves.points_s[:, 1]))
    stopped = moves.solve(tank_now(moves, free=free, slope_end=rising), None)
    end = rising[1] + plan.slope_gain[1] @ (stopped.path[-1] - np.array([5.0, 4.0]))
    assert abs(end) < 0.1 * rising[1]
    unaware = moves.solve(tank_now(moves, free=free), None)
    assert abs(rising[1] + plan.slope_gain[1] @ (unaware.path[-1] - np.array([5.0, 4.0]))) > 3.0 * abs(end)


def test_a_level_without_a_zone_asks_for_nothing():
    moves = layer(tank())[1]
    none = {"zone_lo": np.array([0.0, -np.inf]), "zone_hi": np.array([20.0, np.inf])}
    plan = moves.solve(tank_now(moves, slope_end=np.array([0.0, 0.02]), **none), None)
    assert np.abs(plan.first).max() < 1e-6


def test_the_way_to_a_target_has_no_funnel_unless_one_is_declared():
    p = plant([mv("u", (0.0, 10.0), 40.0, 80.0)], [cv("y", (0.0, 20.0))], [pair("u", "y", 2.0, 20.0, 90.0)])
    slow = replace(p, cvs={"y": replace(p.cvs["y"], funnel_s=600.0)})
    at = {"zone_lo": 12.0, "zone_hi": 12.0, "y": 10.0, "up": 10.0}
    first = [layer(each)[1] for each in (p, slow)]
    quick, calm = (moves.solve(present(moves, **at), None).first[0] for moves in first)
    assert quick > 2.0 * calm > 0.0


def test_blocks_and_points_are_those_of_the_plant_file():
    p = replace(tank(), tuning=Tuning(blocking=(1, 3, 9), points=(2, 5, 20)))
    moves = layer(p)[1]
    assert moves.points_s.tolist() == [[30.0, 30.0], [75.0, 75.0], [300.0, 300.0]]
    now = replace(tank_now(moves), free=np.tile([26.0, 50.0], (3, 1)))
    assert moves.solve(now, None).path.shape == (3, 2)
