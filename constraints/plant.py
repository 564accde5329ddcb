"""The plant as the other rooms see it: frozen, checked, every number in its tag's unit, every time in seconds.

``constraints.plantfile.load`` makes it from YAML; nothing here parses or checks.
Names of variables (MV, CV, DV, tags) are unique over the whole plant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from constraints.adaptation import AdaptationSpec
from constraints.alarms import AlarmRule, NotifyRule
from constraints.calls import CallSpec
from constraints.curve import Curve
from constraints.derived import DerivedTag
from constraints.machines import MachineSpec
from constraints.supplied import ExternalRule, ForecastRule, LabRule
from constraints.terms import MoneyTerm, ScheduleEntry, TariffVersion
from safety.encoding import Encoding
from safety.envelope import Envelope
from safety.handshake import HandshakeRule
from safety.interlocks import Interlock
from safety.signals import Mode, ShedAction
from safety.validity import ValidityRule

Protocol = Literal["opcua", "modbus-tcp", "mqtt", "memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One device or server that a driver talks to."""

    name: str
    protocol: Protocol
    url: str = ""
    """OPC UA: ``opc.tcp://host:port``."""
    host: str = ""
    port: int = 0
    unit_id: int = 1
    """Modbus device id."""
    security: str = "None"
    """OPC UA: policy and mode, such as ``Basic256Sha256/SignAndEncrypt``, or ``None``."""
    user_secret: str | None = None
    """Name of the secret that holds ``user:password`` of the account that reads."""
    write_user_secret: str | None = None
    """OPC UA: the same for the account that may write; None where one account does both."""
    certificate: str | None = None
    """OPC UA: path of our certificate (DER), relative to the plant file; made there when missing."""
    private_key: str | None = None
    server_certificate: str | None = None
    """OPC UA: path of the pinned server certificate (DER)."""
    waive_security: str | None = None
    """The engineer's written reason for CLOSED_LOOP on an unprotected connection; None where not waived."""
    timeout_s: float = 0.5
    """Longest wait for one answer, in real seconds."""
    reconnect_s_max: float = 10.0
    """Longest pause between two attempts to connect, in real seconds (reference: fault F30, at most 10 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where one tag's raw value comes from or goes to."""

    tag: str
    connection: str
    address: str
    """What follows the connection's name: ``ns=2;s=TIC201.PV``, ``holding/3054``, ``northmill/ambient#humidity``."""
    encoding: Encoding = Encoding("float64")
    """How the number lies on the wire. OPC UA reads ignore it (values are typed), OPC UA writes and Modbus do not."""
    equals: str | None = None
    """Where set, the reading is 1.0 when the raw value (text or number) equals this, else 0.0."""
    moment: bool = False
    """A date and time count too, as seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSpec:
    """One tag."""

    name: str
    point: Point | None
    """None for a tag of ``Plant.derived``."""
    unit: str
    description: str = ""
    every_s: float = 0.0
    """How often the device renews it; 0 = each cycle. A slow analyser's value is new only so often."""
    filter_s: float = 0.0
    """Time constant of the first-order filter on what the controller is given; rules, gate and record see it raw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedLimits:
    """Three nested ranges, each ``(lo, hi)``; infinite where the engineer gave none. Safety contains engineering
    contains operator.
    """

    safety: tuple[float, float]
    engineering: tuple[float, float]
    operator: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTransform:
    """``at * ln(x / at)``: the model is linear in the logarithm. Of slope 1 at ``at``: gains are those found there."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTransform:
    """Straight between points ``(x, transformed)``, both ascending; beyond the ends with the last slope."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValveTransform:
    """Equal-percentage valve (IEC 60534-2-4): flow over its range ``rangeability ** travel``. Maps lo and hi to
    themselves.
    """

    lo: float
    hi: float
    rangeability: float


Transform = LogTransform | TableTransform | ValveTransform
"""An increasing function of a variable, in which the model is linear; the numbers keep the variable's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MvSpec:
    """One manipulated variable: the setpoint of a running loop."""

    name: str
    unit: str
    writes: Point
    setpoint: Point
    """The loop's actual setpoint, read back. Its tag is ``{name}.actual``."""
    available: Point | None
    """1.0 while the loop accepts our setpoint. Its tag is ``{name}.available``."""
    windup_hi: Point | None = None
    windup_lo: Point | None = None
    """1.0 while the loop below cannot follow. Tags ``{name}.windup_hi``, ``{name}.windup_lo``."""
    readback: str
    """Tag of the loop's measured value."""
    limits: NestedLimits
    move_up_per_min: float
    move_down_per_min: float
    """Fastest change, MV unit per minute, both positive."""
    move_min: float = 0.0
    """Smaller moves wait until they add up to this, MV unit."""
    shed: ShedAction
    safe_value: float | None = None
    critical: bool = False
    cost: float = 0.0
    """EUR/h per unit that the economics do not already carry."""
    cost_quadratic: float = 0.0
    """Currency per hour and unit squared: the distance from ``ideal`` costs half of this times its square."""
    ideal: float | None = None
    """Ideal resting value: where a spare MV rests."""
    suppression: float = 1.0
    """Move suppression relative to the default of 1."""
    on_bad: Literal["hold", "shed", "drop"] = "hold"
    """When its readback is bad: hold everything, shed, or go on without this MV."""
    transform: Transform | None = None
    """Models are of the transformed setpoint: a valve's characteristic."""
    external: ExternalRule | None = None
    """None where the file lets nobody set a target for it."""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CvSpec:
    """One controlled variable; ``name`` is its tag."""

    name: str
    unit: str
    limits: NestedLimits
    target: float | None = None
    cost_quadratic: float = 0.0
    """Currency per hour and unit squared: the distance from ``ideal`` costs half of this times its square."""
    ideal: float | None = None
    """Where it costs least, if ``cost_quadratic`` says so."""
    rank_hi: int = 5
    rank_lo: int = 5
    rank_target: int = 9
    """1 is given up last."""
    concern: float = 1.0
    """Equal-concern error: the violation, in the CV's unit, that hurts as much as another CV's concern."""
    back_off_hi: float = 0.0
    back_off_lo: float = 0.0
    """How far inside its limits the economics stay, CV unit."""
    critical: bool = False
    bad_cycles: int = 5
    """Bad readings in a row that the prediction stands in for."""
    disturbance: Literal["step", "ramp"] = "step"
    filter_s: float | None = None
    """Time in which the estimate follows a disturbance; longer than noise lasts. None = a share of the CV's lag."""
    fade_s: float | None = None
    """Ramp: lag with which disturbances reach the CV, which tells where one ends. None = the CV's longest lag."""
    limit_ramp_per_min: float = math.inf
    """How fast a changed limit takes hold, CV unit per minute; infinite = at once."""
    funnel_s: float | None = None
    """Time constant with which the way back into a violated zone closes; None = a share of the settling time."""
    slack: Literal["step", "peak", "integral"] = "step"
    """What of a violation counts: its square at each point, its largest, or its sum over the points."""
    transform: Transform | None = None
    """Models are of the transformed value."""
    analyser_delay_s: float = 0.0
    """Age of a sample when it is first shown."""
    lab: LabRule | None = None
    external: ExternalRule | None = None
    """None where the file lets nobody set another target than its own."""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DvSpec:
    """One measured disturbance; ``name`` is its tag."""

    name: str
    unit: str
    forecast: ForecastRule | None = None
    """None: it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the dynamic layer is set up."""

    solver: Literal["osqp", "daqp"] = "osqp"
    """Who is asked first for the moves; the other one takes over."""
    blocking: tuple[int, ...] = (1, 2, 4, 7, 11, 16, 24)
    """Cycles from now at which one move block ends and the next begins, ascending."""
    pull: float = 1.0
    """How strongly MVs are drawn to their targets, relative to the usual; 0 = only the CVs move them."""
    points: int | tuple[int, ...] = 12
    """Coincidence points: how many for each CV, spread over its own settling time; or the same cycles for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Dynamic effect of one MV or DV (``source``) on one CV: ``gain e^(-dead_time s) (lead s + 1) / ((lag1 s + 1)
    (lag2 s + 1))``, over ``s`` where ``integrating`` (gain then per second). Or a step response, where ``step`` is
    given; gain, lags and lead then say nothing.
    """

    source: str
    cv: str
    gain: float
    dead_time_s: float = 0.0
    lag1_s: float = 0.0
    lag2_s: float = 0.0
    lead_s: float = 0.0
    integrating: bool = False
    step: tuple[tuple[float, float], ...] = ()
    """``(seconds, CV unit per input unit)``, from 0 s on, straight in between; integrating: on with the last slope."""
    function: str = ""
    """Function of ``Plant.functions`` whose derivative is this pair's gain in each cycle; ``gain`` is then 1."""
    multiplier: str = ""
    """Multiplier of ``Plant.multipliers`` by which the gain is multiplied in each cycle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpace:
    """A block ``dx/dt = A x + B u, y = C x + D u`` in deviations, seconds and the variables' units; each CV is late by
    its dead time.
    """

    name: str
    inputs: tuple[str, ...]
    """MVs and DVs."""
    cvs: tuple[str, ...]
    a: tuple[tuple[float, ...], ...]
    b: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    d: tuple[tuple[float, ...], ...]
    dead_time_s: tuple[float, ...]
    """By CV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """An engineer's own steady state ``y = call(u, d)``: arrays in the order of ``mvs``, ``dvs`` and ``cvs``, in the
    variables' units.
    """

    name: str
    address: str
    """``package.module:function``, or the name of an entry point of the group ``setwise.models``."""
    mvs: tuple[str, ...]
    dvs: tuple[str, ...]
    cvs: tuple[str, ...]
    at: tuple[float, ...]
    """Where its derivatives stand for the whole: MVs, then DVs."""
    jacobian_address: str = ""
    """``jacobian(u, d)`` -> (CVs, MVs and then DVs); empty: from differences."""
    differences: Literal["central", "complex"] = "central"
    call: Callable[..., object] | None = None
    """None until ``plantfile.load_with_functions`` has looked it up: the process that writes never runs such code."""
    jacobian: Callable[..., object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """A factor on gains that follows a measured tag, straight between ``points`` (value of the tag, factor); beyond the
    ends it stays.
    """

    name: str
    by: str
    points: tuple[tuple[float, float], ...]
    per_s_max: float = math.inf
    """Fastest change of the factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One affine constraint at steady state: ``sum(coefficients[v] * v) <= hi``; variables are MVs and CVs."""

    name: str
    coefficients: Mapping[str, float]
    hi: float
    rank: int = 5
    concern: float = 1.0
    unit: str = ""
    """Of both sides; empty where the file does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One plant file, checked; of a file with several controllers, what concerns one of them."""

    name: str
    site: str
    timezone: str
    currency: str
    source_path: str
    config_hash: str
    """SHA-256 of the file's canonical content, and of the files of the engineers' functions that it names."""
    limits_hash: str
    """SHA-256 over envelopes, interlocks and handshake: what the gate judges by."""
    cycle_s: float
    think_s: float
    """Deadline for the thinker, seconds of the same clock as ``cycle_s``."""
    start_in: Mode
    closed_loop_needs: tuple[str, ...]
    max_unattended_s: float
    min_active_mvs: int
    connections: Mapping[str, Connection]
    tags: Mapping[str, TagSpec]
    mvs: Mapping[str, MvSpec]
    cvs: Mapping[str, CvSpec]
    dvs: Mapping[str, DvSpec]
    pairs: tuple[Pair, ...]
    rows: tuple[Row, ...]
    money: tuple[MoneyTerm, ...]
    tariffs: Mapping[str, tuple[TariffVersion, ...]]
    schedule: tuple[ScheduleEntry, ...]
    validity: Mapping[str, ValidityRule]
    """By tag, measured tags and ``{mv}.actual`` alike."""
    envelopes: Mapping[str, Envelope]
    interlocks: tuple[Interlock, ...]
    handshake: HandshakeRule
    handshake_points: Mapping[str, Point]
    """By register: heartbeat, epoch, sequence, mask, mode_request, crc, commit (written); heartbeat_echo, epoch_ack,
    sequence_ack, reject, remote, clamped, boot_count, probe (read, as tags ``plc.<register>``)."""
    hysteresis_eur_per_h: float = 1.0
    tuning: Tuning = field(default_factory=Tuning)
    blocks: tuple[StateSpace, ...] = ()
    functions: Mapping[str, FunctionSpec] = field(default_factory=dict)
    multipliers: Mapping[str, Multiplier] = field(default_factory=dict)
    derived: tuple[DerivedTag, ...] = ()
    """Tags that are worked out of others after validation, each after those that it needs."""
    machines: Mapping[str, MachineSpec] = field(default_factory=dict)
    adaptation: AdaptationSpec | None = None
    """None: the economics are the model's own."""
    curves: tuple[Curve, ...] = ()
    calls: tuple[CallSpec, ...] = ()
    alarms: Mapping[str, AlarmRule] = field(default_factory=dict)
    """By an alarm's id, a subject, or a code."""
    tag_delay_s: Mapping[str, float] = field(default_factory=dict)
    """By tag: usual delay of the alarm that it is bad."""
    notify: tuple[NotifyRule, ...] = ()
    controller: str = ""
    """Which of the file's controllers this is; empty where it has one."""

    def points_read(self) -> tuple[Point, ...]:
        """Return every point that a cycle reads: tags, MV actuals, availability, windup, and the PLC's answers."""
        points = [tag.point for tag in self.tags.values() if tag.point is not None]
        for mv in self.mvs.values():
            points += [p for p in (mv.setpoint, mv.available, mv.windup_hi, mv.windup_lo) if p is not None]
        points += [p for p in self.handshake_points.values() if p.tag.startswith("plc.")]
        return tuple(points)
