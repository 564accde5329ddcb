"""The Williams–Otto reactor under the controller, its plant file and its key ``adaptation``: cycle by cycle.

The plant moves (three reactions, integrated every 10 s), every measured fraction and flow carries noise of 0.5 % of its
signal, and ``Controller.step``, every 30 s, does the rest: it finds the rests of the plant, corrects the targets'
economics and moves the setpoints. The same with ``mode: off`` for comparison. ``benchmarks.williams_otto`` prints what
comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from constraints.economics import money_coefficients
from constraints.plant import Plant
from constraints.plantfile import load_text_with_functions
from controllers.controller import Controller
from controllers.types import Inputs, PlanStatus
from hil.plants import williams_otto as wo
from safety.signals import CvStatus, MvStatus

FILE = Path(__file__).with_name("williams_otto.yaml")
LIMITED = (
    ("operator: [3, 6]", "operator: [4, 7]"),
    ("X_A: {concern: 0.1}", "X_A: {limits: {operator: [null, 12]}, concern: 0.1}"),
    ("X_G: {concern: 0.1}", "X_G: {limits: {operator: [null, 8]}, concern: 0.1}"),
)
NOISE = 0.005
STEP_S = 10.0
CVS = ("P", "E", "X_A", "X_G")


@dataclass(frozen=True, slots=True)
class Live:
    """One run of the closed loop."""

    rests: int
    """How often the plant rested and was learnt from."""
    u: tuple[float, float]
    """Setpoints at the end."""
    profit: float
    """True, free of noise, at these setpoints [$/s]."""
    over: float
    """True, worst limit in the last quarter of the run, in noises of one sample; negative inside."""
    codes: tuple[str, ...]
    """Of every cycle that told more than the one before."""


def plant(changes: tuple[tuple[str, str], ...]) -> Plant:
    """Return the plant of the file with some of its text changed."""
    text = FILE.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    return load_text_with_functions(text, FILE.name).plant


def live(seed: int, start: tuple[float, float], changes: tuple[tuple[str, str], ...], cycles: int) -> Live:
    """Return what comes of ``cycles`` cycles. Raises RuntimeError for a cycle without a plan."""
    of = plant(changes)
    controller, random = Controller(of), np.random.default_rng(seed)
    memory, money = controller.fresh(), money_coefficients(of, {})
    feed = wo.Feed(*start)
    x = wo.steady(wo.plant_rates, feed)
    codes: list[str] = []
    over = []
    for cycle in range(cycles):
        seen = x * (1.0 + NOISE * random.standard_normal(6))
        flows = 1.0 + NOISE * random.standard_normal(2)
        shown = wo.Feed(feed.b_kg_s * float(flows[0]), feed.reactor_degc, feed.a_kg_s * float(flows[1]))
        y = dict(zip(CVS, wo.measured(seen, shown).tolist(), strict=True))
        inputs = Inputs(
            cycle=cycle,
            at_s=cycle * of.cycle_s,
            u={"F_B_sp": feed.b_kg_s, "T_sp": feed.reactor_degc},
            mv_status=dict.fromkeys(of.mvs, MvStatus.ON),
            y=y,
            y_new=dict.fromkeys(of.cvs, True),
            cv_status=dict.fromkeys(of.cvs, CvStatus.ON),
            d={"F_A": shown.a_kg_s},
            limits={name: spec.limits.operator for name, spec in (*of.mvs.items(), *of.cvs.items())},
            money=money,
        )
        plan, memory = controller.step(inputs, memory)
        if plan.status is not PlanStatus.OK:
            raise RuntimeError(f"cycle {cycle}: {plan.status.value}, {plan.why}")
        codes += [code for code in plan.adaptation if code.startswith(("observed", "frozen"))]
        feed = wo.Feed(plan.moves.get("F_B_sp", feed.b_kg_s), plan.moves.get("T_sp", feed.reactor_degc), feed.a_kg_s)
        for _ in range(round(of.cycle_s / STEP_S)):
            x = wo.advance(wo.plant_rates, x, feed, STEP_S)
        over.append(max((x[0] - wo.A_HI) / (NOISE * wo.A_HI), (x[4] - wo.G_HI) / (NOISE * wo.G_HI)))
    rests = sum(code.startswith("observed") for code in codes)
    return Live(
        rests=rests,
        u=(feed.b_kg_s, feed.reactor_degc),
        profit=-float(wo.plant_economics(feed)[0]),
        over=float(max(over[-(cycles // 4) :])),
        codes=tuple(codes),
    )
