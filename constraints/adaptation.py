"""How the economics of a wrong model are corrected toward the plant's true optimum, as an engineer declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptationSpec:
    """Modifier adaptation of one plant. Shares are of an MV's operator range, a DV's width."""

    mode: Literal["watch", "correct"]
    """``watch``: estimate and report, change nothing."""
    mvs: tuple[str, ...]
    """MVs whose economics are corrected."""
    priced: tuple[str, ...]
    """Self-regulating CVs that these MVs move and that have a worth in money."""
    limited: tuple[tuple[str, Literal["lo", "hi"]], ...]
    """Limits of self-regulating CVs that these MVs move."""
    dv_width: Mapping[str, float]
    """By DV that moves one of these CVs: width of its range, in its unit."""
    accuracy: float
    """Currency per hour that is not worth a move."""
    window_s: float = 0.0
    """The plant is at rest when the inputs stood still for so long, and for three times the slowest lag at least."""
    tolerance: float = 0.01
    """Largest change of an input, as a share, that is standing still."""
    noise: Mapping[str, float] = field(default_factory=dict)
    """By CV or DV: standard deviation of one reading; where not given a CV's scatter tells, and a DV has none."""
    filter: float = 1.0
    """Share of a new estimate of a slope that is taken; above 0, at most 1."""
    step_max: float = 0.15
    """Longest move from one rest to the next: root of the summed squares of the MVs' shares."""
    step_min: float = 0.02
    """Shortest that a move which disappointed makes the longest."""
    model_error: float = 0.5
    """How wrong the model may be: share of what it changes over half a range by which the plant may differ."""
    gradient_max: float = 2.0
    """Largest correction of a slope, in slopes that would make all the change of the model over the range."""
    gain_factor: tuple[float, float] = (0.5, 2.0)
    """Corrected gains of models with a fixed gain stay within these times it."""
    back_off: float = 1.5
    """Standard deviations that the corrected optimum keeps from a limit."""
    caution: float = 0.5
    """Standard deviations of its change by which the cost of a move is feared to be worse."""
    remember: int = 30
    """Steady states that are remembered."""
    patience: int = 3
    """So often the model alone must have predicted better before the corrections are frozen."""
