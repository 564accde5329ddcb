"""What pages ask of control: each a form that says what was seen, and a page or a fragment with what became of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from safety.signals import Mode
from supervisor.sentences import REASONS
from supervisor.web.acting import Act, Acted, Acting
from supervisor.web.desk import Asked, asked_of
from supervisor.web.person import Person, known
from supervisor.web.render import page
from supervisor.web.requested import way_back

router = APIRouter(include_in_schema=False)
Who = Annotated[Person, Depends(known)]
NUMBERS: Final = ("value", "lasts_s", "sampled_utc_s")
TEXTS: Final = ("variable", "side", "interlock", "alarm")
MODES: Final = {"monitor": Mode.MONITOR, "advisory": Mode.ADVISORY, "closed_loop": Mode.CLOSED_LOOP}


@router.post("/off", name="off-all")
@router.post("/off/{key}", name="off")
async def off(request: Request, who: Who, key: str = "") -> Response:
    """Switch one controller off, or all of them: one press, no question, from any page however old."""
    asked = asked_of(request)
    keys = [asked.desk.unit(key).key] if key else list(asked.desk.units)
    done = {each: await acting_of(request, each).act(who.session, Act(action="off", why="page")) for each in keys}
    worst = next((each for each in done.values() if not each.accepted), next(iter(done.values())))
    return _shown(request, asked, worst, "off", keys[0])


@router.post("/act/{key}/release", name="act-release")
async def release(request: Request, who: Who, key: str) -> Response:
    """Let operators ask for no more than a mode, or for more than before: the engineer's word."""
    asked = asked_of(request)
    unit, form = asked.desk.unit(key), await request.form()
    mode = MODES.get(str(form.get("mode", "")))
    if mode is None:
        return _shown(request, asked, Acted(False, "incomplete"), "release", unit.key)
    done = await run_in_threadpool(acting_of(request, unit.key).release, who.session, mode, str(form.get("why", "")))
    return _shown(request, asked, done, "release", unit.key)


@router.post("/language", name="language")
async def language(request: Request, who: Who) -> Response:
    """Show the pages in another language from now on, in this browser."""
    del who
    form, asked = await request.form(), asked_of(request)
    wanted = str(form.get("language", ""))
    response = RedirectResponse(way_back(str(form.get("next", "/"))), 303)
    if wanted in asked.desk.texts.of:
        secure = request.app.state.door.cookie.secure
        response.set_cookie("language", wanted, max_age=31_536_000, httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/act/{key}/advice", name="act-advice")
async def advice(request: Request, who: Who, key: str) -> Response:
    """Accept or reject the advice for the MVs that were ticked, each with the setpoint that the page showed."""
    asked = asked_of(request)
    unit, form = asked.desk.unit(key), await request.form()
    action = "advice_accept" if form.get("verdict") == "accept" else "advice_reject"
    saw, done = str(form.get("saw_cycle", "")), Acted(False, "incomplete")
    for number, ticked in enumerate(form.getlist("mv")):
        name, _, value = str(ticked).partition("=")
        wanted = Act(
            action=action,
            key=f"{form.get('key', '')}-{number}",
            why=str(form.get("why", "")),
            saw_cycle=int(saw) if saw.isdecimal() else None,
            fields={"variable": name, "value": _number(value, name)},
        )
        done = await acting_of(request, unit.key).act(who.session, wanted)
        if not done.accepted:
            break
    return _shown(request, asked, done, action, unit.key)


@router.post("/act/{key}/{action}", name="act")
async def act(request: Request, who: Who, key: str, action: str) -> Response:
    """Carry out one form."""
    asked = asked_of(request)
    unit = asked.desk.unit(key)
    form = {name: "" if isinstance(value, UploadFile) else value for name, value in (await request.form()).items()}
    wanted = Act(
        action=action,
        key=form.get("key", ""),
        why=form.get("why", ""),
        saw_cycle=int(form["saw_cycle"]) if form.get("saw_cycle", "").isdecimal() else None,
        fields=fields_of(form),
    )
    return _shown(request, asked, await acting_of(request, unit.key).act(who.session, wanted), action, unit.key)


def fields_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says of the request. Raises HTTPException 422 for a number that is none."""
    found: dict[str, Any] = {name: form[name] for name in TEXTS if form.get(name)}
    for name in NUMBERS:
        if form.get(name, "").strip():
            found[name] = _number(form[name], name)
    if form.get("hours", "").strip():
        found["value"] = 3600.0 * _number(form["hours"], "hours")
    if form.get("occurrence", "").isdecimal():
        found["occurrence"] = int(form["occurrence"])
    if form.get("mode") in MODES:
        found["mode"] = MODES[form["mode"]]
    if form.get("confirmed"):
        found["confirmed"] = form["confirmed"] == "yes"
    return found


def acting_of(request: Request, key: str) -> Acting:
    """Return the one way to control of a controller."""
    made: Mapping[str, Acting] = request.app.state.acting
    return made[key]


def _number(text: str, name: str) -> float:
    """Return a number as people type it: 3.9, 3,9 or 3 571."""
    plain = "".join(text.split()).replace("\u2212", "-").replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise HTTPException(422, f"{name} is no number")
    return number


def _shown(request: Request, asked: Asked, acted: Acted, action: str, key: str) -> Response:
    """Return what became of it: a fragment for a script, else back to the page, with the answer in its address."""
    status = 200 if acted.accepted else 409
    said = asked.t(f"refused.{acted.code}")
    if said == f"refused.{acted.code}":
        said = REASONS.get(acted.code, acted.code)
    context = {"acted": acted, "said": said, "action": action, "page_name": "acted", "live": False}
    if "hx-request" in request.headers:
        response: Response = page(request, "parts/acted.html", asked, {}, context)
        if acted.code == "password_again":
            response.headers["HX-Redirect"] = f"/account/unlock?next={way_back(request.headers.get('x-from', '/'))}"
        return response
    if acted.accepted:
        return RedirectResponse(asked.desk.units[key].path, 303)
    response = page(request, "acted.html", asked, {}, {**context, "back": asked.desk.units[key].path})
    response.status_code = status
    return response
