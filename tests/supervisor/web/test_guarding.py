"""The attacks on the way in: each sentence is one, made on the real middleware around a real application."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing

import pytest

from supervisor.web.accounts import managing, service, store
from supervisor.web.accounts.sessions import IDLE_S
from supervisor.web.cookies import Cookie
from supervisor.web.guarding import HEADERS, Guard, Policy
from tests.supervisor.web.accounts.rig import (
    HOSTS,
    OURS,
    Browser,
    enter,
    guard,
    make_accounts,
    make_acting,
    make_app,
    person,
    raw,
)


class Place:
    def __init__(self, folder):
        self.accounts, self.clock = make_accounts(folder)
        self.acting, self.control = make_acting(folder, self.accounts, self.clock)

    def browser(self, role="operator", policy=None, **more):
        if role:
            person(self.accounts, "ann", role)
        app = make_app(self.accounts, self.acting, policy.cookie if policy else None)
        browser = Browser(app, policy, **more)
        if role:
            assert browser.enter().status_code == 303
        return browser

    def limit(self, browser, headers=None, *, with_csrf=True, **more):
        fields = {"value": "3.9", "key": "key-00000001"} | more
        return browser.post("/limit", headers, with_csrf=with_csrf, **fields)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# ------------------------------------------------------------------------------------------------------ from elsewhere


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://plant.evil.example"},
        {"origin": "https://plant"},
        {"origin": "http://plant:81"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://plant", "sec-fetch-site": "cross-site"},
        {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
@pytest.mark.parametrize("path", ["/limit", "/off", "/sign-in"])
def test_another_sites_page_can_do_nothing_not_even_off(place, headers, path):
    browser = place.browser()
    done = browser.post(path, headers, value="3.9", key="key-00000001", name="ann", password="x")
    assert done.status_code == 403
    assert place.control.taken == []


def test_the_port_that_goes_without_saying_is_the_same_origin(place):
    browser = place.browser()
    assert place.limit(browser, {"origin": "http://plant:80"}).status_code == 200


def test_nothing_is_changed_by_get(place):
    browser = place.browser()
    for path in ("/limit", "/off", "/sign-out", "/account/lock", "/account/end-others"):
        assert browser.get(path).status_code in (404, 405)
    assert place.control.taken == []


# ------------------------------------------------------------------------------------------------------ CSRF


@pytest.mark.parametrize("token", [None, "", "0" * 64, "wrong"])
def test_a_form_without_its_sessions_token_does_nothing(place, token):
    browser = place.browser()
    more = {} if token is None else {"csrf": token}
    assert place.limit(browser, with_csrf=False, **more).status_code == 403
    assert place.control.taken == []


def test_the_token_of_another_session_does_nothing(place, tmp_path):
    browser = place.browser()
    person(place.accounts, "bob")
    other = Browser(browser.guard._app)
    other.enter("bob")
    assert other.csrf() not in ("", browser.csrf())
    assert place.limit(browser, with_csrf=False, csrf=other.csrf()).status_code == 403


def test_a_token_in_the_address_does_not_count(place):
    browser = place.browser()
    path = f"/limit?csrf={browser.csrf()}"
    done = browser.request("POST", path, data={"value": "3", "key": "key-00000001"}, headers=browser.ours)
    assert done.status_code == 403


def test_two_tokens_do_not_count(place):
    browser = place.browser()
    body = f"csrf={browser.csrf()}&csrf=x&value=3&key=key-00000001"
    headers = browser.ours | {"content-type": "application/x-www-form-urlencoded"}
    assert browser.request("POST", "/limit", content=body, headers=headers).status_code == 403


def test_the_token_counts_in_the_form_and_in_the_header(place):
    browser = place.browser()
    assert f"csrf={browser.csrf()}" in browser.get("/").text
    assert place.limit(browser).status_code == 200
    header = browser.ours | {"x-csrf": browser.csrf()}
    assert place.limit(browser, header, with_csrf=False, key="key-00000002").status_code == 200


def test_json_takes_the_header(place):
    browser = place.browser()
    for headers, status in ((browser.ours, 403), (browser.ours | {"x-csrf": browser.csrf()}, 200)):
        assert browser.request("POST", "/size", json={"csrf": browser.csrf()}, headers=headers).status_code == status


def test_off_counts_from_an_old_page_but_says_where_it_comes_from(place):
    browser = place.browser()
    assert browser.post("/off", with_csrf=False, csrf="of an old page").status_code == 200
    assert browser.post("/off", {}, with_csrf=False).status_code == 403
    assert browser.post("/off", {}).status_code == 200  # no browser of these years, but it has the token
    assert browser.post("/offline", with_csrf=False).status_code == 403


def test_a_program_needs_no_token_of_a_page_and_its_cookie_does_not_count(place):
    browser = place.browser()
    assert browser.get("/who", {"authorization": "Bearer swt_nonsense"}).text == ""
    assert browser.get("/who").text == "ann"
    done = place.limit(browser, {"authorization": "Bearer swt_nonsense"}, with_csrf=False)
    assert done.status_code == 401
    text, _ = managing.add_token(place.accounts, "ann", "mes", "act", 1.0, "boss")
    assert place.limit(browser, {"authorization": f"bearer {text}"}, with_csrf=False).status_code == 200


# ------------------------------------------------------------------------------------------------------ size and rate


def test_a_huge_body_is_refused_before_it_is_read():
    status, _, _ = raw(guard(body_bytes_max=100), "/size", "POST", (*OURS, (b"content-length", b"101")), body=())
    assert status == 413


@pytest.mark.parametrize("length", [(), ((b"content-length", b"5"),), ((b"content-length", b"x"),)])
def test_a_huge_body_that_does_not_say_so_is_refused_when_it_is(length):
    assert raw(guard(body_bytes_max=100), "/size", "POST", (*OURS, *length), body=[b"x" * 60] * 2)[0] == 413
    assert raw(guard(body_bytes_max=120), "/size", "POST", (*OURS, *length), body=[b"x" * 60] * 2)[0] == 200


def test_a_body_that_ends_too_early_does_nothing():
    assert raw(guard(), "/size", "POST", OURS, body=())[0] == 400


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    from supervisor.web import guarding

    monkeypatch.setattr(guarding, "BODY_S_MAX", 0.01)
    sent = []

    async def never():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"host", b"plant"), *OURS]}
    asyncio.run(guard()(scope, never, send))
    assert sent[0]["status"] == 408


def test_a_body_arrives_whole(place):
    browser = place.browser(role="")
    assert browser.request("POST", "/size", content=b"x" * 300_000, headers=browser.ours).text == "300000"


def test_a_flood_of_one_address_is_slowed_and_off_still_works(place):
    now = [0.0]
    browser = place.browser(policy=Policy(hosts=HOSTS, burst=20.0, per_s=5.0), now_s=lambda: now[0])
    statuses = [browser.get("/who").status_code for _ in range(30)]
    assert statuses[:10] == [200] * 10
    assert statuses[-5:] == [429] * 5
    assert [browser.post("/off").status_code for _ in range(5)] == [200] * 5
    assert [browser.post("/limit").status_code] == [429]
    browser.address = "10.0.0.2"
    assert browser.get("/who").status_code == 200
    browser.address = "10.0.0.1"
    now[0] += 1.0
    assert [browser.get("/who").status_code for _ in range(6)] == [200] * 5 + [429]


def test_brute_force_at_signing_in_waits_and_off_still_works(place):
    """1,000 tries of a stranger who knows the name, from the operator's own address."""
    browser = place.browser(policy=Policy(hosts=HOSTS, burst=1e9))
    stranger = Browser(browser.guard._app, Policy(hosts=HOSTS, burst=1e9))
    before = place.accounts.hasher.verified
    for hundred in range(10):
        tries = [{"name": "ann", "password": f"guess {hundred} {n}"} for n in range(100)]
        calls = [("POST", "/sign-in", {"data": each, "headers": stranger.ours}) for each in tries]
        assert {each.status_code for each in stranger.requests(calls)} <= {403, 429}
        assert browser.post("/off").status_code == 200
    assert place.accounts.hasher.verified - before <= 4
    assert len(place.control.taken) == 10


