"""The common words, written down a second time."""

from __future__ import annotations

import math

import pytest

from safety.signals import (
    BeatFrame,
    Mode,
    ModeState,
    PlcState,
    Quality,
    Reading,
    Refusal,
    Snapshot,
    WriteOutcome,
    WriteReceipt,
)
from tests.safety.words import snapshot

MODES = {"TRIPPED": -1, "OFF": 0, "MONITOR": 1, "ADVISORY": 2, "CLOSED_LOOP": 3}
NOTHING = PlcState(None, None, None, None, None, None, None, None)


def test_the_modes_and_their_numbers():
    """They stand in records and in the PLC's register."""
    assert {mode.name: mode.value for mode in Mode} == MODES


@pytest.mark.parametrize(
    ("quality", "value", "good", "usable"),
    [
        (Quality.GOOD, 1.0, True, True),
        (Quality.ESTIMATED, 1.0, False, True),
        (Quality.UNCERTAIN, 1.0, False, False),
        (Quality.BAD, 1.0, False, False),
        (Quality.GOOD, math.nan, False, False),
        (Quality.GOOD, -math.inf, False, False),
        (Quality.ESTIMATED, math.inf, False, False),
        (Quality.BAD, math.nan, False, False),
    ],
)
def test_i30_what_may_be_used(quality, value, good, usable):
    reading = Reading(value, quality, None, 0.0)
    assert (reading.good, reading.usable) == (good, usable)


def test_i30_a_text_that_reads_good_is_not_good():
    """It did not come from validation."""
    assert not Reading(1.0, "good", None, 0.0).good


def test_a_snapshot_gives_good_values_only():
    now = snapshot({"T": 3.5, "broken": None})
    assert (now.good("T"), now.good("broken"), now.good("not there")) == (3.5, None, None)
    assert Snapshot(1, now.at, {"T": Reading(3.5, Quality.ESTIMATED, None, 0.0)}).good("T") is None


def test_what_may_be_left_out():
    assert Reading(1.0, Quality.GOOD, None, 0.0).why == ""
    assert ModeState(Mode.OFF, Mode.OFF).reasons == ()
    assert WriteReceipt("sp", WriteOutcome.UNKNOWN, 1.0) == WriteReceipt("sp", WriteOutcome.UNKNOWN, 1.0, None, "")
    assert Refusal("range_hi", "sp").detail == {}
    assert PlcState() == NOTHING
    assert BeatFrame(1, 2, Mode.OFF).mode_request is Mode.OFF
