"""Devices that are dead, slow, lying or restarted: what they say is not used, the rest goes on or the plant sheds, it
is on record, and it heals without a restart of control.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from safety.signals import Mode
from supervisor.record import CycleRecord
from tests.hil.closed_loop.conftest import FROZEN_MIN
from tests.hil.closed_loop.cycles import alarms, let_go, longest_ms, wrote
from tests.hil.closed_loop.stage import Stage

NOT_READ = ("comm", "late")
"""Codes of a reading that did not come in time: from a dead device, and from one on a busy machine."""


def found_out(record: CycleRecord, tag: str) -> bool:
    """Whether a reading that came was not believed."""
    _, quality, why = record.readings[tag]
    return quality != "good" and why not in NOT_READ


@dataclass(frozen=True)
class Lie:
    """One signal that is not what it seems, and what has to come of it."""

    number: str
    fault: str
    subject: str
    """Signal of the bench; the plant file's tag bears the same name."""
    why: tuple[str, ...]
    """Codes of the quality that may be found."""
    always: bool = True
    """Whether each reading is found out. Swapped words of a noisy number now and then make a small one inside its
    range: only a probe constant (which a meter has not, and the PLC has) finds every one of them out."""
    sheds: str = ""
    """Reason of the mode table with which closed loop must end; empty where it must go on."""

    @property
    def name(self) -> str:
        return f"{self.number}_{self.fault}_{self.subject}"


LIES = (
    Lie("f01", "nan", "moist", ("nan",)),
    Lie("f01", "nan", "T_out", ("nan",), sheds="interlocks"),
    Lie("f02", "tiny", "P_fan", ("tiny",)),
    Lie("f03", "word_order", "P_el", ("tiny", "range_hi", "range_lo", "nan"), always=False),
    Lie("f04", "scale", "gas", ("range_hi",)),
    Lie("f09", "bad_status", "T_in", ("BadSensorFailure",)),
    Lie("f10", "uncertain", "feed", ("UncertainLastUsableValue",), sheds="mvs_active"),
    Lie("f11", "forced", "feed_moist", ("forced",)),
    Lie("f16", "future", "fan", ("future",)),
    Lie("f16", "stopped", "evap", ("stale",)),
)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lying_signal_is_never_used_and_heals(stage: Stage, lie: Lie) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault(lie.fault, lie.subject)
    bad = control.until(f"{lie.subject} not good", lambda record: found_out(record, lie.subject), since)
    assert bad.readings[lie.subject][2].split(":")[0] in lie.why, bad.readings[lie.subject]
    if lie.sheds:
        control.lets_go(lie.sheds, since)
        stage.until_shed()
    else:
        control.moves(bad.utc_s)
    control.until("four cycles more", lambda record: record.cycle >= bad.cycle + 4, bad.utc_s)
    records = control.records(bad.utc_s)
    not_used = [record.readings[lie.subject][1] != "good" for record in records]
    assert all(not_used) if lie.always else sum(not_used) >= len(not_used) / 4
    told = alarms(control.records(since), "tag")
    assert any(text.startswith(f"{lie.subject} is ") for text in told), told
    if not lie.sheds:
        control.kept(since)
    healed_utc_s = stage.now_utc_s
    stage.clear(lie.fault, lie.subject)
    control.until("good again", lambda record: record.readings[lie.subject][1] == "good", healed_utc_s)
    assert wrote(control.arm())


