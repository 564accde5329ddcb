from __future__ import annotations

import math

import pytest

from safety.encoding import Encoding
from safety.envelope import ScheduledLimits
from safety.fallback import stand_still
from safety.signals import Candidate, Move
from tests.safety.words import clear, envelope, gate_rules, mv_rule, snapshot, values


def still(without=(), **changes):
    return stand_still("dryer", snapshot(values(**changes), cycle=9), gate_rules(), without)


def test_standing_still():
    assert still(sp__actual=181.0) == Candidate("dryer", 9, (Move("sp", 181.0), Move("fan", 180.0)))


@pytest.mark.parametrize(
    "changes",
    [
        {"sp__actual": None}, {"sp__available": 0.0}, {"sp__available": None}, {"T": None}, {"without": {"sp"}},
        {"sp__actual": math.nextafter(205.0, 999.0)}, {"sp__actual": math.nextafter(150.0, 0.0)},
    ],
)  # fmt: skip
def test_what_cannot_be_worked_with_is_left_out(changes):
    assert still(**changes).moves == (Move("fan", 180.0),)


def test_what_cannot_be_sent_is_left_out():
    rules = gate_rules(mvs={"sp": mv_rule(kind="int16", envelope=envelope(hi=1e6)), "fan": mv_rule("fan")})
    assert stand_still("dryer", snapshot(values(sp__actual=40000.0)), rules).moves == (Move("fan", 180.0),)


def test_standing_at_the_limits_is_standing():
    assert still(sp__actual=205.0, fan__actual=150.0).moves == (Move("sp", 205.0), Move("fan", 150.0))


@pytest.mark.parametrize(
    ("actual", "outcome", "tags", "found"),
    [
        (180.3, {}, {}, [180.5]),
        (180.2, {}, {}, [180.0]),
        (180.3, {"blocked_up": {"sp"}}, {}, [180.0]),
        (180.2, {"blocked_down": {"sp"}}, {}, [180.5]),
        (180.3, {}, {"sp__windup_hi": 1.0}, [180.0]),
        (180.3, {}, {"sp__windup_hi": None}, [180.0]),
        (180.2, {}, {"sp__windup_lo": 1.0}, [180.5]),
        (180.3, {"blocked_up": {"fan"}}, {}, [180.5]),
        (180.3, {"blocked_up": {"sp"}}, {"sp__windup_lo": 1.0}, []),
        (180.0, {"blocked_up": {"sp"}, "blocked_down": {"sp"}}, {}, [180.0]),
        (150.2, {}, {}, [150.5]),
        (204.9, {}, {}, [204.5]),
    ],
)
def test_between_two_values_the_open_way_is_taken(actual, outcome, tags, found):
    coarse = Encoding("int16", scale=0.5)
    rules = gate_rules(mvs={"sp": mv_rule(encoding=coarse, envelope=envelope(lo=150.1, hi=204.9))})
    now = snapshot(values(sp__actual=actual, **tags))
    assert [move.value for move in stand_still("dryer", now, rules, (), clear(**outcome)).moves] == found


def test_only_the_owners_mvs():
    rules = gate_rules(mvs={"sp": mv_rule(), "fan": mv_rule("fan", owner="boiler")})
    assert stand_still("dryer", snapshot(values()), rules).moves == (Move("sp", 180.0),)
    assert stand_still("boiler", snapshot(values()), rules).moves == (Move("fan", 180.0),)


@pytest.mark.parametrize(
    ("actual", "limits", "found"),
    [
        (180.3, (160.0, 190.0), [180.5]),
        (180.3, (160.0, 180.2), [180.0]),  # outside already: not further out, though that is nearer
        (180.2, (180.4, 190.0), [180.5]),
        (180.0, (185.0, 190.0), [180.0]),
    ],
)
def test_scheduled_limits_close_the_way_out(actual, limits, found):
    table = ScheduledLimits("load", ((0.0, *limits), (100.0, *limits)))
    rules = gate_rules(mvs={"sp": mv_rule(encoding=Encoding("int16", scale=0.5), envelope=envelope(scheduled=table))})
    now = snapshot(values(sp__actual=actual, load=50.0))
    assert [move.value for move in stand_still("dryer", now, rules).moves] == found
