"""Random moments, each told twice: once in the gate's words, once in the guard's. Dense around every limit.

Each vector is drawn from one ``random.Random``, so a seed and a number name it. Most limits are wide; a few, drawn
anew each time, are put exactly at what the move needs, or one unit in the last place to either side.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from safety.encoding import Encoding, resolution
from safety.envelope import Envelope, ScheduledLimits, Track, Written
from safety.gate import GateRules, MvRule, Situation
from safety.grammar import parse
from safety.handshake import HandshakeRule, Link
from safety.interlocks import Interlock, InterlockOutcome, InterlockState
from safety.progress import GateMemory, Pending
from safety.signals import Candidate, Instant, Mode, ModeState, Move, Quality, Reading, Snapshot
from safety.watchdog import Watch
from supervisor.drivers.guard_numbers import Ladder
from supervisor.drivers.guard_rules import GuardedMv, GuardRules
from tests.supervisor.drivers.guard_moment import Vector, guarded, ledger_of, pack

NAMES = ("a", "b", "c")
LIFE_S, SLACK_S = 12.0, 1.5
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
ENCODINGS = (
    *(Encoding(kind, order) for kind in ("float32", "float32", "float64") for order in ORDERS),
    *(Encoding("int16", order, scale) for order in ORDERS for scale in (0.5, 0.1)),
    Encoding("uint16", "ABCD", 0.25),
    Encoding("uint16", "BADC", -0.5, 400.0),
    Encoding("int16", "ABCD", -0.1, 200.0),
    Encoding("int32", "CDAB", 0.125, -64.0),
    Encoding("int32", "DCBA", 0.01),
    Encoding("uint32", "BADC", 0.0009765625),
    Encoding("uint32", "ABCD", 0.001, 3.0),
    Encoding("float32", "CDAB", 2.0),
    Encoding("float32", "ABCD", 0.1),
    Encoding("float32", "DCBA", -0.1, 20.0),
    Encoding("float64", "ABCD", 0.3, 7.0),
    Encoding("float64", "DCBA", -1.8, 32.0),
)
INTERLOCKS = tuple(Interlock(name=name, when=parse("x > 1"), then="hold") for name in ("hot", "wet"))


def beside(rng: random.Random, number: float) -> float:
    """``number``, or one unit in its last place to either side."""
    return rng.choice((math.nextafter(number, -math.inf), number, math.nextafter(number, math.inf)))


class Maker:
    """Draws one vector."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.now_s = 1000.0 + round(rng.uniform(0.0, 100.0), rng.randrange(4))
        self.values: dict[str, float | None] = {}
        self.gate_mvs: dict[str, MvRule] = {}
        self.guard_mvs: dict[str, GuardedMv] = {}
        self.tracks: dict[str, Track] = {}
        self.moves: dict[str, Move] = {}
        self.payloads: dict[str, bytes] = {}

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def vector(self) -> Vector:
        rng = self.rng
        names = NAMES[: rng.choices((1, 2, 3), (5, 3, 1))[0]]
        for name in names:
            self.mv(name)
        kind = rng.choices(("full", "heartbeat", "none"), (7, 2, 1))[0]
        order = tuple(rng.sample(names, len(names)))
        shake = HandshakeRule(kind=kind, probe=1.0, mv_order=order)
        least = rng.choices((1, 2), (12, 1))[0]
        shared = {"limits_hash": "L", "config_hash": "C", "min_active_mvs": least}
        moved = names if self.chance(0.85) else rng.sample(names, rng.randrange(1, len(names) + 1))
        moves = [self.moves[name] for name in rng.sample(list(moved), len(moved))]
        cycle, others = 7, (6, 8)
        states = {lock.name: InterlockState(condition=False) for lock in INTERLOCKS}
        if self.chance(0.01):
            moves = []
        if moves and self.chance(0.01):
            moves.append(rng.choice(moves))
        if self.chance(0.01):
            moves.append(Move("x", 1.0))
            self.payloads["x"] = pack(1.0, Encoding("float32"))
        if self.chance(0.02):
            del states[rng.choice(list(states))]
        blocked = [frozenset(name for name in names if self.chance(0.05)) for _ in range(2)]
        action = rng.choices(("none", "ramp", "hold", "shed", "off"), (70, 12, 10, 1, 1))[0]
        late = rng.choices(("none", "hold", "shed"), (90, 5, 1))[0]
        mode = rng.choice(list(Mode)) if self.chance(0.02) else Mode.CLOSED_LOOP
        at_s = self.now_s - beside(rng, LIFE_S) if self.chance(0.06) else self.now_s - rng.choice((0.0, 0.5, 3.0))
        judged_s = beside(rng, self.now_s) if self.chance(0.1) else self.now_s - 15.0
        if self.chance(0.02):
            at_s = math.nextafter(self.now_s, math.inf)
        pending = {"a": Pending(1.0, 1.0, judged_s, judged_s)} if self.chance(0.01) else {}
        snapshot = Snapshot(cycle, Instant(at_s, 1.8e9), self.readings())
        return Vector(
            gate=GateRules(
                mvs=self.gate_mvs,
                interlocks=INTERLOCKS,
                handshake=shake,
                approval_life_s=LIFE_S,
                rate_slack_s=SLACK_S,
                **shared,
            ),
            guard=GuardRules(
                mvs=self.guard_mvs,
                interlocks=frozenset(lock.name for lock in INTERLOCKS),
                full=kind == "full",
                mv_order=order,
                life_s=LIFE_S,
                slack_s=SLACK_S,
                **shared,
            ),
            snapshot=snapshot,
            situation=Situation(
                mode=ModeState(mode, mode),
                interlocks=InterlockOutcome(
                    cycle=rng.choice(others) if self.chance(0.01) else cycle,
                    action=action,
                    blocked_up=blocked[0],
                    blocked_down=blocked[1],
                    acting=("hot",) if action != "none" else (),
                    tripped=(),
                    first_out=None,
                    bypassed=(),
                    states=states,
                ),
                link=Link(
                    cycle=rng.choice(others) if self.chance(0.01) else cycle,
                    permit=not self.chance(0.01),
                    reasons=(),
                    conditions={},
                    epoch=rng.randrange(1, 9),
                    sequence=rng.randrange(1, 99),
                    unresolved=frozenset(name for name in names if self.chance(0.01)),
                ),
                watch=Watch(late, () if late == "none" else ("cycle",)),
            ),
            memory=GateMemory(self.tracks, pending, judged_s),
            ledger=ledger_of(self.tracks, pending, judged_s),
            candidate=Candidate(
                "other" if self.chance(0.01) else "main",
                rng.choice(others) if self.chance(0.01) else cycle,
                tuple(moves),
            ),
            payloads=self.payloads,
            now_s=self.now_s,
        )

    def readings(self) -> dict[str, Reading]:
        found = {}
        for tag, true in self.values.items():
            quality, value = Quality.GOOD, true
            if self.chance(0.008):
                quality = self.rng.choice((Quality.BAD, Quality.ESTIMATED, Quality.UNCERTAIN, Quality.GOOD, None))
                value = math.nan if quality is Quality.GOOD else value
            if quality is not None and value is not None:
                found[tag] = Reading(value, quality, None, self.now_s)
        return found

    def mv(self, name: str) -> None:
        """Draw one MV: where it stands, where it shall go, what was before, and limits around that."""
        rng = self.rng
        encoding = rng.choice(ENCODINGS)
        ladder = Ladder(encoding)
        rung = ladder.nearest(round(rng.uniform(10.0, 180.0), rng.randrange(4)))
        if self.chance(0.1):
            rung = ladder.nearest(2.0 ** rng.randrange(3, 8))  # where the resolution changes
        actual = ladder.value(rung)
        if self.chance(0.15):
            part = rng.choice((0.5, 1e-6, 0.9e-6, 1.1e-6, 1.0 - 1e-6, 1.0 - 0.9e-6, rng.random()))
            actual += part * (ladder.value(rung + 1) - actual)
        odd = self.chance(0.01)
        if odd:
            actual = rng.choice((ladder.value(ladder.first), ladder.value(ladder.last), -1e12, 1e12, 0.0, -0.0))
        goal = rung + rng.choice((0, 0, 1, -1, 2, -2))
        if self.chance(0.5):
            goal = ladder.nearest(actual + rng.uniform(-4.0, 4.0))
        goal = min(max(goal, ladder.first), ladder.last)
        value = ladder.value(goal)
        if not math.isfinite(value):
            raise ValueError("no number")
        self.moves[name] = Move(name, value)
        self.payloads[name] = pack(ladder.raw(goal), encoding)
        window_s = rng.choice((60.0, 300.0))
        track = self.track(actual, encoding, window_s)
        if odd:  # beyond its encoding nothing can be expected, and half a resolution says nothing there
            track = replace(track, expected=None, writes=())
        envelope, track = self.envelope(name, value, actual, track, window_s)
        if self.chance(0.9):
            self.tracks[name] = track
        windups = [f"{name}.windup_{way}" if self.chance(0.5) else None for way in ("hi", "lo")]
        safe = rng.choice((None, value, actual, beside(rng, value), actual + 10.0, actual - 10.0))
        self.values |= {tag: self.flag(0.0, (1.0, 0.5), 0.05) for tag in windups if tag is not None}
        self.values[f"{name}.actual"] = actual
        self.values[f"{name}.available"] = self.flag(1.0, (0.0, 0.0, 2.0, 0.5), 0.04)
        told = {
            "encoding": encoding,
            "actual": f"{name}.actual",
            "available": f"{name}.available",
            "windup_hi": windups[0],
            "windup_lo": windups[1],
            "safe_value": safe,
        }
        self.gate_mvs[name] = MvRule(owner="main", envelope=envelope, **told)
        self.guard_mvs[name] = GuardedMv(**told, **guarded(envelope))

    def flag(self, usual: float, others: Sequence[float], share: float) -> float:
        return self.rng.choice(others) if self.chance(share) else usual

    def track(self, actual: float, encoding: Encoding, window_s: float) -> Track:
        rng, now_s = self.rng, self.now_s
        times = sorted(
            beside(rng, now_s - window_s) if self.chance(0.3) else now_s - rng.choice((15.0, 30.0, 200.0, 1000.0))
            for _ in range(rng.randrange(4))
        )
        writes = [Written(at, actual, actual) for at in times]
        for index in range(len(writes)):
            if self.chance(0.25):
                low = actual + rng.uniform(-3.0, 3.0)
                writes[index] = Written(times[index], low, low + rng.choice((0.0, 0.0, 1.0, 2.5)))
        expected = None
        if self.chance(0.4):
            half = 0.5 * resolution(actual, encoding)
            expected = actual
            if self.chance(0.3):
                expected = beside(rng, actual + rng.choice((-1.0, 1.0)) * half)
        return Track(tuple(writes), None if self.chance(0.12) else now_s - 500.0, expected)

    def envelope(self, name: str, value: float, actual: float, track: Track, window_s: float) -> tuple[Envelope, Track]:
        rng, now_s = self.rng, self.now_s
        places = [actual, *((track.writes[-1].lo, track.writes[-1].hi) if track.writes else ())]
        rise, fall = value - min(places), max(places) - value
        tight = {
            limit
            for limit in ("lo", "hi", "step_up", "step_down", "window", "distance", "rate", "schedule")
            if self.chance(0.12)
        }
        tag = f"T.{name}" if self.chance(0.6) else None
        measured = value + rng.uniform(-3.0, 3.0)
        if tag is not None:
            self.values[tag] = measured
        edge = [write for write in track.writes if write.at_s >= now_s - window_s]
        before = [write for write in track.writes if write.at_s < now_s - window_s][-1:]
        far = max((abs(value - place) for write in (*before, *edge) for place in (write.lo, write.hi)), default=1.0)
        rates = [rng.choice((2.0, 7.3, 60.0, 600.0)) for _ in range(2)]
        if "rate" in tight and track.paid_until_s is not None:
            cost = max(max(rise, 0.0) * 60.0 / rates[0], max(fall, 0.0) * 60.0 / rates[1])
            track = replace(track, paid_until_s=beside(rng, now_s + SLACK_S - cost))
            if self.chance(0.1):
                rates[rng.randrange(2)] = 0.0
        envelope = Envelope(
            lo=beside(rng, value) if "lo" in tight else -60.0,
            hi=beside(rng, value) if "hi" in tight else 500.0,
            step_up=beside(rng, rise) if "step_up" in tight and rise > 0.0 else 5.0,
            step_down=beside(rng, fall) if "step_down" in tight and fall > 0.0 else 5.0,
            rate_up_per_min=rates[0],
            rate_down_per_min=rates[1],
            window_s=window_s,
            window_delta=beside(rng, far) if "window" in tight and far > 0.0 else 20.0,
            distance_from_measured=beside(rng, abs(value - measured)) if tag and "distance" in tight else math.inf,
            readback=tag,
            scheduled=self.schedule(name, value, actual) if "schedule" in tight else None,
        )
        if self.chance(0.004):
            envelope = replace(envelope, **{rng.choice(("lo", "hi")): rng.choice((math.inf, -math.inf, math.nan))})
        return envelope, track

    def schedule(self, name: str, value: float, actual: float) -> ScheduledLimits:
        rng = self.rng
        edges = [beside(rng, each) for each in (value, value, actual)]
        xs = sorted(rng.sample((0.0, 1.0, 3.0, 7.5, 10.0, 20.0, 33.3), rng.randrange(2, 5)))
        rows = []
        for x in xs:
            lo, hi = rng.choice(((-60.0, rng.choice(edges)), (rng.choice(edges), 400.0), (-60.0, 400.0)))
            rows.append((x, lo, hi))
        x = rng.choice((rng.choice(xs), rng.uniform(xs[0], xs[-1]), beside(rng, rng.choice((xs[0], xs[-1])))))
        self.values[f"X.{name}"] = x
        return ScheduledLimits(f"X.{name}", tuple(rows))


def vectors(seed: int, count: int) -> Iterator[Vector]:
    """``count`` vectors; those whose numbers no plant file could hold are drawn anew."""
    rng = random.Random(seed)
    made = 0
    while made < count:
        try:
            vector = Maker(rng).vector()
            vector.sending  # noqa: B018 - a set that the telegram has no room for is nothing to compare
        except (ValueError, OverflowError):
            continue
        made += 1
        yield vector
