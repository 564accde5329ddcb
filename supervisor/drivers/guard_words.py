"""The words between the cycle and the guard: what is to leave, what is known at that moment, what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from safety.approval import Approval
from safety.signals import Mode, Snapshot

GUARD: Final = "guard: "
"""How the receipt of a set begins that was not let through; the broken rules follow."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A move set as it would go out: only what leaves, not what somebody says that it means."""

    controller: str
    cycle: int
    epoch: int
    sequence: int
    mask: int
    crc: int
    moves: tuple[tuple[str, bytes], ...]
    """MV and bytes, in the order of the mask's bits."""
    limits_hash: str
    config_hash: str
    deadline_s: float

    @property
    def key(self) -> tuple[int, int, int]:
        """What makes it the one and only."""
        return self.cycle, self.epoch, self.sequence


def sending_of(approval: Approval) -> Sending:
    """Return what ``approval`` lets out."""
    return Sending(
        controller=approval.controller,
        cycle=approval.cycle,
        epoch=approval.epoch,
        sequence=approval.sequence,
        mask=approval.mask,
        crc=approval.crc,
        moves=tuple((move.mv, move.payload) for move in approval.moves),
        limits_hash=approval.limits_hash,
        config_hash=approval.config_hash,
        deadline_s=approval.deadline_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when a set is to leave. Whatever is left out counts against it."""

    snapshot: Snapshot
    """The fresh, validated one."""
    judged_at_s: float = math.nan
    """When the gate judged, monotonic: after the snapshot, before now. The rates are counted from these times on both
    sides, so that what storing the intent took in between does not set them against each other.
    """
    mode: Mode = Mode.TRIPPED
    """The actual mode."""
    refused: bool = True
    """Whether the gate refused anything this cycle before it approved: every account is closed then."""
    action: str = "off"
    """The worst that the interlocks ask for: ``none``, ``ramp``, ``hold``, ``shed``, ``off``."""
    blocked_up: frozenset[str] = frozenset()
    blocked_down: frozenset[str] = frozenset()
    evaluated: frozenset[str] = frozenset()
    """Names of the interlocks that were evaluated."""
    interlocks_cycle: int | None = None
    """The cycle in which they were."""
    watchdog: str = "shed"
    """``none``, ``hold`` or ``shed``."""
    permit: bool = False
    """Whether the PLC handshake permits writing."""
    epoch: int | None = None
    sequence: int | None = None
    """What the next set has to bear."""
    unresolved: frozenset[str] = frozenset()
    """MVs with a write of unknown outcome."""
    link_cycle: int | None = None
    """The cycle in which the PLC's answers were read."""
    by_hand: frozenset[str] = frozenset()
    """MVs that operators took out of control: none of our writes, and whoever sets them may."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One broken rule."""

    code: str
    subject: str
    """The MV, tag, interlock or number that it is about; empty for the set as a whole."""
    detail: Mapping[str, float] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.code} {self.subject}" if self.subject else self.code
