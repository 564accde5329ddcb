"""Every address of a plant file, by connection, with what stands there: the bench's servers are made from this."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from constraints.plant import MvSpec, Plant, Point
from constraints.plantfile.heartbeat import ANSWERED, WRITTEN
from constraints.plantfile.taglists.unitnames import code_of_unit
from hil.cascade import LoopRule
from hil.plc import PlcRule
from hil.registers import ANSWERED as ANSWERED_KINDS
from hil.registers import WRITTEN as WRITTEN_KINDS
from hil.servers.modbus import ModbusPoint, Table
from hil.servers.opcua import NodeKind, NodeSpec, Span
from hil.wiring import LoopWiring, Topic

RATE_ROOM = 2.0
"""The PLC allows twice the plant file's fastest move: a cycle that jitters is not refused, a mad one is."""
BURST_S_MIN = 60.0
"""At least a minute of that may be used at once, and always a cycle's move."""
STALE_PART = 3.0
"""A sensor speaks so many times before its value is stale."""
TIMEOUT_S_MAX = 3600.0
_OWN = ("ns=0;", "nsu=http://opcfoundation.org/UA/;")
_REGISTER = MappingProxyType({key: register for register, (key, _) in {**WRITTEN, **ANSWERED}.items()})


class UnservableError(ValueError):
    """An address that no bench can serve; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """One address of one connection."""

    point: Point
    register: str = ""
    """Where a client writes: the PLC's register."""
    controller: str = ""
    """Whose block's that register or answer is, where there are several."""

    @property
    def answer(self) -> str:
        """Which register of a block answers here; empty where none does."""
        key = self.point.tag.removeprefix("plc.")
        return _REGISTER[key] if self.point.tag.startswith("plc.") else ""

    @property
    def shows(self) -> str:
        """What the bench calls the value that stands here: a tag, ``<mv>.actual``, ``plc.HB_ECHO``."""
        return answer_name(self.answer, self.controller) if self.answer else self.point.tag


def answer_name(register: str, controller: str = "") -> str:
    """Return what the bench calls a register that a block answers with."""
    return f"plc.{controller}.{register}" if controller else f"plc.{register}"


def places(plant: Plant, parts: Mapping[str, Plant] | None = None) -> Mapping[str, Mapping[str, Place]]:
    """Return connection -> address -> place; of several that read one address, the first.

    ``parts``: what of ``plant`` each of several controllers has.

    Raises UnservableError for points that no server of ours can show.
    """
    found: dict[str, dict[str, Place]] = {name: {} for name in plant.connections}
    for place in _all(parts or {"": plant}):
        connection = plant.connections[place.point.connection]
        if connection.protocol == "memory":
            raise UnservableError(f"connection {connection.name!r} is of type memory, which nothing outside can reach")
        if connection.protocol not in ("opcua", "modbus-tcp", "mqtt"):
            raise UnservableError(f"connection {connection.name!r}: the bench has no server for {connection.protocol}")
        address = place.point.address
        if connection.protocol == "opcua" and (not address.startswith(("ns=", "nsu=")) or address.startswith(_OWN)):
            message = f"connection {connection.name!r}: {address} is in namespace 0, which is OPC UA's own"
            raise UnservableError(message)
        there = found[connection.name].setdefault(address, place)
        if connection.protocol == "modbus-tcp" and _wire(there.point) != _wire(place.point):
            raise UnservableError(f"connection {connection.name!r}: {address} is read as two different types")
        if there.register and not place.register:  # written and read at one place: it shows what the loop has
            found[connection.name][address] = replace(place, register=there.register)
    for name, given in found.items():
        if plant.connections[name].protocol == "modbus-tcp":
            _check_apart(name, given)
    return found


def _all(parts: Mapping[str, Plant]) -> Iterator[Place]:
    for name, part in parts.items():
        for place in (*_written(part), *(Place(point) for point in part.points_read())):
            yield replace(place, controller=name)


def _wire(point: Point) -> tuple[str, str]:
    return point.encoding.kind, point.encoding.word_order


def _check_apart(name: str, given: Mapping[str, Place]) -> None:
    """Raise UnservableError where two places share a register: one device cannot mean both."""
    owner: dict[tuple[str, int], str] = {}
    for address, place in given.items():
        point = register(place)
        for offset in range(point.words):
            other = owner.setdefault((point.table, point.address + offset), address)
            if other != address:
                raise UnservableError(f"connection {name!r}: {address} and {other} overlap")


def _written(plant: Plant) -> Iterator[Place]:
    for name, mv in plant.mvs.items():
        yield Place(mv.writes, f"SP.{name}")
    for key, point in plant.handshake_points.items():
        if key in _REGISTER and not point.tag.startswith("plc."):
            yield Place(point, _REGISTER[key])


