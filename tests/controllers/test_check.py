from __future__ import annotations

from dataclasses import replace

import pytest

from controllers.check import complaint
from safety.signals import MvStatus
from tests.controllers.plants import DRYER_D, DRYER_MONEY, DRYER_U, DRYER_Y, dryer, inputs

PLANT = dryer()
GOOD = inputs(PLANT, 0, 0.0, DRYER_U, DRYER_Y, d=DRYER_D, money=DRYER_MONEY)
NAN, INF = float("nan"), float("inf")


def test_what_is_fit_is_fit():
    assert complaint(GOOD, PLANT) == ""
    missing = replace(GOOD, y={**DRYER_Y, "moist": None}, d={"hum": None}, y_new={})
    assert complaint(missing, PLANT) == ""
    one_sided = replace(GOOD, limits={**GOOD.limits, "gas": (-INF, 300.0), "evap": (0.0, INF)})
    assert complaint(one_sided, PLANT) == ""


def test_a_setpoint_that_is_out_of_service_may_be_unreadable():
    lost = replace(GOOD, u={**DRYER_U, "fan": NAN}, mv_status={**GOOD.mv_status, "fan": MvStatus.SERV})
    assert complaint(lost, PLANT) == ""
    assert complaint(replace(lost, mv_status=GOOD.mv_status), PLANT) == "fan: its setpoint is not a number"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"at_s": NAN}, "the time is not a number"),
        ({"u": {"T_in": 1.0, "feed": 2.0}}, "fan: its setpoint is not a number"),
        ({"u": {**DRYER_U, "feed": INF}}, "feed: its setpoint is not a number"),
        ({"mv_status": {}}, "T_in has no status"),
        ({"cv_status": {}}, "T_out has no status"),
        ({"y": {**DRYER_Y, "gas": NAN}}, "gas is not a number"),
        ({"d": {**DRYER_D, "wet": -INF}}, "wet is not a number"),
        ({"limits": {}}, "T_in has no limits"),
        ({"limits": {**GOOD.limits, "gas": (NAN, 1.0)}}, "gas: a limit is not a number"),
        ({"limits": {**GOOD.limits, "gas": (2.0, 1.0)}}, "gas: its limits cross (2 > 1)"),
        ({"limits": {**GOOD.limits, "gas": (INF, INF)}}, "gas: its limits cross (inf > inf)"),
        ({"limits": {**GOOD.limits, "gas": (-INF, -INF)}}, "gas: its limits cross (-inf > -inf)"),
        ({"limits": {**GOOD.limits, "fan": (0.0, INF)}}, "fan: an MV needs two finite limits"),
        ({"targets": {"gas": NAN}}, "gas: its target is not a number or it is no CV"),
        ({"targets": {"fan": 1.0}}, "fan: its target is not a number or it is no CV"),
        ({"money": {"gas": INF}}, "gas: its worth is not a number or it is no MV or CV"),
        ({"money": {"hum": 1.0}}, "hum: its worth is not a number or it is no MV or CV"),
        ({"blocked_up": frozenset({"gas"})}, "gas is blocked but is no MV"),
        ({"blocked_down": frozenset({"x"})}, "x is blocked but is no MV"),
    ],
)
def test_what_is_not_fit_is_named(change, says):
    assert complaint(replace(GOOD, **change), PLANT) == says
