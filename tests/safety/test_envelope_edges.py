"""An envelope with nothing but what it must have, and limits that cross."""

from __future__ import annotations

import math

import pytest

from safety.envelope import Envelope, ScheduledLimits, Track, Written, check, step_to
from tests.safety.words import snapshot

LEAST = {"lo": -50.0, "hi": 50.0, "step_up": 1.0, "step_down": 1.0, "rate_up_per_min": 1.0, "rate_down_per_min": 1.0}


def test_what_an_envelope_has_when_nothing_is_said():
    """A window of five minutes in which any change is allowed, no readback, no second range."""
    assert Envelope(**LEAST) == Envelope(
        **LEAST, window_s=300.0, window_delta=math.inf, distance_from_measured=math.inf, readback=None, scheduled=None
    )


def test_without_scheduled_limits_none_hold():
    assert Envelope(**LEAST).scheduled_limits(snapshot({})) == (-math.inf, math.inf)


def test_no_limit_of_distance_in_another_spelling():
    """Two infinities are one number, but not one object."""
    assert Envelope(**LEAST, distance_from_measured=float("inf")).readback is None


@pytest.mark.parametrize(
    "points", [(), ((0.0, 1.0, 2.0),), ((0.0, 3.0, 2.0), (1.0, 1.0, 2.0)), ((0.0, 2.0, 2.0), (1.0, 1.0, 2.0))]
)
def test_scheduled_limits_that_leave_no_room(points):
    with pytest.raises(ValueError, match="two points or more"):
        ScheduledLimits("T", points)


def test_the_numbers_of_a_step_are_given_by_name():
    """Where it stands and where it is measured are easily swapped."""
    with pytest.raises(TypeError):
        step_to("sp", 181.0, 180.0, 180.0, (150.0, 205.0), Track())


@pytest.mark.parametrize(
    ("writes", "rise", "fall"),
    [
        ((), 1.0, -1.0),
        ((Written(1.0, 170.0, 190.0),), 11.0, 9.0),
        ((Written(0.0, 100.0, 300.0), Written(1.0, 170.0, 190.0)), 11.0, 9.0),
        ((Written(0.0, 100.0, 300.0), Written(0.5, 100.0, 300.0), Written(1.0, 170.0, 190.0)), 11.0, 9.0),
    ],
)
def test_i08_a_step_starts_at_the_worst_place_of_the_last_write(writes, rise, fall):
    step = step_to("sp", 181.0, actual=180.0, measured=None, scheduled=(0.0, 300.0), track=Track(writes))
    assert (step.rise, step.fall) == (rise, fall)


@pytest.mark.parametrize(("value", "code", "limit"), [(41.0, "scheduled_hi", 40.0), (-31.0, "scheduled_lo", -30.0)])
def test_a_refusal_names_the_limit_that_was_passed(value, code, limit):
    step = step_to("sp", value, actual=0.0, measured=None, scheduled=(-30.0, 40.0), track=Track())
    (found,) = [each for each in check(step, Envelope(**LEAST), Track(), 0.0) if each.code == code]
    assert found.detail == {"value": value, "size": value, "limit": limit}


def test_what_was_forgotten_leaves_the_rest_of_the_track_as_it_was():
    """Of two writes before the window only the later one, which stood when it began, still counts."""
    old, stood, new = Written(0.0, 1.0, 1.0), Written(5.0, 2.0, 2.0), Written(10.0, 3.0, 3.0)
    for recent in ((), (new,)):
        track = Track((old, stood, *recent), paid_until_s=4.0, expected=3.0)
        assert track.since(7.0) == Track((stood, *recent), paid_until_s=4.0, expected=3.0)
        assert track.since(5.0) == track
