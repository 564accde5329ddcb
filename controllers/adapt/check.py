"""What is refused, by name, before anything is computed with it."""

from __future__ import annotations

import numpy as np

from controllers.adapt.words import AdaptError, FloatArray, Observation, Task

KEEP_MIN = 2


def checked_task(task: Task) -> None:
    """Raise AdaptError for a task that cannot be worked on."""
    if task.lo.ndim != 1 or task.lo.shape != task.hi.shape or len(task.lo) == 0:
        raise AdaptError(
            f"lo and hi must be two lists of equal length, not of shapes {task.lo.shape} and {task.hi.shape}"
        )
    if not (np.isfinite(task.lo).all() and np.isfinite(task.hi).all() and (task.lo < task.hi).all()):
        raise AdaptError("each input needs a finite range with lo below hi: an input that may not move is none")
    if not (np.isfinite(task.disturbance_span).all() and (task.disturbance_span > 0.0).all()):
        raise AdaptError("disturbance_span must be finite and above zero: leave out what never changes")
    above_zero = {
        "accuracy": task.accuracy,
        "step_max": task.step_max,
        "step_min": task.step_min,
        "doubt": task.doubt,
        "bound": task.bound,
    }
    for name, value in above_zero.items():
        if not (np.isfinite(value) and value > 0.0):
            raise AdaptError(f"{name} must be finite and above zero, not {value}")
    if task.step_min > task.step_max:
        raise AdaptError(f"step_min {task.step_min} is above step_max {task.step_max}")
    if not 0.0 < task.follow <= 1.0:
        raise AdaptError(f"follow must be above 0 and at most 1, not {task.follow}")
    for name, value in (("safety", task.safety), ("caution", task.caution)):
        if not (np.isfinite(value) and value >= 0.0):
            raise AdaptError(f"{name} must be finite and not below zero, not {value}")
    if task.constraints < 0:
        raise AdaptError(f"constraints must not be negative, but is {task.constraints}")
    if task.keep < KEEP_MIN:
        raise AdaptError(f"keep must be at least {KEEP_MIN} (the best point and the newest), not {task.keep}")


def checked(task: Task, observed: Observation) -> None:
    """Raise AdaptError for an observation that cannot be used."""
    outputs = 1 + task.constraints
    shapes = {
        "u": (observed.u, len(task.lo)),
        "d": (observed.d, len(task.disturbance_span)),
        "outputs": (observed.outputs, outputs),
        "noise": (observed.noise, outputs),
    }
    for name, (values, size) in shapes.items():
        if values.shape != (size,):
            raise AdaptError(f"{name} must have {size} entries, but has the shape {values.shape}")
        if not np.isfinite(values).all():
            raise AdaptError(f"{name} is not finite: {values.tolist()}; leave this steady state out")
    if not (observed.noise > 0.0).all():
        raise AdaptError("noise must be above zero: no measurement is exact, and its weight would be infinite")
    span = task.hi - task.lo
    if ((observed.u < task.lo - span) | (observed.u > task.hi + span)).any():
        raise AdaptError(
            f"inputs {observed.u.tolist()} are more than a span outside their range: another plant, or unit"
        )


def checked_outputs(outputs: FloatArray, wanted: int) -> FloatArray:
    """Return the model's outputs. Raises AdaptError where they are not ``wanted`` finite numbers."""
    if outputs.shape != (wanted,):
        raise AdaptError(
            f"the model must return {wanted} numbers (the cost, then the constraints), not {outputs.shape}"
        )
    if not np.isfinite(outputs).all():
        raise AdaptError(f"the model returned {outputs.tolist()}: it must be finite over the whole range of the inputs")
    return outputs
