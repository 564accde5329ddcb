"""The application: pages, stream, files. What it may touch is the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from supervisor.web.desk import Desk, asked_of
from supervisor.web.pages import ROUTERS
from supervisor.web.render import environment, page

STATIC = Path(__file__).with_name("static")


def make_app(desk: Desk) -> FastAPI:
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
    app.state.may_go_on = _while_connected
    # Only files are compressed: pages hold secrets beside what others wrote, and that leaks by length (BREACH).
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=1_000), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(HTTPException, _trouble)
    return app


def _while_connected(request: Request) -> Callable[[], Awaitable[bool]]:
    async def still() -> bool:
        return not await request.is_disconnected()

    return still


async def _trouble(request: Request, error: Exception) -> HTMLResponse:
    """Return a page that says what is wrong and nothing about the inside."""
    found = error if isinstance(error, HTTPException) else HTTPException(500)
    asked = asked_of(request)
    shown = page(request, "trouble.html", asked, {}, {"page_name": "trouble", "live": False, "error": found})
    shown.status_code = found.status_code
    return shown
