"""The linear MPC that every peer solves, and a recorded closed loop of it: plain arrays, no tool's own form.

Model: ``x+ = A x + B u``, ``y = C x + d`` with ``d`` (a disturbance of each output, known and constant ahead). At each
step, over j = 1..H and with ``du`` (all H moves of each MV) free:

``minimise sum (y_j - r)' Q (y_j - r) + sum du_j' R du_j + sum (u_j - target)' T (u_j - target) + sum w |s_j|^2``
``subject to low <= u_j <= high, |du_j| <= step, zone_low - s_j <= y_j <= zone_high + s_j``

``wood_berry`` is the distillation column of Wood & Berry (1973), minutes; the other two are drawn from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.peers.condensed import Exact

Array = npt.NDArray[np.float64]
NONE = 1e6
"""Stands for an absent limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One MPC and the states from which it is solved, one after the other."""

    a: Array
    b: Array
    c: Array
    horizon: int
    track: Array
    """(CVs,): diagonal of Q; zero where only the zone counts."""
    suppress: Array
    """(MVs,): diagonal of R."""
    pull: Array
    """(MVs,): diagonal of T."""
    slack: float
    """w; zero where there are no zones."""
    low: Array
    high: Array
    step: Array
    """(MVs,): largest move of one step, ``NONE`` where there is no such limit."""
    zone_low: Array
    zone_high: Array
    x: Array
    """(steps, states): recorded."""
    u: Array
    """(steps, MVs): before the move."""
    d: Array
    r: Array
    target: Array

    @property
    def mvs(self) -> int:
        """Number of inputs."""
        return int(self.b.shape[1])

    @property
    def cvs(self) -> int:
        """Number of outputs."""
        return int(self.c.shape[0])

    @property
    def tolerance(self) -> float:
        """For OSQP: 1e-4 of the narrowest MV; with 1e-4 itself the moves of narrow MVs do not agree."""
        return 1e-4 * min(1.0, float((self.high - self.low).min()))

    @property
    def zones(self) -> bool:
        """Whether any output has a zone."""
        return self.slack > 0.0


def wood_berry_model() -> tuple[Array, Array, Array]:
    """Return A, B, C of the column at 1 min: one lag for each pair, dead time as a chain of past inputs."""
    gain, lag = np.array([[12.8, -18.9], [6.6, -19.4]]), np.array([[16.7, 21.0], [10.9, 14.4]])
    dead = np.array([[1, 3], [7, 3]])
    past = dead.max(axis=0)
    n = 4 + int(past.sum())
    a, b, c = np.zeros((n, n)), np.zeros((n, 2)), np.zeros((2, n))
    chain = [4, 4 + int(past[0])]
    for j in range(2):
        b[chain[j], j] = 1.0
        for k in range(1, past[j]):
            a[chain[j] + k, chain[j] + k - 1] = 1.0
    for i in range(2):
        for j in range(2):
            s = 2 * i + j
            pole = np.exp(-1.0 / lag[i, j])
            a[s, s] = pole
            a[s, chain[j] + dead[i, j] - 1] = gain[i, j] * (1.0 - pole)
            c[i, s] = 1.0
    return a, b, c


def wood_berry(steps: int = 60) -> Problem:
    """Setpoint changes and drifting disturbances; both inputs within 0.06 lb/min of where they are."""
    a, b, c = wood_berry_model()
    draw = np.random.default_rng(1973)
    r = np.repeat(draw.uniform(-1.0, 1.0, (steps // 20 + 1, 2)), 20, axis=0)[:steps]
    d = np.cumsum(draw.normal(0.0, 0.03, (steps, 2)), axis=0)
    blank = Problem(
        a=a, b=b, c=c, horizon=40, track=np.ones(2), suppress=np.full(2, 30.0), pull=np.zeros(2), slack=0.0,
        low=np.full(2, -0.06), high=np.full(2, 0.06), step=np.full(2, NONE), zone_low=np.full(2, -NONE),
        zone_high=np.full(2, NONE), x=np.zeros((1, len(a))), u=np.zeros((1, 2)), d=d, r=r, target=np.zeros((steps, 2)),
    )  # fmt: skip
    return _recorded(blank)


def bounds_only(steps: int = 40) -> Problem:
    """10 MVs, 20 CVs, horizon 30: setpoints for all CVs, MV ranges."""
    return _recorded(_drawn(steps))


def zones_and_limits(steps: int = 40) -> Problem:
    """The same plant: zones with soft slacks, targets for the MVs, move limits."""
    plant = _drawn(steps)
    return _recorded(
        replace(
            plant, track=np.zeros(20), pull=np.full(10, 0.02), slack=10.0, step=np.full(10, 0.03),
            zone_low=np.full(20, -0.3), zone_high=np.full(20, 0.3),
        )
    )  # fmt: skip


PROBLEMS = {"wood_berry": wood_berry, "bounds": bounds_only, "zones": zones_and_limits}


def _drawn(steps: int) -> Problem:
    draw = np.random.default_rng(20)
    pole = draw.uniform(0.6, 0.95, 20)
    a = np.diag(pole) + np.diag(draw.uniform(-0.03, 0.03, 19), 1)
    b = (1.0 - pole)[:, None] * draw.normal(0.0, 1.0, (20, 10)) * (draw.random((20, 10)) < 0.5)
    d = np.cumsum(draw.normal(0.0, 0.05, (steps, 20)), axis=0)
    return Problem(
        a=a, b=b, c=np.eye(20), horizon=30, track=np.ones(20), suppress=np.full(10, 1.0), pull=np.zeros(10), slack=0.0,
        low=np.full(10, -0.3), high=np.full(10, 0.3), step=np.full(10, NONE), zone_low=np.full(20, -NONE),
        zone_high=np.full(20, NONE), x=np.zeros((1, 20)), u=np.zeros((1, 10)), d=d,
        r=np.repeat(draw.normal(0.0, 0.7, (steps // 20 + 1, 20)), 20, axis=0)[:steps],
        target=np.repeat(draw.uniform(-0.3, 0.3, (steps // 20 + 1, 10)), 20, axis=0)[:steps],
    )  # fmt: skip


def _recorded(blank: Problem) -> Problem:
    """Close the loop with the exact answers, from rest, and keep each state that was solved from."""
    exact = Exact(blank)
    x, u = blank.x[0], blank.u[0]
    xs, us = [], []
    for t in range(len(blank.d)):
        xs.append(x)
        us.append(u)
        u = u + exact.first(x, u, blank.d[t], blank.r[t], blank.target[t])
        x = blank.a @ x + blank.b @ u
    return replace(blank, x=np.array(xs), u=np.array(us))


def saved(problem: Problem, path: Path) -> None:
    """Write every bit of it."""
    np.savez(path, **{f.name: getattr(problem, f.name) for f in fields(problem)})


def loaded(path: Path) -> Problem:
    """Read what ``saved`` wrote."""
    with np.load(path) as data:
        values = {f.name: data[f.name] for f in fields(Problem)}
    values["horizon"], values["slack"] = int(values["horizon"]), float(values["slack"])
    return Problem(**values)
