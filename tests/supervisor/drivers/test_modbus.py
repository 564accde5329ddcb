"""The Modbus driver against a real pymodbus server, some of it through a proxy that misbehaves."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

import pytest
from pymodbus.constants import ExcCodes

from constraints.plant import Connection, Point
from safety.encoding import Encoding
from safety.signals import BeatFrame, Mode, Quality
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.moveset import Delivery
from tests.supervisor.drivers.field import ANSWERED, MVS, WRITTEN, TinyPlc, approve, connected, outcomes, points, until
from tests.supervisor.drivers.modbusdevice import ModbusDevice

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


@pytest.fixture
async def device():
    made = ModbusDevice()
    made.registers = register_points()
    for mv in MVS:
        made.put(WRITES.actuals[mv], 50.0)
    await made.start()
    yield made
    await made.stop()


def driver_for(port: int, *, timeout_s: float = 0.5, now_s=time.monotonic, unit_id: int = 8) -> ModbusDriver:
    connection = Connection(
        name="plc", protocol="modbus-tcp", host="127.0.0.1", port=port, unit_id=unit_id, timeout_s=timeout_s
    )
    return ModbusDriver(connection, now_s=now_s, registers=WRITES.registers)


@pytest.fixture
async def driver(device):
    made = driver_for(device.port)
    await made.start()
    await connected(made)
    device.requests.clear()
    yield made
    await made.close()


@pytest.fixture
async def toxic(device, proxy):
    between = await proxy(device.port)
    made = driver_for(between.port, timeout_s=0.2)
    await made.start()
    await connected(made)
    yield made, between
    await made.close()


def point(address: str, encoding: Encoding | None = None, **changes) -> Point:
    return Point(tag=address, connection="plc", address=address, encoding=encoding or Encoding("uint16"), **changes)


async def value(driver, asked: Point):
    reading = (await driver.read([asked]))[asked.tag]
    return reading.value if reading.good else reading.why


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
    assert time.monotonic() - started < 0.4  # not one time-out per block
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
    with caplog.at_level(logging.INFO):
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


# Writing


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
    await connected(driver)
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
    await connected(driver)
    between.delay(0.15)
    reading = asyncio.ensure_future(driver.read([point("holding/1")]))
    await asyncio.sleep(0)
    approval = approve({"a": 60.0}, encoding=F32, deadline_s=time.monotonic() + 0.1)
    assert outcomes(await driver.write(approval, WRITES)) == {"a": ("not_sent", "deadline")}
    await reading
    await driver.close()
    assert 16 not in {request[0] for request in device.requests}


async def test_a_deadline_inside_the_set_is_unknown_since_a_part_has_left(device, proxy):
    between = await proxy(device.port)
    driver = driver_for(between.port)
    await driver.start()
    await connected(driver)
    between.delay(0.12)
    approval = approve({"a": 60.0}, encoding=F32, deadline_s=time.monotonic() + 0.1)
    assert outcomes(await driver.write(approval, WRITES)) == {"a": ("unknown", "deadline")}
    await driver.close()


async def test_a_write_on_a_dead_connection_is_unsent_and_does_not_connect_by_itself(driver, device):
    """pymodbus would connect anew inside the call and send it then."""
    session = driver._manager.session
    session._client.close()
    sent = await session.write(200, b"\x00\x01", float("inf"))
    assert (sent.delivery, sent.why) == (Delivery.UNSENT, "comm")
    assert not session._client.connected
    assert device.words[200] == 0


async def test_pymodbus_itself_neither_retries_nor_reconnects(driver):
    """Our own time-out comes first anyway; this is the second lock on the same door."""
    client = driver._manager.session._client
    assert client.ctx.retries == 0
    assert client.ctx.comm_params.reconnect_delay == 0.0


async def test_setpoints_go_to_holding_registers_only(driver, device):
    odd = replace(WRITES, targets={**WRITES.targets, "a": replace(WRITES.targets["a"], address="input/100")})
    assert outcomes(await driver.write(approve({"a": 60.0}, encoding=F32), odd)) == {"a": ("not_sent", "address")}
    assert 16 not in {request[0] for request in device.requests}


async def test_the_beat(driver, device):
    assert await driver.beat(BeatFrame(heartbeat=9 << 16 | 1, epoch=2, mode_request=Mode.ADVISORY))
    got = [device.get(WRITES.registers[name]) for name in ("heartbeat", "epoch", "mode_request")]
    assert got == [9 << 16 | 1, 2, 2]


async def test_received_at_is_the_plants_clock_and_there_is_no_source_time(device):
    driver = driver_for(device.port, now_s=lambda: 77.0)
    await driver.start()
    await connected(driver)
    reading = (await driver.read([point("holding/1")]))["holding/1"]
    await driver.close()
    assert (reading.received_at_s, reading.source_utc_s, reading.quality) == (77.0, None, Quality.GOOD)
