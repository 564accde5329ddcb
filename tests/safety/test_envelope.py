from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.envelope import Step, Track, Written, check, paid_until, step_to
from tests.safety.words import HI, LO, envelope

UP, DOWN = math.inf, -math.inf
FREE = (-math.inf, math.inf)


def codes(value, *, actual=180.0, measured=180.0, track=None, now=1000.0, **changes):
    track = track or Track()
    limits = envelope(**{"step_up": 1e9, "step_down": 1e9, "distance_from_measured": 1e9, **changes})
    step = step_to("sp", value, actual=actual, measured=measured, scheduled=FREE, track=track)
    return [refusal.code for refusal in check(step, limits, track, now)]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (LO, []),
        (HI, []),
        (math.nextafter(LO, DOWN), ["range_lo"]),
        (math.nextafter(HI, UP), ["range_hi"]),
        (math.inf, ["range_hi", "step_up", "distance"]),
        (-math.inf, ["range_lo", "step_down", "distance"]),
        (math.nan, ["range_hi", "range_lo", "scheduled_hi", "scheduled_lo", "step_up", "step_down", "distance"]),
    ],
)
def test_i01_range(value, found):
    assert codes(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (181.0, []),
        (math.nextafter(181.0, UP), ["step_up"]),
        (178.0, []),
        (math.nextafter(178.0, DOWN), ["step_down"]),
    ],
)
def test_i08_step(value, found):
    assert codes(value, step_up=1.0, step_down=2.0) == found


def test_i08_the_step_is_seen_from_the_worst_place():
    unknown = Track((Written(0.0, 50.0, 60.0), Written(990.0, 179.5, 180.5)))
    assert codes(181.0, step_up=1.5, step_down=1.5, window_delta=1e9, track=unknown) == []
    assert codes(181.1, step_up=1.5, step_down=1.5, window_delta=1e9, track=unknown) == ["step_up"]
    assert codes(179.0, step_up=1.5, step_down=1.5, window_delta=1e9, track=unknown) == []
    assert codes(178.9, step_up=1.5, step_down=1.5, window_delta=1e9, track=unknown) == ["step_down"]


@pytest.mark.parametrize(
    ("value", "found"),
    [(188.0, []), (math.nextafter(188.0, UP), ["window"]), (172.0, []), (math.nextafter(172.0, DOWN), ["window"])],
)
def test_i08_window(value, found):
    assert codes(value, actual=value, track=Track((Written(1000.0, 180.0, 180.0),)), window_delta=8.0) == found


def test_i08_the_window_counts_unknown_writes_in_the_worst_direction():
    track = Track((Written(900.0, 176.0, 184.0), Written(950.0, 180.0, 180.0)))
    assert codes(184.0, track=track) == []
    assert codes(184.1, track=track) == ["window"]
    assert codes(176.0, track=track) == []
    assert codes(175.9, track=track) == ["window"]


def test_the_window_begins_with_what_stood_at_its_beginning():
    older, old, new = Written(100.0, 100.0, 100.0), Written(600.0, 160.0, 160.0), Written(700.0, 180.0, 180.0)
    track = Track((older, old, new))
    assert track.since(700.0).writes == (old, new)
    assert track.since(700.1).writes == (new,)
    assert track.since(99.0).writes == (older, old, new)
    assert track.since(100.0).writes == (older, old, new)
    assert track.since(100.1).writes == (older, old, new)
    assert track.since(600.1).writes == (old, new)
    assert Track().since(0.0) == Track()
    assert codes(180.0, track=track, now=1000.0) == ["window"]
    assert codes(180.0, track=track, now=1000.1) == []


@pytest.mark.parametrize(
    ("measured", "found"),
    [(150.0, []), (math.nextafter(150.0, DOWN), ["distance"]), (210.0, []),
     (math.nextafter(210.0, UP), ["distance"]), (None, [])],
)  # fmt: skip
def test_distance_from_measured(measured, found):
    assert codes(180.0, measured=measured, distance_from_measured=30.0) == found


@pytest.mark.parametrize("changes", [{"lo": -math.inf}, {"hi": math.inf}])
def test_an_infinite_range_is_no_range(changes):
    assert codes(180.0, **changes) == ["no_limits"]


def test_refusals_carry_their_numbers():
    limits = envelope()
    step = step_to(
        "sp", 210.0, actual=180.0, measured=100.0, scheduled=FREE, track=Track((Written(999.0, 180.0, 180.0),))
    )
    found = {each.code: (each.subject, dict(each.detail)) for each in check(step, limits, Track(), 1000.0)}
    assert found["range_hi"] == ("sp", {"value": 210.0, "size": 210.0, "limit": 205.0})
    assert found["step_up"] == ("sp", {"value": 210.0, "size": 30.0, "limit": 1.0})
    assert found["distance"] == ("sp", {"value": 210.0, "size": 110.0, "limit": 30.0})
    track = Track((Written(999.0, 180.0, 180.0),))
    step = step_to("sp", 140.0, actual=180.0, measured=None, scheduled=FREE, track=track)
    found = {each.code: dict(each.detail) for each in check(step, limits, track, 1000.0)}
    assert found == {
        "range_lo": {"value": 140.0, "size": 140.0, "limit": 150.0},
        "step_down": {"value": 140.0, "size": 40.0, "limit": 2.0},
        "window": {"value": 140.0, "size": 40.0, "limit": 8.0},
    }
    (refusal,) = check(
        step_to("sp", 180.0, actual=180.0, measured=None, scheduled=FREE, track=Track()),
        envelope(hi=math.inf),
        Track(),
        0.0,
    )
    assert refusal.detail["size"] == 180.0
    assert math.isnan(refusal.detail["limit"])


