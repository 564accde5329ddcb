"""The heart: one cycle, read to record. Everything that can go wrong with plant, solver or disk arrives here as data.

There is no ``except`` in this file, on purpose: a bug ends the process, the heartbeat stops, and the PLC takes back.
The judgement itself is in ``supervisor.think`` and ``safety``, which replay calls too; here are only the waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from controllers.memory import Memory as ControllerMemory
from controllers.types import Inputs, Plan
from safety.approval import Approval
from safety.signals import BeatFrame, Instant, Snapshot, WriteReceipt
from supervisor import conclude, think
from supervisor.clock import Clock, Stopwatch
from supervisor.drivers.guard_words import Evidence
from supervisor.evidence import evidence_of
from supervisor.memory import Decision, Memory, Outside, Result, View
from supervisor.record import Answer, CycleRecord, Intent
from supervisor.rules import Rules
from supervisor.stored import Stored


class Field(Protocol):
    """The drivers, all of them: always answer by their deadline, never raise for plant trouble."""

    async def read(self, cycle: int, at: Instant) -> Snapshot:
        """Return every tag, good or bad."""

    def witness(self, evidence: Evidence) -> None:
        """Show the guard before the drivers what this cycle was judged on, whether or not it writes."""

    async def write(self, approval: Approval, evidence: Evidence) -> tuple[WriteReceipt, ...]:
        """Send once, read back; nothing where the guard objects."""

    async def beat(self, frame: BeatFrame) -> bool:
        """Send the heartbeat."""

    async def release(self) -> None:
        """End every client that may write (I-17)."""


class Thinking(Protocol):
    """The worker process: always answers by its deadline."""

    async def propose(self, inputs: Inputs, memory: ControllerMemory | None) -> tuple[Plan, ControllerMemory | None]:
        """Return the plan and the controller's memory to keep."""


class World(Protocol):
    """Requests, schedule, links, thinker and record, as they are now."""

    async def look(self, memory: Memory) -> Outside:
        """Return what came and what is; never waits long."""

    async def answer(self, answers: Sequence[Answer]) -> None:
        """Tell those who asked what became of it; never waits long."""


class Record(Protocol):
    """The durable record; answers by its deadline whether something is on it."""

    async def intend(self, intent: Intent) -> Stored:
        """Store an intent before anything is sent."""

    async def settle(self, record: CycleRecord, view: View, memory: Memory) -> Stored:
        """Store the cycle's record, and what replay needs."""


@dataclass(frozen=True, slots=True)
class Shell:
    """What a cycle may touch."""

    rules: Rules
    clock: Clock
    field: Field
    thinker: Thinking
    world: World
    record: Record


async def cycle(shell: Shell, memory: Memory) -> Memory:
    """Run one cycle and return the memory for the next."""
    watch, before = Stopwatch(), memory
    raw = await _read(shell, memory.cycle + 1)
    watch.lap("read")
    view, memory = think.observe(shell.rules, raw, memory)
    plan, memory = think.adopted(await shell.thinker.propose(view.inputs, memory.controller), memory)
    watch.lap("think")
    fresh = await _read(shell, memory.cycle)
    outside = await shell.world.look(memory)
    watch.lap("look")
    decision, memory = think.permit(shell.rules, fresh, view, plan, outside, memory)
    evidence = evidence_of(decision)
    shell.field.witness(evidence)
    watch.lap("gate")
    stored = await _intended(shell, decision)
    watch.lap("intend")
    receipts = await _written(shell, decision, evidence, stored)
    watch.lap("write")
    frame, memory = think.sent(shell.rules, decision, receipts, memory, shell.clock.now().mono_s)
    memory = think.beaten(memory, await _beat(shell, frame))
    watch.lap("beat")
    await shell.world.answer(decision.answers)
    result = Result(stored, receipts, outside, watch.laps_ms())
    record, memory = conclude.conclude(shell.rules, view, plan, decision, memory, result)
    settled = await shell.record.settle(record, view, before)
    watch.lap("settle")
    return conclude.remembered(memory, settled, watch.laps_ms()["settle"])


async def _read(shell: Shell, number: int) -> Snapshot:
    """Return a snapshot that bears the time at which it was complete: no reading in it is younger."""
    return replace(await shell.field.read(number, shell.clock.now()), at=shell.clock.now())


async def _intended(shell: Shell, decision: Decision) -> Stored | None:
    return await shell.record.intend(decision.intent) if decision.intent is not None else None


async def _written(
    shell: Shell, decision: Decision, evidence: Evidence, stored: Stored | None
) -> tuple[WriteReceipt, ...]:
    approval = decision.verdict.approval if decision.verdict is not None else None
    if approval is None or stored is None:
        return ()
    if not stored.stored:
        return conclude.not_sent(decision, f"not on record: {stored.why}")
    return await shell.field.write(approval, evidence)


async def _beat(shell: Shell, frame: BeatFrame | None) -> bool:
    if frame is None:
        await shell.field.release()
        return True
    return await shell.field.beat(frame)
