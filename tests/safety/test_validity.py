from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.signals import Instant, Reading, Snapshot
from safety.validity import ValidityMemory, ValidityRule, validate
from tests.safety.looks import BAD, ESTIMATED, GOOD, UNCERTAIN, UTC_S, Tag


def test_good():
    found = Tag(lo=0.0, hi=5.0).warm().look(20.0, 3.0)
    assert found == Reading(3.0, GOOD, UTC_S + 20.0, 20.0)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, "nan"), (math.inf, "nan"), (-math.inf, "nan"),
        (9.99e-31, "tiny"), (-9.99e-31, "tiny"), (5e-324, "tiny"), (2.4e-41, "tiny"),
        (1e-30, "good"), (0.0, "good"), (-0.0, "good"),
        (math.nextafter(5.0, 9.0), "range_hi"), (5.0, "good"), (math.nextafter(-5.0, -9.0), "range_lo"), (-5.0, "good"),
    ],
)  # fmt: skip
def test_i28_numbers(value, why):
    assert Tag(lo=-5.0, hi=5.0).warm().says(20.0, value) == why


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (3.6, "wire"), (0.0, "wire"), (-4.0, "wire"), (21.0, "wire"), (25.0, "wire"),
        (math.nextafter(3.6, 4.0), "pinned"), (math.nextafter(3.8, 0.0), "pinned"),
        (math.nextafter(20.5, 99.0), "pinned"),
        (math.nextafter(21.0, 0.0), "pinned"), (3.8, "good"), (20.5, "good"), (12.0, "good"),
    ],
)  # fmt: skip
def test_ne_43(value, why):
    assert Tag(signal_4_20=True).warm(value=12.0).says(20.0, value) == why
    assert Tag(signal_4_20=False).warm().says(20.0, value) == "good"


@pytest.mark.parametrize(
    ("quality", "why", "found"),
    [
        (BAD, "", "bad_status"), (BAD, "sensor_failure", "sensor_failure"), (BAD, "comm", "comm"),
        (BAD, "late", "late"),
        (UNCERTAIN, "", "uncertain"), (UNCERTAIN, "last_usable", "last_usable"), (UNCERTAIN, "forced", "forced"),
        (GOOD, "forced", "forced"), (GOOD, "initial", "initial"), (UNCERTAIN, "initial", "initial"),
        (ESTIMATED, "", "bad_status"), (GOOD, "", "good"), (GOOD, "noted", "good"),
    ],
)  # fmt: skip
def test_i30_statuses(quality, why, found):
    assert Tag().warm().says(20.0, 1.0, quality, why) == found


@pytest.mark.parametrize(
    ("quality", "why", "found"),
    [(UNCERTAIN, "", "good"), (UNCERTAIN, "sub_normal", "good"), (UNCERTAIN, "forced", "forced"),
     (UNCERTAIN, "initial", "initial"), (BAD, "", "bad_status"), (ESTIMATED, "", "bad_status")],
)  # fmt: skip
def test_uncertain_may_be_taken_as_good_but_never_forced(quality, why, found):
    assert Tag(uncertain_as_good=True).warm().says(20.0, 1.0, quality, why) == found


def test_a_bad_status_hides_a_plausible_value():
    tag = Tag(lo=0.0, hi=5.0).warm()
    assert tag.says(20.0, 3.0, BAD) == "bad_status"
    assert tag.says(21.0, math.nan, BAD) == "bad_status"
    assert tag.says(22.0, 3.0) == "good"


def test_a_tag_without_a_reading_is_bad():
    raw = Snapshot(1, Instant(5.0, UTC_S), {})
    found, _ = validate(raw, {"x": ValidityRule()}, ValidityMemory())
    reading = found.readings["x"]
    assert (reading.quality, reading.why, reading.received_at_s) == (BAD, "no_value", 5.0)
    assert math.isnan(reading.value)


def test_a_tag_without_a_rule_is_judged_by_receiving():
    raw = Snapshot(1, Instant(5.0, UTC_S), {"x": Reading(1.0, GOOD, UTC_S - 1e6, 5.0)})
    found, memory = validate(raw, {}, ValidityMemory())
    assert found.good("x") == 1.0
    raw = Snapshot(2, Instant(35.1, UTC_S), {"x": Reading(1.0, GOOD, UTC_S, 5.0)})
    assert validate(raw, {}, memory)[0].readings["x"].why == "stale"


def test_tags_do_not_touch_each_other():
    raw = Snapshot(
        1, Instant(5.0, UTC_S), {"a": Reading(math.nan, GOOD, None, 5.0), "b": Reading(2.0, GOOD, None, 5.0)}
    )
    found, _ = validate(raw, {}, ValidityMemory())
    assert (found.good("a"), found.good("b")) == (None, 2.0)


