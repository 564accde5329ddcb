"""Whatever a plant can send: step answers, and what it answers keeps every range, rate and lock."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import PlanStatus
from safety.signals import CvStatus, MvStatus
from tests.controllers.plants import CYCLE_S, DRYER_D, DRYER_U, DRYER_Y, cv, dryer, inputs, mv, pair, plant

PLANT = dryer()
CONTROLLER = Controller(PLANT)
RANGES = {n: s.limits.operator for n, s in (*PLANT.mvs.items(), *PLANT.cvs.items())}


@st.composite
def cycles(draw, k, u):
    def limits(name):
        lo, hi = RANGES[name]
        a = draw(st.floats(lo - 0.5 * (hi - lo), hi + 0.5 * (hi - lo)))
        return a, a + draw(st.sampled_from([0.0, 0.1, 1.0])) * (hi - lo)

    wild = st.sampled_from([0.0, 1e-3, -1e3, 1e6, -1e9])
    y = {n: draw(st.one_of(st.none(), st.floats(v * 0.5, v * 1.5), wild)) for n, v in DRYER_Y.items()}
    some = st.frozensets(st.sampled_from(sorted(PLANT.mvs)), max_size=2)
    return inputs(
        PLANT,
        k,
        draw(st.sampled_from([15.0, 15.3, 75.0])) + 1000.0 * k,
        u,
        y,
        d={n: draw(st.one_of(st.none(), st.floats(v - 20.0, v + 20.0))) for n, v in DRYER_D.items()},
        y_new={n: draw(st.booleans()) for n in PLANT.cvs},
        mv_status={n: draw(st.sampled_from(MvStatus)) for n in PLANT.mvs},
        cv_status={n: draw(st.sampled_from(CvStatus)) for n in PLANT.cvs},
        limits={n: limits(n) if draw(st.booleans()) else RANGES[n] for n in RANGES},
        targets={n: draw(st.floats(*RANGES[n])) for n in draw(st.frozensets(st.sampled_from(sorted(PLANT.cvs))))},
        money={n: draw(st.floats(-1e4, 1e4)) for n in draw(st.frozensets(st.sampled_from(sorted(RANGES))))},
        blocked_up=draw(some),
        blocked_down=draw(some),
        optimise=draw(st.sampled_from([True, True, True, False])),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_answer_is_in_bounds(data):
    memory = CONTROLLER.fresh()
    u = dict(DRYER_U)
    for k in range(4):
        asked = data.draw(cycles(k, u))
        plan, memory = CONTROLLER.step(asked, memory)
        memory = Memory.from_bytes(memory.to_bytes())
        assert plan.cycle == k
        assert all(math.isfinite(v) for name in Memory.__slots__ for v in getattr(memory, name))
        if plan.status is not PlanStatus.OK:
            assert plan.moves == {}
            assert plan.status in (PlanStatus.ESTIMATE_ONLY, PlanStatus.NO_MV), plan.why
            continue
        for name, value in plan.moves.items():
            spec = PLANT.mvs[name]
            lo, hi = asked.limits[name]
            move = value - u[name]
            assert asked.mv_status[name] in (MvStatus.ON, MvStatus.INIT, MvStatus.WDUP_HIGH, MvStatus.WDUP_LOW)
            assert -spec.move_down_per_min * CYCLE_S / 60.0 <= move <= spec.move_up_per_min * CYCLE_S / 60.0
            assert min(lo, u[name]) <= value <= max(hi, u[name])  # to the last bit
            if asked.mv_status[name] is MvStatus.WDUP_HIGH or name in asked.blocked_up:
                assert move <= 0.0
            if asked.mv_status[name] is MvStatus.WDUP_LOW or name in asked.blocked_down:
                assert move >= 0.0
        for name, binding in ((b.name, b) for b in plan.binding):
            assert binding.worth > 0.0, name
        u.update(plan.moves)


@st.composite
def sick_plants(draw):
    """Draw a plant that nobody would build: zero gains, MVs and CVs that are copies of others, odd units and ranks."""
    n, c = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    unit = [10.0 ** draw(st.integers(-6, 6)) for _ in range(n + c)]
    gain = st.sampled_from([0.0, 0.0, 1.0, -1.0, 2.0, 1e-9, 0.3])
    gains = [[draw(gain) for _ in range(n)] for _ in range(c)]
    if c > 1 and draw(st.booleans()):
        gains[1] = [-2.0 * each for each in gains[0]]
    if n > 1 and draw(st.booleans()):
        gains = [[row[0], row[0], *row[2:]] for row in gains]
    width = st.sampled_from([(-1.0, 1.0), (0.0, 0.0), (-math.inf, 0.5), (-math.inf, math.inf)])
    cvs = [
        cv(
            f"y{k}",
            tuple(unit[n + k] * side for side in draw(width)),
            rank_hi=draw(st.integers(1, 3)),
            rank_lo=draw(st.integers(1, 3)),
            concern=unit[n + k],
        )
        for k in range(c)
    ]
    pairs = [
        pair(f"u{i}", f"y{k}", gains[k][i] * unit[n + k] / unit[i], lag1=30.0)
        for k in range(c)
        for i in range(n)
        if gains[k][i] != 0.0 or draw(st.booleans())
    ]
    return plant([mv(f"u{i}", (-unit[i], unit[i])) for i in range(n)], cvs, pairs), unit


REFUSED = (PlanStatus.BAD_INPUT, PlanStatus.SOLVER_FAILED)


@settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_ill_posed_input_is_refused_by_name_or_answered_with_numbers(data):
    of, unit = data.draw(sick_plants())
    controller = Controller(of)
    n = len(of.mvs)
    memory = controller.fresh()
    u = {f"u{i}": 0.0 for i in range(n)}
    odd = st.sampled_from([0.0, 0.5, -3.0, 1e9, math.nan, math.inf])
    for k in range(3):
        y = {name: data.draw(st.none() | odd) for name in of.cvs}
        y = {name: value if value is None else value * unit[n + i] for i, (name, value) in enumerate(y.items())}
        limits = {n_: s.limits.operator for n_, s in (*of.mvs.items(), *of.cvs.items())}
        if data.draw(st.integers(0, 4)) == 0:
            name = data.draw(st.sampled_from(sorted(limits)))
            limits[name] = data.draw(st.sampled_from([(2.0, 1.0), (math.nan, 1.0), (0.0, 0.0)]))
        dropped = data.draw(st.sampled_from([CvStatus.ON, CvStatus.ON, CvStatus.DROP]))
        asked = inputs(
            of,
            k,
            1000.0 + 15.0 * k,
            u,
            y,
            limits=limits,
            cv_status=dict.fromkeys(of.cvs, dropped),
            money={"u0": data.draw(st.sampled_from([0.0, 1.0, 1e9, math.nan]))},
            what_if=data.draw(st.booleans()),
        )
        before = memory
        plan, memory = controller.step(asked, memory)
        if plan.status in REFUSED:
            assert plan.why
            assert plan.moves == {}
            if plan.status is PlanStatus.BAD_INPUT:
                assert memory == before
            continue
        assert plan.status is PlanStatus.OK
        numbers = [*plan.moves.values(), *plan.u_ss.values(), *plan.y_ss.values()]
        numbers += [each.worth for each in plan.binding] + [each.amount for each in plan.give_ups]
        numbers += [each.earns for each in plan.reliefs]
        assert all(math.isfinite(value) for value in numbers)
        for name, value in plan.moves.items():
            assert limits[name][0] <= value <= limits[name][1]
        u.update(plan.moves)
