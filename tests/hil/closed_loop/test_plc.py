"""The PLC, its operator and another supervisor: whoever they are, they win; closed loop comes back by a person only."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from safety.signals import Mode, WriteOutcome
from tests.hil.closed_loop.cycles import alarms, let_go, wrote
from tests.hil.closed_loop.stage import Stage

HB_ADDRESS, UNIT_ID = 0, 1


def assert_quiet_until_armed(stage: Stage, since_utc_s: float) -> None:
    """Nothing reaches the PLC's setpoints, closed loop does not come back by itself; then a person brings it back."""
    mark, control = stage.mark(), stage.control
    end_utc_s = stage.now_utc_s + 8.0 * stage.plant.cycle_s
    control.until("eight cycles", lambda record: record.utc_s > end_utc_s, since_utc_s)
    assert stage.written(mark) == []
    assert all(record.mode.actual < Mode.CLOSED_LOOP for record in control.records(since_utc_s))
    assert any(text.startswith("shed: ") for text in alarms(control.records(since_utc_s - 60.0), "shed"))
    assert wrote(control.arm())


SHEDS = (
    ("f31", "plc_restart", "plc", "plc_boot"),
    ("f32", "plc_stop", "plc", "plc_echo"),
    ("f33", "plc_local", "plc", "plc_remote"),
    ("f03", "probe", "plc", "plc_probe"),
    ("f39", "loop_auto", "feed_sp", "mvs_active"),  # a critical MV
)


@pytest.mark.parametrize(("number", "fault", "subject", "reason"), SHEDS)
def test_the_plc_takes_back_and_a_person_gives_again(
    stage: Stage, number: str, fault: str, subject: str, reason: str
) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.fault(fault, subject)
    gone = control.lets_go(reason, since)
    if fault != "plc_stop":  # one whose program stands still cannot shed; its restart does
        stage.until_shed()
    if fault == "plc_local":
        assert "plc_remote" in control.mode(Mode.CLOSED_LOOP).why
    if fault == "probe":
        assert "plc_probe" in control.mode(Mode.CLOSED_LOOP).why
    stage.clear(fault, subject)
    stage.until_shed()
    assert_quiet_until_armed(stage, gone.utc_s)


