"""The write procedure over the memory driver, where every answer can be arranged."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from safety.approval import Approval
from safety.encoding import Encoding
from safety.signals import Quality
from supervisor.drivers.memory import MemoryDriver
from tests.supervisor.drivers.field import MVS, TinyPlc, allowed, approve, opcua_address, outcomes, points

WRITES = points(opcua_address, confirm_timeout_s=0.05)


class Bench:
    def __init__(self) -> None:
        self.now = 10.0
        self.plc = TinyPlc()
        self.writes: list[dict[str, float]] = []
        self.driver = MemoryDriver("dcs", now_s=lambda: self.now, registers=WRITES.registers, places=allowed(WRITES))
        for register in ("EPOCH", "SEQ", "MASK", "CRC", "COMMIT", "SEQ_ACK", "EPOCH_ACK", "REJECT"):
            self.driver.set(opcua_address(register), 0)
        for mv in MVS:
            self.driver.set(opcua_address(f"SP.{mv}"), 50.0)
            self.driver.set(opcua_address(f"ACT.{mv}"), 50.0)
        self.driver.plc = self.scan

    def scan(self, driver: MemoryDriver) -> None:
        registers = {address.removeprefix("ns=2;s="): driver.value(address) for address in driver.cells}
        self.writes.append(dict(registers))
        self.plc.scan(registers)
        for name, value in registers.items():
            driver.set(opcua_address(name), value)

    def value(self, name: str) -> float:
        return self.driver.value(opcua_address(name))


@pytest.fixture
async def bench():
    made = Bench()
    await made.driver.start()
    made.driver.take()
    return made


async def test_the_commit_is_a_second_write_after_everything_else(bench):
    assert outcomes(await bench.driver.write(approve({"a": 60.0, "b": 20.0}, sequence=1), WRITES)) == {
        "a": ("confirmed", ""),
        "b": ("confirmed", ""),
    }
    first, second = bench.writes
    assert (first["SP.a"], first["SP.b"], first["SEQ"], first["COMMIT"]) == (60.0, 20.0, 1, 0)
    assert second["COMMIT"] == 1


async def test_receipts_come_in_the_order_of_the_moves(bench):
    receipts = await bench.driver.write(approve({"a": 60.0, "b": 20.0}), WRITES)
    assert [(each.mv, each.value, each.actual) for each in receipts] == [("a", 60.0, 60.0), ("b", 20.0, 20.0)]


@pytest.mark.parametrize("late_by", [1e-9, 1.0, 1e6])
async def test_not_after_the_deadline(bench, late_by):
    assert outcomes(await bench.driver.write(approve({"a": 60.0}, deadline_s=10.0 - late_by), WRITES)) == {
        "a": ("not_sent", "deadline")
    }
    assert bench.writes == []


async def test_at_the_deadline_it_is_still_good(bench):
    assert outcomes(await bench.driver.write(approve({"a": 60.0}, deadline_s=10.0), WRITES)) == {"a": ("confirmed", "")}


async def test_a_deadline_that_is_not_a_number_is_past(bench):
    assert outcomes(await bench.driver.write(approve({"a": 60.0}, deadline_s=float("nan")), WRITES))["a"] == (
        "not_sent",
        "deadline",
    )


async def test_once(bench):
    approval = approve({"a": 60.0})
    await bench.driver.write(approval, WRITES)
    count = len(bench.writes)
    assert outcomes(await bench.driver.write(approval, WRITES)) == {"a": ("not_sent", "used")}
    assert len(bench.writes) == count


async def test_an_attempt_that_was_not_sent_for_want_of_a_link_is_used_up_too(bench):
    """Nobody shall keep it and try again: the cycle decides anew."""
    approval = approve({"a": 60.0})
    bench.driver.cable = "out"
    assert outcomes(await bench.driver.write(approval, WRITES)) == {"a": ("not_sent", "comm")}
    bench.driver.cable = "in"
    assert outcomes(await bench.driver.write(approval, WRITES)) == {"a": ("not_sent", "used")}
    assert bench.writes == []


async def test_an_approval_that_the_gate_did_not_make(bench):
    real = approve({"a": 60.0})
    forged = object.__new__(Approval)
    for name in Approval.__dataclass_fields__:
        if name not in ("seal", "_seal"):
            object.__setattr__(forged, name, getattr(real, name))
    assert outcomes(await bench.driver.write(forged, WRITES)) == {"a": ("not_sent", "not_genuine")}
    assert bench.writes == []
    with pytest.raises(TypeError):
        copy.copy(real)


@pytest.mark.parametrize(
    ("approval", "why"),
    [
        (approve({"c": 1.0}), "not_writable"),
        (approve({"a": 60.0}, mask=2), "mask"),
        (approve({"a": 60.0}, mask=3), "mask"),
        (approve({"a": 60.0}, encoding=Encoding("float64")), "payload"),
        (approve({"a": 60.0}, encoding=Encoding("float32", "CDAB")), "payload"),
    ],
)
async def test_what_does_not_fit_the_plant_never_leaves(bench, approval, why):
    assert {each[1] for each in outcomes(await bench.driver.write(approval, WRITES)).values()} == {why}
    assert bench.writes == []


async def test_bytes_that_say_something_else_than_what_was_approved_never_leave(bench):
    approval = approve({"a": 60.0})
    lie = tuple(replace(move, value=61.0) for move in approval.moves)
    assert outcomes(await bench.driver.write(approve({"a": 60.0}, moves=lie), WRITES)) == {"a": ("not_sent", "payload")}


@pytest.mark.parametrize("missing", ["commit", "sequence_ack", "reject", "epoch_ack", "crc"])
async def test_half_a_handshake_writes_nothing(bench, missing):
    registers = {name: point for name, point in WRITES.registers.items() if name != missing}
    half = replace(WRITES, registers=registers)
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), half)) == {"a": ("not_sent", "no_register")}


async def test_no_answer_to_the_set_is_unknown_and_no_commit_follows(bench):
    bench.driver.cable = "no_answers"
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("unknown", "timeout")}
    assert bench.value("SP.a") == 60.0
    assert bench.value("COMMIT") == 0.0
    assert bench.plc.evaluated == []


async def test_no_answer_to_the_commit_is_unknown_though_it_was_applied(bench):
    scan = bench.driver.plc

    def cut_at_commit(driver):
        if driver.value(opcua_address("SEQ")) == 1 and len(bench.writes) == 1:
            driver.cable = "no_answers"
        scan(driver)

    bench.driver.plc = cut_at_commit
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("unknown", "timeout")}
    assert bench.plc.evaluated == [(1, 1, 0)]
    assert bench.value("ACT.a") == 60.0


async def test_a_link_lost_before_the_commit_is_unknown_not_unsent(bench):
    def cut(driver):
        driver.cable = "out"

    bench.driver.plc = cut
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("unknown", "uncommitted_comm")}


async def test_a_refused_commit_is_rejected(bench):
    bench.driver.read_only.add(opcua_address("COMMIT"))
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {
        "a": ("rejected", "set_refused_BadNotWritable")
    }
    assert bench.plc.evaluated == []


async def test_a_set_fenced_by_a_newer_supervisor_is_rejected_not_unknown(bench):
    bench.plc.epoch = 9
    assert outcomes(await bench.driver.write(approve({"a": 60.0}, epoch=8), WRITES)) == {"a": ("rejected", "reject_2")}


async def test_an_accepted_set_under_a_newer_epoch_is_not_believed(bench):
    bench.plc.ignore = True
    for name, value in (("SEQ_ACK", 1), ("EPOCH_ACK", 9), ("REJECT", 0), ("ACT.a", 60.0)):
        bench.driver.set(opcua_address(name), value)
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("unknown", "foreign_epoch")}


async def test_a_torn_answer_is_looked_at_twice(bench):
    """SEQ_ACK of this set beside REJECT of the one before: only the second look tells."""
    looks = []
    real_read = bench.driver.read

    async def torn(wanted):
        readings = dict(await real_read(wanted))
        looks.append(1)
        if len(looks) == 1:
            readings["plc.reject"] = replace(readings["plc.reject"], value=6.0)
        return readings

    bench.driver._writer._wire = type("Wire", (), {"read": staticmethod(torn), "put": bench.driver.put})()
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("confirmed", "")}
    assert len(looks) == 3


async def test_a_read_back_that_is_not_good_leaves_it_unknown(bench):
    scan = bench.driver.plc

    def spoil(driver):
        scan(driver)
        driver.set(opcua_address("ACT.a"), 60.0, Quality.UNCERTAIN)

    bench.driver.plc = spoil
    assert outcomes(await bench.driver.write(approve({"a": 60.0, "b": 20.0}), WRITES)) == {
        "a": ("unknown", "no_readback"),
        "b": ("confirmed", ""),
    }


async def test_an_answer_that_cannot_be_read_leaves_it_unknown(bench):
    scan = bench.driver.plc

    def spoil(driver):
        scan(driver)
        driver.set(opcua_address("SEQ_ACK"), 1, Quality.BAD)

    bench.driver.plc = spoil
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("unknown", "no_answer")}


@pytest.mark.parametrize(("off", "outcome"), [(0.0, "confirmed"), (0.9e-4, "confirmed"), (1.1e-4, "overridden")])
async def test_the_deadband(bench, off, outcome):
    bench.plc.override["a"] = 60.0 + off
    assert outcomes(await bench.driver.write(approve({"a": 60.0}), WRITES))["a"][0] == outcome


async def test_without_handshake_each_setpoint_has_its_own_fate(bench):
    plain = replace(WRITES, handshake="none", actuals=WRITES.targets)
    bench.driver.read_only.add(opcua_address("SP.b"))
    assert outcomes(await bench.driver.write(approve({"a": 60.0, "b": 20.0}), plain)) == {
        "a": ("confirmed", ""),
        "b": ("rejected", "BadNotWritable"),
    }
    assert bench.value("COMMIT") == 0.0
