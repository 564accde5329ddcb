"""Section ``tags`` -> TagSpecs and what makes their readings valid."""

from __future__ import annotations

import math

from constraints.plant import TagSpec
from constraints.plantfile.derived import is_derived
from constraints.plantfile.document import Path
from constraints.plantfile.points import check_scaling, place_of, point
from constraints.plantfile.schema_variables import Tag
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from safety.validity import ValidityRule

STALE_S_DEFAULT = 30.0


def tag_units(scope: Scope) -> dict[str, Unit]:
    """Return the unit of every tag whose unit is known; reports the others."""
    found = {name: scope.unit(("tags", name, "unit"), tag.unit) for name, tag in scope.file.tags.items()}
    return {name: unit for name, unit in found.items() if unit is not None}


def tag_spec(scope: Scope, name: str, given: Tag) -> TagSpec | None:
    """Return one tag; None where its source leads nowhere."""
    path: Path = ("tags", name)
    scope.check_name(path)
    filter_s = _filter(scope, path, given)
    if is_derived(given):
        return TagSpec(name=name, point=None, unit=given.unit, description=given.desc, filter_s=filter_s)
    every = scope.not_negative((*path, "every"), scope.seconds((*path, "every"), given.every))
    scale = check_scaling(scope, path, given.scale)
    where = place_of(scope, (*path, "source"), given.source) if given.source is not None else None
    if where is None:
        return None
    spot = point(name, where, "float64", scale, given.offset)
    return TagSpec(name=name, point=spot, unit=given.unit, description=given.desc, every_s=every, filter_s=filter_s)


def tag_rule(scope: Scope, name: str, given: Tag, unit: Unit | None, cycle_s: float) -> ValidityRule | None:
    """Return when the tag's reading is good."""
    path: Path = ("tags", name)
    every = scope.seconds((*path, "every"), given.every)
    scan = max(every, cycle_s)
    stale = max(STALE_S_DEFAULT, 2.0 * scan)
    if given.stale_after is not None:
        stale = scope.positive((*path, "stale_after"), scope.seconds((*path, "stale_after"), given.stale_after))
        if stale < scan:
            message = f"{name} is renewed every {scan:g} s, but stale after {stale:g} s"
            scope.issues.at_value("E064", (*path, "stale_after"), message, f"more than {scan:g} s")
    frozen = math.inf
    if given.frozen_after is not None:
        frozen = scope.positive((*path, "frozen_after"), scope.seconds((*path, "frozen_after"), given.frozen_after))
        if frozen <= scan:
            message = f"{name} is renewed every {scan:g} s, but frozen after {frozen:g} s"
            scope.issues.at_value("E064", (*path, "frozen_after"), message, f"several times {scan:g} s")
    lo, hi = instrument_range(scope, name, given, unit)
    rate = math.inf
    if given.max_rate is not None:
        rate = scope.positive((*path, "max_rate"), scope.rate((*path, "max_rate"), given.max_rate, unit, "s"))
    if given.signal is not None and given.unit != "mA":
        scope.issues.at_value("E021", (*path, "unit"), f"signal 4-20mA needs unit mA, not {given.unit}")
    hold = scope.not_negative((*path, "hold"), scope.seconds((*path, "hold"), given.hold))
    return scope.built(
        path,
        lambda: ValidityRule(
            lo=lo,
            hi=hi,
            rate_per_s_max=rate,
            stale_s=stale,
            frozen_s=frozen,
            hold_s=hold,
            uncertain_as_good=given.uncertain == "good",
            signal_4_20=given.signal is not None,
            stamp=given.stamp,
        ),
    )


def instrument_range(scope: Scope, name: str, given: Tag, unit: Unit | None) -> tuple[float, float]:
    """Return between what a good value lies: what the instrument can show and what can be true there; infinite where
    the file does not say.
    """
    shown, true = (
        _pair(scope, name, key, pair, unit) for key, pair in (("range", given.range), ("validity", given.validity))
    )
    if -math.inf < true[0] < shown[0] or shown[1] < true[1] < math.inf:
        message = f"the validity of {name} reaches outside its range"
        scope.issues.at_value("E042", ("tags", name, "validity"), message, "what can be true, inside what can be shown")
    return max(shown[0], true[0]), min(shown[1], true[1])


def _pair(scope: Scope, name: str, key: str, given: list[float | str] | None, unit: Unit | None) -> tuple[float, float]:
    path: Path = ("tags", name, key)
    if given is None:
        return -math.inf, math.inf
    lo, hi = (scope.point((*path, side), value, unit) for side, value in enumerate(given))
    if lo >= hi:
        scope.issues.at_value("E041", path, f"the {key} of {name} ends before it begins", "write [low, high]")
    return lo, hi


def _filter(scope: Scope, path: Path, given: Tag) -> float:
    """Return the time constant of the filter; 0 where there is none."""
    if given.filter is None:
        return 0.0
    filter_s = scope.not_negative((*path, "filter"), scope.seconds((*path, "filter"), given.filter))
    if scope.seconds((*path, "every"), given.every) > 0.0:
        message = f"{path[1]} is renewed every {given.every}: a filter would only delay it"
        scope.issues.at_value("E016", (*path, "filter"), message, f"a CV's own filter is cvs.{path[1]}.filter")
    return filter_s
