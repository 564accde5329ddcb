"""Commands that ask control for something: they only put a request in the mailbox and wait for its answer."""

from __future__ import annotations

import getpass
import math
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace

from safety.signals import Mode
from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.which import began_here, running_here, site_of
from supervisor.clock import machine_utc_s
from supervisor.mailbox import Mailbox, MailboxError
from supervisor.record import Answer, Request
from supervisor.site import Site

EXPIRES_S = 60.0
"""A request that control has not taken after this long is dead: nobody stands behind it any more."""
ANSWER_S_MAX = 30.0
MODES = {"off": Mode.OFF, "monitor": Mode.MONITOR, "advisory": Mode.ADVISORY, "closed_loop": Mode.CLOSED_LOOP}


def ask_mode(wanted: str, reason: str, about: About, *, yes: bool, as_json: bool) -> None:
    """Ask for a mode. CLOSED_LOOP takes a second confirmation: a typed answer, or ``--yes`` in a script.

    OFF goes to every controller where none is named.
    """
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
    request = replace(blank("mode", reason), mode=mode, confirmed=confirmed)
    to_all = mode is Mode.OFF and not about.controller
    names = running_here(about) if to_all else ()
    if to_all and not names and len(began := began_here(about)) > 1:
        fail(Exit.UNREACHABLE, f"no controller runs here, of {', '.join(began)}")
    if len(names) > 1:
        _ask_all(request, about, names, as_json=as_json)
    else:
        ask(request, about, as_json=as_json, site=_site(about, names[0]) if names else None)


def ask_limit(name: str, value: float, reason: str, about: About, *, as_json: bool) -> None:
    """Ask for an operator limit, e.g. ``moist.hi``."""
    variable, _, side = name.rpartition(".")
    if not variable or side not in ("lo", "hi"):
        fail(Exit.USAGE, f"'{name}' names no limit: write VARIABLE.lo or VARIABLE.hi, e.g. moist.hi")
    if not math.isfinite(value):
        fail(Exit.USAGE, f"'{value}' is no limit: give a number in the variable's unit")
    request = replace(blank("limit", reason), variable=variable, value=value)
    ask(replace(request, side="lo" if side == "lo" else "hi"), about, as_json=as_json)


def ask_reset(interlock: str, reason: str, about: About, *, as_json: bool) -> None:
    """Acknowledge the TRIPPED latch (``trip``) or reset a latched interlock."""
    if interlock == "trip":
        ask(blank("acknowledge", reason), about, as_json=as_json)
    else:
        ask(replace(blank("reset", reason), interlock=interlock), about, as_json=as_json)


def ask_hands(name: str, hands: str, reason: str, about: About, *, as_json: bool) -> None:
    """Ask to take an MV out of control (``opr``) or to give it back (``apc``)."""
    if hands not in ("opr", "apc"):
        fail(Exit.USAGE, f"'{hands}' is neither opr (the operators' hands) nor apc (the controller's)")
    ask(replace(blank(f"mv_{hands}", reason), variable=name), about, as_json=as_json)


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


def ask(request: Request, about: About, *, as_json: bool, site: Site | None = None) -> None:
    """Put ``request`` in the mailbox, wait for its answer and say it; exit 4 where it was refused, 5 without answer."""
    answer = asked(request, about, ANSWER_S_MAX, site=site)
    if as_json:
        say_json({"accepted": answer.accepted, "why": answer.why, "id": answer.id})
    else:
        say(_words(answer))
    if not answer.accepted:
        raise SystemExit(int(Exit.REFUSED))


def asked(request: Request, about: About, wait_s: float = ANSWER_S_MAX, site: Site | None = None) -> Answer:
    """Put ``request`` in the mailbox and return its answer; exit 5 where there is none within ``wait_s``."""
    site = site or site_of(about)
    if not site.mailbox.exists():
        fail(Exit.UNREACHABLE, f"no supervisor has run here ({site.data}); start one: setwise run {about.plant}")
    try:
        answer = _post(site, request, wait_s)
    except MailboxError as error:
        fail(Exit.UNREACHABLE, f"the request cannot be passed on: {error}; OFF without it: kill -USR1 <pid of control>")
    if answer is None:
        fail(Exit.UNREACHABLE, f"control did not answer within {wait_s:.0f} s; is it running? setwise status")
    return answer


def _ask_all(request: Request, about: About, names: Sequence[str], *, as_json: bool) -> None:
    """Ask all at once, each in its own mailbox, and then wait: nobody's answer keeps another from being asked."""
    posted: dict[str, tuple[Mailbox, str]] = {}
    said: dict[str, Answer | None] = {}
    for name in names:
        each = replace(request, id=uuid.uuid4().hex)
        try:
            mailbox = Mailbox(_site(about, name).mailbox)
            mailbox.post(each)
        except MailboxError as error:
            tell(f"{name}: the request cannot be passed on: {error}; OFF without it: kill -USR1 <pid of control>")
            said[name] = None
        else:
            posted[name] = mailbox, each.id
    for name, (mailbox, number) in posted.items():
        said[name] = mailbox.wait_answer(number, ANSWER_S_MAX)
    if as_json:
        say_json({name: _fact(answer) for name, answer in said.items()})
    else:
        for name, answer in said.items():
            say(f"{name or 'control'}: {_words(answer)}")
    if None in said.values():
        raise SystemExit(int(Exit.UNREACHABLE))
    if not all(answer is not None and answer.accepted for answer in said.values()):
        raise SystemExit(int(Exit.REFUSED))


def _site(about: About, controller: str) -> Site:
    return Site.of(about.plant, about.data, controller)


def _fact(answer: Answer | None) -> dict[str, object]:
    return {"accepted": answer is not None and answer.accepted, "why": "no_answer" if answer is None else answer.why}


def _words(answer: Answer | None) -> str:
    if answer is None:
        return f"no answer within {ANSWER_S_MAX:.0f} s; is it running? setwise status"
    return ("accepted" if answer.accepted else "refused") + (f": {answer.why}" if answer.why else "")


def _post(site: Site, request: Request, wait_s: float) -> Answer | None:
    mailbox = Mailbox(site.mailbox)
    mailbox.post(request)
    return mailbox.wait_answer(request.id, wait_s)
