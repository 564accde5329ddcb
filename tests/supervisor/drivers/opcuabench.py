"""The OPC UA driver on the test bench: where the little plant lies, and a driver for it."""

from __future__ import annotations

import time
from pathlib import Path

from constraints.plant import Connection, Point
from supervisor.drivers.opcua import OpcUaDriver
from tests.supervisor.drivers.field import allowed, opcua_address, points

WRITES = points(opcua_address)


def no_secrets(name: str) -> str:
    raise AssertionError("no secret was to be asked for")


def connection_for(port: int, *, timeout_s: float = 2.0, **changes) -> Connection:
    return Connection(name="dcs", protocol="opcua", url=f"opc.tcp://127.0.0.1:{port}/", timeout_s=timeout_s, **changes)


def driver_for(port: int, *, now_s=time.monotonic, places=None, **changes) -> OpcUaDriver:
    return OpcUaDriver(
        connection_for(port, **changes),
        base_dir=Path(),
        secrets=no_secrets,
        now_s=now_s,
        registers=WRITES.registers,
        places=allowed(WRITES) | ODD if places is None else places,
    )


def point(name: str, **changes) -> Point:
    return Point(tag=name, connection="dcs", address=changes.pop("address", f"ns=2;s={name}"), **changes)


ODD = frozenset({("dcs", point("fixed").address, "float32")})
"""A place that is listed although the server refuses it."""


async def read_one(driver, asked: Point):
    return (await driver.read([asked]))[asked.tag]
