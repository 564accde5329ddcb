"""A stored cycle thought again: the same controller, the same inputs, the same memory, so the same plan bit for bit.

Pure. What differs then is the program or the plant file, and that is what an investigation wants to know (I-43).
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from constraints.plant import Plant
from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import Plan, PlanStatus
from supervisor.history.pack import StoredCycle
from supervisor.plans import StoredInputs, StoredPlan, inputs_of, plan_of


class ReplayError(Exception):
    """The stored cycle does not hold what it takes; the message says what is missing."""


def replayed(plant: Plant, stored: StoredCycle, controller: Controller | None = None) -> Plan:
    """Return the plan of ``stored`` thought again. Raises ReplayError, and MemoryFormatError for a strange memory.

    ``controller``: one of this very plant, where many cycles are replayed; compiling takes a second.
    """
    if not stored.replay.inputs:
        raise ReplayError(f"cycle {stored.record.cycle} was stored without its inputs")
    try:
        inputs = inputs_of(cast("StoredInputs", stored.replay.inputs))
    except (KeyError, TypeError, ValueError) as error:
        raise ReplayError(f"cycle {stored.record.cycle}: its inputs are not of this version ({error})") from error
    controller = controller or Controller(plant)
    memory = Memory.from_bytes(stored.replay.memory) if stored.replay.memory else controller.fresh()
    plan, _ = controller.step(inputs, memory)
    return plan


def explored(plant: Plant, stored: StoredCycle) -> Plan:
    """Return the plan of ``stored`` thought again with the question what other limits would lead to.

    Raises as ``replayed``.
    """
    replay = replace(stored.replay, inputs={**stored.replay.inputs, "what_if": True} if stored.replay.inputs else {})
    return replayed(plant, replace(stored, replay=replay))


def recorded(stored: StoredCycle) -> Plan:
    """Return the plan as it was recorded. Raises ReplayError."""
    try:
        return plan_of(cast("StoredPlan", stored.record.plan), stored.record.cycle)
    except (KeyError, TypeError, ValueError) as error:
        raise ReplayError(f"cycle {stored.record.cycle}: its plan is not of this version ({error})") from error


def same(stored: StoredCycle, again: Plan) -> bool:
    """Whether ``again`` is what was recorded. A thought that was late cannot be compared: the record has no plan."""
    was = recorded(stored)
    return was.status is PlanStatus.LATE or was == again
