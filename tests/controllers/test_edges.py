"""The edge between engineering units and transformed ones, alone and around a whole controller."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plant import FunctionSpec, LogTransform, Row, ValveTransform
from constraints.supplied import LabRule
from controllers.controller import Controller
from controllers.edges import Edges
from controllers.memory import Memory
from controllers.model import ModelError
from controllers.models.transforms import forward, inverse, slope
from controllers.types import Binding, ExternalTarget, GiveUp, Plan, PlanStatus
from tests.controllers.plants import CYCLE_S, cv, inputs, mv, pair, plant

LOG = LogTransform(at=50.0)
VALVE = ValveTransform(lo=0.0, hi=100.0, rangeability=40.0)
RULE = LabRule(lo=1.0, hi=400.0, difference_max=10.0, age_s_max=600.0)


def column(**more):
    """Return a column: impurity (logarithmic) by reflux (a valve) and steam (plain); temperature by steam."""
    return plant(
        [mv("reflux", (20.0, 90.0), 12.0, 6.0, transform=VALVE, **more), mv("steam", (0.0, 10.0), 2.0, 2.0)],
        [cv("impurity", (10.0, 80.0), transform=LOG, concern=4.0, back_off_hi=5.0, lab=RULE), cv("T", (50.0, 150.0))],
        [
            pair("reflux", "impurity", -2.0, 30.0, 120.0),
            pair("steam", "impurity", 6.0, 15.0, 60.0),
            pair("steam", "T", 8.0, 0.0, 90.0),
        ],
    )


PLANT = column(cost=0.5, ideal=60.0)
EDGES = Edges(PLANT)
U, Y = {"reflux": 50.0, "steam": 4.0}, {"impurity": 40.0, "T": 100.0}


def given_inputs(**more):
    return inputs(PLANT, 0, 0.0, U, more.pop("y", Y), **more)


def test_a_plant_without_transforms_has_no_edge():
    plain = plant([mv("u", (0.0, 1.0))], [cv("y", (0.0, 1.0))], [pair("u", "y", 1.0)])
    edges = Edges(plain)
    asked = inputs(plain, 0, 0.0, {"u": 0.5}, {"y": 0.5})
    plan = Plan(cycle=0, status=PlanStatus.OK)
    assert edges.plant is plain
    assert edges.inward(asked) is asked
    assert edges.outward(plan, asked) is plan


def test_measurement_limits_targets_and_samples_go_in_alike():
    asked = given_inputs(
        targets={"impurity": 30.0, "T": 99.0}, lab={"impurity": (44.0, 3.0)},
        limits={**dict.fromkeys(("reflux", "steam", "T"), (20.0, 90.0)), "impurity": (-math.inf, 80.0)},
    )  # fmt: skip
    inside = EDGES.inward(asked)
    assert inside.y["impurity"] == forward(LOG, 40.0)
    assert inside.limits["impurity"] == (-math.inf, forward(LOG, 80.0))
    assert inside.targets == {"impurity": forward(LOG, 30.0), "T": 99.0}
    assert inside.lab == {"impurity": (forward(LOG, 44.0), 3.0)}
    assert inside.u == {"reflux": forward(VALVE, 50.0), "steam": 4.0}
    assert inside.y["T"] == 100.0
    assert EDGES.inward(given_inputs(y={"impurity": None, "T": 1.0})).y == {"impurity": None, "T": 1.0}


def test_the_plant_inside_has_its_limits_concern_back_off_and_ideal_there():
    inner = EDGES.plant
    spec = inner.cvs["impurity"]
    assert spec.limits.operator == (forward(LOG, 10.0), forward(LOG, 80.0))
    assert spec.concern == pytest.approx(4.0 * (forward(LOG, 80.0) - forward(LOG, 10.0)) / 70.0)
    assert spec.back_off_hi == pytest.approx(forward(LOG, 80.0) - forward(LOG, 75.0))
    assert spec.lab.hi == forward(LOG, 400.0)
    assert inner.mvs["reflux"].ideal == forward(VALVE, 60.0)
    assert inner.mvs["steam"] is PLANT.mvs["steam"]


@settings(max_examples=50, derandomize=True)
@given(u=st.floats(-5.0, 105.0), up=st.floats(0.0, 10.0), down=st.floats(0.0, 10.0))
def test_rates_hold_in_engineering_units(u, up, down):
    at = np.array([forward(VALVE, u), 4.0])
    most_up, most_down = EDGES.moves(at, np.array([up, 0.5]), np.array([down, 0.5]))
    assert inverse(VALVE, at[0] + most_up[0]) - u == pytest.approx(up, abs=1e-7)
    assert u - inverse(VALVE, at[0] - most_down[0]) == pytest.approx(down, abs=1e-7)
    assert (most_up[1], most_down[1]) == (0.5, 0.5)
    assert min(most_up[0], most_down[0]) >= 0.0
    assert up > 0.0 or most_up[0] == 0.0


def test_money_goes_by_the_slope_where_the_plant_is():
    inside = EDGES.inward(given_inputs(money={"impurity": 3.0, "steam": -1.0}))
    assert inside.money["impurity"] == pytest.approx(3.0 / slope(LOG, 40.0))
    assert inside.money["reflux"] == pytest.approx(-0.5 / slope(VALVE, 50.0))
    assert inside.money["steam"] == -1.0
    assert EDGES.plant.mvs["reflux"].cost == 0.0


def test_a_plan_comes_out_in_engineering_units():
    asked = given_inputs(money={"impurity": 3.0, "steam": -1.0})
    inside = Plan(
        cycle=0,
        status=PlanStatus.OK,
        moves={"reflux": forward(VALVE, 51.0), "steam": 4.2},
        u_ss={"reflux": forward(VALVE, 60.0), "steam": 5.0},
        y_ss={"impurity": forward(LOG, 75.0), "T": 108.0},
        y_now={"impurity": forward(LOG, 40.0)},
        prediction={"impurity": (forward(LOG, 40.0), forward(LOG, 70.0))},
        u_plan={"reflux": (forward(VALVE, 51.0), forward(VALVE, 60.0))},
        binding=(
            Binding(name="cv.impurity.hi", limit=forward(LOG, 80.0), worth=2.0),
            Binding(name="row.x", limit=1.0, worth=1.0),
        ),
        give_ups=(
            GiveUp(name="cv.impurity.hi", rank=5, amount=forward(LOG, 90.0) - forward(LOG, 80.0)),
            GiveUp(name="cv.T.hi", rank=5, amount=2.0),
        ),
        objective={"money": -1.0, "zone": 0.5},
    )  # fmt: skip
    plan = EDGES.outward(inside, asked)
    assert plan.moves == pytest.approx({"reflux": 51.0, "steam": 4.2})
    assert plan.u_ss == pytest.approx({"reflux": 60.0, "steam": 5.0})
    assert plan.y_ss == pytest.approx({"impurity": 75.0, "T": 108.0})
    assert plan.prediction["impurity"] == pytest.approx((40.0, 70.0))
    assert plan.u_plan["reflux"] == pytest.approx((51.0, 60.0))
    assert plan.binding[0].limit == 80.0
    assert plan.binding[0].worth == pytest.approx(2.0 * slope(LOG, 80.0))
    assert [each.amount for each in plan.give_ups] == pytest.approx([10.0, 2.0])
    assert plan.objective["money"] == pytest.approx(3.0 * 75.0 - 1.0 * 5.0 - 0.5 * 60.0)


def test_a_move_that_rounding_takes_too_far_is_held_to_rate_and_limit():
    asked = given_inputs()
    far = Plan(cycle=0, status=PlanStatus.OK, moves={"reflux": forward(VALVE, 53.0) + 1e-6, "steam": 4.0})
    assert EDGES.outward(far, asked).moves["reflux"] == 53.0
    at_limit = replace(asked, u={**U, "reflux": 89.0})
    beyond = replace(far, moves={"reflux": forward(VALVE, 90.0) + 1e-6})
    assert EDGES.outward(beyond, at_limit).moves["reflux"] == 90.0


def test_what_knows_no_transforms_is_refused_on_a_transformed_variable():
    with pytest.raises(ModelError, match="constraint load"):
        Edges(replace(PLANT, rows=(Row(name="load", coefficients={"impurity": 1.0}, hi=1.0),)))
    spec = FunctionSpec(name="f", address="a:b", mvs=("reflux",), dvs=(), cvs=("T",), at=(1.0,), call=len)
    with pytest.raises(ModelError, match="function f"):
        Edges(replace(PLANT, functions={"f": spec}))


class Column:
    """The column as it is: the logarithm of impurity follows the flow through the valve."""

    def __init__(self):
        self.u, self.at_s, self.x = dict(U), 0.0, np.zeros(3)

    def read(self):
        z = forward(LOG, 40.0) - 2.0 * self.x[0] + 6.0 * self.x[1]
        return {"impurity": inverse(LOG, z), "T": 100.0 + 8.0 * self.x[2]}

    def run(self, moves):
        self.u.update(moves)
        aim = np.array([forward(VALVE, self.u["reflux"]) - forward(VALVE, 50.0), *[self.u["steam"] - 4.0] * 2])
        self.x += (aim - self.x) * (1.0 - np.exp(-CYCLE_S / np.array([120.0, 60.0, 90.0])))
        self.at_s += CYCLE_S


@pytest.mark.parametrize("target", [12.0, 75.0])
def test_it_controls_a_plant_that_is_linear_only_when_transformed(target):
    of = column()
    controller, memory, true = Controller(of), Memory(), Column()
    for k in range(120):
        before = dict(true.u)
        asked = inputs(of, k, true.at_s, dict(true.u), true.read(), targets={"impurity": target})
        plan, memory = controller.step(asked, memory)
        assert plan.status is PlanStatus.OK
        true.run(plan.moves)
        for name, spec in of.mvs.items():
            lo, hi = spec.limits.operator
            assert lo <= true.u[name] <= hi
            minutes = CYCLE_S / 60.0
            assert -spec.move_down_per_min * minutes <= true.u[name] - before[name] <= spec.move_up_per_min * minutes
    assert true.read()["impurity"] == pytest.approx(target, rel=0.01)
    assert plan.y_now["impurity"] == pytest.approx(target, rel=0.01)
    assert plan.y_ss["impurity"] == pytest.approx(target, rel=0.01)


def test_external_targets_go_in_and_come_back_in_engineering_units():
    wishes = {
        "impurity": ExternalTarget(value=30.0, issued_at_s=0.0, age_s_max=60.0, rank=2),
        "reflux": ExternalTarget(value=55.0, issued_at_s=0.0, age_s_max=60.0, rank=3),
    }
    assert EDGES.inward(given_inputs(external=wishes)).external["impurity"].value == forward(LOG, 30.0)
    plan, _ = Controller(PLANT).step(given_inputs(external=wishes, money={"steam": 1.0}), Memory())
    assert plan.status is PlanStatus.OK
    assert plan.y_ss["impurity"] == pytest.approx(30.0, abs=1e-3)
    assert plan.u_ss["reflux"] == pytest.approx(55.0, abs=1e-3)
    limits = {binding.name: binding.limit for binding in plan.binding}
    assert limits.get("cv.impurity.target", 30.0) == pytest.approx(30.0, abs=1e-6)
    assert limits.get("mv.reflux.target", 55.0) == pytest.approx(55.0, abs=1e-6)
    assert any(name.endswith(".target") for name in limits)
