"""Signing in and out through the real pages, behind the real guard."""

from __future__ import annotations

import asyncio
import re
import threading
import tomllib

import pytest

from supervisor.web.accounts import managing, service
from supervisor.web.accounts.door import HASHING_AT_ONCE, HASHING_WAITING, BusyError, Slow
from supervisor.web.accounts.sessions import IDLE_S
from tests.supervisor.web.accounts.rig import GOOD, UTC_S, WEB, Browser, enter, kinds, make_acting, make_app, person

NEW = "another horse in a field"


@pytest.fixture
def browser(accounts, clock, tmp_path):
    acting, _ = make_acting(tmp_path, accounts, clock)
    return Browser(make_app(accounts, acting))


def test_who_is_not_signed_in_sees_no_page(browser):
    for path in ("/", "/account", "/account/password", "/account/unlock", "/accounts/events"):
        done = browser.get(path)
        assert (done.status_code, done.headers["location"].partition("?")[0]) == (303, "/sign-in")
        assert browser.get(path, {"accept": "application/json"}).status_code == 401
        assert browser.get(path, {"hx-request": "true"}).headers["hx-redirect"].startswith("/sign-in")
    for path in ("/sign-out", "/account/lock", "/account/end-others", "/account/unlock", "/account/password", "/off"):
        assert browser.post(path).status_code == 303
    assert "Only for those who work here" in browser.get("/sign-in").text


def test_one_signs_in_and_comes_to_where_one_wanted(accounts, browser):
    person(accounts)
    assert browser.get("/account?x=1").headers["location"] == "/sign-in?next=/account%3Fx%3D1"
    assert 'value="/account?x=1"' in browser.get("/sign-in?next=/account%3Fx%3D1").text
    done = browser.post("/sign-in", name="ann", password=GOOD, next="/account?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/account?x=1")
    assert "ann operator open" in browser.get("/").text


def test_nobody_is_led_elsewhere(accounts, browser):
    person(accounts)
    assert "evil" not in browser.get("/sign-in?next=//evil.example").text
    assert browser.enter(next="//evil.example").headers["location"] == "/"


@pytest.mark.parametrize("name", ["ann", "nobody", "ann' OR 1=1 --", "<script>", ""])
def test_a_wrong_password_says_nothing_about_the_name(accounts, browser, name):
    person(accounts)
    done = browser.post("/sign-in", name=name, password="wrong password")
    assert (done.status_code, "set-cookie" in done.headers) == (403, False)
    assert re.sub(r"\s+", "", done.text) == re.sub(
        r"\s+", "", browser.post("/sign-in", name="somebody", password="wrong password").text
    )
    assert "<script>" not in done.text
    assert "wrong password" not in done.text


def test_a_file_where_a_password_should_be_is_no_password(browser):
    done = browser.request("POST", "/sign-in", files={"password": b"x"}, data={"name": "a"}, headers=browser.ours)
    assert done.status_code == 400


def test_the_first_password_is_changed_before_anything_else(accounts, browser):
    password = service.first_start(accounts)
    assert browser.enter("admin", password).headers["location"] == "/account/password"
    for path in ("/", "/account/unlock", "/accounts/events"):
        assert browser.get(path).headers["location"].startswith("/account/password")
    assert browser.get("/", {"accept": "application/json"}).status_code == 403
    done = browser.post("/account/password", old=password, new=NEW, again=NEW + "x")
    assert "accounts.refused.not_again" in done.text
    done = browser.post("/account/password", old=password, new="short", again="short")
    assert "accounts.refused.too_short" in done.text
    done = browser.post("/account/password", old=password, new=NEW, again=NEW, next="/account")
    assert done.headers["location"] == "/account"
    assert "admin admin open" in browser.get("/").text


def test_after_signing_out_the_cookie_is_worth_nothing(accounts, browser):
    person(accounts)
    browser.enter()
    kept = dict(browser.cookies)
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert "setwise" not in browser.cookies
    browser.cookies = type(browser.cookies)(kept)
    assert browser.get("/").status_code == 303


def test_a_disabled_persons_pages_end_with_the_next_click(accounts, browser):
    person(accounts)
    browser.enter()
    managing.disable(accounts, "ann", "boss")
    assert browser.get("/").status_code == 303
    assert browser.post("/off", with_csrf=False).status_code == 303