def loops(plant: Plant) -> tuple[LoopWiring, ...]:
    """Return the loops as the PLC's engineer would set them up for this plant file, in the order of the mask."""
    return tuple(LoopWiring(mv.readback, name, _rule(mv, plant.cycle_s)) for name, mv in plant.mvs.items())


def plc_rule(plant: Plant) -> PlcRule | None:
    """Return how the PLC's block is set up; None where the plant file has no full handshake.

    Raises UnservableError for a timer that the block does not have.
    """
    if plant.handshake.kind != "full" or not plant.mvs:
        return None
    if plant.handshake.plc_timeout_s >= TIMEOUT_S_MAX:
        raise UnservableError(f"heartbeat.plc_timeout: the PLC's block counts to less than {TIMEOUT_S_MAX:g} s")
    probe = plant.handshake.probe
    return PlcRule(
        loops=tuple(loop.rule for loop in loops(plant)),
        shed_s=plant.handshake.plc_timeout_s,
        probe=0.0 if probe is None else probe,
    )


def _rule(mv: MvSpec, cycle_s: float) -> LoopRule:
    lo, hi = mv.limits.safety
    return LoopRule(
        name=mv.name,
        lo=lo,
        hi=hi,
        up_per_min=RATE_ROOM * mv.move_up_per_min,
        down_per_min=RATE_ROOM * mv.move_down_per_min,
        burst_s=max(BURST_S_MIN, cycle_s),
        shed=mv.shed,
        safe_value=mv.safe_value if mv.safe_value is not None else (lo + hi) / 2.0,
        shed_per_min=min(mv.move_up_per_min, mv.move_down_per_min),
    )


def node(plant: Plant, place: Place) -> NodeSpec:
    """Return the OPC UA node of a place."""
    address = place.point.address
    name = address.partition(";s=")[2] or address
    plain = address == f"ns=2;s={name}"
    return NodeSpec(
        name if plain else address,
        _node_kind(place),
        writable=bool(place.register),
        node="" if plain else address,
        span=_span(plant, place),
    )


def _span(plant: Plant, place: Place) -> Span | None:
    """Return what the node says of its unit and range; None where it shows raw numbers, or the plant file not both."""
    tag = plant.tags.get(place.shows)
    encoding = place.point.encoding
    if tag is None or place.point.equals is not None or (encoding.scale, encoding.offset) != (1.0, 0.0):
        return None
    code, rule = code_of_unit(tag.unit), plant.validity[tag.name]
    if not code or not math.isfinite(rule.hi - rule.lo):
        return None
    return Span(code, tag.unit, rule.lo, rule.hi)


def _node_kind(place: Place) -> NodeKind:
    point = place.point
    if point.equals is not None:
        shown = shown_when(point.equals, yes=True)
        return "string" if isinstance(shown, str) else "bool" if isinstance(shown, bool) else "float64"
    register = place.register if not place.register.startswith("SP.") else ""
    register = register or place.answer
    kind = WRITTEN_KINDS.get(register) or ANSWERED_KINDS.get(register) or point.encoding.kind
    return cast("NodeKind", kind)


def shown_when(equals: str, *, yes: bool) -> bool | float | str:
    """Return what a device shows where ``equals`` means yes: that word, number or truth, or another one."""
    if equals.lower() in ("true", "false"):
        return (equals.lower() == "true") is yes
    try:
        number = float(equals)
    except ValueError:
        return equals if yes else ("AUTO" if equals != "AUTO" else "MAN")
    return number if yes else (0.0 if number else 1.0)


def register(place: Place) -> ModbusPoint:
    """Return the Modbus registers of a place."""
    table, _, number = place.point.address.partition("/")
    encoding = place.point.encoding
    kind = "uint16" if encoding.kind == "bool" else encoding.kind
    return ModbusPoint(
        place.point.address,
        cast("Table", table),
        int(number),
        kind,
        encoding.word_order,
        encoding.scale,
        encoding.offset,
    )


def topics(plant: Plant, given: Mapping[str, Place]) -> tuple[Topic, ...]:
    """Return the MQTT topics of one broker: fields (empty: the bare payload) with what they show, and how often."""
    fields: dict[str, list[tuple[str, str]]] = {}
    often: dict[str, float] = {}
    for address, place in given.items():
        name, _, field = address.partition("#")
        fields.setdefault(name, []).append((field, place.shows))
        every_s = plant.tags[place.shows].every_s if place.shows in plant.tags else 0.0
        stale_s = plant.validity[place.point.tag].stale_s
        often[name] = min(often.get(name, plant.cycle_s), max(every_s, min(plant.cycle_s, stale_s / STALE_PART)))
    return tuple(Topic(name, tuple(fields[name]), often[name]) for name in fields)
