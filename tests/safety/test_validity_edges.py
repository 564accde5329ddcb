"""The corners of validity that a small change of the code would move unnoticed."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.signals import Instant, Reading, Snapshot
from safety.validity import UNRULED, TagMemory, ValidityMemory, ValidityRule, validate
from tests.safety.looks import BAD, ESTIMATED, GOOD, UNCERTAIN, UTC_S, Tag


def again(value):
    """The same number as another object."""
    return float(repr(value))


def test_what_is_not_said_in_a_rule():
    """Written a second time."""
    assert dataclasses.asdict(ValidityRule()) == {
        "lo": -math.inf, "hi": math.inf, "rate_per_s_max": math.inf, "stale_s": 30.0, "frozen_s": math.inf,
        "hold_s": 0.0, "uncertain_as_good": False, "signal_4_20": False, "stamp": "advance", "future_s": 60.0,
    }  # fmt: skip
    assert ValidityRule(stamp="ignore") == UNRULED


@pytest.mark.parametrize("words", [ValidityRule(), ValidityMemory()])
def test_rules_and_memory_cannot_be_changed(words):
    name = dataclasses.fields(words)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(words, name, 1.0)
    assert not hasattr(words, "__dict__")


def test_the_numbers_of_a_rule_are_named():
    with pytest.raises(TypeError):
        ValidityRule(0.0, 5.0)


def test_what_is_remembered_of_a_tag_that_never_answered():
    tag = Tag()
    tag.says(5.0, math.nan, BAD, "comm")
    assert tag.memory.tags["x"] == TagMemory(None, True, 5.0, -math.inf, None, -math.inf, 0, 0)
    assert TagMemory() == (None, True, None, -math.inf, None, -math.inf, 0, 0)


class TestTheSameReadingIsHandedOn:
    def looked(self, reading, **rule):
        """The reading and what becomes of it, after an earlier good one."""
        before = Snapshot(1, Instant(9.0, UTC_S + 9.0), {"x": Reading(1.0, GOOD, None, 9.0)})
        _, memory = validate(before, {"x": ValidityRule(**rule)}, ValidityMemory())
        raw = Snapshot(2, Instant(10.0, UTC_S + 10.0), {"x": reading})
        return validate(raw, {"x": ValidityRule(**rule)}, memory)[0].readings["x"]

    def test_where_it_is_good_as_it_is(self):
        reading = Reading(1.0, GOOD, None, 10.0)
        assert self.looked(reading) is reading

    def test_but_not_with_the_drivers_doubt(self):
        found = self.looked(Reading(1.0, UNCERTAIN, None, 10.0), uncertain_as_good=True)
        assert found == Reading(1.0, GOOD, None, 10.0)

    def test_nor_with_the_drivers_remark(self):
        assert self.looked(Reading(1.0, GOOD, None, 10.0, "noted")) == Reading(1.0, GOOD, None, 10.0)

    def test_nor_with_the_time_of_another_look(self):
        assert self.looked(Reading(1.0, GOOD, None, 8.5)) == Reading(1.0, GOOD, None, 9.0)


class TestWhenItChanged:
    def test_a_fall_is_a_change_as_well_as_a_rise(self):
        tag = Tag(frozen_s=100.0).warm(10.0)
        assert tag.says(60.0, 0.9) == "good"
        assert tag.says(160.0, again(0.9)) == "good"
        assert tag.says(160.1, again(0.9)) == "frozen"

    def test_the_same_number_read_anew_is_no_change(self):
        tag = Tag(frozen_s=100.0)
        for now in (9.0, 10.0, 60.0):
            tag.look(now, again(1.1))
        assert tag.says(109.5, again(1.1)) == "frozen"

    def test_a_sample_received_never_proves_nothing(self):
        tag = Tag(stamped=False, stale_s=math.inf)
        assert tag.says(1.0, received=-math.inf) == "initial"


class TestHowFarItCanHaveMoved:
    def test_our_own_clock_counts_where_the_stamps_stand_almost_still(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.says(25.0, 16.0, stamp=UTC_S + 10.5) == "good"
        assert tag.says(40.0, 31.1, stamp=UTC_S + 11.0) == "rate"

    def test_a_device_clock_set_back_excuses_no_jump(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.says(11.0, 50.0, stamp=UTC_S - 3600.0) == "rate"

    def test_a_fall_under_the_same_stamp_is_judged(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.says(10.5, 0.9, stamp=UTC_S + 10.0) == "rate"

    def test_the_same_sample_read_anew_counts_once(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        for now in (11.0, 11.2, 11.4, 11.6):
            assert tag.look(now, again(50.5), stamp=again(UTC_S + 11.0)).quality is ESTIMATED

    def test_under_an_older_stamp_it_is_another_sample(self):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.look(11.0, 50.0).quality is ESTIMATED
        assert tag.look(11.2, 50.0, stamp=UTC_S + 10.5).quality is BAD


class TestOnlyTheJumpItselfIsHeldOver:
    @pytest.mark.parametrize(
        "bad", [(math.nan, GOOD, ""), (1.0, BAD, ""), (1.0, BAD, "sensor_failure"), (1.0, UNCERTAIN, "")]
    )
    def test_and_no_other_trouble_after_it(self, bad):
        tag = Tag(rate_per_s_max=1.0).warm(10.0)
        assert tag.look(11.0, 50.0).quality is ESTIMATED
        assert tag.look(12.0, *bad).quality is BAD

    def test_nor_what_a_driver_calls_by_that_name(self):
        assert Tag(rate_per_s_max=1.0).warm(10.0).look(11.0, 1.0, BAD, "rate").quality is BAD


LOOKS = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 20.0]),
        st.sampled_from([1.0, 1.5, 50.0, 50.5, 90.0, math.nan]),
        st.sampled_from([GOOD, GOOD, GOOD, GOOD, BAD]),
        st.sampled_from(["", "", "", "comm"]),
        st.sampled_from([0.0, 0.0, -0.7, -30.0]),
    ),
    max_size=14,
)


@given(LOOKS)
def test_no_more_samples_agree_than_jumped(looks):
    tag, now = Tag(rate_per_s_max=1.0), 0.0
    for pause, value, quality, why, lag in looks:
        now += pause
        tag.look(now, value, quality, why, stamp=UTC_S + now + lag)
        memory = tag.memory.tags["x"]
        assert 0 <= memory.agreeing <= memory.jumps
        assert memory.jumps == 0 or memory.good is not None
        assert memory.agreeing < 3
