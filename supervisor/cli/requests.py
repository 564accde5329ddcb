"""Commands that ask control for something: they only put a request in the mailbox and wait for its answer."""

from __future__ import annotations

import getpass
import math
import sys
import uuid
from dataclasses import replace
from pathlib import Path

from safety.signals import Mode
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.clock import machine_utc_s
from supervisor.mailbox import Mailbox, MailboxError
from supervisor.record import Answer, Request
from supervisor.site import Site

EXPIRES_S = 60.0
"""A request that control has not taken after this long is dead: nobody stands behind it any more."""
ANSWER_S_MAX = 30.0
MODES = {"off": Mode.OFF, "monitor": Mode.MONITOR, "advisory": Mode.ADVISORY, "closed_loop": Mode.CLOSED_LOOP}


def ask_mode(wanted: str, reason: str, plant: Path, data: Path | None, *, yes: bool, as_json: bool) -> None:
    """Ask for a mode. CLOSED_LOOP takes a second confirmation: a typed answer, or ``--yes`` in a script."""
    mode = MODES.get(wanted.lower().replace("-", "_"))
    if mode is None:
        fail(Exit.USAGE, f"unknown mode '{wanted}': use {', '.join(MODES)}")
    confirmed = yes
    if mode is Mode.CLOSED_LOOP and not yes:
        if not sys.stdin.isatty():
            fail(Exit.REFUSED, "closed_loop needs a confirmation: answer on a terminal, or pass --yes")
        tell("Setwise will write setpoints to the plant. Type the word closed_loop to confirm:")
        confirmed = sys.stdin.readline().strip() == "closed_loop"
        if not confirmed:
            fail(Exit.REFUSED, "not confirmed; nothing was asked")
    ask(replace(blank("mode", reason), mode=mode, confirmed=confirmed), plant, data, as_json=as_json)


def ask_limit(name: str, value: float, reason: str, plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Ask for an operator limit, e.g. ``moist.hi``."""
    variable, _, side = name.rpartition(".")
    if not variable or side not in ("lo", "hi"):
        fail(Exit.USAGE, f"'{name}' names no limit: write VARIABLE.lo or VARIABLE.hi, e.g. moist.hi")
    if not math.isfinite(value):
        fail(Exit.USAGE, f"'{value}' is no limit: give a number in the variable's unit")
    request = replace(blank("limit", reason), variable=variable, value=value)
    ask(replace(request, side="lo" if side == "lo" else "hi"), plant, data, as_json=as_json)


def ask_reset(interlock: str, reason: str, plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Acknowledge the TRIPPED latch (``trip``) or reset a latched interlock."""
    if interlock == "trip":
        ask(blank("acknowledge", reason), plant, data, as_json=as_json)
    else:
        ask(replace(blank("reset", reason), interlock=interlock), plant, data, as_json=as_json)


def blank(action: str, reason: str) -> Request:
    """Return a request for ``action`` by whoever runs this command, from now on."""
    now = machine_utc_s()
    return Request(
        id=uuid.uuid4().hex,
        action=action,  # type: ignore[arg-type]
        who=getpass.getuser(),
        role="engineer",  # who may write into the data folder is decided by the operating system's rights on it
        why=reason,
        asked_utc_s=now,
        expires_utc_s=now + EXPIRES_S,
        saw_cycle=None,
    )


def ask(request: Request, plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Put ``request`` in the mailbox, wait for its answer and say it; exit 4 where it was refused, 5 without answer."""
    answer = asked(request, plant, data, ANSWER_S_MAX)
    if as_json:
        say_json({"accepted": answer.accepted, "why": answer.why, "id": answer.id})
    else:
        say(("accepted" if answer.accepted else "refused") + (f": {answer.why}" if answer.why else ""))
    if not answer.accepted:
        raise SystemExit(int(Exit.REFUSED))


def asked(request: Request, plant: Path, data: Path | None, wait_s: float) -> Answer:
    """Put ``request`` in the mailbox and return its answer; exit 5 where there is none within ``wait_s``."""
    site = Site.of(plant, data)
    if not site.mailbox.exists():
        fail(Exit.UNREACHABLE, f"no supervisor has run here ({site.data}); start one: setwise run {plant}")
    try:
        answer = _post(site, request, wait_s)
    except MailboxError as error:
        fail(Exit.UNREACHABLE, f"the request cannot be passed on: {error}; OFF without it: kill -USR1 <pid of control>")
    if answer is None:
        fail(Exit.UNREACHABLE, f"control did not answer within {wait_s:.0f} s; is it running? setwise status")
    return answer


def _post(site: Site, request: Request, wait_s: float) -> Answer | None:
    mailbox = Mailbox(site.mailbox)
    mailbox.post(request)
    return mailbox.wait_answer(request.id, wait_s)
