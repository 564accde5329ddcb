"""What the kinds of model share: array types, one description of an effect, and the record of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


class ModelError(ValueError):
    """A model that no causal, stable plant can have; ``constraints`` refuses it earlier with a place in the file."""


@dataclass(frozen=True, slots=True)
class Channels:
    """Effects of one input on one CV each, whatever kind of model they come from; arrays over the effects."""

    source: IntArray
    cv: IntArray
    gain: FloatArray
    """CV unit per input unit at steady state; per second where integrating. Zero for one that fades."""
    dead_s: FloatArray
    lag_s: FloatArray
    """Longest lag, or what stands for it."""
    settle_s: FloatArray
    """Seconds after a step until the response, or the slope of an integrating one, has settled."""
    integrating: BoolArray


@dataclass(frozen=True, slots=True)
class Record:
    """What the past still has to say: from ``at_s[j]`` on, ``inputs[j]`` acted.

    Inputs reach back beyond the longest memory of any model. States are kept for the last entries only, as far back as
    dead times ask for them: ``states[k]`` held at ``at_s[first + k]``.
    """

    at_s: FloatArray
    """(L,) ascending."""
    inputs: FloatArray
    """(L, inputs) deviations from what was found at the start."""
    states: FloatArray
    """(L - first, states), without dead time."""

    @property
    def first(self) -> int:
        """Entry at which the states begin."""
        return len(self.at_s) - len(self.states)

    @property
    def now_s(self) -> float:
        """When the last entry began."""
        return float(self.at_s[-1])


class Part(Protocol):
    """All effects of one kind of model.

    Its outputs (columns of ``outputs``) are each added to the CV in ``cv``: one for each effect, or one for each output
    of a block in which inputs share states.
    """

    channels: Channels
    cv: IntArray
    size: int
    """Number of states."""
    states_reach_s: float
    """How far before now states are asked for."""
    inputs_reach_s: float
    """How far before now inputs are asked for."""

    def trail(self, states: FloatArray, inputs: FloatArray, lasting_s: FloatArray) -> FloatArray:
        """Return the states (k, size) after each of k stretches, in which ``inputs`` (k, inputs) held for
        ``lasting_s`` (k,), one after the other, from ``states`` (size,) on.
        """
        ...

    def outputs(self, record: Record, states: FloatArray, ahead_s: FloatArray) -> FloatArray:
        """Return (times, outputs) at ``ahead_s`` (times, CVs) seconds after the last entry, inputs held from there on.

        ``states`` are this part's columns of the record's. A change at the very moment asked for does not show yet: a
        reading is taken before the move.
        """
        ...

    def steps(self, after_s: FloatArray) -> FloatArray:
        """Return unit step responses (times, effects) ``after_s`` (times, CVs) the step; zero at and before it."""
        ...
