from __future__ import annotations

import numpy as np
import pytest

from controllers.adapt.mismatch import basis, coefficients, fit, scales, turned
from controllers.adapt.words import Observation, Task

NONE = np.zeros(0)


def model(u, _d):
    return np.array([u[0] ** 2 + u[1]])


TASK = Task(model=model, lo=np.zeros(2), hi=np.array([1.0, 2.0]), accuracy=0.01)


def observed(points, gap, noise):
    return tuple(Observation(np.array(p), NONE, model(p, NONE) + gap(np.array(p)), np.array([noise])) for p in points)


def fitted(seen, at):
    modelled = np.array([model(o.u, o.d) for o in seen])
    return fit(TASK, seen, modelled, at, scales(TASK, NONE))


GRID = [(0.5 + a, 1.0 + b) for a in (-0.05, 0.0, 0.05) for b in (-0.1, 0.0, 0.1)]


def test_slopes_and_curvature_of_plant_minus_model_are_found_per_span():
    found = fitted(observed(GRID, lambda u: 0.3 + 0.5 * u[0] - 0.4 * u[1] + u[0] * u[1], 1e-7), 4)
    assert found.value[0] == pytest.approx(0.3 + 0.25 - 0.4 + 0.5, abs=1e-3)
    assert found.slope[0] == pytest.approx((0.5 + 1.0, 2.0 * (-0.4 + 0.5)), abs=2e-2)
    assert found.curvature[0, 0, 1] == pytest.approx(2.0, abs=0.1)


def test_with_one_point_the_model_is_believed_but_for_the_value():
    found = fitted(observed([(0.5, 1.0)], lambda _: 0.7, 0.01), 0)
    assert found.value[0] == pytest.approx(0.7, abs=1e-3)
    assert found.slope[0] == pytest.approx((0.0, 0.0), abs=1e-12)
    scale = scales(TASK, NONE)[0]
    assert np.sqrt(np.diag(found.slope_covariance(np.zeros(2), 0))) == pytest.approx(2.0 * TASK.doubt * scale)


def test_more_noise_leaves_more_uncertainty_and_distance_as_well():
    quiet, loud = (fitted(observed(GRID, lambda _: 0.0, noise), 4) for noise in (0.001, 0.01))
    assert quiet.std(np.zeros(2), 0) < loud.std(np.zeros(2), 0)
    assert quiet.std(np.zeros(2), 0) < quiet.std(np.array([0.3, 0.0]), 0)
    assert quiet.change_std(np.zeros(2), 0) == 0.0


def test_the_slopes_of_the_basis_are_its_differences():
    s, e, h = np.array([0.3, -0.2, 0.5]), np.array([0.1]), 1e-6
    size = coefficients(3) + 1
    slopes = [(basis(s + h * a, e) - basis(s - h * a, e)) / (2 * h) for a in np.eye(3)]
    assert turned(s, size) == pytest.approx(np.array(slopes), abs=1e-8)
