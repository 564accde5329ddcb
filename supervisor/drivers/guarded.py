"""The drivers behind the guard: what the cycle may touch. A set that the guard objects to does not reach a driver."""

from __future__ import annotations

from typing import Final, Protocol

from safety.approval import Approval
from safety.signals import BeatFrame, Instant, Mode, Snapshot, WriteOutcome, WriteReceipt
from supervisor.drivers import guard, guard_ledger
from supervisor.drivers.driver import Now
from supervisor.drivers.guard_ledger import Ledger
from supervisor.drivers.guard_rules import GuardRules
from supervisor.drivers.guard_words import GUARD, Evidence, Sending, sending_of

UINT32_MAX: Final = 0xFFFF_FFFF
DEADLINE: Final = "deadline"
"""What drivers say of an approval that has expired."""


class Drivers(Protocol):
    """All drivers of a plant (``supervisor.drivers.pool.DriverPool``)."""

    async def read(self, cycle: int, at: Instant) -> Snapshot:
        """Return every tag, good or bad."""

    async def write(self, approval: Approval) -> tuple[WriteReceipt, ...]:
        """Send once, read back."""

    async def beat(self, frame: BeatFrame) -> bool:
        """Send the heartbeat."""

    async def release(self) -> None:
        """End every client that may write."""


class GuardedField:
    """Reads through, writes only what the guard has no objection to. Keeps the guard's ledger."""

    def __init__(self, drivers: Drivers, rules: GuardRules, now_s: Now) -> None:
        self._drivers = drivers
        self._rules = rules
        self._now_s = now_s
        self._ledger = Ledger()

    @property
    def ledger(self) -> Ledger:
        """What the guard remembers."""
        return self._ledger

    async def read(self, cycle: int, at: Instant) -> Snapshot:
        """Return every tag, good or bad."""
        return await self._drivers.read(cycle, at)

    def witness(self, evidence: Evidence) -> None:
        """Show the guard a cycle, whether or not it writes anything: a loop that operators took, a refusal, or the end
        of closed loop must not go unseen.
        """
        self._ledger = guard.witnessed(self._ledger, evidence, self._rules)

    async def write(self, approval: Approval, evidence: Evidence) -> tuple[WriteReceipt, ...]:
        """Send once and read back; or nothing, with every objection in the receipts (NOT_SENT), or that it is late."""
        sending, now_s = sending_of(approval), self._now_s()
        found = guard.objections(sending, evidence, self._rules, self._ledger, now_s)
        if found:
            why = DEADLINE if self._only_late(sending, evidence, now_s) else GUARD + ", ".join(map(str, found))
            if why != DEADLINE:
                self._ledger = guard_ledger.closed(guard.witnessed(self._ledger, evidence, self._rules))
            return tuple(WriteReceipt(move.mv, WriteOutcome.NOT_SENT, move.value, None, why) for move in approval.moves)
        # From here on the set counts as sent, whatever comes: should no receipt ever arrive, nothing follows it.
        self._ledger = guard.sent(sending, evidence, self._rules, self._ledger, now_s)
        receipts = await self._drivers.write(approval)
        self._ledger = guard_ledger.noted(self._ledger, receipts, self._now_s())
        return receipts

    def _only_late(self, sending: Sending, evidence: Evidence, now_s: float) -> bool:
        """Whether there was nothing to object to in the moment of the judgement. Then gate and guard do not differ: the
        process stood still between them, and nothing is sent. Had it stood a moment later, the driver would say so.
        """
        then_s = evidence.judged_at_s
        return then_s <= now_s and not guard.objections(sending, evidence, self._rules, self._ledger, then_s)

    async def beat(self, frame: BeatFrame) -> bool:
        """Send the heartbeat; false where it was not acknowledged, or makes no sense and was not sent."""
        return _sane(frame) and await self._drivers.beat(frame)

    async def release(self) -> None:
        """End every client that may write; nothing can object to that."""
        await self._drivers.release()


def _sane(frame: BeatFrame) -> bool:
    """Whether the numbers fit their registers and the mode is one that the PLC knows (TRIPPED goes out as OFF)."""
    known = frame.mode_request in tuple(Mode)
    return known and 0 <= frame.heartbeat <= UINT32_MAX and 0 <= frame.epoch <= UINT32_MAX
