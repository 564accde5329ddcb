"""What the records say now: one watch for each controller, which looks for a new cycle several times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from supervisor.audit.spool import SpoolError, waiting
from supervisor.cli.running import control_runs
from supervisor.history.pack import PackError, StoredCycle, unpack
from supervisor.history.read import History, HistoryError
from supervisor.record import CycleRecord
from supervisor.web.units import Unit, Units

LOOK_S = 0.2
"""Pause between two looks at the record, real seconds."""
BEAT_S = 1.0
"""So often the pages hear from us although nothing is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What is known of one controller at this moment."""

    cycle: StoredCycle | None = None
    """The newest cycle on record; None before the first one."""
    sequence: int = 0
    """Number of its row."""
    advanced_at_s: float = 0.0
    """When a new cycle was seen last, by the monotonic clock of this process."""
    running: bool = False
    """Whether a control process holds the folder."""
    not_stored: str = ""
    """Why cycles wait outside the database; empty where none do."""
    trouble: str = ""
    """Why the record cannot be read; empty where it can."""

    @property
    def record(self) -> CycleRecord | None:
        """The newest cycle's record."""
        return self.cycle.record if self.cycle is not None else None


class Watch:
    """Follows the record of one controller. ``mono_s`` tells the time."""

    def __init__(self, unit: Unit, mono_s: Callable[[], float]) -> None:
        self._unit = unit
        self._mono_s = mono_s
        self._history = History(unit.site.database_url)
        self.now = Now(advanced_at_s=mono_s())

    def look(self) -> bool:
        """Read what is new; return whether there is a new cycle. Blocks for some milliseconds."""
        before = self.now
        found = replace(before, running=control_runs(self._unit.site), trouble="", not_stored="")
        try:
            sequence = self._history.newest() or 0
            if sequence != before.sequence:
                found = replace(found, cycle=self._history.last(), sequence=sequence, advanced_at_s=self._mono_s())
        except HistoryError as error:
            found = replace(found, trouble=str(error))
        self.now = self._with_spool(found)
        return self.now.advanced_at_s != before.advanced_at_s

    def _with_spool(self, found: Now) -> Now:
        """Take in the cycles that the database would not have: they are newer."""
        spool = self._unit.site.spool
        if not spool.exists() or spool.stat().st_size == 0:
            return found
        try:
            blobs = [item.blob for item in waiting(spool) if item.blob]
            newest = unpack(blobs[-1]) if blobs else None
        except (SpoolError, PackError, OSError):
            return found
        if newest is None:
            return found
        texts = (alarm.text for alarm in newest.record.alarms if alarm.code == "record")
        found = replace(found, not_stored=next(texts, "cycles wait in the spool file"))
        if found.record is not None and newest.record.utc_s <= found.record.utc_s:
            return found
        return replace(found, cycle=newest, advanced_at_s=self._mono_s())


class Live:
    """All watches, and a bell that rings for each new cycle and at least every ``BEAT_S``."""

    def __init__(self, units: Units, mono_s: Callable[[], float]) -> None:
        self._watches = {key: Watch(unit, mono_s) for key, unit in units.items()}
        self._mono_s = mono_s
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.turn = 0
        """Counts the rings: what was made of one turn is good until the next."""

    @property
    def now(self) -> Mapping[str, Now]:
        """What is known, by controller."""
        return {key: watch.now for key, watch in self._watches.items()}

    def quiet_s(self, key: str) -> float:
        """Return the seconds since a new cycle of ``key`` was seen."""
        return self._mono_s() - self._watches[key].now.advanced_at_s

    async def start(self) -> None:
        """Look once, then go on looking."""
        for watch in self._watches.values():
            await asyncio.to_thread(watch.look)
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """End looking, and everyone who waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._ring()

    async def next(self) -> None:
        """Wait for the next ring."""
        await self._bell.wait()

    async def _look(self) -> None:
        rung_at_s = self._mono_s()
        while True:
            new = [await asyncio.to_thread(watch.look) for watch in self._watches.values()]
            if any(new) or self._mono_s() - rung_at_s >= BEAT_S:
                self._ring()
                rung_at_s = self._mono_s()
            await asyncio.sleep(LOOK_S)

    def _ring(self) -> None:
        self.turn += 1
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()
