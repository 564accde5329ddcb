"""The OPC UA driver reads a real asyncua server, some of it through a proxy that misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

import pytest
from asyncua import ua

from safety.encoding import Encoding
from safety.signals import Quality
from tests.supervisor.drivers.field import connected, until
from tests.supervisor.drivers.opcuabench import driver_for, point, read_one


@pytest.fixture
def driver(opcua_driver):
    return opcua_driver


@pytest.fixture
def toxic(opcua_toxic):
    return opcua_toxic


@pytest.mark.parametrize(
    ("name", "value"), [("double", 1.5), ("float", 2.5), ("int", -7.0), ("flag", 1.0), ("many.7", 7.0)]
)
async def test_numbers_and_bools_are_read_as_numbers(driver, name, value):
    reading = await read_one(driver, point(name))
    assert (reading.value, reading.quality, reading.why) == (value, Quality.GOOD, "")


@pytest.mark.parametrize(
    ("name", "equals", "value"),
    [
        ("mode", "CAS", 1.0),
        ("mode", "AUTO", 0.0),
        ("label", "CAS", 1.0),
        ("int", "-7", 1.0),
        ("int", "7", 0.0),
        ("flag", "true", 1.0),
        ("flag", "0", 0.0),
        ("mode", "cas", 0.0),
    ],
)
async def test_equals_turns_text_and_numbers_into_one_and_zero(driver, name, equals, value):
    assert (await read_one(driver, point(name, equals=equals))).value == value


@pytest.mark.parametrize(
    ("name", "why"),
    [("mode", "wire"), ("array", "wire"), ("nothing", "no_value"), ("missing", "BadNodeIdUnknown")],
)
async def test_what_is_no_number_is_bad(driver, name, why):
    reading = await read_one(driver, point(name))
    assert (reading.quality, reading.why) == (Quality.BAD, why)
    assert not reading.good


async def test_an_address_that_is_none_is_bad_and_takes_no_neighbour_along(driver):
    readings = await driver.read([point("x", address="nonsense"), point("double")])
    assert readings["x"].why == "address"
    assert readings["double"].value == 1.5


async def test_scale_and_offset_of_the_plant_file_apply(driver):
    reading = await read_one(driver, point("double", encoding=Encoding("float64", scale=10.0, offset=1.0)))
    assert reading.value == 16.0


@pytest.mark.parametrize(
    ("status", "quality", "why"),
    [
        ("Good", Quality.GOOD, ""),
        ("GoodClamped", Quality.GOOD, ""),
        ("GoodLocalOverride", Quality.BAD, "forced"),
        ("GoodEdited", Quality.UNCERTAIN, "GoodEdited"),
        ("UncertainLastUsableValue", Quality.UNCERTAIN, "UncertainLastUsableValue"),
        ("UncertainSimulatedValue", Quality.BAD, "forced"),
        ("BadSensorFailure", Quality.BAD, "BadSensorFailure"),
        ("BadWaitingForInitialData", Quality.BAD, "BadWaitingForInitialData"),
    ],
)
async def test_status_becomes_quality(driver, ua_server, status, quality, why):
    ua_server.set("double", 42.0, getattr(ua.StatusCodes, status))
    reading = await read_one(driver, point("double"))
    assert (reading.quality, reading.why) == (quality, why)
    assert (reading.value == 42.0) == (quality is not Quality.BAD)


async def test_flag_bits_do_not_hide_a_forced_value(driver, ua_server):
    ua_server.set("double", 42.0, ua.StatusCodes.GoodLocalOverride | 0x0480)
    assert (await read_one(driver, point("double"))).why == "forced"


async def test_source_time_is_kept_and_received_at_is_the_plants_clock(ua_server):
    stamp = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    ua_server.set("double", 1.0, stamp=stamp)
    ua_server.set("float", 1.0, stamp=None)
    driver = driver_for(ua_server.port, now_s=lambda: 1234.5)
    await driver.start()
    await connected(driver)
    readings = await driver.read([point("double"), point("float")])
    await driver.close()
    assert readings["double"].source_utc_s == stamp.timestamp()
    assert readings["double"].received_at_s == 1234.5
    assert readings["float"].source_utc_s is None


async def test_sixty_nodes_take_one_read_request(ua_server, proxy):
    between = await proxy(ua_server.port)
    driver = driver_for(between.port)
    await driver.start()
    await connected(driver)
    between.bytes_up = 0
    readings = await driver.read([point(f"many.{i}") for i in range(60)])
    await driver.close()
    assert [readings[f"many.{i}"].value for i in range(60)] == [float(i) for i in range(60)]
    header = 8 + 16 + 40  # one request: a second one would add a second header
    assert between.bytes_up < 60 * 32 + 4 * header


async def test_reads_are_chunked_at_the_servers_limit(driver):
    session = driver._manager.session
    session._read_max = 7
    asked = [point(f"many.{i}") for i in range(60)]
    readings = await driver.read(asked)
    assert [readings[each.tag].value for each in asked] == [float(i) for i in range(60)]
    assert session.requests(60) == 9


async def test_an_unreachable_server_is_bad_readings_not_an_exception():
    driver = driver_for(1)
    await driver.start()
    await until(lambda: driver.link.attempts >= 2)
    readings = await driver.read([point("double")])
    assert readings["double"].why == "comm"
    assert not driver.link.connected
    assert driver.link.why != "starting"
    await driver.close()


# The link


async def test_a_silent_link_costs_one_time_out_and_comes_back_with_a_new_client(toxic):
    driver, between = toxic
    first = driver._manager.session
    between.black_hole()
    started = time.monotonic()
    assert (await read_one(driver, point("double"))).why == "comm"
    assert time.monotonic() - started < 5.0
    took_s = []
    for _ in range(3):
        started = time.monotonic()
        assert (await read_one(driver, point("double"))).why == "comm"
        took_s.append(time.monotonic() - started)
    assert min(took_s) < 0.1  # later reads do not wait again
    between.heal()
    await connected(driver)
    assert driver._manager.session is not first
    assert (await read_one(driver, point("double"))).value == 1.5


async def test_what_waits_in_a_buffer_is_dropped_with_the_client_not_sent_later(toxic):
    driver, between = toxic
    between.black_hole()
    session = driver._manager.session
    transport = session._client.uaclient.protocol.transport
    transport.write(bytes(30_000_000))  # more than the sockets' buffers take
    assert transport.get_write_buffer_size() > 1_000_000
    driver._manager.lose(session, "test")
    await until(lambda: transport.get_write_buffer_size() == 0)


async def test_a_reset_is_noticed_without_a_read(toxic):
    driver, between = toxic
    first = driver._manager.session
    between.reset()
    await until(lambda: driver._manager.session is not first and driver.link.connected)
    assert (await read_one(driver, point("double"))).value == 1.5


async def test_a_slow_link_is_slow_but_good(toxic):
    driver, between = toxic
    between.delay(0.05)
    assert (await read_one(driver, point("double"))).good


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 64, b"ACKF\xff\xff\xff\x7f", b"ERRF"]
)
async def test_a_peer_that_does_not_speak_opc_ua_is_a_link_that_is_down(garbage):
    async def talk(reader, writer):
        await reader.read(10)
        writer.write(garbage)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    driver = driver_for(server.sockets[0].getsockname()[1], timeout_s=0.2)
    await driver.start()
    await until(lambda: driver.link.attempts >= 2)
    assert not driver.link.connected
    assert (await read_one(driver, point("double"))).why == "comm"
    await driver.close()
    server.close()
    await asyncio.sleep(0.05)  # the server's own end of each connection
