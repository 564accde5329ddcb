"""Trends in Chromium: pens are drawn, added, compared; the mini-trend follows the chosen row."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.supervisor.web.conftest import signed_in

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def control(site):
    """Somebody holds the folder as control does: without, the pages are veiled and take nothing."""
    with site.pid_file.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
async def browser(address, house):
    async with async_playwright() as playwright:
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = await playwright.chromium.launch(executable_path=path, args=ARGS)
        cookie = {"name": "setwise", "value": signed_in(house, "operator"), "url": address}
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.add_cookies([cookie])
        yield context
        await browser.close()


async def test_pens_are_drawn_compared_and_kept_in_the_link(address, browser):
    page = await browser.new_page()
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    await page.goto(f"{address}/controller/dryer-2/trends?pens=moist&span=1800")
    names = page.locator(".trend-table tbody th")
    await expect(names).to_have_count(1)
    await expect(page.locator(".trend canvas")).to_be_visible()
    await expect(page.locator(".trend > p")).to_contain_text("no new cycle")  # no control runs in this test
    await page.select_option("#trend-add", "T_in_sp")
    await expect(names).to_have_count(2)
    box = await page.locator(".u-over").bounding_box()
    for share, keys in ((0.9, ()), (0.95, ("Shift",))):
        await page.mouse.move(box["x"] + share * box["width"], box["y"] + 40)
        for key in keys:
            await page.keyboard.down(key)
        await page.mouse.click(box["x"] + share * box["width"], box["y"] + 40)
        for key in keys:
            await page.keyboard.up(key)
    link = await page.get_attribute("#trend-link", "href")
    assert "pens=moist%2CT_in_sp" in link
    assert "&a=" in link
    assert "&b=" in link
    await page.locator(".trend-box").focus()
    await page.keyboard.press("+")
    await expect(page.locator("#trend-live")).to_have_text("Live")
    await page.get_by_role("button", name="Remove moist").click()
    await expect(names).to_have_count(1)
    assert faults == []


async def test_the_mini_trend_follows_the_row_that_has_the_focus(address, control, browser):
    page = await browser.new_page()
    await page.goto(f"{address}/controller/dryer-2")
    await expect(page.locator(".trend canvas")).to_be_visible()
    await page.locator("tr[data-pen=feed_sp] [data-choose]").focus()
    await expect(page.locator("#mini-name")).to_have_text("feed_sp")
    await expect(page.locator(".trend-table tbody th")).to_contain_text("feed_sp")
