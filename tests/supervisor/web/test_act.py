"""Forms of the pages, to what control is asked for."""

import threading
import time

import pytest

from safety.signals import Mode
from supervisor.mailbox import Mailbox
from supervisor.record import Answer
from tests.supervisor.web.conftest import CSRF, PASSWORD, browser, signed_in

KEY = "abcdefgh12345678"


@pytest.fixture
def control(site):
    """Somebody who takes requests and accepts them; a list of what was asked."""
    asked, over = [], threading.Event()

    def take():
        mailbox = Mailbox(site.mailbox)
        while not over.is_set():
            for request in mailbox.take(time.time()):
                asked.append(request)
                mailbox.answer(Answer(id=request.id, accepted=True, why=""))
            time.sleep(0.01)

    thread = threading.Thread(target=take)
    thread.start()
    yield asked
    over.set()
    thread.join()


def form(**fields):
    return {"csrf": CSRF, "key": KEY, "saw_cycle": "14", "why": "trial", **fields}


async def test_off_is_one_press_and_goes_to_every_controller(client, control):
    answer = await client.post("/off", data={"csrf": CSRF})
    assert answer.status_code == 303
    assert [(each.action, each.mode, each.who, each.role) for each in control] == [
        ("mode", Mode.OFF, "operator", "operator")
    ]


async def test_a_limit_is_asked_for_with_who_why_and_what_was_seen(client, control):
    fields = form(variable="moist", side="hi", value="3,95")
    answer = await client.post("/act/dryer-2/limit", data=fields, headers={"hx-request": "true"})
    assert "Done." in answer.text
    (request,) = control
    assert (request.variable, request.side, request.value, request.who, request.why, request.saw_cycle) == (
        "moist", "hi", 3.95, "operator", "trial", 14,
    )  # fmt: skip


async def test_the_same_form_sent_twice_is_done_once(client, control):
    for _ in range(2):
        await client.post("/act/dryer-2/limit", data=form(variable="moist", side="hi", value="3.95"))
    assert len(control) == 1


@pytest.mark.parametrize("value", ["three", "nan", "1e999", "3.9 %"])
async def test_a_number_that_is_none_is_said_and_nothing_is_asked(client, control, value):
    answer = await client.post("/act/dryer-2/limit", data=form(variable="moist", side="hi", value=value))
    assert answer.status_code == 422
    assert "A number is not one" in answer.text
    assert control == []


@pytest.mark.parametrize("action", ["reload", "limits_schedule", "prices", "users", "nothing"])
async def test_what_is_no_form_of_a_page_is_not_passed_on(client, control, action):
    answer = await client.post(f"/act/dryer-2/{action}", data=form())
    assert answer.status_code == 409
    assert control == []


async def test_advice_is_answered_for_each_mv_that_was_ticked(client, control):
    fields = {**form(verdict="reject"), "mv": ["T_in_sp=186.5", "feed_sp=3000"]}
    await client.post("/act/dryer-2/advice", data=fields)
    assert [(each.action, each.variable, each.value) for each in control] == [
        ("advice_reject", "T_in_sp", 186.5),
        ("advice_reject", "feed_sp", 3000.0),
    ]


async def test_a_viewer_sees_everything_and_nothing_to_press(made, house, control):
    async with browser(made, signed_in(house, "viewer")) as viewer:
        page = (await viewer.get("/controller/dryer-2")).text
        assert "/act/" not in page
        assert "Change the mode" not in page
        refused = await viewer.post("/act/dryer-2/limit", data=form(variable="moist", side="hi", value="3.9"))
        off = await viewer.post("/off", data={"csrf": CSRF})
    assert (refused.status_code, off.status_code, control) == (409, 409, [])


async def test_operators_arm_only_what_the_engineer_released(made, house, client, control):
    wanted = form(mode="closed_loop", confirmed="yes")
    assert "has not released" in (await client.post("/act/dryer-2/mode", data=wanted)).text
    async with browser(made, signed_in(house, "engineer")) as engineer:
        released = await engineer.post("/act/dryer-2/release", data=form(mode="closed_loop"))
        assert released.status_code == 303
    answer = await client.post("/act/dryer-2/mode", data={**wanted, "key": "another-key-1234"})
    assert answer.status_code == 303
    assert [(each.mode, each.confirmed) for each in control] == [(Mode.CLOSED_LOOP, True)]


async def test_a_stranger_sees_nothing_and_is_sent_to_sign_in(stranger):
    for path in ("/", "/controller/dryer-2", "/alarms", "/controller/dryer-2/why", "/controller/dryer-2/live"):
        answer = await stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    assert (await stranger.post("/act/dryer-2/limit", data=form())).status_code in (303, 403)


async def test_the_language_is_kept_and_only_one_that_there_is(client):
    await client.post("/language", data={"csrf": CSRF, "language": "de", "next": "/alarms"})
    assert 'lang="de"' in (await client.get("/")).text
    await client.post("/language", data={"csrf": CSRF, "language": "../../etc", "next": "https://elsewhere.example/"})
    assert 'lang="de"' in (await client.get("/")).text


async def test_no_page_holds_a_password(client, house):
    assert PASSWORD not in (await client.get("/account")).text
