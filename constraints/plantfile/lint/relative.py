"""The relative gain array: how much of an MV's effect on a CV is left when all other CVs are held.

A relative gain is the gain with the other MVs still, over the gain with the other CVs held (E. H. Bristol, IEEE Trans.
Autom. Control 11, 1966, 133-134): ``G * pinv(G).T`` by elements. For as many MVs as CVs no scaling changes it; for
others (J. W. Chang & C. C. Yu, Chem. Eng. Sci. 45, 1990, 1309-1323) gains are scaled as the controller scales them.

Large ones belong to plants that small errors of the gains make uncontrollable: an error of ``1 / size`` in that one
gain makes the whole matrix singular (S. Skogestad & I. Postlethwaite, Multivariable Feedback Control, 2nd ed. 2005,
section 3.4). A negative one says that the MV works the other way round as soon as the other CVs are held. By itself
that is no finding here: rows and columns add up to one, so one above 1 brings negative ones along (Wood and Berry's
column has 2 and -1), and a controller that moves all MVs together reckons with it. It is wrong for single loops only.
"""

from __future__ import annotations

from typing import Final

from constraints.plant import Plant
from constraints.plantfile.lint.collinear import held_cvs, scaled_gains
from constraints.plantfile.lint.pseudoinverse import pseudoinverse
from constraints.plantfile.scope import Scope

RELATIVE_MAX: Final = 10.0
"""Skogestad & Postlethwaite name 5 to 10 as the size from which control is hard."""


def warn_relative_gains(scope: Scope, plant: Plant, told: frozenset[str]) -> None:
    """Warn of the largest relative gain beyond 10 to either side.

    Variables in ``told`` are nearly collinear, and said to be so; what follows from that is not said again.
    """
    relative = relative_gains(plant)
    large = [pair for pair, value in relative.items() if abs(value) > RELATIVE_MAX and not told.intersection(pair)]
    if large:
        mv, cv = worst = max(large, key=lambda pair: round(abs(relative[pair]), 6))  # of equal ones the first
        others = f", and {len(large) - 1} more beyond {RELATIVE_MAX:g}" if len(large) > 1 else ""
        message = f"{mv} has a relative gain of {relative[worst]:.3g} on {cv}{others}"
        hint = (
            f"{100.0 / abs(relative[worst]):.2g} % wrong in this gain, and {cv} cannot be held apart from other CVs: "
            "test the gains again, or leave one of the CVs without limits and target"
        )
        scope.issues.at_key("W126", ("models", cv, mv), message, hint)


def relative_gains(plant: Plant) -> dict[tuple[str, str], float]:
    """Return the relative gains by (MV, CV) of the CVs that have limits or targets; empty below two MVs and two CVs.

    Gains of functions and state-space blocks are no numbers of the file: CVs that these move are left out.
    """
    held = set(held_cvs(plant))
    gains = {pair: gain for pair, gain in scaled_gains(plant).items() if pair[1] in held and gain}
    mvs = [name for name in plant.mvs if any(mv == name for mv, _ in gains)]
    cvs = [name for name in plant.cvs if any(cv == name for _, cv in gains)]
    if min(len(mvs), len(cvs)) < 2:  # noqa: PLR2004 - one variable has nothing to be held apart from
        return {}
    inverse = pseudoinverse([[gains.get((mv, cv), 0.0) for mv in mvs] for cv in cvs])
    if not inverse:
        return {}
    return {(mv, cv): gains.get((mv, cv), 0.0) * inverse[j][i] for i, cv in enumerate(cvs) for j, mv in enumerate(mvs)}
