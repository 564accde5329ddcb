"""Pictures of plans, runs and step responses: limits as bands, predictions dashed, units on the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

from constraints.plant import Plant
from setwise.decision import Decision
from setwise.moments import SECONDS_PER_HOUR, FloatArray
from setwise.picture import Picture
from setwise.response import step_responses
from setwise.tables import units_of

INK, SETPOINT, TRUE, TARGET = "#333333", "#1f5fa8", "#8e5ea2", "#2e7d32"
LIMIT, ROOM, NOW, GRID = "#b3541e", "#e3eedd", "#888888", "#d9d9d9"
SMALL = 8
Times = FloatArray
COLUMNS_MAX = 2
MINUTES_ABOVE_S = 600.0
"""A longer time is shown in minutes, one of more than six hours in hours."""
PAST_SHARE = 1.0
"""So much of the horizon is shown of the past beside a plan."""
ROOM_SHARE = 0.08
LEAST_SHARE, LEAST_CONCERNS = 0.05, 2.0
"""An MV's axis is never less than this share of its operator span, a CV's never less than so many concerns: noise and
rounding are not to look like trouble."""


def predictions(decision: Decision, past: pd.DataFrame | None = None) -> Picture:
    """Return a picture of one plan: measured before now, planned or predicted after it, targets, limits as a band."""
    plant, ahead = decision.plant, decision.predictions
    names = [*plant.mvs, *plant.cvs]
    before = _before(decision, past)
    scale = _Scale([*before.index, *ahead.index], plant)
    figure, panels = _panels(len(names))
    for axes, name in zip(panels, names, strict=True):
        if not before.empty:
            _measured(axes, scale.of(before.index), before, name, plant)
        _ahead(axes, scale, decision, ahead, name)
        lo, hi = decision.inputs.limits[name]
        ends = np.array([scale.one(scale.first), scale.one(scale.last)])
        _band(axes, ends, np.full(2, lo), np.full(2, hi), _least(name, plant))
        axes.axvline(scale.one(decision.time), color=NOW, linewidth=0.9)
        _finish(axes, name, plant, scale)
    _captions(figure, panels, scale, f"{plant.name}: plan at {_shown(decision.time)}", "now: grey line; ")
    return figure


def trends(plant: Plant, frame: pd.DataFrame) -> Picture:
    """Return a picture of a whole run: each MV, CV and DV with its limits and targets, and the earnings."""
    names = [*plant.mvs, *plant.cvs, *plant.dvs]
    earned = ["earnings"] if frame["earnings"].notna().any() else []
    scale = _Scale(list(frame.index), plant)
    figure, panels = _panels(len(names) + len(earned))
    at = scale.of(frame.index)
    for axes, name in zip(panels, [*names, *earned], strict=True):
        _measured(axes, at, frame, name, plant)
        if f"{name}.lo" in frame:
            lo, hi = (frame[f"{name}.{side}"].to_numpy(dtype=np.float64) for side in ("lo", "hi"))
            axes.plot(at, frame[f"{name}.target"], color=TARGET, linewidth=1.2, linestyle=":", label="target")
            _band(axes, at, lo, hi, _least(name, plant))
        _finish(axes, name, plant, scale)
    _captions(figure, panels, scale, f"{plant.name}: {_shown(frame.index[0])} to {_shown(frame.index[-1])}", "")
    return figure


def plot_step_responses(plant: Plant, hours: float | None = None) -> Picture:
    """Return a picture of every CV's answer to one unit of each MV and DV: rows are CVs, columns are inputs."""
    responses = step_responses(plant, hours)
    inputs = [name for name in (*plant.mvs, *plant.dvs) if name in responses.columns.get_level_values(1)]
    cvs = [name for name in plant.cvs if name in responses.columns.get_level_values(0)]
    figure = Picture(figsize=(2.5 * len(inputs) + 0.7, 1.6 * len(cvs) + 0.9), layout="constrained")
    end_s = float(responses.index[-1])
    unit, seconds = _unit_of(end_s)
    units = responses.attrs["units"]
    for row, cv in enumerate(cvs):
        for column, source in enumerate(inputs):
            axes = figure.add_subplot(len(cvs), len(inputs), row * len(inputs) + column + 1)
            axes.axhline(0.0, color=NOW, linewidth=0.6)
            _plain(axes)
            axes.set_xlim(0.0, end_s / seconds)
            if row < len(cvs) - 1:
                axes.set_xticklabels([])
            if row == 0:
                axes.set_title(source, fontsize=9)
            if column == 0:
                axes.set_ylabel(cv, fontsize=9)
            if (cv, source) in responses:
                colour = SETPOINT if source in plant.mvs else INK
                axes.plot(responses.index / seconds, responses[cv, source], color=colour, linewidth=1.3)
                free = 0.06 if responses[cv, source].iloc[-1] >= 0.0 else 0.86
                at = (0.98, free)
                axes.annotate(units[cv, source], at, xycoords="axes fraction", ha="right", fontsize=7, color="#666666")
            else:
                axes.set_yticks([])
    figure.suptitle(f"{plant.name}: answer of each CV to one unit of each MV (blue) and DV (black)", fontsize=10)
    figure.supxlabel(f"time since the step [{unit}]", fontsize=9)
    return figure


