from __future__ import annotations

import numpy as np
import pytest

from controllers.adapt.settle import settle
from controllers.adapt.words import AdaptError

AT = np.arange(1.0, 61.0) * 10.0
LAGS = np.array([150.0, 40.0])


def curve(noise=0.0, seed=0):
    random = np.random.default_rng(seed)
    first = 5.0 + 3.0 * np.exp(-AT / 150.0) - 1.0 * np.exp(-AT / 40.0)
    second = -2.0 + 0.5 * np.exp(-AT / 150.0)
    return np.column_stack((first, second)) + noise * random.standard_normal((len(AT), 2))


def test_where_a_transient_leads_is_told_exactly_without_noise():
    assert settle(curve(), AT, LAGS).value == pytest.approx((5.0, -2.0), abs=1e-10)


def test_the_error_is_as_large_as_it_says():
    errors = []
    for seed in range(200):
        found = settle(curve(0.1, seed), AT, LAGS)
        errors.append((found.value - (5.0, -2.0)) / found.std)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("samples", "at", "lags", "text"),
    [
        (curve()[:, 0], AT, LAGS, "fit together"),
        (curve(), AT[:-1], LAGS, "fit together"),
        (curve(), AT, np.zeros(0), "fit together"),
        (curve() * np.nan, AT, LAGS, "not finite"),
        (curve(), AT, np.array([-1.0]), "above zero"),
        (curve()[:5], AT[:5], LAGS, "too few"),
        (curve(), AT, np.array([1000.0]), "wait longer"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(samples, at, lags, text):
    with pytest.raises(AdaptError, match=text):
        settle(samples, at, lags)
