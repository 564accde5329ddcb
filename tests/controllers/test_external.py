from __future__ import annotations

from dataclasses import replace

import pytest

from controllers.explain import sentences
from controllers.memory import Memory
from controllers.types import ExternalTarget, PlanStatus
from tests.controllers.plants import DRYER_D, DRYER_MONEY, DRYER_U, DRYER_Y, dryer, dryer_loop, inputs


def given(**more):
    return inputs(dryer(), 0, 0.0, DRYER_U, DRYER_Y, **{"d": DRYER_D, "money": DRYER_MONEY, **more})


def test_an_external_target_is_gone_to_until_it_is_too_old(dryer_controller):
    wish = ExternalTarget(value=184.0, issued_at_s=-30.0, age_s_max=40.0, rank=2)
    plan, memory = dryer_controller.step(given(money={}, external={"T_in": wish}), Memory())
    assert plan.u_ss["T_in"] == pytest.approx(184.0, abs=1e-3)
    assert plan.ignored == ()
    late, _ = dryer_controller.step(replace(given(money={}, external={"T_in": wish}), at_s=15.0), memory)
    assert late.ignored == ("external_stale:T_in",)
    assert late.give_ups == ()
    assert any("too old" in text for text in sentences(late, dryer()))
    ahead = replace(wish, issued_at_s=60.0)
    plan, _ = dryer_controller.step(given(money={}, external={"T_in": ahead}), Memory())
    assert plan.ignored == ("external_stale:T_in",)


def test_an_external_target_of_a_cv_becomes_its_zone(dryer_controller):
    wish = ExternalTarget(value=84.0, issued_at_s=0.0, age_s_max=60.0, rank=2)
    plan, _ = dryer_controller.step(given(money={}, external={"T_out": wish}), Memory())
    assert plan.y_ss["T_out"] == pytest.approx(84.0, abs=1e-3)
    assert plan.moves


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("nowhere", {}, "nowhere has an external target but is no MV or CV"),
        ("T_in", {"value": float("nan")}, "T_in: its external target is not a number"),
        ("T_in", {"age_s_max": float("nan")}, "T_in: its external target is not a number"),
        ("T_in", {"rank": 0}, "T_in: its external target's rank is below 1"),
    ],
)
def test_an_external_target_that_says_nothing_is_refused(dryer_controller, name, change, why):
    wish = replace(ExternalTarget(value=184.0, issued_at_s=0.0, age_s_max=40.0), **change)
    plan, _ = dryer_controller.step(given(external={name: wish}), Memory())
    assert (plan.status, plan.why) == (PlanStatus.BAD_INPUT, why)


def test_the_record_says_which_limit_keeps_an_mv_from_earning_more(dryer_controller):
    run = dryer_loop(controller=dryer_controller)
    plan = run.step(250, money=DRYER_MONEY)
    assert any(code.startswith("bound_by:") for codes in plan.reasons.values() for code in codes)
    worth = {binding.name for binding in plan.binding}
    bounds = {code.partition(":")[2] for codes in plan.reasons.values() for code in codes if "bound_by" in code}
    assert bounds <= worth
