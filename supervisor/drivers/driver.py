"""What every driver promises, and the words it uses: link state, write points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from constraints.plant import Point
from safety.approval import Approval
from safety.signals import BeatFrame, Quality, Reading, WriteOutcome, WriteReceipt

Now = Callable[[], float]
"""Seconds on the plant-side monotonic clock, the one that approvals' deadlines and readings' ages are told on."""
CONFIRM_TIMEOUT_S = 2.0
"""Default longest wait for the read-back of a write, real seconds: some PLC scans and a gateway's poll."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether a driver reaches its device, and since when."""

    connected: bool
    since_s: float
    """Plant-side monotonic seconds of the last change of ``connected``."""
    why: str = ""
    """Reason where not connected: ``starting``, ``timeout``, the library's error name, ..."""
    attempts: int = 0
    """Attempts to connect since the link was last up; while it is up, how many it took."""
    writer_losses: int = 0
    """How often the client that may write was lost while it was held, since the driver was made."""

    def __str__(self) -> str:
        return "connected" if self.connected else self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePoints:
    """Where a move set goes and where its effect is read back, all on one connection."""

    handshake: Literal["full", "heartbeat", "none"]
    targets: Mapping[str, Point]
    """By MV: where its setpoint is written."""
    actuals: Mapping[str, Point]
    """By MV: where the loop's actual setpoint is read back."""
    mv_order: tuple[str, ...] = ()
    """Index of an MV here is its bit in the mask."""
    registers: Mapping[str, Point] = field(default_factory=dict)
    """Handshake registers by the names of ``Plant.handshake_points``."""
    deadbands: Mapping[str, float] = field(default_factory=dict)
    """By MV, in its unit: read-back this close to what was written confirms it."""
    confirm_timeout_s: float = CONFIRM_TIMEOUT_S
    """Longest wait for the read-back, real seconds."""


class Driver(Protocol):
    """One connection to one device or server: a client that reads, always, and between ``take`` and ``release`` one
    that may write. Without it every write is NOT_SENT and every beat false (invariant I-17).
    """

    name: str
    """Name of the connection in the plant file."""

    async def start(self) -> None:
        """Begin to connect, in the background. Does not raise for an unreachable device."""

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Return one reading per point, by tag. Does not raise for plant trouble: what was not read is bad."""

    def take(self) -> None:
        """Begin to open the client that may write, in the background; nothing where there is one, or never will be."""

    async def release(self) -> None:
        """Give it up at once: from now on nothing can be written. Waits a little for its good-bye, never long."""

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        """Send an approved move set once and read it back; one receipt per move, in the approval's order."""

    async def beat(self, frame: BeatFrame) -> bool:
        """Send the heartbeat words in one request; true when the server acknowledged them."""

    async def close(self) -> None:
        """Disconnect and stop. The driver is not used again."""

    @property
    def link(self) -> LinkState:
        """Whether the device is reached."""


def bad(points: Sequence[Point], why: str, received_at_s: float) -> dict[str, Reading]:
    """Return a bad reading for every point."""
    return {point.tag: Reading(math.nan, Quality.BAD, None, received_at_s, why) for point in points}


def not_sent(approval: Approval, why: str) -> tuple[WriteReceipt, ...]:
    """Return a receipt for every move that says that nothing has left."""
    return tuple(WriteReceipt(move.mv, WriteOutcome.NOT_SENT, move.value, None, why) for move in approval.moves)
