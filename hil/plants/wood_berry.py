"""The Wood-Berry methanol-water column: two products, two MVs, much interaction and dead time.

    x_D = 12.8 e^-s / (16.7 s + 1) R - 18.9 e^-3s / (21.0 s + 1) S + 3.8 e^-8.1s / (14.9 s + 1) F
    x_B =  6.6 e^-7s / (10.9 s + 1) R - 19.4 e^-3s / (14.4 s + 1) S + 4.9 e^-3.4s / (13.2 s + 1) F

Overhead and bottoms composition [% methanol by weight], reflux R, steam S and feed F [lb/min], minutes; deviations from
x_D 96.0, x_B 0.5, R 1.95, S 1.71, F 2.45. Source: R. K. Wood & M. W. Berry, Terminal composition control of a binary
distillation column, Chem. Eng. Sci. 28 (1973) 1707-1717. The feed step of 0.34 lb/min is theirs.
"""

from __future__ import annotations

from dataclasses import replace

from constraints.plant import Plant, Tuning
from hil.plants.delayed import DelayedPlant, Element, Matrix
from hil.plants.supervised import SECONDS_PER_MIN, controlled, manipulated, modelled, supervised

MVS = ("R", "S")
OUTPUTS = ("x_D", "x_B")
FEED_STEP = 0.34
"""lb/min."""
CYCLE_MIN = 1.0

MATRIX: Matrix = {
    "x_D": {"R": Element(12.8, 1.0, 16.7), "S": Element(-18.9, 3.0, 21.0), "F": Element(3.8, 8.1, 14.9)},
    "x_B": {"R": Element(6.6, 7.0, 10.9), "S": Element(-19.4, 3.0, 14.4), "F": Element(4.9, 3.4, 13.2)},
}

MV_RANGE = 1.0
"""lb/min to either side: R and S stay above zero and below about twice their usual flow."""
MOVE_PER_MIN = 1.0
FILTER_MIN = 0.1
"""The compositions carry no noise."""
POINTS = tuple(range(1, 61))
"""Cycles ahead at which the compositions count."""


def column() -> DelayedPlant:
    """Return the column at rest."""
    return DelayedPlant(MATRIX)


def plant(suppression: float = 0.09) -> Plant:
    """Return the controller's plant: both compositions at setpoints, the feed not measured, nothing noisy.

    Every cycle of an hour is a coincidence point, as in dynamic matrix control; the default suppression gives about the
    speed of one with a move weight of 30.
    """
    mvs = [
        replace(manipulated(name, "lb/min", (-MV_RANGE, MV_RANGE), MOVE_PER_MIN), suppression=suppression)
        for name in MVS
    ]
    filter_s = FILTER_MIN * SECONDS_PER_MIN
    cvs = [replace(controlled(name, "%"), rank_target=5, disturbance="ramp", filter_s=filter_s) for name in OUTPUTS]
    pairs = modelled(MATRIX, MVS, OUTPUTS)
    return supervised("wood-berry", CYCLE_MIN * SECONDS_PER_MIN, mvs, cvs, pairs, tuning=Tuning(points=POINTS))
