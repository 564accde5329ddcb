"""The Modbus driver reads a real pymodbus server, some of it through a proxy that misbehaves."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from pymodbus.constants import ExcCodes

from safety.encoding import Encoding
from safety.signals import Quality
from tests.supervisor.drivers.field import connected, until
from tests.supervisor.drivers.modbusbench import F32, driver_for, point, value


@pytest.fixture
def device(modbus_device):
    return modbus_device


@pytest.fixture
def driver(modbus_driver):
    return modbus_driver


@pytest.fixture
def toxic(modbus_toxic):
    return modbus_toxic


@pytest.mark.parametrize(
    ("encoding", "words", "expected"),
    [
        (Encoding("float32", "ABCD"), (0x42C8, 0x0000), 100.0),
        (Encoding("float32", "CDAB"), (0x0000, 0x42C8), 100.0),
        (Encoding("float32", "BADC"), (0xC842, 0x0000), 100.0),
        (Encoding("float32", "DCBA"), (0x0000, 0xC842), 100.0),
        (Encoding("int16", scale=0.1), (0xFFF6,), -1.0),
        (Encoding("uint16", scale=0.5, offset=10.0), (4,), 12.0),
        (Encoding("int32", "CDAB"), (0xFFFE, 0xFFFF), -2.0),
        (Encoding("uint32"), (1, 0), 65536.0),
        (Encoding("float64"), (0x4059, 0, 0, 0), 100.0),
        (Encoding("bool"), (1,), 1.0),
        (Encoding("bool"), (0,), 0.0),
    ],
)
async def test_registers_become_values(driver, device, encoding, words, expected):
    device.words.update(zip(range(10, 14), words, strict=False))
    assert await value(driver, point("holding/10", encoding)) == pytest.approx(expected, abs=1e-12)


async def test_input_registers_coils_and_discrete_inputs(driver, device):
    device.input[100] = 77
    readings = await driver.read([point(a) for a in ("input/100", "coil/0", "coil/1", "discrete/0", "discrete/1")])
    assert [reading.value for reading in readings.values()] == [77.0, 1.0, 0.0, 0.0, 1.0]


async def test_equals_compares_the_number(driver, device):
    device.words[10] = 3
    assert await value(driver, point("holding/10", equals="3")) == 1.0
    assert await value(driver, point("holding/10", equals="2")) == 0.0


async def test_a_float_that_is_not_a_number_is_bad(driver, device):
    device.words.update({10: 0x7FC0, 11: 0})
    assert await value(driver, point("holding/10", Encoding("float32"))) == "nan"


async def test_sixty_floats_take_one_request(driver, device):
    asked = [point(f"holding/{2 * i}", F32) for i in range(60)]
    for i, each in enumerate(asked):
        device.put(each, float(i))
    readings = await driver.read(asked)
    assert [readings[each.tag].value for each in asked] == [float(i) for i in range(60)]
    assert device.requests == [(3, 0, 120)]


async def test_an_exception_is_bad_with_its_code_and_the_link_stays(driver, device):
    device.refuse[10] = ExcCodes.DEVICE_FAILURE
    readings = await driver.read([point("holding/10"), point("holding/300")])
    assert readings["holding/10"].why == "exception_4"
    assert readings["holding/300"].good
    assert driver.link.connected


async def test_one_missing_address_does_not_take_its_neighbours_along(driver, device):
    device.refuse[12] = ExcCodes.ILLEGAL_ADDRESS
    asked = [point(f"holding/{n}") for n in (10, 12, 14)]
    for _ in range(2):
        readings = await driver.read(asked)
        assert [readings[each.tag].why for each in asked] == ["", "exception_2", ""]
    grouped = [request for request in device.requests if request[2] > 1]
    assert grouped == [(3, 10, 5)]  # asked together only once


async def test_a_gap_that_may_not_be_read_is_left_out(driver, device):
    device.refuse[12] = ExcCodes.ILLEGAL_ADDRESS
    readings = await driver.read([point("holding/10"), point("holding/14")])
    assert all(reading.good for reading in readings.values())


@pytest.mark.parametrize("address", ["holding/x", "holding/65536", "holdings/1", "holding", "holding/-1", "40001", ""])
async def test_an_address_that_is_none_is_bad_alone(driver, address):
    readings = await driver.read([point(address), point("holding/1")])
    assert readings[address].why == "address"
    assert readings["holding/1"].good


async def test_another_units_silence_or_refusal_is_bad(device):
    driver = driver_for(device.port, unit_id=3, timeout_s=0.2)
    await driver.start()
    await asyncio.sleep(0.3)
    assert await value(driver, point("holding/1")) in {"comm", "exception_4", "exception_11"}
    await driver.close()


# The link


async def test_silence_costs_one_time_out_and_a_new_connection(toxic, device):
    driver, between = toxic
    device.words[5] = 5
    between.black_hole()
    started = time.monotonic()
    readings = await driver.read([point("holding/5"), point("holding/300")])
    assert {reading.why for reading in readings.values()} == {"comm"}
    assert time.monotonic() - started < 0.95  # not one time-out per block
    before = between.accepted
    between.heal()
    await connected(driver)
    assert between.accepted > before
    assert await value(driver, point("holding/5")) == 5.0


async def test_a_late_answer_is_never_taken_for_the_next_question(toxic, device):
    """F23: the answer to the old question comes after we gave up; the new question is asked on a new connection."""
    driver, between = toxic
    device.words.update({5: 5, 6: 6})
    between.hold_answers()
    assert await value(driver, point("holding/5")) == "comm"
    between.heal()
    await connected(driver)
    assert await value(driver, point("holding/6")) == 6.0


async def test_what_waits_in_a_buffer_is_dropped_with_the_client_not_sent_later(toxic):
    driver, between = toxic
    between.black_hole()
    session = driver._manager.session
    transport = session._client.ctx.transport
    transport.write(bytes(30_000_000))  # more than the sockets' buffers take
    assert transport.get_write_buffer_size() > 1_000_000
    driver._manager.lose(session, "test")
    await asyncio.sleep(0.05)
    assert transport.get_write_buffer_size() == 0


async def test_a_reset_is_noticed_without_a_read(toxic):
    driver, between = toxic
    before = between.accepted
    between.reset()
    await until(lambda: between.accepted > before and driver.link.connected)


async def test_a_device_that_restarts_is_read_again(driver, device):
    await device.stop()
    assert await value(driver, point("holding/5")) == "comm"
    device.words[5] = 9
    await device.start()
    await connected(driver)
    assert await value(driver, point("holding/5")) == 9.0


async def test_pymodbus_packet_dump_stays_out_of_the_log_and_other_loggers_are_left_alone(driver, caplog):
    other = logging.getLogger("somebody.else")
    # a command that ran in this process may have silenced pymodbus
    with caplog.at_level(logging.INFO), caplog.at_level(logging.INFO, logger="pymodbus.logging"):
        logging.getLogger("pymodbus.logging").error("first\n>>>>> send: 0x0 0x1")
        other.error("kept\n>>>>> whole")
    texts = [record.getMessage() for record in caplog.records]
    assert "first" in texts
    assert "kept\n>>>>> whole" in texts


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400\r\n\r\n", b"\x00" * 300, b"\x00\x01\x00\x00\x00\x03\x08\x83\x02" * 99]
)
async def test_a_peer_that_does_not_speak_modbus_gives_bad_readings(garbage):
    async def talk(reader, writer):
        while await reader.read(100):
            writer.write(garbage)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    driver = driver_for(server.sockets[0].getsockname()[1], timeout_s=0.1)
    await driver.start()
    await asyncio.sleep(0.3)
    assert isinstance(await value(driver, point("holding/1")), str)
    await driver.close()
    server.close()
    await asyncio.sleep(0.05)


async def test_an_answer_of_the_wrong_length_is_bad_and_ends_the_connection():
    async def talk(reader, writer):
        while head := await reader.read(12):
            writer.write(head[:4] + b"\x00\x05" + head[6:7] + b"\x03\x02\x00\x07")  # always one register
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    driver = driver_for(server.sockets[0].getsockname()[1], timeout_s=0.3)
    await driver.start()
    await connected(driver)
    assert await value(driver, point("holding/1")) == 7.0
    assert await value(driver, point("holding/1", Encoding("uint32"))) == "comm"
    assert not driver.link.connected
    await driver.close()
    server.close()
    await asyncio.sleep(0.05)


async def test_received_at_is_the_plants_clock_and_there_is_no_source_time(device):
    driver = driver_for(device.port, now_s=lambda: 77.0)
    await driver.start()
    await connected(driver)
    reading = (await driver.read([point("holding/1")]))["holding/1"]
    await driver.close()
    assert (reading.received_at_s, reading.source_utc_s, reading.quality) == (77.0, None, Quality.GOOD)
