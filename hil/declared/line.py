"""A plant file as a running line: its models, a loop for each MV, instruments with noise, a world that wanders.

What nobody measures is added to each CV, and each DV moves, as a first-order Gauss-Markov process (A. Gelb, Applied
Optimal Estimation, 1974, ch. 2): d(t + dt) = a d(t) + s sqrt(1 - a**2) N(0, 1), a = exp(-dt / WANDER_S). The sizes are
chosen small beside the operator's limits. All noise comes from the seed and is drawn inside ``step``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp
from random import Random
from types import MappingProxyType

from constraints.plant import Plant
from hil.declared.process import ModelProcess
from hil.declared.resting import calculated, driven
from hil.declared.settings import Wishes
from hil.plants.pid import (
    LoopState,
    Mode,
    Tuning,
    settled,
    with_mode,
    with_operator_setpoint,
    with_remote_setpoint,
    within,
)

SAMPLE_S = 1.0
"""Process, loops and instruments move in steps of this; the PLC may scan more often."""
LOOP_S = 5.0
"""Lag from a loop's setpoint to its measurement; the models begin at the setpoint."""
WANDER_S = 1200.0
WANDER_SHARE = 0.02
NOISE_SHARE = 0.002
"""Standard deviations, as shares of what the operator's limits span, or of the instrument's range."""
_ROUNDING_S = 1e-6


@dataclass(slots=True)
class _Outside:
    """One thing that acts on the plant: where it is led to, and what it does by itself."""

    value: float
    target: float
    size: float
    per_s: float = math.inf
    wander: float = 0.0

    def later(self, dt_s: float, draw: float) -> None:
        left, most = self.target - self.value, self.per_s * dt_s
        self.value = self.target if abs(left) <= most else self.value + math.copysign(most, left)
        kept = exp(-dt_s / WANDER_S)
        self.wander = kept * self.wander + self.size * math.sqrt(1.0 - kept * kept) * draw

    @property
    def now(self) -> float:
        return self.value + self.wander


@dataclass(slots=True)
class _Analyser:
    """Shows a sample ``delay_s`` after it was taken, and takes one each ``every_s``."""

    every_s: float
    delay_s: float
    shown: float
    waiting: deque[tuple[float, float]] = field(default_factory=deque)
    due_s: float = 0.0

    def look(self, now_s: float, value: float) -> float:
        if now_s + _ROUNDING_S >= self.due_s:
            self.waiting.append((now_s + self.delay_s, value))
            self.due_s = now_s + self.every_s
        while self.waiting and now_s + _ROUNDING_S >= self.waiting[0][0]:
            self.shown = self.waiting.popleft()[1]
        return self.shown


