"""Section ``models`` -> Pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from constraints.plant import FunctionSpec, Pair
from constraints.plantfile import units
from constraints.plantfile.document import Path, Value
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_models import Model
from constraints.plantfile.scope import Scope
from constraints.plantfile.stepfiles import KEY as STEP_FILE
from constraints.plantfile.tables import Points, table
from constraints.plantfile.units import Unit


def pairs(scope: Scope, variable_units: dict[str, Unit], functions: Mapping[str, FunctionSpec]) -> tuple[Pair, ...]:
    """Return the model of every pair whose two ends exist."""
    found: list[Pair] = []
    for cv, row in scope.file.models.items():
        if cv not in scope.names("cvs"):
            hint = did_you_mean(cv, scope.names("cvs")) or "models are listed by CV, then by MV or DV"
            scope.issues.at_key("E070", ("models", cv), f"unknown CV {cv!r} in models", hint)
        for source, given in row.items():
            if not _known_source(scope, cv, source) or not _one_form(scope, ("models", cv, source), given):
                continue
            if given.function is not None and not _known_function(scope, cv, source, given.function, functions):
                continue
            made = _pair(scope, cv, source, given, variable_units)
            if made is not None:
                found.append(made)
    return tuple(found)


def _one_form(scope: Scope, path: Path, given: Model) -> bool:
    """Return whether exactly one of gain, step and function is given, and nothing that it excludes."""
    forms = [key for key in ("gain", "step", "step_file", "function") if getattr(given, key) is not None]
    if not forms:
        scope.issues.at_key("E011", path, f"key 'gain' is missing in {scope.dotted(path)}", "or give step, or function")
        return False
    excluded = list(forms[1:])
    if forms[0] == "step":
        excluded += [key for key in ("lags", "lead") if getattr(given, key)]
    if forms[0] == "function":
        excluded += [key for key in ("integrating", "multiplier", "expects") if getattr(given, key)]
    for key in excluded:
        message = f"{key} and {forms[0]} exclude each other"
        scope.issues.at_value("E016", (*path, key), message, f"remove {key} or {forms[0]}")
    if given.multiplier is not None and given.multiplier not in scope.names("multipliers"):
        hint = did_you_mean(given.multiplier, scope.names("multipliers")) or "declare it under multipliers"
        scope.issues.at_value("E070", (*path, "multiplier"), f"unknown multiplier {given.multiplier!r}", hint)
    return not excluded


def _known_function(scope: Scope, cv: str, source: str, name: str, functions: Mapping[str, FunctionSpec]) -> bool:
    path: Path = ("models", cv, source, "function")
    if name not in scope.names("functions"):
        hint = did_you_mean(name, scope.names("functions")) or "declare it under functions"
        scope.issues.at_value("E070", path, f"unknown function {name!r}", hint)
        return False
    function = functions.get(name)
    if function is None:
        return False  # reported with the function itself
    if cv in function.cvs and source in (*function.mvs, *function.dvs):
        return True
    message = f"function {name} does not give {cv} from {source}"
    scope.issues.at_value("E074", path, message, f"name both in functions.{name}")
    return False


def _known_source(scope: Scope, cv: str, source: str) -> bool:
    sources = (*scope.names("mvs"), *scope.dv_names)
    if source in sources:
        return True
    behind = [name for name, mv in scope.file.mvs.items() if mv.readback == source]
    hint = did_you_mean(source, sources)
    if behind:
        hint = f"it is the readback of {behind[0]}; name that"
    elif source in scope.names("tags"):
        hint = "it is measured and not moved: add it to dvs"
    scope.issues.at_key("E070", ("models", cv, source), f"{source!r} is neither MV nor DV in models.{cv}", hint)
    return False


def _pair(scope: Scope, cv: str, source: str, given: Model, variable_units: dict[str, Unit]) -> Pair | None:
    path: Path = ("models", cv, source)
    gain = 1.0
    step: Points = ()
    if given.gain is not None:
        gain = scope.point((*path, "gain"), given.gain, _gain_unit(cv, source, given, variable_units))
        if isinstance(given.gain, float):
            gain = given.gain
    elif given.step is not None:
        found = _step(scope, (*path, "step"), cv, source, given, variable_units)
        if found is None:
            return None
        step, gain = found, max((value for _, value in found), key=abs)
    if gain == 0.0:
        hint = "remove the pair where there is no effect"
        at = (*path, "gain" if given.step is None else "step")
        scope.issues.at_value("E071", at, f"the gain of {source} on {cv} is 0", hint)
    _check_sign(scope, path, given, step[-1][1] if step else gain)
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
        step=step,
        function=given.function or "",
        multiplier=given.multiplier or "",
    )


def _check_sign(scope: Scope, path: Path, given: Model, gain: float) -> None:
    """Report a gain (of a step response: its end) that goes the other way than the engineer expects."""
    wrong = {"positive": gain < 0.0, "negative": gain > 0.0}
    if given.expects is None or not wrong[given.expects]:
        return
    at = (*path, "gain" if given.step is None else "step")
    message = f"the gain of {path[2]} on {path[1]} is {gain:g}, and expected {given.expects}"
    hint = "a wrong sign drives the CV away from its limit: check the step test, and the order of the sources"
    scope.issues.at_value("E076", at, message, hint)


def _step(
    scope: Scope, path: Path, cv: str, source: str, given: Model, variable_units: dict[str, Unit]
) -> Points | None:
    unit = _gain_unit(cv, source, given.model_copy(update={"integrating": False}), variable_units)

    def value(at: Path, number: float | str) -> float:
        return number if isinstance(number, float) else scope.point(at, number, unit)

    form = "such as [[0, 0], [1 min, 0.3], [5 min, 0.8]]"
    if (*path[:-1], STEP_FILE) in scope.document.keys and given.step:  # one unit for each column: one finding for all
        before = len(scope.issues.found)
        scope.seconds((*path, 0, 0), given.step[0][0])
        value((*path, 0, 1), given.step[0][1])
        if len(scope.issues.found) > before:
            return None
    found = table(scope, path, given.step or [], (scope.seconds, value), form)
    if found is not None and found[0][0] != 0.0:
        scope.issues.at_value("E072", (*path, 0), "a step response begins at 0 s", form)
        return None
    return found


def _gain_unit(cv: str, source: str, given: Model, variable_units: dict[str, Unit]) -> Unit | None:
    of_cv, of_source = variable_units.get(cv), variable_units.get(source)
    if of_cv is None or of_source is None:
        return None
    gain = of_cv.of_differences.times(of_source, -1)
    return gain.times(units.unit("s"), -1) if given.integrating else gain


def _rows(given: Value) -> Iterable[tuple[str, Value]]:
    return given.items() if isinstance(given, dict) else ()


def warn_loose_ends(scope: Scope) -> None:
    """Warn of CVs that nothing moves, and of MVs and DVs that move nothing. Such a plant can still be monitored.

    A model that has an error counts as one: its own finding is enough.
    """
    named = [(cv, source) for cv, row in _rows(scope.document.data.get("models")) for source, _ in _rows(row)]
    moved = {cv for cv, source in named if source in scope.names("mvs")}
    moving = {source for _, source in named}
    for block in scope.file.state_space:
        moving |= set(block.inputs)
        if any(source in scope.file.mvs for source in block.inputs):
            moved |= set(block.cvs)
    for cv in scope.file.cvs:
        if cv not in moved:
            hint = f"add models.{cv} with the gain of at least one MV"
            scope.issues.at_key("W101", ("cvs", cv), f"no MV moves CV {cv!r}", hint)
    for mv in scope.file.mvs:
        if mv not in moving:
            scope.issues.at_key("W102", ("mvs", mv), f"MV {mv!r} moves no CV", "add its models, or remove it")
    for path, dv in scope.dvs():
        if dv not in moving:
            scope.issues.at_key("W107", path, f"DV {dv!r} has no model", "add its models, or remove it")
