"""The pictures of a demo run: trends, money and cycle times, as PNG. Grey and calm; colour marks limits and modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hil.demo.score import Reference, TraceRow

INK = "#333333"
SETPOINT = "#1f5fa8"
LIMIT = "#b3541e"
CLOSED = "#e3ecf5"
GOOD = "#3a7d44"


@dataclass(frozen=True, slots=True)
class Panel:
    """One trend: what is drawn, its unit, and its limits over the minutes."""

    title: str
    unit: str
    values: Sequence[float]
    setpoints: Sequence[float] | None = None
    lo: Sequence[float] | None = None
    hi: Sequence[float] | None = None


def trends(path: Path, trace: Sequence[TraceRow], panels: Sequence[Panel], events: Sequence[tuple[float, str]]) -> None:
    """Draw the panels over plant minutes, closed loop shaded, numbered events marked."""
    minutes = [row.minute for row in trace]
    columns = 2
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(13, 2.5 * rows), layout="constrained")
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1)
        _frame(axes, trace, events)
        axes.plot(minutes, panel.values, color=INK, linewidth=1.1)
        if panel.setpoints is not None:
            axes.step(minutes, panel.setpoints, where="post", color=SETPOINT, linewidth=1.1)
        for limit in (panel.lo, panel.hi):
            if limit is not None:
                axes.step(minutes, limit, where="post", color=LIMIT, linewidth=1.0, linestyle="--")
        axes.set_title(f"{panel.title} [{panel.unit}]", loc="left", fontsize=9)
    figure.supxlabel("plant minutes (blue: setpoint, dashed: operator limits, shaded: closed loop)", fontsize=9)
    figure.savefig(path, dpi=110)


def money(
    path: Path, trace: Sequence[TraceRow], references: Sequence[Reference], events: Sequence[tuple[float, str]]
) -> None:
    """Draw EUR/h of the true plant between the operators' baseline and the true optimum."""
    minutes = [row.minute for row in trace]
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    axes = figure.add_subplot()
    _frame(axes, trace, events)
    axes.step(minutes, [r.best_eur_per_h for r in references], where="post", color=GOOD, linestyle="--", linewidth=1.2)
    axes.step(minutes, [r.baseline_eur_per_h for r in references], where="post", color=LIMIT, linestyle="--")
    axes.plot(minutes, [row.eur_per_h for row in trace], color=INK, linewidth=1.3)
    axes.set_title(
        "Contribution [EUR/h]: the plant (black), its true optimum (green), the operators' setpoints (brown)",
        loc="left",
        fontsize=9,
    )
    axes.set_xlabel("plant minutes", fontsize=9)
    figure.savefig(path, dpi=110)


def cycle_times(path: Path, parts: Mapping[str, Sequence[float]]) -> None:
    """Draw each part of the cycle as sorted milliseconds, so that p50, p99 and the worst can be read off."""
    figure = Figure(figsize=(13, 3.4), layout="constrained")
    axes = figure.add_subplot()
    for name, values in parts.items():
        ordered = sorted(values)
        share = [100 * (i + 1) / len(ordered) for i in range(len(ordered))]
        axes.plot(share, ordered, label=name, linewidth=2.0 if name == "total" else 1.0)
    axes.set_yscale("log")
    axes.set_title("Cycle time by part [real ms], sorted", loc="left", fontsize=9)
    axes.set_xlabel("percent of cycles at or below", fontsize=9)
    axes.grid(visible=True, color="#dddddd", linewidth=0.5)
    axes.legend(fontsize=8, ncols=2)
    figure.savefig(path, dpi=110)


def _frame(axes: Axes, trace: Sequence[TraceRow], events: Sequence[tuple[float, str]]) -> None:
    start: float | None = None
    for row in trace:
        if row.in_cascade and start is None:
            start = row.minute
        elif not row.in_cascade and start is not None:
            axes.axvspan(start, row.minute, color=CLOSED, linewidth=0)
            start = None
    if start is not None:
        axes.axvspan(start, trace[-1].minute, color=CLOSED, linewidth=0)
    for number, (minute, _) in enumerate(events, 1):
        axes.axvline(minute, color="#bbbbbb", linewidth=0.7)
        axes.annotate(str(number), (minute, 1.0), xycoords=("data", "axes fraction"), fontsize=7, color="#666666")
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, color="#eeeeee", linewidth=0.5)
    axes.margins(x=0)
