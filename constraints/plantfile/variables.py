"""Which MV or CV a name means."""

from __future__ import annotations

from constraints.plantfile.scope import Scope


def variable_of(scope: Scope, name: str) -> str | None:
    """Return the MV or CV that ``name`` means; an MV's readback means that MV. None where it is neither."""
    if name in scope.names("mvs"):
        return name
    behind = [mv for mv, given in scope.file.mvs.items() if given.readback == name]
    if behind:
        return behind[0]
    return name if name in scope.names("cvs") else None
