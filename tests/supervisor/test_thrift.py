"""Small moves are saved up, none is lost, and closed loop with a least move writes nothing smaller."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.signals import Instant, Quality, Reading, Snapshot
from supervisor.thrift import saved_up
from tests.supervisor.walk import START, Walk, approvals, demo_plant, plan_to, with_rules

LIMITS = {"T_in_sp": (170.0, 195.0)}


def plant(move_min: float = 0.5):
    mvs = demo_plant().mvs
    return replace(demo_plant(), mvs={**mvs, "T_in_sp": replace(mvs["T_in_sp"], move_min=move_min)})


def at(value: float, quality: Quality = Quality.GOOD) -> Snapshot:
    return Snapshot(1, Instant(0.0, 0.0), {"T_in_sp.actual": Reading(value, quality, None, 0.0)})


def test_a_small_move_waits_until_it_is_large_enough() -> None:
    given, saved = saved_up(plant(), {"T_in_sp": 180.3, "feed_sp": 1.0}, at(180.0), LIMITS, {})
    assert given == {"T_in_sp": 180.0, "feed_sp": 1.0}
    assert saved == {"T_in_sp": pytest.approx(0.3)}
    given, saved = saved_up(plant(), {"T_in_sp": 180.3}, at(180.0), LIMITS, saved)
    assert given == {"T_in_sp": pytest.approx(180.6)}
    assert saved == {}


def test_to_and_fro_cancels_out() -> None:
    saved: dict[str, float] = {}
    for wish in (180.4, 179.7, 180.2, 179.7) * 5:
        given, saved = saved_up(plant(), {"T_in_sp": wish}, at(180.0), LIMITS, saved)
        assert given["T_in_sp"] == 180.0
        assert abs(saved["T_in_sp"]) < 0.5


@pytest.mark.parametrize(("actual", "wish"), [(196.0, 195.9), (169.0, 169.1)])
def test_outside_its_limits_it_comes_in_by_steps_of_any_size(actual: float, wish: float) -> None:
    assert saved_up(plant(), {"T_in_sp": wish}, at(actual), LIMITS, {"T_in_sp": 0.2}) == ({"T_in_sp": wish}, {})


@pytest.mark.parametrize("seen", [at(float("nan"), Quality.BAD), Snapshot(1, Instant(0.0, 0.0), {})])
def test_without_an_actual_setpoint_nothing_is_changed(seen: Snapshot) -> None:
    assert saved_up(plant(), {"T_in_sp": 180.1}, seen, LIMITS, {}) == ({"T_in_sp": 180.1}, {})


def test_what_is_no_number_is_left_for_the_gate_to_refuse() -> None:
    found, saved = saved_up(plant(), {"T_in_sp": float("nan")}, at(180.0), LIMITS, {})
    assert found["T_in_sp"] != found["T_in_sp"]
    assert saved == {}


@given(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=40))
def test_what_is_written_and_what_is_saved_is_all_that_was_wished(ways: list[float]) -> None:
    actual, saved = 182.0, {}
    for way in ways:
        found, saved = saved_up(plant(), {"T_in_sp": actual + way}, at(actual), {}, saved)
        assert found["T_in_sp"] == actual or abs(found["T_in_sp"] - actual) >= 0.5
        actual = found["T_in_sp"]
    assert actual + saved.get("T_in_sp", 0.0) == pytest.approx(182.0 + sum(ways))


def test_closed_loop_writes_no_smaller_move_and_gets_there() -> None:
    walk = Walk(with_rules(mvs=plant(0.3).mvs)).closed()
    before = START["T_in_sp"]
    for _ in range(12):
        walk.cycle(plan=plan_to(**{**START, "T_in_sp": walk.plc.setpoints["T_in_sp"] + 0.1}))
    written = [each["T_in_sp"] for each in approvals(walk.steps)]
    moves = [abs(b - a) for a, b in itertools.pairwise(written) if b != a]
    assert moves
    assert min(moves) > 0.29
    assert walk.plc.setpoints["T_in_sp"] == pytest.approx(before + 1.2, abs=0.31)
