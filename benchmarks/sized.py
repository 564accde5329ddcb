"""A plant of any size for the gate's benchmark: its rules, with work for each of the gate's checks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from safety.encoding import Encoding
from safety.envelope import Envelope, ScheduledLimits
from safety.expressions import parse
from safety.gate import GateRules, MvRule
from safety.handshake import HandshakeRule
from safety.interlocks import Interlock
from safety.modes import ModeRules
from safety.validity import ValidityRule
from safety.watchdog import WatchdogRule

CYCLE_S, CONTROLLER = 15.0, "main"
LO, HI = 0.0, 100.0
SCHEDULE = ((-10.0, 0.0, 90.0), (50.0, 5.0, 95.0), (110.0, 10.0, 99.0))
"""Limits over a process tag, for every third MV."""
BAD_EVERY = 20
"""Every twentieth process tag is a bad one."""
ENCODINGS = (
    Encoding("float32"),
    Encoding("float32", "CDAB"),
    Encoding("int16", "ABCD", 0.5),
    Encoding("uint16", "ABCD", 0.25, -8.0),
    Encoding("float32", "DCBA"),
    Encoding("int32", "BADC", 0.125, -8.0),
)
"""Their steps are exact in float32, as which setpoints travel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the plant is; the defaults are the goal's."""

    tags: int = 200
    """Process tags; four of its own for each MV and the PLC's eight answers come on top."""
    mvs: int = 20
    interlocks: int = 50
    window: int = 20
    """Cycles in every window: of the envelopes, of ``rate`` and of ``delta``."""

    @property
    def readings(self) -> int:
        """All readings of a snapshot."""
        return self.tags + 4 * self.mvs + 8


@dataclass(frozen=True, slots=True)
class Plant:
    """The rules of a plant of one size."""

    size: Size
    validity: dict[str, ValidityRule]
    gate: GateRules
    modes: ModeRules = field(default_factory=ModeRules)
    watchdogs: dict[str, WatchdogRule] = field(
        default_factory=lambda: {"cycle": WatchdogRule(warn_s=30.0, trip_s=60.0)}
    )


def process_tags(size: Size) -> list[str]:
    """Return the names of the process tags."""
    return [f"p{number:04d}" for number in range(size.tags)]


def plant(size: Size) -> Plant:
    """Return the rules of a plant of this size."""
    good = [tag for number, tag in enumerate(process_tags(size)) if number % BAD_EVERY]
    names = [f"mv{number:02d}" for number in range(size.mvs)]
    flag = ValidityRule(lo=0.0, hi=1.0, stamp="ignore", stale_s=60.0)
    validity = {
        tag: ValidityRule(
            lo=-10.0,
            hi=110.0,
            rate_per_s_max=20.0 if number % 2 else math.inf,
            frozen_s=600.0 if number % 3 else math.inf,
            hold_s=30.0,
            stale_s=60.0,
            stamp="advance" if number % 4 else "ignore",
        )
        for number, tag in enumerate(process_tags(size))
    }
    for mv in names:
        validity |= {f"{mv}.available": flag, f"{mv}.windup_hi": flag, f"{mv}.windup_lo": flag}
        validity[f"{mv}.actual"] = ValidityRule(lo=LO, hi=HI, stale_s=60.0)
    return Plant(
        size,
        validity,
        GateRules(
            mvs={mv: _mv(mv, number, good, size) for number, mv in enumerate(names)},
            interlocks=tuple(_interlock(number, good, names, size) for number in range(size.interlocks)),
            handshake=HandshakeRule(kind="full", every_s=CYCLE_S, probe=1234.5, mv_order=tuple(reversed(names))),
            limits_hash="limits",
            config_hash="config",
            approval_life_s=0.8 * CYCLE_S,
            rate_slack_s=0.1 * CYCLE_S,
        ),
    )


def _mv(mv: str, number: int, good: list[str], size: Size) -> MvRule:
    measured, scheduling = good[number % len(good)], good[(number + 7) % len(good)]
    return MvRule(
        owner=CONTROLLER,
        envelope=Envelope(
            lo=LO,
            hi=HI,
            step_up=2.0,
            step_down=2.0,
            rate_up_per_min=8.0,
            rate_down_per_min=8.0,
            window_s=size.window * CYCLE_S,
            window_delta=40.0,
            distance_from_measured=50.0,
            readback=measured,
            scheduled=None if number % 3 else ScheduledLimits(scheduling, SCHEDULE),
        ),
        encoding=ENCODINGS[number % len(ENCODINGS)],
        actual=f"{mv}.actual",
        available=f"{mv}.available",
        windup_hi=f"{mv}.windup_hi",
        windup_lo=f"{mv}.windup_lo",
        safe_value=50.0,
    )


def _interlock(number: int, good: list[str], mvs: list[str], size: Size) -> Interlock:
    """Return one of ten kinds, each on tags of its own as far as there are any."""
    a, b, c = (good[(3 * number + each) % len(good)] for each in range(3))
    bad, seconds = f"p{BAD_EVERY * (number % max(size.tags // BAD_EVERY, 1)):04d}", size.window * CYCLE_S
    texts = (
        f"max({a}, {b}, {c}) > 90",
        f"abs({a} - {b}) > 60",
        f"rate({a}, {seconds:g}) > 400",
        f"delta({a}, {seconds:g}) < -80 or {b} < 5",
        f"{a} > 85 and not {b} < 20",
        f"for_time({a} > 80, 60) or avg({a}, {b}, {c}) > 95",
        f"age({a}) > 120 or quality({b}) < 64",
        f"20 < {a} < 80 and {b} * 0.5 + {c} ** 2 / 100 < 0",
        f"good({bad}) and {bad} > 109",
        f"{a} > 30 or {bad} > 30",
    )
    thens = ("hold", "shed", "block_up", "shed", "ramp", "hold", "hold", "off", "block_down", "block_up")
    then = thens[number % len(thens)]
    # The last kind is always met: it blocks the MV that stands still.
    target = mvs[0] if number % len(thens) == len(thens) - 1 else mvs[number % len(mvs)]
    return Interlock(
        name=f"lock{number:03d}",
        when=parse(texts[number % len(texts)]),
        then=then,
        target=target if then.startswith("block") else None,
        for_s=(0.0, 30.0, 0.0, 10.0)[number % 4],
        latch=then == "shed",
    )
