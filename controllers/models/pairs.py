"""Pairs (gain, dead time, two lags, a lead, an integrator) as exact samples of a continuous model.

Each pair is ``gain e^(-dead_time s) (lead s + 1) / ((lag1 s + 1)(lag2 s + 1))``, over ``s`` where integrating. Inputs
are held between two readings, so the state after any time ``h`` has a closed form: nothing is tied to the cycle time,
and missed or late cycles cost no accuracy. Dead time is looked up in the record, exact for every fraction of a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from constraints.plant import Pair
from controllers.models.arrays import BoolArray, Channels, FloatArray, IntArray, ModelError, Record

SETTLE_LAGS = 4.5
"""Lags after which a response counts as settled (98.9 % of a single lag)."""
_NO_LAG_S = 1e-3
"""A shorter lag is none."""
_EQUAL = 1e-12
"""Exponents nearer than this belong to two equal lags."""
_STATES = 3
"""Per pair: after the first lag, after the second lag, the integral."""
_HORIZONS = 8
"""So many sets of times ahead are kept worked out; a controller asks for three, in every cycle."""


@dataclass(frozen=True, slots=True)
class _Lags:
    """What lags, lead and integrator do to held inputs; arrays over pairs."""

    lag1: FloatArray
    """The longer one: then a single lag is always the first one and the second follows it exactly."""
    lag2: FloatArray
    lag1_safe: FloatArray
    lag2_safe: FloatArray
    """Where there is no lag these only keep formulas finite whose result is not used."""
    fast1: BoolArray
    fast2: BoolArray
    lead: FloatArray
    integrating: BoolArray
    gain: FloatArray

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> _Lags:
        lag1 = np.array([max(p.lag1_s, p.lag2_s) for p in pairs], dtype=np.float64)
        lag2 = np.array([min(p.lag1_s, p.lag2_s) for p in pairs], dtype=np.float64)
        fast1, fast2 = lag1 <= _NO_LAG_S, lag2 <= _NO_LAG_S
        safe1 = np.where(fast1, 1.0, lag1)
        return cls(
            lag1=np.where(fast1, 0.0, lag1),
            lag2=np.where(fast2, 0.0, lag2),
            lag1_safe=safe1,
            lag2_safe=np.where(fast2, safe1, lag2),
            fast1=fast1,
            fast2=fast2,
            lead=np.array([p.lead_s for p in pairs], dtype=np.float64),
            integrating=np.array([p.integrating for p in pairs], dtype=np.bool_),
            gain=np.array([p.gain for p in pairs], dtype=np.float64),
        )

    def only(self, pairs: IntArray) -> _Lags:
        """Return the lags of some pairs."""
        return _Lags(**{each.name: getattr(self, each.name)[pairs] for each in fields(self)})

    def decay(self, h: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what is left of the first lag, of the second, and what the first passes on to the second after ``h``
        seconds (..., pairs).
        """
        a = h / self.lag1_safe
        e1 = np.where(self.fast1, 0.0, np.exp(-a))
        if self.fast2.all():
            return e1, np.zeros_like(e1), e1
        b = h / self.lag2_safe
        e2 = np.where(self.fast2, 0.0, np.exp(-b))
        apart = b - a
        # (exp(-a) - exp(-b)) / (b - a), which tends to exp(-a) for two equal lags
        near = apart < _EQUAL
        ratio = np.where(near, 1.0, -np.expm1(-apart) / np.where(near, 1.0, apart))
        return e1, e2, np.where(self.fast2, e1, b * e1 * ratio)

    def output(self, x: Sequence[FloatArray], u: FloatArray, h: FloatArray) -> FloatArray:
        """Return each output ``h`` seconds after the states ``x`` (three arrays), with ``u`` held: (lead s + 1)
        applied, or the integral; times the gain.
        """
        x1, x2, xi = x
        e1, e2, g = self.decay(h)
        n1 = u + (x1 - u) * e1
        n2 = u + (x1 - u) * g + (x2 - u) * e2
        rate = np.where(self.fast2, (u - n1) / self.lag1_safe, (n1 - n2) / self.lag2_safe)
        ni = xi + u * h - self.lag1 * (n1 - x1) - (self.lag2 - self.lead) * (n2 - x2)
        result: FloatArray = np.where(self.integrating, ni, n2 + self.lead * rate) * self.gain
        return result


@dataclass(frozen=True, slots=True)
class _Horizon:
    """Certain times ahead, worked out: outputs are linear in states and inputs of now, but for what dead times leave in
    the past.
    """

    weights: FloatArray
    """(4, times, pairs): of the three states and the input."""
    time: IntArray
    pair: IntArray
    """Where the dead time points to before the last entry."""
    since_s: FloatArray
    """Moment that it points to there, counted from the last entry; zero or negative."""
    lags: _Lags
    """Of ``pair``."""