def test_a_locked_session_shows_everything_presses_off_and_opens_with_the_password(accounts, clock, browser):
    person(accounts)
    browser.enter()
    clock.s += IDLE_S
    token = browser.csrf()
    assert "ann operator locked" in browser.get("/").text
    assert browser.post("/limit", value="3.9", key="key-00000001").text == "locked"
    assert browser.post("/off").status_code == 200
    assert browser.post("/account/unlock", password="wrong password").status_code == 403
    assert browser.post("/account/unlock", password=GOOD, next="/account").headers["location"] == "/account"
    assert "ann operator open" in browser.get("/").text
    assert browser.csrf() == token  # pages in other tabs go on working
    assert browser.post("/limit", value="3.9", key="key-00000001").status_code == 200


def test_one_locks_the_own_session(accounts, browser):
    person(accounts)
    browser.enter()
    assert browser.post("/account/lock").status_code == 303
    assert "locked" in browser.get("/").text


def test_reading_and_streams_keep_no_session_open_but_a_person_does(accounts, clock, browser):
    person(accounts)
    browser.enter()
    for dest, state in (("document", "open"), ("empty", "open"), ("document", "locked")):
        clock.s += IDLE_S * 0.6
        assert state in browser.get("/", {"sec-fetch-dest": dest}).text


def test_other_sessions_are_ended_from_ones_own_page(accounts, browser):
    person(accounts)
    _, other = enter(accounts)
    browser.enter()
    assert "'count': 2" in browser.get("/account").text.replace("&#39;", "'")
    browser.post("/account/end-others")
    assert service.of_cookie(accounts, other) is None
    assert browser.get("/account").status_code == 200


def test_a_token_changes_no_account(accounts, browser):
    person(accounts)
    text, _ = managing.add_token(accounts, "ann", "mes", "act", 1.0, "boss")
    program = {"authorization": f"Bearer {text}"}
    assert browser.get("/account", program).status_code == 403
    for path in ("/sign-out", "/account/lock", "/account/end-others", "/account/unlock", "/account/password"):
        assert browser.post(path, program, with_csrf=False, old=GOOD, new=NEW, again=NEW).status_code == 403
    assert service.of_bearer(accounts, text) is not None


def test_events_are_shown_with_what_strangers_typed_as_text(accounts, browser):
    person(accounts)
    service.sign_in(accounts, "<img src=x onerror=alert(1)>", "wrong password", "10.0.0.3")
    browser.enter()
    page = browser.get("/accounts/events").text
    assert "&lt;img src=x" in page
    assert "<img" not in page
    assert "accounts.events.whole" in page
    assert "2027-01-15 08:00:00" in page
    assert UTC_S == 1_800_000_000.0
    assert kinds(accounts)[-1] == "signed_in"


async def test_passwords_are_looked_at_two_at_a_time_and_a_crowd_is_sent_away():
    slow, go = Slow(), threading.Event()
    running, most = [], []

    def work():
        running.append(1)
        most.append(len(running))
        go.wait(60.0)
        running.pop()

    waiting = [asyncio.create_task(slow.run(work)) for _ in range(HASHING_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await slow.run(work)
    go.set()
    await asyncio.gather(*waiting)
    assert max(most) <= HASHING_AT_ONCE
    assert len(most) == HASHING_WAITING
    await slow.run(work)


def flat(table, before=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def test_every_text_is_there_in_both_languages_and_every_one_that_is_shown():
    texts = {name: tomllib.loads((WEB / "texts" / f"accounts.{name}.toml").read_text("utf-8")) for name in ("en", "de")}
    english, german = (set(flat(texts[name])) for name in ("en", "de"))
    assert english == german
    pages = "".join(path.read_text("utf-8") for path in (WEB / "templates" / "accounts").glob("*.html"))
    assert set(re.findall(r't\("([a-z_.]+[a-z])"', pages)) <= english
    noted = set(re.findall(r'note\(connection, "([a-z_]+)"', "".join(p.read_text() for p in WEB.rglob("*.py"))))
    assert {f"accounts.event.{kind}" for kind in noted} == {key for key in english if key.startswith("accounts.event.")}
    acting = (WEB / "acting.py").read_text()
    said = set(re.search(r"Ours: ``(.*?)``", acting, re.DOTALL)[1].split())
    assert {f"acted.{code}" for code in said} == {key for key in english if key.startswith("acted.")}
