"""One pymodbus client for one connection epoch: one that reads, and one that may write.

pymodbus would repeat a write that was not answered, and connect by itself inside a write; with ``retries=0``, without
its reconnection and with our own look at the link just before each request it does neither. It tells requests apart by
transaction number, but after any time-out the connection is thrown away all the same.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from constraints.plant import Connection
from supervisor.drivers.driver import Now
from supervisor.drivers.modbus_blocks import Block
from supervisor.drivers.moveset import Delivered, Delivery

TROUBLE: Final[tuple[type[Exception], ...]] = (
    ModbusException,  # ConnectionException, ModbusIOException (no answer, wrong device or transaction)
    OSError,  # ConnectionError, TimeoutError, gaierror
    ValueError,  # from here on: what pymodbus' decoder raises on bytes that are not Modbus
    IndexError,
    KeyError,
    struct.error,
)
"""What pymodbus 3.16 raises when device or network are at fault, by its sources. Caught around its calls only."""
READS: Final = frozenset({1, 2, 3, 4})
"""Function codes that change nothing in a device (Modbus Application Protocol V1.1b3, 6.1 to 6.4)."""
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


class ReadingClient(AsyncModbusTcpClient):
    """pymodbus' client without the half of it that could write."""

    def execute(self, no_response_expected: bool, request: ModbusPDU) -> Awaitable[ModbusPDU]:  # noqa: FBT001 - theirs
        """Send a read. Raises RuntimeError for anything else, which is a bug."""
        if request.function_code not in READS:
            raise RuntimeError(f"function {request.function_code} on a connection that only reads")
        sending: Awaitable[ModbusPDU] = super().execute(no_response_expected, request)
        return sending


class ModbusSession:
    """One TCP connection that reads. ``open`` once, then one request at a time."""

    CLIENT: ClassVar[type[AsyncModbusTcpClient]] = ReadingClient

    def __init__(self, connection: Connection) -> None:
        self._unit = connection.unit_id
        self.apart: set[tuple[str, int]] = set()
        """Table and address of blocks that the device will not read in one piece."""
        self.over = ""
        self.on_over: Callable[[], None] = _nobody
        # pymodbus' time-out is the longer one, so that ours, outside, always comes first.
        self._client = self.CLIENT(
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


class ModbusWritingSession(ModbusSession):
    """One TCP connection that writes. ``open`` once, then one request at a time."""

    CLIENT: ClassVar[type[AsyncModbusTcpClient]] = AsyncModbusTcpClient

    def __init__(self, connection: Connection, now_s: Now) -> None:
        super().__init__(connection)
        self._now_s = now_s

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


def _check(answer: ModbusPDU) -> None:
    if isinstance(answer, ExceptionResponse):
        raise DeviceError(answer.exception_code)
    if answer.isError():
        raise ValueError("not an answer")


def describe(error: Exception) -> str:
    """Return a short reason for the link state."""
    if isinstance(error, TimeoutError):
        return "timeout"
    return f"{type(error).__name__}: {error}"[:160]
