"""A program with a token, in process, before the whole application."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from supervisor.site import DATABASE_VARIABLE
from supervisor.web.accounts import tokens, users
from tests.supervisor.cli.conftest import asked, recorded
from tests.supervisor.web.conftest import ORIGIN, desk, house_in, made, no_database_of_the_environment

__all__ = ["asked", "desk", "made", "no_database_of_the_environment"]
V1 = "/api/v1"
HERE = f"{V1}/controllers/dryer-2"


def token(house, name="engineer", scope="read"):
    """Make a token; return its text."""
    with house.accounts.store.writing() as connection:
        user = users.named(connection, name)
        return tokens.add(connection, user, f"{name} {scope}", scope, 30.0, house.accounts.now_s())[0]


def program(made, text=""):
    headers = {"authorization": f"Bearer {text}"} if text else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(made.guarded), base_url=ORIGIN, headers=headers)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The same record for all tests of a file: they only read it, or add to what the others do not look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(DATABASE_VARIABLE, raising=False)
        return asyncio.run(recorded(tmp_path_factory.mktemp("site")))


@pytest.fixture
def house(tmp_path):
    return house_in(tmp_path)


@pytest.fixture
async def reader(made, house):
    """A program that may read."""
    async with program(made, token(house)) as client:
        yield client


@pytest.fixture
async def actor(made, house):
    """A program that may do what an engineer may."""
    async with program(made, token(house, scope="act")) as client:
        yield client
