"""Random ranked problems, as plants and their steady states; and the answer that is right, slowly and by other means.

The reference solves each rank with Clarabel at tight tolerance, in the space that earlier ranks leave, and the money
with the simplex method of HiGHS. It shares nothing with ``controllers`` but the arrays that state the problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import clarabel
import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog, nnls

from constraints.plant import CvSpec, MvSpec, NestedLimits, Pair, Plant, Point, Row
from controllers.model import FloatArray, Model
from controllers.rows import Layout, Room, SteadyState, layout, room
from hil.plants.supervised import supervised
from safety.signals import ShedAction

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
EASE = 1e-8
"""So much inside its limits the reference's later ranks may stand, concerns: an interior point method needs some."""
MORE = (1e-7, 3e-7, 1e-6)
"""Where it needs more it gets two amounts, from which the answer without any follows (to first order)."""
TOLERANCE = 1e-11
"""Of Clarabel. A give-up of zero comes out as about its root: a looser one would not do."""
LIGHT = 1e-4
"""Weight of an MV's way, in spans, against a give-up, in concerns, where the reference needs one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One problem."""

    seed: int
    kind: str
    plant: Plant
    layout: Layout
    state: SteadyState
    room: Room


def case(seed: int) -> Case:
    """Return the problem of ``seed``."""
    rng = np.random.default_rng(seed)
    kind = ("plain", "degenerate", "collinear", "zero_gains", "bad_units", "all_at_once")[seed % 6]
    n, c = int(rng.integers(1, 7)), int(rng.integers(1, 10))
    every = kind == "all_at_once"
    gains = rng.normal(size=(c, n)) * (rng.random((c, n)) < 0.7)
    if every or kind == "zero_gains":
        gains[rng.random(c) < 0.3] = 0.0
        gains[:, rng.random(n) < 0.3] = 0.0
    if c > 1 and (every or kind == "collinear"):
        for at in range(1, c):
            if rng.random() < 0.4:
                gains[at] = gains[rng.integers(at)] * rng.choice([1.0, -1.0, 2.0, -0.3])
        if n > 1 and rng.random() < 0.5:
            gains[:, 1] = gains[:, 0] * rng.choice([1.0, -1.0, 0.5])
    if every or kind == "bad_units":
        unit_u, unit_y = 10.0 ** rng.uniform(-6, 6, size=n), 10.0 ** rng.uniform(-6, 6, size=c)
    else:
        unit_u, unit_y = np.ones(n), np.ones(c)
    half = rng.choice([0.0, 0.3, 1.0, 3.0], size=c)
    middle = rng.normal(size=c) * rng.choice([0.3, 1.5])
    free = rng.normal(size=c) * rng.choice([0.5, 2.0])
    if every or kind == "degenerate":  # many limits meet in one corner
        corner = rng.choice([-1.0, 0.0, 1.0], size=n)
        at_corner = free + gains @ corner
        meets = rng.random(c) < 0.6
        middle = np.where(meets, at_corner - rng.choice([-1.0, 1.0], size=c) * half, middle)
    ranks = rng.integers(1, 5, size=(3, c))
    cvs = [
        any_cv(
            f"y{k}",
            (float((middle[k] - half[k]) * unit_y[k]), float((middle[k] + half[k]) * unit_y[k])),
            rank_hi=int(ranks[0, k]),
            rank_lo=int(ranks[1, k] if rng.random() < 0.5 else ranks[0, k]),
            rank_target=int(ranks[2, k]),
            concern=float(unit_y[k] * rng.choice([0.5, 1.0])),
            back_off_hi=float(unit_y[k] * rng.choice([0.0, 0.1])),
        )
        for k in range(c)
    ]
    pairs = [
        Pair(source=f"u{i}", cv=f"y{k}", gain=float(gains[k, i] * unit_y[k] / unit_u[i]), lag1_s=30.0)
        for k in range(c)
        for i in range(n)
        if gains[k, i] != 0.0
    ]
    rows = [
        Row(
            name="own",
            coefficients={"u0": 1.0 / float(unit_u[0]), "y0": 0.5 / float(unit_y[0])},
            hi=float(rng.normal()),
            rank=int(rng.integers(1, 5)),
        )
    ]
    mvs = [any_mv(f"u{i}", (-float(unit_u[i]), float(unit_u[i]))) for i in range(n)]
    plant = any_plant(mvs, cvs, pairs, rows)
    plan = layout(plant, Model.of(plant))
    u = rng.uniform(-0.9, 0.9, size=n) * unit_u
    locked = rng.random(n) < 0.1
    wished = {f"y{k}": float((middle[k] + rng.normal()) * unit_y[k]) for k in range(c) if rng.random() < 0.2}
    out = frozenset(f"y{k}" for k in range(c) if rng.random() < 0.1)
    state = SteadyState(
        u=u,
        lo=np.where(locked, u, -unit_u),
        hi=np.where(locked, u, unit_u),
        y_end=free * unit_y + gains * (unit_y[:, None] / unit_u) @ u,
        slope_end=np.zeros(c),
        limits={spec.name: spec.limits.operator for spec in cvs},
        targets=wished,
        out=out,
        money=rng.normal(size=n) * (rng.random(n) < 0.8) / unit_u * rng.choice([1e-3, 1.0, 300.0]),
    )
    return Case(seed, kind, plant, plan, state, room(plan, state))


