"""How pages learn who is there: ``signed_in`` as a dependency, ``csrf`` for forms, ``still`` for streams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from supervisor.web.accounts.service import Accounts, live, of_bearer, of_cookie, touch
from supervisor.web.accounts.sessions import TOUCH_S, Session
from supervisor.web.accounts.store import StoreError
from supervisor.web.cookies import Cookie
from supervisor.web.requested import off

HASHING_AT_ONCE = 2
"""Passwords looked at at once: 64 MiB and 0.1 s of four threads each."""
HASHING_WAITING = 16
SIGN_IN, PASSWORD, ACCOUNT = "/sign-in", "/account/password", "/account"
_CHANGING = frozenset({PASSWORD, ACCOUNT, "/sign-out"})
"""What a person may open who has to change the password first."""
T = TypeVar("T")


class Show(Protocol):
    """Renders a template of ours inside the frame of all pages."""

    def __call__(self, request: Request, template: str, context: Mapping[str, object], status: int = 200) -> Response:
        """Return the page."""


class NotInError(Exception):
    """Who asks has to do something first: ``sign_in`` or ``change_password``."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class BusyError(Exception):
    """More passwords wait to be looked at than we take on."""


class Slow:
    """Runs what hashes passwords in two threads of its own: pages, streams and OFF never wait behind them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(HASHING_AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns. Raises BusyError."""
        if self._waiting >= HASHING_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Made once, beside the desk."""

    accounts: Accounts
    cookie: Cookie
    show: Show
    banner: str = ""
    """What whoever signs in is told first (IEC 62443-4-2 CR 1.12)."""
    slow: Slow = field(default_factory=Slow)


def install(app: FastAPI, door: Door) -> None:
    """Add the pages of accounts to ``app``, and what becomes of whoever is not signed in."""
    from supervisor.web.accounts.routes import router  # noqa: PLC0415 - the pages need this module

    app.state.door = door
    app.include_router(router)
    app.add_exception_handler(NotInError, cast("Callable[[Request, Exception], Awaitable[Response]]", _sent_away))
    app.add_exception_handler(StoreError, cast("Callable[[Request, Exception], Awaitable[Response]]", _no_accounts))


def door_of(request: Request) -> Door:
    """Return the door that the application was made with."""
    return cast("Door", request.app.state.door)


def session_of(request: Request) -> Session | None:
    """Return whose request this is; None where it is nobody's. A program's token counts alone, beside any cookie."""
    door = door_of(request)
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return of_bearer(door.accounts, text.strip())
    token = door.cookie.token(request.headers)
    return of_cookie(door.accounts, token) if token else None


def signed_in(request: Request) -> Session:
    """Return the session of whoever asks: the dependency of every page. Raises NotInError."""
    session = session_of(request)
    if session is None:
        raise NotInError("sign_in")
    if session.must_change and request.url.path not in _CHANGING and not is_off_path(request):
        raise NotInError("change_password")
    did = request.method not in ("GET", "HEAD") or request.headers.get("sec-fetch-dest") == "document"
    accounts = door_of(request).accounts
    if did and session.kind == "browser" and accounts.now_s() - session.seen_utc_s > TOUCH_S and not session.locked:
        touch(accounts, session)
    return session


def is_off_path(request: Request) -> bool:
    """Return whether this is OFF."""
    return off(request.scope)


def csrf(request: Request) -> str:
    """Return what each form of a page carries in its field ``csrf``, and a script in the header ``X-CSRF``."""
    cookie = door_of(request).cookie
    seed = cookie.seed(request.headers)
    return cookie.csrf(seed) if seed else ""


def still(request: Request, session: Session) -> bool:
    """Return whether a stream that was opened by ``session`` may go on; ask it every few seconds."""
    now = live(door_of(request).accounts, session)
    return now is not None and not now.must_change


def address_of(request: Request) -> str:
    """Return where a request comes from. Behind a proxy, uvicorn has put the client's address there."""
    return request.client.host if request.client is not None else "unknown"


def is_for_program(request: Request) -> bool:
    """Return whether a program asks, to which a page is no answer."""
    path, headers = request.scope["path"], request.headers
    return path.startswith("/api/") or "authorization" in headers or "text/html" not in headers.get("accept", "")


async def _sent_away(request: Request, error: NotInError) -> Response:
    path = SIGN_IN if error.what == "sign_in" else PASSWORD
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        path += f"?next={quote(wanted)}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": path})
    if is_for_program(request):
        status = 401 if error.what == "sign_in" else 403
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 - RFC 9110 §11.6.1
        return JSONResponse({"error": error.what}, status, headers)
    return RedirectResponse(path, 303)


async def _no_accounts(_request: Request, _error: StoreError) -> Response:
    """Nobody comes in while it cannot be said who it is (ASVS 16.5.3); the other ways to OFF are named."""
    text = "The file of accounts cannot be read. OFF: setwise mode off on the server, or the switch at the PLC.\n"
    return Response(text, 503, media_type="text/plain")
