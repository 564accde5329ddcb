"""The Wood-Berry column: our controller beside a plain DMC and BLT-tuned PI loops, and the trade-off with MV travel.

    python -m benchmarks.wood_berry [--minutes 150]

Three tests from rest: setpoint of x_D up by 1 %, of x_B up by 1 %, feed up by 0.34 lb/min (measured by nobody). IAE is
the sum of both compositions' absolute errors at every minute, travel the sum of all changes of R and S, the first one
included. Then the speed is varied, by move weight and by ``suppression``: at DMC's travel our IAE has to be lower, and
at its IAE our travel; read off our curve, straight between its points in logarithms. That is a goal for move weights
from 3 to 30; for slower and faster ones it is printed. DMC: 60 samples ahead, 10 moves (benchmarks/dmc.py); PI:
benchmarks/blt.py; plant: hil/plants/wood_berry.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullFormatter

from benchmarks.blt import SCAN_MIN, Blt
from benchmarks.dmc import Dmc
from benchmarks.figures import INK, LIMIT, OURS, PEER, Goal, framed, judge, kept, made_with
from controllers.controller import Controller
from hil.plants import wood_berry as wb
from hil.plants.delayed import DelayedPlant, FloatArray
from hil.plants.loop import ClosedLoop

IAE_MAX = (5.0, 7.0, 15.0)
SUPPRESSIONS = (100.0, 30.0, 10.0, 3.0, 1.0, 0.25, 0.09, 0.03, 0.01, 0.003)
WEIGHTS = (1.0, 3.0, 10.0, 30.0, 100.0)
GOALS = (3.0, 10.0, 30.0)
"""Weights at which being better is a goal; outside it is only printed."""
TRAVEL_TICKS = (0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5)
IAE_TICKS = (3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0)
DMC_MODEL = 150
DMC_AHEAD = 60
DMC_MOVES = 10


@dataclass(frozen=True, slots=True)
class Test:
    """One test from rest."""

    name: str
    target: Mapping[str, float]
    feed: float


TESTS = (
    Test("setpoint x_D +1 %", {"x_D": 1.0, "x_B": 0.0}, 0.0),
    Test("setpoint x_B +1 %", {"x_D": 0.0, "x_B": 1.0}, 0.0),
    Test("feed +0.34 lb/min", {"x_D": 0.0, "x_B": 0.0}, wb.FEED_STEP),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one controller made of one test."""

    iae: float
    travel: float
    offset: float
    """Largest error at the end, %."""
    at_min: FloatArray
    y: Mapping[str, FloatArray]


class Peer(Protocol):
    """A controller of two outputs with two inputs."""

    def step(self, y: Sequence[float], target: Sequence[float]) -> FloatArray:
        """Return the inputs from now on."""


def outcome(plant: DelayedPlant, test: Test) -> Outcome:
    """Return the figures of a plant that was run through ``test``."""
    minutes = np.arange(round(plant.at_min) + 1.0)
    y = plant.trace(minutes)
    errors = np.array([y[name] - test.target[name] for name in wb.OUTPUTS])
    travel = sum(plant.travel(name) for name in wb.MVS)
    return Outcome(float(np.abs(errors).sum()), travel, float(np.abs(errors[:, -1]).max()), minutes, y)


def peer(made: Callable[[], Peer], scan_min: float, test: Test, minutes: int) -> Outcome:
    """Return a peer's outcome."""
    plant, controller = wb.column(), made()
    plant.put("F", test.feed)
    target = [test.target[name] for name in wb.OUTPUTS]
    for _ in range(round(minutes / scan_min)):
        y = plant.read()
        for name, value in zip(wb.MVS, controller.step([y[n] for n in wb.OUTPUTS], target), strict=True):
            plant.put(name, float(value))
        plant.run(scan_min)
    return outcome(plant, test)


def ours(suppression: float, minutes: int) -> list[Outcome]:
    """Return our outcome of each test."""
    of = wb.plant(suppression)
    controller, done = Controller(of), []
    for test in TESTS:
        plant = wb.column()
        plant.put("F", test.feed)
        ClosedLoop(of, controller, plant, targets=dict(test.target)).run(minutes)
        done.append(outcome(plant, test))
    return done


def dmc(weight: float) -> Dmc:
    """Return the textbook's controller for the column, one sample a minute."""
    ahead = np.arange(1.0, DMC_MODEL + 1.0)
    steps = np.array([[wb.MATRIX[output][name].step(ahead) for name in wb.MVS] for output in wb.OUTPUTS])
    return Dmc(steps.transpose(2, 0, 1), DMC_AHEAD, DMC_MOVES, weight)


def between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the curve's value at ``x``, straight in logarithms; infinite where the curve does not reach."""
    order = np.argsort(xs)
    inside = min(xs) <= x <= max(xs)
    return float(np.exp(np.interp(np.log(x), np.log(xs)[order], np.log(ys)[order]))) if inside else float("inf")


