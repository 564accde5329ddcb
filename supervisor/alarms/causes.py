"""What a cycle knows of the causes of alarms beside that they stand: latches, values and limits. Pure."""

from __future__ import annotations

from constraints.plant import Plant
from controllers.types import Plan
from safety.grammar import COMPARISONS, Expression
from safety.interlocks import InterlockOutcome
from safety.signals import Snapshot
from supervisor.alarms.entries import Key
from supervisor.alarms.following import Causes
from supervisor.alarms.standing import Standing


def causes_of(plant: Plant, standing: Standing, plan: Plan, outcome: InterlockOutcome, snapshot: Snapshot) -> Causes:
    """Return the causes of this cycle."""
    latched = [
        ("interlock", name) for name, state in outcome.states.items() if state.latched and state.condition is False
    ]
    measured: dict[Key, tuple[float, float]] = {
        ("watched", name): (beyond, 0.0) for name, beyond in plan.watched.items()
    }
    for each in plant.interlocks:
        pair = _compared(each.when, snapshot)
        if pair is not None:
            measured["interlock", each.name] = pair
    return Causes(standing=standing, latched=latched, measured=measured)


def _compared(when: Expression, snapshot: Snapshot) -> tuple[float, float] | None:
    """Return value and limit of a condition that compares one tag with one number; None for any other."""
    node = when.root
    if node.op not in COMPARISONS or node.args[0].op != "tag" or node.args[1].op != "number":
        return None
    value = snapshot.good(node.args[0].tag)
    return None if value is None else (value, node.args[1].number)
