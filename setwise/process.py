"""What is controlled in a simulation: the plant's own model, or any simulator.

A process is a function ``process(setpoints, disturbances, seconds)``: it lets so much time pass with these inputs
held and returns what is measured then, by tag. It is first called with zero seconds, to be read. Simulators with
methods are wrapped: those of ``hil.plants`` with ``setpoint, disturb, step, measured``, and those with ``put, run,
read`` (minutes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from constraints.plant import Pair, Plant
from setwise.errors import InputError, unknown
from setwise.truth import Truth

Process = Callable[[Mapping[str, float], Mapping[str, float], float], Mapping[str, float]]
Mismatch = float | Mapping[tuple[str, str], float] | Callable[[Pair], Pair]
"""A factor on every gain, factors by (MV or DV, CV), or a function from a modelled pair to the true one. The last two
reach pairs only, no state-space block; at a pair of a function they scale what goes into it.
"""
SECONDS_PER_MIN = 60.0


@runtime_checkable
class Line(Protocol):
    """A simulated line behind its control system, such as ``hil.plants.line.DryerLine`` with its loops in CAS."""

    def setpoint(self, loop: str, value: float) -> bool:
        """Write a remote setpoint; false when the loop does not take it."""

    def disturb(self, name: str, value: float) -> None:
        """Change what acts on the plant from outside."""

    def step(self, dt_s: float) -> None:
        """Let seconds pass."""

    def measured(self) -> Mapping[str, float]:
        """Return what the control system reads now."""


@runtime_checkable
class Simulator(Protocol):
    """A bare simulator whose time is in minutes."""

    def put(self, name: str, value: float) -> None:
        """Change one input now."""

    def run(self, minutes: float) -> None:
        """Let time pass."""

    def read(self) -> Mapping[str, float]:
        """Return every output now."""


class ModelProcess:
    """The plant file's own models as a process, from rest at ``initial``, every MV, CV and DV in its unit.

    ``change`` makes the true pair of a modelled one; ``noise`` is the standard deviation by CV, drawn from ``seed``.
    A slow analyser shows its sample until the next one (``every``). All kinds of models: see ``setwise.truth``.
    """

    def __init__(
        self,
        plant: Plant,
        initial: Mapping[str, float],
        change: Callable[[Pair], Pair] = lambda pair: pair,
        noise: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        self._truth = Truth(replace(plant, pairs=tuple(change(pair) for pair in plant.pairs)), initial)
        self._inputs = {name: initial[name] for name in (*plant.mvs, *plant.dvs)}
        self._measured_as = {tag: name for name, mv in plant.mvs.items() for tag in (mv.readback, mv.setpoint.tag)}
        self._tags: dict[str, float] = {}
        self._followed = frozenset(multiplier.by for multiplier in plant.multipliers.values())
        self._offset = dict.fromkeys(plant.cvs, 0.0)
        self._shift = dict.fromkeys(plant.cvs, 0.0)
        self._noise = dict(noise or {})
        self._random = np.random.default_rng(seed)
        self._every_s = {name: plant.tags[name].every_s if name in plant.tags else 0.0 for name in plant.cvs}
        self._shown: dict[str, tuple[int, float]] = {}
        self._now_s = 0.0

    def __call__(
        self, setpoints: Mapping[str, float], disturbances: Mapping[str, float], seconds: float
    ) -> dict[str, float]:
        """Hold these inputs for ``seconds``, return every CV as measured. One called like a CV adds to it; one like a
        tag that a multiplier follows is that tag.
        """
        given = {**setpoints, **disturbances}
        for name, value in given.items():
            if name in self._offset:
                self._offset[name] = value
            elif name in self._inputs:
                self._inputs[name] = value
            else:
                self._tags[name] = value
        self._truth.put({name: value for name, value in given.items() if name in self._inputs})
        self._truth.advance(seconds, self._seen())
        self._now_s += seconds
        return {name: self._measured(name, value) for name, value in self.true().items()}

    def true(self) -> dict[str, float]:
        """Return every CV now, without noise or analyser."""
        return {name: value + self._offset[name] + self._shift[name] for name, value in self._truth.values().items()}

    def rebase(self, shift: Mapping[str, float]) -> None:
        """Add to each CV what the model does not explain."""
        for name, value in shift.items():
            self._shift[name] += value
        self._shown.clear()

    def _seen(self) -> dict[str, float]:
        """Return what multipliers follow, as far as it is known here."""
        if not self._followed:
            return {}
        known = {**self._tags, **self._inputs, **self.true()}
        known |= {tag: self._inputs[mv] for tag, mv in self._measured_as.items() if tag not in known}
        return {name: known[name] for name in self._followed if name in known}

    def _measured(self, name: str, true: float) -> float:
        noise = float(self._random.normal(0.0, self._noise[name])) if name in self._noise else 0.0
        every_s = self._every_s[name]
        if every_s <= 0.0:
            return true + noise
        number = int((self._now_s + 1e-6) // every_s)
        if name not in self._shown or self._shown[name][0] != number:
            self._shown[name] = (number, true + noise)
        return self._shown[name][1]


def process_of(process: Process | Line | Simulator, plant: Plant) -> Process:
    """Return ``process`` as a function; see the module. Raises InputError for anything else."""
    if isinstance(process, Line):
        return _line(process, plant)
    if isinstance(process, Simulator):
        return _simulator(process)
    if callable(process):
        return process
    raise InputError(
        f"{type(process).__name__} is no process: give a function (setpoints, disturbances, seconds) -> measured "
        "values, or a simulator of hil.plants"
    )


def _line(line: Line, plant: Plant) -> Process:
    """Return a line as a function; a loop is called like its MV, or like its MV's readback."""
    loops = getattr(line, "loops", plant.mvs)
    names = {name: name if name in loops else mv.readback for name, mv in plant.mvs.items()}

    def process(
        setpoints: Mapping[str, float], disturbances: Mapping[str, float], seconds: float
    ) -> Mapping[str, float]:
        for name, value in disturbances.items():
            try:
                line.disturb(name, value)
            except KeyError as error:
                raise InputError(f"{name!r} is no disturbance of {type(line).__name__}") from error
        for name, value in setpoints.items():
            if not line.setpoint(names[name], value):
                raise InputError(
                    f"loop {names[name]} does not take remote setpoints: make the line with its loops in CAS"
                )
        if seconds > 0.0:
            line.step(seconds)
        return dict(line.measured())

    return process


