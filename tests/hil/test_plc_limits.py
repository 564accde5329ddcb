"""The PLC's limits to the last digit: clamps, rate and rounding, on the emulator and on the compiled text."""

from __future__ import annotations

import pytest

from hil.plants.pid import Mode
from hil.plc import Block
from hil.registers import Reject
from tests.hil.plc_rig import FEED, START, Rig, armed_rig


@pytest.mark.parametrize(("beyond", "reject"), [(0.9, Reject.NONE), (1.5, Reject.LIMITS)])
def test_a_clamp_allows_for_the_rounding_of_its_own_loop(block: Block, beyond: float, reject: Reject) -> None:
    rig = Rig(block)
    rig.setpoints[1] = 4190.0
    rig.scan()
    rig.arm()
    assert rig.move(0b10, 0.0, FEED.hi + beyond * FEED.tolerance, 0.0, 0.0) is reject


@pytest.mark.parametrize(
    ("value", "reject"),
    [(184.0, Reject.NONE), (172.0, Reject.NONE), (184.001, Reject.LIMITS), (171.999, Reject.LIMITS)],
)
def test_one_minute_of_the_rate_may_be_used_at_once_and_no_more(block: Block, value: float, reject: Reject) -> None:
    rig = armed_rig(block)
    assert rig.move(0b1, value, 0.0, 0.0, 0.0) is reject
    assert rig.setpoints[0] == (value if reject is Reject.NONE else START[0])


@pytest.mark.parametrize(("off", "clamped"), [(-0.9, 0), (0.9, 0), (-2.0, 0b10), (2.0, 0b10)])
def test_a_loop_that_rounds_is_not_one_that_limits(block: Block, off: float, clamped: int) -> None:
    rig = armed_rig(block)
    assert rig.move(0b1010, 0.0, 2900.0, 0.0, 30.0) is Reject.NONE
    rig.setpoints[1] = 2900.0 + off * FEED.tolerance
    rig.scan()
    assert rig.answers.clamped == clamped


def test_the_cascade_begins_at_the_setpoint_of_that_very_scan(block: Block) -> None:
    rig = Rig(block)
    rig.setpoints[0] = 176.5
    rig.write(sp=(200.0, 1000.0, 45.0, 99.0))
    rig.arm()
    assert set(rig.modes) == {Mode.CAS}
    assert rig.setpoints == [176.5, *START[1:]]
    assert rig.move(0b1, 177.0, 0.0, 0.0, 0.0) is Reject.NONE
