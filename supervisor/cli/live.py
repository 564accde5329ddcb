"""``setwise check --live``: every tag read once through the real drivers, and held against the file. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from constraints.plant import Connection, Plant, Point
from constraints.plantfile import Loaded, PlantFileError, load
from constraints.plantfile.units import Conditions
from safety.signals import Reading
from supervisor.cli.check import run_check
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.forms import Form
from supervisor.cli.live_findings import (
    UNREACHED,
    Finding,
    of_facts,
    of_reading,
    of_rights,
    place_of,
    written_points,
)
from supervisor.clock import RealClock
from supervisor.drivers.build import DriverKindError, single_drivers
from supervisor.drivers.driver import Driver
from supervisor.drivers.opcua_facts import facts
from supervisor.drivers.opcua_once import AccountError
from supervisor.drivers.opcua_rights import rights
from supervisor.secrets import Secrets, secrets_beside

TRIES: Final = 20
PAUSE_S: Final = 0.25
"""So often, and so far apart in real seconds, a device is asked until it answers; a broker takes a moment."""


def run_live(path: Path, *, as_json: bool) -> None:
    """Print every finding; exit 1 where one is an error, 5 where a device cannot be reached."""
    try:
        loaded = load(path)
    except PlantFileError:
        run_check(path, Form.JSON if as_json else Form.TEXT)  # says what is wrong, and ends
        raise
    try:
        found, looked_at = asyncio.run(looked_all(loaded, path.resolve().parent))
    except DriverKindError as error:
        fail(Exit.FINDING, f"{path}: {error}")
    if as_json:
        say_json({"looked_at": looked_at, "findings": [asdict(each) for each in found]})
    else:
        _table(found)
        say(f"{path}: {looked_at} places looked at, {_count(found)}")
    _end(found)


async def looked_all(loaded: Loaded, base: Path) -> tuple[tuple[Finding, ...], int]:
    """Return what ``looked`` does of every controller's plant; what two of them read is told once."""
    parts = [await looked(plant, loaded.conditions, base) for plant in loaded.plants.values()]
    found = dict.fromkeys(each for part, _ in parts for each in part)
    return tuple(found), sum(count for _, count in parts)


async def looked(plant: Plant, conditions: Conditions, base: Path) -> tuple[tuple[Finding, ...], int]:
    """Return what was found, and how many places were looked at. Raises DriverKindError."""
    clock = RealClock()
    secrets = secrets_beside(base)
    drivers = single_drivers(plant, base, secrets, lambda: clock.now().mono_s)
    parts = await asyncio.gather(
        *(
            _connection(plant, conditions, plant.connections[name], driver, base, secrets)
            for name, driver in drivers.items()
        )
    )
    found = sorted((each for part in parts for each in part), key=lambda each: (each.kind, each.name, each.text))
    return tuple(found), len({place_of(each) for each in _every(plant).values()})


def _every(plant: Plant) -> dict[str, Point]:
    return written_points(plant) | {point.tag: point for point in plant.points_read()}


async def _connection(
    plant: Plant, conditions: Conditions, connection: Connection, driver: Driver, base: Path, secrets: Secrets
) -> list[Finding]:
    points = {name: point for name, point in _every(plant).items() if point.connection == connection.name}
    if connection.protocol == "mqtt":  # what is written cannot be read back from a broker
        written = written_points(plant)
        points = {name: point for name, point in points.items() if written.get(name) != point}
    readings = await _read(driver, list(points.values()))
    if points and all(reading.why in UNREACHED for reading in readings.values()):
        why = str(driver.link) if not driver.link.connected else "nothing was heard"
        return [Finding("unreached", connection.name, connection.url or f"{connection.host}:{connection.port}", why)]
    found = [each for name, point in points.items() for each in of_reading(name, point, readings[point.tag], plant)]
    if connection.protocol == "opcua":
        found += await _described(plant, conditions, connection, points, base, secrets)
    told = {each.name: each for each in found if each.kind == "missing"}
    return [*told.values(), *(each for each in found if each.name not in told)]


async def _read(driver: Driver, points: Sequence[Point]) -> Mapping[str, Reading]:
    await driver.start()
    try:
        readings = await driver.read(points)
        for _ in range(TRIES):
            if not any(reading.why in UNREACHED for reading in readings.values()):
                break
            await asyncio.sleep(PAUSE_S)
            readings = await driver.read(points)
    finally:
        await driver.close()
    return readings


async def _described(
    plant: Plant,
    conditions: Conditions,
    connection: Connection,
    points: Mapping[str, Point],
    base: Path,
    secrets: Secrets,
) -> list[Finding]:
    written = [point.address for point in written_points(plant).values() if point.connection == connection.name]
    account = connection.write_user_secret or connection.user_secret
    found: list[Finding] = []
    try:
        addresses = sorted({point.address for point in points.values()})
        told = await facts(connection, addresses, base_dir=base, secrets=secrets)
        found += [
            each
            for name, point in points.items()
            for each in of_facts(name, point, told[point.address], plant, conditions)
        ]
        if written:
            may = await rights(connection, account, written, base_dir=base, secrets=secrets)
            found += of_rights(plant, may, connection.name, account or "nobody")
    except AccountError as error:
        found.append(Finding("write", connection.name, connection.url, f"{error}: check user and password"))
    return found


def _table(found: Iterable[Finding]) -> None:
    rows = [(each.kind if each.error else f"({each.kind})", each.name, each.place, each.text) for each in found]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for row in rows:
        say("  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])))


def _count(found: Sequence[Finding]) -> str:
    errors = sum(each.error for each in found)
    warnings = len(found) - errors
    if not found:
        return "all as the file says"
    return f"{errors} {'error' if errors == 1 else 'errors'}" + (f", {warnings} to look at" if warnings else "")


def _end(found: Sequence[Finding]) -> None:
    if any(each.kind == "unreached" for each in found):
        raise SystemExit(int(Exit.UNREACHABLE))
    if any(each.error for each in found):
        raise SystemExit(int(Exit.FINDING))
