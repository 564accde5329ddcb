"""What the gate remembers between cycles: where each setpoint has been, and what was approved but not yet answered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from safety.envelope import Track, Written
from safety.signals import WriteOutcome, WriteReceipt


@dataclass(frozen=True, slots=True)
class Pending:
    """One approved setpoint whose receipt has not come."""

    value: float
    """What the bytes decode to."""
    before: float
    """What the PLC held when it was judged."""
    judged_at_s: float
    paid_until_s: float


@dataclass(frozen=True, slots=True)
class GateMemory:
    """The gate's memory; start with ``GateMemory()``."""

    tracks: Mapping[str, Track] = field(default_factory=dict)
    pending: Mapping[str, Pending] = field(default_factory=dict)
    judged_at_s: float = -math.inf

    def forgotten(self) -> GateMemory:
        """Return the memory after a refusal: what was saved up is lost, what restricts stays."""
        tracks = {mv: replace(track, paid_until_s=None) for mv, track in self.tracks.items()}
        return replace(self, tracks=tracks)


def settle(memory: GateMemory, receipts: Sequence[WriteReceipt], now_s: float) -> GateMemory:
    """Return the memory after the driver's receipts; a pending setpoint without one counts as UNKNOWN.

    Raises ValueError for a receipt of something that was not approved: somebody writes past the gate.
    """
    answers = {receipt.mv: receipt for receipt in receipts}
    if len(answers) != len(receipts) or not answers.keys() <= memory.pending.keys():
        raise ValueError(f"receipts {sorted(answers)} do not answer what was approved: {sorted(memory.pending)}")
    tracks = dict(memory.tracks)
    for mv, pending in memory.pending.items():
        tracks[mv] = _settled(tracks.get(mv, Track()), pending, answers.get(mv), now_s)
    return replace(memory, tracks=tracks, pending={})


def _settled(track: Track, pending: Pending, receipt: WriteReceipt | None, now_s: float) -> Track:
    outcome = WriteOutcome.UNKNOWN if receipt is None else receipt.outcome
    seen = receipt.actual if receipt is not None and receipt.actual is not None else math.nan
    if outcome is WriteOutcome.CONFIRMED:
        written = Written(pending.judged_at_s, pending.value, pending.value)
        return Track((*track.writes, written), pending.paid_until_s, seen if math.isfinite(seen) else pending.value)
    if outcome in (WriteOutcome.NOT_SENT, WriteOutcome.REJECTED):
        return track
    # It may have landed, may land yet, or was landed on by somebody else: anywhere between all values in question.
    places = [pending.value, pending.before, *([seen] if math.isfinite(seen) else [])]
    written = Written(now_s, min(places), max(places))
    paid_until_s = pending.paid_until_s if outcome is WriteOutcome.UNKNOWN else None
    return Track((*track.writes, written), paid_until_s, None)
