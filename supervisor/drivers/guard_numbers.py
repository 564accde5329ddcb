"""The guard's own arithmetic: what bytes say, which numbers an encoding knows, and the sum over a move set. Pure.

None of this is shared with ``safety``: an error in the gate's arithmetic must not be found twice.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from safety.encoding import Encoding

_CODES: Final = {"float32": "f", "float64": "d", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I"}
_WHOLE: Final = {
    "int16": (-(1 << 15), (1 << 15) - 1),
    "uint16": (0, (1 << 16) - 1),
    "int32": (-(1 << 31), (1 << 31) - 1),
    "uint32": (0, (1 << 32) - 1),
}
_LAST_FLOAT: Final = {"float32": 0x7F7F_FFFF, "float64": 0x7FEF_FFFF_FFFF_FFFF}
"""Bits of the largest finite number (IEEE 754)."""
ROUNDINGS: Final = 4.0
"""What scaling back and forth may cost, in units of the last place: a product and a sum, both ways."""
NOTHING: Final = 1e-6
"""A difference below so much of the resolution is none."""
_NEAR: Final = 4
"""How many places around the first guess are searched before all of them are."""


def size_of(kind: str) -> int:
    """Return how many bytes a number of ``kind`` takes on the wire; 0 where it is no number."""
    return struct.calcsize(">" + _CODES[kind]) if kind in _CODES else 0


def said(payload: bytes, encoding: Encoding) -> float | None:
    """Return the number, in the MV's unit, that ``payload`` is in ``encoding``; None where it is no finite number."""
    if encoding.kind not in _CODES or len(payload) != size_of(encoding.kind):
        return None
    pairs = [payload[at : at + 2] for at in range(0, len(payload), 2)]
    if encoding.word_order in ("CDAB", "DCBA"):
        pairs.reverse()
    if encoding.word_order in ("BADC", "DCBA"):
        pairs = [pair[::-1] for pair in pairs]
    (raw,) = struct.unpack(">" + _CODES[encoding.kind], b"".join(pairs))
    value = _scaled(float(raw), encoding)
    return value if math.isfinite(value) else None


def survives_float32(value: float) -> bool:
    """Whether a PLC's REAL holds exactly ``value``."""
    try:
        (kept,) = struct.unpack(">f", struct.pack(">f", value))
    except OverflowError:
        return False
    return bool(kept == value)


def move_set_sum(epoch: int, sequence: int, mask: int, setpoints: Sequence[float]) -> int | None:
    """Return the CRC-16/MODBUS (polynomial 0xA001 reflected, start 0xFFFF) over epoch, sequence and mask as big-endian
    uint32, then the setpoints as big-endian float32; None where one of them does not fit.
    """
    try:
        content = struct.pack(">3I", epoch, sequence, mask) + b"".join(struct.pack(">f", each) for each in setpoints)
    except (struct.error, OverflowError):
        return None
    total = 0xFFFF
    for byte in content:
        total = (total >> 8) ^ _TABLE[(total ^ byte) & 0xFF]
    return total


def _table_entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA001 * (byte & 1)
    return byte


_TABLE: Final = tuple(_table_entry(byte) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Around:
    """The two numbers of an encoding that enclose a value; the same twice where it is one of them."""

    below: float
    above: float

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies between them, both included."""
        return self.below <= value <= self.above


def around(value: float, encoding: Encoding) -> Around | None:
    """Return the numbers of ``encoding`` next to ``value``; None where ``value`` lies beyond all of them.

    A value within a millionth of the resolution of one of its numbers counts as that number.
    """
    scale = Ladder(encoding)
    rung = scale.at_or_below(value)
    if rung is None:
        return None
    below = scale.value(rung)
    if below == value:
        return Around(below, below)
    if rung == scale.last:
        return None
    above = scale.value(rung + 1)
    least = NOTHING * resolution(value, encoding)
    if value - below < least:
        return Around(below, below)
    if above - value < least:
        return Around(above, above)
    return Around(below, above)


def resolution(value: float, encoding: Encoding) -> float:
    """Return the distance from ``value`` to the next number of ``encoding``, MV unit; the longer one where the two
    sides differ, and never less than what scaling rounds away.
    """
    ladder = Ladder(encoding)
    rung = ladder.nearest(value)
    steps = [abs(ladder.raw(each + 1) - ladder.raw(each)) for each in (rung - 1, rung) if ladder.has(each, each + 1)]
    plain = encoding.scale == 1.0 and encoding.offset == 0.0
    rounded = 0.0 if plain else ROUNDINGS * math.ulp(abs(value) + abs(encoding.offset))
    return max(max(steps, default=0.0) * abs(encoding.scale), rounded)


class Ladder:
    """Every number that an encoding knows, in ascending order: a rung is its place in that order."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._falls = encoding.scale < 0.0
        if encoding.kind in _WHOLE:
            lo, hi = _WHOLE[encoding.kind]
        else:
            hi = _LAST_FLOAT[encoding.kind]
            lo = -hi
        self.first, self.last = (-hi, -lo) if self._falls else (lo, hi)

    def has(self, *rungs: int) -> bool:
        """Whether all these rungs are there."""
        return all(self.first <= rung <= self.last for rung in rungs)

    def raw(self, rung: int) -> float:
        """Return the number on the wire."""
        place = -rung if self._falls else rung
        if self._encoding.kind in _WHOLE:
            return float(place)
        bits, number = (">I", ">f") if self._encoding.kind == "float32" else (">Q", ">d")
        (found,) = struct.unpack(number, struct.pack(bits, abs(place)))
        return math.copysign(float(found), place)

    def value(self, rung: int) -> float:
        """Return the number in the MV's unit."""
        return _scaled(self.raw(rung), self._encoding)

    def at_or_below(self, value: float) -> int | None:
        """Return the highest rung whose value is not above ``value``; None where there is none."""
        if not self.value(self.first) <= value:
            return None
        guess = self._guess(value)
        low, high = max(guess - _NEAR, self.first), min(guess + _NEAR, self.last)
        if not self.value(low) <= value:
            low = self.first
        if self.value(high) <= value:
            high = self.last
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.value(middle) <= value else (low, middle - 1)
        return low

    def nearest(self, value: float) -> int:
        """Return the rung whose value is nearest; at the ends the last one."""
        low = self.at_or_below(value)
        if low is None:
            return self.first
        if low == self.last:
            return low
        return low if value - self.value(low) <= self.value(low + 1) - value else low + 1

    def _guess(self, value: float) -> int:
        """Return about where ``value`` is; only the search around it is exact."""
        raw = (value - self._encoding.offset) / self._encoding.scale
        if self._encoding.kind in _WHOLE:
            place = round(raw) if math.isfinite(raw) else 0
        else:
            bits, number = (">I", ">f") if self._encoding.kind == "float32" else (">Q", ">d")
            try:
                (size,) = struct.unpack(bits, struct.pack(number, abs(raw)))
            except OverflowError:
                size = _LAST_FLOAT[self._encoding.kind]
            place = -size if raw < 0.0 else size
        rung = -place if self._falls else place
        return min(max(rung, self.first), self.last)


def _scaled(raw: float, encoding: Encoding) -> float:
    return raw * encoding.scale + encoding.offset
