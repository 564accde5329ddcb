"""Whoever reads the pages: with keys alone, a screen reader, a small screen, a wall, on paper, in German."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.supervisor.web.browser.crawl import every_page

pytestmark = pytest.mark.asyncio(loop_scope="session")
SPEAKS = {"button", "link", "textbox", "checkbox", "radio", "combobox", "spinbutton", "navigation", "img"}


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
async def test_axe_finds_nothing_on_any_page_in_either_language(visit, place, axe, locale):
    page = await visit("/", role="engineer", locale=locale)
    seen, wrong = 0, {}
    async for path in every_page(page, place):
        await page.evaluate(axe)
        found = await page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', "
                                    "'best-practice']}).then(done => done.violations)")  # fmt: skip
        if found:
            wrong[path] = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
        assert await page.evaluate("document.documentElement.lang") == locale[:2]
        seen += 1
    assert wrong == {}
    assert seen >= 12


async def test_every_control_has_a_name_for_a_screen_reader(visit, place):
    page = await visit("/", role="engineer")
    devtools = await page.context.new_cdp_session(page)
    async for path in every_page(page, place):
        for node in (await devtools.send("Accessibility.getFullAXTree"))["nodes"]:
            role = node.get("role", {}).get("value")
            if role in SPEAKS and not node.get("ignored"):
                assert node.get("name", {}).get("value", "").strip(), (path, role, node)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (3840, 2160)])
async def test_no_page_is_wider_than_the_screen_and_off_is_on_it(visit, place, width, height):
    page = await visit("/", viewport={"width": width, "height": height})
    async for path in every_page(page, place):
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if await page.locator("button.off").count() == 0:
            assert path.startswith(("/sign-in", "/nowhere")), path  # nobody is known there
            continue
        box = await page.locator("button.off").bounding_box()
        assert box["x"] + box["width"] <= width, path
        assert box["y"] + box["height"] <= height, path


async def test_the_tab_key_reaches_everything_with_a_focus_that_can_be_seen(visit, place):
    page = await visit()
    order = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        order.append(
            await page.evaluate(
                "((at) => `${at.className}|${at.id}|${at.closest('nav') ? 'rail' : ''}`)(document.activeElement)"
            )
        )
        assert await page.evaluate(
            "((at) => at === document.body || getComputedStyle(at).outlineStyle !== 'none')(document.activeElement)"
        ), order[-1]
    where = {
        "skip": next(n for n, each in enumerate(order) if each.startswith("skip")),
        "off": next(n for n, each in enumerate(order) if each.startswith("off")),
        "rail": next(n for n, each in enumerate(order) if each.endswith("|rail")),
        "limit": next(n for n, each in enumerate(order) if "|cv.moist.hi|" in each),
    }
    assert list(where) == sorted(where, key=where.get)


async def test_a_new_cycle_leaves_the_keyboard_where_it_was(visit, place):
    page = await visit("/")
    link = page.locator(".tile h2 a")
    await link.focus()
    record = await place.cycle()
    await expect(page.locator(".tile")).to_contain_text(f"cycle {record.cycle}")
    await expect(link).to_be_focused()


async def test_paper_shows_no_rail_and_the_plants_time_zone(visit, place):
    page = await visit()
    await page.emulate_media(media="print")
    await expect(page.locator(".rail")).to_be_hidden()
    await expect(page.locator("button.off")).to_be_hidden()
    await expect(page.locator(".bar-clock")).to_contain_text("CE")


async def test_nothing_moves_for_whom_that_is_too_much(visit, place):
    page = await visit(reduced_motion="reduce")
    assert await page.evaluate(
        "[...document.querySelectorAll('*')].map(each => getComputedStyle(each).transitionDuration)"
        ".every(each => ['0s', ''].includes(each))"
    )
