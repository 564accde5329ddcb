"""The van de Vusse reactor across its gain reversal: a model re-linearised each cycle, started on the wrong side.

``python -m benchmarks.van_de_vusse``. The product c_B is held at setpoints below its maximum from flows on the far
side of it (where more flow makes less product), across it, and with a changed feed concentration. Beside it runs the
same controller with the gains of the main operating point, which have the wrong sign over there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import INK, OURS, PEER, framed, kept
from constraints.plant import Plant
from controllers.controller import Controller
from controllers.types import Inputs as CycleInputs
from controllers.types import PlanStatus
from hil.plants import van_de_vusse as vdv
from hil.plants.delayed import FloatArray
from safety.signals import CvStatus, MvStatus

HOURS = 1.5
OFFSET_MAX = 0.001
"""[mol/l]: a tenth of the CV's concern."""


@dataclass(frozen=True, slots=True)
class Case:
    """Where the reactor starts and what is asked of it."""

    name: str
    flow: float
    setpoint: float
    degc: float
    feed_a: float = vdv.FEED_A
    """From a third of the run on."""


CASES = (
    Case("near side, up", 8.0, 1.07, 114.0),
    Case("far side, up: more flow makes less", 28.0, 1.05, 113.5),
    Case("far side, down", 18.0, 1.00, 113.5),
    Case("from the maximum, down", 14.74, 1.05, 114.0),
    Case("poorer feed meanwhile", 12.0, 1.02, 113.5, 4.9),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One case: hours, c_B [mol/l], flow [1/h], and the cycles without a plan."""

    case: Case
    at_h: FloatArray
    product: FloatArray
    flow: FloatArray
    failed: int

    @property
    def _end(self) -> FloatArray:
        return self.product[-len(self.product) // 10 :]

    @property
    def offset(self) -> float:
        """The farthest from the setpoint over the last tenth [mol/l]."""
        return float(np.abs(self._end - self.case.setpoint).max())

    @property
    def swing(self) -> float:
        """From the least to the most over the last tenth [mol/l]."""
        return float(np.ptp(self._end))


def run(of: Plant, case: Case) -> Run:
    """Return one case in closed loop."""
    controller = Controller(of)
    memory = controller.fresh()
    inputs = vdv.Inputs(case.flow, vdv.MAIN_HEAT)
    x = vdv.steady(inputs)
    cycles = int(HOURS * 3600.0 / vdv.CYCLE_S)
    limits = {n: s.limits.operator for n, s in (*of.mvs.items(), *of.cvs.items())}
    product, flow, failed = [float(x[1])], [inputs.flow], 0
    for cycle in range(cycles):
        if cycle == cycles // 3:
            inputs = replace(inputs, feed_a=case.feed_a)
        plan, memory = controller.step(
            CycleInputs(
                cycle=cycle,
                at_s=1000.0 + cycle * vdv.CYCLE_S,
                u={"flow": inputs.flow, "heat": inputs.heat},
                y={"c_B": float(x[1]), "T": float(x[2])},
                y_new=dict.fromkeys(of.cvs, True),
                d={"feed_a": inputs.feed_a},
                mv_status={"flow": MvStatus.ON, "heat": MvStatus.OPR},
                cv_status=dict.fromkeys(of.cvs, CvStatus.ON),
                limits=limits,
                targets={"c_B": case.setpoint},
            ),
            memory,
        )
        failed += plan.status is not PlanStatus.OK
        inputs = replace(inputs, **plan.moves)
        x = vdv.advance(x, inputs, vdv.CYCLE_S)
        product.append(float(x[1]))
        flow.append(inputs.flow)
    at_h = np.arange(cycles + 1) * vdv.CYCLE_S / 3600.0
    return Run(case, at_h, np.array(product), np.array(flow), failed)


def draw(good: Sequence[Run], wrong: Sequence[Run]) -> Figure:
    """Return the picture: a column for each case, product above, flow below."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    for column, (ours, main) in enumerate(zip(good, wrong, strict=True), start=1):
        product = framed(figure.add_subplot(2, len(CASES), column), ours.case.name.split(":")[0])
        flow = framed(figure.add_subplot(2, len(CASES), column + len(CASES)), "")
        product.axhline(ours.case.setpoint, color=INK, linewidth=0.9, linestyle=":")
        for found, colour, label in ((main, PEER, "gains of the main point"), (ours, OURS, "re-linearised")):
            product.plot(found.at_h, found.product, color=colour, linewidth=1.3)
            flow.step(found.at_h, found.flow, where="post", color=colour, linewidth=1.3, label=label)
        flow.set_xlabel("hours", fontsize=8)
        if column == 1:
            product.set_ylabel("c_B [mol/l]", fontsize=8)
            flow.set_ylabel("flow [1/h]", fontsize=8)
            flow.legend(fontsize=7, frameon=False)
    figure.suptitle("van de Vusse reactor across its gain reversal (dotted: setpoint of c_B)", fontsize=9)
    return figure


def main() -> int:
    """Print everything; return 1 when a goal is not met."""
    print(f"van de Vusse reactor, {HOURS} h a case; osqp {version('osqp')}, daqp {version('daqp')}")
    print(f"  {'':<38}{'offset of c_B':>16}{'swing':>10}{'flow':>8}{'failed':>8}")
    plants = {"re-linearised": vdv.plant_of_function(), "gains of the main point": vdv.plant()}
    runs = {name: [run(of, case) for case in CASES] for name, of in plants.items()}
    for name, found in runs.items():
        print(f"  {name}")
        for each in found:
            print(f"    {each.case.name:<36}{each.offset:16.5f}{each.swing:10.5f}{each.flow[-1]:8.2f}{each.failed:8d}")
    met = all(each.offset <= OFFSET_MAX and each.failed == 0 for each in runs["re-linearised"])
    print(f"  {'met    ' if met else 'NOT met'}  no offset above {OFFSET_MAX} mol/l, from either side, re-linearised")
    kept(draw(*runs.values()), "bench-van-de-vusse.png")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
