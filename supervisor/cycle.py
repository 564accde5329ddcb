"""The heart: one cycle, read to record. Everything that can go wrong with plant, solver or disk arrives here as data.

There is no ``except`` in this file, on purpose: a bug ends the process, the heartbeat stops, and the PLC takes back.
The judgement itself is in ``supervisor.think`` and ``safety``, which replay calls too; here are only the waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from controllers.memory import Memory as ControllerMemory
from controllers.types import Inputs, Plan
from safety.approval import Approval
from safety.signals import BeatFrame, Instant, Snapshot, WriteReceipt
from supervisor import think
from supervisor.clock import Clock
from supervisor.record import CycleRecord, Intent, Request
from supervisor.stored import Stored
from supervisor.think import Memory, Rules
from supervisor.timing import Stopwatch


class Field(Protocol):
    """The drivers, all of them: always answer by their deadline, never raise for plant trouble."""

    async def read(self, cycle: int, at: Instant) -> Snapshot: ...
    async def write(self, approval: Approval) -> tuple[WriteReceipt, ...]: ...
    async def beat(self, frame: BeatFrame) -> bool: ...
    def links(self) -> dict[str, str]: ...


class Thinking(Protocol):
    """The worker process: always answers by its deadline."""

    async def propose(self, inputs: Inputs, memory: ControllerMemory | None) -> tuple[Plan, ControllerMemory | None]: ...


class Requests(Protocol):
    """The mailbox and the calendar: what persons and schedules ask for."""

    async def take(self, now: Instant) -> tuple[Request, ...]: ...


class Record(Protocol):
    """The durable record. ``stored`` is false, with the reason, when it could not be written in time."""

    async def intend(self, intent: Intent) -> Stored: ...
    async def settle(self, record: CycleRecord) -> Stored: ...


@dataclass(frozen=True, slots=True)
class Shell:
    """What a cycle may touch."""

    rules: Rules
    clock: Clock
    field: Field
    thinker: Thinking
    requests: Requests
    record: Record
