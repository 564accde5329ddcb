"""No code reaches a person without its words: the codes are read from the sources that make them."""

from __future__ import annotations

import ast
import datetime
import re
from pathlib import Path

import constraints.limits
import safety.gate
from safety.modes import ModeRules
from safety.signals import Mode, ModeState, Refusal
from supervisor.record import Bypassed
from supervisor.sentences import REASONS, REFUSALS, bypass_words, mode_sentence, plain, reason, refusal_sentence
from tests.supervisor.walk import demo_rules

SAFETY = Path(safety.gate.__file__).parent


def codes(pattern, *files):
    return {code for file in files for code in re.findall(pattern, file.read_text(encoding="utf-8"))}


def trees():
    return [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(SAFETY.glob("*.py"))]


def texts(node):
    """Return every text constant below ``node``."""
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def refusal_codes():
    """Return what is given as a refusal's code anywhere in safety, and what ``closed_ways`` gives it by name."""
    found = set()
    for node in (each for tree in trees() for each in ast.walk(tree)):
        match node:
            case ast.Call(func=ast.Name(id="Refusal" | "refuse"), args=[ast.IfExp(body=one, orelse=other), *_]):
                found |= texts(one) | texts(other)
            case ast.Call(func=ast.Name(id="Refusal" | "refuse"), args=[ast.Constant(value=str(code)), *_]):
                found.add(code)
            case ast.FunctionDef(name="closed_ways", body=[ast.Expr(), *body]):
                found |= {text for part in body for text in texts(part)}
    return found


def test_every_refusal_of_the_gate_has_words():
    made = refusal_codes()
    assert made >= {"scheduled_hi", "scheduled_lo", "schedule_bad", "not_owner", "watchdog", "rate_down", "windup_lo"}
    assert len(made) > 30
    assert made == set(REFUSALS)  # neither a code without words nor words without a code


def test_what_the_bytes_would_be_refused_for_has_the_same_words():
    for code in ("scheduled_hi", "scheduled_lo", "range_hi", "step_up", "window", "distance"):
        assert REFUSALS[code] in refusal_sentence(Refusal(f"sent_{code}", "T_in_sp"))


def test_every_trial_of_the_proof_test_is_for_a_code_that_has_words():
    made = {trial.code.removeprefix("sent_") for trial in demo_rules().trials.all} - {""}
    assert made - set(REFUSALS) == set()


def test_every_answer_of_bypass_and_restore_has_words():
    (tree,) = (each for each in trees() if any(getattr(node, "name", "") == "BypassRule" for node in each.body))
    made = set()
    for function in tree.body:
        match function:
            case ast.FunctionDef(name="bypass" | "restore" | "reset", body=body):
                answers = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Return | ast.Dict)]
                made |= {text for answer in answers for text in texts(answer) if text.isidentifier()}
    assert made >= {"no_bypass", "too_long", "no_owner", "no_reason", "unknown_interlock", "not_bypassed", "role"}
    assert made - set(REASONS) == set()


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


def test_a_bypass_says_who_until_when_and_why():
    def utc(*moment):
        return datetime.datetime(*moment, tzinfo=datetime.UTC).timestamp()

    one = Bypassed(owner="ann", reason="sensor\x1b[2J is being\nchanged", until_utc_s=utc(2026, 11, 24, 13, 30))
    words = bypass_words(one, utc(2026, 11, 24, 12, 0), "Europe/Berlin")
    assert words == "bypassed by ann until 14:30: sensor [2J is being changed"
    tomorrow = bypass_words(one, utc(2026, 11, 23, 12, 0), "Europe/Berlin")
    assert tomorrow.startswith("bypassed by ann until 2026-11-24 14:30: ")
    assert plain(" a\r\n\tb\u202e ") == "a b"
