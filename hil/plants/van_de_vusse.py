"""The van de Vusse reactor: a cooled stirred tank whose gain changes sign at the best yield.

A -> B -> C and 2 A -> D, with a cooling jacket. Inputs are the flow per volume F/V and the heat Q into the jacket:

    dc_A/dt = F/V (c_A0 - c_A) - k1 c_A - k3 c_A^2
    dc_B/dt = -F/V c_B + k1 c_A - k2 c_B
    dT/dt   = F/V (T_0 - T) - (k1 c_A H_AB + k2 c_B H_BC + k3 c_A^2 H_AD) / (rho C_p)
              + k_w A_R (T_k - T) / (rho C_p V_R)
    dT_k/dt = (Q + k_w A_R (T - T_k)) / (m_k C_pk)
    k_i     = k_i0 exp(-E_i / T),  T in kelvin

c_B over F/V rises, has a maximum and falls, so that a controller which believes one sign is driven away on the other
side; and c_B first moves the wrong way. Source of the equations and of every number: K.-U. Klatt, S. Engell,
"Gain-scheduling trajectory control of a continuous stirred tank reactor", Comput. Chem. Eng. 22 (1998) 491, after H.
Chen, A. Kremling, F. Allgöwer, "Nonlinear predictive control of a benchmark CSTR", ECC 1995, p. 3247.

Concentrations in mol/l, temperatures in degC, flow in 1/h, heat in kJ/h (negative cools), time in hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from constraints.plant import CvSpec, DvSpec, FunctionSpec, Pair, Plant
from hil.plants.supervised import controlled, manipulated, supervised

FloatArray = npt.NDArray[np.float64]

K10, K20, K30 = 1.287e12, 1.287e12, 9.043e9
"""[1/h], [1/h], [l/(mol h)]"""
E1, E2, E3 = 9758.3, 9758.3, 8560.0
"""Activation energies over the gas constant [K]."""
H_AB, H_BC, H_AD = 4.2, -11.0, -41.85
"""[kJ/mol]"""
DENSITY, HEAT = 0.9342, 3.01
"""[kg/l], [kJ/(kg K)]"""
WALL, AREA, VOLUME = 4032.0, 0.215, 10.0
"""[kJ/(h m**2 K)], [m**2], [l]"""
JACKET_KG, JACKET_HEAT = 5.0, 2.0
"""[kg], [kJ/(kg K)]"""
KELVIN = 273.15
FLOW_RANGE, HEAT_RANGE = (3.0, 35.0), (-9000.0, 0.0)
"""[1/h], [kJ/h]"""
FEED_DEGC = 104.9
FEED_A = 5.1
"""[mol/l], the main operating point; between 4.5 and 5.7 where it disturbs."""
MAIN_FLOW, MAIN_HEAT = 14.19, -1113.5
"""Main operating point: c_A 2.14, c_B 1.09, T 114.2, T_k 112.9."""
CYCLE_S = 15.0
"""Twelve cycles in the 180 s that c_B takes to turn round after a step."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What acts on the reactor."""

    flow: float
    """F/V [1/h]."""
    heat: float
    """[kJ/h]"""
    feed_a: float = FEED_A
    """[mol/l]"""
    feed_degc: float = FEED_DEGC


def rates(x: FloatArray, inputs: Inputs) -> FloatArray:
    """Return the time derivatives, per hour, of ``x`` = (c_A, c_B, T, T_k)."""
    a, b, degc, jacket = (float(v) for v in x)
    k1, k2, k3 = _constants(degc)
    made = k1 * a * H_AB + k2 * b * H_BC + k3 * a * a * H_AD
    wall = WALL * AREA * (jacket - degc)
    return np.array(
        [
            inputs.flow * (inputs.feed_a - a) - k1 * a - k3 * a * a,
            -inputs.flow * b + k1 * a - k2 * b,
            inputs.flow * (inputs.feed_degc - degc) - made / (DENSITY * HEAT) + wall / (DENSITY * HEAT * VOLUME),
            (inputs.heat - wall) / (JACKET_KG * JACKET_HEAT),
        ]
    )


