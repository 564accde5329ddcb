"""The pool: one deadline for all, nobody waits for anybody, one way out."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace

import pytest

from constraints.plant import Connection, MvSpec, NestedLimits, Plant, Point, TagSpec
from safety.encoding import Encoding
from safety.handshake import HandshakeRule
from safety.signals import BeatFrame, Instant, Mode, Quality, Reading, ShedAction
from supervisor.drivers.memory import MemoryDriver
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.pool import DriverPool, PoolError, deadband, write_points
from tests.supervisor.drivers.field import (
    HOLD,
    MVS,
    TinyPlc,
    allowed,
    approve,
    connected,
    opcua_address,
    outcomes,
    points,
    until,
)
from tests.supervisor.drivers.modbusdevice import ModbusDevice
from tests.supervisor.drivers.stuck import Stuck

WRITES = points(opcua_address)
AT = Instant(mono_s=5.0, utc_s=1e9)


def plant(*others: str, **changes) -> Plant:
    """Two MVs with full handshake on ``dcs``, one tag ``x`` there, and one tag per other connection, named like it."""
    names = ("dcs", *others)
    tags = {"x": Point(tag="x", connection="dcs", address="ns=2;s=x")}
    tags |= {name: Point(tag=name, connection=name, address="holding/1") for name in others}
    wide = (0.0, 100.0)
    mvs = {
        mv: MvSpec(
            name=mv, unit="-", writes=WRITES.targets[mv], setpoint=WRITES.actuals[mv], available=None, readback="x",
            limits=NestedLimits(safety=wide, engineering=wide, operator=wide), move_up_per_min=1.0,
            move_down_per_min=1.0, shed=ShedAction.HOLD,
        )
        for mv in MVS
    }  # fmt: skip
    fields = {
        "name": "p", "site": "s", "timezone": "UTC", "currency": "EUR", "source_path": "", "config_hash": "h",
        "limits_hash": "l", "cycle_s": 1.0, "think_s": 0.5, "start_in": Mode.MONITOR, "closed_loop_needs": (),
        "max_unattended_s": math.inf, "min_active_mvs": 1,
        "connections": {n: Connection(name=n, protocol="memory", timeout_s=0.2) for n in names},
        "tags": {name: TagSpec(name=name, point=point, unit="-") for name, point in tags.items()},
        "mvs": mvs, "cvs": {}, "dvs": {}, "pairs": (), "rows": (), "money": (), "tariffs": {}, "schedule": (),
        "validity": {}, "envelopes": {}, "interlocks": (),
        "handshake": HandshakeRule(kind="full", mv_order=MVS), "handshake_points": WRITES.registers,
    }  # fmt: skip
    return Plant(**{**fields, **changes})


@pytest.fixture
async def dcs():
    driver = MemoryDriver("dcs", now_s=time.monotonic, registers=WRITES.registers, places=allowed(WRITES))
    driver.set("ns=2;s=x", 7.0)
    plc = TinyPlc()

    def scan(memory: MemoryDriver) -> None:
        registers = {address.removeprefix("ns=2;s="): memory.value(address) for address in memory.cells}
        plc.scan(registers)
        for name, value in registers.items():
            memory.set(opcua_address(name), value)

    driver.plc = scan
    await driver.start()
    return driver


@pytest.fixture
def stuck():
    return Stuck("slow")


async def test_every_tag_of_the_plant_is_in_the_snapshot(dcs):
    pool = DriverPool({"dcs": dcs}, plant())
    snapshot = await pool.read(3, AT)
    assert set(snapshot.readings) == {point.tag for point in plant().points_read()}
    assert (snapshot.cycle, snapshot.at) == (3, AT)
    assert snapshot.good("x") == 7.0


async def test_one_hanging_driver_delays_no_other_and_the_pool_keeps_its_deadline(dcs, stuck):
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    started = time.monotonic()
    snapshot = await pool.read(1, AT, 0.3)
    assert time.monotonic() - started < 10.0  # it would hang for ever
    assert snapshot.good("x") == 7.0
    assert (snapshot.readings["slow"].quality, snapshot.readings["slow"].why) == (Quality.BAD, "late")
    await pool.close()


async def test_a_late_driver_is_neither_cancelled_nor_asked_again_until_it_answered(dcs, stuck):
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    for _ in range(3):
        snapshot = await pool.read(1, AT, 0.03)
        assert snapshot.readings["slow"].why == "late"
    assert (stuck.asked, stuck.ended) == (1, [])
    stuck.free.set()
    await until(lambda: stuck.ended == ["answered"])
    snapshot = await pool.read(2, AT, 5.0)
    assert snapshot.good("slow") == 1.0
    assert stuck.asked == 2
    await pool.close()


async def test_an_owed_answer_costs_no_waiting(dcs, stuck):
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    await pool.read(1, AT, 0.05)
    started = time.monotonic()
    await pool.read(2, AT, 30.0)
    assert time.monotonic() - started < 10.0
    await pool.close()


async def test_a_driver_that_owes_too_long_is_replaced(dcs, stuck):
    fresh = Stuck("slow")
    fresh.free.set()
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"), rebuild={"slow": lambda: fresh}, rebuild_after_s=1.0)
    await pool.read(1, AT, 0.05)
    assert (await pool.read(2, AT, 0.05)).readings["slow"].why == "late"
    await asyncio.sleep(1.0)
    assert (await pool.read(3, AT, 5.0)).good("slow") == 1.0
    assert fresh.started == 1
    await until(lambda: stuck.closed == 1)
    await pool.close()


async def test_a_bug_in_a_driver_is_not_a_bad_reading(dcs, stuck):
    stuck.error = ZeroDivisionError()
    stuck.free.set()
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    with pytest.raises(ZeroDivisionError):
        await pool.read(1, AT)


async def test_a_bug_in_a_late_answer_comes_out_too(dcs, stuck):
    stuck.error = ZeroDivisionError()
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    await pool.read(1, AT, 0.02)
    stuck.free.set()
    await until(lambda: stuck.ended == ["answered"])
    with pytest.raises(ZeroDivisionError):
        await pool.read(2, AT)


async def test_a_tag_that_a_driver_left_out_is_bad(dcs, stuck):
    stuck.answer = {"other": Reading(1.0, Quality.GOOD, None, 0.0)}
    stuck.free.set()
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    assert (await pool.read(1, AT)).readings["slow"].why == "no_value"


async def test_a_move_set_and_a_beat_go_to_the_mvs_connection(dcs, stuck):
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    assert await pool.beat(HOLD)
    assert outcomes(await pool.write(approve({"a": 60.0}))) == {"a": ("confirmed", "")}
    assert dcs.value("ns=2;s=MODE_REQ") == 3.0
    assert stuck.asked == 0


async def test_a_hanging_writer_is_unknown_then_not_sent(stuck):
    stuck.name = "dcs"
    pool = DriverPool({"dcs": stuck}, plant(), confirm_timeout_s=0.01)
    pool._write_deadline_s = 0.05
    assert outcomes(await pool.write(approve({"a": 60.0}))) == {"a": ("unknown", "late")}
    assert outcomes(await pool.write(approve({"a": 61.0}, cycle=2))) == {"a": ("not_sent", "late")}
    assert not await pool.beat(BeatFrame(heartbeat=1, epoch=1, mode_request=Mode.OFF))
    assert stuck.asked == 1
    await pool.close()


async def test_links_are_told_by_connection(dcs, stuck):
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    assert pool.links() == {"dcs": "connected", "slow": "connected"}
    dcs.cable = "out"
    assert pool.links()["dcs"] == "unplugged"


async def test_without_mvs_nothing_is_written_or_beaten(dcs):
    pool = DriverPool({"dcs": dcs}, plant(mvs={}, handshake=HandshakeRule(), handshake_points={}))
    assert outcomes(await pool.write(approve({"a": 1.0}))) == {"a": ("not_sent", "not_writable")}
    assert not await pool.beat(BeatFrame(heartbeat=1, epoch=1, mode_request=Mode.OFF))


def test_mvs_and_handshake_on_two_connections_are_refused(dcs):
    whole = plant("other")
    for moved in (
        {"mvs": {**whole.mvs, "b": replace(whole.mvs["b"], writes=replace(whole.mvs["b"].writes, connection="other"))}},
        {
            "mvs": {
                **whole.mvs,
                "b": replace(whole.mvs["b"], setpoint=replace(whole.mvs["b"].setpoint, connection="other")),
            }
        },
        {"handshake_points": {**whole.handshake_points, "commit": Point(tag="c", connection="other", address="z")}},
    ):
        with pytest.raises(PoolError, match="share one connection"):
            DriverPool({"dcs": dcs, "other": dcs}, replace(whole, **moved))


def test_a_connection_without_a_driver_is_refused(dcs):
    with pytest.raises(PoolError, match="no driver for connection slow"):
        DriverPool({"dcs": dcs}, plant("slow"))


def test_the_deadband_covers_what_encoding_costs_and_little_more():
    mv = plant().mvs["a"]
    assert 7e-6 < deadband(mv) < 2e-5  # one float32 step at 100 is 7.6e-6
    coarse = replace(mv, writes=replace(mv.writes, encoding=Encoding("int16", scale=0.1)))
    assert 0.1 < deadband(coarse) < 0.2
    endless = replace(mv, limits=NestedLimits(safety=(-math.inf, math.inf), engineering=(0, 10), operator=(0, 10)))
    assert math.isfinite(deadband(endless))
    with pytest.raises(PoolError):
        deadband(replace(mv, writes=replace(mv.writes, encoding=Encoding("uint16", scale=0.001))))


def test_write_points_are_the_plants():
    built = write_points(plant())
    assert built.mv_order == MVS
    assert built.targets["a"] == WRITES.targets["a"]
    assert built.handshake == "full"


async def test_a_silent_modbus_meter_does_not_hold_up_the_plc(dcs, proxy):
    """The same with a real driver and a real silence."""
    device = ModbusDevice()
    await device.start()
    between = await proxy(device.port)
    meter = ModbusDriver(
        Connection(name="m", protocol="modbus-tcp", host="127.0.0.1", port=between.port, unit_id=8, timeout_s=1.5),
        now_s=time.monotonic,
    )
    pool = DriverPool({"dcs": dcs, "m": meter}, plant("m"))
    await pool.start()
    await connected(meter)
    assert (await pool.read(1, AT)).good("m") == 0.0
    between.black_hole()
    started = time.monotonic()
    snapshot = await pool.read(2, AT, 0.3)
    assert time.monotonic() - started < 1.5
    assert (snapshot.good("x"), snapshot.readings["m"].why) == (7.0, "late")
    between.heal()
    await asyncio.sleep(1.6)  # the driver's own time-out, then its new connection
    await connected(meter)
    assert (await pool.read(3, AT)).good("m") == 0.0
    await pool.close()
    await device.stop()
