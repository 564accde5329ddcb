"""The decision record: what the two layers found, as one plan that people and programs can read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from constraints.plant import Plant
from controllers.conflict import Limits, Side, clash
from controllers.explain import MvStory, reasons
from controllers.model import FloatArray
from controllers.moves import MovePlan
from controllers.relief import Explore, reliefs
from controllers.rows import Layout, Room, SteadyState, fresh
from controllers.targets import SteadyTargets
from controllers.types import Binding, GiveUp, Inputs, Plan, PlanStatus

MOVE_MIN = 1e-5
"""A smaller move, in spans, is not worth a write."""
GIVE_UP_MIN = 1e-4
"""A smaller give-up, in concerns, is none."""
CLASHES_MAX = 3
"""So many give-ups, first rank first, are traced to what they clash with."""


@dataclass(frozen=True, slots=True)
class MvState:
    """What each MV may do in this cycle; engineering units."""

    movable: tuple[bool, ...]
    locked_up: tuple[str, ...]
    """Code of what locks that way; empty where nothing does."""
    locked_down: tuple[str, ...]
    u: FloatArray
    lo: FloatArray
    hi: FloatArray
    up: FloatArray
    down: FloatArray
    """Largest move of one cycle, both positive; zero where locked or not in service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything one cycle worked out."""

    inputs: Inputs
    mvs: MvState
    state: SteadyState
    room: Room
    targets: SteadyTargets
    moves: MovePlan


def decided(watched: Plan, found: Findings, layout: Layout, plant: Plant, explore: Explore) -> Plan:
    """Return ``watched`` (the estimate's part of the plan) completed by what was ``found``.

    ``explore`` answers what other limits would lead to (``Targets.explored``).
    """
    mvs, targets, moves = found.mvs, found.targets, found.moves
    sent = np.array(mvs.movable) & (np.abs(moves.first) > MOVE_MIN * layout.span)
    return replace(
        watched,
        status=PlanStatus.OK,
        moves={name: float(moves.setpoint[i]) for i, name in enumerate(layout.mvs) if sent[i]},
        u_ss={name: float(targets.u[i]) for i, name in enumerate(layout.mvs)},
        y_ss={name: float(targets.y[c]) for c, name in enumerate(layout.cvs) if name not in found.state.out},
        prediction={
            name: tuple((np.array(watched.prediction[name]) + moves.effect[:, c]).tolist())
            for c, name in enumerate(layout.cvs)
            if name in watched.prediction
        },
        u_plan={name: tuple(moves.path[:, i].tolist()) for i, name in enumerate(layout.mvs)},
        u_plan_at_s=tuple(cycles * plant.cycle_s for cycles in plant.tuning.blocking),
        binding=_binding(found, layout),
        give_ups=_give_ups(found, layout),
        reliefs=reliefs(found.state, found.room, targets, layout, explore) if found.inputs.what_if else (),
        ignored=(*watched.ignored, *_ignored(found.inputs)),
        objective={
            **_money(found, layout, plant),
            "zone": float(moves.zone.sum()),
            **({"rows": float(moves.row_cost.sum())} if len(moves.row_cost) else {}),
            "tracking": moves.tracking,
            "suppression": moves.suppression,
        },
        reasons={name: reasons(_story(i, float(sent[i]), found, layout, plant)) for i, name in enumerate(layout.mvs)},
        solves=(*targets.solves, *moves.answer.solves),
    )


def _money(found: Findings, layout: Layout, plant: Plant) -> dict[str, float]:
    """Return what the targets earn, and of it the part of each variable that has a price."""
    price, targets = found.inputs.money, found.targets
    terms: dict[str, float] = {}
    for i, name in enumerate(layout.mvs):
        spec, u = plant.mvs[name], float(targets.u[i])
        away = u - spec.ideal if spec.ideal is not None else 0.0
        terms[name] = (price.get(name, 0.0) - spec.cost) * u - 0.5 * spec.cost_quadratic * away**2
    for c, name in enumerate(layout.cvs):
        of_cv, y = plant.cvs[name], float(targets.y[c])
        away = y - of_cv.ideal if of_cv.ideal is not None else 0.0
        terms[name] = price.get(name, 0.0) * y - 0.5 * of_cv.cost_quadratic * away**2
    shown = {f"money.{name}": value for name, value in terms.items() if value != 0.0}
    return {"money": sum(terms.values()), **shown}


def _ignored(inputs: Inputs) -> tuple[str, ...]:
    heeded = fresh(inputs.external, inputs.at_s)
    return tuple(f"external_stale:{name}" for name in inputs.external if name not in heeded)


def _story(i: int, sent: float, found: Findings, layout: Layout, plant: Plant) -> MvStory:
    name, mvs, moves = layout.mvs[i], found.mvs, found.moves
    return MvStory(
        name=name,
        status=found.inputs.mv_status[name],
        movable=mvs.movable[i],
        locked_up=mvs.locked_up[i],
        locked_down=mvs.locked_down[i],
        u=float(mvs.u[i]),
        move=float(moves.first[i]) * sent,
        target=float(found.targets.u[i]),
        lo=float(mvs.lo[i]),
        hi=float(mvs.hi[i]),
        up=float(mvs.up[i]),
        down=float(mvs.down[i]),
        span=float(layout.span[i]),
        pull=float(moves.pull[i]),
        pushes=[
            (f"cv.{cv}.{'hi' if moves.side[c] > 0.0 else 'lo'}", float(moves.push[c, i]))
            for c, cv in enumerate(layout.cvs)
        ]
        + [
            (row.name("hi"), float(moves.row_push[k, i]))
            for k, row in enumerate(row for row in layout.rows if row.kind == "row")
        ],
        bounds=_bounds(i, found, layout),
        earns=bool(found.state.money[i] != 0.0) or plant.mvs[name].ideal is not None,
        kept=found.targets.kept,
    )


def _bounds(i: int, found: Findings, layout: Layout) -> list[tuple[str, float]]:
    """Return by limit name how strongly it keeps this MV's target from earning more: its part of the MV's own worth."""
    held = found.targets.worth * layout.index.concern * found.targets.rows[:, i]
    way = float(np.sign(found.state.money[i]))
    return [
        (layout.rows[k].name("hi" if found.targets.worth[k] > 0.0 else "lo"), float(held[k]) * way)
        for k in np.flatnonzero(held * way > 0.0)
    ]


def _binding(found: Findings, layout: Layout) -> tuple[Binding, ...]:
    inputs, targets = found.inputs, found.targets
    given = np.abs(targets.give_up) > GIVE_UP_MIN * layout.index.concern
    worth: dict[str, tuple[float, float]] = {}
    for i in np.flatnonzero((targets.worth != 0.0) & ~given).tolist():
        row, amount = layout.rows[i], float(targets.worth[i])
        if row.kind == "balance":
            continue
        side: Side = "hi" if amount > 0.0 else "lo"
        name = row.name(side)
        worth[name] = (_limit(found, layout, i, side), worth.get(name, (0.0, 0.0))[1] + abs(amount))
    for i, name in enumerate(layout.mvs):
        if found.mvs.movable[i]:
            lo, hi = inputs.limits[name]
            if targets.worth_hi[i] > 0.0 and not found.mvs.locked_up[i]:
                worth[f"mv.{name}.hi"] = (hi, float(targets.worth_hi[i]))
            if targets.worth_lo[i] > 0.0 and not found.mvs.locked_down[i]:
                worth[f"mv.{name}.lo"] = (lo, float(targets.worth_lo[i]))
    return tuple(Binding(name=name, limit=limit, worth=amount) for name, (limit, amount) in worth.items())


def _limit(found: Findings, layout: Layout, i: int, side: Side) -> float:
    row, inputs = layout.rows[i], found.inputs
    if row.kind in ("limit", "back_off"):
        return inputs.limits[row.variable][0 if side == "lo" else 1]
    if row.kind == "row":
        return float(found.state.own_limits(layout)[layout.index.own[row.variable]])
    external = found.state.external.get(row.variable)
    return external.value if external is not None else inputs.targets[row.variable]


def _give_ups(found: Findings, layout: Layout) -> tuple[GiveUp, ...]:
    given: dict[str, GiveUp] = {}
    for i in np.flatnonzero(np.abs(found.targets.give_up) > GIVE_UP_MIN * layout.index.concern):
        row, amount = layout.rows[i], float(found.targets.give_up[i])
        name = row.name("hi" if amount > 0.0 else "lo")
        if row.kind == "back_off" or name in given:
            continue
        clashes = _clashes(int(i), found, layout) if len(given) < CLASHES_MAX else ()
        given[name] = GiveUp(name=name, rank=int(found.room.rank[i]), amount=abs(amount), clashes_with=clashes)
    return tuple(given.values())


def _clashes(i: int, found: Findings, layout: Layout) -> tuple[str, ...]:
    room, span, state, give_up = found.room, layout.span, found.state, found.targets.give_up / layout.index.concern
    above = give_up[i] > 0.0
    # what is given up itself holds at the level it was given up to; limits that go earlier do not count
    firm = room.rank <= room.rank[i]
    firm[i] = False
    slack = GIVE_UP_MIN * 1e-2
    limits = Limits(
        rows=found.targets.rows,
        lo=np.where(firm, room.lo + np.minimum(give_up, 0.0) - slack, -np.inf),
        hi=np.where(firm, room.hi + np.maximum(give_up, 0.0) + slack, np.inf),
        box_lo=(state.lo - state.u) / span,
        box_hi=(state.hi - state.u) / span,
    )
    wish = found.targets.rows[i] if above else -found.targets.rows[i]
    n = len(span)
    members = clash(limits, wish, float(room.hi[i] if above else -room.lo[i]))
    said = [f"mv.{layout.mvs[k]}.{side}" if k < n else layout.rows[k - n].name(side) for k, side in members]
    return tuple(dict.fromkeys(said))
