"""Step responses given as tables: ``(seconds, value)``, straight between the points.

A straight piece that begins at ``t`` with another slope adds ``change of slope * I(now - t)``, where ``I`` is the
integral of the input: with inputs held between two readings ``I`` is straight too, so the response to any past is
exact, for missed and late cycles alike. After its last point a self-regulating response stays, an integrating one goes
on with its last slope. Only an integrating one needs a state: how much has flowed in so far.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from constraints.plant import Pair
from controllers.models.arrays import Channels, FloatArray, ModelError, Record

_POINTS_MIN = 2
_SETTLED = 0.02
"""A self-regulating response has settled when it stays this near to its end, relative to its range."""
_LAG = 0.632
"""Share of the change after one lag of a first-order response."""


class StepResponses:
    """All tables of one plant; ``Part`` says what each method means."""

    def __init__(self, pairs: Sequence[Pair], inputs: Sequence[str], cvs: Sequence[str]) -> None:
        """Raises ModelError for a table that does not begin at 0 s or whose times do not rise."""
        for pair in pairs:
            _check(pair)
        ends = [_end(p) for p in pairs]
        dead = np.array([p.dead_time_s for p in pairs], dtype=np.float64)
        last = dead + np.array([p.step[-1][0] for p in pairs], dtype=np.float64)
        self.channels = Channels(
            source=np.array([inputs.index(p.source) for p in pairs], dtype=np.intp),
            cv=np.array([cvs.index(p.cv) for p in pairs], dtype=np.intp),
            gain=np.array(ends, dtype=np.float64),
            dead_s=dead + np.array([_begins_s(p) for p in pairs], dtype=np.float64),
            lag_s=np.array([_lag_s(p) for p in pairs], dtype=np.float64),
            settle_s=dead + np.array([_settled_s(p) for p in pairs], dtype=np.float64),
            integrating=np.array([p.integrating for p in pairs], dtype=np.bool_),
        )
        self.cv = self.channels.cv
        self._dead = dead
        self._lasting = np.flatnonzero(self.channels.integrating)
        self._jump = np.array([p.step[0][1] for p in pairs], dtype=np.float64)
        # all corners of all tables one after the other; those of pair p from _start[p] on
        corners = [_corners(p) for p in pairs]
        sizes = [len(each) for each in corners]
        self._start = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.intp) if pairs else np.zeros(0, np.intp)
        self._owner = np.repeat(np.arange(len(pairs)), sizes)
        flat = np.array([corner for each in corners for corner in each], dtype=np.float64).reshape(-1, 2)
        self._corner_s = flat[:, 0] + dead[self._owner]
        self._bend = flat[:, 1]
        self.size = len(self._lasting)
        self.states_reach_s = 0.0
        self.inputs_reach_s = float(last.max(initial=0.0))

    def trail(self, states: FloatArray, inputs: FloatArray, lasting_s: FloatArray) -> FloatArray:
        """Return the integrals after each stretch."""
        flows = inputs[:, self.channels.source[self._lasting]] * lasting_s[:, None]
        result: FloatArray = states + np.cumsum(flows, axis=0)
        return result

    def outputs(self, record: Record, states: FloatArray, ahead_s: FloatArray) -> FloatArray:
        """Return each table's response to all of the past."""
        at, inputs, now = record.at_s, record.inputs, record.now_s
        flowed = np.zeros_like(inputs)
        np.cumsum(inputs[:-1] * np.diff(at)[:, None], axis=0, out=flowed[1:])
        flowed -= flowed[-1].copy()  # counted from the last entry: small numbers, for ever
        source = self.channels.source
        moment = now + ahead_s[:, self.cv[self._owner]] - self._corner_s
        entry = np.maximum(np.searchsorted(at, moment, side="left") - 1, 0)
        column = source[self._owner]
        integral = flowed[entry, column] + inputs[entry, column] * (moment - at[entry])
        result = np.add.reduceat(integral * self._bend, self._start, axis=1)
        begun = np.maximum(np.searchsorted(at, now + ahead_s[:, self.cv] - self._dead, side="left") - 1, 0)
        result += self._jump * inputs[begun, source]
        result[:, self._lasting] += self.channels.gain[self._lasting] * states[-1]
        return result

    def steps(self, after_s: FloatArray) -> FloatArray:
        """Return the tables themselves, carried on beyond their last point."""
        since = np.maximum(after_s[:, self.cv[self._owner]] - self._corner_s, 0.0)
        result = np.add.reduceat(since * self._bend, self._start, axis=1)
        return result + np.where(after_s[:, self.cv] > self._dead, self._jump, 0.0)


def _check(pair: Pair) -> None:
    times = [at for at, _ in pair.step]
    name = f"{pair.source} -> {pair.cv}"
    if len(times) < _POINTS_MIN or times[0] != 0.0:
        raise ModelError(f"{name}: a step response begins at 0 s and has two points or more")
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise ModelError(f"{name}: the times of a step response must rise")


def _slopes(pair: Pair) -> list[float]:
    return [(v1 - v0) / (t1 - t0) for (t0, v0), (t1, v1) in itertools.pairwise(pair.step)]


def _end(pair: Pair) -> float:
    """Return the gain: the last value, or where integrating the last slope."""
    return _slopes(pair)[-1] if pair.integrating else pair.step[-1][1]


def _corners(pair: Pair) -> list[tuple[float, float]]:
    """Return when the slope changes and by how much."""
    slopes = [0.0, *_slopes(pair)]
    slopes.append(slopes[-1] if pair.integrating else 0.0)
    bends = [after - before for before, after in itertools.pairwise(slopes)]
    return [(at, bend) for (at, _), bend in zip(pair.step, bends, strict=True)]


def _begins_s(pair: Pair) -> float:
    """Return the last moment at which nothing has happened yet."""
    begins = 0.0
    for at, value in pair.step:
        if value != 0.0:
            break
        begins = at
    return begins


def _departure(pair: Pair) -> list[tuple[float, float]]:
    """Return how far each point is from how the response ends: from its last value or its last straight piece."""
    slope = _slopes(pair)[-1] if pair.integrating else 0.0
    last_s, last = pair.step[-1]
    return [(at, abs(value - last - slope * (at - last_s))) for at, value in pair.step]


def _after(pair: Pair, share: float) -> float:
    """Return the first point's time after which the departure stays below ``share`` of its largest."""
    departure = _departure(pair)
    largest = max(size for _, size in departure)
    beyond = [k for k, (_, size) in enumerate(departure) if size > share * largest]
    return departure[beyond[-1] + 1][0] if beyond and largest > 0.0 else 0.0


def _settled_s(pair: Pair) -> float:
    return _after(pair, _SETTLED)


def _lag_s(pair: Pair) -> float:
    return max(_after(pair, 1.0 - _LAG) - _begins_s(pair), 0.0)
