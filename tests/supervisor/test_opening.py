"""Nobody arms before the record is open, whole, and every intent of an earlier run is closed."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import replace

import pytest

from safety.handshake import HandshakeMemory
from safety.modes import ModeMemory
from safety.signals import Instant, PlcState
from supervisor.audit.capacity import Capacity, CapacityState
from supervisor.audit.verify import verify
from supervisor.audit.writer import AuditWriter
from supervisor.clock import RealClock
from supervisor.memory import Memory
from supervisor.opening import RecordKeeper


class Place:
    """The files of one record."""

    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "setwise.db"
        self.url = f"sqlite:///{self.database}"
        self.heads = folder / "heads"

    def writer(self):
        return AuditWriter(self.url, self.folder / "spool.bin", self.heads, deadline_s=20.0)

    def keeper(self, audit):
        return RecordKeeper(audit, self.url, self.heads, RealClock())


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def memory(sequence=None, **setpoints):
    shake = replace(HandshakeMemory(7), plc=PlcState(sequence_ack=sequence, epoch_ack=3))
    return Memory(shake=shake, mode=ModeMemory(), setpoints=setpoints)


async def turned(keeper, state, until="", cycles=3_000):
    """Turn like the cycle does until ``why`` is ``until``; return every reason on the way."""
    seen = []
    for _ in range(cycles):
        await keeper.turn(state)
        if not seen or seen[-1] != keeper.why:
            seen.append(keeper.why)
        if keeper.why == until:
            return seen
        await asyncio.sleep(0.01)
    raise AssertionError(seen)


async def test_it_opens_checks_and_then_is_well(place):
    audit = place.writer()
    keeper = place.keeper(audit)
    assert keeper.why == "opening"
    seen = await turned(keeper, memory())
    assert seen[-2:] == ["being checked", ""]
    await audit.close(5.0)


async def test_intents_of_an_earlier_run_wait_for_the_plc_and_are_closed_by_read_back(place, make_intent):
    first = place.writer()
    await first.start(1.0)
    stored = await first.intend(make_intent(17))
    assert stored.stored
    await first.close(2.0)

    audit = place.writer()
    keeper = place.keeper(audit)
    waiting = "1 intents of an earlier run are not resolved yet"
    await turned(keeper, memory(), until=waiting)
    for state in (memory(), memory(sequence=17), memory(T_in_sp=197.0), memory(sequence=17, feed_sp=1.0)):
        for _ in range(5):
            await keeper.turn(state)
        assert keeper.why == waiting
    await turned(keeper, memory(sequence=17, T_in_sp=197.0))
    await audit.close(5.0)
    assert verify(place.url, place.heads, 6.0).open_intents == ()


@pytest.mark.parametrize(
    ("deed", "why", "told"),
    [
        ("UPDATE audit SET body = replace(body, 'approved', 'refused') WHERE seq = 3", "corrupt", "cannot be opened"),
        ("SELECT 1", "chain broken: run setwise audit verify", "CHAIN BROKEN"),  # only the guard is gone
    ],
)
async def test_a_record_that_was_tampered_with_keeps_it_out_and_is_told_once(
    place, make_record, caplog, deed, why, told
):
    first = place.writer()
    await first.start(1.0)
    for cycle in range(3):
        await first.settle(make_record(cycle))
    await first.close(2.0)
    connection = sqlite3.connect(place.database)
    connection.execute("DROP TRIGGER audit_no_update")
    connection.execute(deed)
    connection.commit()
    connection.close()

    audit = place.writer()
    keeper = place.keeper(audit)
    seen = []
    with caplog.at_level(logging.INFO, "setwise.record"):
        for _ in range(400):
            await keeper.turn(memory())
            seen.append(keeper.why)
            await asyncio.sleep(0.002)
    assert "" not in seen
    assert seen[-1] == why
    assert len([record for record in caplog.records if told in record.message]) == 1
    await audit.close(5.0)


async def test_a_record_that_cannot_be_opened_is_tried_again(place, monkeypatch):
    place.database.mkdir()  # a folder where the database should be
    audit = place.writer()
    keeper = place.keeper(audit)
    turns = 0
    while turns < 100 or (keeper.why == "opening" and turns < 4_000):  # a busy machine may be long in trying
        await keeper.turn(memory())
        assert keeper.why
        await asyncio.sleep(0.005)
        turns += 1
    assert keeper.why != "opening"
    place.database.rmdir()
    await turned(keeper, memory())
    await audit.close(5.0)


async def test_a_full_storage_keeps_it_out_until_there_is_room(place):
    audit = place.writer()
    keeper = place.keeper(audit)
    await turned(keeper, memory())
    keeper.noted(Capacity(0.96, CapacityState.DISARM))
    assert keeper.why == "full"
    keeper.noted(Capacity(0.5, CapacityState.OK))
    assert keeper.why == ""
    await audit.close(5.0)


async def test_opening_never_makes_a_cycle_wait(place, monkeypatch):
    audit = place.writer()

    async def stuck(utc_s):
        await asyncio.sleep(30.0)

    monkeypatch.setattr(audit, "start", stuck)
    keeper = place.keeper(audit)
    async with asyncio.timeout(0.5):
        for _ in range(20):
            await keeper.turn(memory())
    assert keeper.why == "opening"
    keeper._open_task.cancel()
    await asyncio.gather(keeper._open_task, return_exceptions=True)
    monkeypatch.undo()
    await audit.start(1.0)
    await audit.close(Instant(0.0, 5.0).utc_s)
