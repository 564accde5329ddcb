"""The bytes that would be sent: encode, decode, and how far apart representable values lie (I-03, I-04).

``value = raw * scale + offset`` in engineering units. The gate judges what the bytes decode to, not what was asked for:
a value exactly on its limit lies beyond it after float32 encoding in almost half of all cases (measured).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["float32", "float64", "int16", "uint16", "int32", "uint32", "bool"]
WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]

NOISE: Final = 1e-6
"""Of the resolution: below this, two numbers are the same bytes."""
_FORMATS: Final[dict[str, str]] = {
    "float32": ">f",
    "float64": ">d",
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "bool": ">B",
}
_INTEGERS: Final[dict[str, tuple[int, int]]] = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "bool": (0, 1),
}


class EncodingError(ValueError):
    """The value has no bytes in this encoding, or the bytes no finite value."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one number lies on the wire; ``ABCD`` is big-endian, ``CDAB`` swaps 16-bit words, ``BADC`` bytes in words.

    Raises EncodingError when scale or offset cannot be used.
    """

    kind: Kind = "float64"
    word_order: WordOrder = "ABCD"
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in _FORMATS or self.word_order not in ("ABCD", "CDAB", "BADC", "DCBA"):
            raise EncodingError(f"unknown encoding {self.kind}:{self.word_order}")
        if not (math.isfinite(self.scale) and math.isfinite(self.offset) and self.scale != 0.0):
            raise EncodingError("scale must be finite and not zero, offset finite")


def encode(value: float, encoding: Encoding) -> bytes:
    """Return the nearest representable bytes; EncodingError when not finite or out of the kind's range."""
    return _pack(_nearest_raw(value, encoding), encoding)


def decode(payload: bytes, encoding: Encoding) -> float:
    """Return the value that a device would understand, engineering unit; EncodingError when there is none."""
    if len(payload) != struct.calcsize(_FORMATS[encoding.kind]):
        raise EncodingError(f"{len(payload)} bytes are not one {encoding.kind}")
    (raw,) = struct.unpack(_FORMATS[encoding.kind], _reorder(payload, encoding.word_order))
    value = _eu(float(raw), encoding)
    if not math.isfinite(value):
        raise EncodingError("the bytes decode to no finite number")
    return value


def resolution(value: float, encoding: Encoding) -> float:
    """Return the distance from ``value`` to the next representable one, engineering unit, never less than rounding."""
    raw = _nearest_raw(value, encoding)
    gap = _gap(raw, encoding)
    if encoding.scale == 1.0 and encoding.offset == 0.0:
        return gap
    # Scaling itself rounds, about half a unit in the last place at each of its four operations there and back.
    return max(gap * abs(encoding.scale), 4.0 * math.ulp(abs(value) + abs(encoding.offset)))


def quantise(value: float, toward: float, lo: float, hi: float, encoding: Encoding) -> float:
    """Return the representable value nearest to ``value``, not beyond it as seen from ``toward``, inside [lo, hi].

    Where no neighbour meets all three, staying inside the limits counts most, then not going beyond ``value``.
    Raises EncodingError when ``value`` cannot be encoded.
    """
    raw = _nearest_raw(value, encoding)
    choices = [_eu(each, encoding) for each in (raw, *_neighbours(raw, encoding))]

    def badness(choice: float) -> tuple[bool, bool, float]:
        beyond = (choice - value) * (value - toward) > 0.0
        return not lo <= choice <= hi, beyond, abs(choice - value)

    return min(choices, key=badness)


def around(value: float, encoding: Encoding) -> tuple[float, float]:
    """Return the representable values just below and just above ``value``; the same twice where it is one of them.

    What a device shows of a value that it was sent may differ in the last place, when it counts in other steps than we
    do; such noise is no difference. Raises EncodingError when ``value`` cannot be encoded.
    """
    nearest = _eu(_nearest_raw(value, encoding), encoding)
    if abs(nearest - value) <= NOISE * resolution(value, encoding):
        return nearest, nearest
    below, above = (quantise(value, way, -math.inf, math.inf, encoding) for way in (-math.inf, math.inf))
    return below, above


def _nearest_raw(value: float, encoding: Encoding) -> float:
    raw = (value - encoding.offset) / encoding.scale
    if not math.isfinite(raw):
        raise EncodingError(f"{value!r} is not a finite number in this encoding")
    if encoding.kind == "float64":
        return raw
    if encoding.kind == "float32":
        return _as_float32(raw)
    whole = round(raw)
    lo, hi = _INTEGERS[encoding.kind]
    if not lo <= whole <= hi:
        raise EncodingError(f"{value!r} is outside {encoding.kind}")
    return float(whole)


def _gap(raw: float, encoding: Encoding) -> float:
    """Return the distance from the representable ``raw`` to the farther of its neighbours."""
    if encoding.kind == "float64":
        return math.ulp(raw)
    return _float32_step(raw) if encoding.kind == "float32" else 1.0


def _float32_step(raw: float) -> float:
    """Return the distance from a float32 to the next one away from zero."""
    return math.ldexp(1.0, max(math.frexp(raw)[1] - 24, -149) if raw else -149)


def _neighbours(raw: float, encoding: Encoding) -> list[float]:
    """Return the representable raw values just below and above ``raw``, where there are any."""
    if encoding.kind == "float64":
        both = [math.nextafter(raw, -math.inf), math.nextafter(raw, math.inf)]
        return [each for each in both if math.isfinite(each)]
    if encoding.kind == "float32":
        step = _float32_step(raw)
        # Just below a power of two the values lie twice as close.
        both = [raw + each for each in (-step, -step / 2.0, step / 2.0, step)]
        return [each for each in both if abs(each) <= _FLOAT32_MAX and each != raw and _as_float32(each) == each]
    lo, hi = _INTEGERS[encoding.kind]
    return [each for each in (raw - 1.0, raw + 1.0) if lo <= each <= hi]


_FLOAT32_MAX: Final = (2.0 - 2.0**-23) * 2.0**127


def _as_float32(raw: float) -> float:
    try:
        (rounded,) = struct.unpack(">f", struct.pack(">f", raw))
    except OverflowError as error:
        raise EncodingError(f"{raw!r} is outside float32") from error
    return float(rounded)


def _pack(raw: float, encoding: Encoding) -> bytes:
    # + 0.0: a PLC program sees no sign of zero, and would find that the CRC does not fit.
    number = raw + 0.0 if encoding.kind in ("float32", "float64") else int(raw)
    return _reorder(struct.pack(_FORMATS[encoding.kind], number), encoding.word_order)


def _reorder(payload: bytes, word_order: WordOrder) -> bytes:
    """Swap words and bytes; each order is its own inverse."""
    words = [payload[i : i + 2] for i in range(0, len(payload), 2)]
    if word_order in ("CDAB", "DCBA"):
        words.reverse()
    if word_order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)


def _eu(raw: float, encoding: Encoding) -> float:
    return raw * encoding.scale + encoding.offset
