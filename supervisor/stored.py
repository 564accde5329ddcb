"""Whether something is on durable record: the answer that decides if a setpoint may be written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stored:
    """On durable record under ``seq``, or not on record because of ``why``."""

    seq: int | None
    """Audit sequence number; None where it is not on record."""
    why: str = ""
    """Reason code where not stored: ``busy``, ``late``, ``locked``, ``full``, ``read_only``, ``io``, ..."""
    spooled: bool = False
    """It is durable in the spool file meanwhile, and goes into the record first when that is back."""

    @property
    def stored(self) -> bool:
        """Whether it is on durable record."""
        return self.seq is not None


def not_stored(why: str, *, spooled: bool = False) -> Stored:
    """Return the answer for what is not on record, with its reason code."""
    return Stored(None, why, spooled)
