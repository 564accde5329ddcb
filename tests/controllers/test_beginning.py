"""How a controller begins: wherever it finds the plant, steady or not, its first cycle is no bump."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.types import PlanStatus
from tests.controllers.plants import CYCLE_S, DRYER_D, dryer, inputs

DRYER = dryer()
ZONES = {name: spec.limits.operator for name, spec in DRYER.cvs.items()}
setpoints = st.fixed_dictionaries(
    {"T_in": st.floats(171.0, 194.0), "feed": st.floats(1600.0, 3700.0), "fan": st.floats(52.0, 93.0)}
)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    u=setpoints,
    share=st.lists(st.floats(0.1, 0.9), min_size=5, max_size=5),
    drift=st.lists(st.floats(-0.002, 0.002), min_size=5, max_size=5),
)
def test_it_begins_anywhere_without_a_bump(dryer_controller, u, share, drift):
    """What it has not seen yet it takes for rest, and inside the zones rest wants nothing."""
    y = {name: lo + part * (hi - lo) for (name, (lo, hi)), part in zip(ZONES.items(), share, strict=True)}
    y["T_out"], y["evap"] = 85.0, min(y["evap"], 22.0 * (u["T_in"] - 85.0) - 30.0)  # the constraint between them holds
    plan, memory = dryer_controller.step(inputs(DRYER, 0, 0.0, u, y, d=DRYER_D), dryer_controller.fresh())
    assert plan.status is PlanStatus.OK
    assert plan.moves == {}
    assert plan.y_now == pytest.approx(y)
    assert all(curve == pytest.approx([curve[0]] * len(curve)) for curve in plan.prediction.values())
    for (name, (lo, hi)), rate in zip(ZONES.items(), drift, strict=True):  # it was moving all the time
        y[name] += rate * (hi - lo)
    plan, _ = dryer_controller.step(inputs(DRYER, 1, CYCLE_S, u, y, d=DRYER_D), memory)
    assert plan.status is PlanStatus.OK
    for name, (lo, hi) in ZONES.items():
        assert plan.y_now[name] == pytest.approx(y[name], abs=0.002 * (hi - lo))
