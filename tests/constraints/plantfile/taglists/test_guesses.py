"""Raw registers and a value off a display -> what they mean."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile.taglists.guesses import common_order, floats, guesses, known_of
from safety.encoding import Encoding, encode


def words(at, value, kind, order="ABCD", scale=1.0):
    payload = encode(value, Encoding(kind, order, scale))
    return {at + i: int.from_bytes(payload[2 * i : 2 * i + 2], "big") for i in range(len(payload) // 2)}


@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
@pytest.mark.parametrize("kind", ["float32", "float64", "int32"])
def test_type_and_order_are_found_from_one_value(kind, order):
    raw = words(10, 123456.5 if kind != "int32" else 123456.0, kind, order)
    best = guesses({**raw, 20: 7}, known_of(10, "123457" if kind != "int32" else "123456"))[0]
    assert (best.kind, best.order, best.scale) == (kind, order, 1.0)


@pytest.mark.parametrize(("scale", "shown"), [(0.1, "23.5"), (0.01, "23.51"), (0.001, "2.351"), (10.0, "23510")])
def test_the_scale_of_an_integer(scale, shown):
    found = guesses(words(3, float(shown), "int16", scale=scale), known_of(3, shown))
    assert (found[0].kind, found[0].scale) == ("int16", scale)
    assert found[0].text("holding") == "holding/3:int16"


def test_a_negative_value_is_signed():
    assert {each.kind for each in guesses({0: 65536 - 123}, known_of(0, "-12.3"))} == {"int16"}


def test_a_register_of_zeros_proves_nothing():
    found = guesses({0: 235, 1: 0}, known_of(0, "23.5"))
    assert found[0].kind == "int16"
    assert "int32" in {each.kind for each in found}


def test_a_value_that_has_moved_a_little_counts_less():
    raw = words(0, 23.6, "float32")
    near, exact = guesses(raw, known_of(0, "23.5"))[0], guesses(raw, known_of(0, "23.6"))[0]
    assert 0.0 < near.bits < exact.bits


def test_no_reading_is_no_guess():
    assert guesses({0: 1, 1: 2}, known_of(0, "5000")) == []
    assert guesses({}, known_of(0, "1")) == []


def test_several_values_agree_on_one_order():
    raw = {**words(0, 92.19, "float32", "CDAB"), **words(6, 216.8, "float32", "CDAB"), 9: 50}
    found = [guesses(raw, known_of(at, shown)) for at, shown in ((0, "92.2"), (6, "216.8"), (9, "50"))]
    assert common_order(found) == "CDAB"
    assert common_order([found[2]]) is None
    assert [(each.address, round(each.value, 1)) for each in floats(raw, "CDAB")] == [(0, 92.2), (6, 216.8)]


def test_not_a_number_is_no_float():
    raw = dict(enumerate(struct.unpack(">4H", struct.pack(">ff", float("nan"), 1e30))))
    assert floats(raw, "ABCD") == []


@given(
    st.dictionaries(st.integers(0, 12), st.integers(0, 65535), min_size=1), st.integers(0, 12), st.integers(-9999, 9999)
)
def test_every_guess_shows_the_value(raw, at, tenths):
    known = known_of(at, f"{tenths / 10:.1f}")
    for guess in guesses(raw, known):
        assert abs(guess.value - known.value) <= max(0.06, 0.0101 * abs(known.value))
