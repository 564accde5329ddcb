"""From a plant's connections to its drivers. The one table of kinds; plug-ins add theirs by entry point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from constraints.plant import Connection, Plant, Point
from supervisor.drivers.allow_list import Place, allowed_places
from supervisor.drivers.driver import CONFIRM_TIMEOUT_S, Driver, Now
from supervisor.drivers.memory import MemoryDriver
from supervisor.drivers.modbus import ModbusDriver
from supervisor.drivers.mqtt import MqttDriver
from supervisor.drivers.opcua import OpcUaDriver
from supervisor.drivers.pool import DriverPool
from supervisor.secrets import Secrets

GROUP: Final = "setwise.drivers"
"""Entry point group of plug-ins: name = protocol, object = a DriverFactory."""


class DriverKindError(ValueError):
    """A connection's protocol or its security is not one that a driver here offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverContext:
    """What a driver may need beside its connection."""

    base_dir: Path
    """Relative paths of the plant file start here."""
    secrets: Secrets
    now_s: Now
    points: Sequence[Point]
    """All points that will be read over this connection."""
    registers: Mapping[str, Point]
    """Handshake registers, where they are on this connection."""
    places: frozenset[Place]
    """All that may ever be written to."""


DriverFactory = Callable[[Connection, DriverContext], Driver]


def _opcua(connection: Connection, context: DriverContext) -> Driver:
    return OpcUaDriver(
        connection,
        base_dir=context.base_dir,
        secrets=context.secrets,
        now_s=context.now_s,
        registers=context.registers,
        places=context.places,
    )


def _modbus(connection: Connection, context: DriverContext) -> Driver:
    _refuse_security(connection)
    return ModbusDriver(connection, now_s=context.now_s, registers=context.registers, places=context.places)


def _mqtt(connection: Connection, context: DriverContext) -> Driver:
    _refuse_security(connection)
    return MqttDriver(connection, context.points, secrets=context.secrets, now_s=context.now_s)


def _memory(connection: Connection, context: DriverContext) -> Driver:
    return MemoryDriver(connection.name, now_s=context.now_s, registers=context.registers, places=context.places)


KINDS: Final[Mapping[str, DriverFactory]] = {
    "opcua": _opcua,
    "modbus-tcp": _modbus,
    "mqtt": _mqtt,
    "memory": _memory,
}


def build_drivers(
    plant: Plant, base_dir: Path, secrets: Secrets, now_s: Now, *, confirm_timeout_s: float = CONFIRM_TIMEOUT_S
) -> DriverPool:
    """Return the pool over a driver for each of ``plant``'s connections; nothing connects yet.

    Raises DriverKindError, PoolError. To be called inside the running event loop.
    """
    makers = _makers(plant, base_dir, secrets, now_s)
    drivers = {name: make() for name, make in makers.items()}
    return DriverPool(drivers, plant, rebuild=makers, confirm_timeout_s=confirm_timeout_s)


def single_drivers(plant: Plant, base_dir: Path, secrets: Secrets, now_s: Now) -> Mapping[str, Driver]:
    """Return a driver for each connection, without a pool; nothing connects yet. Raises DriverKindError."""
    return {name: make() for name, make in _makers(plant, base_dir, secrets, now_s).items()}


def _makers(plant: Plant, base_dir: Path, secrets: Secrets, now_s: Now) -> dict[str, Callable[[], Driver]]:
    return {name: _maker(plant, connection, base_dir, secrets, now_s) for name, connection in plant.connections.items()}


def _maker(plant: Plant, connection: Connection, base_dir: Path, secrets: Secrets, now_s: Now) -> Callable[[], Driver]:
    context = DriverContext(
        base_dir=base_dir,
        secrets=secrets,
        now_s=now_s,
        points=[point for point in plant.points_read() if point.connection == connection.name],
        registers={
            name: point for name, point in plant.handshake_points.items() if point.connection == connection.name
        },
        places=allowed_places(plant),
    )
    return partial(_factory(connection.protocol), connection, context)


def _factory(protocol: str) -> DriverFactory:
    if protocol in KINDS:
        return KINDS[protocol]
    for entry in entry_points(group=GROUP, name=protocol):
        factory: DriverFactory = entry.load()
        return factory
    raise DriverKindError(f"no driver for '{protocol}': known are {', '.join(KINDS)} and plug-ins of {GROUP}")


def _refuse_security(connection: Connection) -> None:
    """A connection that asks for protection and would not get it must not open."""
    if connection.security != "None":
        raise DriverKindError(f"{connection.name}: '{connection.security}' is not offered over {connection.protocol}")
