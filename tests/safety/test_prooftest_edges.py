"""The proof test's own numbers: a margin that is small enough to notice, and trials that are told apart."""

from __future__ import annotations

import dataclasses
import math

import pytest

from safety.encoding import Encoding
from safety.envelope import ScheduledLimits, Track, Written
from safety.expressions import parse
from safety.handshake import HandshakeRule
from safety.interlocks import Interlock
from safety.progress import Pending
from safety.prooftest import NOW_S, PER_CYCLE, Trial, Trials, in_service, prepare, run
from safety.signals import Mode, Move
from safety.watchdog import Watch
from tests.safety.words import clear, envelope, gate_rules, mv_rule

LONG_AGO, LONGER_AGO = -1e9, -2e9
# One MV in steps of 0.25, widest between 155 and 202, so it stands at 178.5; everything else follows by hand.
TABLE = ScheduledLimits("load", ((0.0, 160.0, 190.0), (50.0, 165.0, 180.0), (100.0, 155.0, 202.0)))
LOCKS = tuple(
    Interlock(name=name, when=parse("T > 100"), then=then, target=target)
    for name, then, target in (
        ("up", "block_up", "sp"), ("down", "block_down", "sp"), ("still", "hold", None), ("go", "shed", None)
    )
)  # fmt: skip
RULES = gate_rules(
    mvs={"sp": mv_rule(encoding=Encoding("int16", scale=0.25), envelope=envelope(scheduled=TABLE), safe_value=170.0)},
    interlocks=LOCKS,
)
NONE, ONE_MV = frozenset(), frozenset({"min_active_mvs"})
READY, SPENT, NEW = Track(paid_until_s=LONGER_AGO), Track(paid_until_s=LONG_AGO), Track()
WAYS_HI, WAYS_LO = {"also": ONE_MV | {"scheduled_hi"}}, {"also": ONE_MV | {"scheduled_lo"}}
SWUNG = Track((Written(LONG_AGO, 195.5, 195.5), Written(LONG_AGO, 178.5, 178.5)), LONG_AGO)
TRIALS = [
    ("control", {"code": ""}),
    ("duplicate", {"extra": (Move("sp", 178.5),)}),
    ("not_owner", {"controller": "dryer\0"}),
    ("not_finite", {"value": math.nan}),
    ("unresolved", {"unresolved": frozenset({"sp"})}),
    ("unavailable", {"readings": {"load": 100.0, "sp.available": 0.0}}),
    ("actual_bad", {"readings": {"load": 100.0, "sp.actual": math.nan}}),
    ("overridden", {"track": Track(paid_until_s=LONGER_AGO, expected=179.0)}),
    ("encoding", {"value": 1e300}),
    ("readback_bad", {"readings": {"load": 100.0, "T": math.nan}}),
    ("distance", {"readings": {"load": 100.0, "T": 239.0}}),
    ("schedule_bad", {"readings": {"load": math.nan}}),
    ("scheduled_hi", {"value": 180.25, "actual": 179.75, "readings": {"load": 50.0}}),
    ("scheduled_lo", {"value": 164.75, "actual": 165.25, "readings": {"load": 50.0}}),
    ("window", {"track": SWUNG}),
    ("range_hi", {"value": 205.25, "actual": 204.75, **WAYS_HI}),
    ("step_up", {"value": 179.75, **WAYS_HI}),
    ("rate_up", {"value": 178.75, "track": SPENT}),
    ("first_move", {"value": 178.75, "track": NEW}),
    ("windup_hi", {"value": 178.75, "readings": {"load": 100.0, "sp.windup_hi": 1.0}}),
    ("range_lo", {"value": 149.75, "actual": 150.25, **WAYS_LO}),
    ("step_down", {"value": 176.25, **WAYS_LO}),
    ("rate_down", {"value": 178.25, "track": SPENT}),
    ("first_move", {"value": 178.25, "track": NEW}),
    ("windup_lo", {"value": 178.25, "readings": {"load": 100.0, "sp.windup_lo": 1.0}}),
    ("up", {"code": "blocked_up", "value": 178.75, "outcome": ("up",)}),
    ("down", {"code": "blocked_down", "value": 178.25, "outcome": ("down",)}),
    *(("mode", {"mode": mode}) for mode in (Mode.TRIPPED, Mode.OFF, Mode.MONITOR, Mode.ADVISORY)),
    ("handshake", {"permit": False}),
    ("cycle", {"cycle": 1}),
    ("clock", {"late_s": 24.0}),
    ("unsettled", {"pending": {"sp": Pending(178.5, 178.5, LONG_AGO, LONG_AGO)}}),
    ("not_listed", {"extra": (Move("\0", 0.0),)}),
    ("min_active_mvs", {"readings": {"load": 100.0, "sp.available": 0.0}, "also": frozenset({"unavailable"})}),
    ("watchdog", {"watch": Watch("shed", ("proof test",))}),
    ("watchdog", {"value": 178.75, "watch": Watch("hold", ("proof test",))}),
    ("not_evaluated", {"outcome": ()}),
    ("still", {"code": "interlock", "value": 178.75, "outcome": ("still",)}),
    ("go", {"code": "interlock", "outcome": ("go",)}),
]
LEGAL = {
    "mv": "sp", "value": 178.5, "actual": 178.5, "also": ONE_MV, "track": READY, "readings": {"load": 100.0},
    "outcome": None, "mode": Mode.CLOSED_LOOP, "permit": True, "watch": Watch(), "unresolved": NONE, "cycle": 0,
    "late_s": 0.0, "controller": None, "extra": (), "pending": {},
}  # fmt: skip


