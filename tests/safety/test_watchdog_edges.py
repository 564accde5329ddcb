"""Stages that cannot be, in other spellings, and ones that are short."""

from __future__ import annotations

import pytest

from safety.watchdog import Watch, WatchdogRule


@pytest.mark.parametrize(("warn_s", "trip_s"), [(-1.0, 2.0), (1.0, float("inf"))])
def test_stages_that_cannot_be(warn_s, trip_s):
    with pytest.raises(ValueError, match="both finite"):
        WatchdogRule(warn_s=warn_s, trip_s=trip_s)


def test_stages_may_be_shorter_than_a_second():
    assert WatchdogRule(warn_s=0.2, trip_s=0.5).warn_s == 0.2


def test_nothing_is_late_until_something_is():
    assert Watch() == Watch(action="none", late=())
