"""People and programs that are let in: for administrators, with the password asked again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from supervisor.web import rights
from supervisor.web.accounts import managing, sessions, tokens, users
from supervisor.web.accounts.door import BusyError, door_of
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.users import UsersError
from supervisor.web.acting import Acting
from supervisor.web.desk import asked_of
from supervisor.web.person import Person, known
from supervisor.web.render import page
from supervisor.web.texts import named

router = APIRouter(include_in_schema=False)
Who = Annotated[Person, Depends(known)]
PATH: Final = "/system/people"
FIELD_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it; ``secret`` is shown on this page and never again."""

    said: str = ""
    trouble: str = ""
    secret: str = ""


@router.get(PATH, name="people")
def show(request: Request, who: Who) -> Response:
    """Show who is let in."""
    _check(request, who, "users")
    return _shown(request, Done())


@router.post("/system/people/{action}", name="people-do")
async def do(request: Request, who: Who, action: str) -> Response:
    """Carry out one form, and show everybody again with what became of it."""
    if action not in ACTIONS:
        raise HTTPException(404, "there is no such action")
    right, act = ACTIONS[action]
    asked, door = asked_of(request), door_of(request)
    code = _check(request, who, right)
    if code:
        return _shown(request, Done(trouble=named(asked.t, "refused", code)), 409, locked=code == "password_again")
    form = _fields(await request.form(max_files=0))
    try:
        secret = await door.slow.run(partial(act, door.accounts, form, who.name))
    except BusyError:
        return _shown(request, Done(trouble=named(asked.t, "refused", "busy")), 429)
    except UsersError as error:
        return _shown(request, Done(trouble=str(error)), 422)
    said = asked.t(f"people.done.{action}", name=form.get("name", ""))
    return _shown(request, Done(said=said, secret=secret or ""))


def _revoke(accounts: Accounts, form: Mapping[str, str], by: str) -> None:
    number = form.get("number", "")[:9]
    managing.revoke_token(accounts, int(number) if number.isdecimal() else 0, by)


def _token(accounts: Accounts, form: Mapping[str, str], by: str) -> str:
    try:
        days = float(form.get("days", ""))
    except ValueError:
        days = math.nan
    scope = form.get("scope", "read")
    return managing.add_token(accounts, form.get("name", ""), form.get("label", ""), scope, days, by)[0]


def _end(accounts: Accounts, form: Mapping[str, str], by: str) -> None:
    managing.end_sessions(accounts, form.get("name", ""), by)


Act = Callable[[Accounts, Mapping[str, str], str], str | None]
ACTIONS: Final[Mapping[str, tuple[str, Act]]] = {
    "add": ("users", lambda a, form, by: managing.add_user(a, form.get("name", ""), form.get("role", ""), by)),
    "role": ("users", lambda a, form, by: managing.set_role(a, form.get("name", ""), form.get("role", ""), by)),
    "disable": ("users", lambda a, form, by: managing.disable(a, form.get("name", ""), by)),
    "enable": ("users", lambda a, form, by: managing.enable(a, form.get("name", ""), by)),
    "reset": ("users", lambda a, form, by: managing.reset_password(a, form.get("name", ""), by)),
    "end": ("sessions", _end),
    "token": ("tokens", _token),
    "revoke": ("tokens", _revoke),
}
"""Each with the right that it takes; what it returns is a secret."""


def _check(request: Request, who: Person, right: str) -> str:
    """Return what the person has to do first. Raises HTTPException 403 where it is not theirs at all."""
    if rights.may(who.session.role, right):  # before what a locked session is told
        raise HTTPException(403, "administrators only")
    acting: Mapping[str, Acting] = request.app.state.acting
    return next(iter(acting.values())).refusal(who.session, right)


def _shown(request: Request, done: Done, status: int = 200, *, locked: bool = False) -> Response:
    asked, accounts = asked_of(request), door_of(request).accounts
    now_s = accounts.now_s()
    with accounts.store.reading() as connection:
        everybody = users.everybody(connection)
        mine = {each.id: sessions.of_user(connection, each.id, now_s, accounts.times) for each in everybody}
        programs = tokens.every(connection)
    zone = next(iter(asked.desk.units.values())).plant.timezone
    facts = {"done": done, "locked": locked, "everybody": everybody, "sessions": mine, "programs": programs}
    more = {"roles": users.ROLES, "now_s": now_s, "zone": zone, "back": PATH, "name_rule": users.NAME_RULE}
    response = page(request, "people.html", asked, {}, {**facts, **more, "page_name": "people", "live": False})
    response.status_code = status
    return response


def _fields(form: FormData) -> dict[str, str]:
    return {name: value[:FIELD_MAX] for name, value in form.items() if isinstance(value, str)}
