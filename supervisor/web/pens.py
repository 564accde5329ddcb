"""What a trend can draw: any tag on record, and each MV and CV by its name, with unit and range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from constraints.plant import Plant

PENS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """One line of a trend."""

    name: str
    tag: str
    """Where its values are on record: an MV's are those of the loop's actual setpoint."""
    unit: str
    kind: str
    """``CV``, ``MV``, ``DV`` or empty for another tag."""
    scale: tuple[float, float] | None = None
    """What 0 and 100 % of its own range are; None: what the data span."""


def pens_of(plant: Plant) -> Mapping[str, Pen]:
    """Return every pen of a plant by its name: CVs, MVs, DVs, then the other tags."""
    pens = {}
    for name, cv in plant.cvs.items():
        pens[name] = Pen(name=name, tag=name, unit=cv.unit, kind="CV", scale=_finite(cv.limits.engineering))
    for name, mv in plant.mvs.items():
        scale = _finite(mv.limits.engineering)
        pens[name] = Pen(name=name, tag=mv.setpoint.tag, unit=mv.unit, kind="MV", scale=scale)
    for name, dv in plant.dvs.items():
        pens[name] = Pen(name=name, tag=name, unit=dv.unit, kind="DV")
    for name, tag in plant.tags.items():
        pens.setdefault(name, Pen(name=name, tag=name, unit=tag.unit, kind=""))
    return pens


def chosen(plant: Plant, text: str) -> tuple[Pen, ...]:
    """Return the pens that ``text`` names, comma between them, each once. Raises KeyError for an unknown name and
    ValueError for more than ``PENS_MAX``.
    """
    pens = pens_of(plant)
    names = tuple(dict.fromkeys(name for name in text.split(",") if name))
    if len(names) > PENS_MAX:
        raise ValueError(text)
    return tuple(pens[name] for name in names)


def first_pens(plant: Plant) -> str:
    """Return what a trend shows that nobody has asked for anything: the first CVs and MVs."""
    return ",".join([*list(plant.cvs)[:2], *list(plant.mvs)[:2]])


def _finite(limits: tuple[float, float]) -> tuple[float, float] | None:
    return limits if all(map(math.isfinite, limits)) else None