def test_f34_a_plc_that_clamps_is_believed_and_that_way_closed(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.do("fault", name="plc_clamp", subject="fan_sp")
    stage.until_effect("plc_clamp", "fan_sp")
    other = control.armed_until(
        "a setpoint that did not arrive",
        lambda record: any(receipt.outcome is WriteOutcome.OVERRIDDEN for receipt in record.receipts), since,
    )  # fmt: skip
    (receipt,) = [each for each in other.receipts if each.outcome is WriteOutcome.OVERRIDDEN]
    assert receipt.mv == "fan_sp"
    clamped = receipt.actual
    assert clamped == pytest.approx(stage.state()["sp"]["fan_sp"], abs=0.01)  # type: ignore[index,call-overload]
    control.until("eight cycles more", lambda record: record.cycle >= other.cycle + 8, other.utc_s)
    control.armed_until("a set of them", wrote, other.utc_s)
    later = [record for record in control.records(other.utc_s) if record.cycle > other.cycle]
    asked = [receipt.value for record in later for receipt in record.receipts if receipt.mv == "fan_sp"]
    assert asked  # the PLC's value is what it goes on with, and it does not push against it
    assert max(abs(value - clamped) for value in asked[:8]) < 0.01 or max(asked[:8]) <= clamped
    assert any(text.startswith("fan_sp is held back") for text in alarms([other], "mv_held"))
    assert any(wrote(record) and record.mode.actual is Mode.CLOSED_LOOP for record in later)
    stage.clear("plc_clamp", "fan_sp")
    control.armed_until("the fan moves again", lambda record: any(
        receipt.mv == "fan_sp" and receipt.outcome is WriteOutcome.CONFIRMED and abs(receipt.value - clamped) > 0.05
        for receipt in record.receipts), stage.now_utc_s)  # fmt: skip


def test_f35_a_plc_that_ignores_writes_is_given_up(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.do("fault", name="plc_deaf", subject="plc")
    stage.until_effect("plc_deaf", "plc")
    lost = control.armed_until(
        "unanswered", lambda record: any(r.outcome is WriteOutcome.UNKNOWN for r in record.receipts), since
    )
    assert {receipt.why for receipt in lost.receipts} == {"not_evaluated"}
    gone = control.lets_go("plc_heeds", since)
    assert sum(bool(record.receipts) for record in control.records(lost.utc_s)) <= 4
    stage.until_shed()
    stage.clear("plc_deaf", "plc")
    assert_quiet_until_armed(stage, gone.utc_s)


def test_f62_an_operator_who_takes_a_loop_keeps_his_value(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    stage.do("loop_mode", mv="fan_sp", mode="AUTO")
    assert stage.do("operator_setpoint", mv="fan_sp", value=70.0)
    taken = control.until("fan_sp is the operator's", lambda record: record.plan["mv_status"]["fan_sp"] == "OPR", since)  # type: ignore[index,call-overload]
    after = taken.utc_s + 2.0 * stage.plant.cycle_s
    control.moves(after)
    control.until("five cycles more", lambda record: record.utc_s > after + 5.0 * stage.plant.cycle_s, after)
    moved = {receipt.mv for record in control.records(after) for receipt in record.receipts}
    assert moved == {"T_in_sp", "feed_sp"}
    assert stage.state()["sp"]["fan_sp"] == pytest.approx(70.0)  # type: ignore[index,call-overload]
    assert stage.state()["mode"]["fan_sp"] == "AUTO"  # type: ignore[index,call-overload]
    stage.do("loop_mode", mv="fan_sp", mode="CAS")
    back = control.armed_until(
        "fan_sp given back", lambda record: any(r.mv == "fan_sp" for r in record.receipts), stage.now_utc_s
    )
    (first,) = [receipt for receipt in back.receipts if receipt.mv == "fan_sp"]
    assert first.value == pytest.approx(70.0, abs=0.01)  # bumpless
    assert wrote(control.arm())


def test_f62_an_operator_who_takes_the_critical_loop_takes_all(stage: Stage) -> None:
    control, since = stage.control, stage.now_utc_s
    before = stage.state()["sp"]["feed_sp"]  # type: ignore[index,call-overload]
    stage.do("loop_mode", mv="feed_sp", mode="AUTO")
    assert stage.do("operator_setpoint", mv="feed_sp", value=before - 30.0)
    gone = control.lets_go("mvs_active", since)
    stage.until_shed()
    assert stage.state()["sp"]["feed_sp"] == pytest.approx(before - 30.0)  # type: ignore[index,call-overload]
    assert_quiet_until_armed(stage, gone.utc_s)


def test_f72_a_foreign_heartbeat_stops_us_before_our_next_write(stage: Stage) -> None:
    """Another supervisor, on the PLC's other face (Modbus), with its own instance in the heartbeat word."""
    control, since = stage.control, stage.now_utc_s
    for counter in range(1, 40):
        modbus_write(stage, HB_ADDRESS, 0x7777 << 16 | counter)
        if any(let_go(record) for record in control.records(since)):
            break
        time.sleep(0.1)
    gone = control.lets_go("plc_alone", since)
    mark = stage.mark()
    for counter in range(40, 50):
        modbus_write(stage, HB_ADDRESS, 0x7777 << 16 | counter)
        time.sleep(0.1)
    assert "plc_alone" in control.mode(Mode.CLOSED_LOOP).why
    assert stage.written(mark) == []
    strange = [line for line in stage.events("write", mark) if line["register"] == "HB"]
    assert {line["via"] for line in strange} == {"modbus"}
    stage.until_shed()
    assert_quiet_until_armed(stage, gone.utc_s)


def modbus_write(stage: Stage, address: int, number: int) -> None:
    """Write one uint32 into the PLC's holding registers."""
    with socket.create_connection(("127.0.0.1", stage.said["ports"]["plc"]), timeout=5.0) as sock:
        sock.sendall(struct.pack(">HHHBBHHBI", 1, 0, 11, UNIT_ID, 16, address, 2, 4, number))
        assert sock.recv(12)[7] == 16
