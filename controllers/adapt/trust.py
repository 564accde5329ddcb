"""Do the corrections predict better than the model alone? Where not, again and again, they are frozen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from controllers.adapt.kept import Kept
from controllers.adapt.mismatch import fit, scales
from controllers.adapt.words import Observation, Task

FROZEN_NOT_BETTER = "frozen:not_better"
TOLD = 2.0
"""A change of cost below this many of its standard deviations tells nothing."""


def judged(kept: Kept, task: Task, seen: tuple[Observation, ...], new: Observation, patience: int) -> Kept:
    """Return ``kept`` with the trust that is left after ``new``, one steady state after ``seen``.

    Both the model alone and the corrected model, as it was before, predict the change of cost from the last steady
    state to this one. ``patience`` misses more than hits freeze; as many hits more than misses thaw.
    """
    if len(seen) < 2 or kept.modifiers is None:  # noqa: PLR2004 - one point has no slope
        return kept
    last = seen[-1]
    modelled = np.array([task.model(o.u, o.d) for o in seen])
    mismatch = fit(task, seen, modelled, kept.best, scales(task, new.d))
    span = task.hi - task.lo
    here, there = ((o.u - task.lo) / span - mismatch.at for o in (new, last))
    slope = kept.modifiers.slope[0] + mismatch.curvature[0] @ (mismatch.at - kept.modifiers.at)
    bent = 0.5 * float(here @ mismatch.curvature[0] @ here - there @ mismatch.curvature[0] @ there)
    plain = float(task.model(new.u, new.d)[0] - task.model(last.u, last.d)[0])
    corrected = plain + float(slope @ (here - there)) + bent
    found = float(new.outputs[0] - last.outputs[0])
    noise = TOLD * float(np.hypot(new.noise[0], last.noise[0]))
    if abs(plain - corrected) <= noise:
        return kept  # they say the same
    miss = abs(found - corrected) - abs(found - plain)
    distrust = kept.distrust + (1.0 if miss > 0.0 else -1.0)
    distrust = float(np.clip(distrust, 0.0, patience))
    frozen = distrust >= patience or (kept.frozen and distrust > 0.0)
    return replace(kept, distrust=distrust, frozen=frozen)