def traded(
    curve: Sequence[Sequence[Outcome]], peers: Mapping[float, Sequence[Outcome]], weights: Sequence[float]
) -> list[Goal]:
    """Return for each test and move weight what remains of DMC's IAE at its travel, and of its travel at its IAE."""
    goals = []
    for number, test in enumerate(TESTS):
        travel, iae = [each[number].travel for each in curve], [each[number].iae for each in curve]
        for weight in weights:
            them = peers[weight][number]
            name = f"{test.name}, DMC {weight:g}:"
            goals.append(Goal(f"{name} IAE at its travel", between(them.travel, travel, iae) / them.iae, 1.0))
            goals.append(Goal(f"{name} travel at its IAE", between(them.iae, iae, travel) / them.travel, 1.0))
    return goals


def table(rows: Mapping[str, Sequence[Outcome]]) -> None:
    """Print IAE and travel of everybody."""
    print(f"\n{'':24s}" + "".join(f"{test.name:>28s}" for test in TESTS))
    print(f"{'':24s}" + "".join(f"{'IAE':>10s}{'travel':>9s}{'offset':>9s}" for _ in TESTS))
    for name, done in rows.items():
        print(f"{name:24s}" + "".join(f"{each.iae:10.2f}{each.travel:9.3f}{each.offset:9.4f}" for each in done))


def draw(curve: Sequence[Sequence[Outcome]], peers: Mapping[float, Sequence[Outcome]], pi: Sequence[Outcome]) -> Figure:
    """Return the picture: responses above, trade-off below."""
    figure = Figure(figsize=(11, 6.6), layout="constrained")
    mine = curve[SUPPRESSIONS.index(0.09)]
    shown = (
        (mine, OURS, "Setwise, suppression 0.09"),
        (peers[30.0], PEER, "DMC, move weight 30"),
        (pi, LIMIT, "BLT-tuned PI"),
    )
    for number, test in enumerate(TESTS):
        axes = framed(figure.add_subplot(2, 3, number + 1), test.name)
        for done, colour, label in shown:
            for output, style in zip(wb.OUTPUTS, ("-", "--"), strict=True):
                y, line = done[number].y[output], f"{label}: {output}"
                axes.plot(done[number].at_min, y, style, color=colour, linewidth=1.2, label=line)
        for level in sorted(set(test.target.values())):
            axes.axhline(level, color=INK, linewidth=0.8, linestyle=":")
        axes.set_xlim(0, 60)
        axes.set_xlabel("minutes", fontsize=8)
        axes.set_ylabel("composition, deviation [%]", fontsize=8)
        handles = axes.get_legend_handles_labels()
        axes = framed(figure.add_subplot(2, 3, number + 4), "")
        goal = IAE_MAX[number]
        axes.axhline(goal, color=INK, linewidth=0.8, linestyle=":", label="goal")
        for points, colour, marker, label in (
            (curve, OURS, "o", "Setwise over suppression"),
            (list(peers.values()), PEER, "s", "DMC over move weight"),
            ([pi], LIMIT, "^", "BLT-tuned PI"),
        ):
            xs, ys = [p[number].travel for p in points], [p[number].iae for p in points]
            axes.loglog(xs, ys, color=colour, marker=marker, markersize=4, linewidth=1.2, label=label)
        axes.set_xlabel("MV travel [lb/min]", fontsize=8)
        axes.set_ylabel("IAE [% min]", fontsize=8)
        for axis, ticks in ((axes.xaxis, TRAVEL_TICKS), (axes.yaxis, IAE_TICKS)):
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_major_formatter(FormatStrFormatter("%g"))
            axis.set_minor_formatter(NullFormatter())
        if number == 0:
            axes.legend(fontsize=7, frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.88))
    figure.legend(*handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    title = "Wood-Berry column: responses, and absolute error against MV travel (lower left is better)"
    figure.suptitle(title, fontsize=10)
    return figure


def main() -> int:
    """Run everything and print it; 0 when every goal was met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=150, help="length of each test")
    minutes = parser.parse_args().minutes
    print(made_with())
    curve = [ours(suppression, minutes) for suppression in SUPPRESSIONS]
    peers = {weight: [peer(partial(dmc, weight), wb.CYCLE_MIN, test, minutes) for test in TESTS] for weight in WEIGHTS}
    pi = [peer(Blt, SCAN_MIN, test, 2 * minutes) for test in TESTS]
    rows = {"BLT-tuned PI": pi, **{f"DMC, move weight {weight:g}": done for weight, done in peers.items()}}
    table({**rows, **{f"suppression {s:g}": done for s, done in zip(SUPPRESSIONS, curve, strict=True)}})
    mine = curve[SUPPRESSIONS.index(0.09)]
    sums = zip(TESTS, mine, IAE_MAX, strict=True)
    goals = [Goal(f"{test.name}: IAE, suppression 0.09", done.iae, limit) for test, done, limit in sums]
    for goal in traded(curve, peers, [weight for weight in WEIGHTS if weight not in GOALS]):
        verdict = ("better" if goal.met else "WORSE") if np.isfinite(goal.found) else "outside our curve"
        print(f"{goal.what}: {goal.found:.2f} of DMC's, {verdict} (no goal)")
    met = judge([*goals, *traded(curve, peers, GOALS)])
    kept(draw(curve, peers, pi), "bench-wood-berry.png")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
