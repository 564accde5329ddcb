from __future__ import annotations

import numpy as np
import pytest
import scipy.signal as ss
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import Pair
from controllers.model import Model, ModelError

CYCLE = 15.0


def model(*pairs: Pair, inputs: tuple[str, ...] = ("u",), cvs: tuple[str, ...] = ("y",)) -> Model:
    return Model(pairs, inputs, cvs, CYCLE)


def reference_step(p: Pair, t: np.ndarray) -> np.ndarray:
    """scipy's step response, delayed."""
    num = np.array([p.lead_s, 1.0]) * p.gain
    den = np.polymul([p.lag1_s, 1.0], [p.lag2_s, 1.0])
    if p.integrating:
        den = np.polymul(den, [1.0, 0.0])
    num, den = np.trim_zeros(num, "f"), np.trim_zeros(den, "f")
    late = t - p.dead_time_s
    grid = np.linspace(0.0, max(late.max(), 1.0), 200_001)
    _, y = ss.step((num, den), T=grid[::100])
    return np.where(late > 0.0, np.interp(late, grid[::100], y), 0.0)


PAIRS = {
    "one lag": Pair(source="u", cv="y", gain=2.0, lag1_s=100.0),
    "lag given second": Pair(source="u", cv="y", gain=2.0, lag2_s=100.0),
    "two lags": Pair(source="u", cv="y", gain=-0.05, lag1_s=60.0, lag2_s=240.0),
    "equal lags": Pair(source="u", cv="y", gain=3.0, lag1_s=80.0, lag2_s=80.0),
    "nearly equal lags": Pair(source="u", cv="y", gain=3.0, lag1_s=80.0, lag2_s=80.000001),
    "dead time between samples": Pair(source="u", cv="y", gain=1.0, dead_time_s=52.3, lag1_s=30.0),
    "lead": Pair(source="u", cv="y", gain=0.84, dead_time_s=5.0, lag1_s=24.0, lead_s=110.0),
    "inverse response": Pair(source="u", cv="y", gain=1.0, lag1_s=60.0, lag2_s=20.0, lead_s=-40.0),
    "integrator": Pair(source="u", cv="y", gain=0.01, dead_time_s=20.0, integrating=True),
    "integrator with lags": Pair(
        source="u", cv="y", gain=0.01, lag1_s=40.0, lag2_s=10.0, lead_s=15.0, integrating=True
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_step_coefficients_are_those_of_the_continuous_model(name):
    p = PAIRS[name]
    t = np.linspace(1.0, 900.0, 67)
    got = model(p).steps(t[:, None])[:, 0, 0]
    want = reference_step(p, t)
    assert np.abs(got - want).max() < 2e-4 * max(np.abs(want).max(), 1e-9)


@pytest.mark.parametrize("name", PAIRS)
def test_simulating_cycle_by_cycle_gives_the_step_response_at_any_instant(name):
    p = PAIRS[name]
    m = model(p)
    record = m.start(0.0)
    one = np.ones(1)
    at = 0.0
    rng = np.random.default_rng(3)
    for gap in (CYCLE, CYCLE, 1.7, 4 * CYCLE, 33.3, *rng.uniform(2.0, 60.0, 12)):  # late, missed and early cycles
        at += float(gap)
        record = m.advance(record, one, one, at)
        ahead = np.array([0.0, 7.0, 200.0])
        free = m.free(record, ahead)[:, 0]
        want = m.steps((at + ahead)[:, None])[:, 0, 0]
        assert np.abs(free - want).max() < 1e-9 * max(np.abs(want).max(), 1.0)


@settings(max_examples=60, deadline=None)
@given(
    gain=st.floats(-5, 5),
    dead=st.floats(0, 200),
    lag1=st.floats(0, 300),
    lag2=st.floats(0, 300),
    integrating=st.booleans(),
    moves=st.lists(st.tuples(st.floats(1.0, 90.0), st.floats(-2.0, 2.0)), min_size=1, max_size=12),
)
def test_any_history_is_the_sum_of_its_steps(gain, dead, lag1, lag2, integrating, moves):
    p = Pair(source="u", cv="y", gain=gain, dead_time_s=dead, lag1_s=lag1, lag2_s=lag2, integrating=integrating)
    m = model(p)
    record = m.start(0.0)
    at, level, steps = 0.0, 0.0, []
    for gap, to in moves:
        steps.append((at, to - level))
        level = to
        at += gap
        record = m.advance(record, np.array([level]), np.array([level]), at)
    ahead = np.array([0.0, 10.0, 333.0])
    want = sum(size * m.steps((at + ahead - when)[:, None])[:, 0, 0] for when, size in steps)
    assert np.abs(m.free(record, ahead)[:, 0] - want).max() < 1e-8


def test_a_change_now_does_not_show_in_the_reading_of_now():
    m = model(Pair(source="u", cv="y", gain=2.0))
    record = m.advance(m.start(0.0), np.zeros(1), np.ones(1), CYCLE)
    assert m.free(record, np.array([0.0, 1e-6]))[:, 0].tolist() == [0.0, 2.0]


def test_pairs_add_up_per_cv_and_gains_are_sorted_by_kind():
    m = Model(
        (
            Pair(source="u", cv="a", gain=2.0, lag1_s=10.0),
            Pair(source="d", cv="a", gain=-1.0, lag1_s=10.0),
            Pair(source="u", cv="b", gain=0.5, integrating=True),
        ),
        ("u", "d"),
        ("a", "b"),
        CYCLE,
    )
    level, slope = m.gains()
    assert level.tolist() == [[2.0, -1.0], [0.0, 0.0]]
    assert slope.tolist() == [[0.0, 0.0], [0.5, 0.0]]
    assert m.cv_integrates().tolist() == [False, True]
    record = m.advance(m.start(0.0), np.array([1.0, 3.0]), np.array([1.0, 3.0]), 1000.0)
    assert m.free(record, np.zeros(1))[0].tolist() == pytest.approx([2.0 - 3.0, 500.0], abs=1e-9)


def test_the_record_stays_as_short_as_the_dead_time_needs():
    m = model(Pair(source="u", cv="y", gain=1.0, dead_time_s=52.0, lag1_s=30.0))
    record = m.start(0.0)
    for k in range(1, 200):
        record = m.advance(record, np.ones(1), np.ones(1), k * CYCLE)
        assert len(record.at_s) <= 6
    for k in range(1, 500):  # a burst of cycles does not let it grow without end
        record = m.advance(record, np.ones(1), np.ones(1), 200 * CYCLE + k * 0.01)
    assert len(record.at_s) <= 4 * 5


def test_a_lead_without_a_lag_is_refused():
    with pytest.raises(ModelError, match="lead"):
        model(Pair(source="u", cv="y", gain=1.0, lead_s=5.0))
