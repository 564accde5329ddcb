from __future__ import annotations

import math
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from safety.encoding import Encoding, EncodingError, around, decode, encode, quantise, resolution

KINDS = ["float32", "float64", "int16", "uint16", "int32", "uint32", "bool"]
INTEGERS = {"int16": (-32768, 32767), "uint16": (0, 65535), "int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
ENCODINGS = st.builds(
    Encoding,
    st.sampled_from(KINDS),
    st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]),
    st.one_of(st.just(1.0), st.floats(1e-3, 1e3), st.floats(-1e3, -1e-3)),
    st.one_of(st.just(0.0), st.floats(-1e4, 1e4)),
)
VALUES = st.one_of(st.floats(-1e6, 1e6), st.floats(allow_nan=True, allow_infinity=True))


@pytest.mark.parametrize(
    ("encoding", "payload"),
    [
        (Encoding("float32"), "41 A0 00 00"),
        (Encoding("float32", "CDAB"), "00 00 41 A0"),
        (Encoding("float32", "BADC"), "A0 41 00 00"),
        (Encoding("float32", "DCBA"), "00 00 A0 41"),
        (Encoding("float64"), "40 34 00 00 00 00 00 00"),
        (Encoding("float64", "CDAB"), "00 00 00 00 00 00 40 34"),
        (Encoding("float64", "BADC"), "34 40 00 00 00 00 00 00"),
        (Encoding("float64", "DCBA"), "00 00 00 00 00 00 34 40"),
        (Encoding("int16"), "00 14"),
        (Encoding("int16", "CDAB"), "00 14"),
        (Encoding("uint16", "BADC"), "14 00"),
        (Encoding("uint32", "CDAB"), "00 14 00 00"),
        (Encoding("int32", scale=-0.5), "FF FF FF D8"),
        (Encoding("int16", scale=0.1, offset=-5.0), "00 FA"),
    ],
)
def test_twenty_in_every_layout(encoding, payload):
    assert encode(20.0, encoding) == bytes.fromhex(payload)
    assert decode(bytes.fromhex(payload), encoding) == 20.0


def test_a_wrong_word_order_looks_like_zero():
    assert 0.0 < decode(encode(75.0, Encoding("float32")), Encoding("float32", "CDAB")) < 1e-30


@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_end_at_their_range(kind):
    lo, hi = INTEGERS[kind]
    assert decode(encode(lo, Encoding(kind)), Encoding(kind)) == lo
    assert decode(encode(hi + 0.4, Encoding(kind)), Encoding(kind)) == hi
    for outside in (lo - 1, hi + 1):
        with pytest.raises(EncodingError):
            encode(outside, Encoding(kind))


