from __future__ import annotations

import math

import pytest

from safety.envelope import Track, Written
from safety.progress import GateMemory, Pending, settle
from safety.signals import WriteOutcome, WriteReceipt

OLD = Written(900.0, 180.0, 180.0)
TRACK = Track((OLD,), 950.0, 180.0)


def settled(outcome, *, actual=None, before=180.0):
    memory = GateMemory({"sp": TRACK}, {"sp": Pending(181.0, before, 1000.0, 980.0)}, 1000.0)
    receipts = [] if outcome is None else [WriteReceipt("sp", outcome, 181.0, actual)]
    memory = settle(memory, receipts, 1002.0)
    assert memory.pending == {}
    return memory.tracks["sp"]


@pytest.mark.parametrize("actual", [None, math.nan, math.inf])
def test_confirmed(actual):
    assert settled(WriteOutcome.CONFIRMED) == Track((OLD, Written(1000.0, 181.0, 181.0)), 980.0, 181.0)


def test_what_the_plc_shows_is_what_is_expected_to_stand():
    assert settled(WriteOutcome.CONFIRMED, actual=180.9).expected == 180.9


@pytest.mark.parametrize("outcome", [WriteOutcome.NOT_SENT, WriteOutcome.REJECTED])
def test_what_never_landed_changes_nothing(outcome):
    assert settled(outcome, actual=150.0) == TRACK


@pytest.mark.parametrize(
    ("actual", "before", "lo", "hi"),
    [(None, 180.0, 180.0, 181.0), (185.0, 180.0, 180.0, 185.0), (170.0, 182.0, 170.0, 182.0),
     (math.nan, 182.0, 181.0, 182.0), (math.inf, 182.0, 181.0, 182.0)],
)  # fmt: skip
@pytest.mark.parametrize("outcome", [WriteOutcome.UNKNOWN, WriteOutcome.OVERRIDDEN])
def test_what_is_in_doubt_may_stand_anywhere_between(outcome, actual, before, lo, hi):
    track = settled(outcome, actual=actual, before=before)
    assert track.writes == (OLD, Written(1002.0, lo, hi))
    assert track.expected is None
    assert track.paid_until_s == (980.0 if outcome is WriteOutcome.UNKNOWN else None)


def test_no_receipt_is_an_unknown_outcome():
    assert settled(None) == settled(WriteOutcome.UNKNOWN)


def test_the_first_write_makes_a_track():
    memory = GateMemory({}, {"sp": Pending(181.0, 181.0, 1000.0, 1000.0)}, 1000.0)
    memory = settle(memory, [WriteReceipt("sp", WriteOutcome.CONFIRMED, 181.0)], 1001.0)
    assert memory.tracks == {"sp": Track((Written(1000.0, 181.0, 181.0),), 1000.0, 181.0)}


@pytest.mark.parametrize("mvs", [["fan"], ["sp", "fan"], ["sp", "sp"]])
def test_a_receipt_for_what_was_not_approved_is_a_bug(mvs):
    memory = GateMemory({}, {"sp": Pending(181.0, 180.0, 1000.0, 1000.0)}, 1000.0)
    with pytest.raises(ValueError, match="approved"):
        settle(memory, [WriteReceipt(mv, WriteOutcome.CONFIRMED, 181.0) for mv in mvs], 1001.0)


def test_nothing_pending_nothing_settled():
    memory = GateMemory({"sp": TRACK}, {}, 1000.0)
    assert settle(memory, [], 1001.0) == memory


def test_forgetting_loses_what_was_saved_up_and_keeps_what_restricts():
    pending = {"sp": Pending(1.0, 1.0, 1.0, 1.0)}
    memory = GateMemory({"sp": TRACK}, pending, 1000.0).forgotten()
    assert memory == GateMemory({"sp": Track((OLD,), None, 180.0)}, pending, 1000.0)
