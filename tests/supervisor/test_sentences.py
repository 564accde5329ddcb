"""No code reaches a person without its words: the codes are read from the sources that make them."""

from __future__ import annotations

import re
from pathlib import Path

import constraints.limits
import safety.gate
from safety.modes import ModeRules
from safety.signals import Mode, ModeState, Refusal
from supervisor.sentences import REASONS, REFUSALS, mode_sentence, reason, refusal_sentence
from tests.supervisor.walk import demo_rules

SAFETY = Path(safety.gate.__file__).parent


def codes(pattern, *files):
    return {code for file in files for code in re.findall(pattern, file.read_text(encoding="utf-8"))}


def test_every_refusal_of_the_gate_has_words():
    made = codes(r'Refusal\(\s*"(\w+)"', *SAFETY.glob("*.py"))
    made |= codes(r'refuse\("(\w+)"', SAFETY / "envelope.py")
    made |= {"rate_up", "rate_down", "blocked_up", "blocked_down", "windup_hi", "windup_lo"}
    assert len(made) > 20
    assert made - set(REFUSALS) == set()


def test_every_condition_and_answer_has_words():
    assert set(ModeRules().permits) | set(demo_rules().modes.permits) <= set(REASONS)
    made = codes(r'"(\w+)": (?:need|now_s|may)', SAFETY / "modes.py")
    made |= codes(r'checks\["(\w+)"\]', SAFETY / "modes.py")
    made |= codes(r'return memory, "(\w+)"', SAFETY / "interlocks.py")
    made |= codes(r'return "(\w+)"', Path(constraints.limits.__file__))
    made |= {"incomplete", "role", "expired", "candidate", "schedule", "tripped", "arming", "rearm_needed", "crosses"}
    assert {"not_confirmed", "no_latch", "outside_engineering"} <= made
    assert made - set(REASONS) == set()


def test_an_unknown_code_is_shown_as_it_is():
    assert reason("something_new") == "something_new"
    assert "something_new" in refusal_sentence(Refusal("something_new", "T_in_sp"))


def test_a_refusal_carries_its_numbers():
    text = refusal_sentence(Refusal("range_hi", "T_in_sp", {"value": 207.0, "limit": 205.0}))
    assert text == "The gate refused T_in_sp: above its safety limit (value 207, limit 205)."
    assert refusal_sentence(Refusal("sent_range_hi", "T_in_sp")) == "The gate refused T_in_sp: above its safety limit."


def test_the_mode_says_why_it_is_lower_than_asked():
    assert mode_sentence(ModeState(Mode.MONITOR, Mode.MONITOR)) == "Mode MONITOR, as requested."
    text = mode_sentence(ModeState(Mode.CLOSED_LOOP, Mode.ADVISORY, ("plc_remote", "audit")))
    assert text.startswith("Mode ADVISORY, though CLOSED_LOOP is requested: the PLC's switch is at LOCAL; ")
