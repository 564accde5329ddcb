"""What a device reports instead of what it measures: sensor faults as pure functions of the true report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Report:
    """One signal as a device shows it."""

    value: float
    source_utc_s: float
    status: str = "Good"
    """OPC UA status name; devices without a status ignore it."""


Distortion = Callable[[Report, Report], Report]
"""What becomes of a report: from the one at the fault's beginning, and the true one of this moment."""


def frozen(first: Report, now: Report) -> Report:
    """Bit-identical from now on, while time stamps go on: a hung analyser (F07)."""
    return replace(now, value=first.value)


def stopped(first: Report, _now: Report) -> Report:
    """Value and time stamp stand still: a device that no longer scans (F16)."""
    return first


def not_a_number(_first: Report, now: Report) -> Report:
    """NaN with good status (F01)."""
    return replace(now, value=math.nan)


def tiny(_first: Report, now: Report) -> Report:
    """A denormal, as a wrong word order gives (F02)."""
    return replace(now, value=1e-39)


def bad_status(first: Report, now: Report) -> Report:
    """Bad status beside a plausible latched value (F09)."""
    return replace(now, value=first.value, status="BadSensorFailure")


def uncertain(first: Report, now: Report) -> Report:
    """The last usable value, and says so (F10)."""
    return replace(now, value=first.value, status="UncertainLastUsableValue")


def forced(first: Report, now: Report) -> Report:
    """Forced by hand (F11)."""
    return replace(now, value=first.value, status="GoodLocalOverride")


def spiking(_first: Report, now: Report) -> Report:
    """Three times the value, one second in four (F12): no usual cycle is a multiple of that, so each meets it."""
    return replace(now, value=3.0 * now.value) if int(now.source_utc_s) % 4 == 0 else now


def drifting(first: Report, now: Report) -> Report:
    """Slowly away from the truth: 1 % of the value per minute (F13)."""
    minutes = (now.source_utc_s - first.source_utc_s) / 60.0
    return replace(now, value=now.value + 0.01 * abs(first.value) * minutes)


def offset(first: Report, now: Report) -> Report:
    """Off by a tenth of the value: one of two redundant sensors (F14)."""
    return replace(now, value=now.value + 0.1 * abs(first.value))


def wrong_scale(_first: Report, now: Report) -> Report:
    """Ten times too large: somebody edited the range (F04)."""
    return replace(now, value=10.0 * now.value)


def future(_first: Report, now: Report) -> Report:
    """Stamped an hour ahead (F16)."""
    return replace(now, source_utc_s=now.source_utc_s + 3600.0)


@dataclass(slots=True)
class Instruments:
    """The signals on their way from the line to the devices, and what is wrong with each at present."""

    every_s: Mapping[str, float] = field(default_factory=dict)
    """Signals whose device renews them only so often (plant seconds), or when the value changes; others each time."""
    reports: dict[str, Report] = field(default_factory=dict)
    """As shown to the devices at present."""
    healthy: dict[str, Report] = field(default_factory=dict)
    """As they would be without faults."""
    _wrong: dict[str, tuple[Distortion, Report]] = field(default_factory=dict)

    def look(self, measured: Mapping[str, float], utc_s: float) -> None:
        """Take new measurements, stamped by the devices' own clocks."""
        for signal, value in measured.items():
            last = self.healthy.get(signal)
            every_s = self.every_s.get(signal, 0.0)
            if last is None or value != last.value or utc_s - last.source_utc_s >= every_s:
                self.healthy[signal] = Report(value, utc_s)
            self._show(signal)

    def distort(self, signal: str, kind: Distortion) -> None:
        """From now on show ``signal`` with this fault. KeyError for one that was never measured."""
        self._wrong[signal] = (kind, self.healthy[signal])
        self._show(signal)

    def heal(self, signal: str) -> None:
        """Show ``signal`` as it is. KeyError for one that was never measured."""
        self._wrong.pop(signal, None)
        self._show(signal)

    def _show(self, signal: str) -> None:
        now = self.healthy[signal]
        if signal in self._wrong:
            kind, first = self._wrong[signal]
            now = kind(first, now)
        self.reports[signal] = now
