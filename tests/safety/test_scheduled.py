"""Limits that follow a scheduling tag, and the owner of an MV."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.envelope import ScheduledLimits
from safety.fallback import stand_still
from safety.gate import GateMemory
from safety.signals import Candidate, Move
from tests.safety.bench import codes, rested, verdict
from tests.safety.words import HI, LO, candidate, envelope, gate_rules, mv_rule, snapshot, values

TABLE = ScheduledLimits("load", ((0.0, 160.0, 200.0), (50.0, 170.0, 190.0), (100.0, 150.0, 180.0)))
UP, DOWN = math.inf, -math.inf


def rules(table=TABLE):
    return gate_rules(mvs={"sp": mv_rule(envelope=envelope(scheduled=table))})


def asked(value, load, *, actual=None, **memory):
    actual = value if actual is None else actual
    tags = values(load=load, sp__actual=actual, T=actual)
    track = GateMemory({"sp": rested(actual, **memory)})
    return codes(candidate(sp=value), rules=rules(), tags=tags, memory=track)


@pytest.mark.parametrize(
    ("load", "limits"),
    [
        (0.0, (160.0, 200.0)), (25.0, (165.0, 195.0)), (50.0, (170.0, 190.0)), (75.0, (160.0, 185.0)),
        (100.0, (150.0, 180.0)), (math.nextafter(0.0, DOWN), None), (math.nextafter(100.0, UP), None), (None, None),
        (math.nan, None), (math.inf, None),
    ],
)  # fmt: skip
def test_straight_between_the_points_and_unknown_beyond(load, limits):
    assert TABLE.at(load) == limits


@given(st.floats(0.0, 100.0))
def test_i01_the_limits_stay_between_their_neighbours(load):
    lo, hi = TABLE.at(load)
    assert 150.0 <= lo <= 170.0
    assert 180.0 <= hi <= 200.0
    assert lo < hi


@pytest.mark.parametrize(
    "points",
    [
        (), ((0.0, 1.0, 2.0),), ((0.0, 1.0, 2.0), (0.0, 1.0, 2.0)), ((1.0, 1.0, 2.0), (0.0, 1.0, 2.0)),
        ((0.0, 2.0, 2.0), (1.0, 1.0, 2.0)), ((0.0, 1.0, 2.0), (1.0, 1.0, math.nan)), ((0.0, 1.0, 2.0), (UP, 1.0, 2.0)),
    ],
)  # fmt: skip
def test_a_table_has_points_in_order(points):
    with pytest.raises(ValueError, match="two points or more"):
        ScheduledLimits("load", points)


@pytest.mark.parametrize(("lo", "hi"), [(LO - 0.1, HI), (LO, HI + 0.1)])
def test_a_table_lies_inside_the_absolute_range(lo, hi):
    with pytest.raises(ValueError, match="inside lo and hi"):
        envelope(scheduled=ScheduledLimits("load", ((0.0, LO, HI), (1.0, lo, hi))))
    assert envelope(scheduled=ScheduledLimits("load", ((0.0, LO, HI), (1.0, LO, HI))))


@pytest.mark.parametrize("load", [0.0, 30.0, 50.0, 99.0, 100.0])
@pytest.mark.parametrize("side", ["hi", "lo"])
def test_i01_no_move_out_of_the_scheduled_range(load, side):
    lo, hi = TABLE.at(load)
    # float32 travels: the last value inside, the first outside
    edge = math.floor(hi * 64.0) / 64.0 if side == "hi" else math.ceil(lo * 64.0) / 64.0
    inside, outside = (edge - 0.25, edge + 0.25) if side == "hi" else (edge + 0.25, edge - 0.25)
    assert asked(edge, load, actual=inside) == []
    found = asked(outside, load, actual=inside)
    assert f"scheduled_{side}" in found
    assert set(found) <= {f"scheduled_{side}", f"range_{side}"}  # where both limits coincide


def test_what_the_schedule_left_outside_may_come_back_but_go_no_further():
    assert TABLE.at(50.0) == (170.0, 190.0)
    assert asked(195.0, 50.0) == []
    assert asked(194.75, 50.0, actual=195.0) == []
    assert asked(195.25, 50.0, actual=195.0) == ["scheduled_hi"]
    assert asked(165.0, 50.0) == []
    assert asked(165.25, 50.0, actual=165.0) == []
    assert asked(164.75, 50.0, actual=165.0) == ["scheduled_lo"]


@pytest.mark.parametrize("load", [None, -1.0, 101.0])
def test_an_unknown_schedule_takes_the_mv_out(load):
    tags = values(load=load)
    found, _ = verdict(candidate(sp=180.0), rules=rules(), tags=tags)
    assert sorted((each.code, each.subject) for each in found.refusals) == [
        ("min_active_mvs", "plant"), ("schedule_bad", "sp"),
    ]  # fmt: skip
    assert stand_still("dryer", snapshot(tags), rules()).moves == ()


def test_only_its_owner_moves_an_mv():
    foreign = Candidate("boiler", 1, (Move("sp", 180.0), Move("fan", 180.0)))
    found, _ = verdict(foreign)
    assert [(each.code, each.subject) for each in found.refusals] == [("not_owner", "fan"), ("not_owner", "sp")]
    shared = gate_rules(mvs={"sp": mv_rule(owner="boiler"), "fan": mv_rule("fan")})
    assert codes(Candidate("boiler", 1, (Move("sp", 180.0),)), rules=shared) == []
    assert codes(Candidate("dryer", 1, (Move("sp", 180.0), Move("fan", 180.0))), rules=shared) == ["not_owner"]
