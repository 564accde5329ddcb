"""A plant of any number of MVs and CVs, and the cycles of its closed loop: what the layers' benchmark thinks about.

Each CV answers to about six MVs, as a large unit's matrix is thin; settling times of 10 to 60 cycles; limits that the
disturbances keep pushing against, so that zones, ranges and rates bind as they do in a plant that earns money.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from constraints.plant import Pair, Plant, Tuning
from controllers.controller import Controller
from controllers.model import Model
from controllers.types import Inputs, Plan
from hil.plants.supervised import controlled, manipulated, supervised
from safety.signals import CvStatus, MvStatus

CYCLE_S = 60.0
BLOCKING = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48)
"""Twelve blocks for a horizon of 60 cycles."""
POINTS = (1, 2, 3, 4, 6, 8, 11, 14, 18, 23, 29, 36, 43, 51, 60)
"""Fifteen coincidence points."""
MVS_PER_CV = 6


def grown(mvs: int, cvs: int, tuning: Tuning, seed: int = 1) -> Plant:
    """Return a plant of that size, always the same for a seed."""
    rng = np.random.default_rng(seed)
    names = [f"u{i}" for i in range(mvs)]
    pairs = [
        Pair(
            source=names[i],
            cv=f"y{c}",
            gain=float(rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 1.0)),
            dead_time_s=float(rng.uniform(0.0, 5.0) * CYCLE_S),
            lag1_s=float(rng.uniform(2.0, 12.0) * CYCLE_S),
        )
        for c in range(cvs)
        for i in sorted({c % mvs, *rng.choice(mvs, size=min(MVS_PER_CV, mvs), replace=False).tolist()})
    ]
    free = [manipulated(name, "%", (0.0, 100.0), 2.0) for name in names]
    held = [controlled(f"y{c}", "%", (-10.0, 10.0)) for c in range(cvs)]
    return supervised(
        f"{mvs}x{cvs}",
        CYCLE_S,
        [replace(spec, cost=float(rng.normal())) for spec in free],
        [replace(spec, rank_hi=1 + c % 4, rank_lo=1 + c % 3) for c, spec in enumerate(held)],
        pairs,
        tuning=tuning,
    )


class Running:
    """The plant in closed loop: its own model plays the process, each CV drifts and is pushed now and then."""

    def __init__(self, plant: Plant, controller: Controller, seed: int = 2) -> None:
        self.plant, self.controller = plant, controller
        self._rng = np.random.default_rng(seed)
        self._model = Model(plant.pairs, tuple(plant.mvs), tuple(plant.cvs), plant.cycle_s)
        self._record = self._model.start(0.0)
        self._u = np.full(len(plant.mvs), 50.0)
        self._origin = self._u.copy()
        self._push = self._rng.normal(size=len(plant.cvs)) * 6.0
        self._memory = controller.fresh()
        self._limits = {name: spec.limits.operator for name, spec in (*plant.mvs.items(), *plant.cvs.items())}
        self.cycle = 0

    def step(self) -> Plan:
        """Run one cycle and return its plan."""
        plant = self.plant
        at_s = self.cycle * plant.cycle_s
        if self.cycle:
            moved = self._u - self._origin
            self._record = self._model.advance(self._record, self._record.inputs[-1], moved, at_s)
        y = self._model.free(self._record, np.zeros(1))[0] + self._push
        self._push += self._rng.normal(size=len(self._push)) * 0.15
        if self.cycle % 7 == 6:
            self._push[self._rng.integers(len(self._push))] += self._rng.normal() * 5.0
        plan, self._memory = self.controller.step(
            Inputs(
                cycle=self.cycle,
                at_s=at_s,
                u=dict(zip(plant.mvs, self._u.tolist(), strict=True)),
                mv_status=dict.fromkeys(plant.mvs, MvStatus.ON),
                y=dict(zip(plant.cvs, y.tolist(), strict=True)),
                y_new=dict.fromkeys(plant.cvs, True),
                cv_status=dict.fromkeys(plant.cvs, CvStatus.ON),
                d={},
                limits=self._limits,
            ),
            self._memory,
        )
        self._u = np.array([plan.moves.get(name, now) for name, now in zip(plant.mvs, self._u.tolist(), strict=True)])
        self.cycle += 1
        return plan
