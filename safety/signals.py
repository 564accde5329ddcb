"""The words that all rooms talk in: time, readings, candidates, receipts, modes.

Times: ``mono_s`` and every field ending in ``_at_s`` without ``utc`` in its name are seconds on the monotonic clock of
this process; decisions use only these. ``utc_s`` is seconds since 1970-01-01 UTC, for the record and the calendar.
Values are in the tag's own engineering unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final


class Quality(StrEnum):
    """How far a value may be trusted."""

    GOOD = "good"
    """Measured, fresh, plausible."""
    ESTIMATED = "estimated"
    """Not measured now; the last good value inside its hold time. Never used by an interlock or the gate."""
    UNCERTAIN = "uncertain"
    """As a device reported it; only in a raw snapshot, validation turns it into one of the others."""
    BAD = "bad"
    """Never used."""


_GOOD: Final = Quality.GOOD  # Python 3.11 takes ten times as long to find a member in its class


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks."""

    mono_s: float
    utc_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one tag."""

    value: float
    """Engineering unit of the tag; NaN where there is none."""
    quality: Quality
    source_utc_s: float | None
    """The device's own time stamp; None where the protocol gives none."""
    received_at_s: float
    """When this process received it, monotonic."""
    why: str = ""
    """Reason code where quality is not good: ``comm``, ``stale``, ``range``, ``rate``, ``frozen``, ``forced``, ..."""

    @property
    def good(self) -> bool:
        """Measured, fresh, plausible, and finite."""
        return self.quality is _GOOD and math.isfinite(self.value)

    @property
    def usable(self) -> bool:
        """Good or estimated: fit for the controller's estimate, not for the gate."""
        return self.quality in (Quality.GOOD, Quality.ESTIMATED) and math.isfinite(self.value)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything read in one go. Every tag of the plant is present, if only as a bad reading."""

    cycle: int
    at: Instant
    readings: Mapping[str, Reading]

    def good(self, tag: str) -> float | None:
        """Return the value of ``tag`` where it is good, else None (also for a tag that is not there)."""
        reading = self.readings.get(tag)
        return reading.value if reading is not None and reading.good else None


@dataclass(frozen=True, slots=True)
class Move:
    """One proposed setpoint, in the MV's unit."""

    mv: str
    value: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """The move set that a controller proposes for one cycle."""

    controller: str
    cycle: int
    moves: tuple[Move, ...]


class Mode(IntEnum):
    """What the supervisor may do; a higher number may do more."""

    TRIPPED = -1
    """Latched; left only by an acknowledged re-arm of a person."""
    OFF = 0
    """Nothing is computed."""
    MONITOR = 1
    """Reads, validates, estimates."""
    ADVISORY = 2
    """Proposes and shows; writes nothing."""
    CLOSED_LOOP = 3
    """Writes what the gate approved."""


@dataclass(frozen=True, slots=True)
class ModeState:
    """What was asked for, what is, and every reason for the difference."""

    requested: Mode
    actual: Mode
    reasons: tuple[str, ...] = ()


class MvStatus(StrEnum):
    """Service status of one MV (the field's words)."""

    ON = "ON"
    OPR = "OPR"
    """In the operators' hands: loop not in remote cascade."""
    INIT = "INIT"
    """Handed over, waiting for warm cycles."""
    WDUP_HIGH = "WDUP+"
    """The loop below cannot follow upward."""
    WDUP_LOW = "WDUP-"
    WDUP = "WDUP"
    """Neither way: the cascade is broken."""
    SERV = "SERV"
    """Out of service: readback bad or writes not accepted."""


class CvStatus(StrEnum):
    """Service status of one CV."""

    ON = "ON"
    PRED = "PRED"
    """Bad for fewer than its bad cycles: the model's prediction stands in."""
    DROP = "DROP"
    """Bad for longer: out of control."""
    CRIT = "CRIT"
    """Dropped and critical: the controller sheds."""


class WriteOutcome(StrEnum):
    """What became of one approved setpoint."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OVERRIDDEN = "overridden"
    """Accepted, then another value stood there: somebody else writes."""
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    """It may have landed or may yet land; the next write waits for a read-back."""


@dataclass(frozen=True, slots=True)
class WriteReceipt:
    """The answer to one approved setpoint, after read-back."""

    mv: str
    outcome: WriteOutcome
    value: float
    """What was to be written, in the MV's unit."""
    actual: float | None = None
    """What stood in the PLC at read-back; None where it could not be read."""
    why: str = ""


class ShedAction(StrEnum):
    """What a loop does when the supervisor lets go, carried out by the PLC even when this process is dead."""

    HOLD = "hold"
    """Keep the last setpoint."""
    LAST_OPERATOR = "last_operator"
    """Return to the operator's last setpoint."""
    SAFE_VALUE = "safe_value"
    """Ramp to the safe value."""
    TO_LOCAL = "to_local"
    """Loop to AUTO with the measured value as setpoint."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One named reason why the gate said no."""

    code: str
    """Stable code, e.g. ``range_hi``; counted and rendered to a sentence elsewhere."""
    subject: str
    """The MV, tag or rule that it is about."""
    detail: Mapping[str, float] = field(default_factory=dict)
    """The numbers behind it, e.g. ``{"value": 207.0, "limit": 205.0}``."""


@dataclass(frozen=True, slots=True)
class BeatFrame:
    """What the supervisor tells the PLC each cycle, whether or not setpoints move."""

    heartbeat: int
    """``instance << 16 | counter``; both 16 bit."""
    epoch: int
    mode_request: Mode


@dataclass(frozen=True, slots=True)
class PlcState:
    """The PLC's side of the handshake as last read; None where not read or not good."""

    heartbeat_echo: int | None = None
    epoch_ack: int | None = None
    sequence_ack: int | None = None
    reject: int | None = None
    remote: bool | None = None
    clamped: int | None = None
    boot_count: int | None = None
    probe: float | None = None
