from __future__ import annotations

import pytest

from constraints.plant import Point
from safety.signals import Quality
from supervisor.drivers.memory import MemoryDriver


def point(address: str, **changes) -> Point:
    return Point(tag=address, connection="m", address=address, **changes)


@pytest.fixture
async def driver():
    made = MemoryDriver("m", now_s=lambda: 3.0)
    await made.start()
    return made


@pytest.mark.parametrize(
    ("value", "quality", "changes", "expected"),
    [
        (1.5, Quality.GOOD, {}, (1.5, Quality.GOOD, "")),
        (True, Quality.GOOD, {}, (1.0, Quality.GOOD, "")),
        ("CAS", Quality.GOOD, {"equals": "CAS"}, (1.0, Quality.GOOD, "")),
        (1.5, Quality.UNCERTAIN, {}, (1.5, Quality.UNCERTAIN, "")),
    ],
)
async def test_what_was_set_is_read(driver, value, quality, changes, expected):
    driver.set("x", value, quality, source_utc_s=9.0)
    reading = (await driver.read([point("x", **changes)]))["x"]
    assert (reading.value, reading.quality, reading.why) == expected
    assert (reading.source_utc_s, reading.received_at_s) == (9.0, 3.0)


@pytest.mark.parametrize(
    ("value", "quality", "why"),
    [(1.5, Quality.BAD, "bad_status"), ("CAS", Quality.GOOD, "wire"), (None, Quality.GOOD, "no_value")],
)
async def test_what_is_no_value_is_bad(driver, value, quality, why):
    driver.set("x", value, quality)
    reading = (await driver.read([point("x")]))["x"]
    assert (reading.quality, reading.why) == (Quality.BAD, why)


async def test_an_address_where_nothing_was_set(driver):
    assert (await driver.read([point("y")]))["y"].why == "no_value"


@pytest.mark.parametrize("cable", ["out", "no_answers"])
async def test_an_unplugged_cable(driver, cable):
    driver.set("x", 1.0)
    driver.cable = cable
    assert (await driver.read([point("x")]))["x"].why == "comm"
    assert not driver.link.connected


async def test_before_start_and_after_close():
    driver = MemoryDriver("m", now_s=lambda: 0.0)
    driver.set("x", 1.0)
    assert (await driver.read([point("x")]))["x"].why == "comm"
    await driver.start()
    assert (await driver.read([point("x")]))["x"].good
    await driver.close()
    assert (await driver.read([point("x")]))["x"].why == "comm"
