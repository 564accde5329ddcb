"""The one way from a page or a program to control: who may do it is asked of the session as it is at this moment.

Pages and API build an ``Act`` and hand it to ``Acting.act``; nothing else in the web process posts a request. Control
authorises again when it takes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, cast

from safety.signals import Mode
from supervisor.audit.chain import ChainError, Json, canonical, plain
from supervisor.changes.plan import ChangePlan
from supervisor.changes.signing import Signature
from supervisor.clock import machine_utc_s
from supervisor.letters import ACTIONS, LetterError
from supervisor.mailbox import Mailbox, MailboxError
from supervisor.record import Request
from supervisor.web import rights
from supervisor.web.accounts import remembered
from supervisor.web.accounts.events import note
from supervisor.web.accounts.service import Accounts, live
from supervisor.web.accounts.sessions import Session
from supervisor.web.accounts.store import StoreError
from supervisor.web.accounts.users import Role
from supervisor.web.rights import Field

EXPIRES_S = 60.0
"""As for the command line: a request that control has not taken after this long is dead."""
ANSWER_S = 30.0
WHY_MAX = 500
WAITING_MAX = 64
"""So many acts wait for control's answers at once; OFF has threads of its own."""
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_OURS: Final = frozenset(
    {"id", "action", "who", "role", "why", "asked_utc_s", "expires_utc_s", "saw_cycle"},
)
_FIELDS: Final = frozenset(each.name for each in fields(Request)) - _OURS
"""Of a request, what whoever acts may say; the rest follows from the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person wants, as the page or the program says it."""

    action: str
    """A row of ``supervisor.web.rights.TABLE``."""
    key: str = ""
    """Made with the form: the same act sent twice is done once. OFF needs none."""
    why: str = ""
    saw_cycle: int | None = None
    """The cycle that the page showed."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of ``supervisor.record.Request``: ``mode confirmed variable side value interlock`` ..."""
    level: Field = "operator"
    """Whose limit it is."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What became of it; ``code`` is empty where it was accepted, else a reason of ours or of control.

    Ours: ``signed_out locked must_change role needs_plan not_released password_again bad_key key_used no_view
    incomplete no_reason busy no_answer mailbox``.
    """

    accepted: bool
    code: str = ""
    id: str = ""


