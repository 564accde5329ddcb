"""The pictures of the benchmarks that measure time or exactness: growth, peers, distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import INK, LIMIT, OURS, PALETTE, PEER, framed


def growth(title: str, sizes: Sequence[tuple[int, int]], ms: Mapping[str, Sequence[float]]) -> Figure:
    """Return the times of ``ms`` (a line for each name, by size of MVs x CVs) on two logarithmic axes."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = framed(figure.add_subplot(), title)
    at = [mvs * cvs for mvs, cvs in sizes]
    for number, (name, values) in enumerate(ms.items()):
        axes.loglog(at, values, marker="o", markersize=4, linewidth=1.3, color=PALETTE[number], label=name)
    axes.set_xticks(at, [f"{mvs} x {cvs}" for mvs, cvs in sizes])
    axes.minorticks_off()
    axes.set_xlabel("MVs x CVs", fontsize=8)
    axes.set_ylabel("ms of CPU a cycle, median", fontsize=8)
    axes.legend(fontsize=7, frameon=False)
    return figure


def bars(title: str, ms: Mapping[str, Mapping[str, float]], ours: Sequence[str]) -> Figure:
    """Return a panel for each problem of ``ms`` with a bar for each tool; the names in ``ours`` bear our colour."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for column, (problem, tools) in enumerate(ms.items(), start=1):
        axes = framed(figure.add_subplot(1, len(ms), column), problem)
        names = list(tools)[::-1]
        values = [tools[name] for name in names]
        axes.barh(names, values, color=[OURS if name in ours else PEER for name in names], log=True)
        for row, value in enumerate(values):
            axes.text(value, row, f" {value:.3g}", va="center", fontsize=7)
        axes.set_xlim(min(values) / 3.0, max(values) * 5.0)
        axes.set_xlabel("ms a step, median", fontsize=8)
        if column > 1:
            axes.set_yticklabels([])
    figure.suptitle(title, fontsize=9)
    return figure


def distances(title: str, found: Mapping[str, Sequence[float]], limit: float) -> Figure:
    """Return for each name the share of its distances that exceed a size, and the ``limit`` that none may."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = framed(figure.add_subplot(), title)
    for number, (name, values) in enumerate(found.items()):
        ordered = np.sort(np.maximum(values, 1e-16))[::-1]
        share = np.arange(1, len(ordered) + 1) / len(ordered)
        axes.loglog(ordered, share, linewidth=1.3, color=PALETTE[number % len(PALETTE)], label=name)
    axes.axvline(limit, color=LIMIT, linewidth=0.9, linestyle="--")
    axes.text(limit, 1.0, " goal", color=INK, fontsize=7, va="top")
    axes.set_ylabel("share of the cases beyond it", fontsize=8)
    axes.legend(fontsize=7, frameon=False)
    return figure
