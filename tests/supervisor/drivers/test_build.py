from __future__ import annotations

import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from constraints.plant import Connection
from safety.signals import Instant
from supervisor.drivers import build
from supervisor.drivers.build import DriverKindError, build_drivers
from supervisor.drivers.memory import MemoryDriver
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.mqtt import MqttDriver
from supervisor.drivers.opcua import OpcUaDriver
from tests.supervisor.drivers.test_pool import plant


def build_one(connection: Connection):
    pool = build_drivers(
        plant("y", connections={"dcs": plant().connections["dcs"], "y": connection}), Path(), str, time.monotonic
    )
    return pool._lanes["y"].driver


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [("opcua", OpcUaDriver), ("modbus-tcp", ModbusDriver), ("mqtt", MqttDriver), ("memory", MemoryDriver)],
)
async def test_each_protocol_has_its_driver(protocol, kind):
    driver = build_one(Connection(name="y", protocol=protocol, host="127.0.0.1", port=1, url="opc.tcp://127.0.0.1:1/"))
    assert isinstance(driver, kind)
    assert driver.name == "y"


async def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(DriverKindError, match="opcua"):
        build_one(Connection(name="y", protocol="smoke"))


@pytest.mark.parametrize("protocol", ["modbus-tcp", "mqtt"])
async def test_protection_that_is_not_offered_is_not_silently_left_out(protocol):
    with pytest.raises(DriverKindError, match="not offered"):
        build_one(Connection(name="y", protocol=protocol, host="h", port=1, security="TLS"))


async def test_a_plug_in_is_found_by_its_entry_point(monkeypatch):
    entry = EntryPoint("smoke", "tests.supervisor.drivers.test_build:make_smoke", build.GROUP)
    monkeypatch.setattr(
        build, "entry_points", lambda group, name: [entry] if (group, name) == (build.GROUP, "smoke") else []
    )
    assert build_one(Connection(name="y", protocol="smoke")).name == "smoke y"


def make_smoke(connection, context):
    return MemoryDriver(f"smoke {connection.name}", now_s=context.now_s)


async def test_the_pool_reads_before_anything_is_connected():
    pool = build_drivers(plant(), Path(), str, time.monotonic)
    snapshot = await pool.read(1, Instant(0.0, 0.0))
    assert {reading.why for reading in snapshot.readings.values()} == {"comm"}
    await pool.start()
    snapshot = await pool.read(2, Instant(0.0, 0.0))
    assert {reading.why for reading in snapshot.readings.values()} == {"no_value"}
    await pool.close()
