"""One tag as the tests of validity look at it, cycle after cycle."""

from __future__ import annotations

import math

from safety.signals import Instant, Quality, Reading, Snapshot
from safety.validity import ValidityMemory, ValidityRule, validate

UTC_S = 1.8e9
GOOD, ESTIMATED, UNCERTAIN, BAD = Quality.GOOD, Quality.ESTIMATED, Quality.UNCERTAIN, Quality.BAD


class Tag:
    """One tag under one rule, cycle after cycle; the device's clock runs an hour and a bit beside ours."""

    def __init__(self, *, stamped=True, **rule):
        self.rule, self.memory = ValidityRule(**rule), ValidityMemory()
        self.stamped = stamped

    def look(self, now, value=1.0, quality=GOOD, why="", *, stamp="now", received=None, utc=None):
        stamp = (UTC_S + now if self.stamped else None) if stamp == "now" else stamp
        reading = Reading(value, quality, stamp, now if received is None else received, why)
        raw = Snapshot(3, Instant(now, UTC_S + now if utc is None else utc), {"x": reading})
        found, self.memory = validate(raw, {"x": self.rule}, self.memory)
        assert (found.cycle, found.at) == (3, raw.at)
        return found.readings["x"]

    def says(self, *args, **kwargs):
        reading = self.look(*args, **kwargs)
        assert reading.good == (reading.quality is GOOD)
        assert math.isnan(reading.value) == (reading.quality is BAD)
        return reading.why or "good"

    def warm(self, now=10.0, value=1.0):
        """Start it: the second stamp is the first that proves something."""
        assert self.says(now - 1.0, value) == ("initial" if self.stamped else "good")
        assert self.says(now, value) == "good"
        return self
