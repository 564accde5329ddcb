"""What each CV is now and where it is heading: the model's output plus one integrating disturbance per CV.

Without a new sample (bad reading, analyser that still shows the last one) the prediction stands. When gains vary, the
model's output would jump at each change; the bias takes the jump out, so that what is predicted for now never moves but
by the plant's doing. The plant is adopted wherever it is found: the first estimate is what was read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from constraints.plant import Multiplier, Plant
from controllers.disturbance import Disturbance
from controllers.late import Doubt, Past, Watch, floats, shifted, unused
from controllers.memory import Memory
from controllers.model import FloatArray, Model, Record
from controllers.models.schedule import followed, reference, wanted

GAP_CYCLES_MAX = 2_000
"""After a longer pause the past says nothing: the plant is adopted as found."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The state of the estimate at one moment; engineering units, seconds."""

    record: Record
    origin: FloatArray
    bias: FloatArray
    slope: FloatArray
    seen: FloatArray
    """Per CV and then per DV: 1.0 once it was measured."""
    factor: FloatArray
    """Factor of each varying gain now."""
    multiplied: FloatArray
    """Each multiplier now."""
    past: Past
    lab_at_s: FloatArray
    """Per CV with laboratory values: sampling time of the one believed last."""
    lab_offset: FloatArray
    """Per CV with laboratory values: what they add to its readings."""
    lab_to_come: FloatArray
    """Per CV with laboratory values: what of their corrections has not come in yet."""
    lab_left_s: FloatArray
    """Per CV with laboratory values: time until it has."""
    lab_doubt: FloatArray
    """(labs, 3): ``late.Doubt`` of each CV with laboratory values."""
    lab: Mapping[str, str] = field(default_factory=dict)
    """By CV: what became of the laboratory values of this cycle (codes of ``late.Watch.verdict``)."""

    def inputs(self) -> FloatArray:
        """Return the inputs now, MVs and then DVs."""
        result: FloatArray = self.origin + self.record.inputs[-1]
        return result

    def stored(self, memory: Memory) -> Memory:
        """Return ``memory`` with this estimate in it."""
        return replace(
            memory,
            at_s=floats(self.record.at_s),
            origin=floats(self.origin),
            inputs=floats(self.record.inputs),
            anchor=(float(self.record.first),),
            states=floats(self.record.states[0]),
            bias=floats(self.bias),
            slope=floats(self.slope),
            seen=floats(self.seen),
            factor=floats(self.factor),
            multiplied=floats(self.multiplied),
            past_at_s=floats(self.past.at_s),
            past=floats(self.past.y),
            lab_at_s=floats(self.lab_at_s),
            lab_offset=floats(self.lab_offset),
            lab_to_come=floats(self.lab_to_come),
            lab_left_s=floats(self.lab_left_s),
            lab_doubt=floats(self.lab_doubt),
        )


