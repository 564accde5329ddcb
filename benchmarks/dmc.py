"""Dynamic matrix control as in the textbook, in numpy alone: the peer for Wood-Berry.

Source: C. R. Cutler & B. L. Ramaker, Dynamic matrix control - a computer control algorithm, Proc. Joint Automatic
Control Conference, San Francisco 1980, WP5-B; with move weights as in Seborg, Edgar & Mellichamp, ch. 20. No
constraints: least squares over the prediction horizon, the first move is made, the rest is forgotten; the disturbance
is the last reading minus its prediction, held for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Dmc:
    """One controller; steps (N, outputs, inputs) are the plant's responses to a unit step after 1, 2, ... N samples."""

    def __init__(self, steps: FloatArray, predicted: int, moved: int, move_weight: float) -> None:
        """``predicted`` samples ahead and ``moved`` moves; N has to reach to the steady state."""
        samples, outputs, inputs = steps.shape
        self._steps = steps
        self._predicted = predicted
        matrix = np.zeros((predicted, outputs, moved, inputs))
        for k in range(predicted):
            for m in range(min(moved, k + 1)):
                matrix[k, :, m, :] = steps[k - m]
        dynamic = matrix.reshape(predicted * outputs, moved * inputs)
        normal = dynamic.T @ dynamic + move_weight * np.eye(moved * inputs)
        self._gain: FloatArray = np.linalg.solve(normal, dynamic.T)[:inputs]
        self._free = np.zeros((samples, outputs))
        self.u = np.zeros(inputs)

    def step(self, y: Sequence[float], target: Sequence[float]) -> FloatArray:
        """Return the inputs from now on, given the readings now."""
        self._free += np.array(y) - self._free[0]
        ahead = self._free[1 : self._predicted + 1]
        move = self._gain @ (np.array(target) - ahead).ravel()
        self.u = self.u + move
        # a move now shows from the next sample on; then all move up by one sample
        self._free[1:] += self._steps[:-1] @ move
        self._free = np.vstack((self._free[1:], self._free[-1:]))
        return self.u
