"""One decision record as a page shows it: what was known, what held it, what it is worth, what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from constraints.plant import Plant
from controllers.explain import limit_unit, limit_words
from supervisor.history.pack import StoredCycle
from supervisor.record import CycleRecord
from supervisor.web.variables import Shown, mv_rows, numbers, shown
from supervisor.web.words import decimals, span_of

SCALED = ("zone", "rows", "tracking", "suppression")
"""Terms of the objective that have no currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """One value that the controller was given."""

    name: str
    kind: str
    """``CV``, ``MV`` or ``DV``."""
    unit: str
    seen: Shown
    used: float | None
    """What it reckoned with; None where it did without."""
    how: str
    """``measured``, ``sample`` (an older one, still standing), ``predicted``, ``held`` or ``dropped``."""
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One limit that held the plan."""

    name: str
    words: str
    variable: str
    """Empty for an engineer's own constraint."""
    side: str
    limit: float
    unit: str
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpRow:
    """One limit that could not be held."""

    words: str
    rank: int
    amount: float
    unit: str
    clashes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """What was asked of one MV and what became of it."""

    name: str
    unit: str
    before: float | None
    after: float | None
    """None where it stays."""
    target: float | None
    outcome: str
    standing: float | None
    """What stood there when it was read back."""
    why: str
    places: int


def input_rows(plant: Plant, stored: StoredCycle) -> tuple[InputRow, ...]:
    """Return every CV, MV and DV as the controller was given it."""
    record, inputs = stored.record, stored.replay.inputs
    given = {key: cast("Mapping[str, float | None]", inputs.get(key) or {}) for key in ("y", "d", "u")}
    fresh = cast("Mapping[str, bool]", inputs.get("y_new") or {})
    estimate = numbers(record, "y_now")
    status = cast("Mapping[str, str]", record.plan.get("cv_status") or {})
    rows = []
    for name, cv in plant.cvs.items():
        value, how = given["y"].get(name), "measured" if fresh.get(name, True) else "sample"
        if status.get(name) in ("DROP", "CRIT"):
            value, how = None, "dropped"
        elif value is None:
            value, how = estimate.get(name), "predicted"
        places = decimals(span_of((cv.limits.operator, cv.limits.engineering)))
        rows.append(
            InputRow(name=name, kind="CV", unit=cv.unit, seen=shown(record, name), used=value, how=how, places=places)
        )
    for name, mv in plant.mvs.items():
        seen = shown(record, mv.setpoint.tag)
        how = "measured" if seen.look == "good" else "held"
        places = decimals(span_of((mv.limits.operator,)))
        rows.append(
            InputRow(name=name, kind="MV", unit=mv.unit, seen=seen, used=given["u"].get(name), how=how, places=places)
        )
    for name, dv in plant.dvs.items():
        value = given["d"].get(name)
        how = "measured" if value is not None else "held"
        rows.append(
            InputRow(name=name, kind="DV", unit=dv.unit, seen=shown(record, name), used=value, how=how, places=2)
        )
    return tuple(rows)


def held_rows(plant: Plant, record: CycleRecord) -> tuple[HeldRow, ...]:
    """Return the limits that held the plan, the dearest first."""
    found = cast("Sequence[Mapping[str, object]]", record.plan.get("binding") or ())
    rows = []
    for each in found:
        name = str(each["name"])
        variable, _, side = name.partition(".")[2].rpartition(".")
        own = name.startswith("row.")
        rows.append(
            HeldRow(
                name=name, words=limit_words(name), variable="" if own else variable, side="" if own else side,
                limit=float(cast("float", each["limit"])), unit=limit_unit(name, plant),
                worth=float(cast("float", each["worth"])),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: -row.worth))


def give_up_rows(plant: Plant, record: CycleRecord) -> tuple[GiveUpRow, ...]:
    """Return what was given up, what is least worth first; each with the smallest set of limits it clashes with."""
    found = cast("Sequence[Mapping[str, object]]", record.plan.get("give_ups") or ())
    rows = [
        GiveUpRow(
            words=limit_words(str(each["name"])),
            rank=cast("int", each["rank"]),
            amount=float(cast("float", each["amount"])),
            unit=limit_unit(str(each["name"]), plant),
            clashes=tuple(limit_words(name) for name in cast("Sequence[str]", each["clashes_with"])),
        )
        for each in found
    ]
    return tuple(sorted(rows, key=lambda row: -row.rank))


def move_rows(plant: Plant, record: CycleRecord) -> tuple[MoveRow, ...]:
    """Return every MV with its move and its receipt."""
    receipts = {each.mv: each for each in record.receipts}
    moves = numbers(record, "moves")
    rows = []
    for row in mv_rows(plant, record):
        receipt = receipts.get(row.name)
        rows.append(
            MoveRow(
                name=row.name, unit=row.spec.unit, before=row.setpoint.value, after=moves.get(row.name),
                target=row.target, outcome=row.written, standing=receipt.actual if receipt is not None else None,
                why=receipt.why if receipt is not None else "", places=row.places,
            )
        )  # fmt: skip
    return tuple(rows)


def money_terms(record: CycleRecord) -> tuple[tuple[str, float], ...]:
    """Return the plan's currency an hour at its targets, by variable, the largest first; without the total."""
    objective = numbers(record, "objective")
    terms = [(name.removeprefix("money."), value) for name, value in objective.items() if name.startswith("money.")]
    return tuple(sorted(terms, key=lambda term: -abs(term[1])))


def scaled_terms(record: CycleRecord) -> tuple[tuple[str, float], ...]:
    """Return the terms of the moves' objective, without unit."""
    objective = numbers(record, "objective")
    return tuple((name, objective[name]) for name in SCALED if name in objective)
