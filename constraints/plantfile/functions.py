"""Section ``functions`` -> FunctionSpecs. What they call is looked up by the loader, and only where it is needed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from constraints.plant import CvSpec, FunctionSpec, MvSpec
from constraints.plantfile.blocks import known_names
from constraints.plantfile.bounds import Interval
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_models import FunctionSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit


def functions(
    scope: Scope,
    mvs: Mapping[str, MvSpec],
    cvs: Mapping[str, CvSpec],
    ranges: Mapping[str, Interval],
    known: Mapping[str, Unit],
) -> dict[str, FunctionSpec]:
    """Return every function whose names exist; ``ranges`` are those of instruments, by tag."""
    found: dict[str, FunctionSpec] = {}
    for name, given in scope.file.functions.items():
        path: Path = ("functions", name)
        fits = known_names(scope, (*path, "mvs"), given.mvs, tuple(scope.names("mvs")), "MV")
        fits &= known_names(scope, (*path, "dvs"), given.dvs, scope.dv_names, "DV")
        fits &= known_names(scope, (*path, "cvs"), given.cvs, tuple(scope.names("cvs")), "CV")
        if not fits or any(each not in mvs for each in given.mvs) or any(each not in cvs for each in given.cvs):
            continue
        middles = {each: mvs[each].limits.operator for each in given.mvs}
        middles |= {each: ranges.get(each, (-math.inf, math.inf)) for each in given.dvs}
        found[name] = FunctionSpec(
            name=name,
            address=given.call,
            mvs=tuple(given.mvs),
            dvs=tuple(given.dvs),
            cvs=tuple(given.cvs),
            at=_point(scope, path, given, middles, known),
            jacobian_address=given.jacobian or "",
            differences=given.differences,
        )
    return found


def _point(
    scope: Scope,
    path: Path,
    given: FunctionSection,
    middles: Mapping[str, tuple[float, float]],
    known: Mapping[str, Unit],
) -> tuple[float, ...]:
    for name in given.at:
        if name not in middles:
            hint = did_you_mean(name, middles)
            scope.issues.at_key("E070", (*path, "at", name), f"{name!r} is no input of function {path[-1]}", hint)
    values = []
    for name, (lo, hi) in middles.items():
        if name in given.at:
            values.append(scope.point((*path, "at", name), given.at[name], known.get(name)))
        elif math.isfinite(lo) and math.isfinite(hi):
            values.append((lo + hi) / 2.0)
        else:
            message = f"nothing says at which {name} function {path[-1]} is typical"
            scope.issues.at_key("E074", path, message, f"add at: {{{name}: value}}")
            values.append(math.nan)
    return tuple(values)
