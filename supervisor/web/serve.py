"""``setwise web``: serve the pages of one plant file until a signal ends it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from constraints.plantfile import load
from supervisor.site import Site
from supervisor.web.app import make_app
from supervisor.web.desk import Desk
from supervisor.web.live import Live
from supervisor.web.texts import Texts
from supervisor.web.units import Unit, Units, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the command line says."""

    plant: Path
    data: Path | None
    host: str
    port: int
    speed: float = 1.0


def units_of(plant_path: Path, data: Path | None) -> Units:
    """Return the controllers of a plant file. Raises PlantFileError."""
    plant = load(plant_path).plant
    unit = Unit(key_of(plant.name), plant, Site.of(plant_path, data))
    return {unit.key: unit}


def desk_for(units: Units, speed: float) -> Desk:
    """Return the desk over ``units``."""
    return Desk(units=units, live=Live(units, time.monotonic), texts=Texts.load(), speed=speed)


def serve(serving: Serving) -> None:
    """Serve until SIGTERM or SIGINT."""
    desk = desk_for(units_of(serving.plant, serving.data), serving.speed)
    config = uvicorn.Config(
        make_app(desk),
        host=serving.host,
        port=serving.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run()
