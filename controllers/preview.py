"""Feed-forward with preview: what is known of the DVs' future, and what it will do to the CVs.

A forecast says from when on a DV will have which value. Only its changes count: where a forecaster is off by a
constant, nothing steps. What comes later than the horizon is not looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from controllers.estimate import Estimate, Estimator
from controllers.model import FloatArray, Model

Forecast = Mapping[str, Sequence[tuple[float, float]]]
"""By DV: (seconds from now, value from then on), ascending."""


@dataclass(frozen=True, slots=True)
class Change:
    """One known step of a DV."""

    source: int
    """Place among the model's inputs."""
    ahead_s: float
    amount: float
    """DV unit."""


def changes(forecast: Forecast, model: Model, inputs: FloatArray, horizon_s: float) -> tuple[Change, ...]:
    """Return the steps within the horizon, from the values that the ``inputs`` (model's order) have now.

    A value for now or earlier in the forecast takes the place of the measured one, to count changes from.
    """
    found: list[Change] = []
    for name, points in forecast.items():
        source = model.inputs.index(name)
        past = [value for ahead_s, value in points if ahead_s <= 0.0]
        before = past[-1] if past else float(inputs[source])
        for ahead_s, value in points:
            if 0.0 < ahead_s < horizon_s:
                if value != before:
                    found.append(Change(source, ahead_s, value - before))
                before = value
    return tuple(found)


def effect(model: Model, factors: FloatArray, coming: Sequence[Change], ahead_s: FloatArray) -> FloatArray:
    """Return what ``coming`` adds to each CV (times, CVs).

    ``ahead_s`` is (times,) or (times, CVs); ``factors`` are those of this cycle's gains (CVs, inputs).
    """
    ahead = np.broadcast_to(ahead_s[:, None] if ahead_s.ndim == 1 else ahead_s, (len(ahead_s), len(model.cvs)))
    result = np.zeros(ahead.shape)
    ordered = sorted(coming, key=lambda change: change.ahead_s)
    for at_s, together in itertools.groupby(ordered, key=lambda change: change.ahead_s):
        amounts = np.zeros(len(model.inputs))
        for change in together:
            amounts[change.source] += change.amount
        result += (model.steps_unit(ahead - at_s) * factors) @ amounts
    return result


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where everything is heading when no MV moves: the estimate, and the known future of the DVs."""

    estimator: Estimator
    model: Model
    estimate: Estimate
    coming: tuple[Change, ...] = ()

    def predict(self, ahead_s: FloatArray) -> FloatArray:
        """Return each CV (times, CVs); ``ahead_s`` as for ``Model.free``."""
        free = self.estimator.predict(self.estimate, ahead_s)
        if not self.coming:
            return free
        result: FloatArray = free + effect(self.model, self.estimator.factors(self.estimate), self.coming, ahead_s)
        return result

    def present(self) -> FloatArray:
        """Return each CV now."""
        result: FloatArray = self.estimator.predict(self.estimate, np.zeros(1))[0]
        return result

    def end(self) -> tuple[FloatArray, FloatArray]:
        """Return where each CV settles, and the slope per second that remains (integrating)."""
        level, slope = self.estimator.end(self.estimate)
        if not self.coming:
            return level, slope
        amounts = np.zeros(len(self.model.inputs))
        for change in self.coming:
            amounts[change.source] += change.amount
        gains = self.estimator.gains_at(self.estimate)
        return level + gains[0] @ amounts, slope + gains[1] @ amounts
