"""What the benchmarks of plants share: what it ran on, a goal that is met or not, and the look of their pictures."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

IMAGES = Path(__file__).parents[1] / "docs" / "images"
INK = "#333333"
OURS = "#1f5fa8"
PEER = "#8a8a8a"
LIMIT = "#b3541e"
PALETTE = ("#1f5fa8", "#b3541e", "#3a7d44", "#7a4fa3", "#444444")
DPI = 90


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure and what it has to be."""

    what: str
    found: float
    limit: float
    at_least: float | None = None
    """Where given, the figure has to lie between this and ``limit``."""

    @property
    def met(self) -> bool:
        """Whether the figure is there."""
        return (self.at_least is None or self.found >= self.at_least) and self.found <= self.limit


def judge(goals: Sequence[Goal]) -> bool:
    """Print every goal; return whether all are met."""
    print()
    for goal in goals:
        bounds = f"<= {goal.limit:g}" if goal.at_least is None else f"{goal.at_least:g} ... {goal.limit:g}"
        print(f"{goal.what:58s}{goal.found:12.5g}   goal {bounds:16s} {'met' if goal.met else 'NOT met'}")
    met = all(goal.met for goal in goals)
    print("all met" if met else f"NOT met: {sum(not goal.met for goal in goals)} of {len(goals)}")
    return met


def made_with() -> str:
    """Return the versions."""
    names = ("setwise", "numpy", "scipy", "cvxpy", "osqp", "daqp")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join(f"{name} {version(name)}" for name in names) + f", {python}; load {os.getloadavg()[0]:.1f}"


def framed(axes: Axes, title: str) -> Axes:
    """Return ``axes`` with the common look."""
    axes.set_title(title, loc="left", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def kept(figure: Figure, name: str) -> None:
    """Write the picture into docs/images and say so."""
    path = IMAGES / name
    figure.savefig(path, dpi=DPI)
    print(f"picture: {path.relative_to(IMAGES.parents[1])}, {path.stat().st_size / 1000.0:.0f} kB")
