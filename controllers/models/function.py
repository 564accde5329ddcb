"""An engineer's own function of the steady state, and its derivatives in each cycle.

The code is not ours: whatever it raises, and whatever it returns that is not one finite number for each CV, is a
``FunctionError`` that says which function, where, and what was wrong. Central differences step by the cube root of the
rounding unit (Nocedal & Wright, Numerical Optimization, section 8.1); complex ones have no rounding error at all
(Squire & Trapp, SIAM Review 40, 1998), but need a function that is analytic and takes complex numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from constraints.plant import FunctionSpec
from controllers.models.arrays import FloatArray

ComplexArray = npt.NDArray[np.complex128]
Number = TypeVar("Number", np.float64, np.complex128)
_STEP = float(np.finfo(np.float64).eps) ** (1.0 / 3.0)
_STEP_COMPLEX = 1e-30
_TEXT_MAX = 200


class FunctionError(ValueError):
    """An engineer's function gave no usable answer."""


class Function:
    """One function and where its arguments stand among the plant's inputs and CVs."""

    def __init__(self, spec: FunctionSpec, inputs: Sequence[str], cvs: Sequence[str]) -> None:
        """Raises FunctionError for one that is declared and not loaded."""
        if spec.call is None or (spec.jacobian_address and spec.jacobian is None):
            raise FunctionError(f"function {spec.name} ({spec.address}) is declared but not loaded")
        self.name = spec.name
        self._call = spec.call
        self._spec = spec
        self._split = len(spec.mvs)
        self.columns = np.array([inputs.index(name) for name in (*spec.mvs, *spec.dvs)], dtype=np.intp)
        self.rows = np.array([cvs.index(name) for name in spec.cvs], dtype=np.intp)
        self.at = np.array(spec.at, dtype=np.float64)

    def value(self, v: FloatArray) -> FloatArray:
        """Return y (CVs,) at its inputs ``v`` (MVs, then DVs; engineering units). Raises FunctionError."""
        return self._asked(self._call, v, np.float64, (len(self.rows),))

    def jacobian(self, v: FloatArray) -> FloatArray:
        """Return dy/dv (CVs, inputs) at ``v``. Raises FunctionError."""
        shape = (len(self.rows), len(v))
        if self._spec.jacobian is not None:
            return self._asked(self._spec.jacobian, v, np.float64, shape)
        result = np.empty(shape)
        for i in range(len(v)):
            if self._spec.differences == "complex":
                there = v.astype(np.complex128)
                there[i] += 1j * _STEP_COMPLEX
                found = self._asked(self._call, there, np.complex128, shape[:1])
                result[:, i] = found.imag / _STEP_COMPLEX
            else:
                up, down = v.copy(), v.copy()
                step = _STEP * max(abs(float(v[i])), abs(float(self.at[i])), 1e-3)
                up[i] += step
                down[i] -= step
                result[:, i] = (self.value(up) - self.value(down)) / (up[i] - down[i])
        return result

    def _asked(
        self, call: Callable[..., object], v: FloatArray | ComplexArray, kind: type[Number], shape: tuple[int, ...]
    ) -> npt.NDArray[Number]:
        try:  # an engineer's own code: nobody can list what it raises
            found = np.asarray(call(v[: self._split].copy(), v[self._split :].copy()), dtype=kind)
        except Exception as error:
            raise self._error(f"raised {type(error).__name__}: {error}", v) from error
        if found.shape != shape:
            raise self._error(f"returned the shape {found.shape}, not {shape}", v)
        if not np.isfinite(found).all():
            raise self._error("returned a number that is not finite", v)
        return found

    def _error(self, what: str, v: FloatArray | ComplexArray) -> FunctionError:
        names = (*self._spec.mvs, *self._spec.dvs)
        where = ", ".join(f"{name}={value:.6g}" for name, value in zip(names, np.real(v).tolist(), strict=True))
        return FunctionError(f"function {self.name} ({self._spec.address}) {what[:_TEXT_MAX]} at {where[:_TEXT_MAX]}")
