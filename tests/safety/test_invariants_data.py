"""I-28 to I-32: whatever a driver says, in any order: a good value is a number in range, fresh, moving, of this link.

What a good value may be is said here a second time, from the raw readings alone.
"""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from safety.signals import Instant, Quality, Reading, Snapshot
from safety.validity import ValidityMemory, ValidityRule, validate
from tests.safety.words import UTC_S

RULE = ValidityRule(lo=0.0, hi=400.0, stale_s=30.0, frozen_s=45.0, hold_s=20.0)
VALUES = (
    st.sampled_from([20.0, 20.5, 21.0, math.nan, math.inf, -math.inf, 2.4e-41, -1e-31, -0.5, 401.0, 0.0]) | st.floats()
)
RAW = st.tuples(
    VALUES,
    st.sampled_from([Quality.GOOD] * 6 + [Quality.BAD, Quality.UNCERTAIN, Quality.ESTIMATED]),
    st.sampled_from([""] * 8 + ["forced", "initial", "comm", "late"]),
    st.sampled_from([0.0, 0.0, 0.0, -5.0, -31.0, 70.0]),  # how far its stamp is from now
    st.sampled_from([True, True, True, False]),  # a new sample was taken
)
LOOKS = st.lists(st.none() | RAW, min_size=1, max_size=10)


def looks(raws, every_s=10.0):
    """``(now, raw or None, validated reading)`` over looks ``every_s`` apart."""
    memory, stamp_s = ValidityMemory(), UTC_S - 100.0
    for n, raw in enumerate(raws):
        now = 1000.0 + every_s * n
        readings = {}
        if raw is not None:
            value, quality, why, off_s, new = raw
            stamp_s = UTC_S + now + off_s if new else stamp_s
            readings = {"x": Reading(value, quality, stamp_s, now, why)}
        done, memory = validate(Snapshot(n, Instant(now, UTC_S + now), readings), {"x": RULE}, memory)
        yield now, readings.get("x"), done


@given(LOOKS)
def test_i28_i30_a_good_value_is_a_number_in_range_that_nobody_forced(raws):
    for _, raw, done in looks(raws):
        value = done.good("x")
        if value is None:
            continue
        assert raw.quality is Quality.GOOD
        assert raw.why not in ("forced", "initial", "comm", "late")
        assert value == raw.value
        assert math.isfinite(value)
        assert value == 0.0 or abs(value) >= 1e-30
        assert RULE.lo <= value <= RULE.hi


@given(LOOKS)
def test_i28_every_reading_is_good_estimated_or_bad_and_only_a_number_is_usable(raws):
    for _, _, done in looks(raws):
        reading = done.readings["x"]
        assert reading.quality is not Quality.UNCERTAIN
        assert bool(reading.why) == (reading.quality is not Quality.GOOD)
        assert math.isfinite(reading.value) == (reading.quality is not Quality.BAD)
        assert not (reading.quality is not Quality.GOOD and done.good("x") is not None)


@given(LOOKS)
def test_i29_a_good_value_was_sampled_within_its_age_and_not_in_the_future(raws):
    newest_s, advanced_at = -math.inf, -math.inf
    for now, raw, done in looks(raws):
        if raw is not None and raw.source_utc_s <= UTC_S + now + RULE.future_s and raw.source_utc_s != newest_s:
            newest_s, advanced_at = raw.source_utc_s, now
        if done.good("x") is not None:
            assert now - advanced_at <= RULE.stale_s
            assert raw.source_utc_s <= UTC_S + now + RULE.future_s


@given(LOOKS)
def test_i31_a_number_that_stays_the_same_too_long_is_frozen(raws):
    number, since_s = math.nan, -math.inf
    for now, raw, done in looks(raws):
        if raw is not None and raw.value != number and raw.source_utc_s <= UTC_S + now + RULE.future_s:
            number, since_s = raw.value, now
        if done.good("x") is not None:
            assert now - since_s <= RULE.frozen_s


def test_i31_it_is_good_until_its_time_and_again_when_it_moves():
    steady = (20.0, Quality.GOOD, "", 0.0, True)
    why = [done.readings["x"].why for _, _, done in looks([steady] * 7 + [(20.5, *steady[1:])])]
    assert why == ["initial", "", "", "", "", "frozen", "frozen", ""]


@given(LOOKS)
def test_i32_after_a_loss_only_a_sample_taken_since_is_used(raws):
    """The first stamp after a loss may be of before it: a later one must follow before anything is good."""
    lost, first_s = True, None
    for now, raw, done in looks(raws):
        if raw is None or (raw.quality is Quality.BAD and raw.why in ("comm", "late")):
            lost, first_s = True, None
            assert done.good("x") is None
            continue
        if done.good("x") is not None:
            assert not lost or (first_s is not None and raw.source_utc_s > first_s)
            lost = False
        elif lost and UTC_S + now + RULE.future_s >= raw.source_utc_s:
            first_s = raw.source_utc_s if first_s is None else min(first_s, raw.source_utc_s)
