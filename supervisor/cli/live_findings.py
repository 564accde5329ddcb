"""What a device shows against what the plant file says of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from constraints.plant import Plant, Point
from constraints.plantfile.units import Conditions, Unit, UnitError, unit
from safety.signals import Reading
from supervisor.drivers.opcua_facts import Facts

Kind = Literal["unreached", "missing", "quality", "unit", "range", "type", "write"]
UNREACHED: Final = frozenset({"comm", "late", "initial"})
_MISSING: Final = frozenset({"address", "namespace", "exception_2", "BadNodeIdUnknown", "BadNodeIdInvalid"})
_TINY: Final = 1e-30
"""No plant shows so small a number; half of a float32, or an integer taken for one, is as small."""
_SAME: Final = 1e-6
"""Relative: scales are typed by hand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit."""

    kind: Kind
    name: str
    """Tag, MV or register; or a connection."""
    place: str
    """``connection:address``."""
    text: str
    """What was found and what to do."""
    error: bool = True


def place_of(point: Point) -> str:
    """Return the address as the plant file writes it."""
    return f"{point.connection}:{point.address}"


def written_points(plant: Plant) -> dict[str, Point]:
    """Return by name every place that the plant writes to: MVs and the handshake's registers."""
    mvs = {name: mv.writes for name, mv in plant.mvs.items()}
    return mvs | {each.tag: each for each in plant.handshake_points.values() if not each.tag.startswith("plc.")}


def of_reading(name: str, point: Point, reading: Reading, plant: Plant) -> Iterator[Finding]:
    """Yield what is wrong with one value."""
    where = place_of(point)
    if not reading.good:
        if reading.why in _MISSING:
            yield Finding("missing", name, where, f"no such place on the device ({reading.why}): check the address")
        elif written_points(plant).get(name) != point:  # what is only written may hold nothing yet
            yield Finding("quality", name, where, f"reads as bad: {reading.why or 'no reason told'}")
        return
    rule = plant.validity.get(name)
    if rule is None or point.equals is not None:
        return
    if not rule.lo <= reading.value <= rule.hi or 0.0 < abs(reading.value) < _TINY:
        text = (
            f"reads {reading.value:g}, outside its range {rule.lo:g} to {rule.hi:g}: check type, word order and scale"
        )
        yield Finding("range", name, where, text)


def of_facts(name: str, point: Point, facts: Facts, plant: Plant, conditions: Conditions) -> Iterator[Finding]:
    """Yield where the server's own description of a node differs from the file's.

    ``conditions`` are the file's: a device beside it means the same by a normal cubic metre and by gauge pressure.
    """
    where = place_of(point)
    if facts.missing:
        yield Finding("missing", name, where, f"no such node on the server ({facts.missing}): check the address")
        return
    yield from _of_type(name, point, facts, written_points(plant))
    if point.equals is not None or point.moment:
        return
    text = _unit_text(name, plant)
    of_unit = [*_of_unit(name, point, facts.unit, text, conditions)] if text and facts.unit is not None else []
    yield from of_unit
    if facts.range is not None and not any(each.error for each in of_unit):
        yield from _of_range(name, point, facts.range, plant)


def of_rights(plant: Plant, may: Mapping[str, bool], connection: str, account: str) -> Iterator[Finding]:
    """Yield the places that the account for writing may not write to."""
    for name, point in written_points(plant).items():
        if point.connection == connection and may.get(point.address) is False:
            text = f"account {account} may not write it: give it the right on the server"
            yield Finding("write", name, place_of(point), text)


def _of_type(name: str, point: Point, facts: Facts, written: Mapping[str, Point]) -> Iterator[Finding]:
    kind = facts.kind
    if kind is None:
        return
    if kind.endswith("[]"):
        yield Finding("type", name, place_of(point), f"the server shows an array ({kind}): name a node of one value")
    elif written.get(name) == point:
        if kind != point.encoding.kind:
            text = f"the server takes {kind}, the file would send {point.encoding.kind}: set kind: {kind}"
            yield Finding("type", name, place_of(point), text)
    elif kind in ("text", "bytes", "time") and point.equals is None and not point.moment:
        yield Finding("type", name, place_of(point), f"the server shows {kind}, a number is needed")


def _unit_text(name: str, plant: Plant) -> str:
    variable = name.removesuffix(".actual")
    if variable in plant.mvs:
        return plant.mvs[variable].unit
    return plant.tags[name].unit if name in plant.tags else ""


def _of_unit(name: str, point: Point, shown: str, text: str, conditions: Conditions) -> Iterator[Finding]:
    ours = unit(text, conditions)
    try:
        theirs = unit(shown, conditions)
    except UnitError:
        said = f"the server says {shown!r}, which is no unit here; the file says {text}"
        yield Finding("unit", name, place_of(point), said, error=False)
        return
    scale, offset = point.encoding.scale, point.encoding.offset
    if theirs.dimensions != ours.dimensions:
        yield Finding("unit", name, place_of(point), f"the server says {shown}, the file {text}: another kind of unit")
        return
    factor, shift = theirs.factor / ours.factor, _shift(theirs, ours)
    if not math.isclose(scale, factor, rel_tol=_SAME) or (
        shift is not None and not math.isclose(offset, shift, rel_tol=_SAME, abs_tol=_SAME)
    ):
        advice = f"set unit: {shown}"
        if factor != 1.0 or shift:
            advice += f", or scale: {factor:.10g}" + (f" and offset: {shift:.10g}" if shift else "")
        yield Finding("unit", name, place_of(point), f"the server says {shown}, the file {text}: {advice}")


def _shift(theirs: Unit, ours: Unit) -> float | None:
    """Return the offset that turns one into the other; None where the server does not tell where its scale begins."""
    if ours.zero == "difference":
        return 0.0
    if theirs.zero == "" and ours.zero in ("gauge", "absolute"):
        return None
    return (theirs.offset - ours.offset) / ours.factor


def _of_range(name: str, point: Point, shown: tuple[float, float], plant: Plant) -> Iterator[Finding]:
    lo, hi = sorted(each * point.encoding.scale + point.encoding.offset for each in shown)
    said = f"the server's range is {lo:g} to {hi:g}"
    slack = _SAME * (hi - lo)
    if name in plant.mvs:
        least, most = plant.mvs[name].limits.safety
        if least < lo - slack or most > hi + slack:
            text = f"{said}, the safety limits are {least:g} to {most:g}: the server would refuse or clamp"
            yield Finding("range", name, place_of(point), text)
        return
    rule = plant.validity.get(name)
    if rule is None or not (math.isfinite(rule.lo) and math.isfinite(rule.hi)):
        return
    apart = rule.lo > hi or rule.hi < lo
    if apart or rule.lo < lo - slack or rule.hi > hi + slack:
        text = f"{said}, the file's {rule.lo:g} to {rule.hi:g}"
        yield Finding("range", name, place_of(point), text, error=apart)