class _Scale:
    """The time axis of one picture: wall time, or seconds shown in a unit that fits."""

    def __init__(self, times: Sequence[pd.Timestamp | float], plant: Plant) -> None:
        self.wall = isinstance(times[0], pd.Timestamp)
        self.first, self.last = min(times), max(times)
        self.zone = plant.timezone
        self.unit, self._seconds = ("", 1.0) if self.wall else _unit_of(float(self.last) - float(self.first))

    def of(self, index: pd.Index[Any]) -> Times:
        """Return these times as the axis wants them."""
        return np.array([self.one(each) for each in index])

    def one(self, time: pd.Timestamp | float) -> float:
        """Return one time as the axis wants it: a wall time as matplotlib's days."""
        if isinstance(time, pd.Timestamp):
            return float(date2num(time.to_pydatetime()))  # type: ignore[no-untyped-call]
        return float(time) / self._seconds

    def label(self) -> str:
        """Return what stands below the axis."""
        return f"time ({self.zone})" if self.wall else f"time [{self.unit}]"


def _before(decision: Decision, past: pd.DataFrame | None) -> pd.DataFrame:
    """Return the part of ``past`` that belongs beside the plan: up to its moment, as long as its horizon."""
    if past is None or past.empty:
        return pd.DataFrame()
    ahead = decision.predictions.index
    horizon = ahead[-1] - ahead[0]
    beside: pd.DataFrame = past[(past.index <= decision.time) & (past.index >= decision.time - PAST_SHARE * horizon)]
    return beside


def _panels(count: int) -> tuple[Picture, list[Axes]]:
    columns = min(COLUMNS_MAX, count)
    rows = math.ceil(count / columns)
    figure = Picture(figsize=(5.6 * columns, 1.85 * rows + 0.9), layout="constrained")
    return figure, [figure.add_subplot(rows, columns, number + 1) for number in range(count)]


def _measured(axes: Axes, at: Times, frame: pd.DataFrame, name: str, plant: Plant) -> None:
    if name in plant.mvs:  # what was read holds since the row before
        axes.step(at, frame[name], where="pre", color=SETPOINT, linewidth=1.3, label="setpoint")
        return
    axes.plot(at, frame[name], color=INK, linewidth=1.0, label="measured")
    if f"{name}.true" in frame and not np.allclose(frame[f"{name}.true"], frame[name], equal_nan=True):
        axes.plot(at, frame[f"{name}.true"], color=TRUE, linewidth=1.1, label="true")


def _ahead(axes: Axes, scale: _Scale, decision: Decision, ahead: pd.DataFrame, name: str) -> None:
    at = scale.of(ahead.index)
    if name in ahead:
        colour = SETPOINT if name in decision.plant.mvs else INK
        axes.plot(at, ahead[name], color=colour, linewidth=1.3, linestyle="--", label="planned or predicted")
    if name in decision.targets:
        axes.plot(
            at, np.full(len(at), decision.targets[name]), color=TARGET, linewidth=1.2, linestyle=":", label="target"
        )


def _band(axes: Axes, at: Times, lo: FloatArray, hi: FloatArray, least: float) -> None:
    """Draw the room between limits, as far as it is near what is drawn; the axis is at least ``least`` high."""
    low, high = axes.get_ylim()
    more = max(least - (high - low), 0.0) / 2.0
    low, high = low - more, high + more
    reach = high - low
    near = [side for side in (lo.min(), hi.max()) if low - reach <= side <= high + reach]
    bottom, top = min([low, *near]) - ROOM_SHARE * reach, max([high, *near]) + ROOM_SHARE * reach
    floor, ceiling = np.clip(lo, bottom, top), np.clip(hi, bottom, top)
    axes.fill_between(at, floor, ceiling, color=ROOM, linewidth=0.0, step="post", zorder=0)
    for limit in (lo, hi):
        inside = np.where((limit > bottom) & (limit < top), limit, np.nan)
        axes.step(at, inside, where="post", color=LIMIT, linewidth=0.9, label="limit")
    axes.set_ylim(bottom, top)


def _least(name: str, plant: Plant) -> float:
    if name in plant.cvs:
        return LEAST_CONCERNS * plant.cvs[name].concern
    lo, hi = plant.mvs[name].limits.operator
    return LEAST_SHARE * (hi - lo)


def _finish(axes: Axes, name: str, plant: Plant, scale: _Scale) -> None:
    unit = units_of(plant).get(name, f"{plant.currency}/h")
    described = plant.tags[name].description if name in plant.tags else ""
    axes.set_title(f"{name}{': ' + described if described else ''}", loc="left", fontsize=9)
    axes.set_ylabel(f"[{unit}]", fontsize=SMALL)
    _plain(axes)
    axes.margins(x=0)
    if scale.wall:
        locator = AutoDateLocator(minticks=3, maxticks=7, tz=scale.zone)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=scale.zone))  # type: ignore[no-untyped-call]


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=SMALL)
    axes.grid(visible=True, color=GRID, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.ticklabel_format(axis="y", useOffset=False)


def _captions(figure: Picture, panels: Sequence[Axes], scale: _Scale, title: str, note: str) -> None:
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    figure.supxlabel(f"{scale.label()}   ({note}shaded: room between limits)", fontsize=9)
    handles = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(), handles.keys(), loc="outside upper right", ncols=len(handles), fontsize=SMALL, frameon=False
    )


def _unit_of(span_s: float) -> tuple[str, float]:
    """Return the unit in which so many seconds are shown, and its length in seconds."""
    if span_s > 6.0 * SECONDS_PER_HOUR:
        return "h", SECONDS_PER_HOUR
    return ("min", 60.0) if span_s > MINUTES_ABOVE_S else ("s", 1.0)


def _shown(time: pd.Timestamp | float) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}" if isinstance(time, pd.Timestamp) else f"{time:g} s"
