"""Does the PLC do what we write? One that ignores us ends closed loop; a setpoint that it holds back closes that way.

Pure (reference: faults F34, F35). What one write came to is the driver's receipt; this is about several in a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safety.signals import WriteOutcome, WriteReceipt

UNHEEDED_MAX = 3
"""Move sets in a row of which nothing arrived that end closed loop."""
HELD_CYCLES = 20
"""How long a way stays closed after the PLC held a setpoint back; then it is tried again."""


@dataclass(frozen=True, slots=True)
class Heed:
    """What became of our last writes."""

    unheeded: int = 0
    """Move sets in a row that were sent and of which nothing is known to have arrived."""
    high: Mapping[str, int] = field(default_factory=dict)
    """By MV: last cycle in which it is not to go up, for the PLC held it lower than we asked."""
    low: Mapping[str, int] = field(default_factory=dict)
    """By MV: the same downward."""

    @property
    def ignored(self) -> bool:
        """Whether the PLC does not carry out what we write."""
        return self.unheeded >= UNHEEDED_MAX

    def closed_up(self, cycle: int) -> frozenset[str]:
        """Return the MVs that the PLC keeps from going up."""
        return frozenset(mv for mv, until in self.high.items() if cycle <= until)

    def closed_down(self, cycle: int) -> frozenset[str]:
        """Return the MVs that the PLC keeps from going down."""
        return frozenset(mv for mv, until in self.low.items() if cycle <= until)


def heeded(heed: Heed, receipts: Sequence[WriteReceipt], cycle: int) -> Heed:
    """Return what is known after the receipts of one move set; one that never left says nothing."""
    outcomes = {receipt.outcome for receipt in receipts}
    if outcomes <= {WriteOutcome.NOT_SENT}:
        return heed
    arrived = bool(outcomes & {WriteOutcome.CONFIRMED, WriteOutcome.OVERRIDDEN})
    until = cycle + HELD_CYCLES
    high = {mv: until for mv, gap in _gaps(receipts) if gap < 0.0}
    low = {mv: until for mv, gap in _gaps(receipts) if gap > 0.0}
    return Heed(0 if arrived else heed.unheeded + 1, {**heed.high, **high}, {**heed.low, **low})


def _gaps(receipts: Sequence[WriteReceipt]) -> list[tuple[str, float]]:
    """Return by how much the PLC's value lies above ours, where it took another."""
    overridden = [receipt for receipt in receipts if receipt.outcome is WriteOutcome.OVERRIDDEN]
    return [(receipt.mv, receipt.actual - receipt.value) for receipt in overridden if receipt.actual is not None]
