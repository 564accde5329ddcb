"""Section ``state_space`` -> StateSpaces."""

from __future__ import annotations

from collections.abc import Sequence

from constraints.plant import StateSpace
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_models import StateSpaceSection
from constraints.plantfile.scope import Scope


def blocks(scope: Scope) -> tuple[StateSpace, ...]:
    """Return every block whose names and sizes fit."""
    given = scope.file.state_space
    scope.once(((each.name, ("state_space", i, "name")) for i, each in enumerate(given)), "blocks")
    made = (_block(scope, ("state_space", i), each) for i, each in enumerate(given))
    return tuple(block for block in made if block is not None)


def known_names(scope: Scope, path: Path, names: Sequence[str], allowed: Sequence[str], what: str) -> bool:
    """Return whether all ``names`` are ``allowed``, none twice; report the others."""
    good = True
    for i, name in enumerate(names):
        if name not in allowed:
            hint = did_you_mean(name, allowed)
            scope.issues.at_value("E070", (*path, i), f"{name!r} is no {what}", hint)
            good = False
        elif name in names[:i]:
            scope.issues.at_value("E054", (*path, i), f"{name!r} twice", "remove one")
            good = False
    return good


def _block(scope: Scope, path: Path, given: StateSpaceSection) -> StateSpace | None:
    sources = (*scope.names("mvs"), *scope.dv_names)
    fits = known_names(scope, (*path, "inputs"), given.inputs, sources, "MV or DV")
    fits &= known_names(scope, (*path, "cvs"), given.cvs, tuple(scope.names("cvs")), "CV")
    states, ins, outs = len(given.A), len(given.inputs), len(given.cvs)
    direct = given.D if given.D is not None else [[0.0] * ins for _ in range(outs)]
    sizes = {"A": (states, states), "B": (states, ins), "C": (outs, states), "D": (outs, ins)}
    for (letter, (high, wide)), matrix in zip(sizes.items(), (given.A, given.B, given.C, direct), strict=True):
        if states == 0 or len(matrix) != high or any(len(row) != wide for row in matrix):
            message = f"{letter} of block {given.name!r} must have {max(high, 1)} rows of {max(wide, 1)} numbers"
            hint = f"{states} states (rows of A), {ins} inputs, {outs} CVs"
            scope.issues.at_value("E073", (*path, letter), message, hint)
            fits = False
    dead = {}
    for name, value in given.dead_time.items():
        at = (*path, "dead_time", name)
        dead[name] = scope.not_negative(at, scope.seconds(at, value))
        if name not in given.cvs:
            scope.issues.at_key("E070", at, f"{name!r} is no CV of this block", did_you_mean(name, given.cvs))
    if not fits:
        return None
    a, b, c, d = (tuple(tuple(row) for row in matrix) for matrix in (given.A, given.B, given.C, direct))
    return StateSpace(
        name=given.name,
        inputs=tuple(given.inputs),
        cvs=tuple(given.cvs),
        a=a,
        b=b,
        c=c,
        d=d,
        dead_time_s=tuple(dead.get(name, 0.0) for name in given.cvs),
    )
