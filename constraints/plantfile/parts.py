"""A plant file with ``controllers`` -> for each controller the part of it that concerns it, as if it stood alone.

Such a part has the form of a file with one controller: the same steps check and compile it, and its places are those of
the whole file. What no controller needs goes to one all the same, so that everything declared is checked and recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Final

from constraints.plantfile.document import Path
from constraints.plantfile.issues import Issues
from constraints.plantfile.needs import connections_of, dvs_of, machine_tags, multipliers_of, tags_of, tariffs_of
from constraints.plantfile.owners import Owners, chosen, owners_of
from constraints.plantfile.partcontent import LISTS, SIDES, part_content
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.scope import Scope
from constraints.plantfile.shares import Share, dealt

_SHARED: Final = ("connections", "tags", "tariffs", "functions", "multipliers")
"""Sections whose names are looked up in the whole file."""
_ALONE: Final = ("controller", "heartbeat", "adaptation")
"""Sections of a file with one controller, which an entry of ``controllers`` has of its own."""

Parts = dict[str, PlantFile]


def parts(scope: Scope) -> dict[str, Scope]:
    """Return each controller's part by its name, with what was found so far; report how the parts do not fit."""
    for section in _ALONE:
        if section in scope.document.data:
            hint = "move it into the entries of controllers: each has its own"
            scope.issues.at_key("E016", (section,), f"{section} and controllers exclude each other", hint)
    owners = owners_of(scope)
    shares = dealt(scope, owners)
    files = {name: _own(scope.file, owners, share) for name, share in shares.items()}
    if not files:
        return {}
    whole = scope.file
    own = {name: {each for each, whose in owners.of.items() if whose == name} for name in files}
    files = _dealt(files, whole, "dvs", {name: dvs_of(part, own[name]) for name, part in files.items()}, own)
    files = _dealt(files, whole, "multipliers", {name: multipliers_of(part) for name, part in files.items()})
    files = _dealt(files, whole, "tariffs", {name: tariffs_of(part) for name, part in files.items()})
    files = _dealt(files, whole, "machines", _machines(files, whole))
    files = _dealt(files, whole, "tags", {name: tags_of(part, whole.tags) for name, part in files.items()})
    files = _dealt(files, whole, "connections", {name: connections_of(part) for name, part in files.items()})
    beyond = {section: scope.names(section) for section in _SHARED}
    return {
        name: _scope(scope, part, shares[name], beyond, owners.of.keys() - own[name]) for name, part in files.items()
    }


def check_alone(scope: Scope) -> None:
    """Report entries that choose among controllers where the file has one."""
    for section in ("interlocks", "schedule"):
        for index, given in enumerate(getattr(scope.file, section)):
            chosen(scope, (section, index), given.controllers)


def _dealt(
    files: Parts,
    whole: PlantFile,
    section: str,
    needed: Mapping[str, Set[str]],
    own: Mapping[str, Set[str]] | None = None,
) -> Parts:
    """Return ``files`` with what each needs of a section; the rest goes to the first whose ``own`` it is not."""
    given = getattr(whole, section)
    keys = {name: [key for key in given if key in needed[name]] for name in files}
    taken = {key for each in keys.values() for key in each}
    for key in given:
        if key not in taken:
            others = (name for name in files if own is None or key not in own[name])
            keys[next(others, next(iter(files)))].append(key)
    return {name: part.model_copy(update={section: _among(given, keys[name])}) for name, part in files.items()}


def _among(given: object, keys: list[str]) -> object:
    kept = set(keys)
    if isinstance(given, dict):
        return {key: each for key, each in given.items() if key in kept}
    return [key for key in given if key in kept] if isinstance(given, list) else given


def _machines(files: Parts, whole: PlantFile) -> dict[str, set[str]]:
    """Return whose each machine is: of the first that reads one of its tags anyway, so that it is reported once."""
    read = {name: tags_of(part, whole.tags) for name, part in files.items()}
    found: dict[str, set[str]] = {name: set() for name in files}
    for name, machine in whole.machines.items():
        named = machine_tags(machine)
        found[next((each for each in files if read[each] & named), next(iter(files)))].add(name)
    return found


def _own(whole: PlantFile, owners: Owners, share: Share) -> PlantFile:
    """Return what is one controller's alone; nothing yet of what all share."""
    entry = (whole.controllers or {})[share.name]
    economics = {side: {name: getattr(whole.economics, side)[name] for name in getattr(share, side)} for side in SIDES}
    own: dict[str, object] = {
        "controllers": None,
        "controller": entry,
        "heartbeat": entry.heartbeat,
        "adaptation": entry.adaptation,
        "modes": entry.modes or whole.modes,
        "mvs": {name: each for name, each in whole.mvs.items() if name in entry.mvs and owners.of[name] == share.name},
        "cvs": {name: each for name, each in whole.cvs.items() if name in entry.cvs and owners.of[name] == share.name},
        "dvs": [],
        "models": {cv: {name: whole.models[cv][name] for name in row} for cv, row in share.models.items()},
        "functions": {name: whole.functions[name] for name in share.functions},
        "economics": whole.economics.model_copy(update=economics),
        "schedule": [
            whole.schedule[i].model_copy(update={"set_": {key: whole.schedule[i].set_[key] for key in keys}})
            for i, keys in share.schedule.items()
        ],
    }
    own |= {section: [getattr(whole, section)[i] for i in getattr(share, section)] for section in LISTS}
    own |= {section: {} for section in ("multipliers", "tariffs", "machines", "tags", "connections")}
    return whole.model_copy(update=own)


def _scope(scope: Scope, part: PlantFile, share: Share, beyond: Mapping[str, Set[str]], others: Set[str]) -> Scope:
    entry: Path = ("controllers", share.name)
    moved: dict[Path, Path] = {("controller",): entry}
    moved |= {(section,): (*entry, section) for section in ("heartbeat", "adaptation")}
    if (scope.file.controllers or {})[share.name].modes is not None:
        moved["modes",] = (*entry, "modes")
    listed = {section: getattr(share, section) for section in LISTS} | {"schedule": list(share.schedule)}
    if isinstance(scope.file.dvs, list):
        listed["dvs"] = [i for i, name in enumerate(scope.file.dvs) if name in part.dvs]
    for section, indices in listed.items():
        moved |= {(section, i): (section, index) for i, index in enumerate(indices)}
    data = part_content(scope.document.data, part, share, listed, others)
    document = replace(scope.document, data=data, moved=moved)
    issues = Issues(document, list(scope.issues.found))  # where the form is wrong no plant is built
    return replace(scope, document=document, file=part, issues=issues, beyond=beyond)
