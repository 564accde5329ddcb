"""The Modbus TCP driver: few grouped reads, a move set as FC16 requests, one question at a time.

pymodbus would repeat a write that was not answered, and connect by itself inside a write; with ``retries=0``, without
its reconnection and with our own look at the link just before each request it does neither. It tells requests apart by
transaction number, but after any time-out the connection is thrown away all the same.
"""

from __future__ import annotations

import asyncio
import logging
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from constraints.plant import Connection, Point
from safety.approval import Approval
from safety.signals import BeatFrame, Quality, Reading, WriteReceipt
from supervisor.drivers.connection import ConnectionManager
from supervisor.drivers.driver import LinkState, Now, WritePoints, bad
from supervisor.drivers.modbus_blocks import AddressError, Block, Place, blocks, place, runs, value_of
from supervisor.drivers.moveset import Delivered, Delivery, MoveSetWriter, Word
from supervisor.drivers.patience import LinkLostError
from supervisor.drivers.values import NotANumberError, to_number

TROUBLE: Final[tuple[type[Exception], ...]] = (
    ModbusException,  # ConnectionException, ModbusIOException (no answer, wrong device or transaction)
    OSError,  # ConnectionError, TimeoutError, gaierror
    ValueError,  # from here on: what pymodbus' decoder raises on bytes that are not Modbus
    IndexError,
    KeyError,
    struct.error,
)
"""What pymodbus 3.16 raises when device or network are at fault, by its sources. Caught around its calls only."""
ILLEGAL_ADDRESS: Final = 2
_SETTLED: Final = frozenset({1, 2, 3, 7, 8})
"""Exceptions by which a device says that it wrote nothing (illegal function, address, value; refused). Others, such as
4 (failed while doing it), 5 and 6 (at it, busy) or a gateway's 10 and 11, leave that open."""


class DeviceError(Exception):
    """The device answered with an exception: data, not a lost link."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception_{code}")
        self.code = code


def first_line(record: logging.LogRecord) -> bool:
    """Cut pymodbus' messages to their first line: after it comes a dump of its last packets, kilobytes of it."""
    record.msg = str(record.msg).partition("\n")[0]
    return True


def _nobody() -> None:
    """Nobody listens yet."""


class ModbusSession:
    """One TCP connection. ``open`` once, then one request at a time."""

    def __init__(self, connection: Connection, now_s: Now) -> None:
        self._unit = connection.unit_id
        self._now_s = now_s
        self.apart: set[tuple[str, int]] = set()
        """Table and address of blocks that the device will not read in one piece."""
        self.over = ""
        self.on_over: Callable[[], None] = _nobody
        # pymodbus' time-out is the longer one, so that ours, outside, always comes first.
        self._client = AsyncModbusTcpClient(
            connection.host,
            port=connection.port,
            name=connection.name,
            timeout=2.0 * connection.timeout_s,
            retries=0,
            reconnect_delay=0.0,
            trace_connect=self._connects,
        )

    async def open(self) -> None:
        """Connect, and get any answer at all to one question: an exception will do. Raises one of TROUBLE."""
        if not await self._client.connect():
            raise ConnectionError("no connection")
        await self._client.read_holding_registers(0, count=1, device_id=self._unit)

    async def read(self, block: Block) -> list[int]:
        """Return the registers (or bits, as 0 and 1) of ``block``. Raises DeviceError or one of TROUBLE."""
        client, count = self._client, block.count
        match block.table:
            case "holding":
                answer = await client.read_holding_registers(block.address, count=count, device_id=self._unit)
            case "input":
                answer = await client.read_input_registers(block.address, count=count, device_id=self._unit)
            case "coil":
                answer = await client.read_coils(block.address, count=count, device_id=self._unit)
            case "discrete":
                answer = await client.read_discrete_inputs(block.address, count=count, device_id=self._unit)
        _check(answer)
        found = [int(bit) for bit in answer.bits[:count]] if answer.bits else list(answer.registers)
        if len(found) != count:
            raise ValueError(f"{len(found)} registers instead of {count}")
        return found

    async def write(self, address: int, payload: bytes, deadline_s: float) -> Delivered:
        """Send one FC16 request, once, not after ``deadline_s``. Raises one of TROUBLE when it may have left."""
        registers = [int.from_bytes(payload[i : i + 2], "big") for i in range(0, len(payload), 2)]
        # Nothing waits between these looks and the socket: pymodbus sends before its first suspension, and its lock is
        # free because we ask one question at a time.
        if not self._client.connected:
            return Delivered(Delivery.UNSENT, "comm")
        if not self._now_s() <= deadline_s:
            return Delivered(Delivery.UNSENT, "deadline")
        answer = await self._client.write_registers(address, registers, device_id=self._unit)
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            return Delivered(Delivery.REFUSED if code in _SETTLED else Delivery.LOST, f"exception_{code}")
        if answer.isError() or answer.address != address or answer.count != len(registers):
            return Delivered(Delivery.LOST, "wire")
        return Delivered(Delivery.DONE)

    def _connects(self, connected: bool) -> None:  # noqa: FBT001 - pymodbus calls it so
        if not connected:
            self.over = "reset"
            self.on_over()

    async def close(self) -> None:
        """Close the socket."""
        self._client.close()

    def abort(self) -> None:
        """Drop the socket with all that waits in it: a setpoint in a buffer must not leave later."""
        transport = self._client.ctx.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        self._client.close()


class ModbusDriver:
    """One Modbus TCP device."""

    def __init__(self, connection: Connection, *, now_s: Now, registers: Mapping[str, Point] | None = None) -> None:
        self.name = connection.name
        self._timeout_s = connection.timeout_s
        self._now_s = now_s
        self._lock = asyncio.Lock()
        self._plan: tuple[tuple[Point, ...], list[Block]] = ((), [])
        self._manager = ConnectionManager(
            connection.name,
            lambda: ModbusSession(connection, now_s),
            trouble=TROUBLE,
            open_timeout_s=2.0 * connection.timeout_s,
            reconnect_s_max=connection.reconnect_s_max,
            now_s=now_s,
            describe=_describe,
        )
        self._writer = MoveSetWriter(self, registers or {}, now_s)

    async def start(self) -> None:
        """Begin to connect."""
        logging.getLogger("pymodbus.logging").addFilter(first_line)  # once, however many drivers there are
        self._manager.start()

    async def close(self) -> None:
        """Disconnect."""
        await self._manager.close()

    @property
    def link(self) -> LinkState:
        """Whether the device is reached."""
        return self._manager.link

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Read all points, block by block; the first block without an answer ends it."""
        readings = bad(points, "comm", self._now_s())
        async with self._lock:
            session = self._manager.session
            if session is not None:
                try:
                    for block in self._planned(points, readings):
                        await self._read(session, block, readings)
                except LinkLostError:
                    return readings
        return readings

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        """Send an approved move set once and read it back."""
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
        async with self._lock:
            session = self._manager.session
            if session is None:
                return Delivered(Delivery.UNSENT, "comm")
            refused: dict[str, str] = {}
            for number, (address, payload) in enumerate(runs(placed)):
                work = session.write(address, payload, deadline_s)
                try:
                    sent = await self._manager.call(session, work, self._timeout_s)
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


def _check(answer: ModbusPDU) -> None:
    if isinstance(answer, ExceptionResponse):
        raise DeviceError(answer.exception_code)
    if answer.isError():
        raise ValueError("not an answer")


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    return f"{type(error).__name__}: {error}"[:160]
