"""Plants whose model is wrong, for the tests of adaptation in the cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from constraints.adaptation import AdaptationSpec
from constraints.plant import FunctionSpec, Plant
from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import Inputs, Plan
from tests.controllers.models import engineers
from tests.controllers.plants import CYCLE_S, cv, inputs, mv, pair, plant

LAG_S = 30.0
MONEY = {"c": 100.0}
TWO_MONEY = {"a": 10.0, "b": 10.0}


def spec(**more: object) -> AdaptationSpec:
    usual: dict[str, object] = {
        "mode": "correct",
        "mvs": ("u",),
        "priced": ("c",),
        "limited": (),
        "dv_width": {"d": 6.0},
        "accuracy": 0.5,
    }
    return AdaptationSpec(**{**usual, **more})


def reactor(**more: object) -> Plant:
    """Return a plant whose model earns most at u = 10 (d = 0)."""
    of = FunctionSpec(
        name="f", address="a:b", mvs=("u",), dvs=("d",), cvs=("c", "T"), at=(6.0, 0.0), call=engineers.steady
    )
    pairs = [replace(pair(source, to, 1.0, 0.0, LAG_S), function="f") for source in ("u", "d") for to in ("c", "T")]
    cvs = [cv("c", (-np.inf, np.inf)), cv("T", (0.0, 300.0))]
    made = plant([mv("u", (0.0, 20.0), 20.0, 20.0)], cvs, pairs, dvs=("d",))
    return replace(made, functions={"f": of}, adaptation=spec(**more))


def two(**more: object) -> Plant:
    """Return a plant of fixed gains: a and b earn alike, and press against one limit, a less than b by the model."""
    mvs = [mv("a", (0.0, 10.0), 20.0, 20.0), mv("b", (0.0, 10.0), 20.0, 20.0)]
    pairs = [pair("a", "load", 1.0, 0.0, LAG_S), pair("b", "load", 1.25, 0.0, LAG_S)]
    made = plant(mvs, [cv("load", (-np.inf, 12.0), concern=0.1)], pairs)
    of = spec(mvs=("a", "b"), priced=(), limited=(("load", "hi"),), dv_width={}, **more)
    return replace(made, adaptation=of)


_COMPILED: dict[str, Controller] = {}


def compiled(of: Plant) -> Controller:
    """Return the controller of ``of``: compiled once, for nothing of one test remains in it."""
    if repr(of) not in _COMPILED:
        _COMPILED[repr(of)] = Controller(of)
    return _COMPILED[repr(of)]


@dataclass
class Bench:
    """A plant that follows its true steady state with one lag, in a closed loop."""

    of: Plant
    true: Callable[[dict[str, float]], dict[str, float]]
    u: dict[str, float]
    money: dict[str, float]
    d: dict[str, float] = field(default_factory=dict)
    noise: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        self.controller = compiled(self.of)
        self.memory: Memory = self.controller.fresh()
        self.y = self.true({**self.u, **self.d})
        self.random = np.random.default_rng(self.seed)
        self.cycle = 0
        self.asked: list[tuple[Inputs, Memory, Plan]] = []

    def given(self, **more: object) -> Inputs:
        """Return this cycle's inputs; ``more`` replaces some of them."""
        read = {name: float(value + self.noise * self.random.standard_normal()) for name, value in self.y.items()}
        usual = {"d": dict(self.d), "money": self.money}
        made = inputs(self.of, self.cycle, 1000.0 + self.cycle * CYCLE_S, self.u, read, **usual)
        return replace(made, **more)

    def step(self, **more: object) -> Plan:
        """Run one cycle."""
        given, before = self.given(**more), self.memory
        plan, self.memory = self.controller.step(given, before)
        self.asked.append((given, before, plan))
        self.u.update(plan.moves)
        goes = self.true({**self.u, **self.d})
        share = 1.0 - np.exp(-CYCLE_S / LAG_S)
        self.y = {name: float(value + share * (goes[name] - value)) for name, value in self.y.items()}
        self.cycle += 1
        return plan

    def run(self, cycles: int, **more: object) -> list[Plan]:
        """Run some cycles."""
        return [self.step(**more) for _ in range(cycles)]


def away(v: dict[str, float]) -> dict[str, float]:
    """Return the true reactor: it earns most at u = 13 + d, and bends more."""
    return {"c": 7.0 - 0.15 * (v["u"] - 13.0 - v["d"]) ** 2, "T": 60.0 + 2.0 * v["u"]}


def turned(v: dict[str, float]) -> dict[str, float]:
    """Return the true load: b presses less than a."""
    return {"load": 1.4 * v["a"] + 0.9 * v["b"]}
