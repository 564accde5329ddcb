"""The Modbus driver on the test bench: where the little plant lies, and a driver for it."""

from __future__ import annotations

import time

from constraints.plant import Connection, Point
from safety.encoding import Encoding
from supervisor.drivers.modbus import ModbusDriver
from tests.supervisor.drivers.field import ANSWERED, MVS, WRITTEN, allowed, points

ORDER = "CDAB"
LAYOUT = {
    **{f"SP.{mv}": 200 + 2 * i for i, mv in enumerate(MVS)},
    "EPOCH": 204, "SEQ": 206, "MASK": 208, "CRC": 210, "COMMIT": 212, "HB": 214, "MODE_REQ": 216,
    "HB_ECHO": 220, "EPOCH_ACK": 222, "SEQ_ACK": 224, "REJECT": 226,
    **{f"ACT.{mv}": 230 + 2 * i for i, mv in enumerate(MVS)},
}  # fmt: skip
WRITES = points(lambda name: f"holding/{LAYOUT[name]}", connection="plc", word_order=ORDER)
F32 = Encoding("float32", ORDER)


def register_points() -> dict[str, Point]:
    by_name = {register: WRITES.registers[name] for name, (register, _) in {**WRITTEN, **ANSWERED}.items()}
    by_name |= {f"SP.{mv}": WRITES.targets[mv] for mv in MVS}
    return by_name | {f"ACT.{mv}": WRITES.actuals[mv] for mv in MVS}


ODD = frozenset({("plc", "input/100", "float32")})
"""A place that is listed although nothing can be written there."""


def driver_for(port: int, *, timeout_s: float = 2.0, now_s=time.monotonic, unit_id: int = 8) -> ModbusDriver:
    connection = Connection(
        name="plc", protocol="modbus-tcp", host="127.0.0.1", port=port, unit_id=unit_id, timeout_s=timeout_s
    )
    return ModbusDriver(connection, now_s=now_s, registers=WRITES.registers, places=allowed(WRITES) | ODD)


def point(address: str, encoding: Encoding | None = None, **changes) -> Point:
    return Point(tag=address, connection="plc", address=address, encoding=encoding or Encoding("uint16"), **changes)


async def value(driver, asked: Point):
    reading = (await driver.read([asked]))[asked.tag]
    return reading.value if reading.good else reading.why
