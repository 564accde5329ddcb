"""The OPC UA driver writes to a real asyncua server with a PLC behind it, also through a bad line."""

from __future__ import annotations

import asyncio
import time

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from safety.encoding import Encoding, encode
from safety.signals import BeatFrame, Mode
from supervisor.drivers.moveset import Delivery, Word
from supervisor.drivers.opcua_writing import write_value
from tests.supervisor.drivers.field import TinyPlc, approve, armed, connected, opcua_address, outcomes, points, until
from tests.supervisor.drivers.opcuabench import WRITES, driver_for, point

BEAT = BeatFrame(heartbeat=7 << 16 | 3, epoch=4, mode_request=Mode.CLOSED_LOOP)


@pytest.fixture
def driver(opcua_driver):
    return opcua_driver


@pytest.fixture
def toxic(opcua_toxic):
    return opcua_toxic


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
    _, session = driver.writing.current
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


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("BadTooManyOperations", ("rejected", "BadTooManyOperations")),
        ("BadTimeout", ("unknown", "BadTimeout")),
        ("BadInternalError", ("unknown", "BadInternalError")),
    ],
)
@pytest.mark.parametrize("level", ["service", "node"])
async def test_only_a_clear_no_is_a_refusal(driver, ua_server, monkeypatch, status, outcome, level):
    """A gateway that answers BadTimeout may have passed the value on before it gave up. The answer is put in the
    server's mouth here, since asyncua's server has no controller behind it that could be late."""
    code = getattr(ua.StatusCodes, status)

    async def answer(parameters):
        if level == "service":
            raise ua.UaStatusCodeError(code)
        return [ua.StatusCode(code)] * len(parameters.NodesToWrite)

    monkeypatch.setattr(driver.writing.current[1]._client.uaclient, "write", answer)
    assert outcomes(await driver.write(approve({"a": 60.0}), WRITES)) == {"a": outcome}
    assert driver.link.connected


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
    await armed(driver)
    receipts = await driver.write(approve({"a": 60.0}, deadline_s=99.9), WRITES)
    await driver.close()
    assert outcomes(receipts) == {"a": ("not_sent", "deadline")}
    assert ua_server.get("SP.a") == 50.0


async def test_a_deadline_that_passes_while_the_link_is_busy_stops_the_write(ua_server, proxy):
    """The approval is still good when write() is called; it waits behind a slow beat, and is too old after it."""
    between = await proxy(ua_server.port)
    driver = driver_for(between.port)
    await driver.start()
    await armed(driver)
    between.delay(0.15)
    beating = asyncio.ensure_future(driver.beat(BEAT))
    await asyncio.sleep(0)
    receipts = await driver.write(approve({"a": 60.0}, deadline_s=time.monotonic() + 0.1), WRITES)
    await beating
    await driver.close()
    assert outcomes(receipts) == {"a": ("not_sent", "deadline")}
    assert ua_server.get("SP.a") == 50.0


async def test_a_deadline_between_set_and_commit_leaves_the_set_uncommitted(ua_server, proxy):
    ua_server.plc = plc = TinyPlc()
    between = await proxy(ua_server.port)
    driver = driver_for(between.port)
    await driver.start()
    await armed(driver)
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
    await armed(driver)
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
    assert await driver.beat(BEAT)
    assert (ua_server.get("HB"), ua_server.get("EPOCH"), ua_server.get("MODE_REQ")) == (7 << 16 | 3, 4, 3)
    assert await driver.beat(BeatFrame(heartbeat=7 << 16 | 4, epoch=4, mode_request=Mode.TRIPPED))
    assert ua_server.get("MODE_REQ") == 0