def test_what_is_not_known_does_not_count():
    assert codes(180.0, window_delta=0.0) == []
    assert codes(180.0, measured=None, distance_from_measured=0.0) == []


@pytest.mark.parametrize(
    ("rise", "fall", "paid"),
    [
        (0.0, 0.0, 900.0),
        (1.0, -1.0, 930.0),  # 1 unit at 2 per minute
        (-1.0, 1.0, 915.0),  # 1 unit at 4 per minute
        (1.0, 3.0, 945.0),  # the dearer of both
        (-5.0, -5.0, 900.0),
    ],
)
def test_moving_costs_time(rise, fall, paid):
    step = Step(mv="sp", value=180.0, rise=rise, fall=fall, measured=None, scheduled=FREE)
    assert paid_until(step, envelope(), Track(paid_until_s=900.0), 1000.0) == paid
    assert paid_until(step, envelope(), Track((Written(900.0, 0.0, 0.0),), 800.0), 1000.0) == paid
    assert (
        paid_until(step, envelope(), Track((Written(950.0, 0.0, 0.0), Written(800.0, 0.0, 0.0)), 900.0), 1000.0) == paid
    )


def test_a_slow_rate_is_a_rate():
    step = Step(mv="sp", value=180.0, rise=1.0, fall=1.0, measured=None, scheduled=FREE)
    slow = envelope(rate_up_per_min=0.5, rate_down_per_min=0.25)
    assert paid_until(step, slow, Track(paid_until_s=900.0), 1000.0) == 1140.0


def test_the_first_write_opens_the_account():
    step = Step(mv="sp", value=180.0, rise=1.0, fall=1.0, measured=None, scheduled=FREE)
    assert paid_until(step, envelope(), Track(), 1000.0) == 1000.0


def test_a_rate_of_zero_allows_no_movement():
    frozen = envelope(rate_up_per_min=0.0, rate_down_per_min=0.0)
    for rise, fall in ((1e-9, 0.0), (0.0, 1e-9)):
        step = Step(mv="sp", value=180.0, rise=rise, fall=fall, measured=None, scheduled=FREE)
        assert paid_until(step, frozen, Track(paid_until_s=0.0), 1e9) == math.inf
    still = Step(mv="sp", value=180.0, rise=0.0, fall=0.0, measured=None, scheduled=FREE)
    assert paid_until(still, frozen, Track(paid_until_s=0.0), 1e9) == 0.0


@pytest.mark.parametrize(
    "changes",
    [
        {"lo": 205.0}, {"lo": 206.0}, {"lo": math.nan}, {"hi": math.nan}, {"step_up": -1.0}, {"step_down": math.nan},
        {"rate_up_per_min": -0.1}, {"rate_down_per_min": math.nan}, {"window_s": -1.0}, {"window_delta": -1.0},
        {"distance_from_measured": -1.0}, {"distance_from_measured": math.nan}, {"readback": None},
    ],
)  # fmt: skip
def test_limits_that_clash(changes):
    with pytest.raises(ValueError, match=r"^(an envelope|a distance) .* (zero|tag)$"):
        envelope(**changes)


def test_zero_is_a_limit_like_any_other():
    assert envelope(step_up=0.0, step_down=0.0, window_s=0.0, window_delta=0.0, distance_from_measured=0.0)
    assert envelope(readback=None, distance_from_measured=math.inf)


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(LO, HI))
def test_i01_whatever_passes_is_inside(value, actual):
    if not codes(value, actual=actual, measured=actual, step_up=3.0, step_down=5.0):
        assert LO <= value <= HI
        assert -5.0 <= value - actual <= 3.0


@given(st.lists(st.tuples(st.floats(0.1, 60.0), st.floats(-3.0, 3.0)), max_size=30))
def test_i08_over_any_window_the_rate_is_kept(tries):
    """Whatever is tried, whenever: between any two writes the setpoint moved no further than time allows."""
    limits, slack = envelope(step_up=2.0, step_down=2.0), 1.5
    track, actual, now, written = Track(paid_until_s=0.0), 180.0, 0.0, [(0.0, 180.0)]
    for pause, wanted in tries:
        now += pause
        step = step_to("sp", actual + wanted, actual=actual, measured=None, scheduled=FREE, track=track)
        paid = paid_until(step, limits, track, now)
        if not check(step, limits, track, now) and paid <= now + slack:
            actual = step.value
            track = Track((*track.writes, Written(now, actual, actual)), paid)
            written.append((now, actual))
    for i, (start, before) in enumerate(written):
        for end, after in written[i:]:
            assert after - before <= 2.0 * (end - start + slack) / 60.0 + 1e-9
            assert before - after <= 4.0 * (end - start + slack) / 60.0 + 1e-9
