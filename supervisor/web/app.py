"""The application: pages, stream, files, behind the guard. It touches the desk, the accounts and the mailboxes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from supervisor.clock import machine_mono_s
from supervisor.mailbox import Mailbox
from supervisor.web.accounts.door import Door, csrf, install, signed_in, still
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.sessions import Session
from supervisor.web.acting import ANSWER_S, Acting
from supervisor.web.api import application
from supervisor.web.changing import Changing
from supervisor.web.desk import Desk, asked_of
from supervisor.web.guarding import Guard, Policy
from supervisor.web.pages import ROUTERS, metrics
from supervisor.web.person import Person, known
from supervisor.web.render import environment, fragment, page

STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A web application and what stands before it."""

    app: FastAPI
    guarded: ASGIApp
    """What is to be served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the pages are made with besides the desk."""

    accounts: Accounts
    policy: Policy = field(default_factory=Policy)
    banner: str = ""
    answer_s: float = ANSWER_S
    """How long an act waits for control's answer, real seconds."""
    metrics_on_loopback: bool = False
    """Whether programs of this machine may read ``/metrics`` without a token."""


def make_app(desk: Desk, house: House) -> Made:
    """Return the application over ``desk``."""

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        await desk.live.start()
        yield
        await desk.live.stop()

    app = FastAPI(title="Setwise", lifespan=alive, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.state.templates = environment()
    app.state.boards = {}
    app.state.verifying = asyncio.Lock()
    app.state.timings = {}
    app.state.may_go_on = _while_signed_in
    app.state.acting = {
        key: Acting(house.accounts, Mailbox(unit.site.mailbox), key, answer_s=house.answer_s)
        for key, unit in desk.units.items()
    }
    app.state.changing = Changing(desk.units, app.state.acting)
    # Only files are compressed: pages hold secrets beside what others wrote, and that leaks by length (BREACH).
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=1_000), name="static")
    install(app, Door(accounts=house.accounts, cookie=house.policy.cookie, show=_shown, banner=house.banner))
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(known)])
    application.mount(app)
    app.state.metrics_on_loopback = house.metrics_on_loopback
    app.state.tallies = {}
    app.include_router(metrics.router)
    app.add_exception_handler(HTTPException, _trouble)
    return Made(app=app, guarded=Guard(app, house.policy, machine_mono_s))


def _while_signed_in(request: Request) -> Callable[[], Awaitable[bool]]:
    """Return what tells a stream whether it may go on: the browser is there, and its session still counts."""
    session = signed_in(request)

    async def may_go_on() -> bool:
        return not await request.is_disconnected() and await run_in_threadpool(still, request, session)

    return may_go_on


def _shown(request: Request, template: str, context: Mapping[str, object], status: int = 200) -> Response:
    """Return a page of accounts in the frame of all pages; who is signed in, locked or not, has OFF there too."""
    if isinstance(session := context.get("session"), Session):
        request.state.person = Person(session=session, csrf=csrf(request))
    response = page(request, template, asked_of(request), {}, {"live": False, **context})
    response.status_code = status
    return response


async def _trouble(request: Request, error: Exception) -> HTMLResponse:
    """Return a page that says what is wrong and nothing about the inside."""
    found = error if isinstance(error, HTTPException) else HTTPException(500)
    asked = asked_of(request)
    if "hx-request" in request.headers:  # into the place of the answer: htmx shows no other status
        return HTMLResponse(fragment(request, "parts/trouble.html", asked, error=found))
    shown = page(request, "trouble.html", asked, {}, {"page_name": "trouble", "live": False, "error": found})
    shown.status_code = found.status_code
    return shown