@dataclass(frozen=True, slots=True)
class Right:
    """The answer that is right, in concerns."""

    give_up: FloatArray
    """Per row, positive above."""
    earned: float
    """More than standing still, in steepest earnings per span."""
    steepest: float
    """Currency per hour."""


class NoReferenceError(RuntimeError):
    """The reference itself had no answer."""


def right(problem: Case, rows: FloatArray) -> Right:
    """Return the exact answer for ``rows`` (rows, MVs) in concerns per span. Raises NoReferenceError."""
    why = ""
    try:
        return _right(problem, rows, EASE)
    except NoReferenceError as error:
        why = str(error)
    for ease in MORE:
        try:
            near, far = _right(problem, rows, ease), _right(problem, rows, 2.0 * ease)
        except NoReferenceError as error:
            why = str(error)
            continue
        return Right(2.0 * near.give_up - far.give_up, 2.0 * near.earned - far.earned, near.steepest)
    raise NoReferenceError(f"seed {problem.seed}: {why}")


def _right(problem: Case, rows: FloatArray, ease: float) -> Right:
    span, state = problem.layout.span, problem.state
    box = (state.lo - state.u) / span, (state.hi - state.u) / span
    lo, hi, rank = problem.room.lo.copy(), problem.room.hi.copy(), problem.room.rank
    there = np.isfinite(lo) | np.isfinite(hi)
    give_up = np.zeros(len(rows))
    for each in np.unique(rank[there]):
        here, firm = (rank == each) & there, (rank < each) & there
        slack = _stage(rows, (lo - ease, hi + ease), firm, (lo, hi), here, box)
        give_up[here] = slack
        hi[here] += np.maximum(slack, 0.0)
        lo[here] += np.minimum(slack, 0.0)
    money = state.money * span
    steepest = float(np.abs(money).max())
    unit = steepest if steepest > 0.0 else 1.0
    up, down = np.isfinite(hi), np.isfinite(lo)
    found: Any = linprog(
        -money / unit,
        np.vstack((rows[up], -rows[down])),
        np.concatenate((hi[up], -lo[down])) + 10.0 * ease,
        bounds=list(zip(*box, strict=True)),
        method="highs-ds",
    )
    if found.status != 0:
        raise NoReferenceError(f"money: {found.message}")
    return Right(give_up, float(-found.fun), steepest)


