"""A controller that is stepped, and a run that it has made: decisions, and what they look like as tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from constraints.economics import eur_per_h
from constraints.plant import Plant
from controllers.controller import Controller
from setwise.changes import Limits
from setwise.decision import Decision
from setwise.errors import InputError
from setwise.kpis import kpis_of
from setwise.moments import At, Moment, index_of, moment
from setwise.readings import Measured, time_of, values_of
from setwise.stepping import State, changed, stepped
from setwise.supply import External, Forecast, Lab, external_given, forecast_given, lab_given
from setwise.tables import units_of

if TYPE_CHECKING:
    from setwise.picture import Picture

EARNINGS = "earnings"
"""Column of what the plant earns as it runs, currency per hour."""


class Stepper:
    """A controller with its memory: give it what is measured, get a decision. Nothing is written to any plant.

    It starts from the plant as it finds it. Limits, targets and prices are the plant file's and the calendar's until
    ``change`` says otherwise.
    """

    def __init__(self, plant: Plant, engine: Controller | None = None, state: State | None = None) -> None:
        """``engine``: a compiled controller of this very plant, where there is one; compiling takes a second."""
        self.plant = plant
        self.engine = engine or Controller(plant)
        self._state = state or State()
        self._decisions: list[Decision] = []

    def __repr__(self) -> str:
        return f"<Stepper of {self.plant.name}: {len(self._decisions)} decisions>"

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision so far."""
        return tuple(self._decisions)

    @property
    def frame(self) -> pd.DataFrame:
        """Every step so far as a table; see ``Run.frame``."""
        return frame_of(self.plant, self._decisions)

    def step(
        self,
        measured: Measured,
        at: At | None = None,
        hold: Collection[str] = (),
        *,
        lab: Lab | None = None,
        external: External | None = None,
        forecast: Forecast | None = None,
    ) -> Decision:
        """Return the decision on what is measured now.

        ``measured``: by tag, each MV's setpoint as its loop has it, each CV and each DV (NaN where bad). ``at``:
        seconds or a wall time; without it the row's own time counts, else one cycle after the step before. ``hold``:
        MVs that the operators keep. ``lab``: ``{"moist": (3.4, "2026-03-02 20:10")}``, a laboratory's value and when
        it was sampled; ``decision.plan.lab`` says what became of it. ``external``: ``{"feed_sp": 2900}``, what a higher
        layer wishes from this step on; None ends it. ``forecast``: by DV a Series of what is to come, from this step
        on, until another is given. Raises InputError.
        """
        values, now = values_of(self.plant, measured), self._when(measured, at)
        state, refused = self._supplied(now, lab, external, forecast)
        if refused:
            raise InputError("; ".join(f"laboratory value of {name}: {why}" for name, why in refused.items()))
        return self._decide(state, values, now, hold)

    def decide(self, values: Mapping[str, float], now: Moment, hold: Collection[str] = ()) -> Decision:
        """Return the decision on ``values``, complete and checked, at ``now``. Raises InputError."""
        return self._decide(self._state, values, now, hold)

    def supply(
        self,
        now: Moment,
        lab: Lab | None = None,
        external: External | None = None,
        forecast: Forecast | None = None,
    ) -> None:
        """Take in what others supply at ``now``, without a step; a laboratory value that is refused is not used.

        Raises InputError.
        """
        self._state, _ = self._supplied(now, lab, external, forecast)

    def _supplied(
        self, now: Moment, lab: Lab | None, external: External | None, forecast: Forecast | None
    ) -> tuple[State, dict[str, str]]:
        given, refused = lab_given(self.plant, self._state.given, lab or {}, now)
        given = external_given(self.plant, given, external or {}, now)
        if forecast is not None:
            given = forecast_given(self.plant, given, forecast, now)
        return replace(self._state, given=given), refused

    def _decide(self, state: State, values: Mapping[str, float], now: Moment, hold: Collection[str]) -> Decision:
        decision, self._state = stepped(self.engine, self.plant, state, values, now, hold)
        self._decisions.append(decision)
        return decision

    def change(
        self,
        limits: Limits | None = None,
        targets: Mapping[str, float] | None = None,
        prices: Mapping[str, float] | None = None,
    ) -> None:
        """Change operator limits ``{"moist": (None, 3.9)}``, CV targets, prices by tariff, from the next step on.

        A limit takes hold at the MV's move rate or the CV's ``limit_ramp``, as it does on the plant. Raises
        InputError for
        what the supervisor would refuse too.
        """
        self._state = changed(self.plant, self._state, limits, targets, prices)

    def reset(self) -> None:
        """Forget everything: the next step starts from the plant as it is found."""
        self._state = State()
        self._decisions.clear()

    def plot(self) -> Picture:
        """Return a picture of the last decision's plan, after what was measured before it."""
        if not self._decisions:
            raise InputError("no step was made yet")
        return self._decisions[-1].plot(self.frame)

    def _when(self, measured: Measured, at: At | None) -> Moment:
        given = at if at is not None else time_of(measured)
        if given is not None:
            return moment(given, self.plant)
        last = self._state.last
        return Moment(last.s + self.plant.cycle_s, last.wall) if last is not None else Moment(0.0, wall=False)


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A simulated run, decision by decision."""

    plant: Plant
    engine: Controller
    """The compiled controller."""
    decisions: tuple[Decision, ...]
    frame: pd.DataFrame
    """One row a decision, index wall time in the plant's zone or seconds; ``attrs["units"]`` by column.

    For each MV ``NAME`` (the setpoint as its loop had it, so the one before this decision), for each CV and DV
    ``NAME`` as measured; ``NAME.target, NAME.lo, NAME.hi`` for MVs and CVs; ``NAME.true`` where the simulation knows
    a CV better than it was measured; ``earnings`` per hour as it runs; ``status``.
    """

    def __repr__(self) -> str:
        first, last = self.decisions[0].time, self.decisions[-1].time
        return f"<Run of {self.plant.name}: {len(self.decisions)} decisions, {first} to {last}>"

    @property
    def measurements(self) -> pd.DataFrame:
        """The part of ``frame`` that was measured: its rows can be stepped through again."""
        return self.frame[[*self.plant.mvs, *self.plant.cvs, *self.plant.dvs]]

    def decision(self, at: At | None = None) -> Decision:
        """Return the decision in force at ``at``; the last one where None. Raises InputError before the first."""
        return decision_at(self.plant, self.decisions, at)

    def kpis(self) -> pd.DataFrame:
        """Return key figures, one row a variable and one for the earnings; see ``setwise.kpis``."""
        return kpis_of(self.plant, self.frame)

    def plot(self, at: At | None = None) -> Picture:
        """Return a picture of the whole run; with ``at``, of the run until then and the plan of that moment."""
        from setwise.plots import trends  # noqa: PLC0415 - pictures know runs

        if at is None:
            return trends(self.plant, self.frame)
        decision = self.decision(at)
        return decision.plot(self.frame)


def decision_at(plant: Plant, decisions: Sequence[Decision], at: At | None) -> Decision:
    """Return the decision in force at ``at``; the last one where None. Raises InputError."""
    if not decisions:
        raise InputError("there is no decision yet")
    if at is None:
        return decisions[-1]
    wanted = moment(at, plant)
    if wanted.wall != decisions[0].at.wall:
        raise InputError(
            f"these decisions are in {'wall time' if decisions[0].at.wall else 'seconds'}, not like {at!r}"
        )
    begun = [each for each in decisions if each.at.s <= wanted.s + 5e-4]
    if not begun:
        raise InputError(f"{at!r} is before the first decision at {decisions[0].time}")
    return begun[-1]


def frame_of(
    plant: Plant, decisions: Sequence[Decision], true: Mapping[str, Sequence[float]] | None = None
) -> pd.DataFrame:
    """Return the table of these decisions; ``true`` by CV, one value a decision. See ``Run.frame``."""
    wall = bool(decisions) and decisions[0].at.wall
    frame = pd.DataFrame(
        [_row(plant, each) for each in decisions],
        index=index_of([each.at.s for each in decisions], plant, wall=wall),
    )
    for name, values in (true or {}).items():
        frame[f"{name}.true"] = list(values)
    units = units_of(plant)
    frame.attrs["units"] = {
        column: units.get(column, units.get(column.rpartition(".")[0], "")) for column in frame.columns
    }
    frame.attrs["units"][EARNINGS] = f"{plant.currency}/h"
    return frame


def _row(plant: Plant, decision: Decision) -> dict[str, float | str]:
    values, plan = decision.values, decision.plan
    row: dict[str, float | str] = {}
    for name in (*plant.mvs, *plant.cvs):
        row[name] = values[name]
        row[f"{name}.target"] = plan.u_ss.get(name, plan.y_ss.get(name, float("nan")))
        row[f"{name}.lo"], row[f"{name}.hi"] = decision.inputs.limits[name]
    row |= {name: values[name] for name in plant.dvs}
    terms = eur_per_h(plant, values, decision.prices)
    row[EARNINGS] = sum(terms.values()) if terms else float("nan")
    row["status"] = plan.status.value
    return row
