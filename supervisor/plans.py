"""A controller's inputs and plan as JSON-ready data for the record; inputs also back again, for replay."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from controllers.types import Binding, ExternalTarget, GiveUp, Inputs, Plan, PlanStatus, Relief, Solve
from safety.signals import CvStatus, MvStatus
from supervisor.record import JsonValue


def plan_json(plan: Plan) -> dict[str, JsonValue]:
    """Return ``plan`` as plain JSON values."""
    return {
        "status": plan.status.value,
        "why": plan.why,
        "moves": dict(plan.moves),
        "u_ss": dict(plan.u_ss),
        "y_ss": dict(plan.y_ss),
        "y_now": dict(plan.y_now),
        "bias": dict(plan.bias),
        "prediction": {name: list(values) for name, values in plan.prediction.items()},
        "prediction_at_s": list(plan.prediction_at_s),
        "u_plan": {name: list(values) for name, values in plan.u_plan.items()},
        "u_plan_at_s": list(plan.u_plan_at_s),
        "binding": [{"name": each.name, "limit": each.limit, "worth": each.worth} for each in plan.binding],
        "give_ups": [
            {"name": each.name, "rank": each.rank, "amount": each.amount, "clashes_with": list(each.clashes_with)}
            for each in plan.give_ups
        ],
        "reliefs": [
            {"name": each.name, "by": each.by, "worth": each.worth, "earns": each.earns, "u_ss": dict(each.u_ss)}
            for each in plan.reliefs
        ],
        "ignored": list(plan.ignored),
        "objective": dict(plan.objective),
        "reasons": {name: list(codes) for name, codes in plan.reasons.items()},
        "solves": [
            {
                "layer": each.layer,
                "solver": each.solver,
                "status": each.status,
                "iterations": each.iterations,
                "residual": each.residual,
            }
            for each in plan.solves
        ],
        "lab": dict(plan.lab),
        "adaptation": list(plan.adaptation),
        "corrected": dict(plan.corrected),
        "linearised_at": {name: dict(values) for name, values in plan.linearised_at.items()},
        "watched": dict(plan.watched),
    }


def inputs_json(inputs: Inputs) -> dict[str, JsonValue]:
    """Return the controller's inputs as plain JSON values; ``inputs_of`` reads them back, bit for bit."""
    return {
        "cycle": inputs.cycle,
        "at_s": inputs.at_s,
        "u": dict(inputs.u),
        "mv_status": {name: status.value for name, status in inputs.mv_status.items()},
        "y": dict(inputs.y),
        "y_new": dict(inputs.y_new),
        "cv_status": {name: status.value for name, status in inputs.cv_status.items()},
        "d": dict(inputs.d),
        "limits": {name: [lo, hi] for name, (lo, hi) in inputs.limits.items()},
        "targets": dict(inputs.targets),
        "external": {
            name: {
                "value": each.value,
                "issued_at_s": each.issued_at_s,
                "age_s_max": each.age_s_max,
                "rank": each.rank,
            }
            for name, each in inputs.external.items()
        },
        "money": dict(inputs.money),
        "blocked_up": list[JsonValue](sorted(inputs.blocked_up)),
        "blocked_down": list[JsonValue](sorted(inputs.blocked_down)),
        "optimise": inputs.optimise,
        "what_if": inputs.what_if,
        "scheduling": dict(inputs.scheduling),
        "lab": {name: [value, sampled_s] for name, (value, sampled_s) in inputs.lab.items()},
        "forecast": {name: [[ahead_s, value] for ahead_s, value in points] for name, points in inputs.forecast.items()},
    }


class StoredInputs(TypedDict):
    """The shape of ``inputs_json``."""

    cycle: int
    at_s: float
    u: dict[str, float]
    mv_status: dict[str, str]
    y: dict[str, float | None]
    y_new: dict[str, bool]
    cv_status: dict[str, str]
    d: dict[str, float | None]
    limits: dict[str, tuple[float, float]]
    targets: dict[str, float]
    external: NotRequired[dict[str, dict[str, Any]]]
    money: dict[str, float]
    blocked_up: list[str]
    blocked_down: list[str]
    optimise: bool
    what_if: NotRequired[bool]
    scheduling: NotRequired[dict[str, float | None]]
    lab: NotRequired[dict[str, tuple[float, float]]]
    forecast: NotRequired[dict[str, list[tuple[float, float]]]]
    """These three are not in older records."""


