from __future__ import annotations

import logging

import pytest

from tests.supervisor.drivers.toxic import ToxicProxy
from tests.supervisor.drivers.uaserver import UaServer


@pytest.fixture(autouse=True, scope="session")
def quiet_libraries():
    """The libraries log every lost link with a traceback; what they say is not what is tested."""
    for name in ("asyncua", "mqtt"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@pytest.fixture(scope="session")
def ua_server_shared():
    server = UaServer().start()
    yield server
    server.end()


@pytest.fixture
def ua_server(ua_server_shared):
    """A server without security, as in its table, shared by the tests."""
    ua_server_shared.reset()
    return ua_server_shared


@pytest.fixture
async def proxy():
    """``await proxy(port)`` gives a started toxic proxy in front of ``port``."""
    made = []

    async def make(target: int) -> ToxicProxy:
        made.append(ToxicProxy(target))
        await made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.heal()
        await each.stop()
