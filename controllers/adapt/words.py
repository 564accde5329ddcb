"""What modifier adaptation talks in: the task, one observed steady state, the state carried on, the proposal.

Outputs are ordered: the cost first (what is minimised, e.g. minus the profit), then one entry per constraint, which
holds when it is not above zero. Inputs and disturbances are in engineering units everywhere here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Model = Callable[[FloatArray, FloatArray], FloatArray]
"""Outputs at steady state for inputs (n,) and measured disturbances (m,): the engineer's model."""


class AdaptError(ValueError):
    """Something that cannot be adapted to; the text says what, and what to do."""


class Verdict(Enum):
    """What the newest steady state meant."""

    FIRST = "first"
    BETTER = "better"
    """The new point is the best known: the search goes on from it."""
    NO_BETTER = "no_better"
    """It is not; the search goes on from the best point known."""
    TAKEN_BACK = "taken_back"
    """It was worse than expected by more than the noise: the search goes on from the best point, with shorter steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is adapted, and how carefully. All that has a default has its reason beside it."""

    model: Model
    lo: FloatArray
    hi: FloatArray
    """Range of each input; its span is the measure of every distance."""
    constraints: int = 0
    disturbance_span: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Width of the range of each measured disturbance: the measure of its distances, as the span is of the inputs'."""
    accuracy: float
    """Cost that is not worth a move: excitation ends and the inputs rest when no more is to be had."""
    step_max: float = 0.15
    """Longest step, in spans (Euclidean). 7 steps cross a range: one careful walk within 12 steady states."""
    step_min: float = 0.02
    """Shortest that distrust makes the longest step."""
    doubt: float = 0.5
    """How wrong the model may be: over half a span plant minus model changes by this share of what the model itself
    changes there, in its slope; by the square of the share in its curvature, by the cube in its third order."""
    follow: float = 1.0
    """Exponential filter of the modifiers: share of the new estimate (Marchetti et al. 2009, eq. 13: K)."""
    bound: float = 4.0
    """Modifiers stay within this many of their prior standard deviations: 2 x ``doubt`` x 2 = twice the model."""
    slope_lo: FloatArray | None = None
    slope_hi: FloatArray | None = None
    """(outputs, inputs) per span: how wrong each slope can be; None where nothing is known."""
    safety: float = 1.5
    """Back-off of each constraint, in standard deviations of the value predicted for the plant: 1 in 15 breaks."""
    caution: float = 0.5
    """Standard deviations of its change by which a cost is feared to be worse: little is risked for a guess."""
    keep: int = 30
    """Observed steady states that are remembered: five times the six coefficients of two inputs."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One steady state of the plant as measured."""

    u: FloatArray
    d: FloatArray
    outputs: FloatArray
    """Cost and constraints, mean over the samples."""
    noise: FloatArray
    """Standard deviation of each of these means; above zero."""


@dataclass(frozen=True, slots=True)
class Modifiers:
    """Filtered corrections at one point: plant minus model, value and slope (per span) of each output."""

    at: FloatArray
    """The point, in spans from ``lo``."""
    value: FloatArray
    slope: FloatArray
    """(outputs, inputs)."""


@dataclass(frozen=True, slots=True)
class State:
    """All that is carried from one steady state to the next."""

    seen: tuple[Observation, ...] = ()
    best: int = -1
    """Which of ``seen`` the search goes on from; -1 = none."""
    radius: float = 0.0
    """Longest step now, in spans."""
    modifiers: Modifiers | None = None
    expected: float = 0.0
    """By how much the last proposal was expected to cost more than the best point, and its standard deviation."""
    expected_std: float = 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do next, and why."""

    u: FloatArray
    """Inputs for the next steady state."""
    hold: FloatArray
    """Inputs of the least expected cost, without excitation: what to hold when nothing more is to be learnt."""
    excitation: FloatArray
    """``u - hold``."""
    gain: float
    """Expected saving of ``hold`` over the best point known."""
    loss: float
    """Expected loss at ``hold`` that remains because the slopes are uncertain."""
    back_off: FloatArray
    """Per constraint: how far ``hold`` keeps from it."""
    verdict: Verdict
    moves: bool
    """False: neither the gain nor the loss is worth a move, ``u`` is where the plant is."""
