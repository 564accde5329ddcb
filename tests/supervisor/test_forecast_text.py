"""CSV that other programs write, as a forecast; what is none is refused by name and line."""

from __future__ import annotations

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.forecast_text import BYTES_MAX, ROWS_MAX, ForecastError, parsed

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def read(text: str, column: str = "", dv: str = "hum") -> tuple[tuple[float, float], ...]:
    return parsed(text.encode(), dv, column, BERLIN)


@pytest.mark.parametrize(
    "stamp", ["2026-11-28 08:00", "2026-11-28T08:00:00", "2026-11-28T07:00:00Z", "2026-11-28T08:00+01:00"]
)
def test_a_time_without_a_zone_is_the_plants(stamp):
    assert read(f"time,hum\n{stamp},7.5\n") == ((at("2026-11-28 08:00"), 7.5),)


def test_seconds_are_seconds():
    assert read("time,hum\n1795856400,7.5\n1795860000.5,8\n") == ((1795856400.0, 7.5), (1795860000.5, 8.0))


def test_the_column_is_named_or_called_as_the_dv_or_the_only_one():
    text = "time,T, hum ,wind\n1,2,3,4\n"
    assert read(text) == ((1.0, 3.0),)
    assert read(text, "wind") == ((1.0, 4.0),)
    assert read("t,anything\n1,2\n") == ((1.0, 2.0),)


def test_byte_order_mark_quotes_empty_lines_and_line_ends_do_no_harm():
    assert read('\ufeff"time","hum"\r\n\r\n"1","2"\r\n , \r\n3,4') == ((1.0, 2.0), (3.0, 4.0))


def test_the_hour_that_comes_twice_goes_on():
    """On 2026-10-25 Berlin's clocks show 02:00 to 03:00 twice."""
    hours = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    points = read("time,hum\n" + "".join(f"2026-10-25 {each},{k}\n" for k, each in enumerate(hours)))
    assert [b - a for (a, _), (b, _) in itertools.pairwise(points)] == [1_800.0] * 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("time,hum\n", "empty"),
        ("1795856400,7\n1795860000,8\n", "no_head"),
        ("time,a,b\n1,2,3\n", "no_column:hum"),
        ("time\n1\n", "no_column:hum"),
        ("time,hum\n1,2\n2\n", "wrong_length:line 3"),
        ("time,hum\n1,2,3\n", "wrong_length:line 2"),
        ("time,hum\nsoon,2\n", "not_a_time:line 2"),
        ("time,hum\n2026-13-01,2\n", "not_a_time:line 2"),
        ("time,hum\nnan,2\n", "not_a_time:line 2"),
        ("time,hum\n1,nan\n", "not_a_number:line 2"),
        ("time,hum\n1,inf\n", "not_a_number:line 2"),
        ("time,hum\n1,\n", "not_a_number:line 2"),
        ("time,hum\n1,1e999\n", "not_a_number:line 2"),
        ("time,hum\n1,2\n1,3\n", "not_ascending:line 3"),
        ("time,hum\n2,2\n1,3\n", "not_ascending:line 3"),
        ('time,hum\n"1,2\n', "not_csv"),
        ("time,hum\n1,2\n" + "\n".join(f"{k},1" for k in range(2, ROWS_MAX + 9)), "too_large"),
        ("x" * (BYTES_MAX + 1), "too_large"),
    ],
)
def test_what_is_no_forecast_is_named(text, code):
    with pytest.raises(ForecastError) as caught:
        read(text)
    assert str(caught.value) == code


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"time,hum\n1,\xe4\n"])
def test_what_is_no_text(raw):
    with pytest.raises(ForecastError, match="not_text"):
        parsed(raw, "hum", "", BERLIN)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200) | st.text(alphabet='time,hum\n\r"0123456789-: \0e+.', max_size=200).map(str.encode))
def test_whatever_is_in_the_file_ends_as_points_or_as_a_name(raw):
    for begin in (b"", b"time,hum\n"):
        try:
            points = parsed(begin + raw, "hum", "", BERLIN)
        except ForecastError as error:
            assert str(error)
        else:
            assert points
            assert [at_s for at_s, _ in points] == sorted({at_s for at_s, _ in points})
