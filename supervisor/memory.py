"""What one cycle hands to the next, and what its halves hand to each other. Frozen; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from constraints.derived import DerivedMemory
from constraints.filters import Filtered
from controllers.memory import Memory as ControllerMemory
from controllers.types import Inputs
from safety.gate import GateMemory, Verdict
from safety.handshake import HandshakeMemory, Link
from safety.interlocks import InterlockMemory, InterlockOutcome
from safety.modes import ModeDecision, ModeMemory
from safety.signals import Instant, Mode, Refusal, Snapshot, WriteReceipt
from safety.validity import ValidityMemory
from safety.watchdog import Watch
from supervisor.alarms import Standing
from supervisor.alarms.entries import AlarmList
from supervisor.forecast import Forecast
from supervisor.heed import Heed
from supervisor.record import Advised, Answer, Intent, Request
from supervisor.service import Service, ServiceMemory
from supervisor.settings import Settings, Side
from supervisor.stored import Stored
from supervisor.supplied import Supplied

Proposed = Literal["plan", "ramp", "stand_still"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything that one cycle hands to the next."""

    shake: HandshakeMemory
    mode: ModeMemory
    cycle: int = 0
    skipped: int = 0
    """Beats that passed without a cycle, since start."""
    settle_ms: float = 0.0
    """What storing the last record took, real milliseconds."""
    validity: ValidityMemory = field(default_factory=ValidityMemory)
    derived: DerivedMemory = field(default_factory=DerivedMemory)
    filtered: Filtered = field(default_factory=dict)
    locks: InterlockMemory = field(default_factory=InterlockMemory)
    gate: GateMemory = field(default_factory=GateMemory)
    heed: Heed = field(default_factory=Heed)
    service: ServiceMemory = field(default_factory=ServiceMemory)
    settings: Settings = field(default_factory=Settings)
    supplied: Supplied = field(default_factory=Supplied)
    controller: ControllerMemory | None = None
    setpoints: Mapping[str, float] = field(default_factory=dict)
    """Each MV's last actual setpoint that could be read."""
    saved: Mapping[str, float] = field(default_factory=dict)
    """By MV: moves that were too small by themselves, added up; its unit."""
    blocked_up: frozenset[str] = frozenset()
    blocked_down: frozenset[str] = frozenset()
    """Directions closed by interlocks at the last look, and by a PLC that holds a setpoint back."""
    record_why: str = ""
    """Why the last decision could not be stored; empty when it was."""
    gate_sheds: str = ""
    """Refusal of the last cycle that ends closed loop; empty where there was none."""
    proof_failures: tuple[str, ...] | None = None
    """What the proof test found at the last arming and since; None before the first."""
    guard_why: str = ""
    """What the guard before the drivers objected to in the last set that the gate approved; empty where nothing."""
    confirmed_at_s: float | None = None
    """When a person last confirmed closed loop."""
    shed_why: str = ""
    """Why closed loop ended, until a person takes a new decision."""
    beats_missed: int = 0
    """Heartbeats in a row that the server did not acknowledge."""
    advice: Mapping[str, Advised] = field(default_factory=dict)
    """By MV: what a person said last to its advice."""
    reload: bool = False
    """Whether to stop after this cycle and start again with the plant file as it is now."""
    links: Mapping[str, str] = field(default_factory=dict)
    alarms: Standing = field(default_factory=dict)
    """Causes of alarms that stood in the last cycle."""
    alarm_list: AlarmList = field(default_factory=AlarmList)


@dataclass(frozen=True, slots=True)
class View:
    """What control makes of the first snapshot."""

    snapshot: Snapshot
    service: Service
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class Outside:
    """What the shell knows and pure code cannot: requests, schedule, links, thinker, record."""

    at: Instant
    """When it was looked at; the gate judges by this time."""
    requests: tuple[Request, ...] = ()
    schedule: Mapping[tuple[str, Side], float] | None = None
    cap: Mode | None = None
    prices: Mapping[str, float] | None = None
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)
    """By DV: forecast files that changed since the last look."""
    links: Mapping[str, str] = field(default_factory=dict)
    thinker_why: str = ""
    record_why: str = ""
    """Why the record cannot be trusted or is being checked; empty when it is well."""
    notify_why: str = ""
    """Why alarms cannot be sent to whom the plant file names; empty when they can."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What this cycle will do, and why."""

    snapshot: Snapshot
    """Fresh, validated."""
    judged_at_s: float
    """Monotonic."""
    mode: ModeDecision
    interlocks: InterlockOutcome
    link: Link
    watch: Watch
    verdict: Verdict | None
    """None where nothing was judged: not in closed loop."""
    first_refusals: tuple[Refusal, ...]
    """Why the controller's own candidate was refused, where standing still was judged after it."""
    proposed: Proposed
    """What the gate judged last: the plan, the way to safe values, or standing still."""
    intent: Intent | None
    answers: tuple[Answer, ...]
    by_hand: frozenset[str] = frozenset()
    """MVs that operators took out of control."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the shell did with a decision."""

    stored: Stored | None
    """The intent's fate; None where nothing was to be written."""
    receipts: tuple[WriteReceipt, ...]
    outside: Outside
    timings_ms: Mapping[str, float]
