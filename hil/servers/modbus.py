"""Modbus TCP devices made from a table of points: meters with the word orders found in the field, and the PLC's face.

Registers are kept here and copied out at each request through pymodbus' action hook, which runs before the library
looks at its own memory; a write is handed to the owner with all of its registers at once, as one PDU is one write.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

Table = Literal["holding", "input"]
Kind = Literal["float32", "float64", "int16", "uint16", "int32", "uint32"]
WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
HOLDING_CODES = frozenset({3, 6, 16, 22, 23})
WRITE_CODES = frozenset({6, 16, 22, 23})
_FORMAT: dict[Kind, str] = {
    "float32": ">f", "float64": ">d", "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModbusPoint:
    """One number in a device: where it lies, and how."""

    name: str
    table: Table
    address: int
    """Zero-based, as on the wire."""
    kind: Kind
    order: WordOrder = "ABCD"
    """Bytes of a 32 bit number, A the highest; of 64 bits the same with words and bytes in that sense."""
    scale: float = 1.0
    offset: float = 0.0
    """Engineering value = raw * scale + offset."""

    def __post_init__(self) -> None:
        """Raise ValueError where address or scale cannot be."""
        if not 0 <= self.address <= 65_536 - self.words or self.scale == 0.0:
            raise ValueError(f"{self.name}: address outside 0 to 65535, or scale 0")

    @property
    def words(self) -> int:
        """Number of 16 bit registers."""
        return struct.calcsize(_FORMAT[self.kind]) // 2


def to_words(point: ModbusPoint, value: float) -> tuple[int, ...]:
    """Return the registers that hold ``value``; an integer point cuts what is too large for it, and shows NaN as its
    lowest number, as meters do.
    """
    raw = (value - point.offset) / point.scale
    if point.kind in ("float32", "float64"):
        payload = struct.pack(_FORMAT[point.kind], raw)
    else:
        bits, signed = 16 * point.words, point.kind.startswith("int")
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        held = min(max(raw, low), high) if math.isfinite(raw) else low
        payload = struct.pack(_FORMAT[point.kind], round(held))
    return struct.unpack(f">{point.words}H", _ordered(payload, point.order))


def from_words(point: ModbusPoint, words: tuple[int, ...]) -> float:
    """Return the engineering value that the registers hold."""
    payload = _ordered(struct.pack(f">{point.words}H", *words), point.order)
    (raw,) = struct.unpack(_FORMAT[point.kind], payload)
    return float(raw) * point.scale + point.offset


def _ordered(payload: bytes, order: WordOrder) -> bytes:
    """Change between big endian and ``order``; each order is its own inverse. A single word only has its bytes."""
    if order in ("BADC", "DCBA"):
        payload = b"".join(payload[i + 1 : i + 2] + payload[i : i + 1] for i in range(0, len(payload), 2))
    if order in ("CDAB", "DCBA"):
        payload = b"".join(payload[i : i + 2] for i in range(len(payload) - 2, -1, -2))
    return payload


class ModbusDevice:
    """One device on one TCP port of 127.0.0.1.

    ``on_write(values)`` gets the complete points that one PDU wrote, by name; a PDU that touches a point which is not
    writable, or only half of one, is answered with exception 2 (illegal address) and changes nothing.
    """

    def __init__(
        self,
        points: Iterable[ModbusPoint],
        unit_id: int = 1,
        port: int = 0,
        writable: frozenset[str] = frozenset(),
        on_write: Callable[[Mapping[str, float]], None] | None = None,
    ) -> None:
        """Prepare; nothing listens yet. ``port`` 0 = a free one. ValueError for points that overlap."""
        self._points: dict[str, ModbusPoint] = {}
        self._unit_id = unit_id
        self._port = port
        self._writable = writable
        self._on_write = on_write
        self._words: dict[Table, dict[int, int]] = {"holding": {}, "input": {}}
        self._owner: dict[int, str] = {}
        self._server: ModbusTcpServer | None = None
        for point in points:
            if point.name in self._points:
                raise ValueError(f"{point.name} overlaps itself: it is there twice")
            self._points[point.name] = point
            for address in range(point.address, point.address + point.words):
                if address in self._words[point.table]:
                    raise ValueError(f"{point.name} overlaps another point at {point.table}/{address}")
                self._words[point.table][address] = 0
                if point.table == "holding":
                    self._owner[address] = point.name

    @property
    def port(self) -> int:
        """The port it listens on (after start)."""
        return self._port

    async def start(self) -> None:
        """Listen. OSError or RuntimeError when the port is taken."""
        simdata = ([_dummy_bits()], [_dummy_bits()], self._block("holding"), self._block("input"))
        device = SimDevice(id=self._unit_id, simdata=simdata, action=self._on_request)
        server = ModbusTcpServer(device, address=("127.0.0.1", self._port))
        await server.serve_forever(background=True)
        if not isinstance(server.transport, asyncio.Server):
            raise RuntimeError("pymodbus started without a listener")  # noqa: TRY004 - not the caller's type
        self._port = int(server.transport.sockets[0].getsockname()[1])
        self._server = server

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.shutdown()  # type: ignore[no-untyped-call]

    def publish(self, values: Mapping[str, float]) -> None:
        """Set points by name. KeyError for a name not in the table."""
        for name, value in values.items():
            point = self._points[name]
            words = self._words[point.table]
            for offset, word in enumerate(to_words(point, value)):
                words[point.address + offset] = word

    def words(self, name: str) -> tuple[int, ...]:
        """Return the registers of a point as a client would read them now."""
        point = self._points[name]
        words = self._words[point.table]
        return tuple(words[point.address + offset] for offset in range(point.words))

    def shown(self, name: str) -> float:
        """Return the value that a client who knows the point's true word order would read now."""
        return from_words(self._points[name], self.words(name))

    def rewire(self, name: str, order: WordOrder) -> None:
        """From the next ``publish`` on, lay the point out in another word order (fault F03)."""
        self._points[name] = replace(self._points[name], order=order)

    def order(self, name: str) -> WordOrder:
        """Return the word order that a point has now."""
        return self._points[name].order

    def _block(self, table: Table) -> list[SimData]:
        """Return pymodbus' picture of the addresses; it answers exception 2 outside them by itself."""
        addresses = sorted(self._words[table])
        if not addresses:
            return [SimData(65_535, values=0, datatype=DataType.REGISTERS)]
        return [SimData(address, values=0, datatype=DataType.REGISTERS) for address in addresses]

    async def _on_request(
        self,
        code: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        new: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Bring pymodbus' memory up to date before it answers; take a write, or refuse it."""
        if code not in HOLDING_CODES and code != 4:
            return None
        words = self._words["holding" if code in HOLDING_CODES else "input"]
        if new is not None and code in WRITE_CODES:
            return self._take(address, [int(word) for word in new])
        for offset in range(address, address + count):
            if offset in words:
                registers[offset - start] = words[offset]
        return None

    def _take(self, address: int, new: list[int]) -> ExcCodes | None:
        """Store a client's write when every point in it is whole and writable."""
        written = range(address, address + len(new))
        names = {self._owner[offset] for offset in written if offset in self._owner}
        points = [self._points[name] for name in names]
        whole = all(p.address in written and p.address + p.words - 1 in written for p in points)
        if not names <= self._writable or not whole or any(offset not in self._owner for offset in written):
            return ExcCodes.ILLEGAL_ADDRESS
        words = self._words["holding"]
        words.update(zip(written, new, strict=True))
        if self._on_write is not None:
            self._on_write({name: self.shown(name) for name in names})
        return None


def _dummy_bits() -> SimData:
    """Return the coil that pymodbus wants to see where a device has none."""
    return SimData(0, values=[False] * 16, datatype=DataType.BITS)
