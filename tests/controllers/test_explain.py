from __future__ import annotations

from dataclasses import replace

import pytest

from controllers.explain import MvStory, reasons, sentences
from controllers.types import Binding, GiveUp, Plan, PlanStatus, Relief
from safety.signals import MvStatus
from tests.controllers.plants import dryer

BASE = MvStory(
    name="fan",
    status=MvStatus.ON,
    movable=True,
    locked_up="",
    locked_down="",
    u=70.0,
    move=0.2,
    target=80.0,
    lo=50.0,
    hi=95.0,
    up=0.5,
    down=1.0,
    span=45.0,
    pull=1.0,
    pushes=[("cv.gas.hi", 0.0)],
    earns=True,
    kept=False,
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, ("toward_target",)),
        ({"move": 0.5}, ("toward_target", "rate_up")),
        ({"move": -1.0, "pull": -1.0, "target": 60.0}, ("toward_target", "rate_down")),
        ({"pushes": [("cv.gas.hi", 3.0)]}, ("zone:cv.gas.hi", "toward_target")),
        ({"pushes": [("cv.gas.hi", -0.4)]}, ("toward_target", "held_by:cv.gas.hi")),
        ({"pushes": [("cv.gas.hi", -0.01)]}, ("toward_target",)),
        ({"movable": False, "status": MvStatus.OPR}, ("not_in_service:OPR",)),
        ({"locked_up": "windup_hi", "move": 0.0, "target": 70.0}, ("windup_hi", "at_target")),
        ({"locked_down": "blocked_down", "move": 0.0, "target": 70.0}, ("blocked_down", "at_target")),
        ({"move": 0.0, "target": 70.0, "earns": False}, ("no_benefit",)),
        ({"move": 0.0, "target": 70.0, "kept": True}, ("hysteresis", "at_target")),
        ({"move": 0.0, "pushes": [("cv.gas.hi", -1.0)]}, ("toward_target", "held_by:cv.gas.hi")),
        ({"u": 95.0, "move": 0.0, "target": 95.0}, ("limit:mv.fan.hi", "at_target")),
        ({"u": 50.0, "move": 0.0, "target": 50.0}, ("limit:mv.fan.lo", "at_target")),
        (
            {"bounds": [("cv.gas.hi", 1.0), ("cv.moist.hi", 5.0), ("cv.evap.hi", 0.1)]},
            ("toward_target", "bound_by:cv.moist.hi", "bound_by:cv.gas.hi"),
        ),
        ({"u": 94.9, "move": 0.1, "target": 95.0}, ("toward_target", "limit:mv.fan.hi")),
    ],
)
def test_codes(change, codes):
    assert reasons(replace(BASE, **change)) == codes


def test_sentences():
    plan = Plan(
        cycle=1,
        status=PlanStatus.OK,
        moves={"fan": 70.2},
        u_ss={"fan": 80.0, "T_in": 195.0, "feed": 2000.0},
        reasons={
            "fan": ("toward_target", "held_by:cv.gas.hi", "rate_up", "bound_by:cv.moist.hi"),
            "T_in": ("limit:mv.T_in.hi", "at_target"),
            "feed": ("not_in_service:OPR",),
        },
        binding=(
            Binding(name="cv.moist.hi", limit=4.0, worth=93.2),
            Binding(name="row.load", limit=0.0, worth=0.5),
            Binding(name="mv.T_in.hi", limit=195.0, worth=3.0),
        ),
        give_ups=(GiveUp(name="cv.evap.hi", rank=6, amount=12.0, clashes_with=("row.load", "mv.fan.lo")),),
        reliefs=(
            Relief(name="cv.moist.hi", by=0.1, worth=93.2, earns=8.5, u_ss={"feed": 2050.0, "fan": 79.0}),
            Relief(name="row.load", by=20.0, worth=0.5, earns=9.0),
        ),
        ignored=("external_stale:feed",),
    )
    assert sentences(plan, dryer()) == (
        "T_in stays: it is at its own upper limit; it is where it should be.",
        "feed stays: it is not in service (OPR).",
        "fan moves to 70.2 u: it goes to its target 80 u; the upper limit of gas holds it back; "
        "its rate limit upward holds it back; the upper limit of moist keeps its target from going further.",
        "The upper limit of moist, 4 y, holds the plan: one y more room is worth 93.2 EUR/h.",
        "The constraint 'load' holds the plan: one unit more room is worth 0.5 EUR/h.",
        "The upper limit of T_in, 195 u, holds the plan: one u more room is worth 3 EUR/h.",
        "The upper limit of evap (rank 6) cannot be held: 12 y beyond it at steady state, because of "
        "the constraint 'load', the lower limit of fan.",
        "With 0.1 y more room at the upper limit of moist it would earn 8.5 EUR/h more, "
        "with feed to 2050 u, fan to 79 u.",
        "With 20 units more room at the constraint 'load' it would earn 9 EUR/h more.",
        "The external target of feed is too old and was ignored.",
    )


@pytest.mark.parametrize("status", [s for s in PlanStatus if s is not PlanStatus.OK])
def test_every_status_has_a_sentence(status):
    said = sentences(Plan(cycle=1, status=status, why="fan is not a number"), dryer())
    assert len(said) == 1
    assert said[0].endswith(".")


def test_an_unknown_code_is_shown_as_it_is():
    plan = Plan(cycle=1, status=PlanStatus.OK, reasons={"fan": ("from_the_future",)})
    assert sentences(plan, dryer()) == ("fan stays: from_the_future.",)
