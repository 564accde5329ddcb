"""Who reads a page: what the templates may ask about the session, and nothing that could act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from safety.signals import Mode
from supervisor.web import rights
from supervisor.web.accounts.door import csrf, signed_in
from supervisor.web.accounts.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The reader, as the session was when the page was asked for. What they do is judged again when they do it."""

    session: Session
    csrf: str
    """What each form carries in its field ``csrf``."""

    @property
    def name(self) -> str:
        """Their name."""
        return self.session.who

    def may(self, action: str) -> bool:
        """Return whether the page shows ``action`` as open: a border, not a lock."""
        return not self.session.locked and rights.may(self.session.role, action, mode=Mode.MONITOR) == ""

    @property
    def may_off(self) -> bool:
        """Return whether OFF is theirs; locked or not."""
        return rights.may(self.session.role, "off") == ""


def known(request: Request, session: Annotated[Session, Depends(signed_in)]) -> Person:
    """Return who asks, and keep it for the templates. Raises NotInError."""
    person = Person(session=session, csrf=csrf(request))
    request.state.person = person
    return person


def person_of(request: Request) -> Person | None:
    """Return the reader of a page; None on the pages before signing in."""
    return getattr(request.state, "person", None)
