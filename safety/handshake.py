"""The supervisor's side of the PLC contract: heartbeat, epoch, sequence, echo (I-11, I-15, I-25, I-26).

In each cycle: ``observe`` on the fresh snapshot (its readings are older than this cycle's beat, so that a second
supervisor's heartbeat cannot hide behind ours), then the modes and the gate, then ``settle`` with the driver's receipts
and ``beat``. The first beat for CLOSED_LOOP claims a new epoch. Losing it (foreign heartbeat, higher epoch, foreign
sequence, PLC restart) ends the claim; only the modes, that is a person's act, lead to another one. After a write with
unknown outcome and after a reconnect (``fenced``) a higher epoch is announced: the PLC then refuses what arrives late.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from safety.approval import Approval
from safety.plc import UINT32_MAX, HandshakeRule, crc16, move_set_crc, plc_state
from safety.signals import BeatFrame, Mode, PlcState, Snapshot, WriteOutcome, WriteReceipt

__all__ = [
    "HandshakeMemory", "HandshakeRule", "Link", "beat", "crc16", "fenced", "move_set_crc", "observe", "plc_state",
    "settle",
]  # fmt: skip

_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class Link:
    """What the handshake says in one cycle."""

    cycle: int
    permit: bool
    """Whether a move set may be sent now."""
    reasons: tuple[str, ...]
    """Why not."""
    conditions: Mapping[str, bool]
    """For ``safety.modes``; these tolerate an answer that is missing for ``echo_limit_s``."""
    epoch: int
    sequence: int
    """Of the next move set."""
    unresolved: frozenset[str]
    """MVs whose last write has an unknown outcome."""


@dataclass(frozen=True, slots=True)
class HandshakeMemory:
    """What is remembered between cycles; ``HandshakeMemory(instance)`` at start, with a random instance of 16 bit.

    Raises ValueError for an instance that is not 1 to 65535.
    """

    instance: int
    counter: int = 0
    beats: tuple[tuple[int, float], ...] = ()
    """The last heartbeats of this claim and when each was made."""
    epoch: int | None = None
    """The epoch that we claim; None while we do not ask for the plant."""
    epoch_top: int = 0
    """The highest that we ever used: a PLC that forgot its own must not take a late packet for a newer one."""
    held: bool = False
    """The claim has been acknowledged once."""
    acked: bool = False
    """The very epoch was acknowledged at the last look."""
    acked_at_s: float = -math.inf
    echoed_at_s: float = -math.inf
    """When the newest beat that came back in this claim was made."""
    last_echo: int | None = None
    foreign_at_s: float = -math.inf
    """When another supervisor was last seen alive."""
    sequence: int | None = None
    """The last one that the PLC answered in this claim."""
    sent: tuple[int, ...] = ()
    """Our last sequences: the PLC may show one of them late, or never where the write did not reach it."""
    boot_count: int | None = None
    unresolved: Mapping[str, float] = field(default_factory=dict)
    """MVs whose last write has an unknown outcome, and since when; orphaned intents of an earlier run too."""
    plc: PlcState = field(default_factory=PlcState)
    """As last read."""

    def __post_init__(self) -> None:
        if not 1 <= self.instance <= 0xFFFF:  # noqa: PLR2004  # 16 bit; 0 is what a PLC shows that heard nobody
            raise ValueError(f"instance {self.instance} is not 1 to 65535")


def observe(snapshot: Snapshot, rule: HandshakeRule, memory: HandshakeMemory) -> tuple[Link, HandshakeMemory]:
    """Return what the handshake permits on a validated snapshot, and the memory after it."""
    now_s = snapshot.at.mono_s
    was_acked = memory.acked
    plc = plc_state(snapshot)
    memory, why_lost = _heard(replace(memory, plc=plc), plc, rule, now_s)
    acked = memory.acked or rule.kind == "heartbeat"
    unresolved = {
        mv: since_s
        for mv, since_s in memory.unresolved.items()
        if snapshot.good(f"{mv}.actual") is None
        or not (acked and was_acked if rule.kind == "full" else now_s - since_s >= rule.plc_timeout_s)
    }
    memory = replace(memory, unresolved=unresolved)
    recent = now_s - rule.echo_limit_s
    partial = rule.kind != "full"  # such a PLC shows the echo only, maybe its local/remote switch
    conditions = {
        "plc_alone": memory.foreign_at_s < recent,
        "plc_echo": memory.epoch is not None and memory.echoed_at_s >= recent,
        "plc_remote": plc.remote is True or (partial and plc.remote is None),
        "plc_probe": partial or rule.probe is None or plc.probe == _float32(rule.probe),
        "plc_boot": why_lost != "plc_restart" and (partial or plc.boot_count is not None),
        "plc_epoch": memory.epoch is not None and (partial or (memory.held and memory.acked_at_s >= recent)),
    }
    now = {
        "handshake_none": rule.kind != "none",
        why_lost: not why_lost,
        "echo_missing": _ours(plc.heartbeat_echo, memory) is not None,
        "epoch_unacknowledged": acked,
        "sequence_unknown": memory.sequence is not None or rule.kind == "heartbeat",
    }
    reasons = tuple(name for name, met in {**conditions, **now}.items() if not met)
    sequence = ((memory.sequence or 0) + 1) & UINT32_MAX if rule.kind == "full" else 0
    link = Link(snapshot.cycle, not reasons, reasons, conditions, memory.epoch or 0, sequence, frozenset(unresolved))
    return link, memory


def beat(
    mode: Mode, rule: HandshakeRule, memory: HandshakeMemory, now_s: float
) -> tuple[BeatFrame | None, HandshakeMemory]:
    """Return the frame to send now, if any. ``mode`` is ``ModeDecision.beat``.

    CLOSED_LOOP claims an epoch where none is held; the first lower mode is told once, so that the PLC sheds at once.
    """
    if rule.kind == "none":
        return None, memory
    if mode is Mode.CLOSED_LOOP and memory.epoch is None:
        seen = memory.plc.epoch_ack if rule.kind == "full" else 0
        if seen is None or max(seen, memory.epoch_top) >= UINT32_MAX:
            return None, memory
        epoch = max(seen, memory.epoch_top) + 1
        memory = replace(_released(memory), epoch=epoch, epoch_top=epoch, beats=())
    if memory.epoch is None:
        return None, memory
    counter = (memory.counter + 1) & 0xFFFF
    word = memory.instance << 16 | counter
    frame = BeatFrame(word, memory.epoch, max(mode, Mode.OFF))
    memory = replace(memory, counter=counter, beats=(*memory.beats[1 - _KEPT :], (word, now_s)))
    return frame, memory if mode is Mode.CLOSED_LOOP else _released(memory)


def fenced(memory: HandshakeMemory) -> HandshakeMemory:
    """Return the memory with a higher epoch to announce: after a reconnect, or a write with unknown outcome."""
    if memory.epoch is None:
        return memory
    if memory.epoch >= UINT32_MAX:
        return _released(memory)
    return replace(memory, epoch=memory.epoch + 1, epoch_top=memory.epoch + 1, acked=False)


def settle(
    memory: HandshakeMemory, approval: Approval, receipts: Sequence[WriteReceipt], now_s: float
) -> HandshakeMemory:
    """Return the memory after a move set was sent; a move without a receipt counts as UNKNOWN."""
    outcomes = {receipt.mv: receipt.outcome for receipt in receipts}
    by_mv = {move.mv: outcomes.get(move.mv, WriteOutcome.UNKNOWN) for move in approval.moves}
    if all(outcome is WriteOutcome.NOT_SENT for outcome in by_mv.values()):
        return memory
    memory = replace(memory, sent=(*memory.sent[1 - _KEPT :], approval.sequence))
    unknown = {mv: now_s for mv, outcome in by_mv.items() if outcome is WriteOutcome.UNKNOWN}
    return fenced(replace(memory, unresolved={**memory.unresolved, **unknown})) if unknown else memory


def _heard(memory: HandshakeMemory, plc: PlcState, rule: HandshakeRule, now_s: float) -> tuple[HandshakeMemory, str]:
    """Take in the PLC's answers; the text says why the claim is lost, empty where it is not."""
    if plc.boot_count is not None:
        restarted = memory.boot_count not in (None, plc.boot_count)
        memory = replace(memory, boot_count=plc.boot_count)
        if restarted:
            return replace(_released(memory), last_echo=plc.heartbeat_echo), "plc_restart"
    made_at_s = _ours(plc.heartbeat_echo, memory)
    if made_at_s is not None:
        memory = replace(memory, echoed_at_s=max(memory.echoed_at_s, made_at_s))
    elif plc.heartbeat_echo and memory.last_echo not in (None, plc.heartbeat_echo):
        # A strange heartbeat that moves, or that took the place of ours, is alive; a still one is a dead man's.
        return replace(_released(memory), last_echo=plc.heartbeat_echo, foreign_at_s=now_s), "foreign_heartbeat"
    if plc.heartbeat_echo is not None:
        memory = replace(memory, last_echo=plc.heartbeat_echo)
    if rule.kind != "full" or memory.epoch is None or plc.epoch_ack is None:
        return replace(memory, acked=False), ""
    if plc.epoch_ack > memory.epoch:
        return replace(_released(memory), foreign_at_s=now_s), "epoch_higher"
    if plc.epoch_ack < memory.epoch:
        return (_released(memory), "epoch_back") if memory.acked else (memory, "")
    memory = replace(memory, held=True, acked=True, acked_at_s=now_s)
    if plc.sequence_ack is None:
        return memory, ""
    if memory.sequence is not None and plc.sequence_ack not in (memory.sequence, *memory.sent):
        return replace(_released(memory), foreign_at_s=now_s), "foreign_sequence"
    return replace(memory, sequence=plc.sequence_ack), ""


def _released(memory: HandshakeMemory) -> HandshakeMemory:
    return replace(memory, epoch=None, held=False, acked=False, echoed_at_s=-math.inf, sequence=None)


def _ours(echo: int | None, memory: HandshakeMemory) -> float | None:
    """Return when the echoed beat was made; None where it is not one of ours."""
    return next((at_s for word, at_s in reversed(memory.beats) if word == echo), None)


def _float32(number: float) -> float:
    (rounded,) = struct.unpack(">f", struct.pack(">f", number))
    return float(rounded)
