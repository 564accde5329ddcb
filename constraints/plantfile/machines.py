"""Section ``machines`` -> MachineSpecs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from constraints.machines import MachineSpec
from constraints.plantfile.bounds import Interval
from constraints.plantfile.document import Path
from constraints.plantfile.schema_machines import MachineSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.switching import switching_condition
from constraints.plantfile.units import Unit, unit
from safety.grammar import Expression


def machines(scope: Scope, known: Mapping[str, Unit], ranges: Mapping[str, Interval]) -> dict[str, MachineSpec]:
    """Return every machine."""
    return {name: _machine(scope, name, given, known, ranges) for name, given in scope.file.machines.items()}


def _machine(
    scope: Scope, name: str, given: MachineSection, known: Mapping[str, Unit], ranges: Mapping[str, Interval]
) -> MachineSpec:
    path: Path = ("machines", name)
    scope.check_name(path)
    for index, tag in enumerate(given.tags):
        if not scope.unknown("E051", "tags", tag, (*path, "tags", index)) and tag in given.tags[:index]:
            scope.issues.at_value("E054", (*path, "tags", index), f"{tag} twice", "remove one")
    for key, of in (("power", "kW"), ("energy", "kWh")):
        _check_kind(scope, (*path, key), getattr(given, key), known, of)
    if given.vibration is not None:
        scope.unknown("E051", "tags", given.vibration, (*path, "vibration"))
    rated = None
    if given.rated_power is not None:
        rated = scope.positive(
            (*path, "rated_power"), scope.point((*path, "rated_power"), given.rated_power, unit("kW"))
        )
    warn, alarm = _limits(scope, path, given, known)
    service = None
    if given.service_every is not None:
        service = scope.positive((*path, "service_every"), scope.seconds((*path, "service_every"), given.service_every))
    runs_when = switching_condition(
        scope,
        (*path, "runs_when"),
        given.runs_when,
        known,
        ranges,
        lambda word: f"machine {name!r} {word} runs by this condition",
    )
    return MachineSpec(
        name=name,
        kind=given.kind,
        description=given.desc,
        tags=tuple(dict.fromkeys([*given.tags, *_named(given, runs_when)])),
        runs_when=runs_when,
        power=given.power,
        rated_power_kw=rated,
        energy=given.energy,
        vibration=given.vibration,
        vibration_warn=warn,
        vibration_alarm=alarm,
        service_every_s=service,
    )


def _check_kind(scope: Scope, path: Path, tag: str | None, known: Mapping[str, Unit], of: str) -> None:
    """Report a tag that is not there, or whose unit is of another kind than ``of``."""
    if tag is None or scope.unknown("E051", "tags", tag, path) or tag not in known:
        return
    if known[tag].dimensions != unit(of).dimensions:
        scope.issues.at_value("E021", path, f"{tag} is in {known[tag].text}, not in {of} or the like", f"a tag in {of}")


def _limits(
    scope: Scope, path: Path, given: MachineSection, known: Mapping[str, Unit]
) -> tuple[float | None, float | None]:
    if given.limits is None:
        return None, None
    if given.vibration is None:
        scope.issues.at_key("E016", (*path, "limits"), "limits are of the vibration", "add vibration: TAG")
        return None, None
    at, wanted = (*path, "limits"), known.get(given.vibration)
    warn, alarm = (scope.point((*at, key), getattr(given.limits, key), wanted) for key in ("warn", "alarm"))
    if warn >= alarm:
        scope.issues.at_value("E041", (*at, "alarm"), f"alarm at {alarm:g} is not above warn at {warn:g}", "warn first")
    return warn, alarm


def _named(given: MachineSection, runs_when: Expression | None) -> Iterator[str]:
    yield from (tag for tag in (given.power, given.energy, given.vibration) if tag is not None)
    if runs_when is not None:
        yield from sorted(runs_when.names)
