"""Zone control of four sizes as dense, condensed QPs with blocked moves: the recorded closed loop for the engines.

``minimise 1/2 x'Px + q'x  subject to  l <= Ax <= u`` with ``x = (du, e)``: ``du`` (blocks x MVs) are the moves of each
block in spans, spread evenly over the block; ``e`` (points x CVs) is how far each CV is outside its zone at each
coincidence point, free, and its square costs. Rows: zones (one two-sided row per point and CV), moves, ranges.
The plants are drawn from a seed: first-order lags with dead time between every MV and every CV, which is harder than a
plant: there most pairs are empty.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import daqp
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SIZES = ((2, 2), (10, 20), (20, 40), (100, 200))
"""MVs and CVs."""
HORIZON = 60
EDGES = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48)
"""Cycles between which a move is decided: 12 blocks."""
POINTS = 15
"""Coincidence points, closer together early on."""
LENGTH = 150
"""Cycles until every step response has settled."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """One size: constant matrices, and what changes from step to step."""

    p: Array
    """(slacks,): diagonal of P for ``e``; P has this and ``hessian`` and nothing else."""
    hessian: Array
    """(moves, moves): cost of the moves alone."""
    a: Array
    """(rows, unknowns)."""
    q: Array
    """(steps, unknowns)."""
    low: Array
    """(steps, rows)."""
    high: Array
    mvs: int
    cvs: int
    first: Array
    """(steps, MVs): first move by the engine that closed the loop, in spans."""

    @property
    def moves(self) -> int:
        """Number of unknown moves."""
        return len(self.hessian)


def made(mvs: int, cvs: int, steps: int, seed: int = 1) -> Blocked:
    """Draw a plant, close the loop with an exact engine and keep each problem that it solved."""
    draw = np.random.default_rng([seed, mvs, cvs])
    step = _responses(draw, mvs, cvs)
    blocks = len(EDGES) - 1
    points = np.unique(np.round(1.0 + (HORIZON - 1.0) * (np.arange(POINTS) / (POINTS - 1)) ** 1.5).astype(int))
    s = _dynamic(step, points)
    rank = draw.integers(1, 4, cvs)
    weight = np.tile(2.0 ** (5.0 - rank), len(points))
    gram = (weight[:, None] * s[:, :mvs] ** 2).sum(axis=0)
    lasts = np.diff(EDGES).astype(float)
    suppress = 0.02 * np.maximum(gram, 1e-3 * gram.max())
    pull = np.outer(np.append(lasts[1:], 10.0), suppress) / 10.0**2
    sums = np.kron(np.tri(blocks), np.eye(mvs))
    moves, rows = blocks * mvs, len(weight)
    hessian = 2.0 * (np.diag((suppress / lasts[:, None]).ravel()) + sums.T @ (pull.ravel()[:, None] * sums))
    a = np.zeros((rows + 2 * moves, moves + rows))
    a[:rows, :moves] = s
    a[:rows, moves:] = -np.eye(rows)
    a[rows : rows + moves, :moves] = np.eye(moves)
    a[rows + moves :, :moves] = sums

    order = np.concatenate(
        (np.arange(rows, rows + 2 * moves), np.arange(rows))
    )  # DAQP wants the unknowns' bounds first
    engine = _engine(hessian, np.vstack((sums, s)), weight)
    free = np.zeros((LENGTH, cvs))
    u = np.full(mvs, 0.5)
    target = np.full(mvs, 0.5)
    slow = np.zeros(cvs)
    zone = np.vstack((np.full(cvs, -1.0), np.full(cvs, 1.0)))
    kept: dict[str, list[Array]] = {"q": [], "low": [], "high": [], "first": []}
    for t in range(steps):
        if t % 25 == 0:
            target = draw.choice([0.05, 0.3, 0.7, 0.95], mvs)
        struck = draw.random(cvs) < 1.5 / cvs
        slow += struck * draw.normal(0.0, 0.8, cvs)
        free += 0.1 * slow + draw.normal(0.0, 0.02, cvs)
        slow *= 0.9
        gap = u - target
        q = np.zeros(moves + rows)
        q[:moves] = 2.0 * sums.T @ (pull * gap).ravel()
        ahead = free[points].ravel()
        up = np.repeat(lasts * 0.05, mvs)
        low = np.concatenate((np.tile(zone[0], len(points)) - ahead, -up, np.tile(-u, blocks)))
        high = np.concatenate((np.tile(zone[1], len(points)) - ahead, up, np.tile(1.0 - u, blocks)))
        engine.update(f=q[:moves], bupper=high[order], blower=low[order])
        x, _, flag, _ = engine.solve()
        if flag < 1:
            raise RuntimeError(f"the engine that closes the loop stopped with flag {flag} at step {t}")
        first = np.clip(x[:mvs], low[rows : rows + mvs], high[rows : rows + mvs])
        for name, value in (("q", q), ("low", low), ("high", high), ("first", first)):
            kept[name].append(value)
        u = np.clip(u + first, 0.0, 1.0)
        free = np.vstack((free[1:], free[-1:])) + step[1:, :, :] @ first
    return Blocked(p=2.0 * weight, hessian=hessian, a=a, mvs=mvs, cvs=cvs, **{k: np.array(v) for k, v in kept.items()})


def saved(problem: Blocked, path: Path) -> None:
    """Write every bit of it."""
    np.savez(path, **{name: getattr(problem, name) for name in Blocked.__slots__})


def loaded(path: Path) -> Blocked:
    """Read what ``saved`` wrote."""
    with np.load(path) as data:
        return Blocked(**{n: int(data[n]) if n in {"mvs", "cvs"} else data[n] for n in Blocked.__slots__})


def _engine(hessian: Array, rows: Array, weight: Array) -> daqp.Model:
    """Set up DAQP with bounds of the unknowns first and the soft rows last; their slacks need no unknowns."""
    size = len(hessian) + len(rows)
    soft = np.arange(size) >= size - len(weight)
    reciprocal = np.full(size, 1e-6)
    reciprocal[soft] = 1.0 / (2.0 * weight)
    wide = np.full(size, 1e6)
    engine = daqp.Model()
    engine.settings = {"primal_tol": 1e-9}
    engine.setup(hessian, np.zeros(len(hessian)), rows, wide, -wide, np.where(soft, 8, 0).astype(np.int32))
    engine.soft_weights(rho_l=reciprocal, rho_u=reciprocal)
    return engine


def _responses(draw: np.random.Generator, mvs: int, cvs: int) -> Array:
    """(cycles, CVs, MVs): effect of a unit step, cycles after it."""
    gain = draw.normal(0.0, 1.0, (cvs, mvs)) * (2.0 / np.sqrt(mvs))
    lag = draw.uniform(3.0, 15.0, (cvs, mvs))
    dead = draw.integers(0, 7, (cvs, mvs))
    after = np.maximum(np.arange(LENGTH + 1)[:, None, None] - dead, 0.0)
    return np.asarray(gain * (1.0 - np.exp(-after / lag)))


def _dynamic(step: Array, points: npt.NDArray[np.int64]) -> Array:
    """(points x CVs, blocks x MVs): effect of a unit move spread over each block."""
    columns = []
    for first, last in itertools.pairwise(EDGES):
        cycles = [step[np.maximum(points - k, 0)] for k in range(first, last)]
        columns.append(np.mean(cycles, axis=0))
    s = np.stack(columns, axis=2)
    return np.asarray(s.reshape(s.shape[0] * s.shape[1], -1))
