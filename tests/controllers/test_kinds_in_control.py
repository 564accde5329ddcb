"""The whole controller on other kinds of model than pairs: what is the same plant gets the same moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from constraints.plant import Pair, StateSpace
from controllers.controller import Controller
from controllers.memory import Memory
from controllers.model import Model
from controllers.types import PlanStatus
from tests.controllers.plants import CYCLE_S, SimulatedPlant, cv, inputs, mv, pair, plant

PAIRS = (pair("u", "y", 2.0, 30.0, 100.0), pair("v", "y", -1.0, 45.0, 60.0), pair("v", "z", 0.5, 0.0, 40.0))
MVS = [mv("u", (0.0, 10.0), 4.0, 4.0), mv("v", (0.0, 10.0), 4.0, 4.0)]
CVS = [cv("y", (40.0, 60.0)), cv("z", (10.0, 12.0))]
PLAIN = plant(MVS, CVS, PAIRS)


def lag_block(p: Pair) -> StateSpace:
    return StateSpace(
        name=f"{p.source}-{p.cv}",
        inputs=(p.source,),
        cvs=(p.cv,),
        a=((-1.0 / p.lag1_s,),),
        b=((p.gain / p.lag1_s,),),
        c=((1.0,),),
        d=((0.0,),),
        dead_time_s=(p.dead_time_s,),
    )


def table(p: Pair) -> Pair:
    times = np.concatenate((np.linspace(0.0, 60.0, 61), np.linspace(61.0, 900.0, 1200)))
    values = Model([p], [p.source], [p.cv], CYCLE_S).steps(times[:, None])[:, 0, 0]
    return Pair(source=p.source, cv=p.cv, gain=0.0, step=tuple(zip(times.tolist(), values.tolist(), strict=True)))


KINDS = {
    "blocks": replace(PLAIN, pairs=(), blocks=tuple(lag_block(p) for p in PAIRS)),
    "tables": replace(PLAIN, pairs=tuple(table(p) for p in PAIRS)),
    "mixed": replace(PLAIN, pairs=(table(PAIRS[0]), PAIRS[1]), blocks=(lag_block(PAIRS[2]),)),
}


def story(of):
    """Return the setpoints of a run with a target, a disturbance, late and missed cycles."""
    controller, memory = Controller(of), Memory()
    sim = SimulatedPlant(PAIRS, {"u": 5.0, "v": 5.0}, {"y": 50.0, "z": 11.0})
    at_s, path = 0.0, []
    for k in range(60):
        sim.offset["y"] = 3.0 if k >= 30 else 0.0
        u = {name: sim.v[name] for name in ("u", "v")}
        asked = inputs(of, k, at_s, u, sim.read(), targets={"y": 54.0 if k >= 3 else 50.0})
        plan, memory = controller.step(asked, Memory.from_bytes(memory.to_bytes()))
        assert plan.status is PlanStatus.OK
        sim.v.update(plan.moves)
        wait = CYCLE_S * (1 + (k % 7 == 3) * 2)
        sim.run(wait)
        at_s += wait
        path.append([sim.v["u"], sim.v["v"]])
    return np.array(path), sim.read()


@pytest.fixture(scope="module")
def plain():
    return story(PLAIN)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_plant_gets_the_same_moves(plain, kind):
    path, end = story(KINDS[kind])
    assert end["y"] == pytest.approx(54.0, abs=0.05)
    assert path == pytest.approx(plain[0], abs=0.15)  # lags differ in when they count as settled, and so the horizon
