"""The states of an alarm and the one table of what leads from which to which (ISA-18.2 and IEC 62682). Pure.

An alarm that is shelved, suppressed by design or out of service is covered: its cause is followed, nobody is called.
When the cover goes, it is what its cause makes of it then: a new alarm, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

State = Literal[
    "normal", "unack", "acked", "rtn_unack", "latched_unack", "latched_acked", "shelved", "suppressed", "out",
]  # fmt: skip
Event = Literal[
    "come", "latch", "go", "ack", "shelve", "suppress", "take_out", "back_active", "back_latched", "back_clear",
]  # fmt: skip
Status = Literal["active", "latched", "clear"]
"""Of the cause: there; gone, though its latch stands; gone."""

STATES: Final[tuple[State, ...]] = get_args(State)
COVERS: Final[Mapping[Event, State]] = MappingProxyType(
    {"shelve": "shelved", "suppress": "suppressed", "take_out": "out"}
)
COVERED: Final = frozenset(COVERS.values())
UNACKNOWLEDGED: Final = frozenset[State]({"unack", "rtn_unack", "latched_unack"})
ANNUNCIATED: Final = frozenset[State]({"unack", "acked", "rtn_unack", "latched_unack", "latched_acked"})

_BACK: Final[Mapping[Event, State]] = {"back_active": "unack", "back_latched": "latched_unack", "back_clear": "normal"}
TABLE: Final[Mapping[State, Mapping[Event, State]]] = MappingProxyType(
    {
        "normal": {"come": "unack", **COVERS},
        "unack": {"latch": "latched_unack", "go": "rtn_unack", "ack": "acked", **COVERS},
        "acked": {"latch": "latched_acked", "go": "normal", **COVERS},
        "rtn_unack": {"come": "unack", "ack": "normal", **COVERS},
        "latched_unack": {"come": "unack", "go": "rtn_unack", "ack": "latched_acked", **COVERS},
        "latched_acked": {"come": "unack", "go": "normal", **COVERS},
        "shelved": {"suppress": "suppressed", "take_out": "out", **_BACK},
        "suppressed": {"shelve": "shelved", "take_out": "out", **_BACK},
        "out": {"shelve": "shelved", "suppress": "suppressed", **_BACK},
    }
)
"""What is not here does not happen: the state stays."""


def events_of(state: State, status: Status) -> tuple[Event, ...]:
    """Return what the state of the cause brings about in an alarm that is not covered; in this order."""
    if status == "clear":
        found: tuple[Event, ...] = ("go",)
    elif status == "active":
        found = ("come",)
    else:
        found = ("come", "latch") if state in ("normal", "rtn_unack") else ("latch",)
    now, done = state, []
    for event in found:
        if event in TABLE[now]:
            now = TABLE[now][event]
            done.append(event)
    return tuple(done)


def uncovered(status: Status) -> Event:
    """Return what happens when the last cover goes."""
    back: Mapping[Status, Event] = {"active": "back_active", "latched": "back_latched", "clear": "back_clear"}
    return back[status]