def _simulator(simulator: Simulator) -> Process:
    def process(
        setpoints: Mapping[str, float], disturbances: Mapping[str, float], seconds: float
    ) -> Mapping[str, float]:
        for name, value in {**setpoints, **disturbances}.items():
            simulator.put(name, value)
        simulator.run(seconds / SECONDS_PER_MIN)
        return dict(simulator.read())

    return process


def true_plant(plant: Plant, mismatch: Mismatch) -> Plant:
    """Return what ``plant`` is in truth. Raises InputError for a pair that it does not have."""
    if callable(mismatch):
        return replace(plant, pairs=tuple(mismatch(pair) for pair in plant.pairs))
    if isinstance(mismatch, Mapping):
        pairs = {(pair.source, pair.cv) for pair in plant.pairs}
        for key in mismatch:
            if key not in pairs:
                raise unknown(str(key), "pair (input, CV)", [str(pair) for pair in sorted(pairs)])
        return replace(
            plant, pairs=tuple(_scaled(pair, mismatch.get((pair.source, pair.cv), 1.0)) for pair in plant.pairs)
        )
    if isinstance(mismatch, bool) or not isinstance(mismatch, (int, float)):
        raise InputError(f"mismatch is a factor, factors by (input, CV) or a function of a pair, not {mismatch!r}")
    return replace(
        plant,
        pairs=tuple(_scaled(pair, mismatch) for pair in plant.pairs),
        blocks=tuple(
            replace(block, c=_times(block.c, mismatch), d=_times(block.d, mismatch)) for block in plant.blocks
        ),
    )


def _scaled(pair: Pair, factor: float) -> Pair:
    return replace(pair, gain=pair.gain * factor, step=tuple((at_s, value * factor) for at_s, value in pair.step))


def _times(matrix: tuple[tuple[float, ...], ...], factor: float) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(factor * each for each in row) for row in matrix)
