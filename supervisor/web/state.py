"""What a controller is doing, in one word, and the reason where a person needs one. Pure.

A controller without a word or, where it does less than was asked, without a reason is a bug (reference: interface §0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from safety.signals import Mode
from supervisor.record import CycleRecord
from supervisor.sentences import REFUSALS, reason, refusal_sentence

Word = Literal[
    "no_record", "off", "tripped", "initialising", "monitoring", "advising", "optimising", "constrained", "giving_up",
    "holding", "handed_back",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """The state word and why."""

    word: Word
    why: str = ""
    rank: int = 0
    """Giving up: the rank that is given up."""


def state_of(record: CycleRecord | None) -> State:
    """Return the state word of one cycle."""
    if record is None:
        return State("no_record")
    mode = record.mode
    why = "; ".join(reason(code) for code in mode.reasons)
    if mode.actual is Mode.TRIPPED:
        return State("tripped", "; ".join(record.trip_causes) or why)
    if mode.actual is Mode.OFF:
        return State("handed_back" if mode.requested > Mode.OFF else "off", why)
    if mode.actual is Mode.MONITOR:
        return State("handed_back" if mode.requested > Mode.MONITOR and why else "monitoring", why)
    if mode.actual is Mode.CLOSED_LOOP and record.verdict in ("stand_still", "refused"):
        refused = "; ".join(refusal_sentence(each) for each in record.refusals)
        return State("holding", refused or why or REFUSALS["first_move"])
    return _thinking(record, why)


def _thinking(record: CycleRecord, why: str) -> State:
    status = str(record.plan.get("status", ""))
    if status not in ("ok", "no_mv"):
        return State("holding", str(record.plan.get("why") or status))
    given_up = cast("Sequence[dict[str, object]]", record.plan.get("give_ups") or ())
    if given_up:
        worst = max(given_up, key=lambda each: cast("int", each["rank"]))
        return State("giving_up", str(worst["name"]), cast("int", worst["rank"]))
    if record.mode.actual is Mode.ADVISORY:
        return State("handed_back" if record.mode.requested is Mode.CLOSED_LOOP and why else "advising", why)
    return State("constrained" if record.plan.get("binding") else "optimising", why)
