"""Matrices of gain, dead time and lags, simulated exactly at every moment.

Inputs are held between changes, so each output is the sum of the step responses to all changes so far (superposition);
nothing is integrated and nothing is sampled, and a dead time of 8.1 minutes is 8.1 minutes. Element: ``gain e^(-dead s)
/ ((lag s + 1)(lag2 s + 1))`` (any textbook, e.g. Seborg, Edgar & Mellichamp, Process Dynamics and Control, ch. 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_EQUAL = 1e-9
"""Two lags that differ by less than this share are one lag twice."""


@dataclass(frozen=True, slots=True)
class Element:
    """One input's effect on one output; times in minutes."""

    gain: float
    dead_min: float
    lag_min: float
    lag2_min: float = 0.0

    def step(self, since_min: FloatArray) -> FloatArray:
        """Return the response to a unit step, so many minutes after it; zero before and at the dead time's end."""
        t = np.maximum(since_min - self.dead_min, 0.0)
        one, two = self.lag_min, self.lag2_min
        if two == 0.0:
            shape = -np.expm1(-t / one)
        elif abs(one - two) <= _EQUAL * one:
            shape = 1.0 - (1.0 + t / one) * np.exp(-t / one)
        else:
            shape = 1.0 - (one * np.exp(-t / one) - two * np.exp(-t / two)) / (one - two)
        result: FloatArray = self.gain * shape
        return result


Matrix = Mapping[str, Mapping[str, Element]]
"""Output -> input -> element."""


def gains(matrix: Matrix, inputs: tuple[str, ...]) -> FloatArray:
    """Return the steady-state gains (outputs, inputs)."""
    return np.array([[row[name].gain for name in inputs] for row in matrix.values()])


class DelayedPlant:
    """A plant at rest at zero until its first input changes; deviations, minutes."""

    def __init__(self, matrix: Matrix) -> None:
        """Every output needs an element for every input."""
        self._matrix = matrix
        self.inputs: dict[str, float] = dict.fromkeys(next(iter(matrix.values())), 0.0)
        self.at_min = 0.0
        self._changes: dict[str, list[tuple[float, float]]] = {name: [] for name in self.inputs}

    def put(self, name: str, value: float) -> None:
        """Change one input now."""
        change = value - self.inputs[name]
        if change != 0.0:
            self._changes[name].append((self.at_min, change))
            self.inputs[name] = value

    def run(self, minutes: float) -> None:
        """Let time pass."""
        self.at_min += minutes

    def read(self) -> dict[str, float]:
        """Return every output now."""
        return {name: float(values[0]) for name, values in self.trace(np.array([self.at_min])).items()}

    def travel(self, name: str) -> float:
        """Return the sum of all changes of one input so far, up and down."""
        return sum(abs(size) for _, size in self._changes[name])

    def trace(self, at_min: FloatArray) -> dict[str, FloatArray]:
        """Return every output at these moments, none later than now."""
        result = {}
        for output, row in self._matrix.items():
            total = np.zeros(len(at_min))
            for name, changes in self._changes.items():
                if changes:
                    when, size = np.array(changes).T
                    total += row[name].step(at_min[:, None] - when) @ size
            result[output] = total
        return result
