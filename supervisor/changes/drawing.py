"""Nested limits as a line of text, old above new, on one scale. Pure."""

from __future__ import annotations

import math

from constraints.plant import NestedLimits

WIDTH = 48
_LEVELS = (("safety", "."), ("engineering", "-"), ("operator", "="))


def drawn(name: str, unit: str, before: NestedLimits, after: NestedLimits) -> tuple[str, ...]:
    """Return three lines: the scale, and a bar for each side: ``.`` safety, ``-`` engineering, ``=`` operator.

    Nothing where no limit is finite.
    """
    ends = [side for limits in (before, after) for level, _ in _LEVELS for side in getattr(limits, level)]
    finite = [side for side in ends if math.isfinite(side)]
    if not finite or min(finite) == max(finite):
        return ()
    lo, hi = min(finite), max(finite)
    scale = f"{lo:g}".ljust(WIDTH // 2) + f"{hi:g} {unit}".rjust(WIDTH - WIDTH // 2)
    return (f"{name:>16}  {scale}", f"{'before':>16}  {_bar(before, lo, hi)}", f"{'after':>16}  {_bar(after, lo, hi)}")


def _bar(limits: NestedLimits, lo: float, hi: float) -> str:
    cells = [" "] * WIDTH
    for level, mark in _LEVELS:
        low, high = getattr(limits, level)
        first = 0 if math.isinf(low) else round((low - lo) / (hi - lo) * (WIDTH - 1))
        last = WIDTH - 1 if math.isinf(high) else round((high - lo) / (hi - lo) * (WIDTH - 1))
        for cell in range(max(first, 0), min(last, WIDTH - 1) + 1):
            cells[cell] = mark
    return "".join(cells).rstrip()
