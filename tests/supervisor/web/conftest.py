"""The application over a real record, a client for it, and a real browser."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from argon2 import profiles

from constraints.plantfile import load
from supervisor.web.accounts import service, users
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.store import FILE, Store
from supervisor.web.app import House, make_app
from supervisor.web.cookies import Cookie
from supervisor.web.serve import desk_for
from supervisor.web.units import units_of
from tests.supervisor.cli.conftest import no_database_of_the_environment, site

ORIGIN = "http://127.0.0.1:8420"
ROLES = ("viewer", "operator", "energy_manager", "engineer", "admin")
PASSWORD = "copper kettle on the stove"
SEED = "s" * 22
CSRF = Cookie().csrf(SEED)
QUICK = Hasher(profiles.CHEAPEST)
"""Argon2id with parameters that cost nothing: what is tested is not how slow it is."""

__all__ = ["no_database_of_the_environment", "site"]


@pytest.fixture
def desk(site):
    return desk_for(units_of({"": (site, load(site.plant_path).plant)}), 1.0)


@pytest.fixture
def house(site):
    """Accounts with one person of each role, whose password is known; control answers at once or not at all."""
    return house_in(site.data)


def house_in(folder):
    accounts = Accounts(store=Store(folder / FILE), hasher=QUICK, plant="Dryer 2")
    with accounts.store.writing() as connection:
        for role in ROLES:
            users.add(connection, role, role, QUICK.hashed(PASSWORD), accounts.now_s())
        connection.execute("UPDATE user SET must_change = 0")
    return House(accounts=accounts, answer_s=2.0)


@pytest.fixture
async def made(desk, house):
    app = make_app(desk, house)
    async with app.app.router.lifespan_context(app.app):
        yield app


@pytest.fixture
async def stranger(made):
    """A browser of somebody who is not signed in."""
    async with browser(made) as client:
        yield client


@pytest.fixture
async def client(made, house):
    """The browser of an operator."""
    async with browser(made, signed_in(house, "operator")) as client:
        yield client


def browser(made, cookie=""):
    headers = {"accept": "text/html", "origin": ORIGIN, "sec-fetch-site": "same-origin"}
    transport, cookies = httpx.ASGITransport(made.guarded), {"setwise": cookie} if cookie else {}
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, cookies=cookies)


def signed_in(house, name):
    """Begin a session; return the cookie's value."""
    done = service.sign_in(house.accounts, name, PASSWORD, "here")
    return f"{SEED}.{done.token}"


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
def address(desk, house):
    with served(make_app(desk, house).guarded) as address:
        yield address
