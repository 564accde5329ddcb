from __future__ import annotations

import math
from dataclasses import replace

import pytest

from safety.signals import CvStatus, Instant, MvStatus, Quality, Reading, Snapshot
from supervisor.service import WARM_CYCLES, ServiceMemory, advised, service
from tests.supervisor.walk import SENSORS, START, demo_plant


def snapshot(stamp=100.0, **changes):
    values = {**SENSORS, "T_in": 184.0, "feed": 2800.0, "fan": 70.0}
    for mv, value in START.items():
        values |= {f"{mv}.actual": value, f"{mv}.available": 1.0, f"{mv}.windup_hi": 0.0, f"{mv}.windup_lo": 0.0}
    values |= {name.replace("__", "."): value for name, value in changes.items()}
    readings = {
        tag: Reading(math.nan, Quality.BAD, None, 0.0, "comm")
        if value is None
        else Reading(value, Quality.GOOD, stamp, 0.0)
        for tag, value in values.items()
    }
    return Snapshot(1, Instant(0.0, 0.0), readings)


def after(cycles, memory=None, **changes):
    memory = memory or ServiceMemory()
    for cycle in range(cycles):
        status, memory = service(demo_plant(), snapshot(stamp=100.0 + cycle, **changes), memory)
    return status, memory


def test_an_mv_warms_up_before_it_is_on():
    assert [after(n)[0].mvs["fan_sp"] for n in (1, 2, 3)] == [MvStatus.INIT, MvStatus.ON, MvStatus.ON]
    assert WARM_CYCLES == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"fan_sp__available": 0.0}, MvStatus.OPR),
        ({"fan_sp__available": None}, MvStatus.OPR),
        ({"fan_sp__available": 0.5}, MvStatus.OPR),
        ({"fan_sp__actual": None}, MvStatus.SERV),
        ({"fan": None}, MvStatus.SERV),
        ({"fan_sp__windup_hi": 1.0}, MvStatus.WDUP_HIGH),
        ({"fan_sp__windup_hi": None}, MvStatus.WDUP_HIGH),  # unknown counts as wound up
        ({"fan_sp__windup_lo": 1.0}, MvStatus.WDUP_LOW),
        ({"fan_sp__windup_lo": 1.0, "fan_sp__windup_hi": 1.0}, MvStatus.WDUP),
        ({}, MvStatus.ON),
    ],
)
def test_the_status_of_an_mv(changes, status):
    found = after(3, **changes)[0].mvs
    assert found["fan_sp"] is status
    assert found["T_in_sp"] is MvStatus.ON


def test_an_mv_that_comes_back_warms_up_again():
    memory = after(3)[1]
    memory = after(1, memory, fan_sp__available=0.0)[1]
    assert after(1, memory)[0].mvs["fan_sp"] is MvStatus.INIT


def test_a_bad_cv_is_predicted_then_dropped_then_critical():
    spec = demo_plant().cvs["T_out"]
    seen = [after(n, T_out=None)[0].cvs["T_out"] for n in (1, spec.bad_cycles, spec.bad_cycles + 1)]
    assert seen == [CvStatus.PRED, CvStatus.PRED, CvStatus.CRIT]
    assert after(demo_plant().cvs["moist"].bad_cycles + 1, moist=None)[0].cvs["moist"] is CvStatus.DROP


def test_one_good_value_starts_the_count_anew():
    memory = after(4, T_out=None)[1]
    memory = after(1, memory)[1]
    assert after(1, memory, T_out=None)[0].cvs["T_out"] is CvStatus.PRED


def test_a_plant_without_availability_signals_counts_as_in_cascade():
    plant = demo_plant()
    mvs = {name: replace(mv, available=None, windup_hi=None, windup_lo=None) for name, mv in plant.mvs.items()}
    status, memory = service(replace(plant, mvs=mvs), snapshot(), ServiceMemory())
    status, _ = service(replace(plant, mvs=mvs), snapshot(), memory)
    assert set(status.mvs.values()) == {MvStatus.ON}


def test_a_stamp_of_a_slow_analyser_counts_once_even_after_a_gap():
    first, memory = service(demo_plant(), snapshot(stamp=100.0), ServiceMemory())
    gap, memory = service(demo_plant(), snapshot(stamp=100.0, moist=None), memory)
    again, memory = service(demo_plant(), snapshot(stamp=100.0), memory)
    later, _ = service(demo_plant(), snapshot(stamp=160.0), memory)
    assert [each.new_sample["moist"] for each in (first, again, later)] == [True, False, True]
    assert all(each.new_sample["T_out"] for each in (first, gap, again, later))


def test_advice_counts_operators_loops_in_and_nothing_else():
    given = {"a": MvStatus.OPR, "b": MvStatus.SERV, "c": MvStatus.WDUP_HIGH, "d": MvStatus.ON}
    assert advised(given) == {"a": MvStatus.INIT, "b": MvStatus.SERV, "c": MvStatus.WDUP_HIGH, "d": MvStatus.ON}
