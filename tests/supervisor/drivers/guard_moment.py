"""One moment in the gate's words, and its translation into the guard's."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from safety.encoding import Encoding
from safety.envelope import Envelope, Track
from safety.gate import GateRules, Situation
from safety.plc import move_set_crc
from safety.progress import GateMemory, Pending
from safety.signals import Candidate, Snapshot
from supervisor.drivers.guard_ledger import Entry, Ledger, Waiting, Write
from supervisor.drivers.guard_rules import GuardRules, Schedule
from supervisor.drivers.guard_words import Evidence, Sending

CODES = {"float32": "f", "float64": "d", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I"}


@dataclass(frozen=True)
class Vector:
    """One moment and one proposal."""

    gate: GateRules
    guard: GuardRules
    snapshot: Snapshot
    situation: Situation
    memory: GateMemory
    ledger: Ledger
    candidate: Candidate
    payloads: Mapping[str, bytes]
    now_s: float

    @cached_property
    def evidence(self) -> Evidence:
        outcome, link = self.situation.interlocks, self.situation.link
        return Evidence(
            snapshot=self.snapshot,
            judged_at_s=self.now_s,
            mode=self.situation.mode.actual,
            refused=False,
            action=outcome.action,
            blocked_up=outcome.blocked_up,
            blocked_down=outcome.blocked_down,
            evaluated=frozenset(outcome.states),
            interlocks_cycle=outcome.cycle,
            watchdog=self.situation.watch.action,
            permit=link.permit,
            epoch=link.epoch,
            sequence=link.sequence,
            unresolved=link.unresolved,
            link_cycle=link.cycle,
        )

    @cached_property
    def sending(self) -> Sending:
        """What would leave if nobody had looked; an approval says the same."""
        order = self.gate.handshake.mv_order
        moves = sorted(self.candidate.moves, key=lambda move: order.index(move.mv) if move.mv in order else len(order))
        mask = sum(1 << order.index(mv) for mv in {move.mv for move in moves} if mv in order)
        link = self.situation.link
        return Sending(
            controller=self.candidate.controller,
            cycle=self.candidate.cycle,
            epoch=link.epoch,
            sequence=link.sequence,
            mask=mask,
            crc=move_set_crc(link.epoch, link.sequence, mask, [move.value for move in moves]),
            moves=tuple((move.mv, self.payloads[move.mv]) for move in moves),
            limits_hash=self.gate.limits_hash,
            config_hash=self.gate.config_hash,
            deadline_s=self.now_s + self.guard.life_s / 2,
        )


def guarded(envelope: Envelope) -> dict[str, object]:
    """The envelope in the guard's words."""
    scheduled = envelope.scheduled
    return {
        "lo": envelope.lo,
        "hi": envelope.hi,
        "step_up": envelope.step_up,
        "step_down": envelope.step_down,
        "rate_up_per_min": envelope.rate_up_per_min,
        "rate_down_per_min": envelope.rate_down_per_min,
        "window_s": envelope.window_s,
        "window_delta": envelope.window_delta,
        "readback": envelope.readback,
        "distance": envelope.distance_from_measured,
        "schedule": Schedule(scheduled.tag, scheduled.points) if scheduled is not None else None,
    }


def ledger_of(tracks: Mapping[str, Track], pending: Mapping[str, Pending], used_at_s: float) -> Ledger:
    """The gate's memory in the guard's words."""
    return Ledger(
        entries={
            mv: Entry(
                tuple(Write(write.at_s, write.lo, write.hi) for write in track.writes),
                track.paid_until_s,
                track.expected,
            )
            for mv, track in tracks.items()
        },
        waiting={
            mv: Waiting(each.value, each.before, each.judged_at_s, each.paid_until_s) for mv, each in pending.items()
        },
        used_at_s=used_at_s,
    )


def pack(raw: float, encoding: Encoding) -> bytes:
    """The bytes of a raw number, written down a third time."""
    number = raw if encoding.kind.startswith("float") else int(raw)
    payload = struct.pack(">" + CODES[encoding.kind], number)
    if encoding.word_order in ("BADC", "DCBA"):
        payload = b"".join(payload[i : i + 2][::-1] for i in range(0, len(payload), 2))
    if encoding.word_order in ("CDAB", "DCBA"):
        payload = b"".join(payload[i : i + 2] for i in reversed(range(0, len(payload), 2)))
    return payload
