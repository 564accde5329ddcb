"""The gate's memory before the first judgement, and an answer in words that are not the driver's."""

from __future__ import annotations

import math

from safety.envelope import Track, Written
from safety.progress import GateMemory, Pending, settle
from safety.signals import WriteReceipt

PENDING = Pending(value=181.0, before=180.0, judged_at_s=10.0, paid_until_s=9.0)


def test_nothing_was_judged_before_the_first_judgement():
    assert GateMemory() == GateMemory(tracks={}, pending={}, judged_at_s=-math.inf)


def test_an_outcome_in_bare_text_is_doubted():
    """Only a member of WriteOutcome closes a write; anything else leaves it open between all values in question."""
    after = settle(GateMemory(pending={"sp": PENDING}), [WriteReceipt("sp", "confirmed", 181.0, 181.0)], 12.0)
    assert after.tracks["sp"] == Track((Written(12.0, 180.0, 181.0),), None, None)
    after = settle(GateMemory(pending={"sp": PENDING}), [WriteReceipt("sp", "unknown", 181.0)], 12.0)
    assert after.tracks["sp"].paid_until_s is None
