"""What a new plant file would have made of stored cycles, and what it would do first. Thinks, never writes. Pure.

Each stored cycle's inputs are given to the new file's controller, one after the other, with its own memory. What the
file itself sets (limits, targets, prices) is the new file's; what was measured is as it was. The plant did not follow
the new plans, so the figures say which way it would have gone and by how much, not where it would stand now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from constraints.economics import money_coefficients
from constraints.limits import wanted_limits
from constraints.plant import Plant
from constraints.tariffs import tariff_prices
from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import Inputs, Plan, PlanStatus
from safety.signals import CvStatus, MvStatus
from supervisor.history.pack import StoredCycle
from supervisor.plans import StoredInputs, inputs_of


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    cycles: int = 0
    unplanned: int = 0
    """Cycles in which the new file's controller had no plan, and the old one had."""
    given_up: tuple[int, int] = (0, 0)
    """Cycles in which a limit had to be given up: with the old file, with the new one."""
    money: tuple[float, float] = (0.0, 0.0)
    """Currency per hour at the targets, mean over the cycles planned by both: old, new."""
    first: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By MV: where it stands in the last cycle, and where the new controller would set it first."""
    why: str = ""
    """Why nothing could be tried; empty where something was."""


def tried(old: Plant, new: Plant, stored: Iterable[StoredCycle]) -> Trial:
    """Return what ``new`` makes of the stored cycles, oldest first."""
    controllers = {"old": Controller(old), "new": Controller(new)}
    memories: dict[str, Memory] = {name: each.fresh() for name, each in controllers.items()}
    result = Trial(why="no cycle on record was stored with what its controller was given")
    sums, both, given_up = [0.0, 0.0], 0, [0, 0]
    for cycle in stored:
        inputs = _inputs(cycle)
        if inputs is None:
            continue
        adapted = _adapted(inputs, new, cycle)
        if isinstance(adapted, str):
            return replace(result, why=adapted)
        plans: list[Plan] = []
        for name, given in (("old", _adapted(inputs, old, cycle)), ("new", adapted)):
            if isinstance(given, str):  # the file that runs fits its own record
                return replace(result, why=given)
            plan, memories[name] = controllers[name].step(replace(given, optimise=True), memories[name])
            plans.append(plan)
        planned = [plan.status is PlanStatus.OK for plan in plans]
        for which, plan in enumerate(plans):
            given_up[which] += bool(plan.give_ups)
        if all(planned):
            both += 1
            for which, plan in enumerate(plans):
                sums[which] += plan.objective.get("money", 0.0)
        result = Trial(
            cycles=result.cycles + 1,
            unplanned=result.unplanned + (planned[0] and not planned[1]),
            given_up=(given_up[0], given_up[1]),
            money=(sums[0] / max(both, 1), sums[1] / max(both, 1)),
            first={mv: (adapted.u[mv], plans[1].moves.get(mv, adapted.u[mv])) for mv in new.mvs},
        )
    return result


def _inputs(cycle: StoredCycle) -> Inputs | None:
    if not cycle.replay.inputs:
        return None
    try:
        return inputs_of(cast("StoredInputs", cycle.replay.inputs))
    except (KeyError, TypeError, ValueError):
        return None  # of another version of Setwise


def _adapted(inputs: Inputs, plant: Plant, cycle: StoredCycle) -> Inputs | str:
    """Return the inputs as ``plant`` would have had them; in words what is missing where that cannot be said."""
    values = {tag: value for tag, (value, _, _) in cycle.record.readings.items()}
    u = {}
    for name, mv in plant.mvs.items():
        found = inputs.u.get(name, values.get(mv.readback))
        if found is None:
            return f"where {name} stood is not on record: it can only be tried once it was read"
        u[name] = found
    prices = tariff_prices(plant, cycle.record.utc_s)
    return replace(
        inputs,
        u=u,
        mv_status={name: inputs.mv_status.get(name, MvStatus.ON) for name in plant.mvs},
        y={name: inputs.y.get(name, values.get(name)) for name in plant.cvs},
        y_new={name: inputs.y_new.get(name, True) for name in plant.cvs},
        cv_status={name: inputs.cv_status.get(name, CvStatus.ON) for name in plant.cvs},
        d={name: inputs.d.get(name, values.get(name)) for name in plant.dvs},
        limits=wanted_limits(plant, {}, {}),
        targets={name: cv.target for name, cv in plant.cvs.items() if cv.target is not None},
        money=money_coefficients(plant, prices),
        blocked_up=inputs.blocked_up & plant.mvs.keys(),
        blocked_down=inputs.blocked_down & plant.mvs.keys(),
        scheduling={each.by: values.get(each.by) for each in plant.multipliers.values()},
        external={name: each for name, each in inputs.external.items() if name in plant.mvs or name in plant.cvs},
        lab={name: each for name, each in inputs.lab.items() if name in plant.cvs},
        forecast={name: each for name, each in inputs.forecast.items() if name in plant.dvs},
    )
