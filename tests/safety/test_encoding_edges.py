"""The last bits of an encoding: where the numbers of a kind end, and how far apart they lie there."""

from __future__ import annotations

import math

import pytest

from safety.encoding import Encoding, around, quantise, resolution

FLOAT32_MAX = float.fromhex("0x1.fffffep127")
BEFORE_MAX = float.fromhex("0x1.fffffcp127")


def test_an_offset_below_zero_rounds_too():
    """Taking off a million and putting it back costs digits that the number itself has."""
    assert resolution(1.0, Encoding("float64", offset=-1e6)) == 4.0 * math.ulp(1e6 + 1.0)


@pytest.mark.parametrize("raw", [1.0, -1.0])
def test_the_resolution_is_the_wider_of_the_two_gaps(raw):
    """Away from zero the next number is twice as far as toward it, on either side of zero."""
    assert resolution(raw, Encoding("float64")) == 2.0**-52
    assert resolution(raw, Encoding("float32")) == 2.0**-23


def test_the_greatest_float32_can_be_reached():
    between = BEFORE_MAX + (FLOAT32_MAX - BEFORE_MAX) / 4.0
    assert around(between, Encoding("float32")) == (BEFORE_MAX, FLOAT32_MAX)
    assert around(-between, Encoding("float32")) == (-FLOAT32_MAX, -BEFORE_MAX)


def test_nothing_below_the_kind_is_offered():
    """Limits that lie outside the kind: the kind's own end is all there is."""
    assert quantise(-32768.0, 0.0, -1e6, -32768.5, Encoding("int16")) == -32768.0
    assert quantise(32767.0, 0.0, 32767.5, 1e6, Encoding("int16")) == 32767.0


def test_just_as_much_as_noise_is_noise():
    assert around(1e-6, Encoding("int16")) == (0.0, 0.0)
    assert around(1.1e-6, Encoding("int16")) == (0.0, 1.0)


def test_i03_the_double_just_beyond_a_limit_is_brought_back_onto_it():
    plain = Encoding("float64")
    assert quantise(math.nextafter(10.0, math.inf), 0.0, 0.0, 10.0, plain) == 10.0
    assert quantise(math.nextafter(-10.0, -math.inf), 0.0, -10.0, 0.0, plain) == -10.0
