"""The PLC's loops: bumpless in, out by each shed option, the operator's at any time, never faster than their rate."""

from __future__ import annotations

import math

import pytest

from hil.cascade import LoopOrder, LoopRule
from hil.plants.pid import Mode
from hil.registers import Reject
from safety.signals import ShedAction
from tests.hil.plc_rig import SHED_S, Rig, armed_rig


@pytest.fixture
def armed() -> Rig:
    return armed_rig()


@pytest.mark.parametrize("value", [184.0, 172.0])
def test_one_minute_of_the_rate_may_be_used_at_once(armed: Rig, value: float) -> None:
    assert armed.move(0b1, value, 0.0, 0.0, 0.0) is Reject.NONE


@pytest.mark.parametrize(("step", "rate"), [(1.0, 4.0), (-2.0, 8.0)])
def test_the_rate_holds_over_any_number_of_sets(armed: Rig, step: float, rate: float) -> None:
    reached, taken = 180.0, 0
    for turn in range(120):
        if turn % 15 == 0:
            armed.beat()
        if armed.move(0b1, reached + step, 0.0, 0.0, 0.0) is Reject.NONE:
            reached, taken = reached + step, taken + 1
        armed.scan()
    assert taken >= 8  # the limit is used, too
    assert abs(reached - 180.0) <= rate + rate * 2.0 + 0.1  # a minute's burst and two minutes of the rate


def test_heartbeat_stop_sheds_by_the_plcs_own_timer_and_not_before(armed: Rig) -> None:
    armed.move(0b1111, 182.0, 2900.0, 77.0, 35.0)
    beat_at_s = armed.state.hb_at_s
    assert beat_at_s is not None
    while armed.now_s + 1.0 - beat_at_s < SHED_S:
        armed.scan()
        assert set(armed.modes) == {Mode.CAS}
    armed.scan()
    assert armed.now_s - beat_at_s == SHED_S
    assert set(armed.modes) == {Mode.AUTO}
    assert armed.setpoints == [182.0, 2900.0, 77.0, 29.0]  # VENT takes the measured value
    for _ in range(60):
        armed.scan()
    assert armed.setpoints == [182.0, 2850.0, 60.0, 29.0]  # held, the operator's, the safe one


def test_a_shed_ramp_keeps_its_pace(armed: Rig) -> None:
    armed.remote = False
    armed.scan()
    for seconds in range(1, 11):
        armed.scan()
        assert armed.setpoints[2] == pytest.approx(75.0 - 0.5 * seconds)


@pytest.mark.parametrize("takes", ["setpoint", "mode"])
def test_the_operator_ends_a_shed_ramp(armed: Rig, takes: str) -> None:
    armed.remote = False
    armed.scan()
    armed.scan()
    if takes == "setpoint":
        armed.setpoints[2] = 71.0
    else:
        armed.modes[2], armed.setpoints[2] = Mode.MAN, 71.0
    for _ in range(20):
        armed.scan()
    assert armed.setpoints[2] == 71.0


def test_taking_over_is_bumpless_whatever_stands_in_the_registers() -> None:
    rig = Rig()
    rig.write(sp=(200.0, 1000.0, 45.0, 99.0))
    rig.setpoints[0] = 176.5
    rig.arm()
    rig.scan()
    assert set(rig.modes) == {Mode.CAS}
    assert rig.setpoints == [176.5, 2850.0, 75.0, 30.0]
    assert rig.answers.clamped == 0


def test_local_takes_every_loop_back_at_once_and_remote_returns_it_without_a_bump(armed: Rig) -> None:
    armed.move(0b1, 182.0, 0.0, 0.0, 0.0)
    armed.remote = False
    armed.scan()
    assert set(armed.modes) == {Mode.AUTO}
    assert armed.answers.remote == 0
    armed.setpoints[0] = 170.0  # the operator's
    armed.beat()
    armed.scan()
    armed.remote = True
    armed.scan()
    armed.scan()
    assert armed.modes[0] is Mode.CAS
    assert armed.setpoints[0] == 170.0


def test_one_loop_taken_by_the_operator_stays_his_and_can_be_given_back(armed: Rig) -> None:
    armed.modes[1] = Mode.AUTO
    armed.setpoints[1] = 2500.0
    for _ in range(5):
        armed.beat()
        armed.scan()
    assert armed.modes == [Mode.CAS, Mode.AUTO, Mode.CAS, Mode.CAS]
    assert armed.setpoints[1] == 2500.0
    assert armed.move(0b01, 180.5, 0.0, 0.0, 0.0) is Reject.NONE
    armed.modes[1] = Mode.CAS
    armed.scan()
    assert armed.move(0b10, 0.0, 2510.0, 0.0, 0.0) is Reject.NONE


def test_a_loop_in_manual_is_left_alone() -> None:
    rig = Rig()
    rig.modes[0] = Mode.MAN
    rig.arm()
    assert rig.orders[0] == LoopOrder()
    rig.scan()
    assert rig.modes[0] is Mode.MAN
    rig.scan(SHED_S)
    assert rig.modes[0] is Mode.MAN


def test_a_loop_put_into_cascade_without_permission_is_taken_out() -> None:
    rig = Rig()
    rig.modes[2] = Mode.CAS
    rig.scan()
    assert rig.modes[2] is Mode.AUTO


def test_a_loops_own_limit_is_reported_and_followed(armed: Rig) -> None:
    armed.loop_hi[0] = 181.0
    assert armed.move(0b1, 183.0, 0.0, 0.0, 0.0) is Reject.NONE
    armed.scan()
    assert armed.answers.clamped == 0b1
    assert armed.state.loops[0].cascade == 181.0  # the next set is judged from what is in force
    armed.beat()
    armed.move(0b1, 180.5, 0.0, 0.0, 0.0)
    assert armed.answers.clamped == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"lo": 2.0},
        {"up_per_min": 0.0},
        {"down_per_min": -1.0},
        {"burst_s": 0.0},
        {"shed_per_min": 0.0},
        {"shed": ShedAction.SAFE_VALUE},
        {"shed": ShedAction.SAFE_VALUE, "safe_value": 1.5},
        {"hi": math.nan},
    ],
)
def test_a_rule_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="x: "):
        LoopRule(**{"name": "x", "lo": 0.0, "hi": 1.0, "up_per_min": 1.0, "down_per_min": 1.0, **wrong})  # type: ignore[arg-type]


def test_to_local_with_a_dead_measurement_holds(armed: Rig) -> None:
    armed.measured[3] = math.nan
    armed.scan(SHED_S)
    assert (armed.modes[3], armed.setpoints[3]) == (Mode.AUTO, 30.0)


def test_a_moment_in_manual_ends_a_shed_ramp_though_the_setpoint_is_the_same(armed: Rig) -> None:
    armed.remote = False
    armed.scan()
    armed.scan()
    left = armed.setpoints[2]
    armed.modes[2] = Mode.MAN
    armed.scan()
    armed.modes[2] = Mode.AUTO
    for _ in range(20):
        armed.scan()
    assert armed.setpoints[2] == left


def test_the_last_operator_value_is_the_one_he_entered_last() -> None:
    rig = Rig()
    rig.setpoints[1] = 2700.0
    rig.scan()
    rig.arm()
    rig.move(0b10, 0.0, 2800.0, 0.0, 0.0)
    rig.scan(SHED_S)
    for _ in range(60):
        rig.scan()
    assert rig.setpoints[1] == 2700.0
