"""``setwise user`` and ``setwise token`` on a real file of accounts."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from supervisor.cli import accounts as commands
from supervisor.web.accounts import service
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.store import FILE, Store
from tests.supervisor.cli.calls import call
from tests.supervisor.walk import PLANT_FILE
from tests.supervisor.web.accounts.rig import CHEAP, enter


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "Hasher", lambda: Hasher(CHEAP))
    (tmp_path / "plant.yaml").write_bytes(PLANT_FILE.read_bytes())
    return tmp_path


def run(place, *words, code=0):
    done = call(*words, "-c", place / "plant.yaml")
    assert done.exit_code == code, done.output
    return done.output


def running(place):
    """The accounts as the web process has them open."""
    return Accounts(store=Store(place / "setwise-data" / FILE), hasher=Hasher(CHEAP))


def test_a_person_is_added_and_signs_in_where_the_pages_run_already(place):
    accounts = running(place)
    password, said = run(place, "user", "add", "Ann", "--role", "operator").splitlines()
    assert "password of ann" in said
    session, _ = enter(accounts, "ann", password)
    assert (session.role, session.must_change) == ("operator", True)


def test_what_is_done_on_the_console_holds_at_once(place):
    accounts = running(place)
    password = run(place, "user", "add", "ann", "--role", "operator").splitlines()[0]
    session, token = enter(accounts, "ann", password)
    run(place, "user", "role", "ann", "engineer")
    assert service.live(accounts, session).role == "engineer"
    assert "ended: 1" in run(place, "user", "sign-out", "ann")
    assert service.of_cookie(accounts, token) is None
    session, token = enter(accounts, "ann", password)
    run(place, "user", "disable", "ann")
    assert service.of_cookie(accounts, token) is None
    run(place, "user", "enable", "ann")
    again = run(place, "user", "reset", "ann").splitlines()[0]
    assert again != password
    enter(accounts, "ann", again)


def test_the_list_shows_everybody_and_no_hash(place):
    assert "nobody yet" in run(place, "user", "list")
    run(place, "user", "add", "ann", "--role", "viewer")
    run(place, "user", "disable", "ann")
    assert "disabled, new password" in run(place, "user", "list")
    listed = run(place, "user", "list", "--json")
    assert '"name": "ann"' in listed
    assert "argon2" not in listed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", "ann", "--role", "god"), "no role 'god'"),
        (("user", "add", "a b", "--role", "viewer"), "no name of a user"),
        (("user", "role", "nobody", "viewer"), "no user 'nobody'"),
        (("user", "disable", "nobody"), "no user 'nobody'"),
        (("token", "add", "x", "--user", "nobody"), "no user 'nobody'"),
        (("token", "revoke", "7"), "no token 7"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(place, words, said):
    assert said in run(place, *words, code=4)


def test_a_token_is_shown_once_and_revoked_by_its_number(place):
    run(place, "user", "add", "ann", "--role", "engineer")
    text, said, _ = run(place, "token", "add", "grafana", "--user", "ann", "--days", "30").splitlines()
    assert "scope read" in said
    accounts = running(place)
    assert service.of_bearer(accounts, text).role == "viewer"
    for listed in (run(place, "token", "list"), run(place, "token", "list", "--json")):
        assert "grafana" in listed
        assert text not in listed
    run(place, "token", "revoke", "1")
    assert service.of_bearer(accounts, text) is None
    assert "revoked" in run(place, "token", "list")


def test_events_say_who_did_it_and_whether_they_are_whole(place):
    run(place, "user", "add", "ann", "--role", "viewer")
    listed = run(place, "user", "events")
    assert "by: 'console: " in listed
    assert "all as they were written" in listed
    assert '"broken": ""' in run(place, "user", "events", "--json")
    with closing(sqlite3.connect(place / "setwise-data" / FILE)) as connection:
        connection.execute("DROP TRIGGER event_update")
        connection.execute("UPDATE event SET body = '{}'")
        connection.commit()
    assert "hash does not match" in run(place, "user", "events", code=1)


def test_a_file_that_is_open_to_others_is_not_used(place):
    running(place).store.path.chmod(0o640)
    assert "chmod 600" in run(place, "user", "list", code=5)
