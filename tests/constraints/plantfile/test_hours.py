from __future__ import annotations

import pytest

from constraints.plantfile.hours import HoursError, by_day, days, span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon-sun", {0, 1, 2, 3, 4, 5, 6}),
        ("sat,sun", {5, 6}),
        ("Sat - Mon", {5, 6, 0}),
        ("wed", {2}),
        ("mon,wed-thu,sun", {0, 2, 3, 6}),
        ("fri-fri", {4}),
    ],
)
def test_days(text: str, expected: set[int]) -> None:
    assert days(text) == expected


@pytest.mark.parametrize("text", ["", "monday", "mon-", "-fri", "mon;tue", "mon--fri", "8"])
def test_what_is_no_set_of_days_is_refused(text: str) -> None:
    with pytest.raises(HoursError):
        days(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("07:00-12:00", (420, 720)), ("22:00-06:00", (1320, 360)), ("0:00 - 24:00", (0, 1440)), ("23:30-0:00", (1410, 0))],
)
def test_spans(text: str, expected: tuple[int, int]) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("text", ["", "7-12", "07:00", "07:00-25:00", "07:60-08:00", "24:00-06:00", "07:00-07:00"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(HoursError):
        span(text)


def test_a_night_continues_on_the_next_day() -> None:
    assert by_day(frozenset({4, 6}), 1320, 360) == [
        (frozenset({4, 6}), (1320, 1440)),
        (frozenset({5, 0}), (0, 360)),
    ]
    assert by_day(frozenset({4}), 1410, 0) == [(frozenset({4}), (1410, 1440))]
    assert by_day(frozenset({4}), 420, 720) == [(frozenset({4}), (420, 720))]
