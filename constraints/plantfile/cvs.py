"""Section ``cvs`` -> CvSpecs."""

from __future__ import annotations

import math
from typing import Final

from constraints.plant import CvSpec
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.nesting import check_value_inside, nested
from constraints.plantfile.quadratic import quadratic
from constraints.plantfile.samples import analyser_delay_s
from constraints.plantfile.schema_variables import Cv
from constraints.plantfile.scope import Scope
from constraints.plantfile.supplied import external_rule, lab_rule
from constraints.plantfile.transforms import transform
from constraints.plantfile.units import Unit

RAMP_MIN: Final = 10.0
"""Minutes in which a changed limit crosses the operator's range, where the file does not say."""


def cv_spec(scope: Scope, name: str, given: Cv, tag_units: dict[str, Unit]) -> CvSpec | None:
    """Return one CV; None where there is no such tag."""
    path: Path = ("cvs", name)
    if name not in scope.names("tags"):
        hint = did_you_mean(name, scope.names("tags")) or "a CV has the name of its tag"
        scope.issues.at_key("E051", path, f"unknown tag {name!r} in cvs", hint)
        return None
    unit = tag_units.get(name)
    limits = nested(scope, (*path, "limits"), given.limits, unit)
    lo, hi = limits.operator
    target = None
    if given.target is not None:
        target = scope.point((*path, "target"), given.target, unit)
        check_value_inside(scope, (*path, "target"), target, limits.operator, "operator")
    ideal = None if given.ideal is None else scope.point((*path, "ideal"), given.ideal, unit)
    back_hi, back_lo = (
        scope.not_negative((*path, "back_off", side), scope.difference((*path, "back_off", side), value, unit))
        for side, value in (("hi", given.back_off.hi), ("lo", given.back_off.lo))
    )
    if lo + back_lo >= hi - back_hi:
        message = f"back_off leaves nothing between the operator limits [{lo:g}, {hi:g}] of {name}"
        scope.issues.at_key("E044", (*path, "back_off"), message, "smaller back_off, or wider limits")
    if math.isinf(lo) and math.isinf(hi) and target is None:
        scope.issues.at_key("W108", path, f"CV {name!r} has neither limits nor a target", "add limits")
    ramp = (hi - lo) / RAMP_MIN
    if given.limit_ramp is not None:
        at = (*path, "limit_ramp")
        ramp = scope.positive(at, scope.rate(at, given.limit_ramp, unit, "min"))
    funnel, filter_, fade = (
        None if time is None else scope.positive((*path, key), scope.seconds((*path, key), time))
        for key, time in (("funnel", given.funnel), ("filter", given.filter), ("fade", given.fade))
    )
    return CvSpec(
        name=name,
        unit=scope.file.tags[name].unit if name in scope.file.tags else "",
        limits=limits,
        target=target,
        cost_quadratic=quadratic(scope, path, given.cost_quadratic, ideal),
        ideal=ideal,
        rank_hi=given.rank.hi,
        rank_lo=given.rank.lo,
        rank_target=given.rank.target,
        concern=scope.positive((*path, "concern"), scope.difference((*path, "concern"), given.concern, unit)),
        back_off_hi=back_hi,
        back_off_lo=back_lo,
        critical=given.critical,
        bad_cycles=given.bad_cycles,
        disturbance=given.disturbance,
        limit_ramp_per_min=ramp,
        funnel_s=funnel,
        filter_s=filter_,
        fade_s=fade,
        slack=given.slack,
        transform=transform(scope, (*path, "transform"), given.transform, unit, limits.safety),
        analyser_delay_s=analyser_delay_s(scope, (*path, "analyser"), given.analyser),
        lab=lab_rule(scope, (*path, "lab"), given.lab, unit),
        external=external_rule(scope, (*path, "external"), given.external, unit, given.rank.target),
        description=given.desc,
    )
