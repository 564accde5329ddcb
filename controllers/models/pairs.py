"""Pairs (gain, dead time, two lags, a lead, an integrator) as exact samples of a continuous model.

Each pair is ``gain e^(-dead_time s) (lead s + 1) / ((lag1 s + 1)(lag2 s + 1))``, over ``s`` where integrating. Inputs
are held between two readings, so the state after any time ``h`` has a closed form: nothing is tied to the cycle time,
and missed or late cycles cost no accuracy. Dead time is looked up in the record, exact for every fraction of a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from constraints.plant import Pair
from controllers.models.arrays import Channels, FloatArray, ModelError, Record

SETTLE_LAGS = 4.5
"""Lags after which a response counts as settled (98.9 % of a single lag)."""
_NO_LAG_S = 1e-3
"""A shorter lag is none."""
_EQUAL = 1e-12
"""Exponents nearer than this belong to two equal lags."""
_STATES = 3
"""Per pair: after the first lag, after the second lag, the integral."""


class Pairs:
    """All pairs of one plant; ``Part`` says what each method means."""

    def __init__(self, pairs: Sequence[Pair], inputs: Sequence[str], cvs: Sequence[str]) -> None:
        """Raises ModelError for a lead without a lag or an integrator."""
        for pair in pairs:
            if pair.lead_s != 0.0 and max(pair.lag1_s, pair.lag2_s) <= _NO_LAG_S and not pair.integrating:
                raise ModelError(f"{pair.source} -> {pair.cv}: a lead needs a lag")
        # The longer lag first: then a single lag is always the first one and the second follows it exactly.
        lag1 = np.array([max(p.lag1_s, p.lag2_s) for p in pairs], dtype=np.float64)
        lag2 = np.array([min(p.lag1_s, p.lag2_s) for p in pairs], dtype=np.float64)
        self._fast1 = lag1 <= _NO_LAG_S
        self._fast2 = lag2 <= _NO_LAG_S
        self._lag1 = np.where(self._fast1, 0.0, lag1)
        self._lag2 = np.where(self._fast2, 0.0, lag2)
        # where there is no lag these only keep formulas finite whose result is not used
        self._lag1_safe = np.where(self._fast1, 1.0, lag1)
        self._lag2_safe = np.where(self._fast2, self._lag1_safe, lag2)
        self._lead = np.array([p.lead_s for p in pairs], dtype=np.float64)
        integrating = np.array([p.integrating for p in pairs], dtype=np.bool_)
        dead = np.array([p.dead_time_s for p in pairs], dtype=np.float64)
        self.channels = Channels(
            source=np.array([inputs.index(p.source) for p in pairs], dtype=np.intp),
            cv=np.array([cvs.index(p.cv) for p in pairs], dtype=np.intp),
            gain=np.array([p.gain for p in pairs], dtype=np.float64),
            dead_s=dead,
            lag_s=self._lag1,
            settle_s=dead + SETTLE_LAGS * self._lag1 + 2.0 * self._lag2,
            integrating=integrating,
        )
        self.cv = self.channels.cv
        self.size = _STATES * len(pairs)
        self.states_reach_s = self.inputs_reach_s = float(dead.max(initial=0.0))

    def trail(self, states: FloatArray, inputs: FloatArray, lasting_s: FloatArray) -> FloatArray:
        """Return the states after each stretch; the integral is exact from the balance of what the lags hold."""
        u = inputs[:, self.channels.source]
        h = np.broadcast_to(lasting_s[:, None], u.shape)
        e1, e2, g = self._decay(h)
        x1, x2, xi = states.reshape(-1, _STATES).T
        found = np.empty((len(lasting_s), len(x1), _STATES))
        for k in range(len(lasting_s)):
            from_u1 = x1 - u[k]
            n1 = u[k] + from_u1 * e1[k]
            n2 = u[k] + from_u1 * g[k] + (x2 - u[k]) * e2[k]
            xi = xi + u[k] * h[k] - self._lag1 * (n1 - x1) - (self._lag2 - self._lead) * (n2 - x2)
            x1, x2 = n1, n2
            found[k, :, 0], found[k, :, 1], found[k, :, 2] = x1, x2, xi
        return found.reshape(len(lasting_s), self.size)

    def outputs(self, record: Record, states: FloatArray, ahead_s: FloatArray) -> FloatArray:
        """Return each pair's output; states are looked up where the dead time points to, and carried on from there."""
        at = record.at_s[record.first :]
        moment = record.now_s + ahead_s[:, self.cv] - self.channels.dead_s
        entry = np.maximum(np.searchsorted(at, moment, side="left") - 1, 0)
        h = np.maximum(moment - at[entry], 0.0)
        u = record.inputs[record.first + entry, self.channels.source]
        found = states.reshape(len(at), -1, _STATES)[entry, np.arange(len(self.cv))]
        return self._output(found[..., 0], found[..., 1], found[..., 2], u, h)

    def steps(self, after_s: FloatArray) -> FloatArray:
        """Return the step responses, gains included."""
        h = after_s[:, self.cv] - self.channels.dead_s
        zero, one = np.zeros_like(h), np.ones_like(h)
        return np.where(h > 0.0, self._output(zero, zero, zero, one, np.maximum(h, 0.0)), 0.0)

    def _decay(self, h: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what is left of the first lag, of the second, and what the first passes on to the second after ``h``
        seconds (..., pairs).
        """
        a, b = h / self._lag1_safe, h / self._lag2_safe
        e1 = np.where(self._fast1, 0.0, np.exp(-a))
        if self._fast2.all():
            return e1, np.zeros_like(e1), e1
        e2 = np.where(self._fast2, 0.0, np.exp(-b))
        apart = b - a
        # (exp(-a) - exp(-b)) / (b - a), which tends to exp(-a) for two equal lags
        near = apart < _EQUAL
        ratio = np.where(near, 1.0, -np.expm1(-apart) / np.where(near, 1.0, apart))
        return e1, e2, np.where(self._fast2, e1, b * e1 * ratio)

    def _output(self, x1: FloatArray, x2: FloatArray, xi: FloatArray, u: FloatArray, h: FloatArray) -> FloatArray:
        """Return each pair's output ``h`` seconds after the given states, with ``u`` held: (lead s + 1) applied, or the
        integral.
        """
        e1, e2, g = self._decay(h)
        n1 = u + (x1 - u) * e1
        n2 = u + (x1 - u) * g + (x2 - u) * e2
        result = n2
        if self._lead.any():
            rate = np.where(self._fast2, (u - n1) / self._lag1_safe, (n1 - n2) / self._lag2_safe)
            result = n2 + self._lead * rate
        if self.channels.integrating.any():
            ni = xi + u * h - self._lag1 * (n1 - x1) - (self._lag2 - self._lead) * (n2 - x2)
            result = np.where(self.channels.integrating, ni, result)
        return result * self.channels.gain