class Pairs:
    """All pairs of one plant; ``Part`` says what each method means."""

    def __init__(self, pairs: Sequence[Pair], inputs: Sequence[str], cvs: Sequence[str]) -> None:
        """Raises ModelError for a lead without a lag or an integrator."""
        for pair in pairs:
            if pair.lead_s != 0.0 and max(pair.lag1_s, pair.lag2_s) <= _NO_LAG_S and not pair.integrating:
                raise ModelError(f"{pair.source} -> {pair.cv}: a lead needs a lag")
        self._lags = _Lags.of(pairs)
        dead = np.array([p.dead_time_s for p in pairs], dtype=np.float64)
        self.channels = Channels(
            source=np.array([inputs.index(p.source) for p in pairs], dtype=np.intp),
            cv=np.array([cvs.index(p.cv) for p in pairs], dtype=np.intp),
            gain=self._lags.gain,
            dead_s=dead,
            lag_s=self._lags.lag1,
            settle_s=dead + SETTLE_LAGS * self._lags.lag1 + 2.0 * self._lags.lag2,
            integrating=self._lags.integrating,
        )
        self.cv = self.channels.cv
        self.size = _STATES * len(pairs)
        self.states_reach_s = self.inputs_reach_s = float(dead.max(initial=0.0))
        self._horizons: dict[bytes, _Horizon] = {}

    def trail(self, states: FloatArray, inputs: FloatArray, lasting_s: FloatArray) -> FloatArray:
        """Return the states after each stretch; the integral is exact from the balance of what the lags hold."""
        lags, count = self._lags, len(self.cv)
        different, which = np.unique(lasting_s, return_inverse=True)  # cycles are mostly alike
        e1, e2, g = lags.decay(np.repeat(different[:, None], count, axis=1))
        held = inputs[:, self.channels.source]
        x1, x2, xi = states.reshape(-1, _STATES).T
        found = np.empty((len(lasting_s), count, _STATES))
        for k, (u, h, w) in enumerate(zip(held, lasting_s.tolist(), which.tolist(), strict=True)):
            above = x1 - u
            n1 = u + above * e1[w]
            n2 = u + above * g[w] + (x2 - u) * e2[w]
            xi = xi + u * h - lags.lag1 * (n1 - x1) - (lags.lag2 - lags.lead) * (n2 - x2)
            x1, x2 = n1, n2
            found[k, :, 0], found[k, :, 1], found[k, :, 2] = x1, x2, xi
        return found.reshape(len(lasting_s), self.size)

    def outputs(self, record: Record, states: FloatArray, ahead_s: FloatArray) -> FloatArray:
        """Return each pair's output: from the state of now, or where its dead time still points to the past, from the
        state of then.
        """
        asked = ahead_s.tobytes()
        horizon = self._horizons.get(asked)
        if horizon is None:
            if len(self._horizons) >= _HORIZONS:
                self._horizons.clear()
            horizon = self._horizons[asked] = self._horizon(ahead_s)
        x = states.reshape(len(states), -1, _STATES)
        now = np.concatenate((x[-1], record.inputs[-1, self.channels.source][:, None]), axis=1)
        result: FloatArray = np.einsum("ktp,pk->tp", horizon.weights, now)
        at, p = record.at_s[record.first :] - record.now_s, horizon.pair
        entry = np.maximum(np.searchsorted(at, horizon.since_s, side="left") - 1, 0)
        h = np.maximum(horizon.since_s - at[entry], 0.0)
        u = record.inputs[record.first + entry, self.channels.source[p]]
        result[horizon.time, p] = horizon.lags.output(tuple(x[entry, p].T), u, h)
        return result

    def steps(self, after_s: FloatArray) -> FloatArray:
        """Return the step responses, gains included."""
        h = after_s[:, self.cv] - self.channels.dead_s
        zero, one = np.zeros_like(h), np.ones_like(h)
        return np.where(h > 0.0, self._lags.output((zero, zero, zero), one, np.maximum(h, 0.0)), 0.0)

    def _horizon(self, ahead_s: FloatArray) -> _Horizon:
        since = ahead_s[:, self.cv] - self.channels.dead_s
        h = np.maximum(since, 0.0)
        zero, one = np.zeros_like(h), np.ones_like(h)
        basis = [(one, zero, zero), (zero, one, zero), (zero, zero, one)]
        weights = [self._lags.output(x, zero, h) for x in basis]
        weights.append(self._lags.output((zero, zero, zero), one, h))
        time, pair = np.nonzero(since <= 0.0)
        return _Horizon(np.stack(weights), time, pair, since[time, pair], self._lags.only(pair))
