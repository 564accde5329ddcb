"""The plant's models as the plant itself: every kind that the controller knows, computed by the controller's own code.

Pairs, step responses and state-space blocks answer as the controller expects. Where it only sees a slope in each cycle
the plant has the whole curve: a function is taken at its inputs, each behind its own pair's dead time and lags, so that
it rests at exactly ``y(u, d)``; a gain with a multiplier acts with the factor of the moment. What is transformed is
linear in its transform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from constraints.plant import CvSpec, MvSpec, Pair, Plant, Transform
from controllers.edges import Edges
from controllers.model import Model, ModelError, Record
from controllers.models.function import Function, FunctionError
from controllers.models.schedule import reference, wanted
from controllers.models.transforms import forward, inverse
from setwise.errors import InputError
from setwise.moments import FloatArray

SHORTEST_S = 0.1
"""Between two moments that are asked for; what is asked for more often may forget its past too early."""
_NOW = np.zeros(1)


class Truth:
    """Every CV at any moment, from rest at ``rest`` (every MV, DV and CV, in its unit). Raises InputError."""

    def __init__(self, plant: Plant, rest: Mapping[str, float]) -> None:
        try:
            self._plant = Edges(plant).plant
            pairs = self._plant.pairs
            self._curved = tuple(pair for pair in pairs if pair.function or pair.multiplier)
            self._inputs = (*plant.mvs, *plant.dvs)
            self._cvs = tuple(plant.cvs)
            plain = [pair for pair in pairs if pair not in self._curved]
            self._plain = Model(plain, self._inputs, self._cvs, SHORTEST_S, blocks=plant.blocks)
            names = [str(number) for number in range(len(self._curved))]
            alone = [
                replace(pair, cv=name, function="", multiplier="")
                for pair, name in zip(self._curved, names, strict=True)
            ]
            self._each = Model(alone, self._inputs, names, SHORTEST_S)
            self._functions = {name: Function(spec, self._inputs, self._cvs) for name, spec in plant.functions.items()}
        except (ModelError, FunctionError) as error:
            raise InputError(f"plant {plant.name} cannot be simulated: {error}") from error
        specs: tuple[MvSpec | CvSpec, ...] = (*plant.mvs.values(), *plant.cvs.values())
        self._of: dict[str, Transform] = {spec.name: spec.transform for spec in specs if spec.transform is not None}
        self._rest = {name: self._in(name, rest[name]) for name in (*self._inputs, *self._cvs)}
        self._held = np.zeros(len(self._inputs))
        self._record, self._records = self._plain.start(0.0), self._each.start(0.0)
        self._followed = np.zeros(len(self._curved))
        """What each of the curved pairs has passed on so far, with the factors of the past."""

    def put(self, inputs: Mapping[str, float]) -> None:
        """Change MVs or DVs now; the others stay."""
        for name, value in inputs.items():
            self._held[self._inputs.index(name)] = self._in(name, value) - self._rest[name]

    def advance(self, seconds: float, tags: Mapping[str, float]) -> None:
        """Let time pass; ``tags`` are those that multipliers follow, as they are now; missing: the factor nearest 1."""
        if seconds <= 0.0:
            return
        try:
            factors = self._factors(tags)
        except FunctionError as error:
            raise InputError(str(error)) from error
        before = self._passed()
        self._record = _later(self._plain, self._record, self._held, seconds)
        self._records = _later(self._each, self._records, self._held, seconds)
        self._followed += factors * (self._passed() - before)

    def values(self) -> dict[str, float]:
        """Return every CV now; a change of an input at this very moment does not show yet. Raises InputError."""
        deviation = self._plain.free(self._record, _NOW)[0]
        passed = self._passed()
        at_rest = [number for number, pair in enumerate(self._curved) if pair.function and not pair.integrating]
        for number, pair in enumerate(self._curved):
            if number not in at_rest:
                deviation[self._cvs.index(pair.cv)] += self._followed[number]
        for function in self._functions.values():
            for row in function.rows.tolist():
                mine = [number for number in at_rest if self._is_of(self._curved[number], function, row)]
                if mine:
                    deviation[row] += self._moved(function, row, {self._curved[n].source: passed[n] for n in mine})
        return {
            name: self._out(name, self._rest[name] + change)
            for name, change in zip(self._cvs, deviation.tolist(), strict=True)
        }

    def _is_of(self, pair: Pair, function: Function, row: int) -> bool:
        return pair.function == function.name and pair.cv == self._cvs[row]

    def _moved(self, function: Function, row: int, passed: Mapping[str, float]) -> float:
        """Return how far a function's CV is from where it rested."""
        names = [self._inputs[column] for column in function.columns.tolist()]
        rest = np.array([self._rest[name] for name in names])
        change = np.array([passed.get(name, 0.0) for name in names])
        where = function.rows.tolist().index(row)
        try:
            return float(function.value(rest + change)[where] - function.value(rest)[where])
        except FunctionError as error:
            raise InputError(str(error)) from error

    def _passed(self) -> FloatArray:
        found: FloatArray = self._each.free(self._records, _NOW)[0]
        return found

    def _factors(self, tags: Mapping[str, float]) -> FloatArray:
        result = np.ones(len(self._curved))
        for number, pair in enumerate(self._curved):
            if pair.multiplier:
                rule = self._plant.multipliers[pair.multiplier]
                result[number] = wanted(rule, tags[rule.by]) if rule.by in tags else reference(rule)
            elif pair.integrating:
                function = self._functions[pair.function]
                point = np.array([self._rest[name] for name in self._inputs]) + self._held
                slopes = function.jacobian(point[function.columns])
                row = function.rows.tolist().index(self._cvs.index(pair.cv))
                result[number] = slopes[row, function.columns.tolist().index(self._inputs.index(pair.source))]
        return result

    def _in(self, name: str, value: float) -> float:
        return forward(self._of[name], value) if name in self._of else value

    def _out(self, name: str, value: float) -> float:
        return inverse(self._of[name], value) if name in self._of else value


def _later(model: Model, record: Record, held: FloatArray, seconds: float) -> Record:
    return model.advance(record, held, held, record.now_s + seconds)
