"""What the cycle sees beside its drivers: thinker, record, requests, schedule. Thin adaptors, no judgement."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from constraints.plant import Plant
from controllers.memory import Memory as ControllerMemory
from controllers.types import Inputs, Plan
from safety.signals import Mode
from supervisor.alarms.notify import Notifier
from supervisor.audit.writer import AuditWriter
from supervisor.calendar import Calendar
from supervisor.clock import Clock, machine_utc_s
from supervisor.drivers.pool import DriverPool
from supervisor.forecast_files import ForecastFiles
from supervisor.history.pack import Replay
from supervisor.inforce import InForce
from supervisor.mailbox import Inbox
from supervisor.memory import Memory, Outside, View
from supervisor.opening import RecordKeeper
from supervisor.plans import inputs_json
from supervisor.record import Answer, CycleRecord, Intent, Request
from supervisor.stored import Stored
from supervisor.worker import Thinker

LOG = logging.getLogger("setwise.control")
OFF_ID = "signal"


class ThinkerDesk:
    """The worker with its deadline in clock seconds; nobody is asked while nothing is to be thought."""

    def __init__(self, plant_path: Path, plant: Plant, clock: Clock) -> None:
        """Prepare; ``start`` starts the process."""
        self._worker = Thinker(plant_path, plant.config_hash, controller=plant.controller)
        self._deadline_s = clock.real_s(plant.think_s)

    def start(self) -> None:
        """Begin to start the worker."""
        self._worker.start()

    @property
    def pid(self) -> int | None:
        """Process id of the worker."""
        return self._worker.pid

    async def propose(self, inputs: Inputs, memory: ControllerMemory | None) -> tuple[Plan, ControllerMemory | None]:
        """Return the worker's plan, LATE where there is none in time."""
        return await self._worker.propose(inputs, memory, self._deadline_s)

    async def close(self) -> None:
        """End the worker."""
        await self._worker.close()


class RecordDesk:
    """The audit as the cycle uses it."""

    def __init__(self, audit: AuditWriter, told: Callable[[CycleRecord], None] | None = None) -> None:
        """``told`` gets each record, stored or not, and never waits."""
        self._audit, self._told = audit, told

    async def intend(self, intent: Intent) -> Stored:
        """Store an intent."""
        return await self._audit.intend(intent)

    async def settle(self, record: CycleRecord, view: View, before: Memory) -> Stored:
        """Store the record, and what the controller was given, so that the cycle can be run again."""
        if self._told is not None:
            self._told(record)
        memory = before.controller.to_bytes() if before.controller is not None else b""
        return await self._audit.settle(record, Replay(inputs_json(view.inputs), memory))


class WorldDesk:
    """Requests, calendar, links and the state of the record."""

    def __init__(
        self,
        *,
        clock: Clock,
        field: DriverPool,
        inbox: Inbox,
        calendar: Calendar,
        keeper: RecordKeeper,
        off: asyncio.Event,
        forecasts: ForecastFiles | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        """``off`` is set by the local signal."""
        self._forecasts, self._notifier = forecasts, notifier
        self._clock, self._field, self._inbox = clock, field, inbox
        self._calendar, self._keeper, self._off = calendar, keeper, off

    async def look(self, memory: Memory) -> Outside:
        """Return what came and what is."""
        requests = await self._inbox.take(machine_utc_s())
        if self._off.is_set():
            self._off.clear()
            requests = (*requests, _off())
        await self._keeper.turn(memory)
        force = self._noted()
        return Outside(
            at=self._clock.now(),
            requests=requests,
            schedule=force.limits if force is not None else None,
            cap=force.cap if force is not None else None,
            prices=force.prices if force is not None else None,
            forecasts=self._forecasts.news() if self._forecasts is not None else {},
            links=self._field.links(),
            record_why=self._keeper.why,
            notify_why=self._notifier.why if self._notifier is not None else "",
        )

    def _noted(self) -> InForce | None:
        """Take in the calendar's notes; return what is in force where that changed."""
        force = None
        for note in self._calendar.take():
            if note.in_force is not None:
                force = note.in_force
                LOG.info("in force: %s", ", ".join(force.entries) or "no schedule entry")
            elif note.capacity is not None:
                self._keeper.noted(note.capacity)
            elif note.text or note.kind == "clock_step":
                LOG.warning("calendar: %s %s", note.kind, note.text or f"{note.amount:+.1f} s")
        return force

    async def answer(self, answers: Sequence[Answer]) -> None:
        """Answer the requests."""
        await self._inbox.answer([each for each in answers if each.id != OFF_ID])


def _off() -> Request:
    now_s = machine_utc_s()
    return Request(
        id=OFF_ID,
        action="mode",
        who="local signal",
        role="operator",
        why="SIGUSR1",
        asked_utc_s=now_s,
        expires_utc_s=now_s + 60.0,
        saw_cycle=None,
        mode=Mode.OFF,
    )