def test_f07_a_frozen_analyser_is_found_out_and_its_variable_given_up(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault("frozen", "moist")
    in_force = stage.now_utc_s
    frozen = control.until("frozen", lambda record: record.readings["moist"][2] == "frozen", since)
    assert frozen.utc_s - since >= FROZEN_MIN * 60.0 - 61.0
    believed = [record.utc_s for record in control.records(since) if record.readings["moist"][1] == "good"]
    assert max(utc_s for utc_s in believed if utc_s < frozen.utc_s) - in_force <= FROZEN_MIN * 60.0 + 60.0
    dropped = control.until("dropped", lambda record: bool(alarms([record], "cv_dropped")), frozen.utc_s)
    assert dropped.plan["cv_status"]["moist"] == "DROP"  # type: ignore[index,call-overload]
    assert any("moist is bad: frozen" in text for text in alarms(control.records(since), "tag"))
    stage.clear("frozen", "moist")
    control.until("in control again", lambda record: record.plan["cv_status"]["moist"] == "ON", dropped.utc_s)  # type: ignore[index,call-overload]
    assert wrote(control.arm())


def test_f12_spikes_are_never_taken_for_measurements(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    true = stage.state()["measured"]["T_out"]  # type: ignore[index,call-overload]
    stage.do("fault", name="spike", subject="T_out")
    stage.until_effect("spike", "T_out")
    spiked = control.until("a spike seen", lambda record: found_out(record, "T_out"), since)
    assert spiked.readings["T_out"][2] in ("rate", "range_hi")
    control.until("ten cycles more", lambda record: record.cycle >= spiked.cycle + 10, since)
    for record in control.records(since):
        value, _, _ = record.readings["T_out"]
        assert value is None or abs(value - true) < 15.0
    stage.clear("spike", "T_out")
    control.until("good again", lambda record: record.readings["T_out"][1] == "good", stage.now_utc_s)
    assert wrote(control.arm())


def test_f14_two_probes_that_differ_mean_standing_still(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault("offset", "T_out_b")
    held = control.until("the interlock", lambda record: "Exhaust probes differ" in record.trips, since)
    control.until("five cycles more", lambda record: record.cycle >= held.cycle + 5, held.utc_s)
    records = control.records(held.utc_s)
    assert all(record.verdict == "stand_still" for record in records if record.mode.actual is Mode.CLOSED_LOOP)
    assert any("Exhaust probes differ" in text for text in alarms(records, "interlock"))
    stage.clear("offset", "T_out_b")
    control.moves(stage.now_utc_s)


CABLES = (
    ("f18", "pull"),
    ("f21", "latency"),
    pytest.param("f18", "black_hole", marks=pytest.mark.nightly),
    pytest.param("f17", "reset", marks=pytest.mark.nightly),
)


@pytest.mark.parametrize(("number", "fault"), CABLES)
def test_a_dead_or_slow_meter_costs_its_variables_and_no_cycle(stage: Stage, number: str, fault: str) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault(fault, "power")
    lost = control.until("P_fan lost", lambda record: record.readings["P_fan"][1] != "good", since)
    assert lost.readings["P_fan"][2] in NOT_READ
    control.until(
        "the other meter goes on",
        lambda record: record.readings["P_fan"][1] != "good" and record.readings["gas"][1] == "good", lost.utc_s,
    )  # fmt: skip
    control.until("the alarm", lambda record: any("power" in text for text in alarms([record], "link")), since)
    moved = control.moves(lost.utc_s, lambda record: record.readings["P_fan"][1] != "good")
    control.until("six cycles", lambda record: record.cycle >= lost.cycle + 6, lost.utc_s)
    records = control.records(lost.utc_s)
    # Its time-out (0.3 s) and the pool's deadline (1 s), both in real time, in which the plant does a minute.
    assert longest_ms(records, "read") < 1400.0
    assert longest_ms(records, "look") < 1700.0
    healed_utc_s = stage.now_utc_s
    stage.clear(fault, "power")
    control.until("good again", lambda record: record.readings["P_fan"][1] == "good", healed_utc_s)
    control.until("the alarm gone", lambda record: bool(alarms([record], "link", "cleared")), moved.utc_s)
    assert wrote(control.arm())


def test_f22_frames_in_pieces_are_put_together(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault("slicer", "gas")
    control.until("ten cycles", lambda record: record.utc_s > since + 10.0 * stage.plant.cycle_s, since)
    readings = [record.readings["gas"] for record in control.records(since)]
    assert all(quality == "good" or why in NOT_READ for _, quality, why in readings)
    assert sum(quality == "good" for _, quality, _ in readings) > len(readings) / 2
    stage.clear("slicer", "gas")


@pytest.mark.nightly
def test_f22_connections_that_break_within_a_frame_are_made_again(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault("cut", "gas")
    true = stage.state()["measured"]["gas"]  # type: ignore[index,call-overload]
    control.until("a while", lambda record: record.utc_s > since + 20.0 * stage.plant.cycle_s, since)
    stage.until_effect("cut", "gas")
    for record in control.records(since):
        value, quality, _ = record.readings["gas"]
        assert quality == "bad" or abs(value - true) < 0.3 * true
    healed_utc_s = stage.now_utc_s
    stage.clear("cut", "gas")
    control.until("good again", lambda record: record.readings["gas"][1] == "good", healed_utc_s)
    assert wrote(control.arm())


SENSORS = (
    ("silent", "northmill/fan/vibration"),
    pytest.param("black_hole", "site", marks=pytest.mark.nightly),
)


@pytest.mark.parametrize(("fault", "subject"), SENSORS)
def test_f17_a_silent_sensor_closes_the_way_that_its_interlock_guards(stage: Stage, fault: str, subject: str) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.do("fault", name=fault, subject=subject)
    if fault == "silent":
        stage.until_effect(fault, subject)
    stale = control.until("the vibration unknown", lambda record: record.readings["fan_vib"][1] != "good", since)
    assert stale.readings["fan_vib"][2] in ("stale", "comm", "late")
    tripped = control.until("the interlock", lambda record: "Fan vibration" in record.trips, stale.utc_s)
    control.until("five cycles more", lambda record: record.cycle >= tripped.cycle + 5, tripped.utc_s)
    rises = [
        receipt
        for record in control.records(tripped.utc_s)
        for receipt in record.receipts
        if receipt.mv == "fan_sp" and receipt.value > record.readings["fan_sp.actual"][0] + 1e-3  # type: ignore[operator]
    ]
    assert rises == []
    stage.clear(fault, subject)
    control.until("good again", lambda record: record.readings["fan_vib"][1] == "good", stage.now_utc_s)
    control.until("no interlock", lambda record: "Fan vibration" not in record.trips, stage.now_utc_s)
    assert wrote(control.arm())


DCS = (
    ("f17", "reset", "dcs"),
    ("f18", "pull", "dcs"),
    ("f24", "server_restart", "plc"),
    pytest.param("f18", "black_hole", "dcs", marks=pytest.mark.nightly),
    pytest.param("f21", "latency", "dcs", marks=pytest.mark.nightly),
)


@pytest.mark.parametrize(("number", "fault", "subject"), DCS)
def test_a_lost_control_system_sheds_and_is_read_again_without_a_restart(
    stage: Stage, number: str, fault: str, subject: str
) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault(fault, subject)
    gone = control.until("closed loop let go", let_go, since)
    stage.until_shed()
    if fault != "server_restart":
        control.until("the alarm", lambda record: any("no link to dcs" in a for a in alarms([record], "link")), since)
        time.sleep(0.5)
    healed_utc_s, healed = stage.now_utc_s, stage.mark()
    stage.clear(fault, subject)
    back = control.until(
        "everything read again",
        lambda record: record.links["dcs"] == "connected" and record.readings["T_out"][1] == "good",
        healed_utc_s,
    )
    control.until("five cycles more", lambda record: record.cycle >= back.cycle + 5, back.utc_s)
    assert all(record.mode.actual < Mode.CLOSED_LOOP for record in control.records(gone.utc_s))
    accepted = [event for event in stage.events("set", healed) if event["reject"] == "NONE"]
    assert accepted == []  # what was on its way when the cable was pulled is refused by the PLC
    (_, utc_s, last) = control.rows("intent")[-1]
    assert utc_s < gone.utc_s  # nothing was meant for it since
    on_its_way = {"COMMIT": last["sequence"], **{f"SP.{mv}": sp for mv, sp in last["setpoints"].items()}}  # type: ignore[attr-defined]
    for line in stage.written(healed):
        assert line["value"] == pytest.approx(on_its_way[str(line["register"])], rel=1e-6)
    assert alarms(control.records(since), "shed")
    assert wrote(control.arm())
