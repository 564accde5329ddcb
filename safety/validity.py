"""What makes a reading usable, and for what: status, freshness, range, rate, freeze (I-28 to I-32, I-34).

``validate`` gives each tag one of three qualities. GOOD: measured, fresh, plausible. ESTIMATED: the last good value
stands in; for the controller's estimate only, never for an interlock or the gate. BAD: no value (NaN). ``why`` keeps
the reason in both latter cases: ``comm late no_value bad_status uncertain forced initial reconnect nan tiny wire pinned
range_lo range_hi future unset_clock stale frozen rate``, or what the driver said.

Time is our monotonic clock. Our wall clock is looked at once, in the first snapshot: later steps change nothing.
A reading counts as a new sample when its source stamp advanced; without stamps, when it was received later than before.
A source stamp that goes back is taken as the new base and must advance from there. A stamp that cannot be true is not
remembered at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from safety.signals import Quality, Reading, Snapshot

TINY: Final = 1e-30
"""Smaller than this and not zero is no measurement but a wrong word order (75.0 read as CDAB is 2.4e-41)."""
CLOCK_SET_UTC_S: Final = 946_684_800.0
"""2000-01-01: a device whose stamps are older has never had its clock set."""
NE43_FAILED: Final = (3.6, 21.0)
"""NAMUR NE 43: the transmitter reports failure at or outside these currents, mA."""
NE43_RANGE: Final = (3.8, 20.5)
"""NAMUR NE 43: outside these it is saturated, mA."""
SAMPLES_TO_ACCEPT: Final = 3
"""A level reached by a jump is believed at the third sample that agrees with it."""
LOST: Final = frozenset({"comm", "late", "no_value"})
"""Nothing was received: afterwards a sample taken after the return is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidityRule:
    """When a tag's reading is good. Infinite means not judged."""

    lo: float = -math.inf
    hi: float = math.inf
    """Instrument range."""
    rate_per_s_max: float = math.inf
    stale_s: float = 30.0
    """Longest time since the source stamp last advanced; with no stamp, since it was received."""
    frozen_s: float = math.inf
    """Longest time bit-identical."""
    hold_s: float = 0.0
    """How long the last good value stands in, as estimated."""
    uncertain_as_good: bool = False
    signal_4_20: bool = False
    """The value is a current in mA, judged by NE 43: failed or saturated."""
    stamp: Literal["advance", "ignore"] = "advance"
    """``ignore`` where the device stamps only changes (modes, setpoints): then only receiving counts."""
    future_s: float = 60.0
    """How far ahead of our clock a source stamp may lie."""


UNRULED: Final = ValidityRule(stamp="ignore")
"""For tags without a rule of their own: the PLC's answers, modes, windup bits."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value and when it was taken, on both clocks."""

    value: float
    at_s: float
    """Received, monotonic."""
    stamp_s: float
    """By the device, UTC; without stamps as ``at_s``."""

    def reachable(self, later: Sample, rate_per_s: float) -> bool:
        """Whether the process can have moved from here to ``later``; the longer of both clocks' times counts."""
        seconds = max(later.at_s - self.at_s, later.stamp_s - self.stamp_s)
        return math.isinf(rate_per_s) or abs(later.value - self.value) <= rate_per_s * seconds


@dataclass(frozen=True, slots=True)
class TagMemory:
    """What is remembered of one tag; times are monotonic."""

    newest: Sample | None = None
    waiting: bool = True
    """No sample is known to have been taken after the start or the last loss."""
    lost_at_s: float | None = None
    """Set while lost, until the first reading after it."""
    same_since_s: float = -math.inf
    """Since when the number has been bit-identical."""
    good: Sample | None = None
    good_at_s: float = -math.inf
    """When it was last judged good."""
    jumps: int = 0
    """Samples in a row that the process cannot have reached from the last good one."""
    agreeing: int = 0
    """How many of them, the newest included, can be reached from each other."""


@dataclass(frozen=True, slots=True)
class ValidityMemory:
    """What validation remembers between snapshots."""

    utc_offset_s: float | None = None
    """Our wall clock minus our monotonic clock, as first seen."""
    tags: Mapping[str, TagMemory] = field(default_factory=dict)


def validate(
    raw: Snapshot, rules: Mapping[str, ValidityRule], memory: ValidityMemory
) -> tuple[Snapshot, ValidityMemory]:
    """Return ``raw`` with every reading good, estimated or bad, and the memory for the next snapshot.

    A tag that has a rule and no reading is bad (``no_value``). ``received_at_s`` becomes the time of the newest sample.
    """
    offset_s = raw.at.utc_s - raw.at.mono_s if memory.utc_offset_s is None else memory.utc_offset_s
    none = Reading(math.nan, Quality.BAD, None, raw.at.mono_s, "no_value")
    readings, tags = {}, {}
    for tag in sorted({*raw.readings, *rules}):
        judge = _Judge(rules.get(tag, UNRULED), raw.at.mono_s, offset_s)
        readings[tag], tags[tag] = judge.judge(raw.readings.get(tag, none), memory.tags.get(tag, TagMemory()))
    return Snapshot(raw.cycle, raw.at, readings), ValidityMemory(offset_s, tags)


