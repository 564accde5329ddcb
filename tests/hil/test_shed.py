"""I-50: with our process dead, each loop goes where its shed option says, on the emulator and on the compiled text."""

from __future__ import annotations

import math

import pytest

from hil.plants.pid import Mode
from hil.plc import Block
from hil.registers import Reject
from tests.hil.plc_rig import SHED_S, START, Rig, armed_rig

HOLD, OPERATOR, SAFE, LOCAL = range(4)
MOVED = (182.0, 2900.0, 77.0, 35.0)


@pytest.fixture
def dead(block: Block) -> Rig:
    """Loops in cascade and moved; the supervisor writes nothing any more, its last heartbeat is 0 s old."""
    rig = armed_rig(block)
    rig.beat()
    assert rig.move(0b1111, *MOVED) is Reject.NONE
    return rig


def silence(rig: Rig, seconds: float) -> None:
    for _ in range(int(seconds)):
        rig.scan()


def test_i50_no_loop_is_let_go_before_shed_time_and_none_kept_after_it(dead: Rig) -> None:
    silence(dead, SHED_S - 1.0)
    assert set(dead.modes) == {Mode.CAS}
    assert dead.setpoints == list(MOVED)
    dead.scan()
    assert set(dead.modes) == {Mode.AUTO}
    assert not dead.state.permitted


def test_i50_hold_keeps_the_setpoint(dead: Rig) -> None:
    silence(dead, SHED_S + 600.0)
    assert dead.setpoints[HOLD] == MOVED[HOLD]


@pytest.mark.parametrize(
    ("loop", "goal", "per_s"), [(OPERATOR, START[OPERATOR], -10.0), (SAFE, 60.0, -0.5)], ids=["operator", "safe"]
)
def test_i50_a_ramp_starts_where_the_loop_is_keeps_its_pace_and_ends(
    dead: Rig, loop: int, goal: float, per_s: float
) -> None:
    silence(dead, SHED_S)
    assert dead.setpoints[loop] == MOVED[loop]
    for second in range(1, 100):
        dead.scan()
        assert dead.setpoints[loop] == pytest.approx(max(MOVED[loop] + per_s * second, goal), abs=1e-3)
    assert dead.setpoints[loop] == goal
    assert dead.modes[loop] is Mode.AUTO


@pytest.mark.parametrize(("measured", "goal"), [(29.0, 29.0), (-5.0, 0.0), (math.nan, MOVED[LOCAL])])
def test_i50_to_local_takes_the_measured_value_within_clamps_and_holds_without_one(
    dead: Rig, measured: float, goal: float
) -> None:
    dead.measured[LOCAL] = measured
    silence(dead, SHED_S)
    assert dead.setpoints[LOCAL] == goal
    dead.measured[LOCAL] = 50.0
    silence(dead, 60.0)
    assert dead.setpoints[LOCAL] == goal


@pytest.mark.parametrize("takes", ["setpoint", "manual"])
def test_i50_the_operator_ends_a_ramp_and_keeps_what_he_entered(dead: Rig, takes: str) -> None:
    silence(dead, SHED_S + 3.0)
    dead.setpoints[SAFE] = 71.0
    if takes == "manual":
        dead.modes[SAFE] = Mode.MAN
    silence(dead, 100.0)
    assert dead.setpoints[SAFE] == 71.0


def test_i50_a_loop_in_manual_is_left_there(dead: Rig) -> None:
    dead.modes[SAFE] = Mode.MAN
    silence(dead, SHED_S + 100.0)
    assert (dead.modes[SAFE], dead.setpoints[SAFE]) == (Mode.MAN, MOVED[SAFE])


def test_i50_the_operators_last_value_is_the_one_before_he_gave_the_loop(block: Block) -> None:
    rig = Rig(block)
    rig.setpoints[OPERATOR] = 2700.0
    rig.scan()
    rig.arm()
    rig.move(1 << OPERATOR, 0.0, 2800.0, 0.0, 0.0)
    silence(rig, SHED_S + 100.0)
    assert rig.setpoints[OPERATOR] == 2700.0


def test_i50_a_plc_restart_sheds_and_the_operators_value_outlives_it(dead: Rig) -> None:
    dead.restart()
    silence(dead, 100.0)
    assert set(dead.modes) == {Mode.AUTO}
    assert dead.setpoints == [MOVED[HOLD], START[OPERATOR], 60.0, 29.0]


def test_i50_letting_go_and_asking_again_gives_no_further_than_the_rate(block: Block) -> None:
    """A mad supervisor must not walk a loop to its clamp by a minute's move each time it takes the loops anew."""
    rig = armed_rig(block)
    for _ in range(60):
        rig.beat(mode_req=3)
        rig.scan()
        rig.move(0b1, rig.setpoints[0] + 3.9, 0.0, 0.0, 0.0)
        rig.beat(mode_req=0)
        rig.scan()
    minutes = 120.0 / 60.0
    assert START[0] + 3.9 <= rig.setpoints[0] <= START[0] + 4.0 + 4.0 * minutes
