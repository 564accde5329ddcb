"""A closed loop in code: read, think, write, let the plant run; every cycle is kept for tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from constraints.plant import Plant
from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import Inputs, Plan, PlanStatus
from safety.signals import CvStatus, MvStatus


class Simulator(Protocol):
    """What a benchmark plant has to do."""

    inputs: dict[str, float]

    def put(self, name: str, value: float) -> None:
        """Change one input now."""

    def run(self, minutes: float) -> None:
        """Let time pass."""

    def read(self) -> dict[str, float]:
        """Return every output now."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One cycle: the readings, and the setpoints written after them."""

    at_min: float
    y: Mapping[str, float]
    u: Mapping[str, float]
    plan: Plan


@dataclass(slots=True)
class ClosedLoop:
    """A controller around a simulator; ``targets`` may be changed between cycles."""

    of: Plant
    controller: Controller
    plant: Simulator
    targets: dict[str, float] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    trend: list[Seen] = field(default_factory=list)

    def run(self, cycles: int) -> None:
        """Run so many cycles. Raises RuntimeError when the controller has no plan."""
        for _ in range(cycles):
            self._cycle()

    def _cycle(self) -> None:
        number = len(self.trend)
        readings = self.plant.read()
        seen = {name: readings[name] for name in self.of.cvs}
        plan, self.memory = self.controller.step(self._inputs(number, seen), self.memory)
        if plan.status is not PlanStatus.OK:
            raise RuntimeError(f"cycle {number}: {plan.status} {plan.why}")
        for name, value in plan.moves.items():
            self.plant.put(name, value)
        minutes = self.of.cycle_s / 60.0
        u = {name: self.plant.inputs[name] for name in self.of.mvs}
        self.trend.append(Seen(number * minutes, readings, u, plan))
        self.plant.run(minutes)

    def _inputs(self, number: int, seen: dict[str, float]) -> Inputs:
        of = self.of
        return Inputs(
            cycle=number,
            at_s=number * of.cycle_s,
            u={name: self.plant.inputs[name] for name in of.mvs},
            mv_status=dict.fromkeys(of.mvs, MvStatus.ON),
            y=seen,
            y_new=dict.fromkeys(of.cvs, True),
            cv_status=dict.fromkeys(of.cvs, CvStatus.ON),
            d={name: self.plant.inputs[name] for name in of.dvs},
            limits={
                **{name: spec.limits.operator for name, spec in of.mvs.items()},
                **{name: spec.limits.operator for name, spec in of.cvs.items()},
            },
            targets=dict(self.targets),
        )
