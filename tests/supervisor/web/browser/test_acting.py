"""Every act of the pages once, by mouse or by keys, up to the mailbox; and OFF, from whatever page it is pressed."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from safety.signals import Mode
from supervisor.web.accounts import service
from tests.supervisor.walk import plan_to
from tests.supervisor.web.browser.rig import STALE_S, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


def off(place):
    return lambda: any((each.action, each.mode) == ("mode", Mode.OFF) for each in place.taken)


def only(place):
    (request,) = place.taken
    place.taken.clear()
    return request


async def by_mouse(page):
    await page.get_by_role("button", name="OFF").click()


async def by_keys(page):
    await page.evaluate("document.activeElement.blur()")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.classList.contains('off')"):
            break
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("press", [by_mouse, by_keys])
@pytest.mark.parametrize("page_is", ["live", "veiled", "locked", "of all controllers"])
async def test_off_is_one_press(visit, place, press, page_is):
    page = await visit("/" if page_is == "of all controllers" else "/controller/dryer-2")
    if page_is == "veiled":
        place.ahead_s += STALE_S
        await expect(page.locator("#veil")).to_be_visible()
    if page_is == "locked":
        (cookie,) = await page.context.cookies()
        service.lock(place.house.accounts, service.of_cookie(place.house.accounts, cookie["value"].split(".")[1]))
    await press(page)
    await until(off(place))
    assert only(place).who == "operator"


async def test_off_works_although_the_page_has_no_scripts(visit, place):
    page = await visit(java_script_enabled=False)
    await by_mouse(page)
    await until(off(place))


@pytest.mark.parametrize("mode", [Mode.MONITOR, Mode.ADVISORY, Mode.CLOSED_LOOP])
async def test_a_mode_is_asked_for(visit, place, mode):
    page = await visit(role="engineer")  # operators arm what an engineer has released
    await page.get_by_text("Change the mode").click()
    await page.locator(f"input[name=mode][value={mode.name.lower()}]").check()
    if mode is Mode.CLOSED_LOOP:
        await page.locator("input[name=confirmed]").check()
    await page.locator(".modes form.ask input[name=why]").fill("because")
    await page.locator(".modes form.ask button").click()
    await expect(page.locator("#mode-acted [role=status]")).to_be_visible()
    request = only(place)
    assert (request.action, request.mode, request.why) == ("mode", mode, "because")
    assert request.saw_cycle == place.walk.memory.cycle
    assert request.confirmed is (mode is Mode.CLOSED_LOOP)


async def test_a_limit_is_changed_in_the_side_panel_by_keys_alone(visit, place):
    page = await visit()
    await page.locator("[id='cv.moist.hi']").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel input[name=value]")).to_be_focused()
    await page.keyboard.type("3,9")
    await page.keyboard.press("Tab")
    await page.keyboard.type("wet feed")
    await page.keyboard.press("Enter")
    await expect(page.locator("#limit-acted [role=status]")).to_be_visible()
    request = only(place)
    assert (request.action, request.variable, request.side, request.value, request.why) == (
        "limit", "moist", "hi", 3.9, "wet feed",
    )  # fmt: skip
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel")).to_be_empty()
    await expect(page.locator("[id='cv.moist.hi']")).to_be_focused()


async def test_what_control_refuses_is_said_in_the_form(visit, place):
    place.why = "outside_engineering"
    page = await visit("/controller/dryer-2/limit/moist/hi")
    await page.locator("main input[name=value]").fill("9")
    await page.locator("main input[name=why]").fill("try")
    await page.get_by_role("button", name="Set the limit").click()
    await expect(page.locator("#limit-acted [role=alert]")).to_contain_text("engineering")
    assert only(place).value == 9.0


async def test_what_is_no_number_and_a_server_that_is_gone_are_said_in_the_form(visit, place):
    page = await visit("/controller/dryer-2/limit/moist/hi")
    await page.locator("main input[name=value]").fill("wet")
    await page.locator("main input[name=why]").fill("try")
    await page.get_by_role("button", name="Set the limit").click()
    await expect(page.locator("#limit-acted [role=alert]")).to_contain_text("A number is not one")
    await page.route("**/act/**", lambda route: route.abort())
    await page.get_by_role("button", name="Set the limit").click()
    await expect(page.locator("#limit-acted [role=alert]")).to_contain_text("No answer from the server")
    assert place.taken == []


async def test_an_mv_is_taken_into_hand(visit, place):
    page = await visit()
    await page.locator("form[action$=mv_opr] button").first.click()
    await until(lambda: place.taken)
    request = only(place)
    assert (request.action, request.variable) == ("mv_opr", "T_in_sp")


async def test_advice_is_accepted_in_part_and_rejected_with_what_the_page_shows_at_that_moment(visit, place):
    page = await visit()
    await expect(page.locator("#advice-panel")).to_have_count(0)
    for _ in range(3):
        await place.cycle()
    moves = {"T_in_sp": 186.0, "feed_sp": 2830.0, "fan_sp": 71.0}
    await place.cycle(place.walk.request(mode=Mode.ADVISORY), plan=plan_to(**moves))
    await place.cycle(plan=plan_to(**moves))
    form = page.locator("#advice-panel form")
    await expect(form).to_be_visible()  # without loading the page again by hand
    await form.locator("input[value^='fan_sp']").uncheck()
    await place.cycle(plan=plan_to(**moves | {"T_in_sp": 187.0}))
    await expect(form.locator("input[value='T_in_sp=187.0']")).to_be_checked()
    await form.get_by_role("button", name="Accept").click()
    await expect(page.locator("#advice-acted [role=status]")).to_be_visible()
    said = {each.variable: (each.action, each.value) for each in place.taken}
    assert said == {"T_in_sp": ("advice_accept", 187.0), "feed_sp": ("advice_accept", 2830.0)}
    place.taken.clear()
    await form.locator("input[value^='feed_sp']").uncheck()
    await form.locator("input[name=why]").fill("dryer is being cleaned")
    await form.get_by_role("button", name="Reject").click()
    await until(lambda: place.taken)
    assert only(place).action == "advice_reject"
    await place.cycle(place.walk.request(mode=Mode.MONITOR))
    await expect(page.locator("#advice-panel")).to_have_count(0)


async def test_alarms_are_acknowledged_shelved_and_taken_out(visit, place):
    place.walk.sensors["fan_vib"] = 12.0
    for _ in range(4):
        await place.cycle()
    page = await visit("/alarms", role="engineer")
    row = page.locator("#alarms tr", has_text="Fan vibration")
    done = page.locator("#alarm-acted")
    for button, action in (("Acknowledge", "alarm_ack"), ("Shelve", "alarm_shelve"), ("out of service", "alarm_out")):
        await row.get_by_role("link").click()
        form = page.locator(f"#panel form[action$={action}]")
        if action != "alarm_ack":
            await form.locator("input[name=why]").fill("sensor is being changed")
        await form.get_by_role("button", name=re.compile(button)).click()
        await expect(done.get_by_role("status")).to_be_visible()
        assert only(place).action == action
        await page.keyboard.press("Escape")
    place.walk.sensors["fan_vib"] = 3.0
