"""How one pair of the plant file answers: exact for inputs that are held, whatever the step.

``gain e^(-dead_time s) (lead s + 1) / ((lag1 s + 1)(lag2 s + 1))``, over ``s`` where integrating: the solution of
these linear equations for a constant input (any textbook, e.g. Seborg, Edgar & Mellichamp, Process Dynamics and
Control, ch. 5).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from constraints.plant import Pair, Plant
from setwise.errors import InputError
from setwise.moments import SECONDS_PER_HOUR, hours_s
from setwise.tables import units_of

SETTLE_LAGS = 5.0
"""Lags that a response is shown for (99.3 % of a single one)."""
INTEGRATING_CYCLES = 40.0
"""So long an integrating pair, which never settles, is shown for."""
POINTS = 201
_EQUAL = 1e-9
"""Two lags that differ by less than this share are one lag twice."""


class PairState(NamedTuple):
    """A pair between two moments, before its gain and behind its dead time."""

    slow: float = 0.0
    """After the longer lag."""
    fast: float = 0.0
    """After both."""
    total: float = 0.0
    """The integral; of the response with its lead."""


def advanced(pair: Pair, state: PairState, u: float, seconds: float) -> PairState:
    """Return the state after ``seconds`` of the constant input ``u`` (dead time has passed already)."""
    slow_s, fast_s = max(pair.lag1_s, pair.lag2_s), min(pair.lag1_s, pair.lag2_s)
    slow_left = math.exp(-seconds / slow_s) if slow_s > 0.0 else 0.0
    slow = u + (state.slow - u) * slow_left
    if fast_s > 0.0:
        fast_left = math.exp(-seconds / fast_s)
        if slow_s - fast_s <= _EQUAL * slow_s:
            between = seconds / slow_s * slow_left
        else:
            between = slow_s / (slow_s - fast_s) * (slow_left - fast_left)
        fast = u + (state.fast - u) * fast_left + (state.slow - u) * between
    else:
        fast = slow
    total = state.total + u * seconds - slow_s * (slow - state.slow) - (fast_s - pair.lead_s) * (fast - state.fast)
    return PairState(slow, fast, total)


def output(pair: Pair, state: PairState, u: float) -> float:
    """Return what the pair adds to its CV, in the CV's unit, ``u`` being its input now (dead time has passed)."""
    if pair.integrating:
        return pair.gain * state.total
    slow_s, fast_s = max(pair.lag1_s, pair.lag2_s), min(pair.lag1_s, pair.lag2_s)
    if fast_s > 0.0:
        return pair.gain * (state.fast + pair.lead_s * (state.slow - state.fast) / fast_s)
    rate = (u - state.slow) / slow_s if slow_s > 0.0 else 0.0
    return pair.gain * (state.fast + pair.lead_s * rate)


def unit_step(pair: Pair, since_s: float) -> float:
    """Return the response ``since_s`` seconds after a step of one unit; zero before and at the end of the dead time."""
    after = since_s - pair.dead_time_s
    return output(pair, advanced(pair, PairState(), 1.0, after), 1.0) if after > 0.0 else 0.0


def lag_pairs(plant: Plant) -> tuple[Pair, ...]:
    """Return the pairs of a plant that is modelled by nothing else. Raises InputError for other kinds of models."""
    others = [f"state space {block.name}" for block in plant.blocks]
    for pair in plant.pairs:
        kind = "a step response" if pair.step else pair.function and f"function {pair.function}"
        if kind or pair.multiplier:
            others.append(f"{pair.source} on {pair.cv}: {kind or f'multiplier {pair.multiplier}'}")
    if others:
        raise InputError(
            f"plant {plant.name} has models that are not gain, dead time and lags ({'; '.join(others[:3])}): "
            "simulate it with process=, a process of your own"
        )
    return plant.pairs


def step_responses(plant: Plant, hours: float | None = None) -> pd.DataFrame:
    """Return every CV's answer to a step of one unit of each MV and DV, by seconds since the step.

    Columns: (CV, MV or DV); ``attrs["units"]`` by column. ``hours``: how long; until all have settled where None.
    """
    pairs = lag_pairs(plant)
    if not pairs:
        raise InputError(f"plant {plant.name} has no models")
    end_s = hours_s(hours) if hours is not None else max(_shown_s(pair, plant.cycle_s) for pair in pairs)
    at_s = [end_s * step / (POINTS - 1) for step in range(POINTS)]
    columns: dict[tuple[str, str], list[float]] = {}
    for pair in pairs:
        found = columns.setdefault((pair.cv, pair.source), [0.0] * POINTS)
        for step, since_s in enumerate(at_s):
            found[step] += unit_step(pair, since_s)
    ordered = {
        (cv, source): columns[cv, source]
        for cv in plant.cvs
        for source in (*plant.mvs, *plant.dvs)
        if (cv, source) in columns
    }
    frame = pd.DataFrame(ordered, index=pd.Index(at_s, name="since step [s]"))
    frame.columns = frame.columns.set_names(["CV", "input"])
    units = units_of(plant)
    frame.attrs["units"] = {key: f"{units[key[0]]} per {units[key[1]]}" for key in ordered}
    return frame


def _shown_s(pair: Pair, cycle_s: float) -> float:
    more = INTEGRATING_CYCLES * cycle_s if pair.integrating else 0.0
    settled_s = pair.dead_time_s + SETTLE_LAGS * (pair.lag1_s + pair.lag2_s) + more
    return max(math.ceil(settled_s / cycle_s), 1) * cycle_s if math.isfinite(settled_s) else SECONDS_PER_HOUR
