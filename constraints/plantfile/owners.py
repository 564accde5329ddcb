"""Section ``controllers``: which controller each MV and CV belongs to. Every one belongs to exactly one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.scope import Scope

FOLDERS_TAKEN = frozenset({"config", "heads", "signatures"})
"""A controller's name is that of its folder of records; these lie beside it where a plant had one controller before."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Who has what."""

    names: tuple[str, ...]
    """The controllers, in the file's order."""
    of: Mapping[str, str]
    """Controller by MV, by an MV's readback, and by CV."""
    dvs: Set[str]
    """Names that are a DV for somebody."""

    def among(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return whose variables ``names`` are of; what is a DV too counts only where nothing else does."""
        given = list(names)
        plain = dict.fromkeys(self.of[name] for name in given if name in self.of and name not in self.dvs)
        return tuple(plain or dict.fromkeys(self.of[name] for name in given if name in self.of))


def owners_of(scope: Scope) -> Owners:
    """Return who has what; report variables of nobody or of two, and names of controllers that cannot be."""
    entries = scope.file.controllers or {}
    of: dict[str, str] = {}
    for name, entry in entries.items():
        path: Path = ("controllers", name)
        scope.check_name(path)
        if name.lower() in FOLDERS_TAKEN:
            hint = f"its records lie in a folder of its name; such as {name}_1"
            scope.issues.at_key("E015", path, f"a controller cannot be called {name!r}", hint)
        for section, given in (("mvs", entry.mvs), ("cvs", entry.cvs)):
            for index, variable in enumerate(given):
                _give(scope, of, (*path, section, index), variable)
    _report_without(scope, of)
    behind = {mv.readback: of[name] for name, mv in scope.file.mvs.items() if name in of}
    return Owners(tuple(entries), {**of, **behind}, frozenset(scope.dv_names))


def chosen(scope: Scope, path: Path, given: list[str] | None) -> tuple[str, ...] | None:
    """Return the controllers that the key ``controllers`` at ``path`` names; None where it names none."""
    known = tuple(scope.file.controllers or {})
    for index, name in enumerate(given or ()):
        if name not in known:
            at = (*path, "controllers", index)
            hint = did_you_mean(name, known) or _all(known)
            scope.issues.at_value("E090", at, f"unknown controller {name!r} in {scope.dotted(path)}", hint)
    return None if given is None else tuple(name for name in known if name in given)


def _all(known: tuple[str, ...]) -> str:
    return f"there are {', '.join(known)}" if known else "this file has no section controllers: remove the key"


def _give(scope: Scope, of: dict[str, str], path: Path, variable: str) -> None:
    name, section = str(path[1]), str(path[2])
    if scope.unknown("E052", section, variable, path):
        return
    if variable in of:
        whose = f"to {of[variable]}" if of[variable] != name else "to it"
        message = f"{variable} belongs {whose} already"
        scope.issues.at_value("E090", path, message, "a variable belongs to exactly one controller; remove one")
        return
    of[variable] = name


def _report_without(scope: Scope, of: Mapping[str, str]) -> None:
    if any(path[0] == "controllers" and path[2:3] in ((), ("mvs",), ("cvs",)) for path in scope.broken):
        return  # who knows what stood there
    known = tuple(scope.file.controllers or {})
    for section, kind in (("mvs", "MV"), ("cvs", "CV")):
        for variable in scope.names(section):
            if variable not in of:
                hint = f"add it to controllers.{known[0] if known else 'NAME'}.{section}, or to another one's"
                scope.issues.at_key("E090", (section, variable), f"{kind} {variable} belongs to no controller", hint)
