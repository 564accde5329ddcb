"""What the API does, each operation once by hand, and who may do it."""

from __future__ import annotations

import itertools

import pytest

from safety.signals import Mode
from supervisor.mailbox import Mailbox
from tests.supervisor.web.api.conftest import HERE, V1, program, token
from tests.supervisor.web.conftest import CSRF, ROLES, browser, signed_in

NUMBERS = itertools.count()
ACTS = {
    "/acknowledge": ({}, {"action": "acknowledge"}),
    "/limit": (
        {"variable": "moist", "side": "hi", "value": 3.9},
        {"action": "limit", "variable": "moist", "side": "hi", "value": 3.9},
    ),
    "/mv": ({"mv": "fan_sp", "to": "operator"}, {"action": "mv_opr", "variable": "fan_sp"}),
    "/advice": (
        {"mv": "fan_sp", "value": 71, "verdict": "reject"},
        {"action": "advice_reject", "variable": "fan_sp", "value": 71.0},
    ),
    "/target": (
        {"variable": "evap", "value": 1200.0, "lasts_s": 600},
        {"action": "target", "variable": "evap", "lasts_s": 600.0},
    ),
    "/target/end": ({"variable": "evap"}, {"action": "target_end", "variable": "evap"}),
    "/lab": (
        {"variable": "moist", "value": 3.7, "sampled_utc_s": 1.7e9},
        {"action": "lab", "variable": "moist", "sampled_utc_s": 1.7e9},
    ),
    "/alarms/link:dcs/ack": ({"occurrence": 3}, {"action": "alarm_ack", "alarm": "link:dcs", "occurrence": 3}),
    "/alarms/link:dcs/shelve": ({"lasts_s": 3600}, {"action": "alarm_shelve", "alarm": "link:dcs", "lasts_s": 3600.0}),
    "/alarms/link:dcs/unshelve": ({}, {"action": "alarm_unshelve", "alarm": "link:dcs"}),
    "/alarms/link:dcs/out": ({}, {"action": "alarm_out", "alarm": "link:dcs"}),
    "/alarms/link:dcs/in": ({}, {"action": "alarm_in", "alarm": "link:dcs"}),
    "/interlocks/low gas/reset": ({}, {"action": "reset", "interlock": "low gas"}),
    "/interlocks/low gas/restore": ({}, {"action": "restore", "interlock": "low gas"}),
    "/mode": ({"mode": "ADVISORY"}, {"action": "mode", "mode": Mode.ADVISORY, "confirmed": False}),
}
"""By the rest of the address: what is sent, and what of the request follows from it."""
PASSWORD_AGAIN = {
    "/mode": {"mode": "CLOSED_LOOP", "confirmed": True},
    "/interlocks/low gas/bypass": {"lasts_s": 60},
}


async def send(client, path, body=None, key=None, **more):
    headers = {"idempotency-key": key or f"key-{next(NUMBERS):08d}"} | more.pop("headers", {})
    return await client.post(f"{HERE}{path}", json={"why": "because"} | (body or {}), headers=headers, **more)


@pytest.mark.parametrize("path", ACTS)
async def test_an_act_reaches_control_as_a_request_of_its_person(actor, asked, path):
    seen = asked()
    body, expected = ACTS[path]
    answer = await send(actor, path, body | {"saw_cycle": 5})
    assert answer.status_code == 200, answer.text
    (request,) = seen
    assert answer.json() == {"accepted": True, "id": request.id}
    assert (request.who, request.role, request.why, request.saw_cycle) == ("engineer", "engineer", "because", 5)
    assert {name: getattr(request, name) for name in expected} == expected


@pytest.mark.parametrize("path", PASSWORD_AGAIN)
async def test_a_token_cannot_do_what_takes_the_password_again(actor, asked, path):
    seen = asked()
    answer = await send(actor, path, PASSWORD_AGAIN[path])
    assert (answer.status_code, answer.json()["error"]) == (403, "password_again")
    assert seen == []


async def test_a_token_that_may_read_cannot_act_and_not_switch_off(reader, asked):
    seen = asked()
    for path, (body, _) in ACTS.items():
        answer = await send(reader, path, body)
        assert (answer.status_code, answer.json()["error"]) == (403, "role"), path
    assert (await reader.post(f"{HERE}/off")).status_code == 403
    assert seen == []


async def test_every_role_may_read_and_only_those_who_operate_may_act(made, house, asked):
    asked()
    for role in ROLES:
        async with program(made, token(house, role, "act")) as client:
            assert (await client.get(f"{HERE}/variables")).status_code == 200
            allowed = 200 if role in ("operator", "engineer") else 403
            assert (await send(client, "/limit", ACTS["/limit"][0])).status_code == allowed
            assert (await client.post(f"{HERE}/off")).status_code == allowed
            out = (await send(client, "/alarms/link:dcs/out")).status_code
            assert out == (200 if role == "engineer" else 403)


