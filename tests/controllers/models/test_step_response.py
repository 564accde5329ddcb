from __future__ import annotations

import numpy as np
import pytest

from constraints.plant import Pair
from controllers.model import Model, ModelError

LAG = Pair(source="u", cv="y", gain=2.0, dead_time_s=30.0, lag1_s=100.0)


def sampled(pair: Pair, times: np.ndarray) -> Pair:
    """Return the table of a pair's own step response."""
    values = Model([pair], ["u"], ["y"], 15.0).steps(times[:, None])[:, 0, 0]
    table = tuple(zip(times.tolist(), values.tolist(), strict=True))
    return Pair(source="u", cv="y", gain=0.0, step=table, integrating=pair.integrating)


def test_a_table_of_a_lag_agrees_with_the_pair():
    exact, table = (Model([p], ["u"], ["y"], 15.0) for p in (LAG, sampled(LAG, np.linspace(0.0, 1500.0, 3001))))
    records = [m.start(0.0) for m in (exact, table)]
    rng = np.random.default_rng(2)
    at = 0.0
    for _ in range(60):
        at += float(rng.choice([15.0, 15.0, 22.3, 61.0]))
        u = rng.uniform(-1.0, 1.0, 1)
        records = [m.advance(r, u, u, at) for m, r in zip((exact, table), records, strict=True)]
        ahead = np.array([0.0, 10.0, 300.0, 3000.0])
        a, b = (m.free(r, ahead)[:, 0] for m, r in zip((exact, table), records, strict=True))
        assert a == pytest.approx(b, abs=2e-4)


def test_it_tells_dead_time_lag_and_settling_of_a_table():
    model = Model([sampled(LAG, np.arange(0.0, 1500.0, 2.0))], ["u"], ["y"], 15.0)
    assert model.dead_s[0] == pytest.approx(30.0, abs=2.0)
    assert model.lag1_s[0] == pytest.approx(100.0, abs=4.0)
    assert model.settle_s()[0] == pytest.approx(30.0 + 3.9 * 100.0, abs=10.0)
    assert model.gains()[0][0, 0] == pytest.approx(2.0, abs=1e-4)


def test_an_integrating_table_goes_on_with_its_last_slope():
    pair = Pair(source="u", cv="y", gain=0.0, integrating=True, step=((0.0, 0.0), (60.0, 0.0), (100.0, 2.0)))
    model = Model([pair], ["u"], ["y"], 15.0)
    assert model.gains()[1][0, 0] == pytest.approx(0.05)
    record = model.advance(model.start(0.0), np.ones(1), np.zeros(1), 1000.0)  # flows for 1000 s, then stops
    assert model.free(record, np.array([0.0, 60.0, 500.0]))[:, 0] == pytest.approx([47.0, 50.0, 50.0])


def test_years_of_running_cost_no_digits():
    model = Model([sampled(LAG, np.linspace(0.0, 1500.0, 60))], ["u"], ["y"], 15.0)
    record = model.start(0.0)
    u = np.array([80.0])
    for k in range(1, 130):
        record = model.advance(record, u, u, k * 1e6)
    assert model.free(record, np.zeros(1))[0, 0] == pytest.approx(80.0 * model.gains()[0][0, 0], rel=1e-9)


@pytest.mark.parametrize(
    "step", [((0.0, 0.0),), ((1.0, 0.0), (2.0, 1.0)), ((0.0, 0.0), (5.0, 1.0), (5.0, 2.0)), ((0.0, 0.0), (-5.0, 1.0))]
)
def test_a_table_that_is_none_is_refused(step):
    with pytest.raises(ModelError, match="u -> y"):
        Model([Pair(source="u", cv="y", gain=0.0, step=step)], ["u"], ["y"], 15.0)
