"""The buckets by address."""

from __future__ import annotations

from supervisor.web import flood
from supervisor.web.flood import Flood


def test_what_is_remembered_of_addresses_is_bounded(monkeypatch):
    monkeypatch.setattr(flood, "ADDRESSES_MAX", 10)
    bucket = Flood(lambda: 0.0, burst=1.0, per_s=1.0)
    for n in range(100):
        assert bucket.passes(f"10.0.0.{n}")
    assert len(bucket._left) == 10


def test_a_clock_that_stands_or_goes_back_fills_nothing():
    times = iter([0.0, 0.0, -5.0, 1.0])
    bucket = Flood(lambda: next(times), burst=1.0, per_s=1.0)
    assert [bucket.passes("a") for _ in range(3)] == [True, False, False]
