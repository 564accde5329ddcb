"""The plant's model: effects of every kind (pairs, step responses, state-space blocks) computed side by side.

Each kind lives in a module of its own under ``models``. Inputs are deviations from the values found at the start, held
between two readings. A gain may be multiplied by a factor that varies from cycle to cycle: a multiplier that follows a
tag, or the derivative of an engineer's function. The model knows which do; the estimate knows their value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from constraints.plant import FunctionSpec, Multiplier, Pair, Plant, StateSpace
from controllers.models.arrays import BoolArray, FloatArray, IntArray, ModelError, Part, Record
from controllers.models.function import Function
from controllers.models.pairs import SETTLE_LAGS, Pairs
from controllers.models.schedule import reference
from controllers.models.state_space import StateSpaces, joined
from controllers.models.step_response import StepResponses

__all__ = [
    "BALANCE_CYCLES",
    "SAMPLES_MAX",
    "SETTLE_LAGS",
    "BoolArray",
    "FloatArray",
    "IntArray",
    "Model",
    "ModelError",
    "Record",
]

BALANCE_CYCLES = 40
SAMPLES_MAX = 120
"""Longest horizon in cycles."""
_ROUNDING_CYCLES = 1e-9
"""An entry this near to where the past may be forgotten is kept."""


class Model:
    """All effects of one plant."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        inputs: Sequence[str],
        cvs: Sequence[str],
        cycle_s: float,
        *,
        blocks: Sequence[StateSpace] = (),
        functions: Sequence[FunctionSpec] = (),
        multipliers: Sequence[Multiplier] = (),
    ) -> None:
        """``inputs`` are the MVs and then the DVs.

        Raises ModelError for what no causal, stable plant can have, FunctionError for a function that has no derivative
        where it is declared.
        """
        self.cycle_s = cycle_s
        self.inputs = tuple(inputs)
        self.cvs = tuple(cvs)
        curves = [p for p in pairs if not p.step]
        tables = [p for p in pairs if p.step]
        kinds: list[Part] = [Pairs(curves, self.inputs, self.cvs)]
        if tables:
            kinds.append(StepResponses(tables, self.inputs, self.cvs))
        if blocks:
            kinds.append(StateSpaces(blocks, self.inputs, self.cvs))
        self._parts = tuple(kinds)
        self._channels = joined([part.channels for part in kinds])
        self.source, self.cv = self._channels.source, self._channels.cv
        self.gain, self.dead_s = self._channels.gain, self._channels.dead_s
        self.lag1_s, self.integrating = self._channels.lag_s, self._channels.integrating
        self.states = sum(part.size for part in kinds)
        self._states_reach_s = max(part.states_reach_s for part in kinds)
        self._inputs_reach_s = max(part.inputs_reach_s for part in kinds)
        # outputs of one CV stand together when they are added up
        of_cv = np.concatenate([part.cv for part in kinds])
        self._order = np.argsort(of_cv, kind="stable")
        self._reached, self._starts = np.unique(of_cv[self._order], return_index=True)

        self.functions = tuple(Function(spec, self.inputs, self.cvs) for spec in functions)
        self.multipliers = tuple(multipliers)
        self._place(curves + tables)

    @classmethod
    def of(cls, plant: Plant) -> Model:
        """Return the model of ``plant``; raises as the constructor does."""
        return cls(
            plant.pairs,
            (*plant.mvs, *plant.dvs),
            tuple(plant.cvs),
            plant.cycle_s,
            blocks=plant.blocks,
            functions=tuple(plant.functions.values()),
            multipliers=tuple(plant.multipliers.values()),
        )

    @property
    def dead_max_s(self) -> float:
        """Longest dead time."""
        return float(self.dead_s.max(initial=0.0))

    def cv_integrates(self) -> BoolArray:
        """For each CV: whether any of its effects integrates."""
        result = np.zeros(len(self.cvs), dtype=np.bool_)
        result[self.cv[self.integrating]] = True
        return result

    def settle_s(self) -> FloatArray:
        """For each CV: seconds until the slowest of its effects has settled, at least one cycle and at most 120.

        An integrating one never settles: it counts with ``BALANCE_CYCLES``, the time given to bring a level back.
        """
        effects = self._channels.settle_s + np.where(self.integrating, BALANCE_CYCLES * self.cycle_s, 0.0)
        longest = np.zeros(len(self.cvs))
        np.maximum.at(longest, self.cv, effects)
        return np.clip(longest, self.cycle_s, SAMPLES_MAX * self.cycle_s)

    # ------------------------------------------------------------------ gains, and what varies in them

    def _place(self, pairs: Sequence[Pair]) -> None:
        """Find out which gains vary, and with what."""
        functions = {function.name: k for k, function in enumerate(self.functions)}
        multipliers = {multiplier.name: k for k, multiplier in enumerate(self.multipliers)}
        self.varying: IntArray = np.array(
            [i for i, pair in enumerate(pairs) if pair.function or pair.multiplier], dtype=np.intp
        )
        """Effects (and outputs) whose gain varies."""
        self._from_function: list[tuple[int, int, int, int]] = []
        self._from_multiplier: list[tuple[int, int]] = []
        for k, i in enumerate(self.varying.tolist()):
            pair, cv, source = pairs[i], int(self.cv[i]), int(self.source[i])
            if int(((self.cv == cv) & (self.source == source)).sum()) > 1:
                raise ModelError(f"{pair.source} -> {pair.cv}: two models, and the gain of one varies")
            if pair.function:
                number = functions[pair.function]
                row = self.functions[number].rows.tolist().index(cv)
                column = self.functions[number].columns.tolist().index(source)
                self._from_function.append((k, number, row, column))
            else:
                self._from_multiplier.append((k, multipliers[pair.multiplier]))
        jacobians = [function.jacobian(function.at) for function in self.functions]
        self.reference: FloatArray = self._filled(jacobians, [reference(each) for each in self.multipliers])
        """Factor of each varying gain at the point that stands for the whole."""

    @property
    def varies(self) -> bool:
        """Whether any gain varies from cycle to cycle."""
        return len(self.varying) > 0

    def factor_at(self, point: FloatArray, known: BoolArray, multiplied: Sequence[float]) -> FloatArray:
        """Return the factor of each varying gain at ``point`` (inputs, engineering units), given each multiplier.

        For an input that is not ``known`` its value at the reference point stands in. Raises FunctionError.
        """
        jacobians = [
            function.jacobian(np.where(known[function.columns], point[function.columns], function.at))
            for function in self.functions
        ]
        return self._filled(jacobians, multiplied)

    def _filled(self, jacobians: Sequence[FloatArray], multiplied: Sequence[float]) -> FloatArray:
        result = np.ones(len(self.varying))
        for k, number, row, column in self._from_function:
            result[k] = jacobians[number][row, column]
        for k, number in self._from_multiplier:
            result[k] = multiplied[number]
        return result

    def without_functions(self, factor: FloatArray) -> FloatArray:
        """Return ``factor`` with zero where an engineer's function gives it."""
        result = factor.copy()
        result[[k for k, _, _, _ in self._from_function]] = 0.0
        return result

    def factors(self, factor: FloatArray) -> FloatArray:
        """Return (CVs, inputs) factors on ``steps_unit``; 1 where nothing varies."""
        result = np.ones((len(self.cvs), len(self.inputs)))
        result[self.cv[self.varying], self.source[self.varying]] = factor
        return result

    def gains(self) -> tuple[FloatArray, FloatArray]:
        """Return (CV, input) matrices at the reference point: gain at steady state of what is self-regulating, slope
        per second of what integrates.
        """
        return self.gains_at(self.reference)

    def gains_at(self, factor: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the same with the varying gains multiplied by ``factor``."""
        gain = self.gain.copy()
        gain[self.varying] *= factor
        level = np.zeros((len(self.cvs), len(self.inputs)))
        slope = np.zeros_like(level)
        for matrix, mine in ((level, ~self.integrating), (slope, self.integrating)):
            np.add.at(matrix, (self.cv[mine], self.source[mine]), gain[mine])
        return level, slope

    # ------------------------------------------------------------------ the past

    def start(self, at_s: float) -> Record:
        """Return the record of a plant that has stood still at its present inputs for ever."""
        before = at_s - self._inputs_reach_s - self.cycle_s
        return Record(np.array([before, at_s]), np.zeros((2, len(self.inputs))), np.zeros((2, self.states)))

    def resumed(self, at_s: FloatArray, inputs: FloatArray, first: int, states: FloatArray) -> Record:
        """Return a record from the states at its entry ``first``."""
        after = self._trail(states, inputs[first:-1], np.diff(at_s[first:]))
        return Record(at_s, inputs, np.concatenate((states[None, :], after)))

    def advance(self, record: Record, held: FloatArray, now: FloatArray, at_s: float) -> Record:
        """Return the record at ``at_s``: inputs were ``held`` (inputs,) since its last entry and are ``now`` from here
        on. ``at_s`` must be later than the last entry.
        """
        states = self._trail(record.states[-1], held[None, :], np.array([at_s - record.now_s]))
        inputs = np.concatenate((record.inputs[:-1], held[None, :], now[None, :]))
        at = np.append(record.at_s, at_s)
        first = self._forgotten(at, self._states_reach_s, record.first)
        keep = min(self._forgotten(at, self._inputs_reach_s, 0), first)
        states = np.concatenate((record.states, states))[first - record.first :]
        return Record(at[keep:], inputs[keep:], states)

    def _forgotten(self, at: FloatArray, reach_s: float, least: int) -> int:
        """Return the last entry at or before the moment that the past must reach back to."""
        begins = float(at[-1]) - reach_s - _ROUNDING_CYCLES * self.cycle_s
        keep = max(int(np.searchsorted(at, begins, side="left")) - 1, least)
        # cycles faster than planned (tests, a clock that jumped) must not let the record grow for ever
        return max(keep, len(at) - 4 * (int(reach_s / self.cycle_s) + 2))

    def _trail(self, states: FloatArray, inputs: FloatArray, lasting_s: FloatArray) -> FloatArray:
        found, first = [], 0
        for part in self._parts:
            found.append(part.trail(states[first : first + part.size], inputs, lasting_s))
            first += part.size
        return found[0] if len(found) == 1 else np.hstack(found)

    # ------------------------------------------------------------------ responses

    def free(self, record: Record, ahead_s: FloatArray, factor: FloatArray | None = None) -> FloatArray:
        """Return each CV's deviation (times, CVs) with inputs held from the last entry on.

        ``ahead_s`` is (times,) or, with times of its own for each CV, (times, CVs); seconds after the last entry. A
        change at the very moment asked for does not show yet: a reading is taken before the move. Without ``factor``
        varying gains are those of the reference point.
        """
        outputs = self._outputs(record, ahead_s)
        outputs[:, self.varying] *= self.reference if factor is None else factor
        return self._added(outputs)

    def jump(self, record: Record, change: FloatArray) -> FloatArray:
        """Return by how much each CV's deviation (CVs,) at the last entry differs when factors differ by ``change``."""
        outputs = self._outputs(record, np.zeros(1))
        moved = np.zeros_like(outputs)
        moved[:, self.varying] = outputs[:, self.varying] * change
        result: FloatArray = self._added(moved)[0]
        return result

    def _outputs(self, record: Record, ahead_s: FloatArray) -> FloatArray:
        ahead = np.broadcast_to(ahead_s[:, None] if ahead_s.ndim == 1 else ahead_s, (len(ahead_s), len(self.cvs)))
        found, first = [], 0
        for part in self._parts:
            found.append(part.outputs(record, record.states[:, first : first + part.size], ahead))
            first += part.size
        return found[0] if len(found) == 1 else np.hstack(found)

    def _added(self, outputs: FloatArray) -> FloatArray:
        result = np.zeros((len(outputs), len(self.cvs)))
        if len(self._starts):
            result[:, self._reached] = np.add.reduceat(outputs[:, self._order], self._starts, axis=1)
        return result

    def steps(self, ahead_s: FloatArray) -> FloatArray:
        """Return unit step responses (times, CVs, inputs) at ``ahead_s`` (times, CVs) seconds after the step; zero at
        and before it. Varying gains are those of the reference point.
        """
        result: FloatArray = self.steps_unit(ahead_s) * self.factors(self.reference)
        return result

    def steps_unit(self, ahead_s: FloatArray) -> FloatArray:
        """Return the same for factors of 1: multiplied by ``factors`` it is the response with the gains of a cycle."""
        response = np.hstack([part.steps(ahead_s) for part in self._parts])
        result = np.zeros((len(self.cvs), len(self.inputs), len(ahead_s)))
        np.add.at(result, (self.cv, self.source), response.T)
        return np.ascontiguousarray(np.moveaxis(result, 2, 0))
