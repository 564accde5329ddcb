"""Load following on the drum boiler: Setwise's controller against plain PI loops, same plant, loads and noise-free run.

``python -m benchmarks.boiler``. Two hours: ramps of 2 % of 160 MW per minute and a step of 5 MW. Pressure, oxygen and
drum level have zones; fuel is what it costs. The PI loops hold setpoints (pressure and level in the middle of their
zones, oxygen at 3 %), tuned by SIMC (S. Skogestad, J. Process Control 13 (2003) 291) and run each second; the
controller runs every 5 s, knows the load, sets the same three setpoints and holds the level in the middle as well.
The power is the governor's business in both; it is printed because a lower pressure leaves it less to work with.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import osqp
from matplotlib.figure import Figure

from benchmarks.figures import INK, LIMIT, OURS, PEER, framed, kept
from controllers.controller import Controller
from controllers.types import Inputs as CycleInputs
from controllers.types import PlanStatus
from hil.plants import boiler
from hil.plants.delayed import FloatArray
from safety.signals import CvStatus, MvStatus

HOURS = 2.0
PRESSURE, POWER = 108.0, 66.65
RAMP_MW_MIN = 0.02 * 160.0


def load(at_s: float) -> float:
    """Return the load [MW]: up 25 MW, a while, down 35, a step of 5 up, back."""
    minutes = at_s / 60.0
    up = min(max(minutes - 10.0, 0.0) * RAMP_MW_MIN, 25.0)
    down = min(max(minutes - 45.0, 0.0) * RAMP_MW_MIN, 35.0)
    back = min(max(minutes - 100.0, 0.0) * RAMP_MW_MIN, 5.0)
    return POWER + up - down + (5.0 if minutes >= 80.0 else 0.0) + back


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    name: str
    fuel: float
    """Mean burner position."""
    out: dict[str, tuple[float, float]]
    """By CV: share of the time outside its zone [percent], and the farthest [its unit]."""
    missed: float
    """Mean distance of the power from the load [MW]."""
    failed: int
    trend: FloatArray
    """By second: pressure [bar], oxygen [percent], level [m], burner position, power and load [MW]."""


Policy = Callable[[boiler.State, float, boiler.Inputs], tuple[boiler.Inputs, int]]


def simulated(name: str, policy: Policy, every_s: float) -> Result:
    """Return the run of one policy, asked every ``every_s`` seconds; the plant is looked at each second."""
    state = boiler.steady(PRESSURE, POWER)
    inputs = boiler.inputs_of(state)
    zones = {cv: spec.limits.operator for cv, spec in boiler.plant(state).cvs.items()}
    seen, failed = [], 0
    for second in range(int(HOURS * 3600.0)):
        inputs = replace(inputs, load=load(second))
        if second % every_s == 0:
            inputs, bad = policy(state, float(second), inputs)
            failed += bad
        state = boiler.advance(state, inputs, 1.0)
        seen.append((state.pressure, state.oxygen, boiler.level(state), state.fuel, state.power, inputs.load))
    values = np.array(seen)
    out = {}
    for column, (cv, (lo, hi)) in enumerate(zones.items()):
        beyond = np.maximum(values[:, column] - hi, lo - values[:, column])
        out[cv] = (100.0 * float((beyond > 0.0).mean()), max(float(beyond.max()), 0.0))
    missed = float(np.abs(values[:, 4] - values[:, 5]).mean())
    return Result(name, float(values[:, 3].mean()), out, missed, failed, values)


def pi_loops() -> Policy:
    """Return three PI loops on pressure, oxygen and level.

    SIMC: a process that integrates with k' and delays theta has Kc = 1 / (k' (tc + theta)), Ti = 4 (tc + theta). For
    the pressure k' = 0.9 per s and theta = 5 s (burner), for the level k' = 0.0078 m per s and 20 s (swell); tc =
    theta.
    The oxygen is a lag of 15 s, gain 15 percent per unit of excess air, behind a fan of 8 s.
    """
    start = boiler.steady(PRESSURE, POWER)
    at = {"fuel": start.fuel, "air": start.air / start.fuel, "water": start.water}
    gains = {
        "fuel": (1.0 / (0.9 * 10.0), 40.0),
        "air": (15.0 / (15.0 * 16.0), 15.0),
        "water": (1.0 / (0.0078 * 40.0), 160.0),
    }

    def ask(state: boiler.State, _at_s: float, inputs: boiler.Inputs) -> tuple[boiler.Inputs, int]:
        off = {"fuel": PRESSURE - state.pressure, "air": 3.0 - state.oxygen, "water": -boiler.level(state)}
        set_to = {}
        for name, (gain, reset_s) in gains.items():
            lo, hi = (1.045, 1.5) if name == "air" else (0.05, 0.95)
            wanted = at[name] + gain * off[name]
            set_to[name] = min(max(wanted, lo), hi)
            if set_to[name] == wanted:
                at[name] += gain / reset_s * off[name]
        return replace(inputs, **set_to), 0

    return ask


def setwise() -> Policy:
    """Return the controller around the usual point."""
    of = boiler.plant(boiler.steady(PRESSURE, POWER))
    controller = Controller(of)
    memory = controller.fresh()
    limits = {n: s.limits.operator for n, s in (*of.mvs.items(), *of.cvs.items())}

    def ask(state: boiler.State, at_s: float, inputs: boiler.Inputs) -> tuple[boiler.Inputs, int]:
        nonlocal memory
        plan, memory = controller.step(
            CycleInputs(
                cycle=int(at_s),
                at_s=at_s + 1000.0,
                u={"fuel": inputs.fuel, "air": inputs.air, "water": inputs.water},
                y={"pressure": state.pressure, "oxygen": state.oxygen, "level": boiler.level(state)},
                y_new=dict.fromkeys(of.cvs, True),
                d={"load": inputs.load},
                mv_status=dict.fromkeys(of.mvs, MvStatus.ON),
                cv_status=dict.fromkeys(of.cvs, CvStatus.ON),
                limits=limits,
                targets={"level": 0.0},
            ),
            memory,
        )
        return replace(inputs, **plan.moves), int(plan.status is not PlanStatus.OK)

    return ask


def draw(plain: Result, ours: Result) -> Figure:
    """Return the picture: what each policy made of the same loads."""
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    zones = list(boiler.plant(boiler.steady(PRESSURE, POWER)).cvs.values())
    titles = ("drum pressure [bar]", "oxygen [%]", "drum level [m]", "burner position", "power [MW]")
    for number, title in enumerate(titles):
        axes = framed(figure.add_subplot(2, 3, number + 1), title)
        at_min = np.arange(len(plain.trend)) / 60.0
        for run, colour in ((plain, PEER), (ours, OURS)):
            axes.plot(at_min, run.trend[:, number], color=colour, linewidth=1.2, label=run.name)
        if number < len(zones):
            for limit in zones[number].limits.operator:
                axes.axhline(limit, color=LIMIT, linewidth=0.9, linestyle="--")
        if title.startswith("power"):
            axes.plot(at_min, plain.trend[:, 5], color=INK, linewidth=0.9, linestyle=":", label="load")
            axes.legend(fontsize=7, frameon=False)
        axes.set_xlabel("minutes", fontsize=8)
    figure.suptitle("Drum boiler following its load: Setwise against plain PI loops (dashed: zones)", fontsize=9)
    return figure


def main() -> int:
    """Print everything; return 1 when a goal is not met."""
    print(f"drum boiler of 160 MW (Bell & Astrom 1987), load following for {HOURS:.0f} h; osqp {osqp.__version__}")
    runs = [simulated("plain PI", pi_loops(), 1.0), simulated("Setwise", setwise(), boiler.CYCLE_S)]
    print(f"  {'':<10}{'fuel':>9}{'EUR/h':>9}{'MW off':>8}" + "".join(f"{cv + ' out':>20}" for cv in runs[0].out))
    for run in runs:
        outs = "".join(f"{share:9.2f} % {far:8.3f}" for share, far in run.out.values())
        print(f"  {run.name:<10}{run.fuel:9.5f}{run.fuel * boiler.FUEL_EUR_H:9.0f}{run.missed:8.3f}{outs}")
    plain, ours = runs
    saved = 100.0 * (1.0 - ours.fuel / plain.fuel)
    goals = {
        f"fuel saved against PI: {saved:.2f} %": saved > 0.0,
        "every zone held, to its concern's tenth": all(
            far <= 0.1 * concern for (_, far), concern in zip(ours.out.values(), (1.0, 0.2, 0.02), strict=True)
        ),
        "power as near to the load as with PI, within 0.1 MW": ours.missed <= plain.missed + 0.1,
        f"every cycle planned ({ours.failed} not)": ours.failed == 0,
    }
    for name, met in goals.items():
        print(f"  {'met    ' if met else 'NOT met'}  {name}")
    kept(draw(plain, ours), "bench-boiler.png")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
