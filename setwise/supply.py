"""What others supply to a step in a notebook: laboratory values, targets of a higher layer, forecasts of DVs.

Laboratory values and targets go the supervisor's own way, with its limits, ages and refusals. A forecast may be given
for any DV, also where the plant file names no source of one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from constraints.plant import Plant
from controllers.types import Inputs, Plan
from safety.signals import Instant, Snapshot
from safety.validity import ValidityRule
from setwise.errors import InputError, number, unknown
from setwise.held import held
from setwise.moments import At, Moment, moment
from supervisor.external import LASTS_S_MAX
from supervisor.laboratory import judged
from supervisor.record import Request
from supervisor.supplied import Supplied, Supply, asked, observed
from supervisor.supplied_words import words

Lab = Mapping[str, tuple[float, At | Moment]]
"""By CV: the laboratory's value and when its sample was taken."""
External = Mapping[str, float | None]
"""By MV or CV: the target that a higher layer wishes from now on; None ends it."""
Forecast = Mapping[str, "pd.Series[float]"] | pd.DataFrame
"""By DV: its values, each from its time on; the index is wall time, timedelta or seconds from this step."""
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What a stepper remembers of it."""

    supplied: Supplied = field(default_factory=Supplied)
    """The supervisor's own memory."""
    coming: Mapping[str, Points] = field(default_factory=dict)
    """By DV: (moment in seconds, value from then on)."""


def lab_given(plant: Plant, given: Given, lab: Lab, now: Moment) -> tuple[Given, dict[str, str]]:
    """Return what is known after these values, and by CV in words why one is refused. Raises InputError."""
    refused = {}
    for name, pair in lab.items():
        if name not in plant.cvs:
            raise unknown(name, "CV", plant.cvs)
        try:
            given_value, at = pair
        except (TypeError, ValueError):
            raise InputError(f"laboratory value of {name} is (value, when it was sampled), not {pair!r}") from None
        sampled = at if isinstance(at, Moment) else moment(at, plant)
        if sampled.wall != now.wall:
            raise InputError(f"laboratory value of {name}: sampled at {at!r}, which is no time like this step's")
        value = number(given_value, f"laboratory value of {name}")
        request = _request("lab", name, now, value=value, sampled_utc_s=sampled.s)
        given, why = _asked(plant, given, request, now)
        if why:
            refused[name] = words(why, plant, name)
    return given, refused


def external_given(plant: Plant, given: Given, external: External, now: Moment) -> Given:
    """Return what is known after these targets. Raises InputError where the supervisor would refuse one."""
    for name, value in external.items():
        if name not in plant.mvs and name not in plant.cvs:
            raise unknown(name, "MV or CV", (*plant.mvs, *plant.cvs))
        if value is None:
            given, _ = _asked(plant, given, _request("target_end", name, now), now)
            continue
        target = number(value, f"external target of {name}")
        request = _request("target", name, now, value=target, lasts_s=LASTS_S_MAX)
        given, why = _asked(plant, given, request, now)
        if why:
            raise InputError(f"external target of {name} = {target:g}: {words(why, plant)}")
    return given


def forecast_given(plant: Plant, given: Given, forecast: Forecast, now: Moment) -> Given:
    """Return what is known after these forecasts; each replaces the one before of its DV. Raises InputError."""
    coming = dict(given.coming)
    for name, series in forecast.items():
        what = f"forecast of {name}"
        if name not in plant.dvs:
            raise unknown(str(name), "DV", plant.dvs)
        if not isinstance(series, pd.Series):
            raise InputError(f"{what} is a Series with time as its index, not {type(series).__name__}")
        table = held(series.to_frame(str(name)), now, math.inf, plant, what)
        values = table.values[str(name)].tolist()
        points = tuple(
            (at_s, value) for at_s, value in zip(table.at_s.tolist(), values, strict=True) if not math.isnan(value)
        )
        rule = plant.validity.get(str(name), ValidityRule())
        outside = [value for _, value in points if not rule.lo <= value <= rule.hi]
        if outside:
            raise InputError(f"{what}: {outside[0]:g} is outside its range {rule.lo:g} to {rule.hi:g}")
        coming[str(name)] = points
    return replace(given, coming=coming)


def supplied_now(
    plant: Plant, given: Given, snapshot: Snapshot, here: Mapping[str, float | None]
) -> tuple[Supply, Given]:
    """Return what the controller gets in this step, and what is known then."""
    supply, supplied = observed(plant, snapshot, given.supplied, here)
    ahead = {name: _ahead(points, snapshot.at.mono_s) for name, points in given.coming.items()}
    forecast = {**supply.forecast, **{name: points for name, points in ahead.items() if points}}
    return replace(supply, forecast=forecast), replace(given, supplied=supplied)


def judged_by(plan: Plan, inputs: Inputs, given: Given) -> Given:
    """Return what is known after the controller has said what it thinks of the laboratory's values."""
    lab, _ = judged(plan, inputs, given.supplied.lab)
    return replace(given, supplied=replace(given.supplied, lab=lab))


def _ahead(points: Points, now_s: float) -> Points:
    """Return the point that holds now and those to come, in seconds from now; nothing where none is to come."""
    begun = [number for number, (at_s, _) in enumerate(points) if at_s <= now_s]
    left = points[begun[-1] if begun else 0 :]
    return tuple((at_s - now_s, value) for at_s, value in left) if left and left[-1][0] > now_s else ()


def _asked(plant: Plant, given: Given, request: Request, now: Moment) -> tuple[Given, str]:
    supplied, why = asked(plant, request, Instant(now.s, now.s), 0, given.supplied)
    return replace(given, supplied=supplied), why


def _request(action: Literal["lab", "target", "target_end"], name: str, now: Moment, **what: float) -> Request:
    """Return the request of a person who is allowed to make it: nothing that is asked here reaches a plant."""
    return Request(
        id=f"{action} {name} {now.s}",
        action=action,
        who="notebook",
        role="operator",
        why="notebook",
        asked_utc_s=now.s,
        expires_utc_s=now.s,
        saw_cycle=None,
        variable=name,
        value=what.get("value"),
        sampled_utc_s=what.get("sampled_utc_s"),
        lasts_s=what.get("lasts_s"),
    )
