"""Excitation, only as large as needed: how far the next steady state must be from the others to tell a slope.

With the slopes uncertain by the covariance C, the optimum that is found loses 1/2 tr(H^-1 C) on average, in the
directions that nothing is sure to stop. H is the curvature and C the covariance of the slopes of the Lagrangian: the
slope of an active constraint matters as much as its multiplier. Where the loss left after the next steady state would
still be too large, that point is moved along the direction that loses most, as far as brings this loss down to what is
asked for. The idea is the dual one of A. Marchetti, B. Chachuat, D. Bonvin, "A dual modifier-adaptation approach for
real-time optimization", J. Process Control 20 (2010) 1027; there the slopes' error is bounded, here what it costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.adapt.mismatch import Mismatch, basis, coefficients, turned
from controllers.adapt.optimum import Modified, slopes
from controllers.adapt.words import FloatArray

SURE = 2.0
"""Standard deviations by which a multiplier must be above zero for its constraint to be sure to stop: 1 in 40."""
NEAR = 1e-3
"""So near, in spans and scales, something touches."""
FLAT = 0.1
"""A direction in which the cost hardly bends could lose without end: it counts with this share of the steepest."""
STRAIGHT = 0.5
"""Nor does the cost bend less than this share of what it changes over the range, per squared range: where it is
straight its slope is doubted, but not that it ends somewhere."""
_DIFFERENCE = 1e-2
"""Step of the curvature by differences, in spans: errors of 1e-12 become 1e-8."""


@dataclass(frozen=True, slots=True)
class View:
    """What the point where the plant would be held looks like; per span."""

    free: FloatArray
    """(inputs, k): orthonormal directions that nothing is sure to stop."""
    bent: FloatArray
    """(k, k): curvature of the Lagrangian in them."""
    covariance: FloatArray
    """(k, k): of its slopes, once the point will have been observed."""
    noise: float
    """Standard deviation of its value as observed."""


def view(modified: Modified, hold: FloatArray, noise: FloatArray) -> View:
    """Return the view from ``hold``; ``noise`` per output.

    What touches ``hold``, a constraint or an end of a range, stops it for sure where its multiplier is above zero by
    more than the cost's slopes are uncertain: otherwise the plant's optimum may well lie off it.
    """
    n, mismatch = len(hold), modified.mismatch
    turn = slopes(modified.outputs, hold, 1.0 - mismatch.at)
    values = modified.backed_off(hold)
    touching = [1 + i for i, value in enumerate(values[1:]) if value > -NEAR]
    low, high = hold <= -mismatch.at + NEAR, hold >= 1.0 - mismatch.at - NEAR
    ends = [*(-np.eye(n)[low]), *np.eye(n)[high]]
    sizes = [max(float(np.linalg.norm(turn[i])), 1e-300) for i in touching]
    rows = np.array([*(turn[i] / size for i, size in zip(touching, sizes, strict=True)), *ends]).reshape(-1, n)
    weights = np.linalg.pinv(rows.T, rcond=NEAR)
    multipliers = -weights @ turn[0]
    spread = np.sqrt(np.diag(weights @ mismatch.slope_covariance(hold, 0) @ weights.T))
    sure = multipliers > SURE * spread
    per_output = np.zeros(len(values))
    per_output[0] = 1.0
    for i, size, multiplier in zip(touching, sizes, multipliers, strict=False):
        per_output[i] = max(float(multiplier), 0.0) / size
    blocked = rows[sure]
    free = np.eye(n)
    if len(blocked):
        _, strength, vectors = np.linalg.svd(blocked)
        free = vectors[int((strength > NEAR).sum()) :].T
    covariance = sum(
        (weight**2 * after(mismatch, hold, k, float(noise[k])) for k, weight in enumerate(per_output)), np.zeros((n, n))
    )
    return View(
        free,
        positive(free.T @ curvature(modified, hold, per_output) @ free, STRAIGHT * float(modified.scale[0])),
        free.T @ covariance @ free,
        float(np.linalg.norm(per_output * noise)),
    )


def loss(seen: View) -> float:
    """Return the expected loss."""
    return 0.5 * float(np.trace(np.linalg.solve(seen.bent, seen.covariance)))


def after(mismatch: Mismatch, s: FloatArray, output: int, noise: float) -> FloatArray:
    """Return the covariance of the slopes of one output at ``s`` once ``s`` will have been observed with ``noise``."""
    full = mismatch.covariance[output]
    size = len(full)
    row = basis(s, np.zeros(size - coefficients(len(s))))
    seen = full @ row
    rows = turned(s, size)
    result: FloatArray = rows @ (full - np.outer(seen, seen) / (row @ seen + noise**2)) @ rows.T
    return result


def wanted(seen: View, enough: float) -> tuple[FloatArray, float]:
    """Return the direction whose uncertainty loses most and how far to go along it for a loss of ``enough``.

    Two points h apart tell the slope between them to noise / h, which loses 1/2 (noise / h)^2 / curvature.
    """
    root = np.linalg.cholesky(np.linalg.inv(seen.bent))
    _, vectors = np.linalg.eigh(root.T @ seen.covariance @ root)
    inner = root @ vectors[:, -1]
    inner = inner / np.linalg.norm(inner)
    bend = float(inner @ seen.bent @ inner)
    share = enough / len(inner)
    return seen.free @ inner, seen.noise / float(np.sqrt(2.0 * share * bend))


def curvature(modified: Modified, s: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the curvature (inputs, inputs) of the weighted sum of the outputs at ``s``, by differences."""
    n = len(s)
    axes = np.eye(n) * _DIFFERENCE
    bent = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            corners = [weights @ modified.outputs(s + a * axes[i] + b * axes[j]) for a in (1, -1) for b in (1, -1)]
            bent[i, j] = bent[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4.0 * _DIFFERENCE**2)
    return bent


def positive(bent: FloatArray, least: float) -> FloatArray:
    """Return ``bent`` with every curvature positive, ``least`` at least."""
    if len(bent) == 0:
        return bent
    values, vectors = np.linalg.eigh(bent)
    values = np.maximum(np.abs(values), max(FLAT * float(np.abs(values).max()), least))
    result: FloatArray = (vectors * values) @ vectors.T
    return result
