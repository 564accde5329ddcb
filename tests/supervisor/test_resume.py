"""What outlives a restart, and what must not."""

from dataclasses import replace
from pathlib import Path

import pytest

from constraints.plantfile import load
from safety.signals import Mode, ModeState
from supervisor.record import CycleRecord
from supervisor.resume import first_memory, tripped_memory

PLANT = load(Path(__file__).parents[2] / "hil" / "demo" / "plant.yaml").plant
LAST = CycleRecord(
    cycle=700,
    utc_s=1.0,
    mono_s=1.0,
    mode=ModeState(Mode.CLOSED_LOOP, Mode.CLOSED_LOOP),
    readings={},
    plan={},
    verdict="approved",
)


def test_without_a_record_it_starts_as_the_plant_file_says():
    memory = first_memory(PLANT, 7, None)
    assert memory.mode.actual is Mode.MONITOR
    assert memory.shake.instance == 7
    assert memory.settings.operator == {}


def test_i16_a_run_that_ended_in_closed_loop_starts_disarmed():
    memory = first_memory(PLANT, 7, LAST)
    assert memory.mode.actual <= Mode.ADVISORY
    assert not memory.mode.armed
    assert memory.shake.epoch is None


@pytest.mark.parametrize("causes", [("no_trip",), ()])
def test_i23_a_trip_outlives_a_restart(causes):
    tripped = replace(LAST, mode=ModeState(Mode.CLOSED_LOOP, Mode.TRIPPED), trip_causes=causes)
    memory = first_memory(PLANT, 7, tripped)
    assert memory.mode.actual is Mode.TRIPPED
    assert memory.mode.causes


def test_i23_a_latched_interlock_outlives_a_restart():
    memory = first_memory(PLANT, 7, replace(LAST, latched=("Exhaust over-temperature",)))
    state = memory.locks.states["Exhaust over-temperature"]
    assert state.latched
    assert state.tripped


def test_operators_limits_outlive_a_restart_where_the_variable_still_exists():
    last = replace(LAST, operator_limits={"T_in_sp.hi": 191.0, "gone.hi": 3.0, "moist.sideways": 1.0})
    assert first_memory(PLANT, 7, last).settings.operator == {("T_in_sp", "hi"): 191.0}


def test_i23_a_record_that_cannot_be_read_counts_as_a_trip():
    memory = tripped_memory(PLANT, 7, "record_unread")
    assert memory.mode.actual is Mode.TRIPPED
    assert not memory.mode.acknowledged
    assert memory.mode.causes == ("record_unread",)


def test_an_mv_that_an_operator_took_stays_with_the_operator_through_a_restart():
    taken = replace(LAST, by_hand=("fan_sp", "gone_from_the_file"))
    assert first_memory(PLANT, 7, taken).settings.by_hand == {"fan_sp"}
