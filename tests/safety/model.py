"""What must hold, in under 100 lines: written from the invariants by their ids, never from the code held against it.

Times are monotonic seconds, rates per minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from safety.signals import Mode

TRIPPED, CLOSED, LOWER = Mode.TRIPPED, Mode.CLOSED_LOOP, (Mode.MONITOR, Mode.ADVISORY)
TRIPS, WAITS, PERSONS = {"no_trip", "guard"}, {"plc_echo", "plc_epoch", "mvs_active"}, ("operator", "engineer", "admin")
MISSES_MAX, ARM_WAIT_S, LIFE_S, SLACK_S = 3, 60.0, 12.0, 1.5


@dataclass
class People:
    """The mode that follows from what persons asked and from what is met (I-16, I-18, I-19, I-20, I-23, I-38)."""

    names: tuple  # of every condition
    wanted: Mode = Mode.ADVISORY
    mode: Mode = Mode.ADVISORY
    causes: frozenset = frozenset()  # of the trip
    known: bool = False  # the causes were acknowledged
    until: float = -math.inf  # how long an accepted arming stands
    misses: int = 0

    def cycle(self, now, requests, conditions, candidate, cap):
        self.misses = 0 if candidate else self.misses + 1
        unmet = {name for name in self.names if conditions.get(name) is not True}  # I-20
        unmet |= {"candidate"} if self.misses >= MISSES_MAX else set()  # I-38
        if unmet & TRIPS:
            self.known &= unmet & TRIPS <= self.causes
            self.mode, self.causes = TRIPPED, self.causes | unmet & TRIPS
        for request in sorted(requests, key=lambda each: each.ask == "off"):  # I-19: off has the last word
            self.ask(request, unmet, now)
        if not unmet <= WAITS or cap is not CLOSED or now > self.until or self.mode is TRIPPED:
            self.until = -math.inf
        if self.mode is not TRIPPED:  # I-23: no way out of there but ``ask``
            ready = not unmet and cap is CLOSED and (self.mode is CLOSED or now <= self.until)  # I-18
            self.mode, self.until = (CLOSED, -math.inf) if ready else (min(self.wanted, cap, LOWER[1]), self.until)

    def ask(self, request, unmet, now):
        goal = Mode[request.ask.upper()] if request.ask != "acknowledge" else None
        person = request.role in PERSONS and now <= request.expires_s
        down = goal is Mode.OFF or (goal in LOWER and goal <= self.mode)  # I-19: for anybody, late or not
        if self.mode is TRIPPED:
            if person and self.known and goal in LOWER and not unmet & TRIPS:  # I-23
                self.mode, self.causes, self.known, self.wanted = goal, frozenset(), False, goal
            self.known |= goal is None and person
            self.wanted = Mode.OFF if down else self.wanted
        elif down or (goal in LOWER and person):
            self.mode, self.wanted, self.until = goal, goal, -math.inf
        elif goal is CLOSED and self.mode in LOWER and person and request.confirmed and unmet <= WAITS:  # I-18
            self.wanted, self.until = Mode.ADVISORY, now + ARM_WAIT_S


@dataclass
class Lock:
    """What one interlock must ask for at least (I-20, I-21, I-23)."""

    asks: str
    for_s: float = 0.0
    latch: bool = False
    since: float = math.inf
    latched: bool = False

    def see(self, met, now, bypassed):
        self.since = math.inf if met is False else min(self.since, now)
        due = now - self.since >= self.for_s
        self.latched |= self.latch and met is True and due and not bypassed
        return self.asks if (due or self.latched) and not bypassed else "none"


@dataclass
class Setpoint:
    """Where one setpoint may have stood since a person last moved it, and where it may be put (I-01, I-08, I-15)."""

    limits: object
    places: list = field(default_factory=list)  # (since, lowest, highest); apart where the outcome is unknown
    still: bool = True

    def room(self, now, actual):
        its, lows, highs = self.limits, [self.limits.lo], [self.limits.hi]
        for n, (at, low, high) in enumerate(self.places):
            minutes, last = (now - at + SLACK_S) / 60.0, n + 1 == len(self.places)
            window = its.window_delta if last or self.places[n + 1][0] >= now - its.window_s else math.inf
            highs += [low + min(minutes * its.rate_up_per_min, window, its.step_up if last else math.inf)]
            lows += [high - min(minutes * its.rate_down_per_min, window, its.step_down if last else math.inf)]
        return (actual, actual) if self.still else (max(lows), min(highs))


def silent(mode, plc, epoch, doubts, asks, age_s):
    """Return every invariant by which nothing may be written in this cycle, on what was read and what is known."""
    why = {"I-18": mode is CLOSED and plc["remote"] == 1, "I-25": plc["epoch_ack"] == epoch}
    why |= {"I-06": 0.0 <= age_s <= LIFE_S, "I-11": all(unknown < epoch for unknown in doubts)}
    return [name for name, met in (why | {"I-21": not asks & {"shed", "off"}}).items() if not met]
