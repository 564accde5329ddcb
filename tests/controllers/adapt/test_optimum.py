from __future__ import annotations

import numpy as np
import pytest

from controllers.adapt.mismatch import fit, scales
from controllers.adapt.optimum import Beyond, Modified, inside, least
from controllers.adapt.words import Modifiers, Observation, Task

NONE = np.zeros(0)


def model(u, _d):
    return np.array([(u[0] - 0.8) ** 2 + (u[1] - 0.5) ** 2, u[0] - 0.6])


def modified(safety=0.0, slope=(0.0, 0.0), at=(0.5, 0.5), noise=1e-6):
    task = Task(model=model, lo=np.zeros(2), hi=np.ones(2), constraints=1, accuracy=0.01, safety=safety, caution=0.0)
    u = np.array(at)
    seen = (Observation(u, NONE, model(u, NONE), np.full(2, noise)),)
    scale = scales(task, NONE)
    mismatch = fit(task, seen, model(u, NONE)[None, :], 0, scale)
    modifiers = Modifiers(mismatch.at, mismatch.value, np.array([slope, (0.0, 0.0)]))
    return Modified(task, NONE, mismatch, modifiers, scale, noise)


def test_the_limit_stops_it():
    assert least(modified(), 0.4) == pytest.approx((0.1, 0.0), abs=1e-4)


def test_the_back_off_keeps_it_away_and_more_of_it_farther():
    some, more = (least(modified(safety), 0.4)[0] for safety in (0.1, 0.3))
    assert more < some < 0.1 - 1e-3


def test_a_modifier_turns_the_cost():
    assert least(modified(slope=(2.0, 0.0)), 0.2) == pytest.approx((-0.2, 0.0), abs=1e-4)


def test_no_step_leaves_the_radius_or_the_range():
    assert np.linalg.norm(least(modified(), 0.05)) <= 0.05 + 1e-12
    s = least(modified(slope=(2.0, 3.0), at=(0.01, 0.02)), 0.4)
    assert s == pytest.approx((-0.01, -0.02), abs=1e-6)


def test_beyond_is_kept_where_it_can_be():
    s = least(modified(), 0.3, Beyond(np.array([0.0, 1.0]), 0.1))
    assert s[1] == pytest.approx(0.1, abs=1e-4)


def test_inside_shortens_after_the_range():
    found = inside(np.array([3.0, 4.0]), np.full(2, -1.0), np.full(2, 1.0), 0.5)
    assert np.linalg.norm(found) == pytest.approx(0.5)
