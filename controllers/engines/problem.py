"""What an engine is given and what it answers.

``minimise 1/2 x'Px + q'x  subject to  low <= Ax <= high``; ``P`` and ``A`` stand for long, the vectors are a cycle's.
"""

from __future__ import annotations

from dataclasses import dataclass

from controllers.model import FloatArray

NO_LIMIT = 1e30
"""Stands for an absent limit (finite, so that maps stay finite; engines take it as infinite)."""
HOLDS = 1e-9
"""A start's dual beyond this means that its row's limit held."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """One cycle's data; checked: finite, ``low <= high``, an absent limit is ``NO_LIMIT``."""

    q: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class Start:
    """Where an engine starts. What it answers depends on this, on the vectors and on nothing else, bit for bit."""

    x: FloatArray
    y: FloatArray
    """Duals of the rows; positive where the upper limit holds, as everywhere here."""
    rho: float
    """OSQP's step size; 0 = the tuning's own."""


@dataclass(frozen=True, slots=True)
class Found:
    """An engine's answer, not yet believed."""

    x: FloatArray
    """Without the free slacks: these follow from the duals."""
    y: FloatArray
    rho: float
    status: str
    """``solved``, or the engine's word for why not."""
    iterations: int
