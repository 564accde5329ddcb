"""Smallest, mean and largest value of each tag per minute and hour. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from supervisor.record import CycleRecord

MINUTE_S = 60
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Rollup:
    """One tag over one span, good readings only."""

    span_s: int
    tag: str
    start_utc_s: int
    count: int
    low: float
    mean: float
    high: float


def start_of(utc_s: float, span_s: int) -> int:
    """Return the start of the span that holds ``utc_s``. UTC has no daylight saving: no span is ever doubled."""
    return math.floor(utc_s / span_s) * span_s


def minutes(records: Iterable[CycleRecord]) -> list[Rollup]:
    """Return the minutes of ``records``, in order of time and tag."""
    values: dict[tuple[int, str], list[float]] = {}
    for record in records:
        start = start_of(record.utc_s, MINUTE_S)
        for tag, (value, quality, _) in record.readings.items():
            if value is not None and quality == "good" and math.isfinite(value):
                values.setdefault((start, tag), []).append(value)
    return [
        Rollup(MINUTE_S, tag, start, len(found), min(found), _mean(found), max(found))
        for (start, tag), found in sorted(values.items())
    ]


def hours(parts: Iterable[Rollup]) -> list[Rollup]:
    """Return the hours of minutes, in order of time and tag; a mean weighs each minute by its count."""
    grouped: dict[tuple[int, str], list[Rollup]] = {}
    for part in parts:
        grouped.setdefault((start_of(part.start_utc_s, HOUR_S), part.tag), []).append(part)
    return [_joined(start, tag, found) for (start, tag), found in sorted(grouped.items())]


def columns(part: Rollup) -> Mapping[str, object]:
    """Return the part as the table's columns."""
    return {
        "span_s": part.span_s,
        "tag": part.tag,
        "start_utc_s": part.start_utc_s,
        "count": part.count,
        "low": part.low,
        "mean": part.mean,
        "high": part.high,
    }


def _joined(start: int, tag: str, parts: list[Rollup]) -> Rollup:
    count = sum(part.count for part in parts)
    mean = math.fsum(part.mean * part.count for part in parts) / count
    return Rollup(HOUR_S, tag, start, count, min(p.low for p in parts), mean, max(p.high for p in parts))


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
