"""Where a transient leads: steady-state values from samples taken on the way there and after.

    z(t) = settled + sum_i c_i exp(-t / lag_i) + noise

by least squares, with the lags from the model (a stirred tank's residence time and shares of it, say). Samples of the
transient then count too, and a steady state costs less waiting: the idea of estimating from transients is that of G.
François, D. Bonvin, "Use of transient measurements for the optimization of steady-state performance via modifier
adaptation", Ind. Eng. Chem. Res. 53 (2014) 5148.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.adapt.words import AdaptError, FloatArray


@dataclass(frozen=True, slots=True)
class Settled:
    """Steady-state value of each output, and the standard deviation of that, from the scatter around the fit."""

    value: FloatArray
    std: FloatArray


def settle(samples: FloatArray, after_s: FloatArray, lags_s: FloatArray) -> Settled:
    """Return where ``samples`` (times, outputs), taken ``after_s`` (times,) after the last move, lead.

    Raises AdaptError for numbers that are not finite, wrong shapes, too few samples, or samples that end before the
    slowest lag has run three times: what is left of it then, 5 %, is no longer told from noise.
    """
    if samples.ndim != after_s.ndim + 1 or after_s.shape != samples.shape[:1] or lags_s.ndim != 1 or len(lags_s) == 0:
        raise AdaptError(f"samples {samples.shape}, times {after_s.shape} and lags {lags_s.shape} do not fit together")
    if not (np.isfinite(samples).all() and np.isfinite(after_s).all()):
        raise AdaptError("a sample or its time is not finite: leave bad samples out")
    if not (np.isfinite(lags_s).all() and (lags_s > 0.0).all()):
        raise AdaptError(f"lags must be finite and above zero, not {lags_s.tolist()}")
    columns = 1 + len(lags_s)
    if len(after_s) < 3 * columns:
        raise AdaptError(f"{len(after_s)} samples are too few for {columns} coefficients: three for each at least")
    if float(after_s.max()) < 3.0 * float(lags_s.max()):
        raise AdaptError("the samples end before the slowest lag has run three times: wait longer")
    rows = np.column_stack((np.ones(len(after_s)), np.exp(-after_s[:, None] / lags_s)))
    inverse = np.linalg.pinv(rows)
    found = inverse @ samples
    scatter = samples - rows @ found
    variance = (scatter**2).sum(axis=0) / (len(after_s) - columns)
    return Settled(found[0], np.sqrt(variance * float(inverse[0] @ inverse[0])))
