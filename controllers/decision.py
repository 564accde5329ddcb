"""The decision record: what the two layers found, as one plan that people and programs can read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from constraints.plant import Plant
from controllers.conflict import clash, names
from controllers.explain import MvStory, reasons
from controllers.model import FloatArray
from controllers.moves import MovePlan
from controllers.rows import Layout, SteadyState
from controllers.targets import SteadyTargets
from controllers.types import Binding, GiveUp, Inputs, Plan, PlanStatus

MOVE_MIN = 1e-5
"""A smaller move, in spans, is not worth a write."""
GIVE_UP_MIN = 1e-4
"""A smaller give-up, in concerns, is none."""
CLASHES_MAX = 5
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
    room: FloatArray
    targets: SteadyTargets
    moves: MovePlan


def decided(watched: Plan, found: Findings, layout: Layout, plant: Plant) -> Plan:
    """Return ``watched`` (the estimate's part of the plan) completed by what was ``found``."""
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
        binding=_binding(found, layout, plant),
        give_ups=_give_ups(found, layout),
        objective={
            "money": _money(found, layout, plant),
            "zone": float(moves.zone.sum()),
            "tracking": moves.tracking,
            "suppression": moves.suppression,
        },
        reasons={name: reasons(_story(i, float(sent[i]), found, layout, plant)) for i, name in enumerate(layout.mvs)},
        solves=(*targets.solves, *moves.answer.solves),
    )


def _money(found: Findings, layout: Layout, plant: Plant) -> float:
    price = found.inputs.money
    through = sum(price.get(name, 0.0) * float(found.targets.y[c]) for c, name in enumerate(layout.cvs))
    own = sum(
        (price.get(name, 0.0) - plant.mvs[name].cost) * float(found.targets.u[i]) for i, name in enumerate(layout.mvs)
    )
    return through + own


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
        ],
        earns=bool(found.state.money[i] != 0.0) or plant.mvs[name].ideal is not None,
        kept=found.targets.kept,
    )


def _binding(found: Findings, layout: Layout, plant: Plant) -> tuple[Binding, ...]:
    inputs, targets = found.inputs, found.targets
    custom = {row.name: row.hi for row in plant.rows}
    worth: dict[str, tuple[float, float]] = {}
    for row, amount in zip(layout.rows, targets.worth.tolist(), strict=True):
        if row.kind == "balance" or amount <= 0.0:
            continue
        if row.kind == "row":
            limit = custom[row.variable]
        elif row.kind == "target":
            limit = inputs.targets[row.variable]
        else:
            limit = inputs.limits[row.variable][1 if row.side == "hi" else 0]
        worth[row.name] = (limit, worth.get(row.name, (0.0, 0.0))[1] + amount)
    for i, name in enumerate(layout.mvs):
        if found.mvs.movable[i]:
            lo, hi = inputs.limits[name]
            if targets.worth_hi[i] > 0.0 and not found.mvs.locked_up[i]:
                worth[f"mv.{name}.hi"] = (hi, float(targets.worth_hi[i]))
            if targets.worth_lo[i] > 0.0 and not found.mvs.locked_down[i]:
                worth[f"mv.{name}.lo"] = (lo, float(targets.worth_lo[i]))
    return tuple(Binding(name=name, limit=limit, worth=amount) for name, (limit, amount) in worth.items())


def _give_ups(found: Findings, layout: Layout) -> tuple[GiveUp, ...]:
    given: dict[str, GiveUp] = {}
    for i, row in enumerate(layout.rows):
        amount = float(found.targets.give_up[i])
        if row.kind == "back_off" or amount <= GIVE_UP_MIN * row.concern or row.name in given:
            continue
        clashes = _clashes(i, found, layout) if len(given) < CLASHES_MAX else ()
        given[row.name] = GiveUp(name=row.name, rank=row.rank, amount=amount, clashes_with=clashes)
    return tuple(given.values())


def _clashes(i: int, found: Findings, layout: Layout) -> tuple[str, ...]:
    rows, span, state = layout.rows, layout.span, found.state
    concern = np.array([row.concern for row in rows])
    scaled = np.array([row.effect for row in rows]) * span / concern[:, None]
    # what is given up itself holds at the level it was given up to; limits that go earlier do not count
    firm = np.array([row.rank <= rows[i].rank and row.name != rows[i].name for row in rows])
    held = np.where(firm, found.room + (found.targets.give_up + GIVE_UP_MIN * 1e-2) / concern, np.inf)
    box = (state.lo - state.u) / span, (state.hi - state.u) / span
    return names(clash(scaled, held, *box, i, float(found.room[i])), [row.name for row in rows], layout.mvs)
