"""First-order filters of measurements, for the controller only: rules, gate and record see what was measured. Pure.

``y += (1 - exp(-dt / T)) (x - y)``: exact for a measurement that stays the same between looks, whatever their distance.
A reading that cannot be used ends the filter; the next one begins it anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from constraints.plant import TagSpec
from safety.signals import Snapshot

Filtered = Mapping[str, tuple[float, float]]
"""By tag: the filter's value and when it was worked out, monotonic seconds."""


def smoothed(tags: Mapping[str, TagSpec], snapshot: Snapshot, before: Filtered) -> tuple[Snapshot, Filtered]:
    """Return a validated snapshot with the values of filtered tags smoothed, and what to remember."""
    now_s = snapshot.at.mono_s
    after: dict[str, tuple[float, float]] = {}
    for name, tag in tags.items():
        reading = snapshot.readings.get(name)
        if tag.filter_s <= 0.0 or reading is None or not reading.usable:
            continue
        value, at_s = before.get(name, (reading.value, now_s))
        share = -math.expm1(-max(now_s - at_s, 0.0) / tag.filter_s)
        after[name] = (value + share * (reading.value - value), now_s)
    if not after:
        return snapshot, after
    changed = {name: replace(snapshot.readings[name], value=value) for name, (value, _) in after.items()}
    return replace(snapshot, readings={**snapshot.readings, **changed}), after
