"""Rows of the chain as lines for people: who or what did what to which thing, from what to what, and the answer. Pure.

A row is read as somebody else's text: one that is not what the program writes is a line that says so, never an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safety.signals import Mode
from supervisor.audit.chain import Row

CONTROLLER, GATE, PLC, RECORD = "controller", "gate", "plc", "record"
"""Who, where it was no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was done, asked for or refused."""

    seq: int
    utc_s: float
    hash: str
    """Of its row."""
    who: str
    action: str
    """Of a request, or ``write outcome refusal trip answer opened resolved stored_late damaged``."""
    person: bool = False
    """Whether ``who`` is a name that somebody asked under."""
    role: str = ""
    cycle: int | None = None
    saw_cycle: int | None = None
    object: str = ""
    old: str = ""
    new: str = ""
    why: str = ""
    result: str = ""
    """Code of the answer or of the write's outcome; empty where it was accepted or is not known."""
    accepted: bool | None = None
    """None: no answer is on record, or none is due."""


@dataclass(slots=True)
class Joined:
    """What rows further on say of earlier ones: answers by request, outcomes by intent and MV."""

    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outcomes: dict[int, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    intended: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Joined:
        """Return what ``rows`` say of one another."""
        found = cls()
        for row in rows:
            _, body = _opened(row)
            found.answers |= {str(each.get("id")): each for each in _many(body, "answers")}
            found.requested |= {str(each.get("id")) for each in _many(body, "requests")}
            if row.kind == "intent":
                found.intended.add(row.seq)
            if isinstance(intent := body.get("intent_seq"), int):
                found.outcomes.setdefault(intent, {}).update({str(e.get("mv")): e for e in _many(body, "outcomes")})
        return found


def lines(row: Row, joined: Joined) -> Iterator[Line]:
    """Yield the lines of one row; a cycle in which nobody asked and nothing was refused has none."""
    kind, body = _opened(row)
    cycle = body.get("cycle")
    at: dict[str, Any] = {"seq": row.seq, "utc_s": row.utc_s, "hash": row.hash}
    at["cycle"] = cycle if isinstance(cycle, int) else None
    if row.kind == "spooled":
        yield Line(**at, who=RECORD, action="stored_late", object=kind)
    if kind == "cycle":
        yield from _cycle(at, body, joined)
    elif kind == "intent":
        yield from _intent(at, body, joined.outcomes.get(row.seq, {}))
    elif kind == "outcome":
        if body.get("intent_seq") not in joined.intended:
            yield from (_outcome(at, each) for each in _many(body, "outcomes"))
    elif kind in ("opened", "resolved"):
        yield Line(**at, who=RECORD, action=kind, object=_text(body.get("epoch", body.get("intents"))))
    else:
        yield Line(**at, who=RECORD, action="damaged", object=kind)


def _cycle(at: dict[str, Any], body: Mapping[str, Any], joined: Joined) -> Iterator[Line]:
    for each in _many(body, "requests"):
        yield _request(at, each, joined.answers.get(str(each.get("id"))))
    for each in _many(body, "answers"):
        if str(each.get("id")) not in joined.requested:
            accepted, why = each.get("accepted") is True, _text(each.get("why"))
            yield Line(
                **at, who=CONTROLLER, action="answer", object=_text(each.get("id")), accepted=accepted, result=why
            )
    for each in _many(body, "refusals"):
        yield Line(**at, who=GATE, action="refusal", object=_text(each.get("subject")), result=_text(each.get("code")))
    trips = body.get("trips")
    for name in trips if isinstance(trips, list) else ():
        yield Line(**at, who=GATE, action="trip", object=_text(name))


def _request(at: dict[str, Any], asked: Mapping[str, Any], answer: Mapping[str, Any] | None) -> Line:
    side, mode = asked.get("side"), asked.get("mode")
    about = next((asked[name] for name in ("variable", "interlock", "alarm") if asked.get(name)), "")
    saw = asked.get("saw_cycle")
    return Line(
        **at,
        who=_text(asked.get("who")),
        person=True,
        role=_text(asked.get("role")),
        action=_text(asked.get("action")),
        saw_cycle=saw if isinstance(saw, int) else None,
        object=f"{about}.{side}" if side else _text(about),
        old=_text((answer or {}).get("was")),
        new=_mode(mode) if mode is not None else _text(asked.get("value", asked.get("lasts_s"))),
        why=_text(asked.get("why")),
        result=_text((answer or {}).get("why")),
        accepted=None if answer is None else answer.get("accepted") is True,
    )


def _intent(at: dict[str, Any], body: Mapping[str, Any], outcomes: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    setpoints, before = body.get("setpoints"), body.get("from")
    for mv, value in setpoints.items() if isinstance(setpoints, dict) else ():
        outcome = _text(outcomes.get(mv, {}).get("outcome"))
        yield Line(
            **at,
            who=CONTROLLER,
            action="write",
            object=_text(mv),
            old=_text(before.get(mv)) if isinstance(before, dict) else "",
            new=_text(value),
            why=_text(body.get("reason")),
            result=outcome,
            accepted=outcome == "confirmed" if outcome else None,
        )


def _outcome(at: dict[str, Any], told: Mapping[str, Any]) -> Line:
    outcome = _text(told.get("outcome"))
    return Line(
        **at,
        who=PLC,
        action="outcome",
        object=_text(told.get("mv")),
        old=_text(told.get("value")),
        new=_text(told.get("actual")),
        why=_text(told.get("why")),
        result=outcome,
        accepted=outcome == "confirmed",
    )


def _opened(row: Row) -> tuple[str, Mapping[str, Any]]:
    """Return the kind and the body that a row is about: of what waited in the spool file, what waited."""
    try:
        body = json.loads(row.body)
    except (ValueError, RecursionError):
        return "", {}
    if row.kind == "spooled" and isinstance(body, dict):
        inner = body.get("body")
        return str(body.get("was")), inner if isinstance(inner, dict) else {}
    return (row.kind, body) if isinstance(body, dict) else ("", {})


def _many(body: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = body.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _mode(number: object) -> str:
    return next((mode.name for mode in Mode if mode == number), _text(number))
