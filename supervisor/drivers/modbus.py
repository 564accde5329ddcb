"""The Modbus TCP driver: few grouped reads, a move set as FC16 requests, one question at a time.

Modbus knows no accounts; so what reads and what writes are two TCP connections, the second one is there only while the
plant is held, and the first one's client refuses to send anything but reads.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from constraints.plant import Connection, Point
from safety.approval import Approval
from safety.signals import BeatFrame, Quality, Reading, WriteReceipt
from supervisor.drivers.allow_list import AllowedWire
from supervisor.drivers.allow_list import Place as Allowed
from supervisor.drivers.connection import ConnectionManager, S
from supervisor.drivers.driver import LinkState, Now, WritePoints, bad, not_sent
from supervisor.drivers.modbus_blocks import AddressError, Block, Place, blocks, place, runs, value_of
from supervisor.drivers.modbus_session import (
    TROUBLE,
    DeviceError,
    ModbusSession,
    ModbusWritingSession,
    describe,
    first_line,
)
from supervisor.drivers.moveset import Delivered, Delivery, MoveSetWriter, Word
from supervisor.drivers.patience import LinkLostError
from supervisor.drivers.values import NotANumberError, to_number
from supervisor.drivers.writing import NO_WRITER, Writing

ILLEGAL_ADDRESS: Final = 2


class ModbusDriver:
    """One Modbus TCP device: a connection that reads, and while the plant is held another one that writes."""

    def __init__(
        self,
        connection: Connection,
        *,
        now_s: Now,
        registers: Mapping[str, Point] | None = None,
        places: frozenset[Allowed] = frozenset(),
    ) -> None:
        self.name = connection.name
        self._timeout_s = connection.timeout_s
        self._now_s = now_s
        self._reading_lock = asyncio.Lock()
        self._writing_lock = asyncio.Lock()
        self._plan: tuple[tuple[Point, ...], list[Block]] = ((), [])
        writer = partial(ModbusWritingSession, connection, now_s)
        self._manager = _manager(connection, connection.name, partial(ModbusSession, connection), now_s)
        self.writing = Writing(partial(_manager, connection, f"{connection.name} (writing)", writer, now_s))
        self._writer = MoveSetWriter(AllowedWire(self, connection.name, places), registers or {}, now_s)

    async def start(self) -> None:
        """Begin to connect."""
        logging.getLogger("pymodbus.logging").addFilter(first_line)  # once, however many drivers there are
        self._manager.start()

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.gather(self.writing.close(), self._manager.close())

    def take(self) -> None:
        """Begin to open the connection that writes."""
        self.writing.take()

    async def release(self) -> None:
        """Close it."""
        await self.writing.release()

    @property
    def link(self) -> LinkState:
        """Whether the device is reached, and while the plant is held whether it can be written to."""
        return self.writing.seen_with(self._manager.link)

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Read all points, block by block; the first block without an answer ends it."""
        readings = bad(points, "comm", self._now_s())
        async with self._reading_lock:
            session = self._manager.session
            if session is not None:
                try:
                    for block in self._planned(points, readings):
                        await self._read(session, block, readings)
                except LinkLostError:
                    return readings
        return readings

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        """Send an approved move set once and read it back; nothing where it could not be read back."""
        if self._manager.session is None:
            return not_sent(approval, "comm")
        return await self._writer.write(approval, points)

    async def beat(self, frame: BeatFrame) -> bool:
        """Send HB, EPOCH, MODE_REQ; one request where they are neighbours."""
        return await self._writer.beat(frame)

    async def put(self, words: Sequence[Word], deadline_s: float) -> Delivered:
        """Send all words in as few FC16 requests as their addresses allow; stops at the first that fails."""
        try:
            placed = [(place(word.point), word.payload) for word in words]
        except AddressError:
            return Delivered(Delivery.UNSENT, "address")
        if any(where.table != "holding" for where, _ in placed):
            return Delivered(Delivery.UNSENT, "address")
        async with self._writing_lock:
            if (current := self.writing.current) is None:
                return Delivered(Delivery.UNSENT, NO_WRITER)
            manager, session = current
            refused: dict[str, str] = {}
            for number, (address, payload) in enumerate(runs(placed)):
                work = session.write(address, payload, deadline_s)
                try:
                    sent = await manager.call(session, work, self._timeout_s)
                except LinkLostError as lost:
                    return Delivered(Delivery.LOST, lost.why)
                if sent.delivery is Delivery.UNSENT and number:
                    return Delivered(Delivery.LOST, sent.why)  # an earlier request of the same set did leave
                if sent.delivery in (Delivery.UNSENT, Delivery.LOST):
                    return sent
                if sent.delivery is Delivery.REFUSED:
                    end = address + len(payload) // 2
                    refused |= {
                        word.point.address: sent.why
                        for word, (where, _) in zip(words, placed, strict=True)
                        if address <= where.address < end
                    }
        return Delivered(Delivery.REFUSED, "refused", refused) if refused else Delivered(Delivery.DONE)

    def _planned(self, points: Sequence[Point], readings: dict[str, Reading]) -> list[Block]:
        """Return the requests; a point whose address is none gets its bad reading here."""
        wanted = []
        for point in points:
            try:
                place(point)
            except AddressError:
                readings.update(bad([point], "address", self._now_s()))
            else:
                wanted.append(point)
        key = tuple(wanted)
        if self._plan[0] != key:
            self._plan = (key, blocks(key))
        return self._plan[1]

    async def _read(self, session: ModbusSession, block: Block, readings: dict[str, Reading]) -> None:
        several = len(block.points) > 1
        if several and (block.table, block.address) in session.apart:
            for single in _singles(block):
                await self._read(session, single, readings)
            return
        try:
            registers = await self._manager.call(session, session.read(block), self._timeout_s)
        except DeviceError as error:
            if error.code == ILLEGAL_ADDRESS and several:
                # One address that is not there, or a gap that may not be read, must not take the neighbours along.
                session.apart.add((block.table, block.address))
                await self._read(session, block, readings)
            else:
                readings.update(bad([point for _, point in block.points], str(error), self._now_s()))
            return
        now_s = self._now_s()
        for where, point in block.points:
            start = where.address - block.address
            readings[point.tag] = _reading(registers[start : start + where.count], where, point, now_s)


def _manager(connection: Connection, name: str, new: Callable[[], S], now_s: Now) -> ConnectionManager[S]:
    return ConnectionManager(
        name,
        new,
        trouble=TROUBLE,
        open_timeout_s=2.0 * connection.timeout_s,
        reconnect_s_max=connection.reconnect_s_max,
        now_s=now_s,
        describe=describe,
    )


def _singles(block: Block) -> list[Block]:
    """Return one request per point. Points at the same address share theirs."""
    return [single for each in block.points for single in blocks([each[1]])]


def _reading(registers: list[int], where: Place, point: Point, now_s: float) -> Reading:
    try:
        bit = where.table in ("coil", "discrete")
        value = to_number(bool(registers[0]), point) if bit else value_of(registers, where, point)
    except NotANumberError as error:
        return Reading(math.nan, Quality.BAD, None, now_s, error.why)
    return Reading(value, Quality.GOOD, None, now_s)
