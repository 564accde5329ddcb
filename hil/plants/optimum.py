"""The best the plant could do: its true constrained steady-state optimum, from its own equations.

A grid over the setpoints' box finds where to look; from the best grid points the search climbs on with SLSQP (D.
Kraft 1988, in scipy) on the plant equations themselves, never on a linear model. Starts that end at one place are the
evidence that the optimum is unique; `Optimum.spread_eur_h` says how far apart they ended.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import NonlinearConstraint, minimize

from hil.plants.dryer import DryerOutputs
from hil.plants.economics import PEAK, EurPerHour, Prices, eur_per_h
from hil.plants.parameters import DryerParameters
from hil.plants.steady import FULL_PCT, OPERATORS, Disturbances, NoSteadyState, Setpoints, steady

Range = tuple[float, float]
Part = tuple[float, float, float]

GRID = (6, 9, 7)  # points along inlet temperature, feed, fan
STARTS = 4
EUR_SCALE = 100.0  # brings the objective near 1 for the climb
FEASIBLE = 1e-6  # give-up allowed, as a part of each limit's scale
ACTIVE = 1e-4  # nearer than this to a limit, as a part of its scale, counts as on it


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator limits in force; low and high in the unit of each tag."""

    T_in_sp: Range = (170.0, 195.0)  # [degC]
    feed_sp: Range = (1500.0, 3800.0)  # [kg/h]
    fan_sp: Range = (50.0, 95.0)  # [percent]
    moist: Range = (3.2, 4.0)  # [percent]
    T_out: Range = (78.0, 92.0)  # [degC]
    P_fan: Range = (0.0, 120.0)  # [kW] by day; NIGHT has less
    gas: Range = (0.0, 245.0)  # [m**3/h], what the burner may burn
    evap: Range = (0.0, 1950.0)  # [kg/h]


DAY = Limits()
NIGHT = Limits(P_fan=(0.0, 105.0))


@dataclass(frozen=True, slots=True)
class Operation:
    """One steady way to run: setpoints, what they lead to, what it earns, and the limits it touches."""

    setpoints: Setpoints
    outputs: DryerOutputs
    eur: EurPerHour
    active: tuple[str, ...]  # such as "moist hi"
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best operation beside the operators' own, under the same circumstances."""

    best: Operation
    baseline: Operation
    spread_eur_h: float  # best minus worst among the climbs from several starts

    @property
    def gain_percent(self) -> float:
        """How much more the best earns than the baseline [percent of the baseline]."""
        return 100.0 * (self.best.eur.total / self.baseline.eur.total - 1.0)


class NothingFeasible(ValueError):  # noqa: N818  (a statement about the limits, not a fault of the program)
    """No setpoint on the grid, nor any climb from it, keeps all limits."""


def operate(
    setpoints: Setpoints,
    disturbances: Disturbances,
    limits: Limits = DAY,
    prices: Prices = PEAK,
    parameters: DryerParameters | None = None,
) -> Operation:
    """What these setpoints lead to at rest. Raises NoSteadyState when the plant cannot rest there."""
    outputs = steady(setpoints, disturbances, parameters or DryerParameters())
    margins = dict((*_setpoint_margins(setpoints, limits), *_output_margins(outputs, limits)))
    return Operation(
        setpoints=setpoints,
        outputs=outputs,
        eur=eur_per_h(outputs, prices),
        active=tuple(name for name, margin in margins.items() if abs(margin) <= ACTIVE),
        broken=tuple(name for name, margin in margins.items() if margin < -FEASIBLE),
    )


