"""What is controlled in a simulation: the plant's own model, or any simulator.

A process is a function ``process(setpoints, disturbances, seconds)``: it lets so much time pass with these inputs
held and returns what is measured then, by tag. It is first called with zero seconds, to be read. Simulators with
methods are wrapped: those of ``hil.plants`` with ``setpoint, disturb, step, measured``, and those with ``put, run,
read`` (minutes).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from constraints.plant import Pair, Plant
from setwise.errors import InputError, unknown
from setwise.response import PairState, advanced, lag_pairs, output

Process = Callable[[Mapping[str, float], Mapping[str, float], float], Mapping[str, float]]
Mismatch = float | Mapping[tuple[str, str], float] | Callable[[Pair], Pair]
"""A factor on every gain, factors by (MV or DV, CV), or a function from a modelled pair to the true one."""
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
    """The plant file's own model as a process, from rest at ``initial``, every MV, CV and DV in its unit.

    ``change`` makes the true pair of a modelled one; ``noise`` is the standard deviation by CV, drawn from ``seed``.
    A slow analyser shows its sample until the next one (``every``).
    """

    def __init__(
        self,
        plant: Plant,
        initial: Mapping[str, float],
        change: Callable[[Pair], Pair] = lambda pair: pair,
        noise: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        self._pairs = tuple(change(pair) for pair in lag_pairs(plant))
        self._states = [PairState()] * len(self._pairs)
        self._initial = dict(initial)
        self._changed_s: dict[str, list[float]] = {name: [] for name in (*plant.mvs, *plant.dvs)}
        self._changed_to: dict[str, list[float]] = {name: [] for name in (*plant.mvs, *plant.dvs)}
        self._offset = dict.fromkeys(plant.cvs, 0.0)
        self._noise = dict(noise or {})
        self._random = np.random.default_rng(seed)
        self._every_s = {name: plant.tags[name].every_s if name in plant.tags else 0.0 for name in plant.cvs}
        self._shown: dict[str, tuple[int, float]] = {}
        self._now_s = 0.0

    def __call__(
        self, setpoints: Mapping[str, float], disturbances: Mapping[str, float], seconds: float
    ) -> dict[str, float]:
        """Hold these inputs for ``seconds``, return every CV as measured. One called like a CV adds to it."""
        for name, value in {**setpoints, **disturbances}.items():
            if name in self._offset:
                self._offset[name] = value
            else:
                self._put(name, value - self._initial[name])
        end_s = self._now_s + seconds
        for number, pair in enumerate(self._pairs):
            self._states[number] = self._later(pair, self._states[number], end_s)
        self._now_s = end_s
        return {name: self._measured(name, value) for name, value in self.true().items()}

    def true(self) -> dict[str, float]:
        """Return every CV now, without noise or analyser."""
        values = {name: self._initial[name] + offset for name, offset in self._offset.items()}
        for pair, state in zip(self._pairs, self._states, strict=True):
            values[pair.cv] += output(pair, state, self._input(pair, self._now_s))
        return values

    def rebase(self, shift: Mapping[str, float]) -> None:
        """Add to each CV what the model does not explain."""
        for name, value in shift.items():
            self._initial[name] += value
        self._shown.clear()

    def _put(self, name: str, value: float) -> None:
        before = self._changed_to[name][-1] if self._changed_to[name] else 0.0
        if value != before:
            self._changed_s[name].append(self._now_s)
            self._changed_to[name].append(value)

    def _input(self, pair: Pair, now_s: float) -> float:
        """Return the input that acts just before ``now_s``, its dead time ago."""
        entry = bisect_left(self._changed_s[pair.source], now_s - pair.dead_time_s) - 1
        return self._changed_to[pair.source][entry] if entry >= 0 else 0.0

    def _later(self, pair: Pair, state: PairState, end_s: float) -> PairState:
        """Return the pair's state at ``end_s``: constant inputs between the changes that its dead time lets through."""
        changed_s = self._changed_s[pair.source]
        at_s = self._now_s
        entry = bisect_left(changed_s, at_s - pair.dead_time_s)
        while entry < len(changed_s) and changed_s[entry] + pair.dead_time_s < end_s:
            until_s = max(changed_s[entry] + pair.dead_time_s, at_s)
            state = advanced(pair, state, self._changed_to[pair.source][entry - 1] if entry else 0.0, until_s - at_s)
            at_s, entry = until_s, entry + 1
        return advanced(pair, state, self._changed_to[pair.source][entry - 1] if entry else 0.0, end_s - at_s)

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


def mismatch_of(mismatch: Mismatch, plant: Plant) -> Callable[[Pair], Pair]:
    """Return what makes a true pair of a modelled one. Raises InputError for a pair that the plant does not have."""
    if callable(mismatch):
        return mismatch
    if isinstance(mismatch, Mapping):
        pairs = {(pair.source, pair.cv) for pair in plant.pairs}
        for key in mismatch:
            if key not in pairs:
                raise unknown(str(key), "pair (input, CV)", [str(pair) for pair in sorted(pairs)])
        return lambda pair: replace(pair, gain=pair.gain * mismatch.get((pair.source, pair.cv), 1.0))
    if isinstance(mismatch, bool) or not isinstance(mismatch, (int, float)):
        raise InputError(f"mismatch is a factor, factors by (input, CV) or a function of a pair, not {mismatch!r}")
    return lambda pair: replace(pair, gain=pair.gain * mismatch)
