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
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

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
_GOOD: Final = Quality.GOOD  # Python 3.11 takes ten times as long to find a member in its class
_BAD: Final = Quality.BAD
_ESTIMATED: Final = Quality.ESTIMATED


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


class Sample(NamedTuple):
    """One value and when it was taken, on both clocks. A tuple: one is made for every tag at every look."""

    value: float
    at_s: float
    """Received, monotonic."""
    stamp_s: float
    """By the device, UTC; without stamps as ``at_s``."""

    def reachable(self, later: Sample, rate_per_s: float) -> bool:
        """Whether the process can have moved from here to ``later``; the longer of both clocks' times counts."""
        if math.isinf(rate_per_s):
            return True
        seconds = max(later.at_s - self.at_s, later.stamp_s - self.stamp_s)
        return abs(later.value - self.value) <= rate_per_s * seconds


class TagMemory(NamedTuple):
    """What is remembered of one tag; times are monotonic. A tuple, as ``Sample`` is."""

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
    now_s = raw.at.mono_s
    offset_s = raw.at.utc_s - now_s if memory.utc_offset_s is None else memory.utc_offset_s
    utc_s = offset_s + now_s
    none, unknown = Reading(math.nan, _BAD, None, now_s, "no_value"), TagMemory()
    readings, tags = {}, {}
    for tag in sorted({*raw.readings, *rules}):
        rule, before = rules.get(tag, UNRULED), memory.tags.get(tag, unknown)
        readings[tag], tags[tag] = _judged(raw.readings.get(tag, none), rule, before, now_s, utc_s)
    return Snapshot(raw.cycle, raw.at, readings), ValidityMemory(offset_s, tags)


def _judged(
    reading: Reading, rule: ValidityRule, before: TagMemory, now_s: float, utc_s: float
) -> tuple[Reading, TagMemory]:
    """Judge one tag; ``utc_s`` is now by our wall clock as first seen.

    Runs for every tag at every look, so it makes the new memory once, with all fields, and changes no copies.
    """
    why = _status(reading, rule)
    if why in LOST:
        lost = TagMemory(before.newest, True, now_s, before.same_since_s, before.good, before.good_at_s, 0, 0)
        return _not_good(reading, rule, lost, why, now_s), lost
    value, received_at_s, last = reading.value, reading.received_at_s, before.newest
    stamp_s = reading.source_utc_s if rule.stamp == "advance" else None
    impossible = _impossible_time(received_at_s, stamp_s, now_s, utc_s + rule.future_s)
    if impossible:
        return _not_good(reading, rule, before, impossible, now_s), before
    taken_s = received_at_s if stamp_s is None else stamp_s
    if last is None or taken_s > last.stamp_s:
        sample = Sample(value, received_at_s, taken_s)
        waiting = before.waiting and not _proves(received_at_s, stamp_s, before)
    else:
        sample = Sample(value, last.at_s, taken_s)
        waiting = before.waiting
    same_since_s = now_s if last is None or value != last.value else before.same_since_s
    why = why or _implausible(value, rule)
    if waiting and not why:
        why = "initial" if before.good is None else "reconnect"
    why = why or _old(now_s - sample.at_s, now_s - same_since_s, rule)
    if why:
        jumps, agreeing = before.jumps, 0
    else:
        jumps, agreeing = _jumps(sample, rule.rate_per_s_max, before)
        why = "rate" if jumps else ""
    if why:
        memory = TagMemory(sample, waiting, None, same_since_s, before.good, before.good_at_s, jumps, agreeing)
        return _not_good(reading, rule, memory, why, now_s), memory
    memory = TagMemory(sample, waiting, None, same_since_s, sample, now_s, jumps, agreeing)
    if reading.quality is _GOOD and not reading.why and sample.at_s == received_at_s:
        return reading, memory  # it says just that already
    return Reading(value, _GOOD, reading.source_utc_s, sample.at_s), memory


def _status(reading: Reading, rule: ValidityRule) -> str:
    """Return what the driver said against it."""
    if reading.quality is _BAD:
        return reading.why or "bad_status"
    if reading.why in ("forced", "initial"):
        return reading.why
    if reading.quality is _ESTIMATED:
        return "bad_status"
    return "" if reading.quality is _GOOD or rule.uncertain_as_good else reading.why or "uncertain"


def _impossible_time(received_at_s: float, stamp_s: float | None, now_s: float, utc_s_max: float) -> str:
    if not received_at_s <= now_s:
        return "future"
    if stamp_s is None:
        return ""
    if not stamp_s <= utc_s_max:
        return "future"
    return "unset_clock" if stamp_s < CLOCK_SET_UTC_S else ""


def _proves(received_at_s: float, stamp_s: float | None, before: TagMemory) -> bool:
    """Return whether a new sample is known to have been taken after the start or the last loss.

    What comes first may be as old as the hills: only a later stamp proves that a sample was taken since. Where there
    are no stamps, the device itself was asked, and an answer received since is enough.
    """
    is_first = before.newest is None or before.lost_at_s is not None
    lost_at_s = -math.inf if before.lost_at_s is None else before.lost_at_s
    return not (is_first and stamp_s is not None) and received_at_s > lost_at_s


def _implausible(value: float, rule: ValidityRule) -> str:
    if not math.isfinite(value):
        return "nan"
    if value != 0.0 and abs(value) < TINY:
        return "tiny"
    if rule.signal_4_20 and not NE43_FAILED[0] < value < NE43_FAILED[1]:
        return "wire"
    if rule.signal_4_20 and not NE43_RANGE[0] <= value <= NE43_RANGE[1]:
        return "pinned"
    if not value <= rule.hi:
        return "range_hi"
    return "" if rule.lo <= value else "range_lo"


def _old(age_s: float, same_s: float, rule: ValidityRule) -> str:
    if not age_s <= rule.stale_s:
        return "stale"
    return "" if same_s <= rule.frozen_s else "frozen"


def _jumps(sample: Sample, rate_per_s: float, before: TagMemory) -> tuple[int, int]:
    """Count a sample that came faster than the process can move, until a persistent new level is believed.

    Returns ``TagMemory``'s ``jumps`` and ``agreeing``; the same sample, seen again, counts once.
    """
    last, good = before.newest, before.good
    if last is None or good is None:
        return 0, 0
    if sample.value == last.value and sample.stamp_s == last.stamp_s:
        return before.jumps, before.agreeing
    if good.reachable(sample, rate_per_s):
        return 0, 0
    agreeing = before.agreeing + 1 if last.reachable(sample, rate_per_s) else 1
    return (0, 0) if agreeing >= SAMPLES_TO_ACCEPT else (before.jumps + 1, agreeing)


def _not_good(reading: Reading, rule: ValidityRule, memory: TagMemory, why: str, now_s: float) -> Reading:
    """Return the last good value where it may stand in, else a bad reading."""
    # One jump is held over as a spike, whatever hold_s says; more of them are trouble.
    holds = now_s - memory.good_at_s <= rule.hold_s or (why == "rate" and memory.jumps == 1)
    if memory.good is not None and holds:
        value, quality = memory.good.value, _ESTIMATED
    else:
        value, quality = math.nan, _BAD
    return Reading(value, quality, reading.source_utc_s, reading.received_at_s, why)
