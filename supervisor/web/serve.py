"""``setwise web``: serve the pages of a plant until a signal ends it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import uvicorn

from supervisor.web.app import make_app
from supervisor.web.desk import Desk
from supervisor.web.live import Live
from supervisor.web.texts import Texts
from supervisor.web.units import Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and where."""

    units: Units
    host: str
    port: int
    speed: float = 1.0
    """Plant seconds in a real second: 1, but on the bench."""


def desk_for(units: Units, speed: float) -> Desk:
    """Return the desk over ``units``."""
    return Desk(units=units, live=Live(units, time.monotonic), texts=Texts.load(), speed=speed)


def serve(serving: Serving) -> None:
    """Serve until SIGTERM or SIGINT."""
    desk = desk_for(serving.units, serving.speed)
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
