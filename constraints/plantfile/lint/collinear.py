"""MVs that do nearly the same, and CVs that answer nearly the same: they cannot be held apart, and targets flip.

Gains are scaled by MV span and CV concern, as the controller scales them. Two columns (or rows) of length 1 with the
cosine c between them have the condition number ``sqrt((1 + |c|) / (1 - |c|))`` (their Gram matrix has the eigenvalues
1 + c and 1 - c; G. H. Golub & C. F. Van Loan, Matrix Computations, 4th ed. 2013, section 2.6). Errors of the gains are
multiplied by about that (S. Skogestad & I. Postlethwaite, Multivariable Feedback Control, 2nd ed. 2005, section 6.10).
Two that are exactly alike do no harm: nothing tries to hold them apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Final

from constraints.plant import NestedLimits, Plant
from constraints.plantfile.scope import Scope

CONDITION_MAX: Final = 50.0
"""An error of 2 % in one gain is then an error of the whole in the direction that tells both apart."""
_EXACT: Final = 1e-9

Vector = Mapping[str, float]


def warn_collinear(scope: Scope, plant: Plant) -> frozenset[str]:
    """Warn of two MVs, and of two CVs, whose scaled gains are nearly in one direction; return their names.

    Only pairs with a gain or a step response count: the gains of functions and state-space blocks are not numbers of
    the file, so variables that these move are left out.
    """
    gains = scaled_gains(plant)
    columns = {mv: {cv: g for (source, cv), g in gains.items() if source == mv} for mv in plant.mvs}
    told: set[frozenset[str]] = set()
    named: set[str] = set()
    for a, b, condition in _nearly_alike(columns):
        told.add(frozenset((a, b)))
        named |= {a, b}
        message = f"{a} and {b} do nearly the same to every CV (condition number {condition:.0f})"
        hint = "the targets may flip between them; check the gains, make them exactly alike, or give one a cost"
        scope.issues.at_key("W120", ("mvs", b), message, hint)
    rows = {cv: {source: g for (source, each), g in gains.items() if each == cv} for cv in held_cvs(plant)}
    for a, b, condition in _nearly_alike(rows):
        if frozenset(rows[a].keys() | rows[b].keys()) in told:
            continue  # of two MVs and two CVs: the same finding, turned round
        named |= {a, b}
        message = f"{a} and {b} answer every MV nearly alike (condition number {condition:.0f}): no MV holds them apart"
        hint = "check the gains; control one of them, or their mean"
        scope.issues.at_key("W120", ("cvs", b), message, hint)
    return frozenset(named)


def held_cvs(plant: Plant) -> list[str]:
    """Return the CVs that have a target or a limit."""
    return [name for name, cv in plant.cvs.items() if cv.target is not None or _is_limited(cv.limits)]


def scaled_gains(plant: Plant) -> dict[tuple[str, str], float]:
    """Return the gains by (MV, CV), in concerns per span; without those that are not known or not finite."""
    blurred = {pair.cv for pair in plant.pairs if pair.function} | {cv for block in plant.blocks for cv in block.cvs}
    return {
        (pair.source, pair.cv): pair.gain * _span(plant.mvs[pair.source].limits) / plant.cvs[pair.cv].concern
        for pair in plant.pairs
        if pair.source in plant.mvs and pair.cv not in blurred and not pair.integrating
    }


def _nearly_alike(vectors: Mapping[str, Vector]) -> Iterator[tuple[str, str, float]]:
    """Yield each two names with the condition number of their vectors, where it is too large and not infinite."""
    long = {name: size for name, vector in vectors.items() if (size := math.hypot(*vector.values())) > 0.0}
    for a, b in itertools.combinations(long, 2):
        one, other = vectors[a], vectors[b]
        if len(one.keys() | other.keys()) < 2:  # noqa: PLR2004 - in one dimension everything is alike
            continue
        cosine = abs(sum(one[k] * other[k] for k in one.keys() & other.keys())) / (long[a] * long[b])
        apart = 1.0 - cosine
        if apart > _EXACT and (condition := math.sqrt((1.0 + cosine) / apart)) > CONDITION_MAX:
            yield a, b, condition


def _span(limits: NestedLimits) -> float:
    lo, hi = limits.operator
    return hi - lo


def _is_limited(limits: NestedLimits) -> bool:
    return any(math.isfinite(side) for side in limits.operator)