@dataclass(frozen=True, slots=True)
class _Judge:
    rule: ValidityRule
    now_s: float
    utc_offset_s: float

    def judge(self, reading: Reading, before: TagMemory) -> tuple[Reading, TagMemory]:
        why = self.status(reading)
        if why in LOST:
            lost = replace(before, waiting=True, lost_at_s=self.now_s, jumps=0, agreeing=0)
            return self.not_good(reading, lost, why)
        impossible = self.impossible_time(reading)
        if impossible:
            return self.not_good(reading, before, impossible)
        memory, sample = self.sampled(reading, before)
        why = why or self.implausible(reading.value) or self.old(sample, memory)
        if why:
            return self.not_good(reading, replace(memory, agreeing=0), why)
        if sample != before.newest:
            memory = self.stepped(sample, before, memory)
        if memory.jumps:
            # One jump is held over as a spike, whatever hold_s says; more of them are trouble.
            return self.not_good(reading, memory, "rate")
        memory = replace(memory, good=sample, good_at_s=self.now_s)
        return Reading(reading.value, Quality.GOOD, reading.source_utc_s, sample.at_s), memory

    def status(self, reading: Reading) -> str:
        """What the driver said against it."""
        if reading.quality is Quality.BAD:
            return reading.why or "bad_status"
        if reading.why in ("forced", "initial"):
            return reading.why
        if reading.quality is Quality.UNCERTAIN and not self.rule.uncertain_as_good:
            return reading.why or "uncertain"
        return "bad_status" if reading.quality is Quality.ESTIMATED else ""

    def impossible_time(self, reading: Reading) -> str:
        stamp_s = self.stamp(reading)
        if not reading.received_at_s <= self.now_s:
            return "future"
        if stamp_s is None:
            return ""
        if not stamp_s <= self.utc_offset_s + self.now_s + self.rule.future_s:
            return "future"
        return "unset_clock" if stamp_s < CLOCK_SET_UTC_S else ""

    def stamp(self, reading: Reading) -> float | None:
        return reading.source_utc_s if self.rule.stamp == "advance" else None

    def sampled(self, reading: Reading, before: TagMemory) -> tuple[TagMemory, Sample]:
        """Note whether it is a new sample, and since when the number has not changed."""
        stamp_s = self.stamp(reading)
        taken_s = reading.received_at_s if stamp_s is None else stamp_s
        last = before.newest
        is_new = last is None or taken_s > last.stamp_s
        at_s = reading.received_at_s if is_new or last is None else last.at_s
        sample = Sample(reading.value, at_s, taken_s)
        memory = replace(before, newest=sample, lost_at_s=None)
        # What comes first may be as old as the hills: only a later stamp proves that a sample was taken since. Where
        # there are no stamps, the device itself was asked, and an answer received since is enough.
        is_first = last is None or before.lost_at_s is not None
        lost_at_s = -math.inf if before.lost_at_s is None else before.lost_at_s
        if is_new and not (is_first and stamp_s is not None) and reading.received_at_s > lost_at_s:
            memory = replace(memory, waiting=False)
        if last is None or reading.value != last.value:
            memory = replace(memory, same_since_s=self.now_s)
        return memory, sample

    def implausible(self, value: float) -> str:
        rule = self.rule
        if not math.isfinite(value):
            return "nan"
        if 0.0 < abs(value) < TINY:
            return "tiny"
        if rule.signal_4_20 and not NE43_FAILED[0] < value < NE43_FAILED[1]:
            return "wire"
        if rule.signal_4_20 and not NE43_RANGE[0] <= value <= NE43_RANGE[1]:
            return "pinned"
        if rule.lo <= value <= rule.hi:
            return ""
        return "range_hi" if value > rule.hi else "range_lo"

    def old(self, sample: Sample, memory: TagMemory) -> str:
        if memory.waiting:
            return "initial" if memory.good is None else "reconnect"
        if not self.now_s - sample.at_s <= self.rule.stale_s:
            return "stale"
        return "" if self.now_s - memory.same_since_s <= self.rule.frozen_s else "frozen"

    def stepped(self, sample: Sample, before: TagMemory, memory: TagMemory) -> TagMemory:
        """Count a sample that came faster than the process can move, until a persistent new level is believed."""
        rate = self.rule.rate_per_s_max
        if memory.good is None or memory.good.reachable(sample, rate):
            return replace(memory, jumps=0, agreeing=0)
        agrees = memory.jumps > 0 and before.newest is not None and before.newest.reachable(sample, rate)
        agreeing = memory.agreeing + 1 if agrees else 1
        if agreeing >= SAMPLES_TO_ACCEPT:
            return replace(memory, jumps=0, agreeing=0)
        return replace(memory, jumps=memory.jumps + 1, agreeing=agreeing)

    def not_good(self, reading: Reading, memory: TagMemory, why: str) -> tuple[Reading, TagMemory]:
        """Return the last good value where it may stand in, else a bad reading."""
        holds = self.now_s - memory.good_at_s <= self.rule.hold_s or (why == "rate" and memory.jumps == 1)
        if memory.good is not None and holds:
            value, quality = memory.good.value, Quality.ESTIMATED
        else:
            value, quality = math.nan, Quality.BAD
        return Reading(value, quality, reading.source_utc_s, reading.received_at_s, why), memory
