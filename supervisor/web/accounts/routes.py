"""Signing in and out, the own password, the own sessions; and, for administrators, the record of what happened."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from supervisor.web.accounts import service, sessions
from supervisor.web.accounts.door import (
    ACCOUNT,
    PASSWORD,
    SIGN_IN,
    BusyError,
    Door,
    address_of,
    csrf,
    door_of,
    signed_in,
)
from supervisor.web.accounts.events import broken, head, latest
from supervisor.web.accounts.service import Refused, SignedIn
from supervisor.web.accounts.sessions import Session
from supervisor.web.requested import way_back

router = APIRouter(include_in_schema=False)
UNLOCK = "/account/unlock"
EVENTS = 200
Person = Annotated[Session, Depends(signed_in)]


@router.get(SIGN_IN)
def sign_in_page(request: Request) -> Response:
    """Ask for name and password."""
    return _form(request, "sign_in", request.query_params.get("next", ""))


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Begin a session, under a number that nobody had before."""
    door, form = door_of(request), await request.form(max_files=0)
    old = door.cookie.token(request.headers)
    work = partial(
        service.sign_in, door.accounts, _text(form, "name"), _text(form, "password"), address_of(request), old
    )
    return await _answered(request, "sign_in", work, form)


@router.post("/sign-out")
def sign_out(request: Request, session: Person) -> Response:
    """End the session: here and on the server."""
    door = door_of(request)
    _browser(session)
    service.sign_out(door.accounts, session)
    response = RedirectResponse(SIGN_IN, 303)
    door.cookie.take_back(response)
    return response


@router.get(ACCOUNT)
def account(request: Request, session: Person) -> Response:
    """Show who one is, and where else one is signed in."""
    accounts = door_of(request).accounts
    _browser(session)
    with accounts.store.reading() as connection:
        mine = sessions.of_user(connection, session.user, accounts.now_s(), accounts.times)
    return _page(request, "account", session=session, mine=mine)


@router.post("/account/lock")
def lock(request: Request, session: Person) -> Response:
    """Lock the own session: who leaves the desk leaves the page on."""
    _browser(session)
    service.lock(door_of(request).accounts, session)
    return RedirectResponse(_next(request), 303)


@router.post("/account/end-others")
def end_others(request: Request, session: Person) -> Response:
    """End all other sessions of the same person."""
    _browser(session)
    service.end_others(door_of(request).accounts, session)
    return RedirectResponse(ACCOUNT, 303)


@router.get(UNLOCK)
def unlock_page(request: Request, session: Person) -> Response:
    """Ask for the password again."""
    _browser(session)
    return _form(request, "unlock", request.query_params.get("next", ""), session)


@router.post(UNLOCK)
async def unlock(request: Request) -> Response:
    """Unlock, or prove for the next five minutes that the person sits there."""
    door, form, session = door_of(request), await request.form(max_files=0), await _person(request)
    work = partial(service.prove, door.accounts, session, _text(form, "password"), address_of(request))
    return await _answered(request, "unlock", work, form, session)


@router.get(PASSWORD)
def password_page(request: Request, session: Person) -> Response:
    """Ask for the old and the new password."""
    _browser(session)
    return _form(request, "password", request.query_params.get("next", ""), session)


@router.post(PASSWORD)
async def password(request: Request) -> Response:
    """Change the own password."""
    door, form, session = door_of(request), await request.form(max_files=0), await _person(request)
    old, new = _text(form, "old"), _text(form, "new")
    if new != _text(form, "again"):
        return _form(request, "password", _text(form, "next"), session, Refused("not_again"))
    work = partial(service.change_password, door.accounts, session, old, new, address_of(request))
    return await _answered(request, "password", work, form, session)


@router.get("/accounts/events")
def events(request: Request, session: Person) -> Response:
    """Show what happened to accounts, and whether the record of it is whole."""
    with door_of(request).accounts.store.reading() as connection:
        found, fault, end = latest(connection, EVENTS), broken(connection), head(connection)
    return _page(request, "events", session=session, events=found, fault=fault, head=end, utc=_utc)


async def _answered(
    request: Request,
    page: str,
    work: partial[SignedIn | Refused],
    form: FormData,
    session: Session | None = None,
) -> Response:
    """Look at a password beside the loop; go on where it was right, else show the form again."""
    door, wanted = door_of(request), _text(form, "next")
    try:
        done = await door.slow.run(work)
    except BusyError:
        done = Refused("busy", 2.0)
    if isinstance(done, Refused):
        return _form(request, page, wanted, session, done)
    response = RedirectResponse(PASSWORD if done.session.must_change else way_back(wanted), 303)
    # The seed is new with each signing in, so that nobody can know it who had put a cookie there before.
    door.cookie.give(response, done.token, door.cookie.seed(request.headers) if session is not None else "")
    return response


async def _person(request: Request) -> Session:
    """Return who asks; of a browser only."""
    session = await run_in_threadpool(signed_in, request)
    _browser(session)
    return session


def _browser(session: Session) -> None:
    if session.kind != "browser":
        raise HTTPException(403, "a token cannot do this")


def _form(
    request: Request, page: str, wanted: str, session: Session | None = None, refused: Refused | None = None
) -> Response:
    context = {
        "session": session,
        "next": way_back(wanted),
        "banner": door_of(request).banner,
        "refused": refused.code if refused is not None else "",
        "wait_s": math.ceil(refused.wait_s) if refused is not None else 0,
    }
    status = 200 if refused is None else 429 if refused.code in ("wait", "busy") else 403
    return _page(request, page, status, **context)


def _page(request: Request, page: str, status: int = 200, **context: object) -> Response:
    door: Door = door_of(request)
    return door.show(
        request, f"accounts/{page}.html", {"page_name": f"accounts.{page}", "csrf": csrf(request), **context}, status
    )


def _utc(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _next(request: Request) -> str:
    return way_back(request.query_params.get("next", ""))


def _text(form: FormData, name: str) -> str:
    """Return a field of a form; empty where there is none."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
