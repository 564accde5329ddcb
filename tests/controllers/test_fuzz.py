"""Whatever a plant can send: step answers, and what it answers keeps every range, rate and lock."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.controller import Controller
from controllers.memory import Memory
from controllers.types import PlanStatus
from safety.signals import CvStatus, MvStatus
from tests.controllers.plants import CYCLE_S, DRYER_D, DRYER_U, DRYER_Y, dryer, inputs

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
