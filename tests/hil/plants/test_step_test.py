"""The step test finds again what is known."""

import numpy as np
import pytest

from hil.plants.parameters import DryerParameters
from hil.plants.steady import Disturbances, Setpoints, steady
from hil.plants.step_test import EFFECTS, MIDDLE, STEPS, Channel, fit, step_tests, table, unit_step

TIME_S = 15.0 * np.arange(241, dtype=np.float64)


@pytest.fixture(scope="module")
def channels() -> dict[tuple[str, str], Channel]:
    """All channels of the plant, by cause and effect."""
    return {(c.cause, c.effect): c for c in step_tests()}


@pytest.mark.parametrize(("dead_s", "lag1_s", "lag2_s"), [(90.0, 200.0, 60.0), (0.0, 100.0, 0.0), (30.0, 80.0, 80.0)])
def test_fit_finds_a_known_model(dead_s: float, lag1_s: float, lag2_s: float) -> None:
    """A response made by the model is fitted almost perfectly, with its gain and total delay."""
    found = fit("a", "b", -2.5 * unit_step(TIME_S, dead_s, lag1_s, lag2_s))
    assert found.gain == pytest.approx(-2.5, rel=1e-3)
    assert found.fit_percent > 98.0
    assert found.dead_s + found.lag1_s + found.lag2_s == pytest.approx(dead_s + lag1_s + lag2_s, rel=0.05)


def test_unit_step_ends_at_one_and_starts_at_zero() -> None:
    """Before the dead time nothing, long after it one."""
    y = unit_step(TIME_S, 60.0, 100.0, 30.0)
    assert np.all(y[TIME_S < 60.0] == 0.0)
    assert y[-1] == pytest.approx(1.0, abs=1e-6)


def test_fitted_gains_are_the_steady_state_gains(channels: dict[tuple[str, str], Channel]) -> None:
    """Central differences of `steady` about the middle, against the dynamic test."""
    p, world = DryerParameters(), Disturbances()
    for effect in EFFECTS:
        up = steady(Setpoints(MIDDLE.T_in + 3.0, MIDDLE.feed, MIDDLE.fan), world, p)
        down = steady(Setpoints(MIDDLE.T_in - 3.0, MIDDLE.feed, MIDDLE.fan), world, p)
        gain = (getattr(up, effect) - getattr(down, effect)) / 6.0
        assert channels["T_in_sp", effect].gain == pytest.approx(gain, rel=0.01), effect


def test_every_channel_of_the_setpoints_fits(channels: dict[tuple[str, str], Channel]) -> None:
    """Good enough for a controller: 80 % or better for each setpoint, 90 % for moisture."""
    assert len(channels) == len(STEPS) * len(EFFECTS)
    for (cause, effect), channel in channels.items():
        if cause.endswith("_sp"):
            assert channel.fit_percent > (90.0 if effect == "moist" else 80.0), (cause, effect)
    for cause in ("T_in_sp", "feed_sp", "fan_sp"):
        assert channels[cause, "moist"].dead_s >= 60.0
        assert 200.0 < channels[cause, "moist"].lag1_s + channels[cause, "moist"].lag2_s < 400.0


def test_table_has_a_line_for_each(channels: dict[tuple[str, str], Channel]) -> None:
    """A heading and one line a channel."""
    assert len(table(list(channels.values())).splitlines()) == 1 + len(channels)
