from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plant import Point
from safety.encoding import Encoding
from supervisor.drivers.mqtt_payload import sample, topic_of
from supervisor.drivers.values import NotANumberError


def point(address: str, **changes) -> Point:
    return Point(tag="x", connection="c", address=address, **changes)


def why(payload: bytes, address: str = "t#v", **changes) -> str:
    with pytest.raises(NotANumberError) as caught:
        sample(payload, point(address, **changes))
    return caught.value.why


@pytest.mark.parametrize(
    ("address", "payload", "value"),
    [
        ("t", b"1.5", 1.5),
        ("t", b" -2e3 ", -2000.0),
        ("t#v", b'{"v": 3}', 3.0),
        ("t#v", b'{"v": true}', 1.0),
        ("t#a.b", b'{"a": {"b": 4}}', 4.0),
        ("t#a.b", b'{"a.b": 5, "a": {"b": 4}}', 5.0),
    ],
)
def test_values(address, payload, value):
    assert sample(payload, point(address)).value == value


def test_scale_and_equals():
    assert sample(b"10", point("t", encoding=Encoding("float64", scale=0.1))).value == 1.0
    assert sample(b'{"v": "RUN"}', point("t#v", equals="RUN")).value == 1.0
    assert sample(b'{"v": "STOP"}', point("t#v", equals="RUN")).value == 0.0
    assert sample(b"RUN", point("t", equals="RUN")).value == 1.0
    assert sample(b"2", point("t", equals="2.0")).value == 1.0
    assert sample(b"off", point("t", equals="RUN")).value == 0.0


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[1]", "malformed"),
        (b"1", "malformed"),
        (b'{"v": NaN}', "malformed"),
        (b'{"v": Infinity}', "malformed"),
        (b'{"v": ' + b"9" * 5000 + b"}", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"v":' + b" " * 70_000 + b"1}", "malformed"),
        (b"[" * 60_000, "malformed"),
        (b"{}", "no_value"),
        (b'{"v": null}', "no_value"),
        (b'{"v": "1"}', "wire"),
        (b'{"v": [1]}', "wire"),
        (b'{"v": {"a": 1}}', "wire"),
        (b'{"v": 1, "ts": "yesterday"}', "malformed"),
        (b'{"v": 1, "ts": "2026-01-01T00:00:00"}', "malformed"),
        (b'{"v": 1, "ts": 1700000000000}', "malformed"),
        (b'{"v": 1, "ts": true}', "malformed"),
    ],
)
def test_what_is_no_measurement(payload, code):
    assert why(payload) == code


@pytest.mark.parametrize("payload", [b"", b"nan", b"inf", b"-inf", b"x", b"1,5", b"0x10"])
def test_a_plain_payload_that_is_no_finite_number(payload):
    assert why(payload, "t") == "malformed"


@pytest.mark.parametrize(
    ("stamp", "utc_s"),
    [
        ("1700000000", 1.7e9),
        ("1700000000.5", 1.7e9 + 0.5),
        ('"2023-11-14T22:13:20+00:00"', 1.7e9),
        ('"2023-11-14T22:13:20Z"', 1.7e9),
        ('"2023-11-14T23:13:20+01:00"', 1.7e9),
        ("null", None),
    ],
)
def test_time_stamps(stamp, utc_s):
    assert sample(f'{{"v": 1, "ts": {stamp}}}'.encode(), point("t#v")).source_utc_s == utc_s


def test_the_topic():
    assert topic_of(point("a/b#c")) == "a/b" == topic_of(point("a/b"))


@given(st.binary(max_size=200), st.sampled_from(["t", "t#v", "t#a.b"]))
def test_no_payload_raises_anything_else(payload, address):
    try:
        assert math.isfinite(sample(payload, point(address)).value)
    except NotANumberError as error:
        assert error.why in {"malformed", "no_value", "wire"}
