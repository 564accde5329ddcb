"""What another program has left on tags: which values, and when they were issued. Pure.

What was issued stays, also while its tags cannot be read: its age is judged by those who use it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from constraints.supplied import Source
from safety.signals import Reading, Snapshot


@dataclass(frozen=True, slots=True)
class Issue:
    """Values that were issued together."""

    values: tuple[float, ...]
    """In the order of ``Source.tags``."""
    utc_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one source."""

    issue: Issue | None = None
    """The newest one."""
    why: str = "not_issued"
    """Why it shows nothing now (``tag_bad:TAG``, ``no_time:TAG``, ``not_issued``); empty when it does."""
    count: float | None = None
    counted_utc_s: float | None = None
    """When the count was seen to step; None before the first time: what stands there at the start may be old."""


def looked(source: Source, snapshot: Snapshot, seen: Seen) -> Seen:
    """Return what is known of ``source`` after ``snapshot``."""
    bad = next((tag for tag in source.all_tags() if snapshot.good(tag) is None), "")
    if bad:
        return replace(seen, why=f"tag_bad:{bad}")
    readings = [snapshot.readings[tag] for tag in source.tags]
    values = tuple(reading.value for reading in readings)
    if source.time_tag is not None:
        return replace(seen, issue=Issue(values, snapshot.readings[source.time_tag].value), why="")
    if source.count_tag is not None:
        count = snapshot.readings[source.count_tag].value
        stepped = seen.count is not None and count != seen.count
        issued_s = snapshot.at.utc_s if stepped else seen.counted_utc_s
        if issued_s is None:
            return replace(seen, count=count, why="not_issued")
        return Seen(Issue(values, issued_s), "", count, issued_s)
    stamps = [_stamp(source, snapshot, reading) for reading in readings]
    known = [stamp for stamp in stamps if stamp is not None]
    if len(known) < len(stamps):
        return replace(seen, why=f"no_time:{source.tags[stamps.index(None)]}")
    return replace(seen, issue=Issue(values, min(known)), why="")


def _stamp(source: Source, snapshot: Snapshot, reading: Reading) -> float | None:
    if reading.source_utc_s is None and source.on_arrival:
        return snapshot.at.utc_s - (snapshot.at.mono_s - reading.received_at_s)
    return reading.source_utc_s
