"""One Chromium for all tests of this folder, and one plant for most of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from supervisor.site import DATABASE_VARIABLE
from tests.supervisor.walk import PLANT_FILE
from tests.supervisor.web.browser.rig import Place

CHROMIUM = Path("/usr/bin/chromium")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync"]  # fmt: skip
NOTHING_WRONG = ("net::ERR_", "Failed to load resource", "htmx:sendError", "htmx:afterRequest")
"""What a browser says of a server that a test stopped."""
session = {"scope": "session", "loop_scope": "session"}


@pytest_asyncio.fixture(**session)
async def chromium():
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed: make system-packages")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(folder, text):
    """Open a plant of ``text`` with its server, advising, with control there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(DATABASE_VARIABLE, raising=False)
        place = Place(folder, text)
    await place.open()
    place.server.start()
    yield place
    await place.close()


@pytest_asyncio.fixture(**session)
async def dryer(tmp_path_factory):
    async with opened(tmp_path_factory.mktemp("dryer"), PLANT_FILE.read_text(encoding="utf-8")) as place:
        yield place


@pytest_asyncio.fixture(loop_scope="session")
async def place(dryer):
    """The plant, with control there and a cycle that is new."""
    dryer.taken.clear()
    dryer.why = ""
    dryer.begin()
    await dryer.cycle()
    yield dryer
    dryer.end()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium, place):
    """Open a page as somebody; whatever a page complains of, a script that runs or a dialog fails the test."""
    contexts, faults = [], []

    async def go(path="/controller/dryer-2", role="operator", address="", clock=False, at=place, **how):
        how.setdefault("viewport", {"width": 1366, "height": 768})
        context = await chromium.new_context(**how)
        contexts.append(context)
        if role:
            await context.add_cookies([at.cookie(role)])
        page = await context.new_page()
        watch(page, faults)
        if clock:
            await page.clock.install()
        await page.goto((address or at.server.address) + path)
        return page

    yield go
    for each in contexts:
        await each.close()
    assert faults == []


def watch(page, faults):
    """Add to ``faults`` what goes wrong in ``page``."""

    async def refuse(dialog):
        faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def said(message):
        if message.type in ("error", "warning") and not any(each in message.text for each in NOTHING_WRONG):
            faults.append(message.text)

    page.on("dialog", refuse)
    page.on("console", said)
    page.on("pageerror", lambda fault: faults.append(str(fault)))


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Return axe-core as text, in the version of its lock file, from the npm registry."""
    if shutil.which("npm") is None and os.environ.get("CI") != "true":
        pytest.skip("npm is not installed: make system-packages")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "axe" / name, folder / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
