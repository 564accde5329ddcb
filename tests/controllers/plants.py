"""Plants for the tests, and a simulated one that shares no code with the controller's model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from constraints.plant import CvSpec, DvSpec, MvSpec, NestedLimits, Pair, Plant, Point, Row, TagSpec
from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import Inputs, Plan
from safety.handshake import HandshakeRule
from safety.signals import CvStatus, Mode, MvStatus, ShedAction

CYCLE_S = 15.0


def point(tag: str) -> Point:
    return Point(tag=tag, connection="m", address=tag)


def mv(name: str, operator: tuple[float, float], up: float = 60.0, down: float = 60.0, **more: float | None) -> MvSpec:
    return MvSpec(
        name=name,
        unit="u",
        writes=point(name),
        setpoint=point(f"{name}.actual"),
        available=None,
        readback=name,
        limits=NestedLimits(safety=operator, engineering=operator, operator=operator),
        move_up_per_min=up,
        move_down_per_min=down,
        shed=ShedAction.HOLD,
        **more,
    )


def cv(name: str, operator: tuple[float, float], **more: object) -> CvSpec:
    limits = NestedLimits(safety=operator, engineering=operator, operator=operator)
    return CvSpec(name=name, unit="y", limits=limits, **more)


def pair(source: str, to: str, gain: float, dead: float = 0.0, lag1: float = 0.0, lag2: float = 0.0) -> Pair:
    return Pair(source=source, cv=to, gain=gain, dead_time_s=dead, lag1_s=lag1, lag2_s=lag2)


def plant(
    mvs: Sequence[MvSpec],
    cvs: Sequence[CvSpec],
    pairs: Sequence[Pair],
    dvs: Sequence[str] = (),
    rows: Sequence[Row] = (),
    every_s: Mapping[str, float] | None = None,
    hysteresis: float = 1.0,
    cycle_s: float = CYCLE_S,
) -> Plant:
    return Plant(
        name="test",
        site="test",
        timezone="UTC",
        currency="EUR",
        source_path="",
        config_hash="",
        limits_hash="",
        cycle_s=cycle_s,
        think_s=9.0,
        start_in=Mode.MONITOR,
        closed_loop_needs=(),
        max_unattended_s=3600.0,
        min_active_mvs=1,
        connections={},
        tags={n: TagSpec(name=n, point=point(n), unit="", every_s=s) for n, s in (every_s or {}).items()},
        mvs={spec.name: spec for spec in mvs},
        cvs={spec.name: spec for spec in cvs},
        dvs={name: DvSpec(name=name, unit="d") for name in dvs},
        pairs=tuple(pairs),
        rows=tuple(rows),
        money=(),
        tariffs={},
        schedule=(),
        validity={},
        envelopes={},
        interlocks=(),
        handshake=HandshakeRule(kind="none"),
        handshake_points={},
        hysteresis_eur_per_h=hysteresis,
    )


def dryer() -> Plant:
    """Three MVs, five CVs, two DVs, with the ranks, lags and dead times of a spray dryer."""
    return plant(
        mvs=[
            mv("T_in", (170.0, 195.0), 2.0, 4.0),
            mv("feed", (1500.0, 3800.0), 60.0, 120.0),
            mv("fan", (50.0, 95.0), 2, 4),
        ],
        cvs=[
            cv("T_out", (78.0, 92.0), rank_hi=1, rank_lo=3),
            cv("moist", (3.2, 4.0), rank_hi=2, rank_lo=4, concern=0.1, back_off_hi=0.04),
            cv("power", (0.0, 120.0), rank_hi=5, concern=2.0, back_off_hi=0.3),
            cv("gas", (0.0, 300.0), rank_hi=3, concern=3.0),
            cv("evap", (0.0, 2500.0), rank_hi=6, concern=20.0),
        ],
        pairs=[
            pair("T_in", "T_out", 0.35, 30, 120, 40),
            pair("feed", "T_out", -0.012, 45, 150, 40),
            pair("fan", "T_out", 0.25, 20, 100),
            pair("T_in", "moist", -0.05, 90, 240, 60),
            pair("feed", "moist", 0.0015, 100, 260, 60),
            pair("fan", "moist", -0.03, 90, 200, 60),
            pair("fan", "power", 2.4, 5, 20),
            pair("T_in", "gas", 1.6, 15, 80),
            pair("fan", "gas", 2.2, 15, 60),
            pair("feed", "gas", 0.01, 30, 100),
            pair("feed", "evap", 0.5, 30, 120),
            pair("hum", "moist", 0.03, 100, 300, 60),
            pair("wet", "moist", 0.05, 100, 280, 60),
            pair("wet", "T_out", -0.4, 45, 150),
            pair("wet", "evap", 30.0, 30, 120),
            pair("hum", "T_out", 0.05, 30, 120),
        ],
        dvs=("hum", "wet"),
        rows=[Row(name="load", coefficients={"evap": 1.0, "T_in": -22.0, "T_out": 22.0}, hi=0.0, rank=6, concern=20.0)],
        every_s={"moist": 60.0},
    )


DRYER_MONEY = {"feed": 0.15, "power": -0.214, "gas": -0.4944}
DRYER_U = {"T_in": 180.0, "feed": 2600.0, "fan": 75.0}
DRYER_Y = {"T_out": 85.0, "moist": 3.6, "power": 95.0, "gas": 250.0, "evap": 1500.0}
DRYER_D = {"hum": 8.0, "wet": 50.0}


def inputs(
    of: Plant, cycle: int, at_s: float, u: Mapping[str, float], y: Mapping[str, float | None], **more: object
) -> Inputs:
    given: dict[str, object] = {
        "mv_status": dict.fromkeys(of.mvs, MvStatus.ON),
        "y_new": dict.fromkeys(of.cvs, True),
        "cv_status": dict.fromkeys(of.cvs, CvStatus.ON),
        "d": dict.fromkeys(of.dvs, 0.0),
        "limits": {n: s.limits.operator for n, s in (*of.mvs.items(), *of.cvs.items())},
    }
    return Inputs(cycle=cycle, at_s=at_s, u=dict(u), y=dict(y), **{**given, **more})


class SimulatedPlant:
    """Pairs without lead in small explicit steps; deviations from the point where it started."""

    def __init__(self, pairs: Sequence[Pair], v: Mapping[str, float], y: Mapping[str, float], dt: float = 1.0) -> None:
        self.pairs = tuple(pairs)
        self.dt = dt
        self.v = dict(v)
        self._start = dict(v)
        self._y = dict(y)
        self.offset = dict.fromkeys(y, 0.0)
        self.slope = dict.fromkeys(y, 0.0)
        self._late = [deque([0.0] * round(p.dead_time_s / dt)) for p in pairs]
        self._a = np.array([1.0 - np.exp(-dt / p.lag1_s) if p.lag1_s > 0.0 else 1.0 for p in pairs])
        self._b = np.array([1.0 - np.exp(-dt / p.lag2_s) if p.lag2_s > 0.0 else 1.0 for p in pairs])
        self._x = np.zeros((3, len(self.pairs)))

    def run(self, seconds: float) -> None:
        now = np.array([self.v[p.source] - self._start[p.source] for p in self.pairs])
        u = np.empty(len(now))
        for _ in range(round(seconds / self.dt)):
            for i, late in enumerate(self._late):
                late.append(now[i])
                u[i] = late.popleft()
            self._x[0] += self._a * (u - self._x[0])
            self._x[1] += self._b * (self._x[0] - self._x[1])
            self._x[2] += self._x[1] * self.dt
            for name, slope in self.slope.items():
                self.offset[name] += slope * self.dt

    def read(self) -> dict[str, float]:
        y = {name: value + self.offset[name] for name, value in self._y.items()}
        for i, p in enumerate(self.pairs):
            y[p.cv] += p.gain * float(self._x[2 if p.integrating else 1, i])
        return y


@dataclass
class Loop:
    """A closed loop: read, think, write, let the plant run."""

    of: Plant
    sim: SimulatedPlant
    controller: Controller
    memory: Memory
    u: dict[str, float]
    d: tuple[str, ...]
    cycle: int = 0
    at_s: float = 1000.0

    def step(self, cycles: int = 1, wait_s: float = CYCLE_S, **more: object) -> Plan:
        """Run some cycles; ``more`` goes into each cycle's inputs."""
        for _ in range(cycles):
            reading = dict(self.sim.read())
            reading.update(more.pop("y", {}))
            u = {name: self.sim.v[name] for name in self.u}
            self.u = dict(u)
            given = {"d": {name: self.sim.v[name] for name in self.d}, **more}
            plan, self.memory = self.controller.step(
                inputs(self.of, self.cycle, self.at_s, u, reading, **given), self.memory
            )
            for name, value in plan.moves.items():
                self.sim.v[name] = value
            self.sim.run(wait_s)
            self.cycle += 1
            self.at_s += wait_s
        return plan


def loop(
    of: Plant,
    u: Mapping[str, float],
    y: Mapping[str, float],
    d: Mapping[str, float] | None = None,
    gain: Callable[[Pair], float] = lambda _: 1.0,
    controller: Controller | None = None,
) -> Loop:
    """Return a loop around a plant whose true gains are the model's times ``gain``."""
    disturbances = dict(d or dict.fromkeys(of.dvs, 0.0))
    true = [replace(p, gain=p.gain * gain(p)) for p in of.pairs]
    thinking = controller if controller is not None else Controller(of)
    sim = SimulatedPlant(true, {**u, **disturbances}, y)
    return Loop(of, sim, thinking, thinking.fresh(), dict(u), tuple(of.dvs))


def dryer_loop(gain: Callable[[Pair], float] = lambda _: 1.0, controller: Controller | None = None) -> Loop:
    return loop(dryer(), DRYER_U, DRYER_Y, DRYER_D, gain, controller)
