"""What is asked of control: each operation builds an ``Act`` and hands it to ``Acting``, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Request

from safety.signals import Mode
from supervisor.sentences import REASONS
from supervisor.web.acting import Act, Acted, Acting
from supervisor.web.api.here import Here
from supervisor.web.api.models import Trouble
from supervisor.web.api.models_acts import (
    AskAck,
    AskAdvice,
    AskHands,
    Asking,
    AskLab,
    AskLasting,
    AskLimit,
    AskMode,
    AskTarget,
    AskTargetEnd,
    Done,
)
from supervisor.web.api.trouble import ApiError
from supervisor.web.desk import desk_of
from supervisor.web.person import Person, known

MODES: Final = {"MONITOR": Mode.MONITOR, "ADVISORY": Mode.ADVISORY, "CLOSED_LOOP": Mode.CLOSED_LOOP}
STATUS: Final[Mapping[str, int]] = {
    "signed_out": 401, "locked": 403, "must_change": 403, "role": 403, "needs_plan": 403, "not_released": 403,
    "password_again": 403, "bad_key": 422, "no_view": 422, "incomplete": 422, "no_reason": 422, "busy": 503,
    "mailbox": 503, "no_answer": 504,
}  # fmt: skip
"""By code; control's own refusals, and a key that was used for something else, are 409."""
WORDS: Final[Mapping[str, str]] = {
    "signed_out": "the token or session counts no more",
    "locked": "this session is locked: give the password on the page",
    "must_change": "the password has to be changed first, on the page of the account",
    "role": "the role or the token's scope does not allow it; a token that may act: setwise token add NAME --scope act",
    "needs_plan": "this is changed by a plan (setwise plan), not at once",
    "not_released": "the engineer has not released this mode for operators",
    "password_again": "this takes the password again, which a token cannot give; a person gives it on the page",
    "bad_key": "the Idempotency-Key is 8 to 64 letters, digits, _ or -",
    "key_used": "this Idempotency-Key was used for something else",
    "no_view": "a browser has to say which cycle it shows: saw_cycle",
    "busy": "too many acts wait for control's answers: again in a second",
    "mailbox": "the request could not be passed on; OFF on the server: setwise mode off",
    "no_answer": "control did not answer in time; send the same again with the same Idempotency-Key to learn what "
    "became of it",
}
KEY = Header(
    alias="Idempotency-Key",
    pattern="^[A-Za-z0-9_-]{8,64}$",
    description="new for each act; the same sent twice is done once and answered alike",
)
Key = Annotated[str, KEY]
Who = Annotated[Person, Depends(known)]
AlarmId = Annotated[str, Path(description="of the alarm, such as link:dcs")]
LockName = Annotated[str, Path(description="of the interlock")]
REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"model": Trouble, "description": "Control refuses it; or the key was used for something else."},
    504: {"model": Trouble, "description": "Control did not answer in time: ask again with the same key."},
}
router = APIRouter(tags=["Act"], responses=REFUSED)


@router.post("/off", operation_id="off_all")
async def off_all(request: Request, who: Who) -> Done:
    """Switch every controller off. No body, no key, no reason; nothing holds it up."""
    done = [
        await _acting(request, each).act(who.session, Act(action="off", why="API")) for each in desk_of(request).units
    ]
    return _answer(next((each for each in done if not each.accepted), done[0]))


@router.post("/controllers/{key}/off", operation_id="off")
async def off(request: Request, who: Who, asked: Here) -> Done:
    """Switch one controller off. No body, no key, no reason; nothing holds it up."""
    return _answer(await _acting(request, asked.unit.key).act(who.session, Act(action="off", why="API")))


class Doing:
    """One act's session, key and controller."""

    def __init__(self, request: Request, who: Who, asked: Here, idempotency_key: Key) -> None:
        self._who, self._key = who, idempotency_key
        self._acting = _acting(request, asked.unit.key)

    async def do(self, action: str, asking: Asking, **fields: object) -> Done:
        """Do it. Raises ApiError where it is refused."""
        act = Act(action=action, key=self._key, why=asking.why, saw_cycle=asking.saw_cycle, fields=fields)
        return _answer(await self._acting.act(self._who.session, act))


Do = Annotated[Doing, Depends()]


@router.post("/controllers/{key}/mode", operation_id="ask_mode")
async def mode(do: Do, body: AskMode) -> Done:
    """Ask for a mode. CLOSED_LOOP takes a person's password again: a token cannot ask for it."""
    return await do.do("mode", body, mode=MODES[body.mode], confirmed=body.confirmed)


