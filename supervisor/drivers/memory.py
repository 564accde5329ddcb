"""A device in memory: the same promises as the network drivers, for tests and simulation.

A test or simulation sets what stands at each address; the PLC, where there is one, is a callable that runs after every
write request, as a PLC scans after it was written to.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from constraints.plant import Point
from safety.approval import Approval
from safety.encoding import decode
from safety.signals import BeatFrame, Quality, Reading, WriteReceipt
from supervisor.drivers.allow_list import AllowedWire, Place
from supervisor.drivers.driver import LinkState, Now, WritePoints, bad
from supervisor.drivers.moveset import Delivered, Delivery, MoveSetWriter, Word
from supervisor.drivers.values import NotANumberError, to_number
from supervisor.drivers.writing import NO_WRITER


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands at one address."""

    value: float | str | bool | None = None
    quality: Quality = Quality.GOOD
    why: str = ""
    source_utc_s: float | None = None


Plc = Callable[["MemoryDriver"], None]
"""Looks at ``cells`` and changes them."""


class MemoryDriver:
    """A dictionary that answers like a device."""

    def __init__(
        self,
        name: str,
        *,
        now_s: Now,
        registers: Mapping[str, Point] | None = None,
        places: frozenset[Place] = frozenset(),
        plc: Plc | None = None,
    ) -> None:
        self.name = name
        self.cells: dict[str, Cell] = {}
        self.plc = plc
        self.cable: Literal["in", "out", "no_answers"] = "in"
        """``out``: nothing gets through. ``no_answers``: writes land, answers do not come back."""
        self.read_only: set[str] = set()
        """Addresses that refuse writes."""
        self._now_s = now_s
        self._writer = MoveSetWriter(AllowedWire(self, name, places), registers or {}, now_s)
        self._started_s: float | None = None
        self._taken = False

    def set(
        self,
        address: str,
        value: float | str | bool | None,  # noqa: FBT001 - it is the value, not a switch
        quality: Quality = Quality.GOOD,
        *,
        why: str = "",
        source_utc_s: float | None = None,
    ) -> None:
        """Put ``value`` at ``address``."""
        self.cells[address] = Cell(value, quality, why, source_utc_s)

    def value(self, address: str, default: float = 0.0) -> float:
        """Return the number at ``address``."""
        raw = self.cells.get(address, Cell()).value
        return float(raw) if isinstance(raw, (bool, int, float)) else default

    async def start(self) -> None:
        """Plug in."""
        self._started_s = self._now_s()

    async def close(self) -> None:
        """Unplug."""
        self._started_s = None
        self._taken = False

    def take(self) -> None:
        """Let writes in."""
        self._taken = True

    async def release(self) -> None:
        """Let no more in."""
        self._taken = False

    @property
    def link(self) -> LinkState:
        """Whether the cable is in."""
        if self._started_s is None:
            return LinkState(connected=False, since_s=self._now_s(), why="closed")
        up = self.cable == "in"
        return LinkState(connected=up, since_s=self._started_s, why="" if up else "unplugged")

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Return what stands at each point's address."""
        await asyncio.sleep(0)
        if self._started_s is None or self.cable != "in":
            return bad(points, "comm", self._now_s())
        return {point.tag: self._reading(point) for point in points}

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        """Write, run the PLC, read back."""
        return await self._writer.write(approval, points)

    async def beat(self, frame: BeatFrame) -> bool:
        """Write the heartbeat words."""
        return await self._writer.beat(frame)

    async def put(self, words: Sequence[Word], deadline_s: float) -> Delivered:
        """Store all words, then let the PLC scan once."""
        await asyncio.sleep(0)
        if not self._taken:
            return Delivered(Delivery.UNSENT, NO_WRITER)
        if self._started_s is None or self.cable == "out":
            return Delivered(Delivery.UNSENT, "comm")
        if self._now_s() > deadline_s:
            return Delivered(Delivery.UNSENT, "deadline")
        refused = {}
        for word in words:
            if word.point.address in self.read_only:
                refused[word.point.address] = "BadNotWritable"
            else:
                self.cells[word.point.address] = Cell(decode(word.payload, word.point.encoding))
        if self.plc is not None:
            self.plc(self)
        if self.cable == "no_answers":
            return Delivered(Delivery.LOST, "timeout")
        return Delivered(Delivery.REFUSED, "refused", refused) if refused else Delivered(Delivery.DONE)

    def _reading(self, point: Point) -> Reading:
        cell = self.cells.get(point.address)
        now_s = self._now_s()
        if cell is None:
            return Reading(math.nan, Quality.BAD, None, now_s, "no_value")
        if cell.quality is Quality.BAD:
            return Reading(math.nan, Quality.BAD, cell.source_utc_s, now_s, cell.why or "bad_status")
        try:
            value = to_number(cell.value, point)
        except NotANumberError as error:
            return Reading(math.nan, Quality.BAD, cell.source_utc_s, now_s, error.why)
        return Reading(value, cell.quality, cell.source_utc_s, now_s, cell.why)
