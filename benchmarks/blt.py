"""BLT-tuned PI loops for the Wood-Berry column: the multiloop baseline.

Source: W. L. Luyben, Simple method for tuning SISO controllers in multivariable systems, Ind. Eng. Chem. Process Des.
Dev. 25 (1986) 654-660, Wood-Berry: R from x_D with Kc 0.375 and Ti 8.29 min, S from x_B with -0.075 and 23.6 min.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

GAIN = np.array([0.375, -0.075])
"""lb/min per %."""
INTEGRAL_MIN = np.array([8.29, 23.6])
SCAN_MIN = 0.1


class Blt:
    """Two PI loops, scanned every ``SCAN_MIN``."""

    def __init__(self) -> None:
        self._integral = np.zeros(2)

    def step(self, y: Sequence[float], target: Sequence[float]) -> npt.NDArray[np.float64]:
        """Return the inputs from now on, given the readings now."""
        error = np.array(target) - np.array(y)
        self._integral += error * SCAN_MIN / INTEGRAL_MIN
        result: npt.NDArray[np.float64] = GAIN * (error + self._integral)
        return result