@router.post("/controllers/{key}/acknowledge", operation_id="acknowledge_trip")
async def acknowledge(do: Do, body: Asking) -> Done:
    """Acknowledge that the controller has tripped; after that a mode may be asked for."""
    return await do.do("acknowledge", body)


@router.post("/controllers/{key}/limit", operation_id="set_limit")
async def limit(do: Do, body: AskLimit) -> Done:
    """Set an operator limit, inside the engineering limits."""
    return await do.do("limit", body, variable=body.variable, side=body.side, value=body.value)


@router.post("/controllers/{key}/mv", operation_id="set_hands")
async def hands(do: Do, body: AskHands) -> Done:
    """Take an MV into the operators' hands, or give it back."""
    return await do.do("mv_opr" if body.to == "operator" else "mv_apc", body, variable=body.mv)


@router.post("/controllers/{key}/advice", operation_id="answer_advice")
async def advice(do: Do, body: AskAdvice) -> Done:
    """Accept or reject what was advised for one MV; a rejection needs a reason."""
    return await do.do(f"advice_{body.verdict}", body, variable=body.mv, value=body.value)


@router.post("/controllers/{key}/target", operation_id="set_target")
async def target(do: Do, body: AskTarget) -> Done:
    """Set an external target, such as a planner's, for some time."""
    return await do.do("target", body, variable=body.variable, value=body.value, lasts_s=body.lasts_s)


@router.post("/controllers/{key}/target/end", operation_id="end_target")
async def target_end(do: Do, body: AskTargetEnd) -> Done:
    """End an external target before its time."""
    return await do.do("target_end", body, variable=body.variable)


@router.post("/controllers/{key}/lab", operation_id="hand_in_lab")
async def lab(do: Do, body: AskLab) -> Done:
    """Hand in a laboratory result; control compares it with the estimate at its sampling time."""
    return await do.do("lab", body, variable=body.variable, value=body.value, sampled_utc_s=body.sampled_utc_s)


@router.post("/controllers/{key}/alarms/{id}/ack", operation_id="acknowledge_alarm")
async def alarm_ack(do: Do, id: AlarmId, body: AskAck) -> Done:
    """Acknowledge one occurrence of an alarm."""
    return await do.do("alarm_ack", body, alarm=id, occurrence=body.occurrence)


@router.post("/controllers/{key}/alarms/{id}/shelve", operation_id="shelve_alarm")
async def alarm_shelve(do: Do, id: AlarmId, body: AskLasting) -> Done:
    """Put an alarm aside for some time, with a reason."""
    return await do.do("alarm_shelve", body, alarm=id, lasts_s=body.lasts_s)


@router.post("/controllers/{key}/alarms/{id}/unshelve", operation_id="unshelve_alarm")
async def alarm_unshelve(do: Do, id: AlarmId, body: Asking) -> Done:
    """Take an alarm off the shelf."""
    return await do.do("alarm_unshelve", body, alarm=id)


@router.post("/controllers/{key}/alarms/{id}/out", operation_id="take_alarm_out")
async def alarm_out(do: Do, id: AlarmId, body: Asking) -> Done:
    """Take an alarm out of service, with a reason."""
    return await do.do("alarm_out", body, alarm=id)


@router.post("/controllers/{key}/alarms/{id}/in", operation_id="put_alarm_in")
async def alarm_in(do: Do, id: AlarmId, body: Asking) -> Done:
    """Put an alarm into service again."""
    return await do.do("alarm_in", body, alarm=id)


@router.post("/controllers/{key}/interlocks/{name}/reset", operation_id="reset_interlock")
async def reset(do: Do, name: LockName, body: Asking) -> Done:
    """Reset a latched interlock whose cause is gone."""
    return await do.do("reset", body, interlock=name)


@router.post("/controllers/{key}/interlocks/{name}/bypass", operation_id="bypass_interlock")
async def bypass(do: Do, name: LockName, body: AskLasting) -> Done:
    """Bypass an interlock for some time. It takes a person's password again: a token cannot ask for it."""
    return await do.do("bypass", body, interlock=name, value=body.lasts_s)


@router.post("/controllers/{key}/interlocks/{name}/restore", operation_id="restore_interlock")
async def restore(do: Do, name: LockName, body: Asking) -> Done:
    """End a bypass before its time."""
    return await do.do("restore", body, interlock=name)


def _acting(request: Request, key: str) -> Acting:
    made: dict[str, Acting] = request.app.state.acting
    return made[key]


def _answer(acted: Acted) -> Done:
    """Return that it was accepted. Raises ApiError with the reason where it was not."""
    if acted.accepted:
        return Done(accepted=True, id=acted.id)
    words = WORDS.get(acted.code) or REASONS.get(acted.code, acted.code)
    raise ApiError(STATUS.get(acted.code, 409), acted.code, words)
