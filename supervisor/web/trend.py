"""The numbers of a trend: a bounded number of points whatever the span, gaps where nothing good was read.

Short spans are every cycle; longer ones the roll-ups of minutes or hours with lowest and highest, and every cycle since
the last roll-up. Modes and limits are told where they change.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from supervisor.history.rollup import HOUR_S, MINUTE_S
from supervisor.history.short import ShortCycle, ShortHistory
from supervisor.record import CycleRecord, Request
from supervisor.web.pens import Pen

RAW_MAX = 500
"""So many cycles are unpacked for one trend, about half a second; more are taken from roll-ups."""
MINUTES_MAX_S = 2.0 * 86_400.0
"""Up to so long a span the minutes are drawn, beyond it the hours."""
SHORT_MAX = 4_000
"""So many cycles are looked through for modes and limits."""
EVENTS_MAX = 200
GAP_CYCLES = 3.0
"""Without a cycle for so long the line is broken."""


@dataclass(slots=True)
class Lines:
    """Values of pens over common times; None where there is none. ``low`` and ``high`` only where rolled up."""

    at: list[float] = field(default_factory=list)
    mean: dict[str, list[float | None]] = field(default_factory=dict)
    low: dict[str, list[float | None]] = field(default_factory=dict)
    high: dict[str, list[float | None]] = field(default_factory=dict)
    span_s: int = 0
    """Of the coarsest part; 0: every cycle."""
    gap_s: float = 0.0
    """Two points further apart than this are not joined."""


def lines(history: ShortHistory, pens: Sequence[Pen], start_utc_s: float, end_utc_s: float, cycle_s: float) -> Lines:
    """Return the pens over [start, end). Raises HistoryError."""
    points: dict[float, dict[str, tuple[float, float, float]]] = {}
    coarsest = _gather(history, pens, start_utc_s, end_utc_s, points)
    gap_s = max(GAP_CYCLES * cycle_s, 1.5 * coarsest)
    found = Lines(span_s=coarsest, gap_s=gap_s)
    for before, at in itertools.pairwise([None, *sorted(points)]):
        if before is not None and at is not None and at - before > gap_s:
            _add(found, pens, before + 0.5 * (at - before), {})
        _add(found, pens, cast("float", at), points[cast("float", at)])
    return found


def _gather(
    history: ShortHistory,
    pens: Sequence[Pen],
    start: float,
    end: float,
    points: dict[float, dict[str, tuple[float, float, float]]],
) -> int:
    span_s = MINUTE_S if end - start <= MINUTES_MAX_S else HOUR_S
    few = history.count(start, end) <= RAW_MAX
    if few:
        _raw(history, pens, start, end, points)
        end = min((at for at in points if at >= start), default=end) - span_s
        # cycles are kept for days, roll-ups for months: what is older has only these
    older = 0
    for pen in pens:
        for span in history.spans(pen.tag, span_s, start, end):
            points.setdefault(span.start_utc_s + 0.5 * span_s, {})[pen.name] = (span.mean, span.low, span.high)
            older += 1
    if few:
        return span_s if older else 0
    rolled = min(max(float(history.rolled_until(span_s) or start), start), end)
    if rolled < end:
        if span_s == HOUR_S and end - rolled < end - start:
            _gather(history, pens, rolled, end, points)
        else:
            _raw(history, pens, rolled, end, points)
    return span_s


def _raw(
    history: ShortHistory,
    pens: Sequence[Pen],
    start: float,
    end: float,
    points: dict[float, dict[str, tuple[float, float, float]]],
) -> None:
    for utc_s, readings in history.newest_readings(start, end, RAW_MAX):
        at = points.setdefault(utc_s, {})
        for pen in pens:
            value, quality, _ = readings.get(pen.tag, (None, "bad", ""))
            if value is not None and quality == "good" and math.isfinite(value):
                at[pen.name] = (value, value, value)


def _add(found: Lines, pens: Sequence[Pen], at: float, here: Mapping[str, tuple[float, float, float]]) -> None:
    found.at.append(round(at, 3))
    for pen in pens:
        mean, low, high = here.get(pen.name, (None, None, None))
        found.mean.setdefault(pen.name, []).append(mean)
        if found.span_s:
            found.low.setdefault(pen.name, []).append(low)
            found.high.setdefault(pen.name, []).append(high)


@dataclass(frozen=True, slots=True)
class Background:
    """What happened meanwhile."""

    modes: list[tuple[float, str]]
    """From when on which mode was in force."""
    limits: dict[str, list[tuple[float, float | None, float | None]]]
    """By pen: from when on which limits were in force; None where there is none."""
    every: int
    """Only every so many cycles were looked at."""


def background(history: ShortHistory, pens: Sequence[Pen], start_utc_s: float, end_utc_s: float) -> Background:
    """Return modes and limits of [start, end), told where they change. Raises HistoryError."""
    every = max(history.count(start_utc_s, end_utc_s) // SHORT_MAX, 0) + 1
    cycles = history.short(start_utc_s, end_utc_s, every)
    limits: dict[str, list[tuple[float, float | None, float | None]]] = {pen.name: [] for pen in pens if pen.kind}
    modes: list[tuple[float, str]] = []
    for each in cycles:
        if not modes or modes[-1][1] != each.actual.name:
            modes.append((each.utc_s, each.actual.name))
        for name, told in limits.items():
            if name in each.limits and (not told or told[-1][1:] != each.limits[name]):
                told.append((each.utc_s, *each.limits[name]))
    return Background(modes, {name: told for name, told in limits.items() if told}, every)


@dataclass(frozen=True, slots=True)
class Event:
    """One flag of a trend."""

    utc_s: float
    kind: str
    """``alarm``, ``cleared`` or ``limit``."""
    text: str


def events(history: ShortHistory, asked: Sequence[Request], start_utc_s: float, end_utc_s: float) -> list[Event]:
    """Return alarms that came and went, and limits that persons changed, in [start, end), oldest first; the newest
    ``EVENTS_MAX``. ``asked``: what the mailbox knows of accepted changes. Raises HistoryError.
    """
    found = []
    for each in history.marked("alarm", start_utc_s, EVENTS_MAX):
        found += [_alarm(each, alarm) for alarm in each.alarms]
    by_id = {request.id: request for request in asked}
    for each in history.marked("answer", start_utc_s, EVENTS_MAX):
        for answer in each.answers:
            request = by_id.get(str(answer["id"]))
            if request is not None and answer["accepted"]:
                text = f"{request.who}: {request.variable} {request.side} = {request.value:.5g}"
                found.append(Event(each.utc_s, "limit", text + (f" ({request.why})" if request.why else "")))
    found = sorted((each for each in found if each.utc_s < end_utc_s), key=lambda each: each.utc_s)
    return found[-EVENTS_MAX:]


def _alarm(cycle: ShortCycle, alarm: Mapping[str, str]) -> Event:
    kind = "alarm" if alarm.get("state") == "active" else "cleared"
    return Event(cycle.utc_s, kind, str(alarm.get("text", "")))


def foreseen(record: CycleRecord, pens: Sequence[Pen]) -> dict[str, list[tuple[float, float]]]:
    """Return what the cycle expected of its pens: (UTC seconds, value), from then on. An MV's moves are spread evenly
    within each block.
    """
    plan = record.plan
    ahead = cast("Sequence[float]", plan.get("prediction_at_s") or ())
    blocks = cast("Sequence[float]", plan.get("u_plan_at_s") or ())
    predicted = cast("Mapping[str, Sequence[float]]", plan.get("prediction") or {})
    planned = cast("Mapping[str, Sequence[float]]", plan.get("u_plan") or {})
    found: dict[str, list[tuple[float, float]]] = {}
    for pen in pens:
        if pen.name in predicted and pen.kind == "CV":
            values = predicted[pen.name]
            if len(values) == len(ahead):
                pairs = zip(ahead, values, strict=True)
                found[pen.name] = [(round(record.utc_s + s, 3), float(value)) for s, value in pairs]
        elif pen.name in planned and pen.kind == "MV" and len(planned[pen.name]) == len(blocks):
            here = record.readings.get(pen.tag, (None, "", ""))[0]
            path = [(0.0, here)] if here is not None else []
            path += [(s, float(value)) for s, value in zip(blocks, planned[pen.name], strict=True)]
            if path and ahead and ahead[-1] > path[-1][0]:
                path.append((ahead[-1], path[-1][1]))
            found[pen.name] = [(round(record.utc_s + s, 3), float(value)) for s, value in path]
    return {name: path for name, path in found.items() if all(math.isfinite(value) for _, value in path)}
