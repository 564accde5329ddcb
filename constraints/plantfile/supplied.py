"""``lab``, ``external`` and ``forecast`` of the variables -> rules for what others supply."""

from __future__ import annotations

import itertools
import math
from typing import Final

from constraints.plantfile.document import Path
from constraints.plantfile.schema_supplied import Dv, ExternalSection, ForecastSection, LabSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.sources import named, source
from constraints.plantfile.units import Unit
from constraints.supplied import ExternalRule, ForecastRule, LabRule

MV_RANK: Final = 9


def lab_rule(scope: Scope, path: Path, given: LabSection | None, unit: Unit | None) -> LabRule | None:
    """Return which laboratory values count; None where the CV has none."""
    if given is None:
        return None
    lo, hi = (scope.point((*path, "limits", i), value, unit) for i, value in enumerate(given.limits))
    if lo >= hi:
        scope.issues.at_value("E041", (*path, "limits"), f"{lo:g} is not below {hi:g}", "write [low, high]")
    if not 0.0 < given.share <= 1.0:
        hint = "1 believes the laboratory wholly, 0.5 half of it"
        scope.issues.at_value("E014", (*path, "share"), "a share is above 0 and at most 1", hint)
    difference = _distance(scope, (*path, "max_difference"), given.max_difference, unit)
    sdev = math.inf if given.sdev is None else _distance(scope, (*path, "sdev"), given.sdev, unit)
    steady_sdev, steady_s = math.inf, 0.0
    if given.steady is not None:
        at = (*path, "steady")
        steady_sdev = _distance(scope, (*at, "sdev"), given.steady.sdev, unit)
        steady_s = scope.positive((*at, "over"), scope.seconds((*at, "over"), given.steady.over))
    delay = scope.not_negative((*path, "delay"), scope.seconds((*path, "delay"), given.delay))
    if delay and given.sampled is not None:
        message = f"{given.sampled} says already when a sample was taken"
        scope.issues.at_value("E016", (*path, "delay"), message, "remove delay or sampled")
    if given.value == path[1]:
        hint = "name the tag of the laboratory's result; what the CV itself shows is its measurement"
        scope.issues.at_value("E054", (*path, "value"), f"{given.value!r} is the CV itself", hint)
    return LabRule(
        lo=lo,
        hi=hi,
        difference_max=difference,
        age_s_max=scope.positive((*path, "max_age"), scope.seconds((*path, "max_age"), given.max_age)),
        share=given.share,
        ramp_s=scope.not_negative((*path, "ramp"), scope.seconds((*path, "ramp"), given.ramp)),
        sdev=sdev,
        agree=given.agree,
        steady_sdev=steady_sdev,
        steady_s=steady_s,
        source=source(scope, path, named(value=given.value), named(sampled=given.sampled), given.count, unit),
        delay_s=delay,
    )


def external_rule(
    scope: Scope, path: Path, given: ExternalSection | None, unit: Unit | None, rank: int = MV_RANK
) -> ExternalRule | None:
    """Return how a target from outside is taken; None where the file lets nobody set one. ``rank`` is the default."""
    if given is None:
        return None
    rate = math.inf
    if given.max_rate is not None:
        at = (*path, "max_rate")
        rate = scope.positive(at, scope.rate(at, given.max_rate, unit, "min")) / 60.0
    age = math.inf
    if given.max_age is not None:
        age = scope.positive((*path, "max_age"), scope.seconds((*path, "max_age"), given.max_age))
    elif given.tag is not None:
        hint = "a target that nobody renews must end: add max_age, such as 30 min"
        scope.issues.at_key("E011", (*path, "tag"), f"key 'max_age' is missing in {scope.dotted(path)}", hint)
    target = source(scope, path, named(tag=given.tag), named(issued=given.issued), given.count, unit)
    return ExternalRule(rank=given.rank or rank, per_s_max=rate, age_s_max=age, source=target)


def forecast(scope: Scope, path: Path, name: str, unit: Unit | None) -> ForecastRule | None:
    """Return where the future of DV ``name`` is read; None where it is held."""
    dvs = scope.file.dvs
    entry = dvs[name] if isinstance(dvs, dict) else Dv()
    given, path = entry.forecast, (*path, "forecast")
    if not isinstance(given, ForecastSection):
        return None
    age = scope.positive((*path, "max_age"), scope.seconds((*path, "max_age"), given.max_age))
    if bool(given.tags) == bool(given.file):
        hint = "remove one" if given.file else "tags: {hum_in_1h: 1 h}, or file: weather.csv"
        scope.issues.at_key("E016", path, "a forecast is on tags or in a file: one of the two", hint)
    for key in ("issued", "count") if given.file else ("column",):
        if getattr(given, key) is not None:
            message = f"{key} says nothing about a forecast {'in a file' if given.file else 'on tags'}"
            scope.issues.at_key("E016", (*path, key), message, f"remove {key}")
    values: dict[tuple[str, ...], str] = {("tags", tag): tag for tag in given.tags}
    ahead = [
        scope.not_negative((*path, "tags", tag), scope.seconds((*path, "tags", tag), time))
        for tag, time in given.tags.items()
    ]
    if any(later <= earlier for earlier, later in itertools.pairwise(ahead)):
        hint = "each tag's time is later than the one before"
        scope.issues.at_value("E014", (*path, "tags"), "the times of a forecast's tags do not ascend", hint)
    return ForecastRule(
        age_s_max=age,
        source=source(scope, path, values, named(issued=given.issued), given.count, unit),
        ahead_s=tuple(ahead),
        file=given.file or "",
        column=given.column or "",
    )


def _distance(scope: Scope, path: Path, value: float | str, unit: Unit | None) -> float:
    return scope.positive(path, scope.difference(path, value, unit))
