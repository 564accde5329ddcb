"""The corrected economics put into the targets layer's steady state, and into the plan that tells of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from constraints.plant import Plant
from controllers.adapt.economics import Economics
from controllers.adapt.live import Adaptation, Outcome
from controllers.estimate import Estimate
from controllers.memory import Memory
from controllers.model import Model
from controllers.rows import Bowl, Layout, SteadyState
from controllers.types import Inputs, Plan


def adaptation_of(plant: Plant, model: Model) -> Adaptation | None:
    """Return the plant's adaptation; None where its file has none. Raises FunctionError."""
    return None if plant.adaptation is None else Adaptation(plant, model, plant.adaptation)


def corrected(
    adaptation: Adaptation | None,
    inputs: Inputs,
    estimate: Estimate,
    state: SteadyState,
    layout: Layout,
    memory: Memory,
) -> tuple[SteadyState, Outcome, Memory]:
    """Return the steady state with this cycle's corrected economics, what there is to tell, and the memory after it."""
    if adaptation is None:
        return state, Outcome(), memory
    outcome, kept = adaptation.cycle(inputs, estimate.inputs(), estimate.factor, memory.adaptation)
    return _with(state, outcome, adaptation.economics, layout), outcome, replace(memory, adaptation=kept)


def told(plan: Plan, outcome: Outcome, adaptation: Adaptation | None) -> Plan:
    """Return ``plan`` with what the adaptation did."""
    if adaptation is None:
        return plan
    course = outcome.course
    by = {} if course is None else dict(zip(adaptation.economics.mvs, course.correction.tolist(), strict=True))
    return replace(plan, adaptation=outcome.codes, corrected=by)


def _with(state: SteadyState, outcome: Outcome, economics: Economics, layout: Layout) -> SteadyState:
    course = outcome.course
    if course is None:
        return state
    mvs = economics.columns  # the MVs come first among the inputs
    level = state.gains(layout)[0].copy()
    place = np.ix_(economics.rows, mvs)
    level[place] = np.where(np.isnan(course.gain), level[place], course.gain)
    money = state.money.copy()
    money[mvs] = -(course.slope + course.bent @ (state.u[mvs] - course.u))
    return replace(state, level_gain=level, money=money, bowl=Bowl(mvs, course.bent))
