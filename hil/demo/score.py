"""How well it went, from the plant's true trace and the supervisor's own record.

The gain is measured on the true plant against its true optimum (`hil.plants.optimum`), not on what Setwise believes.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Situation = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The true plant at one moment."""

    minute: float
    true: Mapping[str, float]
    setpoints: Mapping[str, float]
    eur_per_h: float
    in_cascade: bool
    """Every loop follows the supervisor."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What one situation (disturbances, limits, tariff) offers, and what the operators' setpoints earn in it."""

    best_eur_per_h: float
    baseline_eur_per_h: float


@dataclass(frozen=True, slots=True)
class Score:
    """The demo's figures; the names are those of its JSON line."""

    economic_gain_fraction: float
    """Gain over the operators' setpoints as a part of what the true optimum offers, closed loop, settled."""
    economic_gain_fraction_all: float
    """The same over every closed-loop minute, climbs and disturbances included."""
    eur_per_h_baseline: float
    eur_per_h_closed_loop: float
    eur_per_h_optimum: float
    hard_limit_violations: int
    """Trace rows with a setpoint or a CV outside its engineering limits on the true plant."""
    cv_in_zone_fraction: float
    """Part of the time that true product moisture was in its zone, outside ten minutes after each change."""
    moves: int
    travel_spans: Mapping[str, float]
    """Total movement of each setpoint in operator spans."""


def settled(minute: float, changes: Iterable[float], settle_min: float) -> bool:
    """Whether no change lies within ``settle_min`` before ``minute``."""
    return not any(change <= minute < change + settle_min for change in changes)


def score(  # noqa: PLR0913 - one argument a source; keyword-only
    trace: Sequence[TraceRow],
    *,
    reference: Callable[[TraceRow], Reference],
    zone: Callable[[TraceRow], tuple[float, float]],
    hard: Mapping[str, tuple[float, float]],
    spans: Mapping[str, float],
    changes: Sequence[float],
    climbs: Sequence[float],
    settle_min: float,
    climb_min: float,
) -> Score:
    """Return the figures of one run.

    ``changes``: minutes of disturbances and limit changes; ``climbs``: minutes at which closed loop began or the
    optimum moved, after which ``climb_min`` minutes belong to the climb and not to the settled gain.
    """
    closed = [row for row in trace if row.in_cascade]
    at_rest = [row for row in closed if settled(row.minute, climbs, climb_min)]
    gain_all = _fraction(closed, reference)
    judged = [row for row in trace if settled(row.minute, changes, settle_min)]
    inside = sum(zone(row)[0] <= row.true["moist"] <= zone(row)[1] for row in judged)
    return Score(
        economic_gain_fraction=_fraction(at_rest, reference),
        economic_gain_fraction_all=gain_all,
        eur_per_h_baseline=_mean(reference(row).baseline_eur_per_h for row in at_rest),
        eur_per_h_closed_loop=_mean(row.eur_per_h for row in at_rest),
        eur_per_h_optimum=_mean(reference(row).best_eur_per_h for row in at_rest),
        hard_limit_violations=sum(_breaks(row, hard) for row in trace),
        cv_in_zone_fraction=inside / len(judged) if judged else 0.0,
        moves=sum(
            any(abs(b.setpoints[mv] - a.setpoints[mv]) > 1e-4 * spans[mv] for mv in spans)
            for a, b in itertools.pairwise(trace)
        ),
        travel_spans={
            mv: sum(abs(b.setpoints[mv] - a.setpoints[mv]) for a, b in itertools.pairwise(trace)) / span
            for mv, span in spans.items()
        },
    )


def _fraction(rows: Sequence[TraceRow], reference: Callable[[TraceRow], Reference]) -> float:
    offered = sum(reference(row).best_eur_per_h - reference(row).baseline_eur_per_h for row in rows)
    earned = sum(row.eur_per_h - reference(row).baseline_eur_per_h for row in rows)
    return earned / offered if offered > 0 else 0.0


def _breaks(row: TraceRow, hard: Mapping[str, tuple[float, float]]) -> bool:
    values = {**row.true, **row.setpoints}
    return any(not lo <= values[name] <= hi for name, (lo, hi) in hard.items())


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return statistics.fmean(numbers) if numbers else 0.0
