"""What if: the same controller from a moment of its past, with limits or prices changed. And: was it really so?

Nothing is written anywhere. A what-if is a clone of the controller's memory; what the plant does is its own model from
that moment on, started from everything that was done to it before.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from controllers.controller import Controller
from setwise.changes import Limits
from setwise.errors import InputError
from setwise.held import held
from setwise.moments import At, hours_s, index_of, moment
from setwise.plantfiles import load
from setwise.process import ModelProcess
from setwise.run import Run, Stepper, decision_at
from setwise.simulation import Course, run_of
from supervisor.history.read import History, HistoryError
from supervisor.replay import ReplayError, recorded, replayed, same
from supervisor.site import Site

REPLAY_COLUMNS = ("cycle", "status", "again", "same", "difference")


def what_if(
    source: Run | Stepper,
    *,
    hours: float,
    at: At | None = None,
    limits: Limits | None = None,
    targets: Mapping[str, float] | None = None,
    prices: Mapping[str, float] | None = None,
    disturbances: pd.DataFrame | None = None,
    hold: Collection[str] = (),
) -> Run:
    """Return what the controller would do in ``hours`` from the decision in force at ``at`` (the last one where None).

    The first decision is on the very measurements of that moment; afterwards the plant follows its model, from the
    controller's estimate. ``disturbances`` as for ``simulate``; DVs stay as they are without it. Changed limits take
    hold at their own rate, as on the plant. ``source`` stays as it is. Raises InputError.
    """
    plant = source.plant
    from_here = decision_at(plant, source.decisions, at)
    cycles = max(round(hours_s(hours) / plant.cycle_s), 1)
    disturbed = held(disturbances, from_here.at, from_here.at.s + cycles * plant.cycle_s, plant, "disturbances")
    for name in disturbed.values:
        if name not in plant.dvs and name not in plant.cvs:
            raise InputError(f"disturbances: {name!r} is no DV or CV of this plant")
    stepper = Stepper(plant, source.engine, from_here.before)
    stepper.change(limits, targets, prices)
    process, values = _brought_up_to(source, from_here.at.s)
    course = Course(from_here.at, cycles, disturbed, hold=hold)
    return run_of(stepper, process, values, course, first=from_here.values)


def replay(
    path: str | os.PathLike[str],
    data: str | os.PathLike[str] | None = None,
    *,
    start: At,
    end: At,
    controller: str | None = None,
) -> pd.DataFrame:
    """Return the cycles on record in [start, end), each thought again by the plant file's controller as it is now.

    ``path``: the plant file; ``data``: its folder of records where that is not ``setwise-data`` beside it;
    ``controller``: which one, where the file has several. The record is opened for reading only. Columns: cycle; status
    on record and again; same: whether the two plans are alike bit for bit; difference: the largest one between two
    setpoints, in MV spans. Raises InputError where there is no readable record.
    """
    plant = load(path, controller)
    begin, until = moment(start, plant), moment(end, plant)
    if not (begin.wall and until.wall):
        raise InputError("a record is in wall time: give start and end such as '2026-03-02 08:00'")
    site = Site.of(Path(path), Path(data) if data is not None else None, plant.controller)
    engine, at_s, rows = Controller(plant), [], []
    spans = {name: mv.limits.operator[1] - mv.limits.operator[0] for name, mv in plant.mvs.items()}
    try:
        for stored in History(site.database_url).between(begin.s, until.s):
            was, again = recorded(stored), replayed(plant, stored, engine)
            moved = {name: _apart(was.moves.get(name), again.moves.get(name)) / span for name, span in spans.items()}
            at_s.append(stored.record.utc_s)
            rows.append((was.cycle, was.status.value, again.status.value, same(stored, again), max(moved.values())))
    except (HistoryError, ReplayError) as error:
        raise InputError(f"the record of {site.data} cannot be replayed: {error}") from error
    return pd.DataFrame(rows, columns=list(REPLAY_COLUMNS), index=index_of(at_s, plant, wall=True))


def _brought_up_to(source: Run | Stepper, at_s: float) -> tuple[ModelProcess, dict[str, float]]:
    """Return the model after all that was done up to ``at_s``, and every variable then, CVs as estimated."""
    plant = source.plant
    past = [each for each in source.decisions if each.at.s <= at_s]
    first, last = past[0], past[-1]
    rest = {name: each for name, each in first.inputs.d.items() if each is not None}
    found = {name: 0.0 if math.isnan(first.values[name]) else first.values[name] for name in plant.cvs}
    values = {**dict.fromkeys(plant.dvs, 0.0), **rest, **first.inputs.u, **found}
    process = ModelProcess(plant, values)
    for before, after in itertools.pairwise(past):
        outside = {
            name: each
            for name, each in {**before.inputs.scheduling, **before.inputs.d}.items()
            if each is not None and name not in plant.cvs and name not in plant.mvs
        }
        process(after.inputs.u, outside, after.at.s - before.at.s)  # read now, so written just after the step before
    dvs = {name: each for name, each in last.inputs.d.items() if each is not None}
    process({}, dvs, 0.0)
    modelled = process.true()
    seen = {name: last.plan.y_now.get(name, last.values[name]) for name in plant.cvs}
    process.rebase({name: seen[name] - modelled[name] for name in plant.cvs if not math.isnan(seen[name])})
    return process, {**values, **seen, **last.inputs.u, **dvs}


def _apart(one: float | None, other: float | None) -> float:
    """Return how far two moves are apart; 0 where neither moved, infinite where only one did."""
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return abs(one - other)
