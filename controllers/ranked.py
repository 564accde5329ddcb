"""Least give-ups, rank by rank: what must be given up where not every limit can be held, and not a bit more.

For each rank the sum of squared give-ups, in concerns, is least with those of earlier ranks fixed (lexicographic least
squares; Escande, Mansard & Wieber, Int. J. Robotics Research 33, 2014). A rank whose rows hold already asks nothing of
a solver. Each stage is pulled weakly to the point it starts from, which keeps it well posed where rows depend on each
other: a pull of ``NEAR`` costs at most ``sqrt(NEAR)`` times the way in give-up, and asking again from the answer
(proximal point method; Rockafellar, SIAM J. Control Optim. 14, 1976) makes that vanish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.dense import Dense, Found, Question
from controllers.model import FloatArray, IntArray
from controllers.rows import OUT_OF_REACH, BoolArray
from controllers.solver import SolverError
from controllers.types import Solve

NEAR = 1e-4
"""Pull of a stage toward the point it starts from, relative to one squared concern per squared span."""
NEAR_TIMES = 12
"""So often a stage is asked again from its own answer, at most."""
STILL = 1e-4
"""A stage's answer less far than this from its start, in spans, is not asked again."""
FEASIBLE = 1e-6
"""A row within this much of its limit holds; concerns."""
EASE = 1e-8
"""So much inside its limit is the point that every later problem can stand at: exact ties have no interior, and slivers
between nearly parallel rows make more of it (seen: 1e5 times). ``benchmarks/ranked.py`` shows what it costs."""
_NOTHING = 1e-9
"""A row that points this little into what is left free does not change there; share of its length."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One rank that had to give something up."""

    given: IntArray
    """Rows given up."""
    firm: IntArray
    """Of the box and then of the rows: what pushed back, and what earlier ranks had settled."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One rank's question."""

    layer: str
    lo: FloatArray
    hi: FloatArray
    here: BoolArray
    active: IntArray
    before: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What every row is held to in the end."""

    lo: FloatArray
    hi: FloatArray
    x: FloatArray
    """A point that holds all of it."""
    stages: tuple[Stage, ...]
    solves: tuple[Solve, ...]
    active: IntArray


def held(
    problem: Dense, room: tuple[FloatArray, FloatArray, IntArray], box: tuple[FloatArray, FloatArray], x: FloatArray
) -> Held:
    """Return what is held of ``room`` (lo, hi, rank of each row) by a point of the ``box``, starting from ``x`` in it.

    Never raises: where no solver has an answer a rank keeps what the point so far gives it, and ``solves`` says so.
    Earlier ranks have then left (next to) no freedom, and the point is in what is left.
    """
    lo, hi, rank = room
    rows = problem.rows
    at = rows @ x
    cold = np.zeros(len(x) + len(lo), dtype=np.intp)
    if _holds(at, lo, hi):
        return Held(*_eased(lo, hi, at), x, (), (), cold)
    solves: list[Solve] = []
    all_of_it, said = problem.possible("targets.joint", Question(-x, *box, lo, hi), cold)
    solves.append(said)
    if all_of_it is not None:
        somewhere = between(all_of_it.x, *box)
        if _holds(rows @ somewhere, lo, hi):
            return Held(*_eased(lo, hi, rows @ somewhere), somewhere, (), tuple(solves), all_of_it.active())
    lo, hi = _within_reach(rows, lo, hi, *box)
    stages: list[Stage] = []
    active = cold
    for each in np.unique(rank):
        so_far, here = rank <= each, rank == each
        at = rows @ x
        if not _holds(at[so_far], lo[so_far], hi[so_far]):
            low, high = np.where(so_far, lo, -np.inf), np.where(so_far, hi, np.inf)
            asked = _Asked(_name(int(each)), low, high, here, active, tuple(stages))
            found = _least(problem, asked, box, x, solves)
            if found is not None:
                active = found.active()
                x = between(found.x, *box)
                at = rows @ x
                stages.append(_stage(found, at, (lo, hi), asked, box))
        eased_lo, eased_hi = _eased(lo, hi, at)
        lo, hi = np.where(so_far, eased_lo, lo), np.where(so_far, eased_hi, hi)
    return Held(lo, hi, x, tuple(stages), tuple(solves), active)


def _least(
    problem: Dense, stage: _Asked, box: tuple[FloatArray, FloatArray], x: FloatArray, solves: list[Solve]
) -> Found | None:
    """Return the point with the least give-up of one rank; None where no solver has an answer."""
    found: Found | None = None
    active = stage.active
    for _ in range(NEAR_TIMES):
        try:
            answer = problem.ask(stage.layer, Question(-x, *box, stage.lo, stage.hi, stage.here), active)
        except SolverError as error:
            solves += error.tried
            try:
                answer = _projected(problem.rows, stage, box, x)
            except SolverError as second:
                solves += second.tried
                return found
        solves += answer.solves
        found, way = answer, float(np.abs(answer.x - x).max(initial=0.0))
        x, active = between(answer.x, *box), answer.active()
        if way <= STILL:
            break
    return found


def _projected(rows: FloatArray, stage: _Asked, box: tuple[FloatArray, FloatArray], x: FloatArray) -> Found:
    """Return the same, sought only where nothing changes that earlier ranks have settled.

    Between nearly parallel rows, what is settled leaves slivers too thin for a solver; without them the problem is well
    posed.
    """
    n = len(x)
    everything = np.vstack((np.eye(n), rows))
    settled = everything[_settled(stage.before, n)]
    settled = settled / np.maximum(np.linalg.norm(settled, axis=1), _NOTHING)[:, None]
    _, sizes, across = np.linalg.svd(settled)
    free = across[int((sizes > _NOTHING).sum()) :].T
    k = free.shape[1]
    if k == 0:
        return Found(x, np.zeros(len(everything)), ())
    moved = everything @ free
    fixed = np.linalg.norm(moved, axis=1) <= _NOTHING * np.linalg.norm(everything, axis=1)
    soft = np.concatenate((np.zeros(n, dtype=np.bool_), stage.here))
    at = everything @ x
    low, high = np.concatenate((box[0], stage.lo)) - at, np.concatenate((box[1], stage.hi)) - at
    low = np.where(fixed, -np.inf, np.where(soft, low, np.minimum(low, -EASE)))
    high = np.where(fixed, np.inf, np.where(soft, high, np.maximum(high, EASE)))
    anywhere = np.full(k, np.inf)
    question = Question(np.zeros(k), -anywhere, anywhere, low, high, soft)
    found = Dense(np.eye(k), moved, NEAR).ask(stage.layer, question, np.zeros(k + len(low), dtype=np.intp))
    return Found(x + free @ found.x, found.dual[k:], found.solves)


def _stage(
    found: Found,
    at: FloatArray,
    sides: tuple[FloatArray, FloatArray],
    asked: _Asked,
    box: tuple[FloatArray, FloatArray],
) -> Stage:
    n, here = len(found.x), asked.here
    x = between(found.x, *box)
    over = np.maximum(at - sides[1], sides[0] - at)
    # an interior point method has a small dual for every row: what pushed back stands at its limit, too
    firm = np.abs(found.dual) * NEAR > FEASIBLE
    firm[:n] &= np.maximum(x - box[1], box[0] - x) > -FEASIBLE
    firm[n:] &= ~here & (over > -FEASIBLE)
    firm[_settled(asked.before, n)] = True
    return Stage(np.flatnonzero(here & (over > FEASIBLE)), np.flatnonzero(firm))


def _settled(stages: tuple[Stage, ...], n: int) -> IntArray:
    """Return what earlier ranks gave up and what pushed back there: it stays as it is in every answer to later ones."""
    parts = [each for stage in stages for each in (stage.firm, stage.given + n)]
    return np.unique(np.concatenate((*parts, np.zeros(0, dtype=np.intp))))


def between(x: FloatArray, lo: FloatArray, hi: FloatArray) -> FloatArray:
    """Return ``x`` clipped to its range; several times faster than ``np.clip`` on short vectors."""
    return np.minimum(np.maximum(x, lo), hi)


def _holds(at: FloatArray, lo: FloatArray, hi: FloatArray) -> bool:
    return bool(np.minimum.reduce(np.minimum(hi - at, at - lo), initial=0.0) >= -FEASIBLE)


def _eased(lo: FloatArray, hi: FloatArray, at: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.minimum(lo, at - EASE), np.maximum(hi, at + EASE)


def _within_reach(
    rows: FloatArray, lo: FloatArray, hi: FloatArray, box_lo: FloatArray, box_hi: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the limits, those out of reach moved to ``OUT_OF_REACH`` beyond it."""
    up, down = np.maximum(rows, 0.0), np.minimum(rows, 0.0)
    least, most = up @ box_lo + down @ box_hi, up @ box_hi + down @ box_lo
    return np.minimum(lo, most + OUT_OF_REACH), np.maximum(hi, least - OUT_OF_REACH)


def _name(rank: int) -> str:
    return f"targets.rank{rank}"
