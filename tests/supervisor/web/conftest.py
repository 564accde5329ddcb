"""The application over a real record, a client for it, and a real browser."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn

from constraints.plantfile import load
from supervisor.web.app import make_app
from supervisor.web.serve import desk_for
from supervisor.web.units import units_of
from tests.supervisor.cli.conftest import no_database_of_the_environment, site

__all__ = ["no_database_of_the_environment", "site"]


@pytest.fixture
def desk(site):
    return desk_for(units_of({"": (site, load(site.plant_path).plant)}), 1.0)


@pytest.fixture
async def app(desk):
    made = make_app(desk)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8420") as client:
        yield client


@contextlib.contextmanager
def served(app):
    """Serve ``app`` on a free port from a thread; yield its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(20.0)


@pytest.fixture
def address(desk):
    with served(make_app(desk)) as address:
        yield address