class TestFreshness:
    def test_the_first_stamp_proves_nothing(self):
        tag = Tag()
        assert tag.says(0.0, stamp=UTC_S - 1e7) == "initial"
        assert tag.says(1.0, stamp=UTC_S - 1e7) == "initial"
        assert tag.says(2.0, stamp=UTC_S - 1e7 + 0.001) == "good"

    def test_i29_a_stamp_that_does_not_advance_goes_stale(self):
        tag = Tag(stale_s=30.0).warm(10.0)
        assert tag.says(40.0, stamp=UTC_S + 10.0) == "good"
        assert tag.says(math.nextafter(40.0, 99.0), stamp=UTC_S + 10.0) == "stale"
        assert tag.says(41.0, stamp=UTC_S + 10.1) == "good"

    def test_a_fresh_value_under_an_old_stamp_does_not_help(self):
        tag = Tag(stale_s=30.0).warm(10.0)
        assert tag.says(41.0, 2.0, stamp=UTC_S + 10.0) == "stale"

    def test_what_was_received_long_ago_is_stale_however_new_its_stamp(self):
        tag = Tag(stale_s=30.0).warm(10.0)
        assert tag.says(50.0, stamp=UTC_S + 19.0, received=19.0) == "stale"

    def test_i34_age_runs_on_our_monotonic_clock(self):
        tag = Tag(stale_s=30.0).warm(10.0)
        reading = tag.look(20.0, stamp=UTC_S - 5e6, utc=UTC_S + 9e6)
        assert reading.why == ""
        assert reading.received_at_s == 10.0  # the older stamp is no new sample
        assert tag.says(30.0, stamp=UTC_S - 5e6 + 1.0, utc=UTC_S - 9e6) == "good"

    def test_a_device_clock_set_back_must_advance_from_there(self):
        tag = Tag(stale_s=30.0).warm(10.0)
        assert tag.says(20.0, stamp=UTC_S - 3600.0) == "good"
        assert tag.says(40.5, stamp=UTC_S - 3600.0) == "stale"
        assert tag.says(41.0, stamp=UTC_S - 3599.0) == "good"

    def test_without_stamps_receiving_counts(self):
        tag = Tag(stamped=False, stale_s=30.0).warm(10.0)
        assert tag.says(40.0, received=10.0) == "good"
        assert tag.says(40.1, received=10.0) == "stale"
        assert tag.says(41.0, received=40.5) == "good"

    def test_stamps_can_be_ignored(self):
        tag = Tag(stamp="ignore", stale_s=30.0)
        for now in (0.0, 40.0, 80.0):
            assert tag.says(now, stamp=0.0) == "good"

    @pytest.mark.parametrize(
        ("stamp", "why"),
        [
            (UTC_S + 80.0, "good"), (math.nextafter(UTC_S + 80.0, 9e9), "future"), (math.inf, "future"),
            (math.nan, "future"),
            (9e9, "future"), (0.0, "unset_clock"), (946_684_799.9, "unset_clock"), (-math.inf, "unset_clock"),
            (946_684_800.0, "good"),
        ],
    )  # fmt: skip
    def test_i29_stamps_that_cannot_be_true(self, stamp, why):
        assert Tag(future_s=60.0).warm().says(20.0, stamp=stamp) == why

    @pytest.mark.parametrize("received", [20.1, math.nan, math.inf])
    def test_nothing_is_received_in_the_future(self, received):
        assert Tag().warm().says(20.0, received=received) == "future"

    def test_an_impossible_stamp_is_not_remembered(self):
        tag = Tag(stale_s=30.0)
        assert tag.says(0.0) == "initial"
        assert tag.says(1.0, stamp=math.inf) == "future"
        assert tag.says(2.0, stamp=UTC_S) == "initial"
        assert tag.says(3.0, stamp=UTC_S + 0.1) == "good"

    def test_i34_the_future_is_told_by_the_first_wall_clock_only(self):
        tag = Tag(future_s=60.0).warm()
        assert tag.says(20.0, stamp=UTC_S + 81.0, utc=UTC_S + 1e6) == "future"
        assert tag.says(20.0, stamp=UTC_S + 79.0, utc=UTC_S - 1e6) == "good"

    def test_frozen(self):
        tag = Tag(frozen_s=100.0).warm(10.0)  # unchanged since 9
        assert tag.says(109.0) == "good"
        assert tag.says(math.nextafter(109.0, 999.0)) == "frozen"
        assert tag.says(120.0, math.nextafter(1.0, 2.0)) == "good"
        assert tag.says(219.0, math.nextafter(1.0, 2.0)) == "good"


