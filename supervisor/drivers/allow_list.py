"""The only places that anything may ever be written to, looked at once more before a protocol's client (I-07).

Whatever goes wrong above this line, a word that is not for one of these places does not reach a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from constraints.plant import Plant, Point
from safety.signals import Reading
from supervisor.drivers.guard_numbers import size_of
from supervisor.drivers.moveset import Delivered, Delivery, Wire, Word

NOT_LISTED: Final = "not_listed"
REGISTERS: Final[Mapping[str, str]] = {
    "heartbeat": "uint32",
    "epoch": "uint32",
    "mode_request": "uint16",
    "sequence": "uint32",
    "mask": "uint32",
    "crc": "uint16",
    "commit": "uint32",
}
"""The handshake registers that a supervisor writes, with their types (docs/plc/README.md)."""

Place = tuple[str, str, str]
"""Connection, address letter by letter as in the plant file, and the kind of number: a longer one would spill over
into the neighbour's registers."""


def allowed_places(plant: Plant) -> frozenset[Place]:
    """Return every place of a plant that may be written to."""
    return places_of((mv.writes for mv in plant.mvs.values()), plant.handshake_points)


def places_of(targets: Iterable[Point], registers: Mapping[str, Point]) -> frozenset[Place]:
    """Return the places of the MVs' ``targets``, and of those handshake ``registers``, by name, that are ours."""
    places: set[Place] = {(point.connection, point.address, point.encoding.kind) for point in targets}
    places |= {
        (point.connection, point.address, REGISTERS[name]) for name, point in registers.items() if name in REGISTERS
    }
    return frozenset(places)


class AllowedWire:
    """A wire of one connection that carries nothing to a place that is not listed. Reading is not touched."""

    def __init__(self, wire: Wire, connection: str, places: frozenset[Place]) -> None:
        self._wire = wire
        self._connection = connection
        self._places = places

    async def put(self, words: Sequence[Word], deadline_s: float) -> Delivered:
        """Send all words, or, where one of them is not listed, none."""
        refused = {word.point.address: NOT_LISTED for word in words if not self._listed(word)}
        if refused:
            return Delivered(Delivery.UNSENT, NOT_LISTED, refused)
        return await self._wire.put(words, deadline_s)

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Return one reading per point, by tag."""
        return await self._wire.read(points)

    def _listed(self, word: Word) -> bool:
        point, kind = word.point, word.point.encoding.kind
        listed = (point.connection, point.address, kind) in self._places
        return listed and point.connection == self._connection and len(word.payload) == size_of(kind) > 0