# ------------------------------------------------------------------------------------------------------ what goes out


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/fails", "/static/x"])
def test_every_answer_has_every_header(place, path):
    done = place.browser(role="").get(path)
    assert {name: done.headers[name] for name in HEADERS} == HEADERS
    assert done.headers.get("cache-control") == (None if path.startswith("/static/") else "no-store")
    policy = done.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "strict-transport-security" not in done.headers


def test_a_refusal_has_them_too():
    assert raw(guard(), "/", host=b"evil.example")[1]["content-security-policy"].startswith("default-src 'none'")


def test_a_failure_shows_a_number_and_nothing_of_the_inside(place, caplog):
    with caplog.at_level(logging.ERROR, logger="setwise.web"):
        done = place.browser(role="").get("/fails")
    number = done.headers["x-request-number"]
    assert done.status_code == 500
    assert number in done.text
    assert number in caplog.text
    assert [word for word in ("RuntimeError", "inside", "Traceback", ".py") if word in done.text] == []


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("/account", 307), ("http://plant/account", 307), ("//evil.example", 500), ("http://evil.example/", 500),
        ("http://plant.evil.example/", 500), ("http://plant@evil.example/", 500), ("javascript:alert(1)", 500),
        ("https://login.example/x", 307), ("https://login.example.evil/x", 500),
    ],
)  # fmt: skip
def test_a_redirect_stays_here_or_leads_where_it_was_said_that_it_may(place, to, status):
    policy = Policy(hosts=HOSTS, leads_to=frozenset({"https://login.example"}))
    done = place.browser(role="", policy=policy).request("GET", "/away", params={"to": to})
    assert done.status_code == status
    assert "evil" not in done.headers.get("location", "")