def jacobian(x: FloatArray, inputs: Inputs) -> tuple[FloatArray, FloatArray]:
    """Return the slopes of ``rates`` by x (4, 4) and by (flow, heat, feed_a, feed_degc) (4, 4)."""
    a, b, degc, _ = (float(v) for v in x)
    k1, k2, k3 = _constants(degc)
    kelvin = degc + KELVIN
    s1, s2, s3 = k1 * E1 / kelvin**2, k2 * E2 / kelvin**2, k3 * E3 / kelvin**2
    rc = DENSITY * HEAT
    wall = WALL * AREA
    flow = inputs.flow
    by_x = np.array(
        [
            [-flow - k1 - 2.0 * k3 * a, 0.0, -s1 * a - s3 * a * a, 0.0],
            [k1, -flow - k2, s1 * a - s2 * b, 0.0],
            [
                -(k1 * H_AB + 2.0 * k3 * a * H_AD) / rc,
                -k2 * H_BC / rc,
                -flow - (s1 * a * H_AB + s2 * b * H_BC + s3 * a * a * H_AD) / rc - wall / (rc * VOLUME),
                wall / (rc * VOLUME),
            ],
            [0.0, 0.0, wall / (JACKET_KG * JACKET_HEAT), -wall / (JACKET_KG * JACKET_HEAT)],
        ]
    )
    by_inputs = np.array(
        [
            [inputs.feed_a - a, 0.0, flow, 0.0],
            [-b, 0.0, 0.0, 0.0],
            [inputs.feed_degc - degc, 0.0, 0.0, flow],
            [0.0, 1.0 / (JACKET_KG * JACKET_HEAT), 0.0, 0.0],
        ]
    )
    return by_x, by_inputs


def steady(inputs: Inputs) -> FloatArray:
    """Return the steady state: implicit Euler steps that grow until they are Newton's (pseudo-transient continuation).

    Raises ValueError where there is none in reach.
    """
    x: FloatArray = np.array([2.0, 1.0, 112.0, 110.0])
    hours = 0.02
    for _ in range(200):
        slope = rates(x, inputs)
        step = np.linalg.solve(np.eye(4) / hours - jacobian(x, inputs)[0], slope)
        if not np.isfinite(step).all():
            break
        # at most 10 K and half of a concentration at once: the exponentials then stay tame
        limit = np.array([0.5 * x[0], 0.5 * x[1], 10.0, 10.0])
        share = min(1.0, float((limit / np.maximum(np.abs(step), 1e-300)).min()))
        x += share * step
        if hours > 1e6 and float(np.abs(step).max()) < 1e-11:
            return x
        hours = hours * 3.0 if share == 1.0 else hours
    raise ValueError(f"no steady state found for {inputs}")


def advance(x: FloatArray, inputs: Inputs, seconds: float) -> FloatArray:
    """Return the state ``seconds`` later with ``inputs`` held: classic Runge–Kutta, at most 10 s a step.

    The fastest mode, the jacket against the wall, takes 40 s. Raises ValueError for a time that is not above zero.
    """
    if not 0.0 < seconds < np.inf:
        raise ValueError(f"seconds must be finite and above 0, not {seconds}")
    steps = int(np.ceil(seconds / 10.0))
    h = seconds / steps / 3600.0
    for _ in range(steps):
        k1 = rates(x, inputs)
        k2 = rates(x + 0.5 * h * k1, inputs)
        k3 = rates(x + 0.5 * h * k2, inputs)
        k4 = rates(x + h * k3, inputs)
        x = np.asarray(x + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), dtype=np.float64)
    return x


def outputs(u: FloatArray, d: FloatArray) -> FloatArray:
    """Return c_B and T at steady state for u = (F/V, Q) and d = (c_A0,): the engineer's model y(u, d)."""
    x = steady(Inputs(float(u[0]), float(u[1]), float(d[0])))
    return x[1:3]


