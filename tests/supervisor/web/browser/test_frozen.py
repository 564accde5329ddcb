"""A frozen page is a hazard: whatever stops the data, the page says so, and nothing but OFF can be pressed."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import pytest_asyncio
from playwright.async_api import expect

from hil.proxy import Pass, Pulled, ToxicProxy
from safety.signals import Mode
from supervisor.web.accounts import managing
from tests.supervisor.web.browser.rig import STALE_S, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
LISTEN = """
window.seen = [];
document.addEventListener("setwise:frozen", () => window.seen.push(document.getElementById("veil-why").textContent));
document.addEventListener("setwise:thawed", () => window.seen.push("thawed"));
"""


@pytest_asyncio.fixture(loop_scope="session")
async def line(place):
    """A line to the server that can be cut."""
    proxy = ToxicProxy(place.server.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


async def live(page):
    """Wait until the page has heard from its server."""
    await page.evaluate(
        "new Promise(resolve => document.addEventListener('setwise:beat', resolve, {once: true})).then(() => 0)"
    )
    await expect(page.locator("#veil")).to_be_hidden()
    await page.evaluate(LISTEN)


async def veiled(page, why):
    await expect(page.locator("#veil")).to_be_visible(timeout=10_000)
    await expect(page.locator("#veil-why")).to_have_text(why)


async def presses(page):
    """Return what can be reached by keys from the top of the page on, by its words."""
    await page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    found = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        name = await page.evaluate(
            "document.activeElement === document.body ? '' : document.activeElement.closest('.frame')"
            " ? 'frame' : document.activeElement.textContent.trim()"
        )
        if not name:
            break
        found.append(name)
    return found


async def test_no_new_cycle_veils_the_page_but_not_off_and_the_next_one_thaws_it(visit, place):
    page = await visit()
    await live(page)
    assert "frame" in await presses(page)
    place.ahead_s += STALE_S
    await veiled(page, "Control has sent no new cycle.")
    found = await presses(page)
    assert "OFF" in found
    assert "frame" not in found
    for button in await page.locator(".frame :is(button, a, input)").element_handles():
        assert await button.evaluate("each => each.closest('[inert]') !== null")
    await page.get_by_role("button", name="OFF").click()
    await until(lambda: any(each.mode is Mode.OFF for each in place.taken))
    await page.goto(f"{place.server.address}/controller/dryer-2")
    await veiled(page, "Control has sent no new cycle.")
    await place.cycle()
    await expect(page.locator("#veil")).to_be_hidden()
    assert "frame" in await presses(page)


async def test_a_control_that_ended_is_said_and_so_is_its_return(visit, place):
    page = await visit()
    await live(page)
    place.end()
    await veiled(page, "Control does not run.")
    place.begin()
    await expect(page.locator("#veil")).to_be_hidden()


async def test_a_half_open_line_is_noticed_and_mended(visit, place, line):
    page = await visit(address=f"http://127.0.0.1:{line.port}", clock=True)
    await live(page)
    line.set(Pulled())
    await page.clock.run_for(6_000)
    await veiled(page, "The connection to the server is lost.")
    line.set(Pass())
    await expect(page.locator("#veil")).to_be_hidden(timeout=10_000)


async def test_a_server_that_is_killed_and_started_again(visit, place):
    page = await visit(clock=True)
    await live(page)
    place.server.stop()
    await page.clock.run_for(6_000)
    await veiled(page, "The connection to the server is lost.")
    await place.cycle()
    place.server.start()
    await expect(page.locator("#veil")).to_be_hidden(timeout=10_000)
    await expect(page.locator(".bar")).to_contain_text(f"cycle {place.walk.memory.cycle}")
    await page.get_by_role("button", name="OFF").click()
    await until(lambda: any(each.mode is Mode.OFF for each in place.taken))


async def test_a_tab_that_was_frozen_in_the_background_asks_anew(visit, place):
    page = await visit()
    await live(page)
    # A headless tab is never hidden, so Page.setWebLifecycleState does nothing here (tried): its scripts are halted.
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Debugger.enable")
    await devtools.send("Debugger.pause")
    await asyncio.sleep(3.6)
    record = await place.cycle()
    await devtools.send("Debugger.disable")
    await expect(page.locator(".bar")).to_contain_text(f"cycle {record.cycle}")
    await expect(page.locator("#veil")).to_be_hidden()
    assert await page.evaluate("window.seen") == ["This page was asleep.", "thawed"]


async def test_a_laptop_that_slept_asks_anew(visit, place, chromium):
    page = await visit()
    await live(page)
    devtools = await chromium.new_browser_cdp_session()
    found = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    renderers = [each["id"] for each in found if each["type"] == "renderer"]
    for each in renderers:
        os.kill(each, signal.SIGSTOP)
    await asyncio.sleep(3.6)
    record = await place.cycle()
    for each in renderers:
        os.kill(each, signal.SIGCONT)
    await expect(page.locator(".bar")).to_contain_text(f"cycle {record.cycle}")
    await expect(page.locator("#veil")).to_be_hidden()
    assert await page.evaluate("window.seen") == ["This page was asleep.", "thawed"]


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_machine_clock_that_is_set_makes_the_page_ask_anew(visit, place, hours):
    page = await visit(clock=True)
    await live(page)
    now_ms = await page.evaluate("Date.now()")
    await page.clock.set_system_time(now_ms / 1000.0 + hours * 3600)
    await page.clock.run_for(300)
    await expect(page.locator("#veil")).to_be_hidden()
    assert await page.evaluate("window.seen") == ["This page was asleep.", "thawed"]


async def test_a_session_that_an_administrator_ended(visit, place):
    page = await visit(role="engineer", clock=True)
    await live(page)
    managing.end_sessions(place.house.accounts, "engineer", "admin")
    await veiled(page, "You are signed out.")
    await page.clock.run_for(10_000)
    await veiled(page, "You are signed out.")
    await page.get_by_role("link", name="Sign in again").click()
    await expect(page).to_have_url(f"{place.server.address}/sign-in?next=/controller/dryer-2")
