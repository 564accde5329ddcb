"""Signing in, sessions and their ends, tokens, and what administrators do."""

from __future__ import annotations

import pytest

from supervisor.web.accounts import managing, service
from supervisor.web.accounts.passwords import one_time
from supervisor.web.accounts.service import Refused
from supervisor.web.accounts.sessions import ABSOLUTE_S, IDLE_S, TOUCH_S
from tests.supervisor.web.accounts.rig import GOOD, enter, kinds, person


def refused(done):
    assert isinstance(done, Refused), done
    return done.code


# ------------------------------------------------------------------------------------------------------ signing in


def test_the_first_start_makes_one_administrator_whose_password_must_be_changed(accounts):
    password = service.first_start(accounts)
    session, _ = enter(accounts, "admin", password)
    assert (session.role, session.must_change) == ("admin", True)
    assert service.first_start(accounts) == ""


def test_there_is_no_default_password(tmp_path, accounts):
    assert service.first_start(accounts) != one_time()
    for guess in ("admin", "setwise", "password", ""):
        assert refused(service.sign_in(accounts, "admin", guess, "10.0.0.1")) == "wrong"


@pytest.mark.parametrize("name", ["ann", "ANN", " Ann "])
def test_a_name_is_one_however_it_is_typed(accounts, name):
    person(accounts)
    assert enter(accounts, name)[0].who == "ann"


def test_nobody_learns_whether_a_name_exists(accounts):
    person(accounts)
    person(accounts, "off")
    managing.disable(accounts, "off", "test")
    for name in ("ann", "nobody", "off", "", "x" * 10_000, "a\0b"):
        before = accounts.hasher.verified
        assert service.sign_in(accounts, name, "wrong password 1", f"10.0.1.{len(name) % 250}") == Refused("wrong")
        assert accounts.hasher.verified == before + 1


def test_the_right_password_of_a_disabled_person_is_wrong(accounts):
    person(accounts)
    managing.disable(accounts, "ann", "test")
    assert refused(service.sign_in(accounts, "ann", GOOD, "10.0.0.1")) == "wrong"


def test_a_thousand_tries_look_at_few_passwords(accounts, clock):
    """At one try each second, from as many addresses: the account's own delay holds."""
    person(accounts)
    codes = []
    for n in range(1_000):
        codes.append(service.sign_in(accounts, "ann", f"guess {n}", f"10.{n // 250}.{n % 250}.1").code)
        clock.s += 1.0
    assert accounts.hasher.verified == codes.count("wrong") <= 26
    assert set(codes) == {"wrong", "wait"}


def test_the_right_password_waits_like_any_other_and_is_not_told_apart(accounts, clock):
    person(accounts)
    for _ in range(4):
        service.sign_in(accounts, "ann", "wrong password", "10.0.0.1")
    wait = service.sign_in(accounts, "ann", GOOD, "10.0.0.1")
    assert refused(wait) == "wait"
    clock.s += wait.wait_s
    enter(accounts)


def test_each_signing_in_has_a_token_that_nobody_had_before(accounts):
    person(accounts)
    _, first = enter(accounts)
    done = service.sign_in(accounts, "ann", GOOD, "10.0.0.1", old_token=first)
    assert done.token != first
    assert service.of_cookie(accounts, first) is None


# ------------------------------------------------------------------------------------------------------ sessions


def test_an_idle_session_is_locked_and_only_the_password_unlocks_it(accounts, clock):
    person(accounts)
    session, token = enter(accounts)
    clock.s += IDLE_S
    assert service.of_cookie(accounts, token).locked
    clock.s -= IDLE_S / 2  # a clock that is set back unlocks nothing
    assert service.of_cookie(accounts, token).locked
    service.touch(accounts, session)
    assert service.of_cookie(accounts, token).locked
    assert refused(service.prove(accounts, session, "wrong password", "10.0.0.1")) == "wrong"
    done = service.prove(accounts, session, GOOD, "10.0.0.1")
    assert not service.of_cookie(accounts, done.token).locked
    assert service.of_cookie(accounts, token) is None
    assert kinds(accounts).count("locked") == 1


def test_what_a_person_does_keeps_the_session_open(accounts, clock):
    person(accounts)
    session, token = enter(accounts)
    for _ in range(5):
        clock.s += IDLE_S - 1.0
        assert not service.of_cookie(accounts, token).locked
        service.touch(accounts, session)
    assert TOUCH_S < IDLE_S


