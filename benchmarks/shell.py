"""The Shell heavy oil fractionator: five prototype test cases in closed loop, four of them with wrong gains.

    python -m benchmarks.shell [--minutes 900]

The controller knows the nominal gains only. At the start both disturbances step. What has to be reached: limits hold,
moves are no faster than allowed, and u3 settles at the least value that the true plant allows, which a linear programme
over the true gains gives. Source of plant, limits and cases: hil/plants/shell.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import INK, PALETTE, Goal, framed, judge, kept, made_with
from controllers.controller import Controller
from hil.plants import shell
from hil.plants.delayed import FloatArray
from hil.plants.loop import ClosedLoop

NEAR = 0.005
"""u3 has to settle this near to the least that can be reached."""
SETTLED_MIN = 60
"""The last so many minutes are the steady state."""
ROUNDING = 1e-6
SHOWN = ("y1", "y2", "y7")


@dataclass(frozen=True, slots=True)
class Run:
    """One case: minutes, the three CVs and the three MVs over them."""

    case: shell.Case
    at_min: FloatArray
    y: FloatArray
    u: FloatArray
    least_u3: float


def run(case: shell.Case, controller: Controller, minutes: int) -> Run:
    """Return ``case`` in closed loop for so many minutes."""
    loop = ClosedLoop(shell.plant(), controller, shell.fractionator(case))
    loop.run(minutes)
    return Run(
        case=case,
        at_min=np.array([seen.at_min for seen in loop.trend]),
        y=np.array([[seen.y[name] for name in SHOWN] for seen in loop.trend]),
        u=np.array([[seen.u[name] for name in shell.MVS] for seen in loop.trend]),
        least_u3=shell.least_u3(case),
    )


def goals(done: Run) -> list[Goal]:
    """Return what this case has to reach."""
    name, end = f"case {done.case.number}", done.y[-SETTLED_MIN:]
    moves = np.abs(np.diff(done.u, axis=0, prepend=np.zeros((1, 3))))
    wide, floor = np.abs(end[:, :2]).max(axis=0), -done.y[:, 2].min()
    return [
        Goal(f"{name}: |u3 - least| at the end", float(np.abs(done.u[-SETTLED_MIN:, 2] - done.least_u3).max()), NEAR),
        Goal(f"{name}: |y1| at steady state", float(wide[0]), shell.END_POINT_MAX + ROUNDING),
        Goal(f"{name}: |y2| at steady state", float(wide[1]), shell.END_POINT_MAX + ROUNDING),
        Goal(f"{name}: -y7, at any time", float(floor), -shell.Y7_MIN + ROUNDING),
        Goal(f"{name}: |u|, at any time", float(np.abs(done.u).max()), shell.U_MAX + ROUNDING),
        Goal(f"{name}: |change of u| in a minute", float(moves.max()), shell.MOVE_PER_MIN + ROUNDING),
    ]


def table(runs: Sequence[Run]) -> None:
    """Print where each case ended."""
    print(f"\n{'case':6s}{'epsilon':>26s}{'l':>14s}{'least u3':>10s}{'u3':>9s}{'u1':>9s}{'u2':>9s}", end="")
    print(f"{'y1':>9s}{'y2':>9s}{'y7':>9s}{'min y7':>9s}{'travel':>9s}")
    for done in runs:
        u, y = done.u[-1], done.y[-1]
        signs = " ".join(f"{value:+.0f}" for value in done.case.epsilon)
        steps = " ".join(f"{value:+.1f}" for value in done.case.l)
        travel = float(np.abs(np.diff(done.u, axis=0, prepend=np.zeros((1, 3)))).sum())
        print(f"{done.case.number:<6d}{signs:>26s}{steps:>14s}{done.least_u3:10.4f}{u[2]:9.4f}", end="")
        print(f"{u[0]:9.4f}{u[1]:9.4f}", end="")
        print(f"{y[0]:9.4f}{y[1]:9.4f}{y[2]:9.4f}{done.y[:, 2].min():9.4f}{travel:9.2f}")


def draw(runs: Sequence[Run]) -> Figure:
    """Return the picture: end points, y7 and the MVs of all cases."""
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    panels = [
        ("y1, top end point [-]", lambda r: r.y[:, 0], (-shell.END_POINT_MAX, shell.END_POINT_MAX)),
        ("y2, side end point [-]", lambda r: r.y[:, 1], (-shell.END_POINT_MAX, shell.END_POINT_MAX)),
        ("y7, bottoms reflux temperature [-]", lambda r: r.y[:, 2], (shell.Y7_MIN,)),
        ("u1, top draw [-]", lambda r: r.u[:, 0], (-shell.U_MAX, shell.U_MAX)),
        ("u2, side draw [-]", lambda r: r.u[:, 1], (-shell.U_MAX, shell.U_MAX)),
        ("u3, bottoms reflux duty [-]; dotted: least reachable", lambda r: r.u[:, 2], (-shell.U_MAX, shell.U_MAX)),
    ]
    for place, (title, of, limits) in enumerate(panels, start=1):
        axes = framed(figure.add_subplot(2, 3, place), title)
        for done, colour in zip(runs, PALETTE, strict=True):
            label = f"case {done.case.number}"
            axes.step(done.at_min, of(done), where="post", color=colour, linewidth=1.2, label=label)
            if place == len(panels):
                axes.axhline(done.least_u3, color=colour, linewidth=0.9, linestyle=":")
        for limit in limits:
            axes.axhline(limit, color=INK, linewidth=0.9, linestyle="--")
        axes.set_xlim(0, min(400, runs[0].at_min[-1]))
        axes.set_xlabel("minutes", fontsize=8)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(runs), fontsize=9, frameon=False)
    figure.suptitle(
        "Shell heavy oil fractionator: both disturbances step at 0, the controller knows the nominal gains only "
        "(dashed: limits)",
        fontsize=10,
    )
    return figure


def main() -> int:
    """Run the five cases and print them; 0 when every goal was met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=900, help="length of each case")
    minutes = parser.parse_args().minutes
    print(made_with())
    controller = Controller(shell.plant())
    runs = [run(case, controller, minutes) for case in shell.CASES]
    table(runs)
    met = judge([goal for done in runs for goal in goals(done)])
    kept(draw(runs), "bench-shell.png")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
