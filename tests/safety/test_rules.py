from __future__ import annotations

import math

import pytest

from safety.expressions import parse
from safety.handshake import HandshakeRule
from safety.interlocks import Interlock
from safety.rules import at_work
from tests.safety.words import gate_rules, mv_rule, snapshot, values


def lock(name="i", target=None):
    return Interlock(name=name, when=parse("T > 1"), then="block_up" if target else "hold", target=target)


@pytest.mark.parametrize(
    "changes",
    [
        {"interlocks": (lock("a"), lock("a"))},
        {"interlocks": (lock("a", "nowhere"),)},
        {"handshake": HandshakeRule(mv_order=("sp",))},
        {"approval_life_s": 0.0},
        {"approval_life_s": math.inf},
        {"approval_life_s": math.nan},
        {"rate_slack_s": -0.1},
        {"rate_slack_s": 12.0},
        {"rate_slack_s": math.nan},
    ],
)
def test_rules_that_contradict_each_other(changes):
    with pytest.raises(
        ValueError, match=r"^(interlocks need|interlock targets must be MVs,|an approval needs) .*(names|order|it)$"
    ):
        gate_rules(**changes)


def test_rules_that_go_together():
    assert gate_rules(interlocks=(lock("a"), lock("b", "sp")), rate_slack_s=0.0)
    assert gate_rules(approval_life_s=0.5, rate_slack_s=0.49)
    assert gate_rules(handshake=HandshakeRule(mv_order=("sp", "fan", "spare")))


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"sp__available": 0.0}, ["unavailable"]),
        ({"sp__available": 2.0}, ["unavailable"]),
        ({"sp__available": None}, ["unavailable"]),
        ({"sp__actual": None}, ["actual_bad"]),
        ({"T": None}, ["readback_bad"]),
        ({"sp__available": None, "sp__actual": None, "T": None}, ["unavailable", "actual_bad", "readback_bad"]),
    ],
)
def test_at_work(changes, codes):
    found = at_work("sp", mv_rule(), snapshot(values(**changes)))
    assert [(each.code, each.subject) for each in found] == [(code, "sp") for code in codes]


def test_an_mv_that_does_not_say_whether_it_listens_is_never_at_work():
    assert [each.code for each in at_work("sp", mv_rule(available=""), snapshot(values()))] == ["unavailable"]
