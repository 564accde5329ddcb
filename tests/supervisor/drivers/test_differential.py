"""The same PLC, the same approvals: the memory, OPC UA and Modbus drivers tell the same story."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from constraints.plant import Connection
from safety.encoding import Encoding
from safety.signals import BeatFrame, Mode
from supervisor.drivers.memory import MemoryDriver
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.opcua import OpcUaDriver
from tests.supervisor.drivers.field import MVS, TinyPlc, allowed, approve, armed, opcua_address, outcomes, points
from tests.supervisor.drivers.modbusbench import WRITES as MODBUS_WRITES
from tests.supervisor.drivers.modbusbench import register_points
from tests.supervisor.drivers.modbusdevice import ModbusDevice

WRITES = points(opcua_address)
Case = Callable[[TinyPlc], None]


def _nothing(plc: TinyPlc) -> None:
    pass


def _override(plc: TinyPlc) -> None:
    plc.override["b"] = 44.0


def _narrow(plc: TinyPlc) -> None:
    plc.hi = 55.0


def _newer(plc: TinyPlc) -> None:
    plc.epoch = 5


def _deaf(plc: TinyPlc) -> None:
    plc.ignore = True


CASES: dict[str, tuple[Case, list[dict]]] = {
    "accepted, then the next": (_nothing, [{"sequence": 1}, {"sequence": 2, "cycle": 2}]),
    "a gap in the sequence": (_nothing, [{"sequence": 1}, {"sequence": 3, "cycle": 2}]),
    "a duplicate": (_nothing, [{"sequence": 1}, {"sequence": 1}]),
    "a higher epoch": (_nothing, [{"sequence": 1}, {"sequence": 9, "epoch": 2, "cycle": 2}]),
    "a wrong sum": (_nothing, [{"crc": 7}]),
    "another hand": (_override, [{}]),
    "outside the clamps": (_narrow, [{}]),
    "a newer supervisor": (_newer, [{}]),
    "a PLC that stands still": (_deaf, [{}]),
    "too late": (_nothing, [{"deadline_s": 0.0}]),
}


async def memory_story(prepare: Case, sets: list[dict]):
    plc = TinyPlc()
    prepare(plc)
    driver = MemoryDriver("dcs", now_s=time.monotonic, registers=WRITES.registers, places=allowed(WRITES))
    for register in ("SEQ_ACK", "EPOCH_ACK", "REJECT"):
        driver.set(opcua_address(register), 0)
    for mv in MVS:
        driver.set(opcua_address(f"ACT.{mv}"), 50.0)

    def scan(memory):
        registers = {address.removeprefix("ns=2;s="): memory.value(address) for address in memory.cells}
        plc.scan(registers)
        for name, value in registers.items():
            memory.set(opcua_address(name), value)

    driver.plc = scan
    await driver.start()
    driver.take()
    return await tell(driver, plc, sets, WRITES, Encoding("float32"))


async def opcua_story(server, prepare: Case, sets: list[dict]):
    plc = TinyPlc()
    prepare(plc)
    server.reset()
    server.plc = plc
    driver = OpcUaDriver(
        Connection(name="dcs", protocol="opcua", url=server.url, timeout_s=2.0),
        base_dir=Path(), secrets=str, now_s=time.monotonic, registers=WRITES.registers, places=allowed(WRITES),
    )  # fmt: skip
    await driver.start()
    await armed(driver)
    try:
        return await tell(driver, plc, sets, WRITES, Encoding("float32"))
    finally:
        await driver.close()


async def modbus_story(prepare: Case, sets: list[dict]):
    device = ModbusDevice()
    device.plc = plc = TinyPlc()
    prepare(plc)
    device.registers = register_points()
    for mv in MVS:
        device.put(MODBUS_WRITES.actuals[mv], 50.0)
    await device.start()
    driver = ModbusDriver(
        Connection(name="plc", protocol="modbus-tcp", host="127.0.0.1", port=device.port, unit_id=8, timeout_s=2.0),
        now_s=time.monotonic,
        registers=MODBUS_WRITES.registers,
        places=allowed(MODBUS_WRITES),
    )
    await driver.start()
    await armed(driver)
    try:
        return await tell(driver, plc, sets, MODBUS_WRITES, Encoding("float32", "CDAB"))
    finally:
        await driver.close()
        await device.stop()


async def tell(driver, plc: TinyPlc, sets: list[dict], writes, encoding):
    story = [await driver.beat(BeatFrame(heartbeat=1 << 16, epoch=1, mode_request=Mode.CLOSED_LOOP))]
    for each in sets:
        receipts = await driver.write(approve({"a": 60.0, "b": 20.0}, encoding=encoding, **each), writes)
        story.append((outcomes(receipts), [receipt.actual for receipt in receipts]))
    return story, plc.evaluated


@pytest.mark.parametrize("case", CASES)
async def test_equal_receipts_for_the_same_plc(case, ua_server):
    prepare, sets = CASES[case]
    expected = await memory_story(prepare, sets)
    assert await opcua_story(ua_server, prepare, sets) == expected
    assert await modbus_story(prepare, sets) == expected
