"""One decision as tables: what moves, where to, what is predicted, which limits hold it and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from constraints.plant import CvSpec, MvSpec, Plant
from controllers.explain import sentences
from controllers.types import Inputs, Plan, PlanStatus
from setwise.moments import FloatArray, Moment, index_of

if TYPE_CHECKING:
    from setwise.picture import Picture
    from setwise.stepping import State

LIMIT_COLUMNS = ("variable", "side", "value", "unit", "worth", "worth_unit")
GIVE_UP_COLUMNS = ("rank", "amount", "unit", "clashes_with")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Decision:
    """What the controller decided at one moment. Values are in the variables' units."""

    plant: Plant
    at: Moment
    inputs: Inputs
    """What the controller was given."""
    plan: Plan
    """Its whole answer."""
    values: Mapping[str, float]
    """What was measured, by tag; NaN where bad."""
    prices: Mapping[str, float]
    """In force, by tariff."""
    before: State
    """What this step started from: replay and what-if begin here."""

    def __repr__(self) -> str:
        moves = ", ".join(f"{name} to {value:.5g}" for name, value in self.plan.moves.items()) or "nothing moves"
        return f"<Decision {self.time}: {self.plan.status.value}, {moves}>"

    @property
    def time(self) -> pd.Timestamp | float:
        """The moment of the decision: wall time in the plant's zone, or seconds."""
        shown: pd.Timestamp | float = index_of([self.at.s], self.plant, wall=self.at.wall)[0]
        return shown

    @property
    def status(self) -> str:
        """``ok``, or why there is no plan (``no_mv``, ``bad_input``, ``solver_failed``)."""
        return self.plan.status.value

    @property
    def ok(self) -> bool:
        """Whether there is a plan."""
        return self.plan.status is PlanStatus.OK

    @property
    def setpoints(self) -> dict[str, float]:
        """Every MV's setpoint after this decision: the moves, and what stays."""
        return {name: self.plan.moves.get(name, self.inputs.u[name]) for name in self.plant.mvs}

    @property
    def moves(self) -> pd.Series[float]:
        """Next setpoint of each MV that moves; empty where nothing does."""
        return self._series(self.plan.moves, "setpoint")

    @property
    def targets(self) -> pd.Series[float]:
        """Steady-state target of each MV and CV."""
        return self._series({**self.plan.u_ss, **self.plan.y_ss}, "target")

    @property
    def grid(self) -> pd.DataFrame:
        """One row a variable: kind, unit, status, measured now, next setpoint (MV), target, limits in force."""
        plan, inputs = self.plan, self.inputs
        rows = {
            name: {
                "kind": "MV" if name in self.plant.mvs else "CV",
                "unit": spec.unit,
                "status": str(inputs.mv_status[name] if name in self.plant.mvs else inputs.cv_status[name]),
                "now": self.values[name],
                "next": self.setpoints.get(name, np.nan),
                "target": plan.u_ss.get(name, plan.y_ss.get(name, np.nan)),
                "lo": inputs.limits[name][0],
                "hi": inputs.limits[name][1],
            }
            for name, spec in self._variables().items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variable")

    @property
    def predictions(self) -> pd.DataFrame:
        """The planned path of each MV and the predicted one of each CV, from now to the horizon.

        Index: wall time in the plant's zone, or seconds. ``attrs["units"]`` by column. A CV that was never measured
        is left
        out, and so are all MVs where there is no plan.
        """
        plan, ahead = self.plan, np.array(self.plan.prediction_at_s)
        columns = {name: self._path(name, ahead) for name in self.plant.mvs if self._is_planned(name)}
        columns |= {name: np.array(values) for name, values in plan.prediction.items()}
        frame = pd.DataFrame(columns, index=index_of(self.at.s + ahead, self.plant, wall=self.at.wall))
        frame.attrs["units"] = {name: self._unit(name) for name in columns}
        return frame

    @property
    def limits(self) -> pd.DataFrame:
        """The limits that hold the plan back, the dearest first; ``worth``: per hour for one unit more room."""
        rows = {}
        for each in self.plan.binding:
            variable, side, unit = self._limit(each.name)
            worth_unit = f"{self.plant.currency}/h per {unit or 'unit'}"
            rows[_short(each.name)] = (variable, side, each.limit, unit, each.worth, worth_unit)
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(LIMIT_COLUMNS)).rename_axis("limit")
        return frame.sort_values("worth", ascending=False, kind="stable")

    @property
    def give_ups(self) -> pd.DataFrame:
        """The limits that cannot be held at steady state: rank, by how much, and what they clash with."""
        rows = {}
        for each in self.plan.give_ups:
            clashes = ", ".join(_short(name) for name in each.clashes_with)
            rows[_short(each.name)] = (each.rank, each.amount, self._limit(each.name)[2], clashes)
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(GIVE_UP_COLUMNS)).rename_axis("limit")
        return frame.sort_values("rank", kind="stable")

    def why(self) -> tuple[str, ...]:
        """Return in sentences why each MV moves or stands, which limits bind, and what was given up."""
        return sentences(self.plan, self.plant)

    def plot(self, past: pd.DataFrame | None = None) -> Picture:
        """Return a picture of the plan, each MV and CV with its limits, after the ``past`` (a run's ``frame``)."""
        from setwise.plots import predictions  # noqa: PLC0415 - pictures know decisions

        return predictions(self, past)

    def _is_planned(self, name: str) -> bool:
        return name in self.plan.u_plan and len(self.plan.u_plan[name]) == len(self.plan.u_plan_at_s)

    def _path(self, name: str, ahead: FloatArray) -> FloatArray:
        """Return an MV's planned setpoint, which moves evenly within each block."""
        at_s = [0.0, *self.plan.u_plan_at_s]
        path: FloatArray = np.interp(ahead, at_s, [self.inputs.u[name], *self.plan.u_plan[name]])
        return path

    def _variables(self) -> dict[str, MvSpec | CvSpec]:
        return {**self.plant.mvs, **self.plant.cvs}

    def _unit(self, name: str) -> str:
        spec = self._variables().get(name)
        return spec.unit if spec is not None else ""

    def _limit(self, name: str) -> tuple[str, str, str]:
        """Return variable, side and unit of a limit's full name; a constraint has neither side nor unit."""
        kind, _, rest = name.partition(".")
        if kind == "row":
            return rest, "", ""
        variable, _, side = rest.rpartition(".")
        return variable, side, self._unit(variable)

    def _series(self, values: Mapping[str, float], name: str) -> pd.Series[float]:
        series = pd.Series(dict(values), dtype="float64", name=name).rename_axis("variable")
        series.attrs["units"] = {each: self._unit(each) for each in values}
        return series


def _short(name: str) -> str:
    """Return ``moist.hi`` for ``cv.moist.hi``, and a constraint's own name for ``row.NAME``."""
    return name.partition(".")[2]
