"""Changes: the versions that ran, and plans for the next one: read, signed, applied, kept, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from supervisor.changes.plan import to_text
from supervisor.clock import machine_utc_s
from supervisor.sentences import reason
from supervisor.web.acting import Acted
from supervisor.web.changing import Changing, ChangingError, Stored
from supervisor.web.desk import asked_of
from supervisor.web.person import Person, known
from supervisor.web.planview import MARKS, plan_view
from supervisor.web.render import page
from supervisor.web.texts import named

router = APIRouter(include_in_schema=False)
Who = Annotated[Person, Depends(known)]
Text = Annotated[str, Form()]
KEEP_S: Final = {"15min": 900.0, "1h": 3_600.0, "24h": 86_400.0, "at_once": None}
"""So long a change runs on trial before it goes back by itself."""
PATH: Final = "/changes"
OPEN: Final = frozenset({"waiting", "signed"})


@router.get(PATH, name="changes")
def show(request: Request) -> Response:
    """Show what ran, what is planned, and where a new plan is put in."""
    return _overview(request)


@router.post("/changes/plans", name="plan-in")
def take_in(request: Request, who: Who, text: Text = "") -> Response:
    """Take in a plan, or make one of a plant file."""
    changing = changing_of(request)
    code = changing.refusal(who.session, "plan_make")
    if code:
        return _acted(request, Acted(False, code), PATH)
    try:
        plan = changing.taken_in(text, who.name)
    except ChangingError as error:
        return _overview(request, str(error), text)
    return RedirectResponse(f"/changes/plan/{plan.sha256}", 303)


@router.post("/changes/back", name="plan-back")
def back(request: Request, who: Who, number: Annotated[int, Form()], controller: Text = "") -> Response:
    """Make the plan that goes back to an older version."""
    changing = changing_of(request)
    code = changing.refusal(who.session, "plan_roll_back")
    if code:
        return _acted(request, Acted(False, code), PATH)
    try:
        plan = changing.back_to(controller, number, who.name)
    except ChangingError as error:
        return _overview(request, str(error))
    return RedirectResponse(f"/changes/plan/{plan.sha256}", 303)


@router.get("/changes/plan/{sha256}", name="plan")
def show_plan(request: Request, who: Who, sha256: str) -> Response:
    """Show one plan: what it changes, who has signed, what is to be done."""
    changing, asked, found = changing_of(request), asked_of(request), _stored(request, sha256)
    plan = found.plan
    try:
        sides = changing.sides(plan)
    except ChangingError:
        sides = None  # of a version that is gone; its words are still there
    zone = next(iter(asked.desk.units.values())).plant.timezone
    context = {
        "found": found,
        "plan": plan,
        "view": plan_view(plan, sides, asked.t),
        "marks": MARKS,
        "open": found.state in OPEN,
        "may_sign": _open(changing, who, "plan_sign", found) and who.name not in found.signed_by,
        "may_apply": _open(changing, who, "plan_apply", found),
        "keeps": tuple(KEEP_S),
        "zone": zone,
    }
    return page(request, "plan.html", asked, {}, {**context, "page_name": "changes", "live": False})


@router.get("/changes/plan/{sha256}/file", name="plan-file")
def file(request: Request, sha256: str) -> Response:
    """Return the plan as the file that ``setwise sign`` and ``setwise apply`` take."""
    text = to_text(_stored(request, sha256).plan)
    name = f"{sha256[:12]}.plan.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/changes/plan/{sha256}/sign", name="plan-sign")
def sign(request: Request, who: Who, sha256: str, why: Text = "") -> Response:
    """Put the reader's signature under the plan."""
    return _done(request, sha256, lambda changing, found: changing.sign(who.session, found.plan, why))


@router.post("/changes/plan/{sha256}/apply", name="plan-apply")
def apply(request: Request, who: Who, sha256: str, why: Text = "", key: Text = "", keep: Text = "15min") -> Response:
    """Bring the plan into force."""
    keep_s = KEEP_S.get(keep, KEEP_S["15min"])
    return _done(request, sha256, lambda changing, found: changing.apply(who.session, found.plan, why, key, keep_s))


@router.post("/changes/keep", name="plan-keep")
def keep(request: Request, who: Who) -> Response:
    """End the trial of what runs: it stays."""
    return _acted(request, changing_of(request).keep(who.session), PATH)


def changing_of(request: Request) -> Changing:
    """Return what keeps the plans."""
    return cast("Changing", request.app.state.changing)


def _overview(request: Request, trouble: str = "", text: str = "") -> Response:
    changing, asked = changing_of(request), asked_of(request)
    try:
        versions, plans, trials, old = changing.versions(), changing.plans(), changing.trials(), changing.old_pages()
    except ChangingError as error:
        versions, plans, trials, old, trouble = {}, [], {}, [], trouble or str(error)
    zone = next(iter(asked.desk.units.values())).plant.timezone
    facts = {"versions": versions, "plans": plans, "trials": trials, "old_pages": old, "now_s": machine_utc_s()}
    shown = {"trouble": trouble, "text": text, "zone": zone, "plant_file": changing.plant_path.name}
    response = page(request, "changes.html", asked, {}, {**facts, **shown, "page_name": "changes", "live": False})
    response.status_code = 422 if trouble else 200
    return response


def _stored(request: Request, sha256: str) -> Stored:
    try:
        return changing_of(request).stored(sha256)
    except ChangingError as error:
        raise HTTPException(404, str(error)) from error


def _open(changing: Changing, who: Person, action: str, found: Stored) -> bool:
    """Return whether the form is open: what only waits for the password is."""
    return changing.refusal(who.session, action, found.plan) in ("", "password_again")


def _done(request: Request, sha256: str, do: Callable[[Changing, Stored], Acted]) -> Response:
    """Do it to a plan, and return to it, or say why not."""
    at = f"/changes/plan/{sha256}"
    found = _stored(request, sha256)
    try:
        return _acted(request, do(changing_of(request), found), at)
    except ChangingError as error:
        return _acted(request, Acted(False, "refused"), at, str(error))


def _acted(request: Request, acted: Acted, back: str, said: str = "") -> Response:
    if acted.accepted:
        return RedirectResponse(back, 303)
    asked = asked_of(request)
    said = said or named(asked.t, "refused", acted.code)
    if said == acted.code:
        said = reason(acted.code)
    context = {"acted": acted, "said": said, "back": back, "page_name": "acted", "live": False}
    response = page(request, "acted.html", asked, {}, context)
    response.status_code = 409
    return response
