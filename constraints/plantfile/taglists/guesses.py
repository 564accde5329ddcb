"""What raw Modbus registers may mean: types, word orders and scales by known values, ranked by how unlikely chance is.

A reading is worth as many bits as chance would need luck: of the 65,536 contents of one register about one in as many
shows a given number at a given scale, of the four billion of two registers far fewer show a given float32. Each scale
that was tried costs its share; a register of nothing but zeros or ones proves nothing.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from safety.encoding import Encoding, EncodingError, Kind, WordOrder, decode, resolution

Words = Mapping[int, int]
"""Address -> content of a register, of one table."""
REGISTERS: Final[Mapping[Kind, int]] = {
    "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "float64": 4,
}  # fmt: skip
_SCALES: Final[Mapping[Kind, tuple[float, ...]]] = {
    **dict.fromkeys(("int16", "uint16", "int32", "uint32"), (1.0, 0.1, 0.01, 0.001, 10.0)),
    **dict.fromkeys(("float32", "float64"), (1.0, 0.001, 1000.0)),
}
_ORDERS: Final[tuple[WordOrder, ...]] = ("ABCD", "CDAB", "BADC", "DCBA")
_USUAL: Final = frozenset({"ABCD", "CDAB"})
_UNUSUAL_BITS: Final = 2.0
"""What a byte order that few devices have costs."""
NEAR: Final = 0.01
"""Share by which a living value may have moved since it was read off a display."""
PLAUSIBLE: Final = (1e-3, 1e7)
"""Magnitudes of measured values; a float outside them is more likely not one."""


@dataclass(frozen=True, slots=True)
class Known:
    """A value that somebody read off the device's own display."""

    address: int
    value: float
    digit: float
    """Worth of its last digit: 0.1 for 23.5."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One meaning of the registers from an address on."""

    address: int
    kind: Kind
    order: WordOrder
    scale: float
    value: float
    bits: float
    """How much speaks for it."""

    def text(self, table: str) -> str:
        """Return it as an address of the plant file."""
        plain = REGISTERS[self.kind] == 1 and self.order == "ABCD"
        return f"{table}/{self.address}:{self.kind}" + ("" if plain else f":{self.order}")


def known_of(address: int, text: str) -> Known:
    """Return a known value from its decimal text, whose digits say how exact it is."""
    return Known(address, float(text), 10.0 ** -len(text.partition(".")[2]))


def guesses(words: Words, known: Known) -> list[Guess]:
    """Return every reading of the registers at the known value's address that shows it, the most telling first."""
    found = [
        Guess(known.address, kind, order, scale, value, bits)
        for kind, order, payload in _payloads(words, known.address)
        for scale in _SCALES[kind]
        if (value := _decoded(payload, Encoding(kind, order, scale))) is not None
        and (bits := _bits(payload, kind, order, scale, value, known)) > 0.0
    ]
    return sorted(found, key=lambda each: (-each.bits, REGISTERS[each.kind], each.scale != 1.0))


def common_order(guessed: Sequence[Sequence[Guess]]) -> WordOrder | None:
    """Return the word order that most of the known values of several registers speak for; None where none does."""
    bits: dict[WordOrder, float] = {}
    for each in guessed:
        best: dict[WordOrder, float] = {}
        for guess in each:
            if REGISTERS[guess.kind] > 1:
                best[guess.order] = max(best.get(guess.order, 0.0), guess.bits)
        for order, value in best.items():
            bits[order] = bits.get(order, 0.0) + value
    return max(bits.items(), key=lambda each: each[1])[0] if bits else None


def floats(words: Words, order: WordOrder) -> list[Guess]:
    """Return the float32 numbers of plausible size, none overlapping another, in the order of their addresses."""
    found: list[Guess] = []
    free = -1
    for address in sorted(words):
        if address < free or address + 1 not in words:
            continue
        payload = _payload(words, address, 2)
        value = _decoded(payload, Encoding("float32", order))
        if value is not None and PLAUSIBLE[0] <= abs(value) <= PLAUSIBLE[1]:
            found.append(Guess(address, "float32", order, 1.0, value, 0.0))
            free = address + 2
    return found


def _payloads(words: Words, address: int) -> Iterator[tuple[Kind, WordOrder, bytes]]:
    for kind, count in REGISTERS.items():
        if all(address + offset in words for offset in range(count)):
            payload = _payload(words, address, count)
            for order in _ORDERS:
                if count > 1 or order in ("ABCD", "BADC"):
                    yield kind, order, payload


def _payload(words: Words, address: int, count: int) -> bytes:
    return struct.pack(f">{count}H", *(words[address + offset] for offset in range(count)))


def _decoded(payload: bytes, encoding: Encoding) -> float | None:
    try:
        return decode(payload, encoding)
    except EncodingError:
        return None


def _bits(payload: bytes, kind: Kind, order: WordOrder, scale: float, value: float, known: Known) -> float:
    """Return the worth of a reading in bits; 0 where it does not show the known value."""
    shown = 0.5 * known.digit * (1.0 + 1e-9) + 1e-6 * abs(known.value)
    moved = max(shown, NEAR * abs(known.value))
    distance = abs(value - known.value)
    if distance > moved:
        return 0.0
    width = 2.0 * (shown if distance <= shown else moved)
    codes = max(width / resolution(value, Encoding(kind, order, scale)), 1.0)
    silent = sum(payload[at : at + 2] in (b"\x00\x00", b"\xff\xff") for at in range(0, len(payload), 2))
    if kind.startswith("float"):
        codes = max(codes / 65_536.0**silent, 1.0)  # of those that end in as many zeros
    told = 8.0 * len(payload) - 16.0 * silent
    price = math.log2(len(_SCALES[kind])) * (scale != 1.0) + _UNUSUAL_BITS * (order not in _USUAL)
    return max(told - math.log2(codes) - price, 0.0)
