"""What others supply to a controller: laboratory values, targets, forecasts; and how far each is believed.

Frozen, checked, numbers in the variable's unit, times in seconds; ``constraints.plant`` holds them by variable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Tags on which another program leaves values, and what tells when they were issued.

    ``time_tag`` says it; else each step of ``count_tag`` does, when it is seen; else the device's time stamp.
    """

    tags: tuple[str, ...]
    time_tag: str | None = None
    """Its value is in seconds since 1970 UTC."""
    count_tag: str | None = None
    on_arrival: bool = False
    """Where the device gives no stamp, a value was issued when it came: true of messages, not of polled registers."""

    def all_tags(self) -> tuple[str, ...]:
        """Return every tag that is looked at."""
        return (*self.tags, *(tag for tag in (self.time_tag, self.count_tag) if tag is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRule:
    """Which laboratory values of a CV are believed, and how far."""

    lo: float
    hi: float
    """Outside is a slip of the pen."""
    difference_max: float
    """Largest distance from the estimate at sampling time, CV unit; farther is never believed."""
    age_s_max: float
    share: float = 0.5
    """Share of the difference by which the estimate is corrected; above 0, at most 1."""
    ramp_s: float = 0.0
    """Time over which a correction comes in; 0 = at once."""
    sdev: float = math.inf
    """Usual standard deviation of the laboratory's value from the estimate. A larger difference than three of these
    (the limits of a Shewhart chart, ISO 7870-2) is believed only when samples agree on it.
    """
    agree: int = 2
    """So many samples in a row have to agree on such a difference."""
    steady_sdev: float = math.inf
    """A sample says little that was taken while the estimate moved more than this, CV unit."""
    steady_s: float = 0.0
    """Before sampling: over this time that is looked at."""
    source: Source | None = None
    """One tag; None where only persons give values."""
    delay_s: float = 0.0
    """Time from sampling to the result, where no tag says when the sample was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRule:
    """How an MV's or CV's target of a higher layer (a planner, an optimiser, a person) is taken."""

    rank: int = 9
    """1 is given up last."""
    per_s_max: float = math.inf
    """Fastest change of the target in force, variable's unit per second."""
    age_s_max: float = math.inf
    """A target on a tag counts for so long after it was issued."""
    source: Source | None = None
    """One tag; None where only persons give targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRule:
    """Where a DV's future is read: on tags, or in a file; exactly one of the two."""

    age_s_max: float
    """Time after its issue for which a forecast counts; then the DV is held."""
    source: Source | None = None
    ahead_s: tuple[float, ...] = ()
    """By tag of ``source``: how long after the issue its value begins; ascending."""
    file: str = ""
    """CSV file, relative to the plant file; it is issued when it is written."""
    column: str = ""