class Acting:
    """Acts on one controller, named ``unit``, through its ``mailbox``."""

    def __init__(
        self,
        accounts: Accounts,
        mailbox: Mailbox,
        unit: str,
        *,
        utc_s: Callable[[], float] = machine_utc_s,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._accounts, self._mailbox, self._unit = accounts, mailbox, unit
        self._utc_s, self._answer_s = utc_s, answer_s
        self._threads = ThreadPoolExecutor(WAITING_MAX, thread_name_prefix="act")
        self._off_threads = ThreadPoolExecutor(4, thread_name_prefix="off")
        self._waiting = 0

    @property
    def released(self) -> Mode:
        """The highest mode that operators may ask for."""
        with self._accounts.store.reading() as connection:
            return remembered.released(connection, self._unit)

    async def act(self, session: Session, act: Act) -> Acted:
        """Do ``act`` for ``session``, or say why not; returns when control has answered."""
        loop = asyncio.get_running_loop()
        if is_off(act):
            return await loop.run_in_executor(self._off_threads, self.do, session, act)
        if self._waiting >= WAITING_MAX:
            return Acted(False, "busy")
        self._waiting += 1
        try:
            return await loop.run_in_executor(self._threads, self.do, session, act)
        finally:
            self._waiting -= 1

    def do(self, session: Session, act: Act) -> Acted:
        """Do the same in this thread."""
        if is_off(act):
            return self._off(session, act)
        now = live(self._accounts, session)
        mode = act.fields.get("mode")
        if mode is not None and not isinstance(mode, Mode):
            return Acted(False, "incomplete")
        released = self.released

        def right(role: Role) -> str:
            return rights.may(role, act.action, field=act.level, mode=mode, released=released)

        code = self._kept_from(now, act.action, act.why, right, mode)
        if act.fields.keys() - _FIELDS or act.action not in ACTIONS:
            code = code or "incomplete"
        elif act.saw_cycle is None and session.kind == "browser":
            code = code or "no_view"
        elif not _KEY.fullmatch(act.key):
            code = code or "bad_key"
        if code or now is None:
            return Acted(False, code or "signed_out")
        return self._once(now, act)

    def reload(self, session: Session, plan: ChangePlan, why: str, key: str) -> Acted:
        """Have control start again with ``plan``, which has just become the plant file (``changes.applying.apply``)."""
        code = self.refusal(session, "plan_apply", plan) or ("" if _KEY.fullmatch(key) else "bad_key")
        now = live(self._accounts, session)
        if code or now is None:
            return Acted(False, code or "signed_out")
        return self._once(now, Act(action="reload", key=key, why=why))

    def sign(self, session: Session, plan: ChangePlan, why: str) -> Acted:
        """Sign ``plan`` as the person of ``session``: all that it changes must be that role's to change."""
        now = live(self._accounts, session)
        code = self._kept_from(now, "plan_sign", why, lambda role: _plan_refusal(role, "plan_sign", plan))
        if code or now is None:
            return Acted(False, code or "signed_out")
        at_s = self._utc_s()
        with self._accounts.store.writing() as connection:
            remembered.sign(connection, plan.sha256, now.user, why, at_s)
            note(connection, "plan_signed", at_s, who=now.who, plan=plan.sha256, why=why)
        return Acted(True)

    def signed(self, plan: ChangePlan) -> tuple[Signature, ...]:
        """Return the signatures that count now: of people who are let in and may sign all of it.

        Signatures of the machine's accounts (``setwise sign``) are not among them: one person may have one of each.
        """
        with self._accounts.store.reading() as connection:
            found = remembered.signers(connection, plan.sha256)
        return tuple(signature for role, signature in found if not _plan_refusal(role, "plan_sign", plan))

    def release(self, session: Session, mode: Mode, why: str) -> Acted:
        """Let operators go as high as ``mode``."""
        now = live(self._accounts, session)
        code = self._kept_from(now, "release", why, lambda role: rights.may(role, "release"))
        if code or now is None or mode < Mode.MONITOR:
            return Acted(False, code or "incomplete")
        at_s = self._utc_s()
        with self._accounts.store.writing() as connection:
            remembered.release(connection, self._unit, mode, now.user, at_s)
            note(connection, "mode_released", at_s, who=now.who, unit=self._unit, mode=mode.name, why=why)
        return Acted(True)

    def refusal(self, session: Session, action: str, plan: ChangePlan | None = None) -> str:
        """Return why the person may not do what is done elsewhere (``plan_make``, ``users``); empty where they may."""

        def right(role: Role) -> str:
            return rights.may(role, action) if plan is None else _plan_refusal(role, action, plan)

        return self._kept_from(live(self._accounts, session), action, "-", right)

    def _kept_from(
        self, now: Session | None, action: str, why: str, right: Callable[[Role], str], mode: Mode | None = None
    ) -> str:
        """Return what keeps this session from ``action`` at this moment; ``right``: what keeps its role from it.

        Nobody is asked for a password, or for a reason, for what is not theirs to do.
        """
        if now is None:
            return "signed_out"
        if now.must_change or now.locked:
            return "must_change" if now.must_change else "locked"
        old = self._accounts.now_s() - now.proved_utc_s > self._accounts.times.proof_s
        checks = {
            "password_again": old and rights.needs_password(action, mode),
            "no_reason": action not in _NO_REASON and not why.strip(),
            "incomplete": len(why) > WHY_MAX,
        }
        return right(now.role) or next((code for code, met in checks.items() if met), "")

    def _off(self, session: Session, act: Act) -> Acted:
        """OFF asks only whose it is: a locked session, an old page, no key or a broken file do not matter."""
        try:
            now = live(self._accounts, session)
        except StoreError:
            now = session  # it was found a moment ago, by the same file
        if now is None:
            return Acted(False, "signed_out")
        code = rights.may(now.role, "off")
        if code:
            return Acted(False, code)
        return self._asked(self._request(now, replace(act, action="mode", fields={"mode": Mode.OFF}), uuid.uuid4().hex))

    def _once(self, now: Session, act: Act) -> Acted:
        """Ask control; a second time with the same key, only for what became of it the first time.

        The request keeps the hour of the first time, so that one which control has long forgotten has expired.
        """
        said: Json = {"action": act.action, "why": act.why, "fields": plain(dict(act.fields))}
        id_ = hashlib.sha256(f"{self._unit}\n{now.user}\n{act.key}".encode()).hexdigest()[:32]
        try:
            fingerprint = hashlib.sha256(canonical(said).encode()).hexdigest()
        except ChainError:
            return Acted(False, "incomplete", id_)
        with self._accounts.store.writing() as connection:
            done = remembered.first(connection, id_, fingerprint, self._utc_s())
        if done.fingerprint != fingerprint:
            return Acted(False, "key_used", id_)
        if done.accepted is not None:
            return Acted(done.accepted, done.why, id_)
        request = self._request(now, act, id_)
        asked_s = done.asked_utc_s
        acted = self._asked(replace(request, asked_utc_s=asked_s, expires_utc_s=asked_s + EXPIRES_S))
        if acted.code not in ("no_answer", "mailbox"):
            with self._accounts.store.writing() as connection:
                remembered.answered(connection, id_, acted.code, accepted=acted.accepted)
        return acted

    def _request(self, now: Session, act: Act, id_: str) -> Request:
        at_s = self._utc_s()
        return Request(
            id=id_,
            action=cast("Any", act.action),
            who=now.who,
            role=now.role,
            why=act.why[:WHY_MAX],
            asked_utc_s=at_s,
            expires_utc_s=at_s + EXPIRES_S,
            saw_cycle=act.saw_cycle,
            **act.fields,
        )

    def _asked(self, request: Request) -> Acted:
        try:
            self._mailbox.post(request)
        except MailboxError as error:
            if isinstance(error.__cause__, LetterError):
                return Acted(False, "incomplete", request.id)
            if not isinstance(error.__cause__, sqlite3.IntegrityError):  # it was posted before: wait for that one
                return Acted(False, "mailbox", request.id)
        try:
            answer = self._mailbox.wait_answer(request.id, self._answer_s)
        except MailboxError:
            answer = None  # it is posted; what became of it is on the page of the next cycle
        return (
            Acted(False, "no_answer", request.id) if answer is None else Acted(answer.accepted, answer.why, request.id)
        )


_NO_REASON: Final = frozenset(
    {"mode", "acknowledge", "alarm_ack", "advice_accept", "mv_apc", "plan_make", "plan_keep", "restore", "lab"}
)
"""Done many times a shift; everything else says why."""


def is_off(act: Act) -> bool:
    """Return whether an act is OFF, by either of its names."""
    return act.action == "off" or (act.action == "mode" and act.fields.get("mode") is Mode.OFF)


def _plan_refusal(role: Role, action: str, plan: ChangePlan) -> str:
    of = {rights.field_of(each.path, each.weight.name) for each in plan.changes} or {""}
    return next((code for each in sorted(of) if (code := rights.may(role, action, field=each))), "")
