"""Forecasts of DVs: how old they may be, and what of them the controller gets. Where one cannot be used the DV is held.

Pure. Files are read by ``supervisor.forecast_files``, outside of the cycle.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field

from constraints.plant import DvSpec, Plant
from safety.signals import Snapshot
from safety.validity import ValidityRule
from supervisor.arrivals import Issue, Seen, looked

AHEAD_S = 60.0
"""A forecast that is dated so little ahead of our clock counts as new: clocks differ (as ``ValidityRule.future_s``)."""
POINTS_MAX = 200
"""So many points ahead are looked at: they are put on record in every cycle."""
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The known future of one DV, as a file says it."""

    points: Points = ()
    """(UTC seconds, value from then on), ascending."""
    issued_utc_s: float = 0.0
    why: str = ""
    """Why the file cannot be used; empty when it can."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What is known of forecasts."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    """By DV with tags."""
    files: Mapping[str, Forecast] = field(default_factory=dict)
    """By DV with a file: as it was read last."""
    states: Mapping[str, str] = field(default_factory=dict)
    """By DV with a forecast: ``in_use``, or why the DV is held."""


def advanced(plant: Plant, snapshot: Snapshot, memory: Forecasts) -> tuple[dict[str, Points], Forecasts]:
    """Return by DV what the controller gets, as (seconds from now, value from then on); and what is known now."""
    seen, states, found = dict(memory.seen), {}, {}
    for name, dv in plant.dvs.items():
        if dv.forecast is None:
            continue
        if dv.forecast.source is not None:
            seen[name] = looked(dv.forecast.source, snapshot, seen.get(name, Seen()))
            forecast = _on_tags(dv, seen[name])
        else:
            forecast = memory.files.get(name, Forecast(why="not_read"))
        states[name] = _objection(dv, forecast, snapshot.at.utc_s, plant.validity.get(name, ValidityRule()))
        if not states[name]:
            points = _ahead(forecast.points, snapshot.at.utc_s)
            states[name] = "in_use" if points[-1][0] > 0.0 else "over"
            if states[name] == "in_use":
                found[name] = points
    return found, Forecasts(seen=seen, files=memory.files, states=states)


def _on_tags(dv: DvSpec, seen: Seen) -> Forecast:
    issue: Issue | None = seen.issue
    if issue is None or dv.forecast is None:
        return Forecast(why=seen.why or "not_issued")
    points = zip((issue.utc_s + ahead_s for ahead_s in dv.forecast.ahead_s), issue.values, strict=True)
    return Forecast(points=tuple(points), issued_utc_s=issue.utc_s)


def _objection(dv: DvSpec, forecast: Forecast, utc_s: float, rule: ValidityRule) -> str:
    age_s = utc_s - forecast.issued_utc_s
    refused = {
        forecast.why: bool(forecast.why),
        "in_future": age_s < -AHEAD_S,
        "stale": dv.forecast is None or age_s > dv.forecast.age_s_max,
        "empty": not forecast.points,
        "outside_range": not all(rule.lo <= value <= rule.hi for _, value in forecast.points),
    }
    return next((code for code, holds in refused.items() if holds), "")


def _ahead(points: Points, utc_s: float) -> Points:
    """Return the point that holds now and those to come, from now on."""
    begin = max(bisect.bisect_right(points, (utc_s, float("inf"))) - 1, 0)
    return tuple((at_utc_s - utc_s, value) for at_utc_s, value in points[begin : begin + POINTS_MAX])
