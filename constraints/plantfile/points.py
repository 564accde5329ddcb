"""``connection:address`` texts -> Points with their encoding."""

from __future__ import annotations

import math
from typing import Final

from constraints.plant import Point
from constraints.plantfile.addresses import AddressError, Place, place
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_variables import Node
from constraints.plantfile.scope import Scope
from safety.encoding import Encoding, Kind

_YES: Final[Kind] = "bool"


def place_of(scope: Scope, path: Path, text: str) -> Place | None:
    """Return where the address at ``path`` leads; None where it leads nowhere (reported)."""
    connection, _, address = text.partition(":")
    declared = scope.names("connections")
    if connection not in declared:
        hint = did_you_mean(connection, declared)
        message = f"unknown connection {connection!r} in {scope.dotted(path)}"
        scope.issues.at("E050", scope.document.inside(path, 0, len(connection)), message, hint)
        return None
    if connection not in scope.file.connections:
        return None
    if text.count('"') % 2:  # those of Siemens' nodes come in pairs
        span = scope.document.inside(path, text.index('"'))
        scope.issues.at("E055", span, "a quote without its other half", "close it, or remove it")
        return None
    try:
        return place(connection, scope.file.connections[connection].type, address)
    except AddressError as error:
        span = scope.document.inside(path, len(connection) + 1, len(address))
        scope.issues.at("E055", span, error.message, error.hint)
        return None


def point(tag: str, where: Place, kind: Kind, scale: float = 1.0, offset: float = 0.0) -> Point:
    """Return the point of ``tag``; ``kind`` counts where the address does not say the type."""
    encoding = Encoding(where.kind or kind, where.word_order, scale, offset)
    return Point(tag=tag, connection=where.connection, address=where.address, encoding=encoding)


def yes_point(scope: Scope, tag: str, path: Path, node: Node) -> Point | None:
    """Return a point that reads 1.0 while it shows what ``node`` says, else 0.0."""
    where = place_of(scope, (*path, "node"), node.node)
    if where is None:
        return None
    encoding = Encoding(where.kind or _YES, where.word_order)
    return Point(tag=tag, connection=where.connection, address=where.address, encoding=encoding, equals=node.is_)


def flag_point(scope: Scope, tag: str, path: Path, text: str | None) -> Point | None:
    """Return the point of a flag that the device shows as true and false, or 1 and 0."""
    where = place_of(scope, path, text) if text is not None else None
    return point(tag, where, _YES) if where is not None else None


def check_scaling(scope: Scope, path: Path, scale: float) -> float:
    """Return ``scale``, reported and 1 where it is 0."""
    if scale == 0.0 or math.isnan(scale):
        scope.issues.at_value("E014", (*path, "scale"), "scale must not be 0")
        return 1.0
    return scale
