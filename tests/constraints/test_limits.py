from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.limits import Side, operator_change, ramped, wanted_limits
from constraints.plant import NestedLimits
from tests.constraints.plants import cv, mv, plant

PLANT = plant(mvs=(mv(),), cvs=(cv(), cv("free", limits=NestedLimits(
    safety=(-math.inf, math.inf), engineering=(-math.inf, math.inf), operator=(-math.inf, 50.0)
), limit_ramp_per_min=math.inf)))  # fmt: skip


def test_the_plant_file_holds_where_nobody_set_anything() -> None:
    assert wanted_limits(PLANT, {}, {}) == {"u": (20.0, 80.0), "y": (20.0, 80.0), "free": (-math.inf, 50.0)}


def test_persons_and_schedule_narrow_and_widen_inside_the_engineering_limits() -> None:
    assert wanted_limits(PLANT, {("y", "hi"): 85.0}, {})["y"] == (20.0, 85.0)
    assert wanted_limits(PLANT, {}, {("y", "hi"): 85.0})["y"] == (20.0, 85.0)
    assert wanted_limits(PLANT, {("y", "hi"): 85.0}, {("y", "hi"): 70.0})["y"] == (20.0, 70.0)
    assert wanted_limits(PLANT, {("y", "hi"): 60.0}, {("y", "hi"): 70.0})["y"] == (20.0, 60.0)
    assert wanted_limits(PLANT, {("y", "lo"): 30.0}, {("y", "lo"): 25.0})["y"] == (30.0, 80.0)
    assert wanted_limits(PLANT, {("y", "hi"): 99.0}, {("y", "lo"): 1.0})["y"] == (10.0, 90.0)


def test_where_sides_would_cross_the_schedule_gives_way_and_then_the_person() -> None:
    assert wanted_limits(PLANT, {("y", "lo"): 60.0}, {("y", "hi"): 50.0})["y"] == (60.0, 80.0)
    assert wanted_limits(PLANT, {("y", "lo"): 60.0, ("y", "hi"): 40.0}, {})["y"] == (20.0, 80.0)


def test_what_is_not_a_number_sets_nothing() -> None:
    assert wanted_limits(PLANT, {("y", "hi"): math.nan}, {("y", "lo"): math.nan})["y"] == (20.0, 80.0)


@pytest.mark.parametrize(
    ("variable", "side", "value", "why"),
    [
        ("y", "hi", 90.0, ""),
        ("y", "hi", 90.1, "outside_engineering"),
        ("y", "lo", 9.9, "outside_engineering"),
        ("y", "lo", 10.0, ""),
        ("u", "lo", 80.0, "crosses"),
        ("u", "lo", 79.9, ""),
        ("u", "hi", 20.0, "crosses"),
        ("u", "hi", math.nan, "not_a_number"),
        ("u", "hi", math.inf, "not_a_number"),
        ("v", "hi", 5.0, "unknown_variable"),
    ],
)
def test_what_a_person_may_set(variable: str, side: Side, value: float, why: str) -> None:
    assert operator_change(PLANT, {}, variable, side, value) == why


def test_a_change_is_judged_against_the_other_side_as_it_was_set() -> None:
    assert operator_change(PLANT, {("y", "hi"): 50.0}, "y", "lo", 50.0) == "crosses"
    assert operator_change(PLANT, {("y", "hi"): 50.0}, "y", "lo", 49.0) == ""


def test_limits_of_an_mv_move_at_its_own_rates() -> None:
    start, wanted = {"u": (20.0, 80.0)}, {**wanted_limits(PLANT, {}, {}), "u": (30.0, 60.0)}
    assert ramped(PLANT, start, wanted, 60.0)["u"] == (22.0, 76.0)
    assert ramped(PLANT, start, wanted, 0.0)["u"] == (20.0, 80.0)
    assert ramped(PLANT, start, wanted, -60.0)["u"] == (20.0, 80.0)
    assert ramped(PLANT, start, wanted, 3600.0)["u"] == (30.0, 60.0)


def test_limits_of_a_cv_move_at_its_ramp_and_new_ones_hold_at_once() -> None:
    wanted = {**wanted_limits(PLANT, {}, {}), "y": (20.0, 50.0), "free": (0.0, 40.0)}
    now = ramped(PLANT, {"y": (20.0, 80.0), "free": (-math.inf, 50.0)}, wanted, 30.0)
    assert now == {"u": (20.0, 80.0), "y": (20.0, 77.0), "free": (0.0, 40.0)}


RANGES = st.tuples(st.floats(10, 90), st.floats(10, 90)).filter(lambda r: r[0] < r[1])


@settings(max_examples=200, deadline=None)
@given(RANGES, RANGES, st.lists(st.floats(0, 120), min_size=1, max_size=30))
def test_ramps_never_cross_never_jump_never_overshoot(
    start: tuple[float, float], goal: tuple[float, float], steps: list[float]
) -> None:
    everything = wanted_limits(PLANT, {}, {})
    wanted = {**everything, "u": goal, "y": goal}
    active = {**everything, "u": start, "y": start}
    for step in steps:
        before, active = active, dict(ramped(PLANT, active, wanted, step))
        for name, up, down in (("u", 2.0, 4.0), ("y", 6.0, 6.0)):
            assert active[name][0] <= active[name][1]
            for was, now, end in zip(before[name], active[name], goal, strict=True):
                assert -down * step / 60 - 1e-9 <= now - was <= up * step / 60 + 1e-9
                assert min(was, end) <= now <= max(was, end)


SIDES = st.dictionaries(
    st.tuples(st.sampled_from(["u", "y", "free"]), st.sampled_from(["lo", "hi"])), st.floats(-50, 150)
)


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES)
def test_whatever_is_set_limits_stay_in_order_and_inside_engineering(
    operator: dict[tuple[str, Side], float], schedule: dict[tuple[str, Side], float]
) -> None:
    for name, (lo, hi) in wanted_limits(PLANT, operator, schedule).items():
        widest = {**PLANT.mvs, **PLANT.cvs}[name].limits.engineering
        assert widest[0] <= lo < hi <= widest[1]