def test_a_session_ends_after_a_shift_whatever_is_done(accounts, clock):
    person(accounts)
    session, token = enter(accounts)
    clock.s += ABSOLUTE_S - 1.0
    assert service.of_cookie(accounts, token) is not None
    clock.s += 1.0
    assert service.of_cookie(accounts, token) is None
    assert service.live(accounts, session) is None
    assert refused(service.prove(accounts, session, GOOD, "10.0.0.1")) == "wrong"


def test_a_session_of_a_clock_that_was_wrong_ends(accounts, clock):
    person(accounts)
    clock.s += 365 * 86_400.0
    _, token = enter(accounts)
    clock.s -= 365 * 86_400.0
    assert service.of_cookie(accounts, token) is None


def test_a_token_is_worth_nothing_after_signing_out(accounts):
    person(accounts)
    session, token = enter(accounts)
    service.sign_out(accounts, session)
    assert service.of_cookie(accounts, token) is None
    assert service.live(accounts, session) is None


def test_disabling_ends_every_session_and_every_token_at_once(accounts):
    person(accounts)
    sessions = [enter(accounts) for _ in range(3)]
    text, _ = managing.add_token(accounts, "ann", "grafana", "act", 1.0, "test")
    program = service.of_bearer(accounts, text)
    managing.disable(accounts, "ann", "test")
    assert [service.of_cookie(accounts, token) for _, token in sessions] == [None] * 3
    assert service.of_bearer(accounts, text) is None
    assert [service.live(accounts, each) for each in (*(session for session, _ in sessions), program)] == [None] * 4
    managing.enable(accounts, "ann", "test")
    assert service.of_cookie(accounts, sessions[0][1]) is None


def test_a_session_of_a_disabled_person_counts_for_nothing_even_where_it_was_not_ended(accounts):
    """As one that began in the very moment."""
    person(accounts)
    session, token = enter(accounts)
    with accounts.store.writing() as connection:
        connection.execute("UPDATE user SET disabled = 1")
    assert service.of_cookie(accounts, token) is None
    assert service.live(accounts, session) is None


def test_one_ends_ones_other_sessions(accounts):
    person(accounts)
    (here, mine), (_, other) = enter(accounts), enter(accounts)
    service.end_others(accounts, here)
    assert service.of_cookie(accounts, mine) is not None
    assert service.of_cookie(accounts, other) is None


def test_an_administrator_ends_anybodys_sessions(accounts):
    person(accounts)
    _, token = enter(accounts)
    assert managing.end_sessions(accounts, "ann", "boss") == 1
    assert service.of_cookie(accounts, token) is None


def test_another_role_holds_from_the_next_thing_that_is_done(accounts):
    person(accounts)
    session, _ = enter(accounts)
    managing.set_role(accounts, "ann", "viewer", "boss")
    assert service.live(accounts, session).role == "viewer"


# ------------------------------------------------------------------------------------------------------ passwords


def test_changing_the_password_ends_the_other_sessions_and_the_old_token(accounts):
    person(accounts, must_change=True)
    (session, token), (_, other) = enter(accounts), enter(accounts)
    done = service.change_password(accounts, session, GOOD, "another horse in a field", "10.0.0.1")
    assert not done.session.must_change
    assert [service.of_cookie(accounts, each) for each in (token, other)] == [None, None]
    assert service.of_cookie(accounts, done.token) == done.session
    assert refused(service.sign_in(accounts, "ann", GOOD, "10.0.0.1")) == "wrong"
    enter(accounts, password="another horse in a field")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (GOOD, "short", "too_short"),
        (GOOD, GOOD, "same"),
        (GOOD, "this is northmill", "has_name"),
        ("not the old one", "another horse in a field", "wrong"),
    ],
)
def test_a_new_password_must_be_one_and_takes_the_old_one(accounts, old, new, why):
    person(accounts)
    session, token = enter(accounts)
    assert refused(service.change_password(accounts, session, old, new, "10.0.0.1")) == why
    assert service.of_cookie(accounts, token) == session


def test_guessing_the_password_from_a_stolen_session_waits_as_well(accounts):
    person(accounts)
    session, _ = enter(accounts)
    codes = [refused(service.prove(accounts, session, f"guess {n}", "10.0.0.1")) for n in range(6)]
    assert codes == ["wrong"] * 4 + ["wait"] * 2


def test_a_reset_gives_a_password_for_once_and_ends_what_was_open(accounts):
    person(accounts)
    _, token = enter(accounts)
    password = managing.reset_password(accounts, "ann", "boss")
    assert service.of_cookie(accounts, token) is None
    assert enter(accounts, password=password)[0].must_change
