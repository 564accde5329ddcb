"""Modbus addresses and how points are gathered into few requests. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal, get_args

from constraints.plant import Point
from safety.encoding import EncodingError, Kind, decode
from supervisor.drivers.values import NotANumberError, to_number

Table = Literal["holding", "input", "coil", "discrete"]
REGISTERS_MAX: Final = 125
"""Most registers in one read (Modbus Application Protocol V1.1b3, 6.3)."""
BITS_MAX: Final = 2000
ADDRESSES: Final = 65_536
WRITE_REGISTERS_MAX: Final = 123
"""Most registers in one write (6.12)."""
GAP_MAX: Final = 8
"""A gap up to so many unused registers is read along: cheaper than one more request."""
_REGISTERS: Final[dict[Kind, int]] = {
    "bool": 1,
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "float64": 4,
}


class AddressError(ValueError):
    """Not ``<holding|input|coil|discrete>/<0 … 65535>``."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point lies: protocol addresses from 0, as on the wire (not 40001)."""

    table: Table
    address: int
    count: int

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.count


@dataclass(frozen=True, slots=True)
class Block:
    """One read request and the points that it serves."""

    table: Table
    address: int
    count: int
    points: tuple[tuple[Place, Point], ...]


def place(point: Point) -> Place:
    """Return where ``point`` lies. Raises AddressError."""
    table, slash, number = point.address.partition("/")
    if table not in get_args(Table) or not slash or not number.isascii() or not number.isdecimal():
        raise AddressError(point.address)
    bits = table in ("coil", "discrete")
    found = Place(table, int(number), 1 if bits else _REGISTERS[point.encoding.kind])  # type: ignore[arg-type]
    if found.end > ADDRESSES:
        raise AddressError(point.address)
    return found


def blocks(points: Iterable[Point], gap_max: int = GAP_MAX) -> list[Block]:
    """Return few requests that read all ``points``. Raises AddressError."""
    placed = sorted(((place(point), point) for point in points), key=lambda each: (each[0].table, each[0].address))
    found: list[Block] = []
    for table, group in groupby(placed, key=lambda each: each[0].table):
        most = BITS_MAX if table in ("coil", "discrete") else REGISTERS_MAX
        gathered: list[tuple[Place, Point]] = []
        end = 0
        for each in group:
            if gathered and (each[0].address > end + gap_max or each[0].end > gathered[0][0].address + most):
                found.append(_block(gathered, end))
                gathered = []
            end = max(end, each[0].end) if gathered else each[0].end
            gathered.append(each)
        found.append(_block(gathered, end))
    return found


def runs(words: Sequence[tuple[Place, bytes]]) -> list[tuple[int, bytes]]:
    """Return address and bytes of each write request: neighbours together, never a register that is not ours."""
    found: list[tuple[int, bytes]] = []
    for where, payload in sorted(words, key=lambda each: each[0].address):
        padded = payload if len(payload) % 2 == 0 else b"\x00" + payload
        if found:
            address, sent = found[-1]
            if address + len(sent) // 2 == where.address and len(sent) + len(padded) <= 2 * WRITE_REGISTERS_MAX:
                found[-1] = (address, sent + padded)
                continue
        found.append((where.address, padded))
    return found


def value_of(registers: Sequence[int], where: Place, point: Point) -> float:
    """Return the value of ``point`` from its own registers. Raises NotANumberError."""
    payload = b"".join(register.to_bytes(2, "big") for register in registers)
    if point.encoding.kind == "bool":
        return to_number(any(payload), point)
    try:
        value = decode(payload, point.encoding)
    except EncodingError:
        raise NotANumberError("nan" if where.count == len(registers) else "wire") from None
    return to_number(value, point) if point.equals is not None else value


def _block(gathered: list[tuple[Place, Point]], end: int) -> Block:
    first = gathered[0][0]
    return Block(first.table, first.address, end - first.address, tuple(gathered))
