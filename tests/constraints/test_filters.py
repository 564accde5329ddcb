"""The filter against its formula, and what ends it."""

from __future__ import annotations

import math

import pytest

from constraints.filters import smoothed
from constraints.plant import TagSpec
from safety.signals import Instant, Quality, Reading, Snapshot

TAGS = {"a": TagSpec(name="a", point=None, unit="degC", filter_s=20.0), "b": TagSpec(name="b", point=None, unit="degC")}


def look(at_s: float, value: float, quality: Quality = Quality.GOOD) -> Snapshot:
    return Snapshot(1, Instant(at_s, 0.0), {tag: Reading(value, quality, None, at_s) for tag in TAGS})


def test_a_step_is_followed_with_the_time_constant_however_often_it_is_looked_at() -> None:
    for looks in (1, 2, 10):
        _, memory = smoothed(TAGS, look(0.0, 0.0), {})
        for n in range(1, looks + 1):
            shown, memory = smoothed(TAGS, look(20.0 * n / looks, 1.0), memory)
        assert shown.readings["a"].value == pytest.approx(1.0 - math.exp(-1.0))
        assert shown.readings["b"].value == 1.0


def test_the_first_value_is_taken_as_it_is_and_again_after_a_gap() -> None:
    shown, memory = smoothed(TAGS, look(0.0, 5.0), {})
    assert shown.readings["a"].value == 5.0
    shown, memory = smoothed(TAGS, look(10.0, math.nan, Quality.BAD), memory)
    assert not shown.readings["a"].good
    assert smoothed(TAGS, look(20.0, 9.0), memory)[0].readings["a"].value == 9.0


def test_time_that_goes_back_changes_nothing() -> None:
    _, memory = smoothed(TAGS, look(100.0, 5.0), {})
    assert smoothed(TAGS, look(50.0, 9.0), memory)[0].readings["a"].value == 5.0
