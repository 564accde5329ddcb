"""The adaptors between the cycle and the world: nothing is lost on the way, and nobody waits."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from controllers.memory import Memory as ControllerMemory
from safety.handshake import HandshakeMemory
from safety.modes import ModeMemory
from safety.signals import Mode
from supervisor.audit.capacity import Capacity, CapacityState
from supervisor.calendar import CalendarNote
from supervisor.clock import RealClock, machine_utc_s
from supervisor.history.pack import Replay
from supervisor.inforce import InForce
from supervisor.mailbox import Inbox, Mailbox
from supervisor.memory import Memory
from supervisor.record import Answer
from supervisor.shell import RecordDesk, WorldDesk
from supervisor.stored import Stored
from tests.supervisor.walk import Walk

MEMORY = Memory(shake=HandshakeMemory(7), mode=ModeMemory())


class Calendar:
    def __init__(self):
        self.notes = deque()

    def take(self):
        notes = tuple(self.notes)
        self.notes.clear()
        return notes


class Keeper:
    why = "being checked"

    def __init__(self):
        self.turns, self.capacity = 0, None

    async def turn(self, memory):
        self.turns += 1

    def noted(self, capacity):
        self.capacity = capacity


class Field:
    def links(self):
        return {"dcs": "timeout"}


@pytest.fixture
def parts(tmp_path):
    mailbox = Mailbox(tmp_path / "mailbox.db")
    inbox, calendar, keeper, off = Inbox(mailbox, 5.0), Calendar(), Keeper(), asyncio.Event()
    desk = WorldDesk(clock=RealClock(), field=Field(), inbox=inbox, calendar=calendar, keeper=keeper, off=off)
    yield desk, mailbox, calendar, keeper, off
    inbox.close()


def asked(**what):
    now = machine_utc_s()
    return Walk().request(**{"mode": Mode.ADVISORY, "asked_utc_s": now, "expires_utc_s": now + 60.0, **what})


async def test_a_look_sees_everything_at_once(parts):
    desk, mailbox, calendar, keeper, _ = parts
    mailbox.post(asked(id="one"))
    calendar.notes += [
        CalendarNote(kind="in_force", utc_s=1.0, in_force=InForce(limits={("moist", "hi"): 3.9}, prices={"grid": 0.1})),
        CalendarNote(kind="capacity", utc_s=1.0, capacity=Capacity(0.97, CapacityState.DISARM)),
        CalendarNote(kind="clock_step", utc_s=1.0, amount=3600.0),
    ]
    outside = await desk.look(MEMORY)
    assert [request.id for request in outside.requests] == ["one"]
    assert outside.schedule == {("moist", "hi"): 3.9}
    assert outside.prices == {"grid": 0.1}
    assert outside.cap is Mode.CLOSED_LOOP
    assert (outside.links, outside.record_why) == ({"dcs": "timeout"}, "being checked")
    assert keeper.turns == 1
    assert keeper.capacity.state is CapacityState.DISARM


async def test_a_calm_look_changes_nothing(parts):
    outside = await parts[0].look(MEMORY)
    assert (outside.requests, outside.schedule, outside.cap, outside.prices) == ((), None, None, None)


async def test_of_several_settings_the_last_holds(parts):
    desk, _, calendar, _, _ = parts
    calendar.notes += [
        CalendarNote(kind="in_force", utc_s=1.0, in_force=InForce(cap=Mode.CLOSED_LOOP)),
        CalendarNote(kind="in_force", utc_s=2.0, in_force=InForce(cap=Mode.ADVISORY)),
    ]
    assert (await desk.look(MEMORY)).cap is Mode.ADVISORY


async def test_the_local_signal_is_off_once_even_with_a_broken_mailbox(parts, tmp_path):
    desk, _, _, _, off = parts
    (tmp_path / "mailbox.db").write_bytes(b"no database at all" * 1000)
    off.set()
    (request,) = (await desk.look(MEMORY)).requests
    assert (request.action, request.mode) == ("mode", Mode.OFF)
    assert (await desk.look(MEMORY)).requests == ()
    await desk.answer((Answer(id=request.id, accepted=True, why=""),))  # nobody waits for it


async def test_an_answer_reaches_who_asked(parts):
    desk, mailbox, _, _, _ = parts
    mailbox.post(asked(id="one"))
    await desk.look(MEMORY)
    await desk.answer((Answer(id="one", accepted=False, why="role"),))
    assert mailbox.wait_answer("one", 5.0) == Answer(id="one", accepted=False, why="role")


async def test_replay_gets_the_memory_from_before_the_cycle():
    walk = Walk().advisory()
    view = walk.steps[-1].view
    got = []

    class Audit:
        async def settle(self, record, replay):
            got.append(replay)
            return Stored(1)

    kept = ControllerMemory(bias=(1.5,))
    before = Memory(shake=HandshakeMemory(7), mode=ModeMemory(), controller=kept)
    await RecordDesk(Audit()).settle(walk.steps[-1].record, view, before)
    await RecordDesk(Audit()).settle(walk.steps[-1].record, view, MEMORY)
    assert [isinstance(each, Replay) for each in got] == [True, True]
    assert ControllerMemory.from_bytes(got[0].memory) == kept
    assert got[1].memory == b""
    assert got[0].inputs["cycle"] == view.inputs.cycle