class DeclaredLine:
    """Implements ``hil.cabinet.Line``. Loops go by the tag of their measurement; it starts at rest, noise free."""

    def __init__(
        self,
        plant: Plant,
        rest: Mapping[str, float],
        wishes: Wishes,
        seed: int,
        mode: Mode = Mode.AUTO,
        parts: Sequence[Plant] = (),
    ) -> None:
        """``rest``: see ``resting``. ``parts``: the controllers' own, where ``plant`` has several.

        Raises ModelError and FunctionError where the models cannot be computed with.
        """
        self._plant = plant
        self._rest = dict(rest)
        self._wishes = wishes
        self._random = Random(seed)
        self._processes = [(part, ModelProcess(part, rest, SAMPLE_S)) for part in parts or (plant,)]
        self._tunings = {mv.readback: Tuning(0.0, 1.0, *mv.limits.safety) for mv in plant.mvs.values()}
        self._loops = {
            mv.readback: _placed(settled(mode, rest[name], 0.0), self._tunings[mv.readback])
            for name, mv in plant.mvs.items()
        }
        self._followed = {mv.readback: rest[mv.readback] for mv in plant.mvs.values()}
        led = [tag for tag in plant.tags if tag not in self._loops or tag in plant.cvs]
        self._outside = {tag: self._acting(tag) for tag in led if tag not in wishes.tags}
        self._noise = {tag: wishes.noise.get(tag, NOISE_SHARE * _span(plant, tag)) for tag in plant.tags}
        self._analysers = {
            tag: _Analyser(max(spec.every_s, SAMPLE_S), _delay_s(plant, tag), rest[tag])
            for tag, spec in plant.tags.items()
            if spec.every_s > 0.0 or _delay_s(plant, tag) > 0.0
        }
        self._true = {tag: rest[tag] for tag in plant.tags}
        self._readings = dict(self._true)
        self._now_s = self._due_s = 0.0

    @property
    def loops(self) -> Mapping[str, LoopState]:
        """The loops by the tag of their measurement."""
        return MappingProxyType(self._loops)

    def measured(self) -> Mapping[str, float]:
        """What the instruments show now."""
        return MappingProxyType(self._readings)

    def true(self) -> Mapping[str, float]:
        """The same tags as they really are."""
        return MappingProxyType(self._true)

    def setpoint(self, loop: str, value: float) -> bool:
        """Write a remote setpoint; false when the loop is not in CAS. KeyError for an unknown loop."""
        state, taken = with_remote_setpoint(self._loops[loop], value, self._tunings[loop])
        self._loops[loop] = _placed(state, self._tunings[loop])
        return taken

    def operator_setpoint(self, loop: str, value: float) -> bool:
        """Enter the operator's setpoint; false when the loop is not in AUTO. KeyError for an unknown loop."""
        state, taken = with_operator_setpoint(self._loops[loop], value, self._tunings[loop])
        self._loops[loop] = _placed(state, self._tunings[loop])
        return taken

    def mode(self, loop: str, mode: Mode) -> None:
        """Change a loop's mode, bumplessly. KeyError for an unknown loop."""
        self._loops[loop] = with_mode(self._loops[loop], mode, self._readings[loop], self._tunings[loop])

    def disturb(self, name: str, value: float, ramp_s: float = 0.0) -> None:
        """Lead a DV or an undriven tag to ``value``, or add ``value`` to a CV, evenly over ``ramp_s`` seconds.

        KeyError for a name that is none of these, ValueError for numbers that make no sense.
        """
        acting = self._outside[name]
        if not math.isfinite(value) or not (math.isfinite(ramp_s) and ramp_s >= 0.0):
            raise ValueError(f"{name}: value and ramp must be finite, the ramp not negative")
        acting.target = value
        acting.per_s = abs(value - acting.value) / ramp_s if ramp_s > 0.0 else math.inf

    def step(self, dt_s: float) -> None:
        """Let ``dt_s`` seconds pass. ValueError unless it is above 0."""
        if not (math.isfinite(dt_s) and dt_s > 0.0):
            raise ValueError(f"dt_s must be above 0, not {dt_s}")
        self._due_s += dt_s
        while self._due_s >= SAMPLE_S - _ROUNDING_S:
            self._due_s -= SAMPLE_S
            self._sample()

    def _sample(self) -> None:
        plant = self._plant
        self._now_s += SAMPLE_S
        for acting in self._outside.values():
            acting.later(SAMPLE_S, self._random.gauss(0.0, 1.0))
        cvs = {name: value for each in self._processes for name, value in self._moved(*each).items()}
        true = {tag: acting.now for tag, acting in self._outside.items() if tag not in cvs}
        true |= {tag: self._follow(tag) for tag in self._loops if tag not in cvs}
        true |= {name: value + self._outside[name].now for name, value in cvs.items()}
        self._true = calculated({**self._rest, **true}, self._wishes.tags)
        for tag in plant.tags:
            rule = plant.validity[tag]
            shown = within(self._true[tag] + self._noise[tag] * self._random.gauss(0.0, 1.0), rule.lo, rule.hi)
            analyser = self._analysers.get(tag)
            self._readings[tag] = shown if analyser is None else analyser.look(self._now_s, shown)
        for tag, loop in self._loops.items():
            if loop.mode is Mode.MAN:  # its setpoints track the measurement
                self._loops[tag] = replace(loop, sp_auto=self._readings[tag], sp_cas=self._readings[tag])

    def _moved(self, part: Plant, process: ModelProcess) -> dict[str, float]:
        """Return the CVs of one controller's part; what another part moves acts on it one sample later."""
        inputs = {name: self._loops[mv.readback].setpoint for name, mv in part.mvs.items()}
        inputs |= {n: self._outside[n].now if n in self._plant.dvs else self._true[n] for n in part.dvs}
        return process.advance(inputs, SAMPLE_S)

    def _follow(self, loop: str) -> float:
        state = self._loops[loop]
        if state.mode is not Mode.MAN:
            gap = self._followed[loop] - state.setpoint
            self._followed[loop] = state.setpoint + gap * exp(-SAMPLE_S / LOOP_S)
        return self._followed[loop]

    def _acting(self, tag: str) -> _Outside:
        """Return what acts on ``tag``: on a CV something unmeasured around 0, elsewhere its own value."""
        value = 0.0 if tag in self._plant.cvs else self._rest[tag]
        size = WANDER_SHARE * _span(self._plant, tag) if tag in driven(self._plant) else 0.0
        return _Outside(value, value, size)


def _placed(loop: LoopState, tuning: Tuning) -> LoopState:
    """Return the loop with its output where its setpoint lies in its range."""
    share = (loop.setpoint - tuning.sp_lo) / (tuning.sp_hi - tuning.sp_lo)
    return replace(loop, output_pct=100.0 * share)


def _span(plant: Plant, tag: str) -> float:
    """Return what counts as the whole of a tag: the operator's zone, the instrument's range, or 1 where none is."""
    lo, hi = plant.cvs[tag].limits.operator if tag in plant.cvs else (-math.inf, math.inf)
    for name, mv in plant.mvs.items():
        if mv.readback == tag and tag not in plant.cvs:
            lo, hi = plant.mvs[name].limits.operator
    if tag in plant.dvs or not math.isfinite(hi - lo):
        rule = plant.validity[tag]
        lo, hi = rule.lo, rule.hi
    return hi - lo if math.isfinite(hi - lo) else 1.0


def _delay_s(plant: Plant, tag: str) -> float:
    return plant.cvs[tag].analyser_delay_s if tag in plant.cvs else 0.0
