"""Plant minus model near a point: value, slopes and curvature of each output from the steady states observed so far.

    z_plant(u, d) - z_model(u, d) = value + slope s + 1/2 s' curvature s + drift e + remainder

with s = (u - at) in spans and e = (d - d_at) in their spans. Weighted least squares with a prior (Bayesian linear
regression: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 3.3). The prior is the model: each
coefficient is zero but for what ``Task.doubt`` allows. An observation counts by its noise and by its distance: what the
third order, left out, may amount to there is added to its variance. That the slopes come from past operating points by
a quadratic fit is W. Gao, S. Wenzel, S. Engell, "A reliable modifier-adaptation strategy for real-time optimization",
Comput. Chem. Eng. 91 (2016) 318; that the model is the prior of the fit follows the Gaussian-process form of E. A. del
Rio Chanona et al., Comput. Chem. Eng. 147 (2021) 107249.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.adapt.check import checked_outputs
from controllers.adapt.words import AdaptError, FloatArray, Observation, Task

VAGUE = 10.0
"""Prior of the value: plant and model may differ by ten times what the model changes over the range: next to nothing
is assumed, since the value is measured."""

THIRD = 8.0
"""A third order that changes an output by 1 over half a span is 8 over a span."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The fit around ``at``; per output, all in spans."""

    at: FloatArray
    value: FloatArray
    slope: FloatArray
    """(outputs, inputs)."""
    curvature: FloatArray
    """(outputs, inputs, inputs)."""
    covariance: FloatArray
    """(outputs, coefficients, coefficients) in the order of ``basis``; coefficients of the disturbances last."""
    third: FloatArray
    """Per output: standard deviation of the third order, left out, at a distance of 1."""

    def slope_covariance(self, s: FloatArray, output: int) -> FloatArray:
        """Return the covariance of the fitted slopes of one output at ``at + s``."""
        rows = turned(s, self.covariance.shape[1])
        result: FloatArray = rows @ self.covariance[output] @ rows.T
        return result

    def std(self, s: FloatArray, output: int) -> float:
        """Return the standard deviation of the value at ``at + s``, third order included, disturbances as they are."""
        row = basis(s, np.zeros(self.covariance.shape[1] - coefficients(len(s))))
        left_out = self.third[output] * float(np.linalg.norm(s)) ** 3
        return float(np.sqrt(max(row @ self.covariance[output] @ row, 0.0) + left_out**2))

    def change_std(self, s: FloatArray, output: int) -> float:
        """Return the standard deviation of the fitted change from ``at`` to ``at + s``."""
        row = basis(s, np.zeros(self.covariance.shape[1] - coefficients(len(s))))
        row[0] = 0.0
        return float(np.sqrt(max(row @ self.covariance[output] @ row, 0.0)))


def coefficients(inputs: int) -> int:
    """Return how many coefficients a value, slopes and a curvature have."""
    return 1 + inputs + inputs * (inputs + 1) // 2


def basis(s: FloatArray, e: FloatArray) -> FloatArray:
    """Return 1, s, the products of s (squares halved), e."""
    upper = np.triu_indices(len(s))
    products = np.outer(s, s)[upper]
    products = np.where(upper[0] == upper[1], 0.5 * products, products)
    return np.concatenate(([1.0], s, products, e))


def turned(s: FloatArray, size: int) -> FloatArray:
    """Return the slopes of ``basis`` by s, (inputs, ``size``): those of the disturbances, after it, are zero."""
    n = len(s)
    rows = np.zeros((n, size))
    rows[:, 1 : n + 1] = np.eye(n)
    for column, (i, j) in enumerate(zip(*np.triu_indices(n), strict=True), start=n + 1):
        rows[i, column] = s[j]
        rows[j, column] = s[i]
    return rows


def scales(task: Task, d: FloatArray) -> FloatArray:
    """Return by how much the model changes each output: over its centre and the middle of each side of the range.

    Raises AdaptError where an output depends on no input.
    """
    middle, half = 0.5 * (task.lo + task.hi), 0.5 * (task.hi - task.lo)
    star = [middle, *(middle + sign * half * axis for axis in np.eye(len(half)) for sign in (-1.0, 1.0))]
    outputs = np.array([checked_outputs(task.model(u, d), 1 + task.constraints) for u in star])
    scale: FloatArray = np.ptp(outputs, axis=0)
    for k, size in enumerate(scale):
        if not size > 0.0:
            what = "the cost" if k == 0 else f"constraint {k}"
            raise AdaptError(
                f"{what} of the model depends on no input within its range: leave it out, or mend the model"
            )
    return scale


def fit(task: Task, seen: tuple[Observation, ...], modelled: FloatArray, at: int, scale: FloatArray) -> Mismatch:
    """Return the fit around observation ``at`` of ``seen``; ``modelled`` (observations, outputs) is the model there."""
    span = task.hi - task.lo
    u = np.array([o.u for o in seen])
    d = np.array([o.d for o in seen]).reshape(len(seen), -1)
    s = (u - u[at]) / span
    e = (d - d[-1]) / task.disturbance_span
    rows = np.array([basis(a, b) for a, b in zip(s, e, strict=True)])
    far = np.sqrt((s**2).sum(axis=1) + (e**2).sum(axis=1))
    gap = (np.array([o.outputs for o in seen]) - modelled) / scale
    noise = np.array([o.noise for o in seen]) / scale
    n, outputs = len(span), gap.shape[1]
    prior = prior_std(task, e.shape[1])
    upper = np.triu_indices(n)
    value, slope = np.zeros(outputs), np.zeros((outputs, n))
    curvature, covariance = np.zeros((outputs, n, n)), np.zeros((outputs, len(prior), len(prior)))
    for k in range(outputs):
        spread = np.sqrt(noise[:, k] ** 2 + (THIRD * task.doubt**3 * far**3) ** 2)
        # orthogonal factors of the stacked problem: as exact as the data, however the weights differ
        stacked = np.vstack((rows / spread[:, None], np.diag(1.0 / prior)))
        q, r = np.linalg.qr(stacked)
        inverse = np.linalg.inv(r)
        found = inverse @ (q.T @ np.concatenate((gap[:, k] / spread, np.zeros(len(prior)))))
        value[k], slope[k] = found[0] * scale[k], found[1 : n + 1] * scale[k]
        curvature[k][upper] = found[n + 1 : coefficients(n)] * scale[k]
        curvature[k] = np.triu(curvature[k]) + np.triu(curvature[k], 1).T
        covariance[k] = inverse @ inverse.T * scale[k] ** 2
    return Mismatch((u[at] - task.lo) / span, value, slope, curvature, covariance, THIRD * task.doubt**3 * scale)


def prior_std(task: Task, disturbances: int) -> FloatArray:
    """Return the prior standard deviation of each coefficient, for an output whose scale is 1.

    A change of 1 over half a span is a slope of 2 and a curvature of 8; each order is doubted more than the next.
    """
    n = len(task.lo)
    return np.concatenate(
        (
            [VAGUE],
            np.full(n, 2.0 * task.doubt),
            np.full(coefficients(n) - n - 1, 8.0 * task.doubt**2),
            np.full(disturbances, task.doubt),
        )
    )
