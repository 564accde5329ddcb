"""A step response as a small drawing: the input steps by one unit at the left edge. SVG, pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 120, 36, 3.0


def curve(values: Sequence[float], described: str) -> Markup:
    """Return the drawing of evenly spaced ``values``; zero is always in it. ``described``: for a screen reader."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    room = (high - low) or 1.0

    def y(value: float) -> float:
        return round(EDGE + (HEIGHT - 2.0 * EDGE) * (high - value) / room, 1)

    step = (WIDTH - 2.0 * EDGE) / max(len(values) - 1, 1)
    points = " ".join(f"{EDGE + k * step:.1f},{y(v)}" for k, v in enumerate(values) if math.isfinite(v))
    return Markup(
        '<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}"><line class="g-base" x1="{}" x2="{}" '
        'y1="{}" y2="{}"/><polyline class="curve-line" points="{}"/></svg>'
    ).format(WIDTH, HEIGHT, described, EDGE, WIDTH - EDGE, y(0.0), y(0.0), points)
