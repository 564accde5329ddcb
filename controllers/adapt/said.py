"""The codes of adaptation as sentences. Loads no numbers: ``setwise why`` reads records."""

from __future__ import annotations

from collections.abc import Iterator

from constraints.plant import Plant
from controllers.types import Plan

_SAID = {
    "adapted": "The economics of {mvs} are corrected toward the plant's own optimum.",
    "watching": "Corrections of the economics of {mvs} are estimated and not used (adaptation: mode: watch).",
    "frozen:not_better": "Corrections of the economics are frozen: the model alone predicted better. The economics are"
    " the model's own until the corrections predict better again.",
    "frozen:no_answer": "Corrections of the economics are frozen ({about}); the economics are the model's own.",
    "waiting:first_rest": "The economics of {mvs} wait for a first rest of the plant; these MVs are not sent anywhere.",
    "waiting:moving": "A rest of the plant begins anew: {about} moved.",
    "waiting:drifts": "The plant is not at rest: {about} still drifts.",
    "waiting:outside": "Nothing is learnt from this rest: {about} is outside its limit.",
    "waiting:few_samples": "A rest needs more readings of {about}.",
    "waiting:mv_not_on": "Nothing is learnt while {about} is not in the controller's hands.",
    "waiting:mv_blocked": "Nothing is learnt while {about} is locked one way.",
    "waiting:cv_bad": "Nothing is learnt while {about} is bad.",
    "waiting:dv_bad": "Nothing is learnt while {about} is bad.",
    "observed:first": "The plant rested: the first point of its economics is known.",
    "observed:better": "The plant rested at the best point so far.",
    "observed:no_better": "The plant rested at a point that is no better than the best.",
    "observed:taken_back": "The plant rested at a point that is worse than expected: it goes back, and steps get"
    " shorter.",
    "observed:same_place": "The plant rested where it did before: that point is known better.",
}
CODES = frozenset(_SAID)
"""Every code, without what follows its second colon."""


def adaptation_sentences(plan: Plan, plant: Plant) -> Iterator[str]:
    """Yield what adaptation did in the cycle of ``plan``."""
    mvs = ", ".join(plant.adaptation.mvs) if plant.adaptation is not None else "the MVs"
    for code in plan.adaptation:
        head, about = _split(code)
        yield _SAID[head].format(mvs=mvs, about=about) if head in _SAID else code
    for name, amount in plan.corrected.items():
        if amount != 0.0 and name in plant.mvs:
            more = "more" if amount > 0.0 else "less"
            unit = plant.mvs[name].unit
            yield f"{name} earns {abs(amount):.3g} {plant.currency}/h {more} per {unit} there than the model says."


def _split(code: str) -> tuple[str, str]:
    first, _, rest = code.partition(":")
    second, _, about = rest.partition(":")
    return (f"{first}:{second}" if second else first), about
