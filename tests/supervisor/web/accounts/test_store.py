"""The file: whose it is, what it holds, and that its record of events shows every change."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest

from supervisor.web.accounts import managing, service
from supervisor.web.accounts.events import broken, head, latest, note
from supervisor.web.accounts.store import FILE, Store, StoreError
from tests.supervisor.web.accounts.rig import GOOD, enter, kinds, person


def past_us(accounts, *statements):
    """Write as one who has the file and no program of ours."""
    with closing(sqlite3.connect(accounts.store.path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def fault(accounts):
    with accounts.store.reading() as connection:
        return broken(connection)


def test_only_its_owner_reads_it_and_what_sqlite_puts_beside_it(accounts):
    with accounts.store.writing() as connection:
        note(connection, "signed_in", 1.0, who="ann")
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in accounts.store.path.parent.iterdir()}
    assert found == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}


def test_a_file_that_is_open_to_others_is_refused(accounts):
    accounts.store.path.chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        Store(accounts.store.path)


def test_a_file_that_is_none_says_how_to_press_off_without_it(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(StoreError, match="setwise mode off"):
        Store(tmp_path / FILE)


def test_a_copy_of_the_file_holds_no_password_and_nothing_that_signs_in(accounts):
    person(accounts)
    _, token = enter(accounts)
    text, _ = managing.add_token(accounts, "ann", "grafana", "read", 1.0, "test")
    held = b"".join(path.read_bytes() for path in accounts.store.path.parent.iterdir())
    assert b"$argon2id$" in held
    assert [each for each in (GOOD, token, text) if each.encode() in held] == []


@pytest.mark.parametrize(
    "statement", ["UPDATE event SET kind = 'x'", "DELETE FROM event", "DELETE FROM user WHERE name = 'ann'"]
)
def test_events_and_persons_cannot_be_taken_out(accounts, statement):
    person(accounts)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        past_us(accounts, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = replace(body, 'ann', 'bob') WHERE seq = 2",
        "UPDATE event SET utc_s = utc_s + 1 WHERE seq = 2",
        "UPDATE event SET kind = 'signed_out' WHERE seq = 2",
        "UPDATE event SET hash = prev_hash WHERE seq = 2",
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event WHERE seq = 1",
    ],
)
def test_a_row_that_was_changed_past_the_triggers_is_seen(accounts, statement):
    person(accounts)
    enter(accounts)
    enter(accounts)
    assert fault(accounts) == ""
    past_us(accounts, "DROP TRIGGER event_update", "DROP TRIGGER event_delete", statement)
    assert "event" in fault(accounts)


def test_rows_cut_off_at_the_end_show_in_the_head_that_was_noted(accounts):
    person(accounts)
    enter(accounts)
    with accounts.store.reading() as connection:
        noted = head(connection)
    past_us(accounts, "DROP TRIGGER event_delete", "DELETE FROM event WHERE seq = (SELECT MAX(seq) FROM event)")
    with accounts.store.reading() as connection:
        assert head(connection) != noted


def test_what_a_stranger_typed_stays_one_field_of_one_row(accounts):
    name = "ann\r\n1 signed_in who: boss\x00\ud800" + "x" * 5_000
    service.sign_in(accounts, name, "wrong password \ud800", "10.0.0.1")
    with accounts.store.reading() as connection:
        (event,) = latest(connection)
    assert event.kind == "sign_in_failed"
    assert event.body["who"].startswith("ann\r\n1 signed_in")
    assert len(event.body["who"]) == 200
    assert fault(accounts) == ""


def test_an_event_is_written_with_what_it_tells_of_or_not_at_all(accounts):
    person(accounts)
    with pytest.raises(RuntimeError), accounts.store.writing() as connection:
        connection.execute("UPDATE user SET role = 'admin'")
        note(connection, "role_changed", 1.0, who="ann")
        raise RuntimeError
    assert kinds(accounts) == ["user_added"]
    with accounts.store.reading() as connection:
        assert connection.execute("SELECT role FROM user").fetchall() == [("operator",)]
