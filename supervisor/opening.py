"""Getting the record in order before anybody may arm: opened, checked, intents of earlier runs closed by read-back."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from supervisor.audit.capacity import Capacity, CapacityState
from supervisor.audit.desk import Opening
from supervisor.audit.orphans import resolve
from supervisor.audit.writer import AuditWriter
from supervisor.clock import Clock
from supervisor.memory import Memory
from supervisor.site import DATABASE_VARIABLE
from supervisor.stored import not_stored

LOG = logging.getLogger("setwise.record")
CHECKING = "being checked"


class RecordKeeper:
    """Knows why the record is not in order yet, and works on it a little in each cycle, without ever waiting long."""

    def __init__(self, audit: AuditWriter, database_url: str, heads: Path, clock: Clock) -> None:
        """Nothing is opened yet."""
        self._audit, self._url, self._heads, self._clock = audit, database_url, heads, clock
        self._opening = Opening(not_stored("opening"))
        self._open_task: asyncio.Task[Opening] | None = None
        self._check_task: asyncio.Task[tuple[bool | None, str]] | None = None
        self._checked = CHECKING
        self._capacity = Capacity(0.0, CapacityState.OK)

    @property
    def why(self) -> str:
        """Why the record is not in order; empty when it is."""
        if not self._opening.stored.stored:
            return self._opening.stored.why
        if self._opening.fault is not None:
            return self._opening.fault
        if self._opening.orphans:
            return f"{len(self._opening.orphans)} intents of an earlier run are not resolved yet"
        if self._capacity.state is CapacityState.DISARM:
            return "full"
        return self._checked

    def noted(self, capacity: Capacity) -> None:
        """Take in how full the storage is."""
        self._capacity = capacity

    async def turn(self, memory: Memory) -> None:
        """Do the next thing that is due, if any."""
        if not self._opening.stored.stored:
            self._turn_opening()
        elif self._opening.orphans:
            await self._close_orphans(memory)
        elif self._checked:
            self._turn_check()

    async def close(self) -> None:
        """End what is under way."""
        tasks = [task for task in (self._open_task, self._check_task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _turn_opening(self) -> None:
        if self._open_task is None:
            self._open_task = asyncio.create_task(self._audit.start(self._clock.now().utc_s))
        elif self._open_task.done():
            before, self._opening = self._opening, self._open_task.result()
            self._open_task = None
            if not self._opening.stored.stored and self._opening.stored.why != before.stored.why:
                LOG.warning("the record cannot be opened (%s); trying again and again", self._opening.stored.why)

    async def _close_orphans(self, memory: Memory) -> None:
        """Close the intents of earlier runs once the PLC and every setpoint can be read."""
        plc = memory.shake.plc
        needed = {mv for orphan in self._opening.orphans for mv in orphan.setpoints}
        if plc.sequence_ack is None or not needed <= memory.setpoints.keys():
            return
        closed = [(orphan, resolve(orphan, memory.setpoints, plc)) for orphan in self._opening.orphans]
        stored = await self._audit.close_orphans(closed, self._clock.now().utc_s)
        if stored.stored:
            LOG.info("resolved %d intents of an earlier run by read-back", len(closed))
            self._opening = Opening(self._opening.stored, self._opening.fault)

    def _turn_check(self) -> None:
        if self._check_task is None:
            self._check_task = asyncio.create_task(_verified(self._url, self._heads), name="verify-record")
        elif self._check_task.done() and self._checked == CHECKING:
            intact, text = self._check_task.result()
            LOG.info("record: %s", text)
            if intact is None:
                self._check_task = None  # nothing was found out; the next cycle asks again
            else:
                self._checked = "" if intact else "chain broken: run setwise audit verify"


async def _verified(url: str, heads: Path) -> tuple[bool | None, str]:
    """Check the record in a process of its own: a year of rows takes seconds, and the beat must not share them."""
    command = (sys.executable, "-m", "supervisor.audit.verify", "-", str(heads))
    environment = {**os.environ, DATABASE_VARIABLE: url}  # a password does not belong on a command line
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        return None, f"cannot be checked: {error}"
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    verdict = {0: True, 1: False}.get(process.returncode if process.returncode is not None else -1)
    return verdict, (said.decode(errors="replace").splitlines() or ["the check ended without an answer"])[0]
