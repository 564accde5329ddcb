"""A plant simulated under its controller, in virtual time: as fast as the machine can, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from constraints.plant import CvSpec, MvSpec, Plant
from controllers.controller import Controller
from setwise.changes import Limits, by_column
from setwise.errors import InputError, number, unknown
from setwise.held import NOTHING, Held, held
from setwise.moments import At, Moment, hours_s, moment
from setwise.process import Line, Mismatch, ModelProcess, Process, Simulator, process_of, true_plant
from setwise.readings import values_of
from setwise.run import Run, Stepper, frame_of
from setwise.samples import Laboratory


def simulate(  # noqa: PLR0913 - one question an argument; keyword-only
    plant: Plant,
    *,
    hours: float,
    start: At | None = None,
    initial: Mapping[str, float] | None = None,
    disturbances: pd.DataFrame | None = None,
    limits: Limits | pd.DataFrame | None = None,
    targets: Mapping[str, float] | None = None,
    prices: Mapping[str, float] | None = None,
    mismatch: Mismatch = 1.0,
    noise: Mapping[str, float] | None = None,
    seed: int = 0,
    hold: Collection[str] = (),
    process: Process | Line | Simulator | None = None,
    engine: Controller | None = None,
    lab: Mapping[str, float] | None = None,
    external: Mapping[str, float] | pd.DataFrame | None = None,
    forecast: Collection[str] | pd.DataFrame = (),
) -> Run:
    """Return ``hours`` of the plant under its controller, decision by decision. Nothing is written to any plant.

    Args:
        plant: As ``load`` gives it.
        hours: How long, virtual hours.
        start: A wall time (in the plant's zone where it names none): schedule and tariffs follow the calendar, the
            index is wall time. Without it the index is in seconds, no schedule holds, and each tariff is at the price
            that holds when no other does.
        initial: Values to start from, by MV, CV and DV; default the MV's ideal or the middle of its operator limits,
            the CV's target or middle, the middle of the DV's instrument range.
        disturbances: What holds from each row's time on. A column called like a DV is that DV; one called like a CV is
            added to that CV and measured by nobody else (its unit). Index: wall time, timedelta or seconds after the
            start.
        limits: Operator limits ``{"moist": (None, 3.9)}`` for the whole run, or a table with columns such as
            ``P_fan.hi``.
        targets: CV targets instead of the plant file's.
        prices: By tariff, instead of the calendar's.
        mismatch: What the simulated plant is as against its model: a factor on every gain, factors by (MV or DV, CV),
            or a function from a modelled ``Pair`` to the true one.
        noise: Standard deviation of the measurement noise, by CV, in its unit.
        seed: Of the noise.
        hold: MVs that the operators keep; all of them: the plant without a controller.
        process: Instead of the plant's own model; see ``setwise.process``. Then ``initial``, ``mismatch`` and
            ``noise`` are its own affair.
        engine: A compiled controller of this very plant, to save a second.
        lab: Hours from one laboratory sample to the next, by CV with a ``lab`` rule: taken from the true value (with
            another ``process``: the measured one), known ``lab.delay`` later. One that the rule refuses is not used.
        external: Targets of a higher layer, ``{"feed_sp": 2900}`` for the whole run, or a table with MVs and CVs as
            columns.
        forecast: DVs of ``disturbances`` whose future the controller knows; or a table of what a forecaster says, as
            ``disturbances``, right or wrong.

    Raises:
        InputError: something does not fit the plant.
    """
    begin = moment(start, plant) if start is not None else Moment(0.0, wall=False)
    if start is not None and not begin.wall:
        raise InputError(f"start is a wall time such as '2026-03-02 08:00', not {start!r}; leave it out for seconds")
    cycles = max(round(hours_s(hours) / plant.cycle_s), 1)
    end_s = begin.s + cycles * plant.cycle_s
    disturbed = held(disturbances, begin, end_s, plant, "disturbances")
    limited = held(limits, begin, end_s, plant, "limits") if isinstance(limits, pd.DataFrame) else NOTHING
    by_column(dict.fromkeys(limited.values, 0.0), plant)
    course = Course(
        begin,
        cycles,
        disturbed,
        limited,
        hold,
        lab_every_s=_lab(plant, lab or {}),
        external=held(external, begin, end_s, plant, "external") if isinstance(external, pd.DataFrame) else NOTHING,
    )
    stepper = Stepper(plant, engine)
    stepper.change(None if isinstance(limits, pd.DataFrame) else limits, targets, prices)
    steady = None if isinstance(external, pd.DataFrame) else external
    stepper.supply(begin, None, steady, _forecast(plant, forecast, disturbances))
    if process is not None:
        if initial is not None or noise is not None or mismatch != 1.0:
            raise InputError("initial, noise and mismatch belong to the plant's own model: the process has its own")
        return run_of(stepper, process_of(process, plant), {}, course)
    followed = [each.by for each in plant.multipliers.values() if each.by not in plant.mvs]
    for name in disturbed.values:
        if name not in plant.dvs and name not in plant.cvs and name not in followed:
            raise unknown(name, "DV or CV", (*plant.dvs, *plant.cvs, *followed))
    values = initial_values(plant, initial or {}, disturbed.at(begin.s))
    own = ModelProcess(true_plant(plant, mismatch), values, noise=_noise(plant, noise or {}), seed=seed)
    return run_of(stepper, own, values, course)


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes."""

    begin: Moment
    cycles: int
    disturbed: Held
    limited: Held = NOTHING
    hold: Collection[str] = ()
    lab_every_s: Mapping[str, float] = field(default_factory=dict)
    external: Held = NOTHING


def run_of(
    stepper: Stepper,
    process: Process,
    values: Mapping[str, float],
    course: Course,
    first: Mapping[str, float] | None = None,
) -> Run:
    """Return the run of ``process`` under ``stepper``.

    ``values``: what the process does not measure itself (MVs, DVs); ``first``: what is measured at the beginning, where
    the process is not asked.
    """
    plant = stepper.plant
    known = dict(values)
    true: dict[str, list[float]] = {name: [] for name in plant.cvs} if isinstance(process, ModelProcess) else {}
    setpoints: Mapping[str, float] = {name: known[name] for name in plant.mvs if name in known}
    begin, disturbed, now = course.begin, course.disturbed, course.begin
    outside = disturbed.at(now.s)
    measured = first or process(setpoints, outside, 0.0)
    laboratory = Laboratory(plant, course.lab_every_s, begin)
    for cycle in range(course.cycles + 1):
        seen = {
            **known,
            **setpoints,
            **{name: value for name, value in outside.items() if name not in plant.cvs},
            **measured,
        }
        stepper.change(by_column(course.limited.at(now.s), plant))
        known_now = process.true() if isinstance(process, ModelProcess) else measured
        stepper.supply(now, laboratory.results(now, known_now), course.external.at(now.s), None)
        decision = stepper.decide(values_of(plant, _tags(plant, seen)), now, course.hold)
        setpoints = decision.setpoints
        if isinstance(process, ModelProcess):
            for name, value in process.true().items():
                true[name].append(value)
        if cycle < course.cycles:
            measured = process(setpoints, outside, plant.cycle_s)
            now = Moment(begin.s + (cycle + 1) * plant.cycle_s, begin.wall)
            outside = disturbed.at(now.s)
    return Run(plant, stepper.engine, stepper.decisions, frame_of(plant, stepper.decisions, true))


def initial_values(plant: Plant, given: Mapping[str, float], disturbed: Mapping[str, float]) -> dict[str, float]:
    """Return where each MV, CV and DV starts; see ``simulate``. Raises InputError."""
    variables = (*plant.mvs, *plant.cvs, *plant.dvs)
    for name, value in given.items():
        if name not in variables:
            raise unknown(name, "MV, CV or DV", variables)
        number(value, f"initial {name}")
    usual = {
        **{name: mv.ideal if mv.ideal is not None else _middle(mv) for name, mv in plant.mvs.items()},
        **{name: cv.target if cv.target is not None else _middle(cv) for name, cv in plant.cvs.items()},
        **{name: _middle_of_range(plant, name) for name in plant.dvs},
    }
    return {**usual, **{name: value for name, value in disturbed.items() if name in plant.dvs}, **given}


def _middle(spec: MvSpec | CvSpec) -> float:
    """Return the middle of the operator limits; the limit where there is one, 0 where there is none."""
    sides = [side for side in spec.limits.operator if math.isfinite(side)]
    return sum(sides) / len(sides) if sides else 0.0


def _middle_of_range(plant: Plant, name: str) -> float:
    rule = plant.validity.get(name)
    return (rule.lo + rule.hi) / 2.0 if rule is not None and math.isfinite(rule.lo + rule.hi) else 0.0


def _lab(plant: Plant, lab: Mapping[str, float]) -> dict[str, float]:
    with_rule = [name for name, cv in plant.cvs.items() if cv.lab is not None]
    for name in lab:
        if name not in with_rule:
            raise unknown(name, "CV with a lab rule", with_rule)
    return {name: hours_s(hours) for name, hours in lab.items()}


def _forecast(
    plant: Plant, forecast: Collection[str] | pd.DataFrame, disturbances: pd.DataFrame | None
) -> pd.DataFrame | None:
    if isinstance(forecast, pd.DataFrame):
        return forecast
    known = [name for name in plant.dvs if disturbances is not None and name in disturbances.columns]
    for name in forecast:
        if name not in known:
            raise unknown(name, "DV with a column in disturbances", known)
    return disturbances[list(forecast)] if disturbances is not None and forecast else None


def _noise(plant: Plant, noise: Mapping[str, float]) -> dict[str, float]:
    for name, deviation in noise.items():
        if name not in plant.cvs:
            raise unknown(name, "CV", plant.cvs)
        if number(deviation, f"noise of {name}") < 0.0:
            raise InputError(f"noise of {name} is a standard deviation, 0 or more, not {deviation!r}")
    return dict(noise)


def _tags(plant: Plant, seen: Mapping[str, float]) -> dict[str, float]:
    """Return what of a simulator's readings the plant file knows: a simulator may show more."""
    known = {*plant.mvs, *plant.cvs, *plant.dvs, *plant.tags}
    return {name: value for name, value in seen.items() if name in known}