def test_a_bool_is_zero_or_one():
    assert [encode(value, Encoding("bool")) for value in (0.0, 1.0)] == [b"\0", b"\1"]
    for outside in (-1.0, 2.0):
        with pytest.raises(EncodingError):
            encode(outside, Encoding("bool"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_finite_has_no_bytes(kind, value):
    with pytest.raises(EncodingError):
        encode(value, Encoding(kind))
    with pytest.raises(EncodingError):
        resolution(value, Encoding(kind))


def test_float32_ends_at_its_largest_number():
    largest = struct.unpack(">f", bytes.fromhex("7F7FFFFF"))[0]
    assert encode(largest, Encoding("float32")) == bytes.fromhex("7F7FFFFF")
    assert resolution(largest, Encoding("float32")) == 2.0**104
    with pytest.raises(EncodingError):
        encode(largest * 1.01, Encoding("float32"))


@pytest.mark.parametrize(
    ("payload", "encoding"),
    [
        (struct.pack(">f", math.nan), Encoding("float32")),
        (struct.pack(">d", math.inf), Encoding("float64")),
        (struct.pack(">d", 1e308), Encoding("float64", scale=100.0)),
        (b"\0\0\0", Encoding("int16")),
        (b"", Encoding("float32")),
    ],
)
def test_bytes_that_are_no_number(payload, encoding):
    with pytest.raises(EncodingError):
        decode(payload, encoding)


@pytest.mark.parametrize(
    "fields",
    [
        {"scale": 0.0}, {"scale": math.nan}, {"scale": math.inf}, {"offset": math.nan}, {"offset": -math.inf},
        {"kind": "float16"}, {"word_order": "CDBA"},
    ],
)  # fmt: skip
def test_an_encoding_that_cannot_work(fields):
    with pytest.raises(EncodingError):
        Encoding(**fields)


@pytest.mark.parametrize(
    ("value", "encoding", "gap"),
    [
        (1.0, Encoding("float64"), 2.0**-52),
        (1.0, Encoding("float32"), 2.0**-23),
        (0.0, Encoding("float32"), 2.0**-149),
        (0.0, Encoding("float64"), 5e-324),
        (1.7976931348623157e308, Encoding("float64"), 2.0**971),
        (20.0, Encoding("int16", scale=0.1), 0.1),
        (32767.0, Encoding("int16"), 1.0),
        (20.0, Encoding("int16", scale=-0.5, offset=3.0), 0.5),
        (1e9, Encoding("float64", offset=1e9), 4.0 * math.ulp(2e9)),
        (1.0, Encoding("float64", offset=1e9), 4.0 * math.ulp(1e9 + 1.0)),
    ],
)
def test_resolution_table(value, encoding, gap):
    assert resolution(value, encoding) == gap


@given(ENCODINGS, VALUES)
def test_i03_i04_bytes_decode_to_within_the_resolution(encoding, value):
    try:
        payload = encode(value, encoding)
    except EncodingError:
        return
    decoded = decode(payload, encoding)
    assert math.isfinite(decoded)
    assert abs(decoded - value) <= resolution(value, encoding)


@given(ENCODINGS, VALUES)
def test_what_was_decoded_encodes_to_the_same_bytes(encoding, value):
    """Else standing still would move. A float with a scale may round by one unit in the last place."""
    try:
        payload = encode(value, encoding)
    except EncodingError:
        return
    decoded = decode(payload, encoding)
    if encoding.kind in INTEGERS or (encoding.scale, encoding.offset) == (1.0, 0.0):
        assert encode(decoded, encoding) == payload


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_zero_has_no_sign(kind):
    assert encode(-0.0, Encoding(kind)) == encode(0.0, Encoding(kind)) == bytes(4 if kind == "float32" else 8)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(["float32", "float64", "int32"]))
def test_quantise_never_goes_beyond_the_value(value, toward, kind):
    found = quantise(value, toward, -math.inf, math.inf, Encoding(kind))
    assert (found - value) * (value - toward) <= 0.0
    assert abs(found - value) <= resolution(value, Encoding(kind))


@given(st.floats(-1e3, 1e3), st.floats(0.0, 1e3), st.floats(0.0, 1.0), st.sampled_from(["float32", "int32"]))
def test_i04_quantise_stays_inside_the_limits(lo, width, where, kind):
    encoding = Encoding(kind, scale=0.25 if kind == "int32" else 1.0)
    hi = lo + width
    value = min(lo + where * width, hi)
    assume(width >= 2.0 * max(resolution(lo, encoding), resolution(hi, encoding)))
    for toward in (lo, hi, value):
        assert lo <= quantise(value, toward, lo, hi, encoding) <= hi


@pytest.mark.parametrize(
    ("value", "toward", "lo", "hi", "found"),
    [
        (10.6, 9.0, 0.0, 20.0, 10.5),  # on the way up: not beyond
        (10.6, 12.0, 0.0, 20.0, 11.0),  # on the way down: not beyond
        (10.6, 10.6, 0.0, 20.0, 10.5),  # standing: the nearest
        (10.6, 9.0, 10.55, 20.0, 11.0),  # the limits count more
        (0.0, 5.0, 0.1, 0.2, 0.0),  # nothing fits: the nearest, for the gate to refuse
        (20.0, 10.0, 0.0, 20.0, 20.0),
        (10.6, 9.0, 10.5, 20.0, 10.5),  # on the limit is inside
    ],
)
def test_quantise_table(value, toward, lo, hi, found):
    assert quantise(value, toward, lo, hi, Encoding("int16", scale=0.5)) == found


def test_quantise_at_the_end_of_the_range():
    assert quantise(32767.0, 0.0, 0.0, 40000.0, Encoding("int16")) == 32767.0
    assert quantise(0.6, 0.0, 0.0, 10.0, Encoding("uint16")) == 0.0
    assert quantise(65534.4, 65535.0, 0.0, 70000.0, Encoding("uint16")) == 65535.0
    assert quantise(-32768.0, 0.0, -40000.0, 0.0, Encoding("int16")) == -32768.0
    with pytest.raises(EncodingError):
        quantise(40000.0, 0.0, 0.0, 50000.0, Encoding("int16"))


@pytest.mark.parametrize("word", [0x00000001, 0x007FFFFF, 0x00800000, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x43360000])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_quantise_finds_the_very_next_float32(word, sign):
    value, outward, inward = (
        sign * struct.unpack(">f", struct.pack(">I", each))[0] for each in (word, word + 1, word - 1)
    )
    between = math.nextafter(value, sign * math.inf)
    assert quantise(between, sign * 1e9, -1e9, 1e9, Encoding("float32")) == outward
    between = math.nextafter(value, 0.0)
    assert quantise(between, 0.0, -1e9, 1e9, Encoding("float32")) == inward


@pytest.mark.parametrize(
    ("value", "encoding", "found"),
    [
        (10.5, Encoding("int16", scale=0.5), (10.5, 10.5)),
        (10.6, Encoding("int16", scale=0.5), (10.5, 11.0)),
        (-10.6, Encoding("int16", scale=0.5), (-11.0, -10.5)),
        (10.6, Encoding("int16", scale=-0.5), (10.5, 11.0)),
        (18.1, Encoding("int16", scale=0.1), (181 * 0.1, 181 * 0.1)),
        (18.1 + 1.1e-7, Encoding("int16", scale=0.1), (181 * 0.1, 182 * 0.1)),
        (32767.4, Encoding("int16"), (32767.0, 32767.0)),
        (1.0, Encoding("float64"), (1.0, 1.0)),
        (1.0 - 2.0**-30, Encoding("float32"), (1.0 - 2.0**-24, 1.0)),
        (1.0 + 2.0**-30, Encoding("float32"), (1.0, 1.0 + 2.0**-23)),
    ],
)
def test_around_table(value, encoding, found):
    assert around(value, encoding) == found


def test_nothing_is_around_what_has_no_bytes():
    with pytest.raises(EncodingError):
        around(math.nan, Encoding("float32"))


@given(st.floats(-1e4, 1e4), st.sampled_from(["float32", "int32"]))
def test_around_encloses(value, kind):
    encoding = Encoding(kind)
    below, above = around(value, encoding)
    noise = 1e-6 * resolution(value, encoding)
    assert below - noise <= value <= above + noise
    assert above - below <= resolution(value, encoding)
    assert all(decode(encode(each, encoding), encoding) == each for each in (below, above))


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: Encoding("float16"), "unknown encoding float16:ABCD"),
        (lambda: Encoding(scale=0.0), "scale must be finite and not zero, offset finite"),
        (lambda: decode(b"", Encoding("int16")), "0 bytes are not one int16"),
        (lambda: decode(struct.pack(">d", math.inf), Encoding()), "the bytes decode to no finite number"),
        (lambda: encode(math.inf, Encoding()), "inf is not a finite number in this encoding"),
        (lambda: encode(7e4, Encoding("uint16")), "70000.0 is outside uint16"),
        (lambda: encode(1e39, Encoding("float32")), "1e+39 is outside float32"),
    ],
)
def test_errors_say_what_is_wrong(attempt, message):
    with pytest.raises(EncodingError) as error:
        attempt()
    assert str(error.value) == message
