"""A link that breaks again and again leaves no task and no socket behind."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from constraints.plant import Connection, Point
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.opcua import OpcUaDriver
from tests.supervisor.drivers.field import connected, until
from tests.supervisor.drivers.modbusdevice import ModbusDevice

BREAKS = 4


def opcua(port: int) -> OpcUaDriver:
    connection = Connection(
        name="x", protocol="opcua", url=f"opc.tcp://127.0.0.1:{port}/", timeout_s=0.3, reconnect_s_max=0.2
    )
    return OpcUaDriver(connection, base_dir=Path(), secrets=str, now_s=time.monotonic)


def modbus(port: int) -> ModbusDriver:
    connection = Connection(
        name="x", protocol="modbus-tcp", host="127.0.0.1", port=port, unit_id=8, timeout_s=0.3, reconnect_s_max=0.2
    )
    return ModbusDriver(connection, now_s=time.monotonic)


@pytest.fixture
async def device():
    made = ModbusDevice()
    await made.start()
    yield made
    await made.stop()


def held() -> tuple[int, int]:
    return len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("make", [opcua, modbus])
@pytest.mark.parametrize("how", ["reset", "black_hole"])
async def test_nothing_is_left_behind(make, how, ua_server, device, proxy):
    between = await proxy(ua_server.port if make is opcua else device.port)
    driver = make(between.port)
    point = Point(tag="p", connection="x", address="ns=2;s=double" if make is opcua else "holding/1")
    before = held()
    await driver.start()
    await connected(driver)
    await asyncio.sleep(0.1)
    first = held()
    for _ in range(BREAKS):
        accepted = between.accepted
        getattr(between, how)()
        reading = (await driver.read([point]))["p"]
        assert reading.why == "comm" or how == "reset"  # after a reset it may be back by now
        between.reset()  # the proxy's own half of a swallowed connection
        between.heal()
        await until(lambda seen=accepted: between.accepted > seen and driver.link.connected)
    await asyncio.sleep(0.2)
    again = held()
    assert again[0] <= first[0]
    assert again[1] <= first[1] + 1
    await driver.close()
    between.reset()
    await asyncio.sleep(0.1)
    assert held()[0] <= before[0]
