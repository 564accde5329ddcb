"""I-35, I-38, I-45, as far as they are safety's: nothing unfit passes, nothing is no candidate, no limit grows."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.approval import Approval
from safety.encoding import Encoding
from safety.envelope import Envelope, ScheduledLimits
from safety.gate import GateRules, MvRule
from safety.interlocks import BypassRule, Interlock
from safety.modes import ModeRules
from safety.plc import HandshakeRule
from safety.signals import Candidate, Mode, Move
from safety.validity import ValidityRule
from safety.watchdog import WatchdogRule
from tests.safety.acts import ask, at, step
from tests.safety.bench import verdict
from tests.safety.words import gate_rules

RULES = (GateRules, MvRule, Envelope, ScheduledLimits, Interlock, BypassRule, HandshakeRule, ModeRules, Encoding,
         ValidityRule, WatchdogRule, Approval)  # fmt: skip
UNFIT = st.sampled_from([math.nan, math.inf, -math.inf, 2143289343.0, 1e39, -1e300, 5e-324, 2.4e-41])


@given(UNFIT, st.sampled_from(["sp", "fan"]), st.floats(179.0, 181.0))
def test_i35_what_a_failed_solve_leaves_behind_is_no_candidate(garbage, mv, other):
    """NaN, infinities, the number that a solver was seen to fill in, word-order dust: beside a legal move, too."""
    rest = "fan" if mv == "sp" else "sp"
    for moves in ((Move(mv, garbage),), (Move(mv, garbage), Move(rest, other)), (Move(rest, other), Move(mv, garbage))):
        found, memory = verdict(Candidate("dryer", 1, moves))
        assert found.approval is None
        assert found.refusals
        assert dict(memory.pending) == {}


@given(st.integers(-5, 5), st.text(max_size=6))
def test_i35_only_this_cycles_plan_of_the_mvs_own_controller(cycle, controller):
    found, _ = verdict(Candidate(controller, cycle, (Move("sp", 180.0),)))
    assert (found.approval is not None) == (cycle == 1 and controller == "dryer")


def test_i35_an_empty_candidate_asks_for_nothing_and_gets_nothing():
    found, _ = verdict(Candidate("dryer", 1, ()))
    assert (found.approval, found.refusals) == (None, ())


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_i38_closed_loop_lasts_while_no_three_cycles_in_a_row_lack_a_candidate(fit):
    memory, misses, shed = at(Mode.CLOSED_LOOP), 0, False
    for n, candidate in enumerate(fit):
        decision, memory = step(memory, now=100.0 + 15.0 * n, candidate=candidate)
        misses = 0 if candidate else misses + 1
        shed |= misses >= 3
        assert (decision.state.actual is Mode.CLOSED_LOOP) == (not shed)


@given(st.integers(0, 6))
def test_i38_after_as_many_cycles_without_one_nobody_can_arm_either(misses):
    memory = at(Mode.ADVISORY)
    for n in range(misses):
        _, memory = step(memory, now=100.0 + 15.0 * n, candidate=False)
    decision, _ = step(memory, ask("closed_loop"), now=300.0, candidate=False)
    assert (decision.state.actual is Mode.CLOSED_LOOP) == (misses + 1 < 3)


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_i45_what_limits_are_made_of_cannot_be_changed(kind):
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert "__dict__" not in dir(kind), "slots: no field can be slipped in beside the others"


@pytest.mark.parametrize("name", ["hi", "lo", "step_up", "rate_up_per_min", "window_delta", "scheduled"])
def test_i45_no_limit_can_be_widened_in_place(name):
    rules = gate_rules()
    with pytest.raises(FrozenInstanceError):
        setattr(rules.mvs["sp"].envelope, name, 1e9)
    with pytest.raises(FrozenInstanceError):
        rules.mvs = {}


@given(
    st.floats(177.0, 182.0) | st.floats(140.0, 215.0),
    st.fixed_dictionaries(
        {}, optional={"hi": st.floats(205.0, 300.0), "step_up": st.floats(1.0, 50.0), "step_down": st.floats(2.0, 50.0),
                      "rate_up_per_min": st.floats(2.0, 1e3), "window_delta": st.floats(8.0, 100.0)},
    ),
)  # fmt: skip
def test_i45_narrower_limits_never_pass_what_wider_ones_refuse(value, wider):
    """Each limit only ever takes away: what narrow ones let through, wider ones must."""
    narrow = gate_rules()
    wide = replace(narrow, limits_hash="W", mvs={
        mv: replace(rule, envelope=replace(rule.envelope, **wider)) for mv, rule in narrow.mvs.items()
    })  # fmt: skip
    proposal = Candidate("dryer", 1, (Move("sp", value),))
    found, _ = verdict(proposal, rules=narrow)
    more, _ = verdict(proposal, rules=wide)
    assert not (found.approval is not None and more.approval is None)


def test_i45_each_approval_says_under_which_limits_it_was_given():
    """What was approved under other limits than those in force is told by its hash."""
    hashes = set()
    for name in ("A", "B"):
        rules = gate_rules(limits_hash=name, config_hash=f"c{name}")
        found, _ = verdict(Candidate("dryer", 1, (Move("sp", 180.0),)), rules=rules)
        hashes.add((found.approval.limits_hash, found.approval.config_hash))
    assert hashes == {("A", "cA"), ("B", "cB")}
