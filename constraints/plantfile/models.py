"""Section ``models`` -> Pairs."""

from __future__ import annotations

from constraints.plant import Pair
from constraints.plantfile import units
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_variables import Model
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit


def pairs(scope: Scope, variable_units: dict[str, Unit]) -> tuple[Pair, ...]:
    """Return the model of every pair whose two ends exist."""
    found: list[Pair] = []
    for cv, row in scope.file.models.items():
        if cv not in scope.names("cvs"):
            hint = did_you_mean(cv, scope.names("cvs")) or "models are listed by CV, then by MV or DV"
            scope.issues.at_key("E070", ("models", cv), f"unknown CV {cv!r} in models", hint)
        for source, given in row.items():
            if _known_source(scope, cv, source):
                found.append(_pair(scope, cv, source, given, variable_units))
    return tuple(found)


def _known_source(scope: Scope, cv: str, source: str) -> bool:
    sources = (*scope.names("mvs"), *scope.file.dvs)
    if source in sources:
        return True
    behind = [name for name, mv in scope.file.mvs.items() if mv.readback == source]
    hint = f"it is the readback of {behind[0]}; name that" if behind else did_you_mean(source, sources)
    scope.issues.at_key("E070", ("models", cv, source), f"{source!r} is neither MV nor DV in models.{cv}", hint)
    return False


def _pair(scope: Scope, cv: str, source: str, given: Model, variable_units: dict[str, Unit]) -> Pair:
    path: Path = ("models", cv, source)
    gain = scope.point((*path, "gain"), given.gain, _gain_unit(cv, source, given, variable_units))
    if isinstance(given.gain, float):
        gain = given.gain
    if gain == 0.0:
        hint = "remove the pair where there is no effect"
        scope.issues.at_value("E071", (*path, "gain"), f"the gain of {source} on {cv} is 0", hint)
    lags = [
        scope.not_negative((*path, "lags", i), scope.seconds((*path, "lags", i), lag))
        for i, lag in enumerate(given.lags)
    ]
    dead = scope.not_negative((*path, "dead_time"), scope.seconds((*path, "dead_time"), given.dead_time))
    lead = scope.seconds((*path, "lead"), given.lead)
    if lead != 0.0 and not any(lags):
        message = f"the model of {source} on {cv} has a lead but no lag"
        scope.issues.at_value("E014", (*path, "lead"), message, "add lags; a lead alone cannot be")
    return Pair(
        source=source,
        cv=cv,
        gain=gain,
        dead_time_s=dead,
        lag1_s=lags[0] if lags else 0.0,
        lag2_s=lags[1] if len(lags) > 1 else 0.0,
        lead_s=lead,
        integrating=given.integrating,
    )


def _gain_unit(cv: str, source: str, given: Model, variable_units: dict[str, Unit]) -> Unit | None:
    of_cv, of_source = variable_units.get(cv), variable_units.get(source)
    if of_cv is None or of_source is None:
        return None
    gain = of_cv.of_differences.times(of_source, -1)
    return gain.times(units.unit("s"), -1) if given.integrating else gain


def warn_loose_ends(scope: Scope, found: tuple[Pair, ...]) -> None:
    """Warn of CVs that nothing moves, and of MVs and DVs that move nothing. Such a plant can still be monitored."""
    moved = {pair.cv for pair in found if pair.source in scope.file.mvs}
    moving = {pair.source for pair in found}
    for cv in scope.file.cvs:
        if cv not in moved and ("models", cv) not in scope.broken:
            hint = f"add models.{cv} with the gain of at least one MV"
            scope.issues.at_key("W101", ("cvs", cv), f"no MV moves CV {cv!r}", hint)
    for mv in scope.file.mvs:
        if mv not in moving:
            scope.issues.at_key("W102", ("mvs", mv), f"MV {mv!r} moves no CV", "add its models, or remove it")
    for index, dv in enumerate(scope.file.dvs):
        if dv not in moving:
            scope.issues.at_value("W107", ("dvs", index), f"DV {dv!r} has no model", "add its models, or remove it")