def optimum(
    disturbances: Disturbances,
    limits: Limits = DAY,
    prices: Prices = PEAK,
    parameters: DryerParameters | None = None,
    baseline: Setpoints = OPERATORS,
) -> Optimum:
    """The most the plant can earn at rest within `limits`, and what `baseline` earns.

    Raises NothingFeasible when no setpoints keep the limits, NoSteadyState when the baseline cannot rest.
    """
    p = parameters or DryerParameters()
    limits = _within_reach(limits, p)
    endless = replace(p, gas_full_m3_h=inf, feed_full_kg_h=inf)  # the actuators' ends are limits now, not cliffs
    box = (limits.T_in_sp, limits.feed_sp, limits.fan_sp)

    @cache
    def run(part: Part) -> Operation:
        """Operation at a place in the box, given in parts from 0 to 1 along each side."""
        sides = [low + x * (high - low) for x, (low, high) in zip(part, box, strict=True)]
        return operate(Setpoints(*sides), disturbances, limits, prices, endless)

    climbed = [_climb(run, start, limits) for start in _best_on_grid(run)]
    feasible = [operation for operation in climbed if not operation.broken]
    if not feasible:
        raise NothingFeasible
    best = max(feasible, key=lambda operation: operation.eur.total)
    spread = best.eur.total - min(operation.eur.total for operation in feasible)
    return Optimum(best, operate(baseline, disturbances, limits, prices, p), spread)


def _within_reach(limits: Limits, p: DryerParameters) -> Limits:
    """The limits, narrowed to what burner, pump and fan can give at all."""
    return replace(
        limits,
        gas=(limits.gas[0], min(limits.gas[1], p.gas_full_m3_h)),
        feed_sp=(limits.feed_sp[0], min(limits.feed_sp[1], p.feed_full_kg_h)),
        fan_sp=(limits.fan_sp[0], min(limits.fan_sp[1], FULL_PCT)),
    )


def _setpoint_margins(setpoints: Setpoints, limits: Limits) -> Iterator[tuple[str, float]]:
    """Distance to each limit of the setpoints as a part of its range; negative when broken."""
    yield from _margins("T_in_sp", setpoints.T_in, limits.T_in_sp)
    yield from _margins("feed_sp", setpoints.feed, limits.feed_sp)
    yield from _margins("fan_sp", setpoints.fan, limits.fan_sp)


def _output_margins(outputs: DryerOutputs, limits: Limits) -> Iterator[tuple[str, float]]:
    """Distance to each limit of the outputs as a part of its range; negative when broken."""
    yield from _margins("moist", outputs.moist, limits.moist)
    yield from _margins("T_out", outputs.T_out, limits.T_out)
    yield from _margins("P_fan", outputs.P_fan, limits.P_fan)
    yield from _margins("gas", outputs.gas, limits.gas)
    yield from _margins("evap", outputs.evap, limits.evap)


def _margins(tag: str, value: float, limit: Range) -> Iterator[tuple[str, float]]:
    low, high = limit
    yield f"{tag} lo", (value - low) / (high - low)
    yield f"{tag} hi", (high - value) / (high - low)


def _best_on_grid(run: Callable[[Part], Operation]) -> list[Part]:
    """The best places of a grid over the box, best first: first by fewest broken limits, then by EUR/h."""
    sides = [[i / (count - 1) for i in range(count)] for count in GRID]
    found: list[tuple[int, float, Part]] = []
    for part in product(sides[0], sides[1], sides[2]):
        try:
            operation = run(part)
        except NoSteadyState:
            continue
        found.append((-len(operation.broken), operation.eur.total, part))
    found.sort(reverse=True)
    return [part for _, _, part in found[:STARTS]]


def _climb(run: Callable[[Part], Operation], start: Part, limits: Limits) -> Operation:
    """Where SLSQP ends from `start`, on the plant's own equations."""

    def at(x: NDArray[np.float64]) -> Operation:
        a, b, c = (min(max(float(v), 0.0), 1.0) for v in x)
        return run((a, b, c))

    def loss(x: NDArray[np.float64]) -> float:
        return -at(x).eur.total / EUR_SCALE

    def margins(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([margin for _, margin in _output_margins(at(x).outputs, limits)])

    result = minimize(
        loss,
        np.array(start),
        method="SLSQP",
        bounds=[(0.0, 1.0)] * 3,
        constraints=NonlinearConstraint(margins, 0.0, np.inf),
        options={"ftol": 1e-10, "maxiter": 100},
    )
    return at(result.x)
