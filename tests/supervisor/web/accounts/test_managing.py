"""Persons, roles and tokens as administrators make and end them."""

from __future__ import annotations

import pytest

from supervisor.letters import ROLES as CARRIED
from supervisor.web.accounts import managing, service
from supervisor.web.accounts.service import Refused
from supervisor.web.accounts.users import ROLES, UsersError, check_role
from tests.supervisor.web.accounts.rig import GOOD, enter, kinds, person


@pytest.mark.parametrize(
    "name", ["", "a", "1ann", "ann\r\nX: y", "ann bob", "../ann", "<b>ann", "x" * 33, "änn", "-ann"]
)
def test_a_name_holds_nothing_that_means_something_elsewhere(accounts, name):
    with pytest.raises(UsersError, match="no name of a user"):
        managing.add_user(accounts, name, "viewer", "test")


def test_names_and_numbers_are_never_used_again(accounts):
    for name in ("ann", "bob"):
        managing.add_user(accounts, name, "viewer", "test")
    managing.disable(accounts, "bob", "test")
    with pytest.raises(UsersError, match="not used again"):
        managing.add_user(accounts, "BOB", "viewer", "test")


def test_there_is_always_an_administrator(accounts):
    person(accounts, "boss", "admin")
    for act in (
        lambda: managing.disable(accounts, "boss", "x"),
        lambda: managing.set_role(accounts, "boss", "viewer", "x"),
    ):
        with pytest.raises(UsersError, match="last administrator"):
            act()
    person(accounts, "second", "admin")
    managing.disable(accounts, "boss", "second")
    with pytest.raises(UsersError, match="last administrator"):
        managing.disable(accounts, "second", "second")


def test_the_roles_are_those_of_a_request():
    assert set(ROLES) == CARRIED - {"calendar"}
    with pytest.raises(UsersError, match="no role"):
        check_role("calendar")


def test_everything_that_is_done_to_accounts_is_on_record(accounts):
    person(accounts, "boss", "admin")
    person(accounts)
    session, _ = enter(accounts)
    done = service.prove(accounts, session, GOOD, "10.0.0.1")
    done = service.change_password(accounts, done.session, GOOD, "another horse in a field", "10.0.0.1")
    service.lock(accounts, done.session)
    service.end_others(accounts, done.session)
    service.sign_out(accounts, done.session)
    service.sign_in(accounts, "ann", "wrong password", "10.0.0.1")
    managing.set_role(accounts, "ann", "engineer", "boss")
    _, token = managing.add_token(accounts, "ann", "grafana", "read", 1.0, "boss")
    managing.revoke_token(accounts, token.number, "boss")
    managing.reset_password(accounts, "ann", "boss")
    managing.disable(accounts, "ann", "boss")
    managing.enable(accounts, "ann", "boss")
    managing.end_sessions(accounts, "ann", "boss")
    assert kinds(accounts) == [
        "user_added", "user_added", "signed_in", "password_given", "password_changed", "locked", "sessions_ended",
        "signed_out", "sign_in_failed", "role_changed", "token_added", "token_revoked", "password_reset",
        "user_disabled", "user_enabled", "sessions_ended",
    ]  # fmt: skip


def test_a_token_may_only_read_unless_asked_for_otherwise(accounts):
    person(accounts, role="engineer")
    read, _ = managing.add_token(accounts, "ann", "grafana", "read", 1.0, "test")
    act, _ = managing.add_token(accounts, "ann", "mes", "act", 1.0, "test")
    assert service.of_bearer(accounts, read).role == "viewer"
    assert service.of_bearer(accounts, act).role == "engineer"


def test_a_token_ends_by_itself_or_when_it_is_revoked(accounts, clock):
    person(accounts)
    text, token = managing.add_token(accounts, "ann", "grafana", "read", 1.0, "test")
    other, _ = managing.add_token(accounts, "ann", "mes", "read", 2.0, "test")
    managing.revoke_token(accounts, token.number, "test")
    assert service.of_bearer(accounts, text) is None
    assert service.of_bearer(accounts, other) is not None
    clock.s += 2.0 * 86_400.0
    assert service.of_bearer(accounts, other) is None


def test_a_token_is_no_session_and_a_session_is_no_token(accounts):
    person(accounts)
    session, cookie = enter(accounts)
    text, _ = managing.add_token(accounts, "ann", "grafana", "act", 1.0, "test")
    program = service.of_bearer(accounts, text)
    assert service.of_cookie(accounts, text) is None
    assert service.of_bearer(accounts, cookie) is None
    assert program.number == session.number  # of another table: what is done to one must not reach the other
    service.sign_out(accounts, program)
    service.lock(accounts, program)
    assert service.prove(accounts, program, GOOD, "10.0.0.1") == Refused("wrong")
    assert service.of_cookie(accounts, cookie) == session


@pytest.mark.parametrize(
    ("name", "scope", "days"),
    [
        ("", "read", 1.0),
        ("a\r\nSet-Cookie: x", "read", 1.0),
        ("x" * 65, "read", 1.0),
        ("x", "write", 1.0),
        ("x", "read", 0.0),
        ("x", "read", 367.0),
        ("x", "read", float("nan")),
    ],
)
def test_a_token_has_a_name_a_scope_and_an_end(accounts, name, scope, days):
    person(accounts)
    with pytest.raises(UsersError):
        managing.add_token(accounts, "ann", name, scope, days, "test")
