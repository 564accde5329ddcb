"""What the gate's rules are where the plant file says nothing."""

from __future__ import annotations

import pytest

from safety.encoding import Encoding
from safety.expressions import parse
from safety.interlocks import Interlock
from safety.rules import GateRules, MvRule
from tests.safety.words import envelope, gate_rules


def test_without_a_word_no_slack_and_one_mv_at_work():
    full = gate_rules()
    least = GateRules(
        mvs=full.mvs, interlocks=(), handshake=full.handshake, limits_hash="L", config_hash="C", approval_life_s=12.0
    )
    assert (least.rate_slack_s, least.min_active_mvs) == (0.0, 1)


def test_without_a_word_an_mv_has_no_windup_signal_and_no_safe_value():
    rule = MvRule(owner="x", envelope=envelope(), encoding=Encoding(), actual="a", available="b")
    assert (rule.windup_hi, rule.windup_lo, rule.safe_value) == (None, None, None)


@pytest.mark.parametrize("changes", [{"rate_slack_s": 20.0}, {"approval_life_s": float("inf")}, {"rate_slack_s": -0.1}])
def test_an_approval_that_lives_for_ever_or_less_than_the_slack(changes):
    with pytest.raises(ValueError, match="needs a life"):
        gate_rules(**changes)


def test_an_approval_may_live_less_than_a_second():
    assert gate_rules(approval_life_s=0.5, rate_slack_s=0.1).approval_life_s == 0.5


def test_hundreds_of_interlocks():
    """More than the small integers of which Python keeps one object each."""
    many = tuple(Interlock(name=f"i{n}", when=parse("T > 1"), then="hold") for n in range(300))
    assert len(gate_rules(interlocks=many).interlocks) == 300