def test_streams_stream():
    """What is sent goes out at once, before the application has ended."""
    seen = []

    async def stream(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        seen.append(list(sent))
        await send({"type": "http.response.body", "body": b"2"})

    sent = []

    async def send(message):
        sent.append(message.get("body"))

    scope = {"type": "http", "method": "GET", "path": "/live", "headers": [(b"host", b"plant")]}
    asyncio.run(Guard(stream, Policy(hosts=HOSTS), lambda: 0.0)(scope, None, send))
    assert seen == [[None, b"1"]]
    assert sent == [None, b"1", b"2"]


# ------------------------------------------------------------------------------------------------------ cookie


@pytest.mark.parametrize(
    ("secure", "name", "flags"),
    [
        (False, "setwise", {"httponly", "path=/", "samesite=strict"}),
        (True, "__Host-setwise", {"httponly", "path=/", "samesite=strict", "secure"}),
    ],
)
def test_the_cookie_is_out_of_reach(place, secure, name, flags):
    person(place.accounts)
    policy = Policy(hosts=HOSTS, cookie=Cookie(secure=secure))
    done = place.browser(role="", policy=policy).enter()
    first, *rest = done.headers["set-cookie"].split("; ")
    assert first.startswith(name + "=")
    assert {each.lower() for each in rest} == flags
    assert ("strict-transport-security" in done.headers) == secure


@pytest.mark.parametrize(
    "cookie",
    ["setwise=", "setwise=x", "setwise=../../x", "setwise=" + "a" * 22 + "." + "b" * 43, "setwise=a; setwise=b"],
)
def test_a_cookie_that_is_not_ours_is_nobodys(place, cookie):
    browser = place.browser(role="")
    assert browser.get("/who", {"cookie": cookie}).text == ""
    assert browser.get("/", {"cookie": cookie}).status_code == 303


def test_a_cookie_that_somebody_planted_is_not_the_one_that_signs_in(place):
    """Fixation: the victim signs in with the attacker's cookie, and the attacker has nothing of it."""
    person(place.accounts, "eve")
    person(place.accounts, "ann")
    _, eves = enter(place.accounts, "eve")
    seed = "a" * 22
    victim = place.browser(role="")
    victim.cookies.set("setwise", f"{seed}.{eves}", domain="plant.local")
    victim.cookies = type(victim.cookies)({"setwise": f"{seed}.{eves}"})
    done = victim.enter()
    assert done.status_code == 303
    given = done.headers["set-cookie"].split(";")[0]
    assert seed not in given
    assert eves not in given
    assert service.of_cookie(place.accounts, eves) is None


def test_when_the_file_of_accounts_is_broken_nobody_comes_in_and_is_told_how_to_press_off(place):
    browser = place.browser()
    with sqlite3.connect(place.accounts.store.path) as connection:
        connection.execute("DROP TABLE session")
    connection.close()
    done = browser.get("/")
    assert (done.status_code, "setwise mode off" in done.text) == (503, True)
    assert "session" not in done.text


def test_off_works_while_nothing_can_be_written_to_the_file_of_accounts(place, monkeypatch):
    """A full disk, or somebody who holds the file: noting that a session was idle must not stand before OFF."""
    browser = place.browser()
    monkeypatch.setattr(store, "BUSY_S", 0.0)
    with closing(sqlite3.connect(place.accounts.store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for later_s in (60.0, IDLE_S):
            place.clock.s += later_s
            assert browser.post("/off").status_code == 200
        assert "locked" in browser.get("/").text
    assert len(place.control.taken) == 2
