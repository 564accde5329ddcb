"""Tags on which other programs leave values: that they exist, fit, are dated, and last as long as they are needed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from constraints.plant import CvSpec, DvSpec, MvSpec, TagSpec
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.supplied import Source
from safety.validity import ValidityRule

Variable = MvSpec | CvSpec | DvSpec


def named(**given: str | None) -> dict[tuple[str, ...], str]:
    """Return the tags that are given, by the place of their names."""
    return {(key,): tag for key, tag in given.items() if tag is not None}


def source(
    scope: Scope,
    path: Path,
    values: Mapping[tuple[str, ...], str],
    time: Mapping[tuple[str, ...], str],
    count: str | None,
    unit: Unit | None,
) -> Source | None:
    """Return the tags of ``values`` and what dates them; None where there are none. Keys are places below ``path``."""
    dates = {**time, **named(count=count)}
    if not values:
        for place in dates:
            scope.issues.at_key("E016", (*path, *place), f"{place[0]} goes with a tag of values", f"remove {place[0]}")
        return None
    if time and count is not None:
        (said,) = next(iter(time))
        message = f"{said} says already when it was issued"
        scope.issues.at_key("E016", (*path, "count"), message, f"remove count, or {said}")
    for place, tag in values.items():
        _check_tag(scope, (*path, *place), tag, unit)
    for place, tag in dates.items():
        scope.unknown("E051", "tags", tag, (*path, *place))
    return Source(
        tags=tuple(values.values()),
        time_tag=next(iter(time.values()), None),
        count_tag=count,
        on_arrival=all(_protocol(scope, tag) == "mqtt" for tag in values.values()),
    )


def _check_tag(scope: Scope, path: Path, tag: str, unit: Unit | None) -> None:
    """Report a tag that is not there or is in another unit than the variable it is for."""
    report = scope.issues.at_key if path[-1] == tag else scope.issues.at_value
    if tag not in scope.names("tags"):
        hint = did_you_mean(tag, scope.names("tags"))
        report("E051", path, f"unknown tag {tag!r} in {scope.dotted(path)}", hint)
    elif tag in scope.file.tags and unit is not None:
        own = scope.unit(("tags", tag, "unit"), scope.file.tags[tag].unit)
        if own is not None and (own.dimensions, own.factor, own.offset) != (unit.dimensions, unit.factor, unit.offset):
            report("E021", path, f"{tag} is in {own.text}, what it is for in {unit.text}", "use one unit")


def check_arrivals(
    scope: Scope,
    variables: Iterable[Variable],
    validity: Mapping[str, ValidityRule | None],
) -> None:
    """Report tags on which a value would be stale before it has served, or that nothing dates."""
    for variable in variables:
        for path, source, age_s in _sources(variable):
            _check_dated(scope, path, source)
            for tag in source.all_tags():
                rule = validity.get(tag)
                if rule is not None and math.isfinite(age_s):
                    _check_lasting(scope, tag, rule, age_s, scope.dotted(path))


def with_moments(tags: Mapping[str, TagSpec], variables: Iterable[Variable]) -> dict[str, TagSpec]:
    """Return the tags, those that say when something was issued ready for dates and times."""
    dated = {source.time_tag for variable in variables for _, source, _ in _sources(variable)}
    found = dict(tags)
    for name, spec in tags.items():
        if name in dated and spec.point is not None:
            found[name] = replace(spec, point=replace(spec.point, moment=True))
    return found


def _sources(variable: Variable) -> list[tuple[Path, Source, float]]:
    """Return where each value of others for ``variable`` arrives, its place in the file, and how long it serves."""
    found: list[tuple[Path, Source | None, float]] = []
    if isinstance(variable, DvSpec):
        if variable.forecast is not None:
            path: Path = ("dvs", variable.name, "forecast")
            found.append((path, variable.forecast.source, variable.forecast.age_s_max))
    else:
        section = "mvs" if isinstance(variable, MvSpec) else "cvs"
        if variable.external is not None:
            path = (section, variable.name, "external")
            found.append((path, variable.external.source, variable.external.age_s_max))
        if isinstance(variable, CvSpec) and variable.lab is not None:
            found.append((("cvs", variable.name, "lab"), variable.lab.source, variable.lab.age_s_max))
    return [(path, each, age_s) for path, each, age_s in found if each is not None]


def _check_dated(scope: Scope, path: Path, source: Source) -> None:
    if source.time_tag is not None or source.count_tag is not None:
        return
    undated = [tag for tag in source.tags if _protocol(scope, tag) == "modbus-tcp"]
    if undated:
        key = "sampled" if path[-1] == "lab" else "issued"
        message = f"nothing says when the value of {undated[0]} was issued: Modbus has no time stamps"
        scope.issues.at_key("E016", path, message, f"add {key} or count, a tag that says it")


def _check_lasting(scope: Scope, tag: str, rule: ValidityRule, age_s: float, whose: str) -> None:
    """A polled value is renewed by each poll, unless its stamp counts; a message only when it comes."""
    message = _protocol(scope, tag) == "mqtt"
    renewed = _protocol(scope, tag) == "modbus-tcp" or (rule.stamp == "ignore" and not message)
    if renewed or rule.stale_s >= age_s:
        return
    said = f"{tag} would be stale after {rule.stale_s:g} s, but serves {whose} for {age_s:g} s"
    hint = f"add stale_after: {age_s:g} s" if message else "add stamp: ignore; max_age judges its age"
    scope.issues.at_key("E064", ("tags", tag), said, hint)


def _protocol(scope: Scope, tag: str) -> str:
    given = scope.file.tags.get(tag)
    if given is None or given.source is None:
        return ""
    connection = scope.file.connections.get(given.source.partition(":")[0])
    return connection.type if connection is not None else ""