@pytest.mark.parametrize("path", [f"{HERE}/off", f"{V1}/off"])
async def test_off_takes_no_body_no_key_and_no_reason(actor, asked, path):
    seen = asked()
    for content in (b"", b"{not json", b"[" * 5_000):
        answer = await actor.post(path, content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
    assert [each.mode for each in seen] == [Mode.OFF] * 3


async def test_the_same_key_acts_once_and_for_nothing_else(actor, asked):
    seen = asked()
    body = ACTS["/limit"][0]
    first, second = [await send(actor, "/limit", body, key="the-same-key") for _ in range(2)]
    assert first.json() == second.json()
    other = await send(actor, "/limit", body | {"value": 4.0}, key="the-same-key")
    assert (other.status_code, other.json()["error"]) == (409, "key_used")
    assert len(seen) == 1


async def test_controls_refusal_is_a_code_and_a_sentence(actor, asked):
    asked("outside_engineering")
    answer = await send(actor, "/limit", ACTS["/limit"][0])
    assert answer.status_code == 409
    assert answer.json() == {"error": "outside_engineering", "detail": "outside the engineering limits"}


async def test_nobody_answers(actor, monkeypatch):
    monkeypatch.setattr(Mailbox, "wait_answer", lambda *_: None)
    answer = await send(actor, "/limit", ACTS["/limit"][0])
    assert (answer.status_code, answer.json()["error"]) == (504, "no_answer")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid"),
        ({"variable": "moist", "side": "up", "value": 1.0}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": "3,9"}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": "3.9"}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": True}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": 3.9, "who": "boss"}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": 3.9, "role": "admin"}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": 3.9, "saw_cycle": -1}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": 3.9, "why": "x" * 501}, "invalid"),
        ({"variable": "moist", "side": "hi", "value": 3.9, "why": " "}, "no_reason"),
    ],
)
async def test_what_is_not_whole_goes_no_further(actor, asked, body, error):
    seen = asked()
    answer = await send(actor, "/limit", body)
    assert (answer.status_code, answer.json()["error"]) == (422, error)
    assert seen == []


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"value": NaN}', b"[" * 5_000, b'"\\ud800"', b"null"])
async def test_a_body_that_is_no_json_of_ours_is_refused(actor, asked, content):
    seen = asked()
    headers = {"idempotency-key": "key-12345678", "content-type": "application/json"}
    answer = await actor.post(f"{HERE}/limit", content=content, headers=headers)
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"error", "detail"}
    assert seen == []


@pytest.mark.parametrize("key", [None, "", "short", "a b; drop table", "x" * 65])
async def test_an_act_needs_a_key(actor, key):
    headers = {} if key is None else {"idempotency-key": key}
    answer = await actor.post(f"{HERE}/acknowledge", json={}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_a_browser_session_acts_with_its_csrf_token_and_says_what_it_saw(made, house, asked):
    asked()
    async with browser(made, signed_in(house, "operator")) as client:
        assert (await send(client, "/limit", ACTS["/limit"][0])).json()["error"] == "stale_page"
        answer = await send(client, "/limit", ACTS["/limit"][0], headers={"x-csrf": CSRF})
        assert answer.json()["error"] == "no_view"
        answer = await send(client, "/limit", ACTS["/limit"][0] | {"saw_cycle": 3}, headers={"x-csrf": CSRF})
        assert answer.status_code == 200


async def test_another_site_cannot_act_nor_switch_off_with_a_browsers_cookie(made, house, asked):
    seen = asked()
    async with browser(made, signed_in(house, "operator")) as client:
        for path in (f"{HERE}/off", f"{HERE}/limit"):
            answer = await client.post(path, headers={"origin": "http://evil", "sec-fetch-site": "cross-site"})
            assert (answer.status_code, answer.json()["error"]) == (403, "foreign")
    assert seen == []


async def test_nobody_is_told_anything_before_signing_in(made, house):
    async with program(made) as nobody, program(made, "swt_guessed") as wrong:
        for client in (nobody, wrong):
            for path in (f"{V1}/controllers", f"{V1}/openapi.json", f"{HERE}/variables", f"{HERE}/stream"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["error"]) == (401, "not_signed_in")
                assert answer.headers["www-authenticate"] == "Bearer"
            assert (await client.post(f"{HERE}/off")).status_code == 401


async def test_off_of_the_api_is_past_every_limit_of_rate(desk, house, asked):
    from dataclasses import replace

    from supervisor.web.app import make_app
    from supervisor.web.guarding import Policy

    asked()
    made = make_app(desk, replace(house, policy=Policy(burst=2.0, per_s=0.0)))
    async with made.app.router.lifespan_context(made.app), program(made, token(house, scope="act")) as client:
        codes = [(await client.get(f"{V1}/controllers")).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        assert (await client.get(f"{V1}/controllers")).json()["error"] == "too_many"
        assert (await client.post(f"{HERE}/off")).status_code == 200
