"""The Modbus driver writes to a real pymodbus server with a PLC behind it, also through a bad line."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from pymodbus.constants import ExcCodes

from safety.signals import BeatFrame, Mode
from supervisor.drivers.moveset import Delivery
from tests.supervisor.drivers.field import TinyPlc, approve, armed, connected, outcomes, until
from tests.supervisor.drivers.modbusbench import F32, WRITES, driver_for, point

BEAT = BeatFrame(heartbeat=9 << 16 | 1, epoch=2, mode_request=Mode.ADVISORY)


@pytest.fixture
def device(modbus_device):
    return modbus_device


@pytest.fixture
def driver(modbus_driver):
    return modbus_driver


@pytest.fixture
def toxic(modbus_toxic):
    return modbus_toxic


async def test_a_move_set_is_one_block_then_commit(driver, device):
    device.plc = plc = TinyPlc()
    receipts = await driver.write(approve({"a": 60.25, "b": 20.5}, encoding=F32), WRITES)
    assert outcomes(receipts) == {"a": ("confirmed", ""), "b": ("confirmed", "")}
    assert plc.evaluated == [(1, 1, 0)]
    assert [request for request in device.requests if request[0] == 16] == [(16, 200, 11), (16, 212, 2)]


async def test_a_register_between_two_of_ours_is_never_written(driver, device):
    """b is not moved: its register lies between a's and EPOCH, and must keep what it has."""
    device.put(WRITES.targets["b"], 33.0)
    device.plc = TinyPlc()
    receipts = await driver.write(approve({"a": 60.0}, encoding=F32), WRITES)
    assert outcomes(receipts) == {"a": ("confirmed", "")}
    assert device.get(WRITES.targets["b"]) == 33.0
    assert [request for request in device.requests if request[0] == 16] == [(16, 200, 2), (16, 204, 7), (16, 212, 2)]


async def test_a_reject_is_told_by_its_code(driver, device):
    device.plc = TinyPlc(hi=55.0)
    assert outcomes(await driver.write(approve({"a": 60.0}, encoding=F32), WRITES)) == {"a": ("rejected", "reject_6")}


async def test_a_refused_register_stops_the_set_before_commit(driver, device):
    device.plc = plc = TinyPlc()
    device.refuse[206] = ExcCodes.ILLEGAL_VALUE
    receipts = await driver.write(approve({"a": 60.0}, encoding=F32), WRITES)
    assert outcomes(receipts) == {"a": ("rejected", "set_refused_exception_3")}
    assert plc.evaluated == []


async def test_a_gateways_exception_leaves_it_open_whether_it_landed(driver, device):
    device.refuse[212] = ExcCodes.GATEWAY_NO_RESPONSE
    receipts = await driver.write(approve({"a": 60.0}, encoding=F32), WRITES)
    assert outcomes(receipts) == {"a": ("unknown", "exception_11")}


async def test_a_write_that_times_out_is_unknown_and_may_land_later(toxic, device):
    driver, between = toxic
    device.plc = plc = TinyPlc()
    between.black_hole()
    receipts = await driver.write(approve({"a": 60.0, "b": 20.0}, encoding=F32), WRITES)
    assert outcomes(receipts) == {"a": ("unknown", "timeout"), "b": ("unknown", "timeout")}
    between.heal()
    await until(lambda: device.get(WRITES.targets["a"]) == 60.0)  # the positive control
    await connected(driver)
    assert plc.evaluated == []
    assert device.get(WRITES.registers["commit"]) == 0


async def test_a_lost_answer_is_unknown_and_the_write_is_not_repeated(toxic, device):
    driver, between = toxic
    between.hold_answers()
    plain = replace(WRITES, handshake="none")
    assert outcomes(await driver.write(approve({"a": 60.0}, encoding=F32), plain)) == {"a": ("unknown", "timeout")}
    between.heal()
    await connected(driver)
    await driver.read([point("holding/1")])
    assert [request[0] for request in device.requests].count(16) == 1


async def test_without_a_link_nothing_is_sent_nor_kept_for_later(device, proxy):
    between = await proxy(device.port)
    driver = driver_for(between.port)
    await driver.start()
    await armed(driver)
    await between.stop()
    await until(lambda: not driver.link.connected)
    plain = replace(WRITES, handshake="none")
    assert outcomes(await driver.write(approve({"a": 60.0}, encoding=F32), plain)) == {"a": ("not_sent", "comm")}
    await between.start()
    await connected(driver)
    await driver.read([point("holding/1")])
    await driver.close()
    assert 16 not in {request[0] for request in device.requests}


async def test_a_deadline_that_passes_while_the_link_is_busy_stops_the_write(device, proxy):
    between = await proxy(device.port)
    driver = driver_for(between.port)
    await driver.start()
    await armed(driver)
    between.delay(0.15)
    beating = asyncio.ensure_future(driver.beat(BEAT))
    await asyncio.sleep(0)
    approval = approve({"a": 60.0}, encoding=F32, deadline_s=time.monotonic() + 0.1)
    assert outcomes(await driver.write(approval, WRITES)) == {"a": ("not_sent", "deadline")}
    await beating
    await driver.close()
    assert device.get(WRITES.targets["a"]) == 0.0


async def test_a_deadline_inside_the_set_is_unknown_since_a_part_has_left(device, proxy):
    between = await proxy(device.port)
    driver = driver_for(between.port)
    await driver.start()
    await armed(driver)
    between.delay(0.12)
    approval = approve({"a": 60.0}, encoding=F32, deadline_s=time.monotonic() + 0.1)
    assert outcomes(await driver.write(approval, WRITES)) == {"a": ("unknown", "deadline")}
    await driver.close()


async def test_a_write_on_a_dead_connection_is_unsent_and_does_not_connect_by_itself(driver, device):
    """pymodbus would connect anew inside the call and send it then."""
    _, session = driver.writing.current
    session._client.close()
    sent = await session.write(200, b"\x00\x01", float("inf"))
    assert (sent.delivery, sent.why) == (Delivery.UNSENT, "comm")
    assert not session._client.connected
    assert device.words[200] == 0


async def test_pymodbus_itself_neither_retries_nor_reconnects(driver):
    """Our own time-out comes first anyway; this is the second lock on the same door."""
    client = driver.writing.current[1]._client
    assert client.ctx.retries == 0
    assert client.ctx.comm_params.reconnect_delay == 0.0


async def test_setpoints_go_to_holding_registers_only(driver, device):
    odd = replace(WRITES, targets={**WRITES.targets, "a": replace(WRITES.targets["a"], address="input/100")})
    assert outcomes(await driver.write(approve({"a": 60.0}, encoding=F32), odd)) == {"a": ("not_sent", "address")}
    assert 16 not in {request[0] for request in device.requests}


async def test_the_beat(driver, device):
    assert await driver.beat(BEAT)
    got = [device.get(WRITES.registers[name]) for name in ("heartbeat", "epoch", "mode_request")]
    assert got == [9 << 16 | 1, 2, 2]
