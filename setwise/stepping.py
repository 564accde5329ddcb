"""One cycle after another: what the supervisor does between a reading and a plan, without a plant behind it.

The statuses, the limits in force and the controller's inputs are made by the supervisor's own functions. Readings are
taken as they are given: no validity rule, no interlock and no gate is asked here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from constraints.economics import money_coefficients
from constraints.plant import Plant, Point, TagSpec
from controllers.controller import Controller
from controllers.memory import Memory
from safety.signals import MvStatus
from setwise.changes import Limits, limits_set, prices_set, targets_set, usual_prices
from setwise.decision import Decision
from setwise.errors import InputError, unknown
from setwise.moments import Moment
from setwise.readings import snapshot
from setwise.supply import Given, judged_by, supplied_now
from supervisor.inforce import PlantRule
from supervisor.inputs import controller_inputs
from supervisor.service import ServiceMemory, service
from supervisor.settings import Settings, advanced

SHORTEST_CYCLES, LONGEST_CYCLES = 0.25, 120.0
"""A step that is shorter or longer than this is taken for another unit of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that one step hands to the next."""

    memory: bytes = b""
    """The controller's, packed; empty before its first cycle."""
    service: ServiceMemory = field(default_factory=ServiceMemory)
    settings: Settings = field(default_factory=Settings)
    targets: Mapping[str, float] = field(default_factory=dict)
    """CV targets that replace the plant file's."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """Prices by tariff that replace the calendar's."""
    cycle: int = 0
    last: Moment | None = None
    given: Given = field(default_factory=Given)
    """What others supply."""
    samples: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By CV of a slow analyser: the last sample and when it was first seen."""


def changed(
    plant: Plant,
    state: State,
    limits: Limits | None = None,
    targets: Mapping[str, float] | None = None,
    prices: Mapping[str, float] | None = None,
) -> State:
    """Return the state after a person's changes. Raises InputError where the supervisor would refuse one."""
    operator = limits_set(plant, state.settings.operator, limits or {})
    return replace(
        state,
        settings=replace(state.settings, operator=operator),
        targets={**state.targets, **targets_set(plant, targets or {})},
        prices={**state.prices, **prices_set(plant, prices or {})},
    )


def stepped(
    controller: Controller,
    plant: Plant,
    state: State,
    values: Mapping[str, float],
    now: Moment,
    hold: Collection[str] = (),
) -> tuple[Decision, State]:
    """Return the decision on ``values`` at ``now`` and the state for the next step. MVs in ``hold`` are the operators'.

    Raises InputError for a moment that does not follow the last one, or a ``hold`` that is no MV.
    """
    _follows(state.last, now, plant)
    for name in hold:
        if name not in plant.mvs:
            raise unknown(name, "MV", plant.mvs)
    plant = _tagged(plant)
    samples = _samples(plant, values, now.s, state.samples)
    seen = snapshot(plant, values, state.cycle, now.s, {name: stamp for name, (_, stamp) in samples.items()})
    status, service_memory = service(plant, seen, state.service)
    settings = advanced(plant, _in_force(plant, state, now), now.s)
    here = {name: seen.good(name) for name in plant.cvs} | {name: values[name] for name in plant.mvs}
    supply, given = supplied_now(plant, state.given, seen, here)
    inputs = controller_inputs(
        plant,
        seen,
        status,
        limits=settings.active,
        money=money_coefficients(plant, settings.prices),
        blocked_up=frozenset(),
        blocked_down=frozenset(),
        last_setpoints={},
        mv_status={**status.mvs, **dict.fromkeys(hold, MvStatus.OPR)},
        optimise=True,
        supply=supply,
    )
    inputs = replace(inputs, targets={**inputs.targets, **state.targets})
    memory = Memory.from_bytes(state.memory) if state.memory else controller.fresh()
    plan, memory = controller.step(inputs, memory)
    decision = Decision(
        plant=plant, at=now, inputs=inputs, plan=plan, values=dict(values), prices=settings.prices, before=state
    )
    after = replace(
        state,
        memory=memory.to_bytes(),
        service=service_memory,
        settings=settings,
        given=judged_by(plan, inputs, given),
        cycle=state.cycle + 1,
        last=now,
        samples=samples,
    )
    return decision, after


def _follows(last: Moment | None, now: Moment, plant: Plant) -> None:
    if last is None:
        return
    if last.wall != now.wall:
        first, second = ("wall time", "seconds") if last.wall else ("seconds", "wall time")
        raise InputError(f"the step before was in {first}, this one is in {second}: keep to one of them")
    passed = now.s - last.s
    if passed <= 0.0:
        raise InputError(f"time must rise: this step is {-passed:g} s before the last one or at the same moment")
    if not SHORTEST_CYCLES * plant.cycle_s <= passed <= LONGEST_CYCLES * plant.cycle_s:
        raise InputError(
            f"{passed:g} s since the last step, where the plant's cycle is {plant.cycle_s:g} s; is the time in another "
            "unit? Numbers are seconds. After a real pause begin anew with reset()"
        )


def _in_force(plant: Plant, state: State, now: Moment) -> Settings:
    """Return the settings with what the calendar says; without wall time it says nothing and usual prices hold."""
    if not now.wall:
        return replace(state.settings, prices={**usual_prices(plant), **state.prices})
    calendar = PlantRule(plant).at(now.s)
    return replace(state.settings, schedule=calendar.limits, prices={**calendar.prices, **state.prices})


def _samples(
    plant: Plant, values: Mapping[str, float], now_s: float, before: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Return each slow analyser's sample: a new one where its value changed or its time is up."""
    found = dict(before)
    for name in plant.cvs:
        every_s = plant.tags[name].every_s
        value = values[name]
        if every_s <= plant.cycle_s or math.isnan(value):
            continue
        if name not in before or before[name][0] != value or now_s - before[name][1] >= every_s:
            found[name] = (value, now_s)
    return found


def _tagged(plant: Plant) -> Plant:
    """Return ``plant`` with a tag for every CV: plants that were made in code have none."""
    missing = {name: cv for name, cv in plant.cvs.items() if name not in plant.tags}
    if not missing:
        return plant
    made = {
        name: TagSpec(name=name, point=Point(tag=name, connection="", address=""), unit=cv.unit)
        for name, cv in missing.items()
    }
    return replace(plant, tags={**plant.tags, **made})
