"""What is written down: the intent before a write and the record after a cycle; and what people ask for.

All are plain frozen data; ``body()`` gives the JSON-ready mapping that the audit chains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from constraints.alarms import Priority
from safety.signals import Mode, ModeState, Refusal, WriteReceipt

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One approved move set, stored durably before the first byte leaves."""

    cycle: int
    utc_s: float
    controller: str
    epoch: int
    sequence: int
    mask: int
    crc: int
    setpoints: Mapping[str, float]
    payloads: Mapping[str, str]
    """Hex of the bytes that will be sent, by MV."""
    from_setpoints: Mapping[str, float]
    limits_hash: str
    config_hash: str
    reason: str

    def body(self) -> dict[str, JsonValue]:
        """Return the audit body."""
        return {
            "cycle": self.cycle,
            "controller": self.controller,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "mask": self.mask,
            "crc": self.crc,
            "setpoints": dict(self.setpoints),
            "payloads": dict(self.payloads),
            "from": dict(self.from_setpoints),
            "limits_hash": self.limits_hash,
            "config_hash": self.config_hash,
            "reason": self.reason,
        }


Action = Literal[
    "mode", "limit", "acknowledge", "reset", "bypass", "restore", "lab", "target", "target_end", "reload",
    "limits_schedule", "prices", "mv_opr", "mv_apc", "advice_accept", "advice_reject",
    "limits_schedule", "prices", "alarm_ack", "alarm_shelve", "alarm_unshelve", "alarm_out", "alarm_in",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person (or the calendar) asks of control, as the mailbox carries it. Authorised again when it is taken."""

    id: str
    """Unique; a request is taken once."""
    action: Action
    who: str
    role: Literal["viewer", "operator", "energy_manager", "engineer", "admin", "calendar"]
    why: str
    asked_utc_s: float
    expires_utc_s: float
    saw_cycle: int | None
    """The cycle whose state the person saw; None from the command line and the calendar."""
    confirmed: bool = False
    """A second confirmation was given."""
    mode: Mode | None = None
    variable: str | None = None
    side: Literal["lo", "hi"] | None = None
    value: float | None = None
    """A limit, a target, a laboratory value or an advised setpoint, in the variable's unit; the seconds of a bypass."""
    interlock: str | None = None
    sampled_utc_s: float | None = None
    """When the sample of a laboratory value was taken."""
    lasts_s: float | None = None
    """How long a target counts, or an alarm stays on the shelf."""
    alarm: str | None = None
    """Id of an alarm, such as ``link:dcs``."""
    occurrence: int | None = None
    """The occurrence that the person saw and acknowledges; it says nothing of a newer one."""


REASON_MAX = 200
"""So many characters of a reason are kept where it stands in every cycle's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request."""

    id: str
    accepted: bool
    why: str
    was: float | None = None
    """What stood there before, where a limit was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The cause of an alarm that came or went in this cycle: an event. What was made of it is an ``AlarmStep``."""

    code: str
    subject: str
    priority: Priority
    state: Literal["active", "cleared"]
    text: str


Step = Literal[
    "raised", "latched", "cleared", "acknowledged", "shelved", "unshelved", "suppressed", "unsuppressed", "out", "in",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStep:
    """One step of one alarm: a line of the journal."""

    id: str
    step: Step
    state: str
    """After it; a state of ``supervisor.alarms.states``."""
    occurrence: int
    priority: Priority
    text: str
    by: str = ""
    """The person; empty where it came about by itself."""
    why: str = ""
    until_utc_s: float | None = None
    """Of ``shelved``: when it ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypassed:
    """One interlock that a person has bypassed."""

    owner: str
    reason: str
    until_utc_s: float
    """It ends by itself then, and when control is restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """What a person said to the advice for one MV."""

    value: float
    """The setpoint that was advised, its unit."""
    accepted: bool
    who: str
    why: str
    utc_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecord:
    """Everything about one cycle, settled after the write."""

    cycle: int
    utc_s: float
    mono_s: float
    mode: ModeState
    readings: Mapping[str, tuple[float | None, str, str]]
    """By tag: value (None where there is none), quality, why."""
    votes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By voted tag: the members that its value is made of; none where they could not decide."""
    plan: Mapping[str, JsonValue]
    """The controller's plan, JSON-ready; ``status`` at least."""
    verdict: Literal["approved", "ramp", "refused", "stand_still", "none"]
    refusals: tuple[Refusal, ...] = ()
    trips: tuple[str, ...] = ()
    latched: tuple[str, ...] = ()
    """Interlocks that wait for a reset, bypassed ones too; they outlive a restart."""
    bypassed: Mapping[str, Bypassed] = field(default_factory=dict)
    """By interlock: those that ask for nothing from now on, because a person said so."""
    trip_causes: tuple[str, ...] = ()
    """Why the TRIPPED latch is closed; empty when it is not."""
    operator_limits: Mapping[str, float] = field(default_factory=dict)
    """Limits that persons changed, by ``variable.side``; they outlive a restart."""
    receipts: tuple[WriteReceipt, ...] = ()
    intent_seq: int | None = None
    """Audit sequence number of the intent that this settles."""
    requests: tuple[Request, ...] = ()
    """What persons asked for in this cycle, word for word: who, what, why, and the cycle that they saw."""
    answers: tuple[Answer, ...] = ()
    """What became of requests, of this cycle or an earlier one, by their id."""
    by_hand: tuple[str, ...] = ()
    """MVs that operators took out of control; they outlive a restart."""
    advice: Mapping[str, Advised] = field(default_factory=dict)
    """By MV: what was said last to its advice, while it counts."""
    alarms: tuple[Alarm, ...] = ()
    alarm_steps: tuple[AlarmStep, ...] = ()
    alarm_list: Mapping[str, JsonValue] = field(default_factory=dict)
    """Every alarm that is not normal, as ``supervisor.alarms.stored`` writes it; it outlives a restart."""
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    money: Mapping[str, float] = field(default_factory=dict)
    """Economics term by term, currency per hour, from this cycle's measurements."""
    supplied: Mapping[str, JsonValue] = field(default_factory=dict)
    """What others supply: results of ``lab``, ``external`` targets, and the state of each ``forecast``."""
    links: Mapping[str, str] = field(default_factory=dict)
    """By connection: ``connected`` or why not."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    """Real milliseconds of the parts: read, validate, think, look, gate, intend, write, beat; ``total``."""
