"""Step responses are exact at every moment, and add up."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hil.plants.delayed import DelayedPlant, Element, gains

ONE = Element(2.0, 3.0, 10.0)
TWO = Element(2.0, 1.5, 10.0, 4.0)


def test_nothing_shows_before_the_dead_time_is_over() -> None:
    assert ONE.step(np.array([-1.0, 0.0, 2.9, 3.0])).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_single_lag_is_at_63_percent_one_lag_after_the_dead_time() -> None:
    assert ONE.step(np.array([13.0]))[0] == pytest.approx(2.0 * (1.0 - np.exp(-1.0)), abs=1e-12)


@pytest.mark.parametrize("second", [4.0, 10.0, 10.0 * (1.0 + 1e-10), 30.0])
def test_two_lags_are_what_integration_gives(second: float) -> None:
    """Equal lags, and lags so near that the common formula loses all its digits, included."""
    element = Element(1.0, 0.0, 10.0, second)
    at = np.linspace(0.5, 60.0, 20)

    def rates(_: float, x: np.ndarray) -> list[float]:
        return [(1.0 - x[0]) / 10.0, (x[0] - x[1]) / second]

    exact = solve_ivp(rates, (0.0, 60.0), [0.0, 0.0], t_eval=at, rtol=1e-10, atol=1e-12)
    assert np.abs(element.step(at) - exact.y[1]).max() < 1e-8


def test_changes_add_up_and_a_trace_reads_what_was_read_then() -> None:
    plant = DelayedPlant({"y": {"u": ONE, "d": TWO}})
    plant.put("u", 1.0)
    plant.run(7.3)
    then = plant.read()["y"]
    plant.put("d", -0.5)
    plant.put("u", 0.25)
    plant.run(500.0)
    assert plant.read()["y"] == pytest.approx(2.0 * 0.25 - 2.0 * 0.5, abs=1e-9)
    assert plant.trace(np.array([7.3]))["y"][0] == pytest.approx(then, abs=1e-12)
    assert plant.travel("u") == pytest.approx(1.75)


def test_gains_keep_the_order_of_outputs_and_inputs() -> None:
    matrix = {"a": {"u": Element(1.0, 0.0, 1.0), "v": Element(2.0, 0.0, 1.0)}, "b": {"u": ONE, "v": TWO}}
    assert gains(matrix, ("v", "u")).tolist() == [[2.0, 1.0], [2.0, 2.0]]
