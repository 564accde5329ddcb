"""The quadruple tank in both phases: a setpoint step, then a leak nobody measures, on the nonlinear tanks.

    python -m benchmarks.quadruple_tank [--minutes 25]

The controller has the linear model of the published operating point. The setpoint of y1 steps up by 0.5 V (1 cm), and
half way 1 cm3/s begins to leak out of tank 1. What has to be reached: stable in both phases, no offset at the end of
either half, and the pumps end where the true tanks hold the setpoints. Plant and sources: hil/plants/quadruple_tank.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import INK, LIMIT, OURS, Goal, framed, judge, kept, made_with
from controllers.controller import Controller
from hil.plants import quadruple_tank as qt
from hil.plants.delayed import FloatArray
from hil.plants.loop import ClosedLoop

STEP_V = 0.5
LEAK_CM3_S = 1.0
BEFORE_CYCLES = 12
OFFSET_MAX = 0.002
"""V, of a step of 0.5 V."""
PUMPS_MAX = 0.01
"""V."""
BACK_MIN = 1.0
"""The last so many minutes of each half are looked at."""


@dataclass(frozen=True, slots=True)
class Run:
    """One phase: minutes, levels [V], voltages, and the setpoints."""

    phase: qt.Phase
    at_min: FloatArray
    y: FloatArray
    u: FloatArray
    target: FloatArray
    leaks_from: int
    """Cycle."""


def run(phase: qt.Phase, minutes: float) -> Run:
    """Return one phase in closed loop, each half lasting ``minutes``."""
    of = qt.plant(phase)
    plant = qt.QuadrupleTank(phase)
    loop = ClosedLoop(of, Controller(of), plant, targets=plant.read())
    half = round(minutes * 60.0 / of.cycle_s)
    loop.run(BEFORE_CYCLES)
    loop.targets["y1"] += STEP_V
    loop.run(half)
    plant.leak = LEAK_CM3_S
    loop.run(half)
    y = np.array([[seen.y[name] for name in qt.OUTPUTS] for seen in loop.trend])
    u = np.array([[seen.u[name] for name in qt.MVS] for seen in loop.trend])
    target = np.tile([loop.targets[name] for name in qt.OUTPUTS], (len(y), 1))
    target[:BEFORE_CYCLES, 0] -= STEP_V
    at_min = np.array([seen.at_min for seen in loop.trend])
    return Run(phase, at_min, y, u, target, BEFORE_CYCLES + half)


def goals(done: Run) -> list[Goal]:
    """Return what this phase has to reach."""
    last = round(BACK_MIN * 60.0 / qt.CYCLE_S)
    error = np.abs(done.y - done.target).max(axis=1)
    held = qt.voltages(done.target[0] + np.array([STEP_V, 0.0]), done.phase)
    step, leak = done.leaks_from - last, len(error) - last
    away, name = np.abs(done.u[done.leaks_from - 1] - held).max(), done.phase.name
    return [
        Goal(f"{name}: offset after the setpoint step, V", float(error[step : step + last].max()), OFFSET_MAX),
        Goal(f"{name}: offset with the leak, V", float(error[leak:].max()), OFFSET_MAX),
        Goal(f"{name}: pumps away from where they have to end, V", float(away), PUMPS_MAX),
    ]


def table(runs: Sequence[Run]) -> None:
    """Print errors, travel and ends."""
    print(f"\n{'':4s}{'IAE y1':>9s}{'IAE y2':>9s}{'V min':>8s}{'y2 off by':>11s}{'travel, V':>11s}   v at the end")
    for done in runs:
        error = np.abs(done.y - done.target)
        minutes = qt.CYCLE_S / 60.0
        for name, part in (("step", slice(0, done.leaks_from)), ("leak", slice(done.leaks_from, None))):
            iae, off = error[part].sum(axis=0) * minutes, error[part][:, 1].max()
            travel, end = np.abs(np.diff(done.u[part], axis=0)).sum(), done.u[part][-1]
            row = f"{done.phase.name:4s}{iae[0]:9.3f}{iae[1]:9.3f}{name:>8s}{off:11.3f}{travel:11.2f}"
            print(f"{row}   {end[0]:.3f} {end[1]:.3f}")


def draw(runs: Sequence[Run]) -> Figure:
    """Return the picture: levels above, voltages below, one column for each phase."""
    figure = Figure(figsize=(10, 5.6), layout="constrained")
    for column, done in enumerate(runs, start=1):
        kind = "minimum phase" if sum(done.phase.valve) > 1.0 else "answers the wrong way at first"
        levels = framed(figure.add_subplot(2, 2, column), f"{done.phase.name}: {kind}")
        pumps = framed(figure.add_subplot(2, 2, column + 2), "")
        for number, (output, mv) in enumerate(zip(qt.OUTPUTS, qt.MVS, strict=True)):
            colour = (OURS, LIMIT)[number]
            tank, pump = f"{output}, level of tank {number + 1}", f"{mv}, pump {number + 1}"
            levels.plot(done.at_min, done.y[:, number], color=colour, linewidth=1.3, label=tank)
            levels.step(done.at_min, done.target[:, number], where="post", color=colour, linewidth=0.9, linestyle=":")
            pumps.step(done.at_min, done.u[:, number], where="post", color=colour, linewidth=1.3, label=pump)
        for limit in qt.V_RANGE:
            pumps.axhline(limit, color=INK, linewidth=0.9, linestyle="--")
        for axes, unit in ((levels, "measured level [V]"), (pumps, "pump [V]")):
            axes.axvline(done.at_min[done.leaks_from], color=INK, linewidth=0.8, linestyle="-.")
            axes.set_ylabel(unit, fontsize=8)
        levels.legend(fontsize=7, frameon=False, loc="upper right")
        pumps.legend(fontsize=7, frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.2))
        levels.set_ylim(5.9, 7.3)
        pumps.set_xlabel("minutes", fontsize=8)
    figure.suptitle(
        "Quadruple tank: setpoint of y1 +0.5 V at 1 min, then a leak of 1 cm3/s from tank 1 "
        "(dotted: setpoints, dashed: limits, dash-dotted: leak begins)",
        fontsize=9,
    )
    return figure


def main() -> int:
    """Run both phases and print them; 0 when every goal was met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=25.0, help="length of each half")
    minutes = parser.parse_args().minutes
    print(made_with())
    runs = [run(phase, minutes) for phase in (qt.MINIMUM, qt.NONMINIMUM)]
    table(runs)
    met = judge([goal for done in runs for goal in goals(done)])
    kept(draw(runs), "bench-quadruple-tank.png")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