def _stage(
    rows: FloatArray,
    held: tuple[FloatArray, FloatArray],
    firm: Mask,
    sides: tuple[FloatArray, FloatArray],
    here: Mask,
    box: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return the give-ups of the rows ``here``, least squares, with ``firm`` rows held."""
    free = box[1] > box[0]  # an MV that may not move is at 0, and no unknown
    n, k = int(free.sum()), int(here.sum())
    lo, hi = sides[0][here], sides[1][here]
    soft = np.hstack((rows[here][:, free], -np.eye(k)))
    hard = np.hstack((rows[firm][:, free], np.zeros((int(firm.sum()), k))))
    own = np.hstack((np.eye(n), np.zeros((n, k))))
    point = lo == hi
    a = np.vstack((soft[~point], -soft[~point], hard, -hard, own, -own))
    b = np.concatenate((hi[~point], -lo[~point], held[1][firm], -held[0][firm], box[1][free], -box[0][free]))
    keep = np.isfinite(b)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_iter = 200
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    found = clarabel.DefaultSolver(
        sp.csc_matrix(sp.block_diag((sp.csc_matrix((n, n)), sp.identity(k)), format="csc")),
        np.zeros(n + k),
        sp.csc_matrix(np.vstack((soft[point], a[keep]))),
        np.concatenate((hi[point], b[keep])),
        [clarabel.ZeroConeT(int(point.sum())), clarabel.NonnegativeConeT(int(keep.sum()))],
        settings,
    ).solve()
    if str(found.status) == "Solved":
        slack = np.array(found.x)[n:]
        return np.where(np.abs(slack) > TOLERANCE**0.5 * 1e-2, slack, 0.0)
    rows_up = np.vstack((-soft[point], soft[point], -a[keep]))
    return _least_distance(rows_up, np.concatenate((-hi[point], hi[point], -b[keep])), n)


def _least_distance(g: FloatArray, h: FloatArray, n: int) -> FloatArray:
    """Return the shortest ``s`` with ``g @ (x, s) >= h``; the ``n`` entries of x count next to nothing.

    For the few stages in which the interior point method stops short: least distance programming by non-negative least
    squares (Lawson & Hanson, Solving Least Squares Problems, 1974, chapter 23).
    """
    scaled = np.hstack((g[:, :n] / LIGHT, g[:, n:]))
    stacked = np.vstack((scaled.T, h))
    wish = np.zeros(len(stacked))
    wish[-1] = 1.0
    try:
        duals, _ = nnls(stacked, wish, maxiter=100 * len(h))
    except RuntimeError as error:
        raise NoReferenceError(f"a rank: {error}") from error
    left = stacked @ duals - wish
    if abs(left[-1]) < 1e-14:
        raise NoReferenceError("a rank: no point holds what earlier ranks hold")
    result: FloatArray = -left[n:-1] / left[-1]
    return result


def _point(tag: str) -> Point:
    return Point(tag=tag, connection="m", address=tag)


def any_mv(name: str, span: tuple[float, float]) -> MvSpec:
    """Return an MV of which only the range matters."""
    return MvSpec(
        name=name,
        unit="u",
        writes=_point(name),
        setpoint=_point(f"{name}.actual"),
        available=None,
        readback=name,
        limits=NestedLimits(safety=span, engineering=span, operator=span),
        move_up_per_min=60.0,
        move_down_per_min=60.0,
        shed=ShedAction.HOLD,
    )


def any_cv(name: str, span: tuple[float, float], **more: float) -> CvSpec:
    """Return a CV with these limits."""
    return CvSpec(name=name, unit="y", limits=NestedLimits(safety=span, engineering=span, operator=span), **more)  # type: ignore[arg-type]


def any_plant(mvs: list[MvSpec], cvs: list[CvSpec], pairs: list[Pair], rows: list[Row]) -> Plant:
    """Return a plant that needs no file."""
    return replace(supervised("random", 15.0, mvs, cvs, pairs), rows=tuple(rows))
