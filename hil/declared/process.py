"""The plant file's own models as a process: deviations of MVs and DVs in, deviations of CVs out, at any moment.

Gains that vary (an engineer's function, a multiplier) are those of the reference point, so the controller meets a plant
that is not quite its model. Variables with a transform are linear in it, as the plant file says.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from constraints.plant import CvSpec, MvSpec, Plant, Transform
from controllers.edges import Edges
from controllers.model import Model
from controllers.models.transforms import forward, inverse

_NOW = np.zeros(1)


class ModelProcess:
    """At rest at ``base`` (every MV, DV and CV by name, in its unit) until an input changes."""

    def __init__(self, plant: Plant, base: Mapping[str, float], sample_s: float) -> None:
        """``sample_s``: from one call of ``advance`` to the next. Raises ModelError and FunctionError as ``Model``."""
        inner = Edges(plant).plant
        self._model = Model(
            inner.pairs,
            (*inner.mvs, *inner.dvs),
            tuple(inner.cvs),
            sample_s,
            blocks=inner.blocks,
            functions=tuple(inner.functions.values()),
            multipliers=tuple(inner.multipliers.values()),
        )
        specs: tuple[MvSpec | CvSpec, ...] = (*plant.mvs.values(), *plant.cvs.values())
        self._of: dict[str, Transform] = {spec.name: spec.transform for spec in specs if spec.transform is not None}
        self._base = {name: self._in(name, base[name]) for name in (*self._model.inputs, *self._model.cvs)}
        self._held = np.zeros(len(self._model.inputs))
        self._record = self._model.start(0.0)

    def advance(self, inputs: Mapping[str, float], seconds: float) -> dict[str, float]:
        """Hold what was given last for ``seconds``, then put ``inputs`` (every MV and DV); return every CV then."""
        if not self._model.cvs:
            return {}
        now = np.array([self._in(name, inputs[name]) - self._base[name] for name in self._model.inputs])
        self._record = self._model.advance(self._record, self._held, now, self._record.now_s + seconds)
        self._held = now
        deviation = self._model.free(self._record, _NOW)[0]
        return {
            name: self._out(name, self._base[name] + change)
            for name, change in zip(self._model.cvs, deviation.tolist(), strict=True)
        }

    def _in(self, name: str, value: float) -> float:
        return forward(self._of[name], value) if name in self._of else value

    def _out(self, name: str, value: float) -> float:
        return inverse(self._of[name], value) if name in self._of else value
