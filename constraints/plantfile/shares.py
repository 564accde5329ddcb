"""What of a plant file each of several controllers gets: the rules, one for each section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from constraints.plantfile.document import Path
from constraints.plantfile.owners import Owners, chosen
from constraints.plantfile.schema_rules import InterlockSection, ScheduleSection
from constraints.plantfile.scope import Scope

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_SET: Final = re.compile(r"(?:cvs|mvs)\.(\w+)\.")
_DV_HINT: Final = "what one controller moves is a disturbance to the other: make what the loop measures a DV there"


@dataclass(slots=True)
class Share:
    """What one controller gets of the sections that are dealt out: keys of mappings, indices of lists."""

    name: str
    models: dict[str, list[str]] = field(default_factory=dict)
    """By CV: the sources."""
    functions: list[str] = field(default_factory=list)
    state_space: list[int] = field(default_factory=list)
    constraints: list[int] = field(default_factory=list)
    value: list[str] = field(default_factory=list)
    cost: list[str] = field(default_factory=list)
    interlocks: list[int] = field(default_factory=list)
    schedule: dict[int, list[str]] = field(default_factory=dict)
    """By index: the settings."""


def words(text: str | None) -> list[str]:
    """Return the names in an expression, and its functions."""
    return _WORD.findall(text or "")


def dealt(scope: Scope, owners: Owners) -> dict[str, Share]:
    """Return every controller's share; report what reaches from one into another. What nobody owns gets the first."""
    shares = {name: Share(name) for name in owners.names}
    if shares:
        _deal_models(scope, owners, shares)
        _deal_rules(scope, owners, shares)
    return shares


def _deal_models(scope: Scope, owners: Owners, shares: dict[str, Share]) -> None:
    of_function = _functions(scope, owners, shares)
    for i, block in enumerate(scope.file.state_space):
        inputs = [name for name in block.inputs if name in scope.names("mvs")]
        whose = _one(scope, ("state_space", i), f"block {block.name!r}", owners, [*block.cvs, *inputs])
        if whose is not None:
            shares[whose].state_space.append(i)
    for cv, row in scope.file.models.items():
        if cv in scope.names("cvs") and cv not in owners.of:
            continue  # reported with the CV
        share = shares[owners.of.get(cv, owners.names[0])]
        share.models[cv] = [each for each in row if _reaches(scope, owners, share.name, (cv, each), of_function)]


def _deal_rules(scope: Scope, owners: Owners, shares: dict[str, Share]) -> None:
    for i, limit in enumerate(scope.file.constraints):
        names = [*words(limit.expr), *limit.variables]
        whose = _one(scope, ("constraints", i), f"constraint {limit.name!r}", owners, names)
        if whose is not None:
            shares[whose].constraints.append(i)
    for side in ("value", "cost"):
        for name, term in getattr(scope.file.economics, side).items():
            of_term = owners.among([term.flow or term.power or ""])
            getattr(shares[of_term[0] if of_term else owners.names[0]], side).append(name)
    for i, lock in enumerate(scope.file.interlocks):
        for name in _of_interlock(scope, owners, i, lock):
            shares[name].interlocks.append(i)
    for i, entry in enumerate(scope.file.schedule):
        for name, keys in _of_entry(scope, owners, i, entry):
            shares[name].schedule[i] = keys


def _functions(scope: Scope, owners: Owners, shares: dict[str, Share]) -> dict[str, str]:
    """Deal out the engineers' functions; return whose each is."""
    found = {}
    for name, given in scope.file.functions.items():
        whose = _one(scope, ("functions", name), f"function {name}", owners, [*given.mvs, *given.cvs])
        if whose is not None:
            found[name] = whose
            shares[whose].functions.append(name)
    return found


def _one(scope: Scope, path: Path, what: str, owners: Owners, names: list[str]) -> str | None:
    """Return whose ``names`` are, the first controller where they are nobody's; None where of several (reported)."""
    whose = owners.among(names)
    if len(whose) <= 1:
        return whose[0] if whose else owners.names[0]
    message = f"{what} is of variables of {' and '.join(whose)}"
    scope.issues.at_key("E091", path, message, _DV_HINT)
    return None


def _reaches(scope: Scope, owners: Owners, name: str, pair: tuple[str, str], of_function: dict[str, str]) -> bool:
    """Return whether the model of a pair stays inside the controller ``name``; report one that does not."""
    cv, source = pair
    path: Path = ("models", cv, source)
    other = owners.of.get(source, name) if source in scope.names("mvs") else name
    if other != name:
        mv = scope.file.mvs.get(source)
        what = mv.readback if mv is not None else "what its loop measures"
        hint = f"to {name} it is a disturbance: add {what} to dvs, and model {what} instead"
        scope.issues.at_key("E091", path, f"{source} belongs to {other}, and {cv} to {name}", hint)
        return False
    function = scope.file.models[cv][source].function
    whose = of_function.get(function or "", name)
    if whose != name:
        message = f"function {function} is {whose}'s, and {cv} belongs to {name}"
        scope.issues.at_value("E091", (*path, "function"), message, "give each controller a function of its own")
    return whose == name


def _of_interlock(scope: Scope, owners: Owners, index: int, given: InterlockSection) -> tuple[str, ...]:
    """Return for whom an interlock counts: whose MV is blocked, else who is named, else everybody."""
    path: Path = ("interlocks", index)
    named = chosen(scope, path, given.controllers)
    blocked = next((name for name in given.then.split()[1:] if name in scope.names("mvs") and name in owners.of), "")
    if not blocked:
        return named or owners.names
    if named is not None and named != (owners.of[blocked],):
        message = f"{blocked} is {owners.of[blocked]}'s, so this interlock is that one's alone"
        scope.issues.at_value("E091", (*path, "controllers"), message, "remove the key")
    return (owners.of[blocked],)


def _of_entry(scope: Scope, owners: Owners, index: int, given: ScheduleSection) -> Iterator[tuple[str, list[str]]]:
    """Yield for whom an entry of the schedule counts, each with its own settings; unknown ones go to the first."""
    path: Path = ("schedule", index)
    named = chosen(scope, path, given.controllers)
    whose = {key: _owner_of_setting(owners, key, (named or owners.names)[0]) for key in given.set_}
    touched = tuple(dict.fromkeys(whose.values()))
    left_out = [(key, owner) for key, owner in whose.items() if named is not None and owner not in named]
    for key, owner in left_out:
        message = f"{key} is of a variable of {owner}, whom controllers leaves out"
        scope.issues.at_value("E091", (*path, "controllers"), message, f"add {owner}, or remove the key")
    for name in (named if not left_out else None) or touched or owners.names:
        yield name, [key for key, owner in whose.items() if owner == name]


def _owner_of_setting(owners: Owners, key: str, otherwise: str) -> str:
    found = _SET.match(key)
    return owners.of.get(found[1] if found else "", otherwise)