class Estimator:
    """The estimate of one plant."""

    def __init__(self, plant: Plant, model: Model) -> None:
        self._model = model
        self._mvs = len(plant.mvs)
        self._disturbance = Disturbance(plant, model)
        self._watch = Watch(plant, model)
        self._lab_place = {c: k for k, c in enumerate(self._watch.labs.tolist())}

    # ------------------------------------------------------------------ memory

    def restored(self, memory: Memory) -> Estimate | None:
        """Return the stored estimate; None where there is none or it is of another plant."""
        entries, inputs, cvs = len(memory.at_s), len(self._model.inputs), len(self._model.cvs)
        labs, looked_back = len(self._watch.labs), len(memory.past_at_s)
        sizes = {
            "origin": inputs,
            "inputs": entries * inputs,
            "anchor": 1,
            "states": self._model.states,
            "bias": cvs,
            "slope": cvs,
            "seen": cvs + inputs - self._mvs,
            "factor": len(self._model.varying),
            "multiplied": len(self._model.multipliers),
            "past": looked_back * len(self._watch.cvs),
            "lab_at_s": labs,
            "lab_offset": labs,
            "lab_to_come": labs,
            "lab_left_s": labs,
            "lab_doubt": 3 * labs,
        }
        stored: dict[str, tuple[float, ...]] = {name: getattr(memory, name) for name in sizes}
        if not (entries and looked_back) or any(len(stored[name]) != size for name, size in sizes.items()):
            return None
        first = int(memory.anchor[0])
        if not 0 <= first < entries:
            return None
        part = {name: np.array(values, dtype=np.float64) for name, values in stored.items()}
        at_s, held = np.array(memory.at_s), part["inputs"].reshape(entries, inputs)
        return Estimate(
            record=self._model.resumed(at_s, held, first, part["states"]),
            origin=part["origin"],
            bias=part["bias"],
            slope=part["slope"],
            seen=part["seen"],
            factor=part["factor"],
            multiplied=part["multiplied"],
            past=Past(np.array(memory.past_at_s), part["past"].reshape(looked_back, len(self._watch.cvs))),
            lab_at_s=part["lab_at_s"],
            lab_offset=part["lab_offset"],
            lab_to_come=part["lab_to_come"],
            lab_left_s=part["lab_left_s"],
            lab_doubt=part["lab_doubt"].reshape(labs, 3),
        )

    def usable(self, before: Estimate, at_s: float) -> bool:
        """Return whether ``before`` reaches up to ``at_s``: time went forward and not too far."""
        elapsed = at_s - before.record.now_s
        return 0.0 < elapsed <= GAP_CYCLES_MAX * self._model.cycle_s

    # ------------------------------------------------------------------ cycle by cycle

    def start(
        self,
        at_s: float,
        u: Sequence[float],
        d: Sequence[float | None],
        y: Sequence[float | None],
        *,
        scheduling: Mapping[str, float | None] | None = None,
    ) -> Estimate:
        """Return the estimate that adopts the plant as found: at rest, with every bias equal to its reading.

        Raises FunctionError.
        """
        origin = np.array([*u, *(0.0 if v is None else v for v in d)])
        bias = np.array([0.0 if v is None else v for v in y])
        seen = np.array([0.0 if v is None else 1.0 for v in (*y, *d)])
        read = scheduling or {}
        multiplied = np.array([_first(each, read.get(each.by)) for each in self._model.multipliers])
        return Estimate(
            record=self._model.start(at_s),
            origin=origin,
            bias=bias,
            slope=np.zeros(len(y)),
            seen=seen,
            factor=self._factor(origin, seen, multiplied),
            multiplied=multiplied,
            past=self._watch.start(at_s, bias),
            lab_at_s=unused(len(self._watch.labs)),
            lab_offset=np.zeros(len(self._watch.labs)),
            lab_to_come=np.zeros(len(self._watch.labs)),
            lab_left_s=np.zeros(len(self._watch.labs)),
            lab_doubt=np.zeros((len(self._watch.labs), 3)),
        )

    def update(
        self,
        before: Estimate,
        at_s: float,
        u: Sequence[float],
        d: Sequence[float | None],
        y: Sequence[float | None],
        new: Sequence[bool],
        *,
        scheduling: Mapping[str, float | None] | None = None,
        lab: Mapping[str, tuple[float, float]] | None = None,
    ) -> Estimate:
        """Return the estimate at ``at_s``, later than ``before``; ``new`` is False where ``y`` was used before.

        The setpoints read now are taken to have held since then, for that is when they were written; a DV is held from
        its reading on. ``lab`` is by CV: value and sampling time. Raises FunctionError.
        """
        origin, seen = before.origin.copy(), before.seen.copy()
        held = before.record.inputs[-1].copy()
        held[: self._mvs] = np.array(u) - origin[: self._mvs]
        now = held.copy()
        for i, value in enumerate(d, start=self._mvs):
            if value is None:
                continue
            known = len(y) + i - self._mvs
            if seen[known] == 0.0:
                origin[i], seen[known] = value, 1.0
            now[i] = value - origin[i]
        elapsed = at_s - before.record.now_s
        estimate = replace(
            before,
            record=self._model.advance(before.record, held, now, at_s),
            origin=origin,
            bias=before.bias + before.slope * self._disturbance.moved(elapsed),
            slope=before.slope * self._disturbance.left(elapsed),
            seen=seen,
            lab_at_s=before.lab_at_s.copy(),
            lab_doubt=before.lab_doubt.copy(),
            lab={},
        )
        estimate = self._ramped(estimate, elapsed)
        if self._model.varies:
            estimate = self._regained(estimate, elapsed, scheduling or {})
        modelled = self._model.free(estimate.record, np.zeros(1), estimate.factor)[0]
        corrected = modelled + estimate.bias
        corrected[self._watch.labs] += estimate.lab_to_come
        past = self._watch.remembered(before.past, at_s, corrected)
        estimate = replace(estimate, past=past)
        self._take_samples(estimate, modelled, y, new)
        return replace(estimate, lab=self._take_lab(estimate, lab)) if lab else estimate

    def _ramped(self, estimate: Estimate, elapsed_s: float) -> Estimate:
        """Return the estimate after the part of laboratory corrections that comes in within ``elapsed_s``.

        Its bias and the arrays of what is to come are the result's own.
        """
        left = estimate.lab_left_s
        part = np.where(left > elapsed_s, elapsed_s / np.maximum(left, elapsed_s), 1.0)
        step = estimate.lab_to_come * part
        estimate.bias[self._watch.labs] += step
        return replace(
            estimate,
            lab_offset=estimate.lab_offset + step,
            lab_to_come=np.where(left > elapsed_s, estimate.lab_to_come - step, 0.0),
            lab_left_s=np.maximum(left - elapsed_s, 0.0),
        )

    def _factor(self, point: FloatArray, seen: FloatArray, multiplied: FloatArray) -> FloatArray:
        known = np.ones(len(point), dtype=np.bool_)
        known[self._mvs :] = seen[len(self._model.cvs) :] > 0.0
        return self._model.factor_at(point, known, multiplied.tolist())

    def _regained(self, estimate: Estimate, elapsed_s: float, read: Mapping[str, float | None]) -> Estimate:
        """Return the estimate with the gains of now, what is predicted for now and the slopes of levels unchanged."""
        model, record = self._model, estimate.record
        multiplied = np.array(
            [
                followed(each, before, read.get(each.by), elapsed_s)
                for each, before in zip(model.multipliers, estimate.multiplied.tolist(), strict=True)
            ]
        )
        factor = self._factor(estimate.inputs(), estimate.seen, multiplied)
        change = factor - estimate.factor
        if not change.any():
            return replace(estimate, factor=factor, multiplied=multiplied)
        flow = (model.gains_at(factor)[1] - model.gains_at(estimate.factor)[1]) @ record.inputs[-1]
        return replace(
            estimate,
            factor=factor,
            multiplied=multiplied,
            bias=estimate.bias - model.jump(record, change),
            slope=estimate.slope - flow,
        )

    def _take_samples(
        self, estimate: Estimate, modelled: FloatArray, y: Sequence[float | None], new: Sequence[bool]
    ) -> None:
        """Correct ``estimate`` (whose arrays are fresh) by what was measured."""
        watch, gain = self._watch, self._disturbance.gain
        now = np.array([np.nan if value is None else value for value in y])
        now[watch.labs] += estimate.lab_offset
        surprise = now - modelled - estimate.bias
        first = np.isfinite(now) & (estimate.seen[: len(y)] == 0.0)
        estimate.bias[first] += surprise[first]
        estimate.slope[first] = 0.0
        estimate.seen[: len(y)][first] = 1.0
        fresh = np.isfinite(now) & ~first & np.array(new, dtype=np.bool_)
        late = fresh & (watch.delay_s > 0.0)
        in_time = fresh & ~late
        estimate.bias[in_time] += gain[in_time, 0] * surprise[in_time]
        estimate.slope[in_time] += gain[in_time, 1] * surprise[in_time]
        for c in np.flatnonzero(in_time | first).tolist():
            if c in watch.column and first[c]:
                shifted(estimate.past, watch.column[c], surprise[c])
            elif c in watch.column:  # it says something about now; what was estimated before stays what it was
                estimate.past.y[-1, watch.column[c]] += gain[c, 0] * surprise[c]
        for c in np.flatnonzero(late).tolist():
            sampled_s = estimate.record.now_s - float(watch.delay_s[c])
            place = self._lab_place.get(c)  # what is remembered has all of a correction, the reading only what came in
            to_come = 0.0 if place is None else float(estimate.lab_to_come[place])
            self._correct(estimate, c, float(now[c]) + to_come, sampled_s, gain[c])

    def _correct(self, estimate: Estimate, c: int, value: float, sampled_s: float, gain: FloatArray) -> None:
        """Correct the disturbance as it was at sampling time, and carry that forward."""
        past, column = estimate.past, self._watch.column[c]
        surprise = value - past.at(sampled_s, column)
        age = estimate.record.now_s - sampled_s
        estimate.bias[c] += surprise * (gain[0] + gain[1] * self._disturbance.moved(age)[c])
        estimate.slope[c] += surprise * gain[1] * self._disturbance.left(age)[c]
        since = np.maximum(past.at_s - sampled_s, 0.0)
        shifted(past, column, surprise * (gain[0] + gain[1] * self._disturbance.moved(since[:, None])[:, c]))

    def _take_lab(self, estimate: Estimate, lab: Mapping[str, tuple[float, float]]) -> dict[str, str]:
        """Correct ``estimate`` by laboratory values; readings of the same CV are shifted alike from now on."""
        codes = {name: "no_rule" for name in lab if name not in self._model.cvs}
        for c, name in enumerate(self._model.cvs):
            if name not in lab:
                continue
            value, sampled_s = lab[name]
            place = self._lab_place.get(c)
            last_s = float(estimate.lab_at_s[place]) if place is not None else -np.inf
            seen = bool(estimate.seen[c])
            before = Doubt() if place is None else _doubt(estimate.lab_doubt[place])
            code, doubt = self._watch.verdict(c, value, sampled_s, estimate.past, last_s, before, seen=seen)
            codes[name] = code
            rule = self._watch.rules[c]
            if rule is None or place is None:
                continue
            estimate.lab_doubt[place] = doubt.sampled_s, doubt.difference, doubt.count
            if code != "accepted":
                continue
            estimate.lab_at_s[place] = sampled_s
            difference = value - estimate.past.at(sampled_s, self._watch.column[c])
            correction = difference * (rule.share if seen else 1.0)
            if seen and rule.ramp_s > 0.0:
                estimate.lab_to_come[place] += correction
                estimate.lab_left_s[place] = rule.ramp_s
            else:
                estimate.bias[c] += correction
                estimate.lab_offset[place] += correction if seen else 0.0
            estimate.seen[c] = 1.0
            shifted(estimate.past, self._watch.column[c], correction)
        return codes

    # ------------------------------------------------------------------ what it says

    def predict(self, estimate: Estimate, ahead_s: FloatArray) -> FloatArray:
        """Return each CV (times, CVs) with all inputs held; ``ahead_s`` as for ``Model.free``."""
        ahead = ahead_s[:, None] if ahead_s.ndim == 1 else ahead_s
        free = self._model.free(estimate.record, ahead_s, estimate.factor)
        result: FloatArray = free + estimate.bias + estimate.slope * self._disturbance.moved(ahead)
        return result

    def end(self, estimate: Estimate) -> tuple[FloatArray, FloatArray]:
        """Return where each CV settles with all inputs held, and the slope per second that remains (integrating)."""
        level, slope = self.gains_at(estimate)
        inputs = estimate.record.inputs[-1]
        to_come, lasting = self._disturbance.end(estimate.slope)
        return level @ inputs + estimate.bias + to_come, slope @ inputs + lasting

    def gains_at(self, estimate: Estimate) -> tuple[FloatArray, FloatArray]:
        """Return (CVs, inputs) gains and slopes of this cycle, as ``Model.gains`` does."""
        return self._model.gains_at(estimate.factor)

    def factors(self, estimate: Estimate) -> FloatArray:
        """Return (CVs, inputs) factors of this cycle on ``Model.steps_unit``."""
        return self._model.factors(estimate.factor)


def _doubt(stored: FloatArray) -> Doubt:
    sampled_s, difference, count = stored.tolist()
    return Doubt(sampled_s, difference, int(count)) if count else Doubt()


def _first(multiplier: Multiplier, value: float | None) -> float:
    return reference(multiplier) if value is None or not math.isfinite(value) else wanted(multiplier, value)
