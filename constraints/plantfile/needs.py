"""What of the sections that all controllers share one controller's part of a plant file needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from constraints.plantfile.schema import PlantFile
from constraints.plantfile.schema_machines import MachineSection
from constraints.plantfile.schema_supplied import Dv, ExternalSection, ForecastSection, LabSection
from constraints.plantfile.schema_variables import Tag
from constraints.plantfile.shares import words


def dvs_of(part: PlantFile, own: Set[str]) -> set[str]:
    """Return the names of DVs that its models, constraints and adaptation use, not those that it moves itself."""
    found = {source for row in part.models.values() for source in row}
    found |= {name for block in part.state_space for name in block.inputs}
    found |= {name for function in part.functions.values() for name in function.dvs}
    found |= {name for limit in part.constraints for name in words(limit.expr)}
    if part.adaptation is not None:
        found |= part.adaptation.dv_range.keys() | part.adaptation.noise.keys()
    return found - own


def multipliers_of(part: PlantFile) -> set[str]:
    """Return the multipliers that its models name."""
    return {model.multiplier for row in part.models.values() for model in row.values() if model.multiplier}


def tariffs_of(part: PlantFile) -> set[str]:
    """Return the tariffs that its economic terms name."""
    terms = (*part.economics.value.values(), *part.economics.cost.values())
    return {term.tariff for term in terms if term.tariff}


def machine_tags(given: MachineSection) -> set[str]:
    """Return every tag that a machine names."""
    named = (given.power, given.energy, given.vibration)
    return {*given.tags, *words(given.runs_when), *(tag for tag in named if tag)}


def tags_of(part: PlantFile, tags: Mapping[str, Tag]) -> set[str]:
    """Return every tag that ``part`` names, and those that these are worked out of."""
    waiting = [name for name in _named(part) if name in tags]
    found = set(waiting)
    while waiting:
        given = tags[waiting.pop()]
        for name in (*words(given.calc), *(given.vote.of if given.vote is not None else ())):
            if name in tags and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _named(part: PlantFile) -> Iterator[str]:
    yield from part.cvs
    for mv in part.mvs.values():
        yield mv.readback
        if mv.limits.scheduled is not None:
            yield mv.limits.scheduled.by
        yield from _supplied(mv.external)
    for cv in part.cvs.values():
        yield from _supplied(cv.lab)
        yield from _supplied(cv.external)
    yield from part.dvs
    for dv in part.dvs.values() if isinstance(part.dvs, dict) else ():
        yield from _supplied(dv)
    yield from (each.by for each in part.multipliers.values())
    for side in (part.economics.value, part.economics.cost):
        yield from (term.flow or term.power or "" for term in side.values())
    for expression in (*(each.expr for each in part.constraints), *(each.when for each in part.interlocks)):
        yield from words(expression)
    for machine in part.machines.values():
        yield from machine_tags(machine)


def _supplied(given: LabSection | ExternalSection | Dv | None) -> Iterator[str]:
    """Yield the tags on which somebody else's values arrive."""
    if isinstance(given, Dv):
        if isinstance(given.forecast, ForecastSection):
            yield from (*given.forecast.tags, given.forecast.issued or "", given.forecast.count or "")
    elif isinstance(given, LabSection):
        yield from (name or "" for name in (given.value, given.sampled, given.count))
    elif given is not None:
        yield from (name or "" for name in (given.tag, given.issued, given.count))


def connections_of(part: PlantFile) -> set[str]:
    """Return the connections that its addresses begin with."""
    return {address.partition(":")[0] for address in _addresses(part)}


def _addresses(part: PlantFile) -> Iterable[str]:
    found = [tag.source for tag in part.tags.values()]
    for mv in part.mvs.values():
        found += [mv.writes, mv.setpoint, mv.windup.hi, mv.windup.lo]
        found += [mv.available_when.node] if mv.available_when is not None else []
    found += [part.heartbeat.root, *part.heartbeat.points.values()]
    return [address for address in found if address]
