"""The pages: first paint and size, the cost of 500 live variables on ten pages, memory, and the cycle under a flood.

    python -m benchmarks.web [--live-s 60] [--tabs 2000] [--flood-s 60]

Real processes on loopback: ``setwise web``, a writer that stores a cycle of 500 variables each second, Chromium for
the paint (``first-contentful-paint`` of the Paint Timing API), and ``setwise run`` on a tank in memory for the flood.

Memory: a screen in a control room opens some 4 pages an hour, so ten of them open 480 in 12 hours. What a page costs
is paid when it is opened and closed, so ``--tabs`` pages (2,000 by default: four times as many) are opened and closed
as fast as they come while the records go on; the growth from the first fifth to the end stands for 12 hours.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import httpx
from playwright.async_api import async_playwright

from benchmarks.figures import Goal, judge, made_with
from benchmarks.plant_text import Size, plant_text
from constraints.plantfile import load
from supervisor.history.read import History
from supervisor.site import Site
from supervisor.web.accounts import service, users
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.service import Accounts, SignedIn
from supervisor.web.accounts.store import FILE, Store
from supervisor.web.units import units_of
from tests.supervisor.tank import Control, write_tank

SIZE = Size(tags=600, mvs=32, cvs=468, constraints=20)
CHROMIUM = "/usr/bin/chromium"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync"]  # fmt: skip
PAGES, FLOODING, HOURS = 10, 50, 12.0
SEED, PASSWORD = "s" * 22, "copper kettle on the stove"
TICKS_PER_S, PAGE_BYTES = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@contextmanager
def process(*arguments: object) -> Iterator[int]:
    """Run a Python beside us; yield its id."""
    child = subprocess.Popen([sys.executable, "-m", *map(str, arguments)], stdout=subprocess.DEVNULL)
    try:
        yield child.pid
    finally:
        child.terminate()
        child.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def cookie(site: Site) -> str:
    """Add a viewer; return the cookie of their session."""
    accounts = Accounts(store=Store(site.data / FILE), hasher=Hasher())
    with accounts.store.writing() as connection:
        users.add(connection, "wall", "viewer", accounts.hasher.hashed(PASSWORD), accounts.now_s())
        connection.execute("UPDATE user SET must_change = 0")
    done = service.sign_in(accounts, "wall", PASSWORD, "127.0.0.1")
    assert isinstance(done, SignedIn)
    return f"{SEED}.{done.token}"


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * PAGE_BYTES / 1e6


def wait_for(address: str) -> None:
    """Wait until the pages answer."""
    for _ in range(600):
        try:
            httpx.get(f"{address}/sign-in")
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"no pages at {address}")


async def paints(address: str, token: str, paths: Sequence[str]) -> list[tuple[str, float, float]]:
    """Return path, first paint in ms and kB of each page, nothing cached; the fastest of three counts for the paint."""
    found = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for path in paths:
            times: list[float] = []
            for _ in range(3):
                context = await browser.new_context(viewport={"width": 1366, "height": 768})
                await context.add_cookies([{"name": "setwise", "value": token, "url": address}])
                page = await context.new_page()
                answer = await page.goto(address + path)
                assert answer is not None
                assert answer.ok, path
                # A page with our CSP lets no string be evaluated, which wait_for_function does.
                while not await page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                times.append(await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
                sizes = await page.evaluate(
                    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
                    ".reduce((sum, each) => sum + each.transferSize, 0)"
                )
                await context.close()
            found.append((path, min(times), sizes / 1000.0))
        await browser.close()
    return found


async def listen(client: httpx.AsyncClient, path: str) -> None:
    """Follow a live page as a browser does."""
    async with client.stream("GET", path, timeout=None) as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_raw():
            pass


async def load_share(address: str, token: str, path: str, pid: int, seconds: float) -> float:
    """Return the share of a core that the web process takes while ten pages are open."""
    async with httpx.AsyncClient(base_url=address, headers={"cookie": f"setwise={token}"}) as client:
        pages = [asyncio.create_task(listen(client, f"{path}/live")) for _ in range(PAGES)]
        await asyncio.sleep(5.0)
        before = cpu_s(pid)
        await asyncio.sleep(seconds)
        used = cpu_s(pid) - before
        assert not any(each.done() for each in pages), "a page was not served"
        for each in pages:
            each.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
    return used / seconds


async def growth_mb(address: str, token: str, path: str, pid: int, tabs: int) -> float:
    """Return by how much the web process grows while pages and their streams are opened and closed."""
    start = 0.0
    async with httpx.AsyncClient(base_url=address, headers={"cookie": f"setwise={token}"}, timeout=60.0) as client:
        for number in range(tabs):
            if number == tabs // 5:
                start = memory_mb(pid)
            (await client.get("/" if number % 2 else path)).raise_for_status()
            async with client.stream("GET", f"{path}/live") as answer:
                answer.raise_for_status()
                await anext(answer.aiter_raw(1024))
            await asyncio.sleep(0.05)  # below the limit of rate of one address
    return memory_mb(pid) - start


async def flood(address: str, seconds: float) -> int:
    """Ask for pages from fifty clients at once without pause; return how many answers came."""
    end_s, answers = time.monotonic() + seconds, 0

    async def ask(client: httpx.AsyncClient) -> None:
        nonlocal answers
        while time.monotonic() < end_s:
            await client.get("/")
            answers += 1

    async with httpx.AsyncClient(base_url=address, timeout=60.0) as client:
        await asyncio.gather(*(ask(client) for _ in range(FLOODING)))
    return answers


def lateness_ms(site: Site, since_s: float) -> float:
    """Return the p99 of how late cycles of 1 s began, real milliseconds, since ``since_s`` (UTC)."""
    begun = [each.record.mono_s for each in History(site.database_url).between(since_s, math.inf)]
    late = sorted(abs(b - a - round(b - a)) * 1e3 for a, b in pairwise(begun))
    return late[math.ceil(0.99 * len(late)) - 1]


def of_pages(folder: Path, live_s: float, tabs: int) -> list[Goal]:
    """Measure the pages of 500 variables."""
    path = folder / "plant.yaml"
    path.write_text(
        plant_text(SIZE).replace("cycle: 60 s", "cycle: 1 s").replace("every: 5 s", "every: 1 s"), encoding="utf-8"
    )
    site = Site.of(path)
    site.data.mkdir()
    token, port = cookie(site), free_port()
    address = f"http://127.0.0.1:{port}"
    (unit,) = units_of({"": (site, load(path).plant)}).values()
    with process("benchmarks.web_writer", path), process("supervisor", "web", path, "--port", port) as pid:
        wait_for(address)
        time.sleep(3.0)
        painted = asyncio.run(paints(address, token, ["/", unit.path, "/alarms", "/alarms/rates", "/account"]))
        print(f"\n{'page':40s}{'first paint ms':>15s}{'kB':>8s}")
        for page, ms, kb in painted:
            print(f"{page:40s}{ms:15.0f}{kb:8.0f}")
        share = asyncio.run(load_share(address, token, unit.path, pid, live_s))
        grown = asyncio.run(growth_mb(address, token, unit.path, pid, tabs))
    return [
        Goal("slowest first paint [ms]", max(ms for _, ms, _ in painted), 300.0),
        Goal("largest page, all files [kB]", max(kb for *_, kb in painted), 150.0),
        Goal("500 variables on 10 pages, of one core [%]", 100.0 * share, 25.0),
        Goal("growth of the web process in 12 h of tabs [MB/h]", grown / HOURS, 1.0),
    ]


def of_flood(folder: Path, seconds: float) -> list[Goal]:
    """Measure when cycles begin, with and without a flood of the pages."""
    plant = write_tank(folder)
    port = free_port()
    with Control(plant) as control, process("supervisor", "web", plant, "--port", port):
        control.until(lambda record: record.cycle >= 3)
        wait_for(f"http://127.0.0.1:{port}")
        calm_from_s = time.time()
        time.sleep(seconds)
        flood_from_s = time.time()
        answers = asyncio.run(flood(f"http://127.0.0.1:{port}", seconds))
        under = lateness_ms(control.site, flood_from_s)
        calm = lateness_ms(control.site, calm_from_s)
    print(f"\nbegin of a 1 s cycle, p99: {calm:.1f} ms off in all, {under:.1f} ms off under {answers / seconds:.0f}/s")
    return [Goal("a cycle begins off its second under a flood, p99 [ms]", under, 100.0)]


def main() -> int:
    """Print the figures; 0 when every goal was met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--live-s", type=float, default=60.0)
    parser.add_argument("--tabs", type=int, default=2000)
    parser.add_argument("--flood-s", type=float, default=60.0)
    parsed = parser.parse_args()
    print(made_with())
    with tempfile.TemporaryDirectory() as pages, tempfile.TemporaryDirectory() as tank:
        found = of_pages(Path(pages), parsed.live_s, parsed.tabs) + of_flood(Path(tank), parsed.flood_s)
    return 0 if judge(found) else 1


if __name__ == "__main__":
    sys.exit(main())
