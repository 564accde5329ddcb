from __future__ import annotations

import datetime as dt

import pytest

from constraints.plant import Point
from supervisor.drivers.values import NotANumberError, to_number


def point(equals: str | None = None) -> Point:
    return Point(tag="x", connection="c", address="a", equals=equals)


@pytest.mark.parametrize(("raw", "number"), [(1, 1.0), (-2.5, -2.5), (True, 1.0), (False, 0.0)])
def test_numbers(raw, number):
    assert to_number(raw, point()) == number


@pytest.mark.parametrize(
    ("raw", "why"), [(None, "no_value"), ("1", "wire"), ([1.0], "wire"), (b"1", "wire"), (10**400, "wire")]
)
def test_what_is_no_number(raw, why):
    with pytest.raises(NotANumberError, match=why):
        to_number(raw, point())


@pytest.mark.parametrize(
    ("raw", "equals", "number"),
    [
        ("CAS", "CAS", 1.0),
        ("cas", "CAS", 0.0),
        (3, "3", 1.0),
        (3.0, "3", 1.0),
        (3, "three", 0.0),
        (10**400, "3", 0.0),
        (True, "True", 1.0),
        (True, "1", 1.0),
        (False, "off", 1.0),
        (True, "off", 0.0),
    ],
)
def test_equals(raw, equals, number):
    assert to_number(raw, point(equals)) == number


@pytest.mark.parametrize(("raw", "why"), [(None, "no_value"), ([3], "wire")])
def test_equals_of_nothing_comparable(raw, why):
    with pytest.raises(NotANumberError, match=why):
        to_number(raw, point("3"))


@pytest.mark.parametrize(
    ("raw", "utc_s"),
    [
        (1795856400.5, 1795856400.5),
        ("2026-11-28T07:00:00Z", 1795849200.0),
        ("2026-11-28 08:00+01:00", 1795849200.0),
        (dt.datetime(2026, 11, 28, 7, tzinfo=dt.UTC), 1795849200.0),
        (dt.datetime(2026, 11, 28, 7), 1795849200.0),  # noqa: DTZ001 - OPC UA's DateTime is UTC, and comes like this
    ],
)
def test_a_moment_is_seconds(raw, utc_s):
    assert to_number(raw, Point(tag="x", connection="c", address="a", moment=True)) == utc_s


@pytest.mark.parametrize(
    ("raw", "why"), [("2026-11-28 08:00", "no_zone"), ("soon", "wire"), ("", "wire"), (None, "no_value")]
)
def test_what_is_no_moment(raw, why):
    with pytest.raises(NotANumberError, match=why):
        to_number(raw, Point(tag="x", connection="c", address="a", moment=True))


def test_a_date_is_a_number_only_where_one_is_expected():
    with pytest.raises(NotANumberError, match="wire"):
        to_number("2026-11-28T07:00:00Z", point())
    with pytest.raises(NotANumberError, match="wire"):
        to_number(dt.datetime(2026, 11, 28, tzinfo=dt.UTC), point())
