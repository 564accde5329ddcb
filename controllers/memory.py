"""What a controller carries from one cycle to the next: plain floats, the same bits after every round trip.

Standard library only: the process that keeps the memory imports neither numpy nor cvxpy.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields

_MAGIC = b"SWM4"


class MemoryFormatError(ValueError):
    """Bytes that are not a stored memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A controller's state. Times in seconds (monotonic), MVs, DVs and CVs in engineering units, in the plant's order.

    All fields empty: never run; the first cycle adopts the plant as it finds it.
    """

    at_s: tuple[float, ...] = ()
    """When each kept entry of the past began, ascending; the last is the latest cycle."""
    origin: tuple[float, ...] = ()
    """Inputs found at the start; the model's inputs are deviations from them."""
    inputs: tuple[float, ...] = ()
    """Input deviations, entry by entry."""
    anchor: tuple[float, ...] = ()
    """The entry, counted from 0, at which ``states`` held."""
    states: tuple[float, ...] = ()
    """Model states at that entry, kind by kind; those after it follow from the inputs."""
    bias: tuple[float, ...] = ()
    """Per CV: plant minus model now."""
    slope: tuple[float, ...] = ()
    """Per CV: change of the bias per second."""
    seen: tuple[float, ...] = ()
    """Per CV and then per DV: 1.0 once it was measured."""
    factor: tuple[float, ...] = ()
    """Each gain's factor that varies from cycle to cycle."""
    multiplied: tuple[float, ...] = ()
    """Each multiplier."""
    past_at_s: tuple[float, ...] = ()
    past: tuple[float, ...] = ()
    """Estimates of CVs with late samples, cycle by cycle."""
    lab_at_s: tuple[float, ...] = ()
    """Per CV with laboratory values: sampling time of the value believed last; minus infinity before the first."""
    lab_offset: tuple[float, ...] = ()
    """Per CV with laboratory values: what they add to its readings."""
    lab_to_come: tuple[float, ...] = ()
    """Per CV with laboratory values: what of their corrections has not come in yet."""
    lab_left_s: tuple[float, ...] = ()
    """Per CV with laboratory values: time until it has."""
    lab_doubt: tuple[float, ...] = ()
    """Per CV with laboratory values: sampling time, difference and count of samples that wait for one that agrees."""
    adaptation: tuple[float, ...] = ()
    """All that the adaptation of the economics remembers (``adapt.kept``); empty where it has seen nothing."""
    targets: tuple[float, ...] = ()
    """Per MV: last steady-state target; empty when there was none."""
    targets_active: tuple[float, ...] = ()
    """Warm start of the steady-state layer."""
    curve_worth: tuple[float, ...] = ()
    """Per nonlinear constraint that is held: what one unit of it was worth in the last cycle; empty when unknown."""
    moves_x: tuple[float, ...] = ()
    moves_y: tuple[float, ...] = ()
    moves_rho: tuple[float, ...] = ()
    """Warm start of the dynamic layer: its last answer, duals and OSQP's step size."""

    def to_bytes(self) -> bytes:
        """Return the exact bytes of this memory."""
        parts = [_MAGIC]
        for name in _FIELDS:
            values: tuple[float, ...] = getattr(self, name)
            parts.append(struct.pack(f"<I{len(values)}d", len(values), *values))
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Memory:
        """Return the memory that ``to_bytes`` wrote. Raises MemoryFormatError for anything else."""
        if data[: len(_MAGIC)] != _MAGIC:
            raise MemoryFormatError(
                f"not a stored memory of this version ({_MAGIC.decode()}): the first cycle adopts the plant as found"
            )
        at = len(_MAGIC)
        values: dict[str, tuple[float, ...]] = {}
        try:
            for name in _FIELDS:
                (count,) = struct.unpack_from("<I", data, at)
                values[name] = struct.unpack_from(f"<{count}d", data, at + 4)
                at += 4 + 8 * count
        except struct.error as error:
            raise MemoryFormatError("stored memory is cut short") from error
        if at != len(data):
            raise MemoryFormatError("stored memory has a tail")
        return cls(**values)


_FIELDS = tuple(field.name for field in fields(Memory))