class TestReconnect:
    @pytest.mark.parametrize("why", ["comm", "late", "no_value"])
    def test_i32_a_sample_taken_after_the_return_is_needed(self, why):
        tag = Tag().warm(10.0)
        assert tag.says(20.0, math.nan, BAD, why) == why
        assert tag.says(30.0, stamp=UTC_S + 25.0) == "reconnect"  # may have been taken while the link was down
        assert tag.says(31.0, stamp=UTC_S + 25.0) == "reconnect"
        assert tag.says(32.0, stamp=UTC_S + 26.0) == "good"

    def test_i32_also_where_it_was_never_good_before(self):
        tag = Tag()
        assert tag.says(0.0, math.nan, BAD, "comm") == "comm"
        assert tag.says(1.0) == "initial"
        assert tag.says(2.0) == "good"

    def test_i32_without_stamps_it_must_be_received_after_the_loss(self):
        tag = Tag(stamped=False).warm(10.0)
        assert tag.says(20.0, math.nan, BAD, "comm") == "comm"
        assert tag.says(25.0, received=10.0) == "reconnect"
        tag.says(26.0, math.nan, BAD, "comm")
        assert tag.says(30.0, received=15.0) == "reconnect"
        assert tag.says(31.0, received=15.0) == "reconnect"
        assert tag.says(32.0, received=31.5) == "good"
        tag.says(40.0, math.nan, BAD, "comm")
        assert tag.says(41.0, received=40.0) == "reconnect"
        tag.says(50.0, math.nan, BAD, "comm")
        assert tag.says(51.0, received=50.5) == "good"

    def test_a_bad_status_is_no_loss(self):
        tag = Tag().warm(10.0)
        tag.says(20.0, 1.0, BAD)
        assert tag.says(30.0) == "good"

    def test_an_old_stamp_after_a_loss_is_the_new_base(self):
        tag = Tag().warm(10.0)
        tag.says(20.0, math.nan, BAD, "comm")
        assert tag.says(30.0, stamp=UTC_S + 5.0) == "reconnect"
        assert tag.says(31.0, stamp=UTC_S + 6.0) == "good"


