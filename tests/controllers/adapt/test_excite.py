from __future__ import annotations

import numpy as np
import pytest

from controllers.adapt.excite import View, loss, wanted


def view(bent, covariance, noise=0.1):
    return View(np.eye(len(bent)), np.array(bent), np.array(covariance), noise)


def test_the_expected_loss_is_half_the_slopes_variance_over_the_curvature():
    assert loss(view([[4.0]], [[0.8]])) == pytest.approx(0.1)
    assert loss(view([[4.0, 0.0], [0.0, 2.0]], [[0.8, 0.0], [0.0, 0.4]])) == pytest.approx(0.2)


def test_it_goes_where_most_is_lost_and_as_far_as_is_enough():
    along, far = wanted(view([[4.0, 0.0], [0.0, 4.0]], [[0.1, 0.0], [0.0, 0.9]]), 0.02)
    assert np.abs(along) == pytest.approx((0.0, 1.0), abs=1e-12)
    # two points that far apart tell the slope to noise / far, which loses half of what is enough for two directions
    assert 0.5 * (0.1 / far) ** 2 / 4.0 == pytest.approx(0.01)


def test_less_noise_needs_less():
    near = wanted(view([[4.0]], [[1.0]], 0.01), 0.02)[1]
    assert near == pytest.approx(0.1 * wanted(view([[4.0]], [[1.0]], 0.1), 0.02)[1])
