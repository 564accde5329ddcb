from __future__ import annotations

import math
from dataclasses import replace

import pytest

from constraints.plant import Multiplier
from safety.signals import Instant, Quality, Reading, Snapshot
from supervisor.inputs import controller_inputs, setpoint, usable
from supervisor.service import ServiceMemory, service
from tests.supervisor.walk import Walk, bad_reading, demo_plant


def one(tag, value, quality=Quality.GOOD):
    return Snapshot(1, Instant(0.0, 0.0), {tag: Reading(value, quality, None, 0.0)})


def test_a_setpoint_is_what_is_read_then_what_was_read_then_the_middle():
    good, bad = one("fan_sp.actual", 71.0), one("fan_sp.actual", math.nan, Quality.BAD)
    assert setpoint(demo_plant(), good, "fan_sp", {"fan_sp": 66.0}) == 71.0
    assert setpoint(demo_plant(), bad, "fan_sp", {"fan_sp": 66.0}) == 66.0
    assert setpoint(demo_plant(), bad, "fan_sp", {}) == 72.5


@pytest.mark.parametrize(
    ("quality", "value", "used"),
    [
        (Quality.GOOD, 7.0, 7.0),
        (Quality.ESTIMATED, 7.0, 7.0),
        (Quality.UNCERTAIN, 7.0, None),
        (Quality.BAD, 7.0, None),
        (Quality.GOOD, math.nan, None),
        (Quality.ESTIMATED, math.inf, None),
    ],
)
def test_a_disturbance_may_be_a_held_value_and_nothing_worse(quality, value, used):
    assert usable(one("hum_amb", value, quality), "hum_amb") == used
    assert usable(one("other", 1.0), "hum_amb") is None


def test_the_controller_gets_every_variable_and_only_numbers():
    walk = Walk().closed()
    walk.bad["moist"] = bad_reading()
    inputs = walk.cycle().view.inputs
    plant = demo_plant()
    assert (set(inputs.u), set(inputs.y), set(inputs.d)) == (set(plant.mvs), set(plant.cvs), set(plant.dvs))
    assert inputs.y["moist"] is None
    assert inputs.limits.keys() == {*plant.mvs, *plant.cvs}
    assert inputs.cycle == walk.memory.cycle
    assert inputs.at_s == walk.now_s


@pytest.mark.parametrize(("quality", "given"), [(Quality.GOOD, 7.0), (Quality.ESTIMATED, 7.0), (Quality.BAD, None)])
def test_the_tags_that_multipliers_follow_are_given_as_they_are(quality, given):
    load = Multiplier(name="load", by="hum_amb", points=((0.0, 1.0), (9.0, 2.0)))
    plant = replace(demo_plant(), multipliers={"load": load})
    snapshot = one("hum_amb", 7.0, quality)
    status, _ = service(plant, snapshot, ServiceMemory())
    inputs = controller_inputs(
        plant, snapshot, status, limits={}, money={}, blocked_up=frozenset(), blocked_down=frozenset(),
        last_setpoints={}, mv_status=status.mvs, optimise=True,
    )  # fmt: skip
    assert inputs.scheduling == {"hum_amb": given}
