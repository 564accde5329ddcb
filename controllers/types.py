"""What a controller is given each cycle and what it answers: plain numbers, so that a cycle can be stored and replayed.

Values are in engineering units, times in seconds. Names are those of the plant file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from safety.signals import CvStatus, MvStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTarget:
    """What a higher layer (a planner, an RTO) wishes of one MV or CV at steady state."""

    value: float
    """In the variable's unit."""
    issued_at_s: float
    """On the clock of ``Inputs.at_s``."""
    age_s_max: float
    """Older than this it is ignored, and the plan says so."""
    rank: int = 9
    """1 is given up last."""

    def holds(self, at_s: float) -> bool:
        """Whether it counts at ``at_s``: not too old, nor of a time to come."""
        return 0.0 <= at_s - self.issued_at_s <= self.age_s_max


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One cycle's view of the plant, validated."""

    cycle: int
    at_s: float
    """Monotonic seconds at which the snapshot was taken."""
    u: Mapping[str, float]
    """Each MV's actual setpoint as read from the loop (it tracks the plant while not in control)."""
    mv_status: Mapping[str, MvStatus]
    """Only ON and INIT MVs are moved; wound-up ones only the free way."""
    y: Mapping[str, float | None]
    """Each CV's measured value; None where it is bad (the prediction stands in)."""
    y_new: Mapping[str, bool]
    """False where a sample-and-hold analyser still shows a sample that was used before."""
    cv_status: Mapping[str, CvStatus]
    d: Mapping[str, float | None]
    """Each DV's value; None where bad (held)."""
    limits: Mapping[str, tuple[float, float]]
    """Active limits (lo, hi) of every MV and CV now, after operator, schedule and ramp."""
    targets: Mapping[str, float] = field(default_factory=dict)
    """CV targets in force."""
    external: Mapping[str, ExternalTarget] = field(default_factory=dict)
    """Targets of a higher layer, by MV or CV."""
    money: Mapping[str, float] = field(default_factory=dict)
    """Currency per hour and unit of each MV and CV at current prices; positive earns."""
    blocked_up: frozenset[str] = frozenset()
    blocked_down: frozenset[str] = frozenset()
    """MVs that an interlock or windup lets move only the other way."""
    optimise: bool = True
    """False in MONITOR: estimate only."""
    what_if: bool = False
    """True where somebody asks what other limits would lead to; it changes nothing else, and costs some solves more."""
    scheduling: Mapping[str, float | None] = field(default_factory=dict)
    """Value of each tag that a multiplier of gains follows; None where bad (the multiplier stays)."""
    lab: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By CV: a laboratory value and the monotonic seconds of its sample. It is used once, however often it is given."""
    forecast: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """By DV: what is known of its future, as (seconds from now, value from then on), ascending."""


class PlanStatus(StrEnum):
    """Whether the plan may become a candidate."""

    OK = "ok"
    ESTIMATE_ONLY = "estimate_only"
    NO_MV = "no_mv"
    """No MV is in service."""
    BAD_INPUT = "bad_input"
    """A number in the inputs was not finite or a limit pair crossed."""
    SOLVER_FAILED = "solver_failed"
    """Neither solver had an acceptable answer."""
    LATE = "late"
    """The thinker missed its deadline or died (set by the shell)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One limit that holds the plan back."""

    name: str
    """``cv.moist.hi``, ``mv.T_in_sp.hi``, ``row.Evaporative load``."""
    limit: float
    worth: float
    """Currency per hour for one unit more room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """One limit that cannot be held at steady state."""

    name: str
    rank: int
    amount: float
    """Predicted violation, in the variable's unit."""
    clashes_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What would change if one limit had more room, found by solving again."""

    name: str
    """As in ``Binding``."""
    by: float
    """How much more room it was given, in its variable's unit."""
    worth: float
    """Currency per hour for one unit, from the dual: exact as long as the same limits hold."""
    earns: float
    """Currency per hour for all of ``by``, found by solving again."""
    u_ss: Mapping[str, float] = field(default_factory=dict)
    """Targets of the MVs that would then stand elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve:
    """What a solver did, for the record."""

    layer: str
    """``targets.rank2``, ``targets.economics``, ``moves``."""
    solver: str
    status: str
    iterations: int
    residual: float
    """Largest violation of any row by our own check, scaled units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A controller's answer for one cycle."""

    cycle: int
    status: PlanStatus
    why: str = ""
    moves: Mapping[str, float] = field(default_factory=dict)
    """Next setpoint of each MV that should move; empty unless status is OK."""
    u_ss: Mapping[str, float] = field(default_factory=dict)
    y_ss: Mapping[str, float] = field(default_factory=dict)
    """Steady-state targets."""
    y_now: Mapping[str, float] = field(default_factory=dict)
    """The estimate's view of each CV now (prediction stands in for bad ones)."""
    bias: Mapping[str, float] = field(default_factory=dict)
    """Estimated disturbance on each CV."""
    prediction: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Each CV at ``prediction_at_s``."""
    prediction_at_s: tuple[float, ...] = ()
    """Evenly spaced seconds from now to the horizon."""
    u_plan: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Each MV at the end of each move block."""
    u_plan_at_s: tuple[float, ...] = ()
    """When each of these blocks ends, seconds from now; within a block a move is spread evenly."""
    binding: tuple[Binding, ...] = ()
    give_ups: tuple[GiveUp, ...] = ()
    reliefs: tuple[Relief, ...] = ()
    """The limits whose concern of more room would earn most, the best first; only where ``what_if`` was asked."""
    ignored: tuple[str, ...] = ()
    """Codes of what was asked for and not heeded: ``external_stale:feed``, ``row_not_finite:NAME``."""
    objective: Mapping[str, float] = field(default_factory=dict)
    """Term by term: ``money`` [currency/h at the targets], ``money.<variable>`` of it, ``zone``,
    ``rows`` (the engineer's own), ``tracking``, ``suppression`` [scaled]."""
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each MV, codes for why it moves or stands."""
    solves: tuple[Solve, ...] = ()
    linearised_at: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By nonlinear constraint: the MVs, CVs and DVs at which its tangent was taken."""
    watched: Mapping[str, float] = field(default_factory=dict)
    """By constraint that is only watched: how far beyond its limit it is, in its unit; negative = so much is left."""
    lab: Mapping[str, str] = field(default_factory=dict)
    """By CV: ``accepted``, or why a laboratory value was not taken: ``used``, ``no_rule``, ``not_a_number``,
    ``in_future``, ``before_start``, ``too_old``, ``outside_limits``, ``too_far``."""
    adaptation: tuple[str, ...] = ()
    """Codes of what the adaptation of the economics did (``adapt.live``): ``adapted``, ``waiting:dv_moving``, ..."""
    corrected: Mapping[str, float] = field(default_factory=dict)
    """By MV: currency per hour and unit that adaptation adds to what it earns by the model, at the optimum it sees."""