def output_slopes(u: FloatArray, d: FloatArray) -> FloatArray:
    """Return the slopes of ``outputs``, (2, 3), by F/V, Q and c_A0: from 0 = f(x, u), dx/du = -f_x^-1 f_u."""
    inputs = Inputs(float(u[0]), float(u[1]), float(d[0]))
    by_x, by_inputs = jacobian(steady(inputs), inputs)
    return np.asarray(-np.linalg.solve(by_x, by_inputs[:, :3])[1:3], dtype=np.float64)


def plant(flow: float = MAIN_FLOW, heat: float = MAIN_HEAT) -> Plant:
    """Return the plant as engineered: MVs flow and heat, CVs c_B and T, DV c_A0, and pairs linear around one point.

    Each pair has the gain of that point and one lag: the reactor's slowest mode there. The wrong-way start of c_B is
    not in it.
    """
    inputs = Inputs(flow, heat)
    x = steady(inputs)
    gains = output_slopes(np.array([flow, heat]), np.array([FEED_A]))
    lag_s = 3600.0 / -float(np.linalg.eigvals(jacobian(x, inputs)[0]).real.max())
    sources, cvs = ("flow", "heat", "feed_a"), ("c_B", "T")
    pairs = tuple(
        Pair(source=source, cv=cv, gain=float(gains[c, s]), lag1_s=lag_s)
        for c, cv in enumerate(cvs)
        for s, source in enumerate(sources)
    )
    return supervised(
        "van de Vusse reactor",
        CYCLE_S,
        mvs=[
            # the whole range of the flow in a quarter of an hour, that of the heat in ten minutes: what valves allow
            manipulated("flow", "1/h", FLOW_RANGE, 2.0),
            manipulated("heat", "kJ/h", HEAT_RANGE, 900.0),
        ],
        cvs=[
            # concern: a hundredth of a mol/l and a kelvin, what an operator would act on
            _cv("c_B", "mol/l", (0.8, 1.09), 2, 0.01),
            _cv("T", "degC", (100.0, 130.0), 3, 1.0),
        ],
        pairs=pairs,
        dvs=[DvSpec(name="feed_a", unit="mol/l")],
    )


TYPICAL_FLOW = 20.0
"""1/h, where the slope of c_B is of a usual size: near the maximum it says nothing about how far a move carries."""
SLOW = 100.0
"""Move suppression of the flow: c_B first goes the wrong way for some minutes, which no pair here describes, so moves
must be slow against that."""


def plant_of_function(flow: float = TYPICAL_FLOW, heat: float = MAIN_HEAT) -> Plant:
    """Return the plant whose gains are the slopes of ``outputs`` where the reactor stands, looked up each cycle.

    ``flow`` and ``heat`` say where the slopes stand for the whole (scaling, lags).
    """
    of = plant(flow, heat)
    of = replace(of, mvs={**of.mvs, "flow": replace(of.mvs["flow"], suppression=SLOW)})
    spec = FunctionSpec(
        name="steady",
        address="hil.plants.van_de_vusse:outputs",
        mvs=("flow", "heat"),
        dvs=("feed_a",),
        cvs=("c_B", "T"),
        at=(flow, heat, FEED_A),
        jacobian_address="hil.plants.van_de_vusse:output_slopes",
        call=outputs,
        jacobian=output_slopes,
    )
    pairs = tuple(replace(pair, gain=1.0, function=spec.name) for pair in of.pairs)
    return replace(of, pairs=pairs, functions={spec.name: spec})


def _constants(degc: float) -> tuple[float, float, float]:
    kelvin = degc + KELVIN
    return (
        K10 * float(np.exp(-E1 / kelvin)),
        K20 * float(np.exp(-E2 / kelvin)),
        K30 * float(np.exp(-E3 / kelvin)),
    )


def _cv(name: str, unit: str, limits: tuple[float, float], rank: int, concern: float) -> CvSpec:
    return replace(controlled(name, unit, limits), rank_hi=rank, rank_lo=rank, concern=concern)
