"""Intents without outcome: found, judged by read-back, closed."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.signals import PlcState, WriteOutcome
from supervisor.audit.chain import EMPTY, canonical, link, tail_of
from supervisor.audit.orphans import Orphan, closes, never_sent, orphans, outcome_body, resolve


def _rows(*entries):
    tail = EMPTY
    for kind, body in entries:
        row = link(tail, kind, canonical(body), 1.0, 1)
        tail = tail_of(row)
        yield row


def _intent(**over):
    return {
        "controller": "main",
        "epoch": 4,
        "sequence": 17,
        "setpoints": {"T_in_sp": 181.5},
        "from": {"T_in_sp": 181.0},
    } | over


def test_an_intent_without_outcome_is_found_with_what_it_wanted():
    (orphan,) = orphans(_rows(("opened", {}), ("intent", _intent()), ("cycle", {"intent_seq": 2})))
    assert orphan == Orphan(2, 1.0, "main", 4, 17, {"T_in_sp": 181.5}, {"T_in_sp": 181.0})


@pytest.mark.parametrize(
    "closing",
    [("outcome", {"intent_seq": 1}), ("spooled", {"was": "outcome", "at": 1.0, "body": {"intent_seq": 1}})],
)
def test_an_outcome_closes_it_spooled_or_not(closing):
    assert orphans(_rows(("intent", _intent()), closing)) == ()


@pytest.mark.parametrize(
    "other",
    [
        ("outcome", {"intent_seq": 9}),
        ("outcome", {}),
        ("outcome", []),
        ("spooled", {"was": "cycle", "at": 1.0, "body": {"intent_seq": 1}}),
        ("spooled", {"was": "outcome", "at": 1.0, "body": None}),
        ("note", {"intent_seq": 1}),
    ],
)
def test_nothing_else_closes_it(other):
    assert len(orphans(_rows(("intent", _intent()), other))) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["intent", "close_last", "close_first", "note"]), max_size=30))
def test_open_intents_are_intents_minus_outcomes(steps):
    entries, pending = [], []
    for step in steps:
        seq = len(entries) + 1
        if step == "intent":
            entries.append(("intent", _intent()))
            pending.append(seq)
        elif step == "note" or not pending:
            entries.append(("note", {}))
        else:
            closed = pending.pop(-1 if step == "close_last" else 0)
            entries.append(("outcome", {"intent_seq": closed}))
    assert [orphan.seq for orphan in orphans(_rows(*entries))] == pending


def test_an_unreadable_body_does_not_stop_the_start():
    assert closes("outcome", "{") is None
    assert closes("outcome", "[" * 100_000) is None
    (row,) = _rows(("intent", _intent()))
    from dataclasses import replace

    (orphan,) = orphans([replace(row, body="{nonsense")])
    assert orphan.setpoints == {}


ORPHAN = Orphan(2, 1.0, "main", 4, 17, {"mv": 181.5}, {"mv": 181.0})
ACKED = PlcState(epoch_ack=4, sequence_ack=17, reject=0)
BEFORE = PlcState(epoch_ack=4, sequence_ack=16, reject=0)


@pytest.mark.parametrize(
    ("actual", "plc", "outcome"),
    [
        (None, ACKED, WriteOutcome.UNKNOWN),
        (float("nan"), None, WriteOutcome.UNKNOWN),
        (181.5, None, WriteOutcome.CONFIRMED),
        (181.5, ACKED, WriteOutcome.CONFIRMED),
        (181.5000001, ACKED, WriteOutcome.CONFIRMED),  # float32 on the wire
        (181.5, BEFORE, WriteOutcome.CONFIRMED),
        (181.0, None, WriteOutcome.NOT_SENT),
        (181.0, BEFORE, WriteOutcome.NOT_SENT),
        (181.0, PlcState(epoch_ack=3, sequence_ack=90), WriteOutcome.NOT_SENT),
        (181.0, ACKED, WriteOutcome.OVERRIDDEN),  # taken, then set back by somebody
        (170.0, None, WriteOutcome.OVERRIDDEN),
        (170.0, BEFORE, WriteOutcome.OVERRIDDEN),
        (181.0, PlcState(epoch_ack=4, sequence_ack=17, reject=6), WriteOutcome.REJECTED),
        (181.0, PlcState(epoch_ack=4, sequence_ack=18, reject=6), WriteOutcome.OVERRIDDEN),  # another set's refusal
    ],
)
def test_the_read_back_decides(actual, plc, outcome):
    (receipt,) = resolve(ORPHAN, {"mv": actual}, plc)
    assert receipt.outcome is outcome
    assert receipt.value == 181.5
    assert receipt.why


def test_a_missing_read_back_is_unknown():
    assert resolve(ORPHAN, {}, None)[0].outcome is WriteOutcome.UNKNOWN


def test_where_nothing_was_to_move_the_plcs_count_decides():
    still = Orphan(2, 1.0, "main", 4, 17, {"mv": 181.0}, {"mv": 181.0})
    assert resolve(still, {"mv": 181.0}, BEFORE)[0].outcome is WriteOutcome.NOT_SENT
    assert resolve(still, {"mv": 181.0}, ACKED)[0].outcome is WriteOutcome.CONFIRMED
    assert resolve(still, {"mv": 181.0}, None)[0].outcome is WriteOutcome.CONFIRMED


def test_every_case_has_exactly_one_outcome_per_setpoint():
    for actual, epoch, sequence, reject in itertools.product(
        (None, 181.0, 181.5, 1.0), (None, 3, 4, 5), (None, 16, 17, 18), (None, 0, 6)
    ):
        plc = PlcState(epoch_ack=epoch, sequence_ack=sequence, reject=reject)
        assert len(resolve(ORPHAN, {"mv": actual}, plc)) == 1


def test_outcome_bodies_close_their_intent():
    receipts = resolve(ORPHAN, {"mv": 181.5}, ACKED)
    body = outcome_body(2, receipts, "orphan")
    assert closes("outcome", canonical(body)) == 2
    assert body["outcomes"] == [
        {"mv": "mv", "outcome": "confirmed", "value": 181.5, "actual": 181.5, "why": "read_back"}
    ]
    (row,) = _rows(("intent", _intent()))
    late = never_sent(row, "stored_late")
    assert closes("outcome", json.dumps(late)) == 1
    assert late["outcomes"][0]["outcome"] == "not_sent"
