"""The analyser samples, holds and is late; the probes lag."""

import math
from dataclasses import replace

import pytest

from hil.plants.instruments import Analyser, Probes, advance_analyser, advance_probes, settled_probes
from hil.plants.parameters import DryerParameters
from hil.plants.steady import OPERATORS, Disturbances, steady

SEEN = steady(OPERATORS, Disturbances(), DryerParameters())


@pytest.mark.parametrize("dt_s", [0.1, 0.5, 1.0, 2.0])
def test_analyser_shows_the_value_of_a_minute_ago_in_steps_of_a_minute(dt_s: float) -> None:
    """The true value is the time itself: what is shown at t was true at the full minute, one minute before."""
    analyser, now_s = Analyser(shown=-1.0), 0.0
    for _ in range(round(400.0 / dt_s)):
        now_s += dt_s
        analyser = advance_analyser(analyser, now_s, 0.0, now_s)
        minute = math.floor((now_s + 1e-6) / 60.0)
        expected = -1.0 if minute < 2 else 60.0 * (minute - 1)
        assert analyser.shown == pytest.approx(expected, abs=1e-6), now_s


def test_noise_is_added_to_the_sample_once() -> None:
    """Noise while holding does not move what is shown."""
    analyser = Analyser(shown=3.0)
    for second in range(1, 180):
        analyser = advance_analyser(analyser, 3.0, 0.01 * second, float(second))
        assert analyser.shown == pytest.approx(3.0 if second < 120 else 3.6)


def test_probes_start_settled_and_approach_a_step() -> None:
    """After one lag 63 %, the second probe slower and 0.3 K higher."""
    probes = settled_probes(SEEN)
    assert probes == Probes(SEEN.T_out, SEEN.T_out + 0.3)
    hotter = replace(SEEN, T_out=SEEN.T_out + 10.0)
    for _ in range(8):
        probes = advance_probes(probes, hotter, 1.0)
    assert probes.T_out - SEEN.T_out == pytest.approx(10.0 * (1.0 - math.exp(-1.0)))
    assert probes.T_out_b - 0.3 < probes.T_out