def inputs_of(stored: StoredInputs) -> Inputs:
    """Return the inputs that ``inputs_json`` wrote. Raises KeyError or ValueError for anything else."""
    return Inputs(
        cycle=stored["cycle"],
        at_s=stored["at_s"],
        u=stored["u"],
        mv_status={name: MvStatus(status) for name, status in stored["mv_status"].items()},
        y=stored["y"],
        y_new=stored["y_new"],
        cv_status={name: CvStatus(status) for name, status in stored["cv_status"].items()},
        d=stored["d"],
        limits={name: (lo, hi) for name, (lo, hi) in stored["limits"].items()},
        targets=stored["targets"],
        external={name: ExternalTarget(**each) for name, each in stored.get("external", {}).items()},
        money=stored["money"],
        blocked_up=frozenset(stored["blocked_up"]),
        blocked_down=frozenset(stored["blocked_down"]),
        optimise=stored["optimise"],
        what_if=stored.get("what_if", False),
        scheduling=stored.get("scheduling", {}),
        lab={name: (value, sampled_s) for name, (value, sampled_s) in stored.get("lab", {}).items()},
        forecast={
            name: tuple((ahead_s, value) for ahead_s, value in points)
            for name, points in stored.get("forecast", {}).items()
        },
    )


class StoredPlan(TypedDict):
    """The shape of ``plan_json``."""

    status: str
    why: str
    moves: dict[str, float]
    u_ss: dict[str, float]
    y_ss: dict[str, float]
    y_now: dict[str, float]
    bias: dict[str, float]
    prediction: dict[str, list[float]]
    prediction_at_s: list[float]
    u_plan: dict[str, list[float]]
    u_plan_at_s: NotRequired[list[float]]
    """Records made before it was kept lack it."""
    binding: list[dict[str, Any]]
    give_ups: list[dict[str, Any]]
    reliefs: NotRequired[list[dict[str, Any]]]
    ignored: NotRequired[list[str]]
    objective: dict[str, float]
    reasons: dict[str, list[str]]
    solves: list[dict[str, Any]]
    lab: NotRequired[dict[str, str]]
    adaptation: NotRequired[list[str]]
    corrected: NotRequired[dict[str, float]]
    linearised_at: NotRequired[dict[str, dict[str, float]]]
    watched: NotRequired[dict[str, float]]


def plan_of(stored: StoredPlan, cycle: int) -> Plan:
    """Return the plan that ``plan_json`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return Plan(
        cycle=cycle,
        status=PlanStatus(stored["status"]),
        why=stored["why"],
        moves=stored["moves"],
        u_ss=stored["u_ss"],
        y_ss=stored["y_ss"],
        y_now=stored["y_now"],
        bias=stored["bias"],
        prediction={name: tuple(values) for name, values in stored["prediction"].items()},
        prediction_at_s=tuple(stored["prediction_at_s"]),
        u_plan={name: tuple(values) for name, values in stored["u_plan"].items()},
        u_plan_at_s=tuple(stored.get("u_plan_at_s", ())),
        binding=tuple(Binding(**each) for each in stored["binding"]),
        give_ups=tuple(GiveUp(**{**each, "clashes_with": tuple(each["clashes_with"])}) for each in stored["give_ups"]),
        reliefs=tuple(Relief(**each) for each in stored.get("reliefs", [])),
        ignored=tuple(stored.get("ignored", [])),
        objective=stored["objective"],
        reasons={name: tuple(codes) for name, codes in stored["reasons"].items()},
        solves=tuple(Solve(**each) for each in stored["solves"]),
        lab=stored.get("lab", {}),
        adaptation=tuple(stored.get("adaptation", [])),
        corrected=stored.get("corrected", {}),
        linearised_at=stored.get("linearised_at", {}),
        watched=stored.get("watched", {}),
    )
