"""Names, descriptions, reasons and addresses that would be programs: on no page do they run."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from supervisor.record import Request
from tests.supervisor.walk import PLANT_FILE, plan_to
from tests.supervisor.web.browser.conftest import opened
from tests.supervisor.web.browser.crawl import every_page

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCRIPT = '\\"><script>alert(1)</script>'
TRICKS = (
    SCRIPT,
    "<img src=x onerror=alert(2)>",
    "'-alert(3)-'",
    "{{7*191}}${7*191}",
    "<svg onload=alert(4)>",
    "javascript:alert(5)",
    "</title><script>alert(6)</script>",
)


def hostile_text():
    """Return the dryer's plant file with a trick in every text that a person writes."""
    text = PLANT_FILE.read_text(encoding="utf-8")
    numbers = iter(range(1000))

    def trick():
        return TRICKS[next(numbers) % len(TRICKS)]

    text = re.sub(r"desc: [^}]*}", lambda _: f'desc: "{trick()}"}}', text)
    text = re.sub(r"  - \{name: [^,]*,", lambda _: f'  - {{name: "{next(numbers)} {trick()}",', text)
    return text.replace("site: Northmill,", f'site: "{SCRIPT}",')


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bad(tmp_path_factory):
    async with opened(tmp_path_factory.mktemp("bad"), hostile_text()) as bad:
        bad.begin()
        walk = bad.walk
        for _ in range(3):
            await bad.cycle()
        await bad.cycle(walk.request(mode=2))
        walk.sensors |= {"fan_vib": 12.0, "T_out": 101.0, "T_out_b": 80.0}
        said = walk.request("advice_reject", variable="T_in_sp", value=186.0, why=TRICKS[0], who=TRICKS[1])
        await bad.cycle(said, plan=plan_to(T_in_sp=186.0))
        for _ in range(6):
            await bad.cycle(plan=plan_to(T_in_sp=186.0))
        assert isinstance(said, Request)
        yield bad
        bad.end()


async def test_nothing_that_a_name_holds_runs_on_any_page(visit, bad):
    """The fixture ``visit`` fails the test for a dialog, an error on the console, a breach of the CSP."""
    page = await visit("/", role="engineer", at=bad, address=bad.server.address)
    seen = set()
    async for path in every_page(page, bad):
        text = await page.content()
        assert "<script>alert" not in text, path
        assert "1337" not in text, path
        assert await page.evaluate("document.querySelectorAll('[onerror], [onload], a[href^=javascript]').length") == 0
        seen |= {each for each in ("alert(1)", "alert(2)") if each in text}
    assert seen == {"alert(1)", "alert(2)"}


@pytest.mark.parametrize("path", [
    "/controller/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/alarms?tab=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/sign-in?next=javascript:alert(1)", "/sign-in?next=//evil.example/", "/?%22onload=alert(1)",
    "/alarms/dryer-2/do?id=%3Csvg%20onload=alert(1)%3E",
])  # fmt: skip
async def test_nothing_that_an_address_holds_runs(visit, place, path):
    page = await visit(path)
    assert "<script>alert" not in await page.content()
    assert "<svg onload" not in await page.content()
    assert await page.evaluate(
        "[...document.querySelectorAll('[name=next]')].every(each => /^\\/(?!\\/)[^<>]*$/.test(each.value))"
    )
