"""A driver that answers when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from safety.signals import Quality, Reading
from supervisor.drivers.driver import LinkState


class Stuck:
    """A driver that answers when told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.free = asyncio.Event()
        self.asked = 0
        self.ended: list[str] = []
        self.started = self.closed = self.taken = self.released = self.losses = 0
        self.error: Exception | None = None
        self.answer: dict[str, Reading] | None = None

    @property
    def link(self) -> LinkState:
        return LinkState(connected=True, since_s=0.0, writer_losses=self.losses)

    async def start(self) -> None:
        self.started += 1

    async def close(self) -> None:
        self.closed += 1
        self.free.set()

    async def read(self, points) -> Mapping[str, Reading]:
        self.asked += 1
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("answered")
        if self.error is not None:
            raise self.error
        return self.answer or {point.tag: Reading(1.0, Quality.GOOD, None, 0.0) for point in points}

    def take(self) -> None:
        self.taken += 1

    async def release(self) -> None:
        self.released += 1

    async def write(self, approval, points):
        await self.read([])
        return ()

    async def beat(self, frame) -> bool:
        await self.read([])
        return True
