"""The OPC UA driver against a real asyncua server, some of it through a proxy that misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from constraints.plant import Connection, Point
from safety.encoding import Encoding, encode
from safety.signals import BeatFrame, Mode, Quality
from supervisor.drivers.moveset import Delivery, Word
from supervisor.drivers.opcua import OpcUaDriver
from supervisor.drivers.opcua_session import write_value
from tests.supervisor.drivers.field import TinyPlc, approve, connected, opcua_address, outcomes, points, until

WRITES = points(opcua_address)


def no_secrets(name: str) -> str:
    raise AssertionError("no secret was to be asked for")


def driver_for(port: int, *, timeout_s: float = 0.6, now_s=time.monotonic, **changes) -> OpcUaDriver:
    connection = Connection(
        name="dcs", protocol="opcua", url=f"opc.tcp://127.0.0.1:{port}/", timeout_s=timeout_s, **changes
    )
    return OpcUaDriver(connection, base_dir=Path(), secrets=no_secrets, now_s=now_s, registers=WRITES.registers)


@pytest.fixture
async def driver(ua_server):
    made = driver_for(ua_server.port)
    await made.start()
    await connected(made)
    yield made
    await made.close()


@pytest.fixture
async def toxic(ua_server, proxy):
    """A driver through a proxy: (driver, proxy)."""
    between = await proxy(ua_server.port)
    made = driver_for(between.port, timeout_s=0.25)
    await made.start()
    await connected(made)
    yield made, between
    await made.close()


def point(name: str, **changes) -> Point:
    return Point(tag=name, connection="dcs", address=changes.pop("address", f"ns=2;s={name}"), **changes)


async def read_one(driver, asked: Point):
    return (await driver.read([asked]))[asked.tag]


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


# Writing


async def test_a_move_set_is_confirmed_by_the_plc_and_the_read_back(driver, ua_server):
    ua_server.plc = plc = TinyPlc()
    receipts = await driver.write(approve({"a": 60.25, "b": 20.5}), WRITES)
    assert outcomes(receipts) == {"a": ("confirmed", ""), "b": ("confirmed", "")}
    assert [receipt.actual for receipt in receipts] == [60.25, 20.5]
    assert plc.evaluated == [(1, 1, 0)]


async def test_a_write_has_the_exact_type_and_no_time_stamp(driver, ua_server):
    ua_server.plc = TinyPlc()
    await driver.write(approve({"a": 60.25}), WRITES)
    for name, kind in (
        ("SP.a", ua.VariantType.Float),
        ("EPOCH", ua.VariantType.UInt32),
        ("CRC", ua.VariantType.UInt16),
    ):
        assert ua_server.data(name).Value.VariantType is kind
        assert ua_server.data(name).SourceTimestamp is None


@pytest.mark.parametrize("kind", ["float32", "float64", "int16", "uint16", "int32", "uint32", "bool"])
def test_what_is_sent_is_a_value_and_nothing_else(kind):
    """Bit 0 = value; a status or a time stamp would set others, and open62541 answers BadWriteNotSupported."""
    word = Word(point("x", encoding=Encoding(kind)), encode(1.0, Encoding(kind)))
    assert struct_to_binary(write_value(word, ua.NodeId.from_string("ns=2;s=x")).Value)[0] == 0x01


async def test_a_write_on_a_dead_connection_is_unsent(driver, ua_server):
    session = driver._manager.session
    session._client.uaclient.protocol.transport.abort()
    word = Word(WRITES.targets["a"], encode(60.0, WRITES.targets["a"].encoding))
    sent = await session.write([word], [ua.NodeId.from_string("ns=2;s=SP.a")], float("inf"))
    assert (sent.delivery, sent.why) == (Delivery.UNSENT, "comm")
    assert ua_server.get("SP.a") == 50.0


@pytest.mark.parametrize(
    ("change", "code"), [({"crc": 1}, 1), ({"epoch": 3, "sequence": 9}, 2), ({"sequence": 5, "epoch": 7}, 3)]
)
async def test_a_reject_of_the_plc_is_told_by_its_code(driver, ua_server, change, code):
    ua_server.plc = plc = TinyPlc()
    plc.epoch = plc.sequence_epoch = 7
    plc.sequence = 1
    ua_server.set("EPOCH_ACK", 7)
    receipts = await driver.write(approve({"a": 60.0}, **{"epoch": 7, "sequence": 2, **change}), WRITES)
    assert outcomes(receipts) == {"a": ("rejected", f"reject_{code}")}
    assert receipts[0].actual == 50.0
    assert ua_server.get("ACT.a") == 50.0


async def test_another_hand_on_the_setpoint_is_overridden(driver, ua_server):
    ua_server.plc = plc = TinyPlc()
    plc.override["b"] = 33.0
    receipts = await driver.write(approve({"a": 60.0, "b": 20.0}), WRITES)
    assert outcomes(receipts) == {"a": ("confirmed", ""), "b": ("overridden", "readback")}
    assert receipts[1].actual == 33.0


async def test_a_plc_that_does_not_evaluate_leaves_it_unknown(driver, ua_server):
    assert outcomes(await driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("unknown", "not_evaluated")}


async def test_an_answer_to_a_set_of_another_epoch_is_not_taken_for_ours(driver, ua_server):
    ua_server.set("SEQ_ACK", 1)
    ua_server.set("EPOCH_ACK", 9)
    assert outcomes(await driver.write(approve({"a": 50.0}), WRITES)) == {"a": ("unknown", "foreign_epoch")}


async def test_one_refused_node_stops_the_whole_set_before_commit(driver, ua_server):
    ua_server.plc = plc = TinyPlc()
    await driver.write(approve({"a": 60.0}), WRITES)
    half = points(opcua_address, targets={**WRITES.targets, "b": point("fixed", encoding=Encoding("float32"))})
    receipts = await driver.write(approve({"a": 70.0, "b": 20.0}, sequence=2, cycle=2), half)
    why = outcomes(receipts)["b"][1]
    assert why in {"BadTypeMismatch", "BadNotWritable", "BadUserAccessDenied"}
    assert outcomes(receipts) == {"a": ("rejected", f"set_refused_{why}"), "b": ("rejected", why)}
    assert ua_server.get("SP.a") == 70.0  # the positive control: half of it did arrive
    assert ua_server.get("COMMIT") == 1
    assert plc.evaluated == [(1, 1, 0)]


async def test_an_approval_is_used_once(driver, ua_server):
    ua_server.plc = plc = TinyPlc()
    approval = approve({"a": 60.0})
    assert outcomes(await driver.write(approval, WRITES)) == {"a": ("confirmed", "")}
    assert outcomes(await driver.write(approval, WRITES)) == {"a": ("not_sent", "used")}
    assert len(plc.evaluated) == 1


async def test_a_late_approval_is_not_sent(ua_server):
    now = [100.0]
    driver = driver_for(ua_server.port, now_s=lambda: now[0])
    await driver.start()
    await connected(driver)
    receipts = await driver.write(approve({"a": 60.0}, deadline_s=99.9), WRITES)
    await driver.close()
    assert outcomes(receipts) == {"a": ("not_sent", "deadline")}
    assert ua_server.get("SP.a") == 50.0


async def test_a_deadline_that_passes_while_the_link_is_busy_stops_the_write(ua_server, proxy):
    """The approval is still good when write() is called; it waits behind a slow read, and is too old after it."""
    between = await proxy(ua_server.port)
    driver = driver_for(between.port)
    await driver.start()
    await connected(driver)
    between.delay(0.15)
    reading = asyncio.ensure_future(driver.read([point("double")]))
    await asyncio.sleep(0)
    receipts = await driver.write(approve({"a": 60.0}, deadline_s=time.monotonic() + 0.1), WRITES)
    await reading
    await driver.close()
    assert outcomes(receipts) == {"a": ("not_sent", "deadline")}
    assert ua_server.get("SP.a") == 50.0


async def test_a_deadline_between_set_and_commit_leaves_the_set_uncommitted(ua_server, proxy):
    ua_server.plc = plc = TinyPlc()
    between = await proxy(ua_server.port)
    driver = driver_for(between.port)
    await driver.start()
    await connected(driver)
    between.delay(0.12)
    receipts = await driver.write(approve({"a": 60.0}, deadline_s=time.monotonic() + 0.1), WRITES)
    await driver.close()
    assert outcomes(receipts) == {"a": ("unknown", "uncommitted_deadline")}
    assert plc.evaluated == []
    assert ua_server.get("COMMIT") == 0


async def test_without_a_link_nothing_is_sent_nor_kept_for_later(ua_server, proxy):
    between = await proxy(ua_server.port)
    driver = driver_for(between.port)
    await driver.start()
    await connected(driver)
    await between.stop()
    await until(lambda: not driver.link.connected)
    assert outcomes(await driver.write(approve({"a": 60.0}), WRITES)) == {"a": ("not_sent", "comm")}
    await between.start()
    await connected(driver)
    await driver.read([point("double")])
    await driver.close()
    assert ua_server.get("SP.a") == 50.0


async def test_a_write_that_times_out_is_unknown_and_may_land_later(toxic, ua_server):
    driver, between = toxic
    ua_server.plc = plc = TinyPlc()
    between.black_hole()
    receipts = await driver.write(approve({"a": 60.0}), WRITES)
    assert outcomes(receipts) == {"a": ("unknown", "timeout")}
    between.heal()
    await until(lambda: ua_server.get("SP.a") == 60.0)  # the positive control: it did land after we gave up
    await connected(driver)
    assert ua_server.get("COMMIT") == 0  # the commit was never sent, so nothing came of it
    assert plc.evaluated == []


async def test_an_answer_that_is_lost_leaves_a_write_that_landed_unknown(toxic, ua_server):
    driver, between = toxic
    between.hold_answers()
    receipts = await driver.write(approve({"a": 60.0}), WRITES)
    assert outcomes(receipts) == {"a": ("unknown", "timeout")}
    await until(lambda: ua_server.get("SP.a") == 60.0)


async def test_a_set_cut_in_the_middle_is_unknown_and_the_plc_keeps_the_old_one(toxic, ua_server):
    driver, between = toxic
    ua_server.plc = plc = TinyPlc()
    between.cut_after(60)
    receipts = await driver.write(approve({"a": 60.0, "b": 20.0}), WRITES)
    assert {outcome for outcome, _ in outcomes(receipts).values()} == {"unknown"}
    await connected(driver)
    assert plc.evaluated == []
    assert ua_server.get("ACT.a") == 50.0


async def test_without_handshake_setpoints_are_written_and_read_back(driver, ua_server):
    plain = points(opcua_address, handshake="none")
    receipts = await driver.write(approve({"a": 61.0}), plain)
    assert outcomes(receipts) == {"a": ("overridden", "readback")}  # nobody carries SP over to ACT
    plain = points(opcua_address, handshake="none", actuals=plain.targets)
    receipts = await driver.write(approve({"a": 62.0}, cycle=2), plain)
    assert outcomes(receipts) == {"a": ("confirmed", "")}
    assert ua_server.get("COMMIT") == 0


async def test_the_beat_writes_three_words(driver, ua_server):
    assert await driver.beat(BeatFrame(heartbeat=7 << 16 | 3, epoch=4, mode_request=Mode.CLOSED_LOOP))
    assert (ua_server.get("HB"), ua_server.get("EPOCH"), ua_server.get("MODE_REQ")) == (7 << 16 | 3, 4, 3)
    assert await driver.beat(BeatFrame(heartbeat=7 << 16 | 4, epoch=4, mode_request=Mode.TRIPPED))
    assert ua_server.get("MODE_REQ") == 0


# The link


async def test_a_silent_link_costs_one_time_out_and_comes_back_with_a_new_client(toxic):
    driver, between = toxic
    first = driver._manager.session
    between.black_hole()
    started = time.monotonic()
    assert (await read_one(driver, point("double"))).why == "comm"
    assert time.monotonic() - started < 0.6
    started = time.monotonic()
    assert (await read_one(driver, point("double"))).why == "comm"
    assert time.monotonic() - started < 0.1  # the second read does not wait again
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
    await asyncio.sleep(0.05)
    assert transport.get_write_buffer_size() == 0


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