class TestRate:
    def steps(self, values, **rule):
        tag = Tag(rate_per_s_max=1.0, stale_s=1e3, **rule).warm(10.0)
        return [tag.look(11.0 + n, value) for n, value in enumerate(values)]

    def kinds(self, values, **rule):
        return [(reading.quality.value[0], reading.why) for reading in self.steps(values, **rule)]

    def test_at_the_limit_it_is_good(self):
        assert self.kinds([2.0, 3.0, 2.0]) == [("g", "")] * 3

    def test_f12_one_spike_is_held_over(self):
        first, second = self.steps([2.1, 1.5])
        assert (first.quality, first.value, first.why) == (ESTIMATED, 1.0, "rate")
        assert (second.quality, second.value) == (GOOD, 1.5)

    def test_downward_too(self):
        assert self.kinds([-0.1]) == [("e", "rate")]

    def test_a_persistent_new_level_is_believed_at_the_third_sample(self):
        assert self.kinds([50.0, 50.5, 50.2, 50.1]) == [("e", "rate"), ("b", "rate"), ("g", ""), ("g", "")]

    def test_wild_samples_never_are(self):
        assert self.kinds([50.0, 90.0, 50.0, 90.0, 50.0, 90.0])[1:] == [("b", "rate")] * 5

    def test_the_third_must_agree_with_the_second(self):
        assert self.kinds([50.0, 50.5, 80.0, 80.1, 80.2])[2:] == [("b", "rate"), ("b", "rate"), ("g", "")]

    def test_a_bad_sample_between_breaks_the_agreement(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert [tag.says(11.0, 50.0), tag.says(12.0, 50.0), tag.says(13.0, 50.0, BAD)] == ["rate", "rate", "bad_status"]
        assert [tag.says(14.0, 50.0), tag.says(15.0, 50.1), tag.says(16.0, 50.2)] == ["rate", "rate", "good"]

    def test_looking_twice_at_one_sample_is_one_sample(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        for now in (11.0, 11.1, 11.2, 11.3):
            reading = tag.look(now, 50.0, stamp=UTC_S + 11.0)
            assert (reading.quality, reading.why) == (ESTIMATED, "rate")

    def test_a_value_that_changes_under_the_same_stamp_is_judged(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.says(10.5, 1.1, stamp=UTC_S + 10.0) == "rate"

    def test_the_longer_of_both_clocks_counts(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.says(10.1, 6.0, stamp=UTC_S + 15.0) == "good"
        assert tag.says(20.1, 16.0, stamp=UTC_S + 15.1) == "good"

    def test_a_long_silence_allows_a_long_way(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        tag.says(11.0, math.nan, BAD, "comm")
        tag.says(109.0, 101.0)
        assert tag.says(110.0, 101.0) == "good"

    def test_a_loss_ends_a_spike(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        tag.says(11.0, 50.0)
        tag.says(12.0, math.nan, BAD, "comm")
        tag.says(13.0, 50.0)
        assert tag.look(14.0, 50.0).quality is ESTIMATED

    def test_no_limit_no_spike(self):
        tag = Tag().warm(10.0)
        assert tag.says(10.0, 1e300, stamp=UTC_S + 10.0) == "good"


class TestHold:
    @pytest.mark.parametrize(
        "bad", [(1.0, BAD, ""), (1.0, UNCERTAIN, ""), (math.nan, BAD, "comm"), (9e9, GOOD, ""), (1.0, GOOD, "forced")]
    )
    def test_the_last_good_value_stands_in(self, bad):
        tag = Tag(hi=1e6, hold_s=30.0).warm(10.0)
        held = tag.look(40.0, *bad)
        assert (held.quality, held.value, held.good, held.usable) == (ESTIMATED, 1.0, False, True)
        assert held.why
        assert tag.look(40.1, *bad).quality is BAD

    def test_what_the_device_said_is_kept(self):
        held = Tag(hold_s=30.0).warm(10.0).look(20.0, 1.0, BAD)
        assert held == Reading(1.0, ESTIMATED, UTC_S + 20.0, 20.0, "bad_status")

    def test_a_stale_value_can_be_held_too(self):
        tag = Tag(stale_s=5.0, hold_s=30.0).warm(10.0)
        assert tag.says(15.0, stamp=UTC_S + 10.0) == "good"
        assert tag.look(45.0, stamp=UTC_S + 10.0).quality is ESTIMATED
        assert tag.look(45.1, stamp=UTC_S + 10.0).quality is BAD

    def test_without_a_last_good_value_there_is_nothing_to_hold(self):
        assert Tag(hold_s=math.inf).look(1.0).quality is BAD

    def test_by_default_nothing_is_held(self):
        assert Tag().warm(10.0).look(10.1, 1.0, BAD).quality is BAD


def test_the_memory_can_be_stored():
    tag = Tag(rate_per_s_max=1.0).warm(10.0)
    tag.look(11.0, 50.0)
    assert pickle.loads(pickle.dumps(tag.memory)) == tag.memory  # noqa: S301


LOOKS = st.lists(
    st.tuples(
        st.floats(0.0, 40.0),
        st.one_of(st.floats(-10, 10), st.just(1.0), st.just(math.nan), st.just(1e-35)),
        st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD]),
        st.sampled_from(["", "", "comm", "forced"]),
        st.floats(-50.0, 90.0),
    ),
    max_size=12,
)


@given(LOOKS, st.lists(st.floats(-1e9, 1e9), min_size=12, max_size=12))
def test_i34_stepping_the_wall_clock_changes_nothing(looks, steps):
    plain, stepped = (Tag(rate_per_s_max=1.0, frozen_s=60.0, hold_s=20.0, lo=-5.0, hi=5.0) for _ in range(2))
    now = 0.0
    assert repr(plain.look(now)) == repr(stepped.look(now))
    for (pause, value, quality, why, lag), step in zip(looks, steps, strict=False):
        now += pause
        one = plain.look(now, value, quality, why, stamp=UTC_S + now + lag)
        other = stepped.look(now, value, quality, why, stamp=UTC_S + now + lag, utc=UTC_S + now + step)
        assert repr(one) == repr(other)


@given(LOOKS, st.floats(0.0, 100.0), st.floats(0.0, 60.0))
def test_i28_i30_whatever_comes_good_is_in_order(looks, frozen_s, hold_s):
    tag, now = Tag(frozen_s=frozen_s, hold_s=hold_s, lo=-5.0, hi=5.0), 0.0
    for pause, value, quality, why, lag in looks:
        now += pause
        found = tag.look(now, value, quality, why, stamp=UTC_S + now + lag)
        assert found.quality in (GOOD, ESTIMATED, BAD)
        if found.quality is GOOD:
            assert quality is GOOD
            assert why != "forced"
            assert lag <= 60.0
            assert -5.0 <= found.value <= 5.0
            assert found.value == value
            assert found.value == 0.0 or abs(found.value) >= 1e-30
        assert (found.quality is GOOD) == (found.why == "")