def fields(trial):
    """As text, because NaN does not equal itself; of an outcome, who acts."""
    found = {each.name: getattr(trial, each.name) for each in dataclasses.fields(trial)}
    del found["clear"]
    return shown(found | {"outcome": None if trial.outcome is None else trial.outcome.acting})


def shown(found):
    return repr({name: sorted(each) if isinstance(each, frozenset) else each for name, each in found.items()})


def test_the_trials_of_a_small_plant_worked_out_by_hand():
    assert [(trial.name, fields(trial)) for trial in prepare(RULES).all] == [
        (name, shown({"name": name, **ordered(name, changes)})) for name, changes in TRIALS
    ]
    assert prepare(RULES).failures == ()
    assert run(RULES, prepare(RULES)) == ()


def ordered(name, changes):
    found = LEGAL | {"code": name} | changes
    return {each.name: found[each.name] for each in dataclasses.fields(Trial) if each.name not in ("name", "clear")}


def test_it_takes_place_in_a_time_long_past():
    """More than thirty years before any boot: an approval made there has always expired."""
    assert NOW_S == -1e9
    assert Trial(name="x", mv="sp", value=1.0, actual=1.0, clear=clear()).track == Track(paid_until_s=-2e9)


def test_four_trials_in_a_cycle_of_service():
    assert PER_CYCLE == 4


def test_half_a_second_more_than_the_slack_is_noticed():
    trials = prepare(gate_rules(rate_slack_s=1.0))
    assert run(gate_rules(rate_slack_s=1.0), trials) == ()
    wrong = run(gate_rules(rate_slack_s=1.5), trials)
    assert {line.split(": ")[1] for line in wrong} == {"rate_up", "rate_down"}


def test_what_concerns_the_whole_set_is_tried_on_the_first_mv():
    tried = [trial.mv for trial in prepare(gate_rules()).all if trial.name == "handshake"]
    assert tried == ["sp"]


def test_it_stands_where_scheduled_limits_are_widest():
    """120 wide: neither the highest limits nor the widest by proportion."""
    table = ScheduledLimits("load", ((0.0, 50.0, 130.0), (50.0, 100.0, 220.0), (100.0, 200.0, 240.0)))
    wide = envelope(lo=50.0, hi=250.0, scheduled=table)
    legal = prepare(gate_rules(mvs={"sp": mv_rule(envelope=wide)})).all[0]
    assert (legal.value, legal.readings) == (160.0, {"load": 50.0})


@pytest.mark.parametrize(
    ("how", "kind", "there"),
    [("full", "float64", True), ("heartbeat", "float64", False), ("heartbeat", "float32", True)],
)
def test_a_number_too_large_is_tried_where_it_could_not_be_sent(how, kind, there):
    handshake = HandshakeRule(kind=how, mv_order=("sp",))
    rules = gate_rules(mvs={"sp": mv_rule(kind=kind)}, handshake=handshake)
    assert ("encoding" in {trial.name for trial in prepare(rules).all}) == there


def test_a_few_trials_are_tried_in_every_cycle():
    wrong = dataclasses.replace(prepare(RULES).all[0], code="mode")
    for turn in range(4):
        assert in_service(RULES, Trials((wrong,), ()), turn) == ("sp: control: refused for nothing",)
