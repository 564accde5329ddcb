"""Scans of a real pymodbus server: what is read, how politely, and that nothing else is ever sent."""

from __future__ import annotations

import asyncio

import pytest
from pymodbus.constants import ExcCodes

from constraints.plant import Connection
from supervisor.drivers.modbus_scan import REGISTERS_PER_REQUEST, ScanError, ScanningSession, Span, scan
from supervisor.drivers.modbus_session import READS, ReadingClient


async def scanned(device, *spans, port=None, **more):
    connection = Connection(
        name="m", protocol="modbus-tcp", host="127.0.0.1", port=port or device.port, unit_id=8, timeout_s=2.0
    )
    return await scan(connection, [Span(*span) for span in spans], **{"pause_s": 0.0, **more})


async def test_blocks_are_read_and_nothing_outside_them(modbus_device):
    modbus_device.words.update({10: 7, 12: 65535})
    found = await scanned(modbus_device, ("holding", 10, 12), ("input", 100, 101), ("coil", 0, 3), ("discrete", 0, 3))
    assert found.words == {
        "holding": {10: 7, 11: 0, 12: 65535}, "input": {100: 0, 101: 0}, "coil": {0: 1, 1: 0, 2: 1, 3: 0},
        "discrete": {0: 0, 1: 1, 2: 0, 3: 1},
    }  # fmt: skip
    assert [request for request in modbus_device.requests if request[0] in (3, 4)] == [(3, 10, 3), (4, 100, 2)]
    assert {code for code, _, _ in modbus_device.requests} <= READS
    assert (found.cut, found.refused) == ("", {})


async def test_requests_are_small_and_overlapping_blocks_are_read_once(modbus_device):
    found = await scanned(modbus_device, ("holding", 0, 119), ("holding", 100, 130))
    assert sorted(found.words["holding"]) == list(range(131))
    assert [(address, count) for _, address, count in modbus_device.requests] == [(0, 50), (50, 50), (100, 31)]
    assert REGISTERS_PER_REQUEST == 50


async def test_addresses_that_are_not_there_are_found_by_halving(modbus_device):
    modbus_device.refuse = dict.fromkeys((3, 17, 18), ExcCodes.ILLEGAL_ADDRESS)
    found = await scanned(modbus_device, ("holding", 0, 31))
    assert sorted(found.refused["holding"]) == [3, 17, 18]
    assert sorted(found.words["holding"]) == [at for at in range(32) if at not in (3, 17, 18)]
    assert found.requests == len(modbus_device.requests) < 32


@pytest.mark.parametrize("code", [ExcCodes.ILLEGAL_FUNCTION, ExcCodes.DEVICE_FAILURE, ExcCodes.DEVICE_BUSY])
async def test_any_other_objection_ends_the_scan(modbus_device, code):
    modbus_device.refuse = {60: code}
    found = await scanned(modbus_device, ("holding", 0, 199))
    assert f"exception {int(code)}" in found.cut
    assert sorted(found.words["holding"]) == list(range(50))
    assert len(modbus_device.requests) == 2


async def test_a_device_that_has_nothing_is_not_asked_for_ever(modbus_device):
    modbus_device.refuse = dict.fromkeys(range(400), ExcCodes.ILLEGAL_ADDRESS)
    found = await scanned(modbus_device, ("holding", 0, 399), requests_max=30)
    assert found.cut == "stopped after 30 requests"
    assert len(modbus_device.requests) == found.requests == 30


async def test_a_pause_between_requests(modbus_device, monkeypatch):
    pauses, real = [], asyncio.sleep

    async def sleep(seconds):
        """Others in this process sleep, too: a sleep that returned at once would let their loops spin for ever."""
        if seconds != 0.25:
            return await real(seconds)
        pauses.append(seconds)
        return None

    monkeypatch.setattr("supervisor.drivers.modbus_scan.asyncio.sleep", sleep)
    await scanned(modbus_device, ("holding", 0, 149), pause_s=0.25)
    assert pauses == [0.25, 0.25]


async def test_nobody_there(modbus_device):
    await modbus_device.stop()
    with pytest.raises(ScanError):
        await scanned(modbus_device, ("holding", 0, 1))


async def test_another_unit_is_told_as_the_gateway_tells_it(modbus_device):
    connection = Connection(
        name="m", protocol="modbus-tcp", host="127.0.0.1", port=modbus_device.port, unit_id=9, timeout_s=0.3
    )
    found = await scan(connection, [Span("holding", 0, 1)])
    assert found.words == {}
    assert found.cut
    assert modbus_device.requests == []


async def test_the_client_cannot_write(modbus_device):
    assert ScanningSession.CLIENT is ReadingClient
    connection = Connection(name="m", protocol="modbus-tcp", host="127.0.0.1", port=modbus_device.port, unit_id=8)
    session = ScanningSession(connection)
    await session.open()
    with pytest.raises(RuntimeError, match="only reads"):
        await session._client.write_register(0, 1, device_id=8)
    session.abort()
    assert modbus_device.requests == []
