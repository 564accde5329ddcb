"""The guard's own arithmetic, against numbers worked out by hand and against the gate's, byte by byte."""

from __future__ import annotations

import math
import random
import struct

import pytest

from hil.registers import set_crc
from safety.encoding import Encoding, EncodingError, decode, encode, resolution
from supervisor.drivers import guard_numbers as numbers
from supervisor.drivers.guard_numbers import Around, Ladder
from tests.supervisor.drivers.guard_bench import down, up

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
KINDS = ("float32", "float64", "int16", "uint16", "int32", "uint32")
SCALES = ((1.0, 0.0), (0.1, 0.0), (-0.5, 30.0), (2.0, -7.0), (-0.1, 200.0))
ALL = [Encoding(kind, order, *scale) for kind in KINDS for order in ORDERS for scale in SCALES]


@pytest.mark.parametrize(
    ("payload", "encoding", "value"),
    [
        ("42f6e979", Encoding("float32"), 123.45600128173828),
        ("e97942f6", Encoding("float32", "CDAB"), 123.45600128173828),
        ("f64279e9", Encoding("float32", "BADC"), 123.45600128173828),
        ("79e9f642", Encoding("float32", "DCBA"), 123.45600128173828),
        ("405edd2f1a9fbe77", Encoding("float64"), 123.456),
        ("be771a9fdd2f405e", Encoding("float64", "CDAB"), 123.456),
        ("5e402fdd9f1a77be", Encoding("float64", "BADC"), 123.456),
        ("77be9f1a2fdd5e40", Encoding("float64", "DCBA"), 123.456),
        ("fffe", Encoding("int16", "ABCD", 0.5, 10.0), 9.0),
        ("feff", Encoding("int16", "BADC", 0.5, 10.0), 9.0),
        ("fffe", Encoding("uint16", "CDAB", -1.0), -65534.0),
        ("80000000", Encoding("int32"), -2147483648.0),
        ("00008000", Encoding("int32", "CDAB"), -2147483648.0),
        ("00000080", Encoding("uint32", "DCBA", 2.0, 1.0), 4294967297.0),
    ],
)
def test_i03_what_bytes_say(payload, encoding, value):
    assert numbers.said(bytes.fromhex(payload), encoding) == value


@pytest.mark.parametrize("kind", KINDS)
def test_i03_what_is_no_number(kind):
    size = numbers.size_of(kind)
    encoding = Encoding(kind)
    assert numbers.said(bytes(size), encoding) == 0.0
    assert numbers.said(bytes(size - 1), encoding) is None
    assert numbers.said(bytes(size + 1), encoding) is None
    if kind.startswith("float"):
        for bad in (math.nan, math.inf, -math.inf):
            assert numbers.said(struct.pack(">f" if kind == "float32" else ">d", bad), encoding) is None


def test_a_switch_is_no_setpoint():
    assert numbers.said(b"\1", Encoding("bool")) is None
    assert numbers.size_of("bool") == 0


def test_scaling_beyond_all_numbers_is_no_number():
    assert numbers.said(struct.pack(">d", 1.7e308), Encoding("float64", "ABCD", 10.0)) is None


@pytest.mark.parametrize("encoding", ALL, ids=str)
def test_i03_the_two_who_read_bytes_agree(encoding):
    rng = random.Random(1)
    for _ in range(60):
        payload = rng.randbytes(numbers.size_of(encoding.kind))
        try:
            theirs = decode(payload, encoding)
        except EncodingError:
            theirs = None
        assert numbers.said(payload, encoding) == theirs


@pytest.mark.parametrize("encoding", ALL, ids=str)
def test_i04_the_neighbours_enclose_and_nothing_lies_between(encoding):
    rng, ladder = random.Random(2), Ladder(encoding)
    for _ in range(60):
        value = rng.choice((rng.uniform(-100.0, 100.0), ladder.value(rng.randrange(ladder.first, ladder.last))))
        found = numbers.around(value, encoding)
        if found is None:
            assert not ladder.value(ladder.first) <= value <= ladder.value(ladder.last)
            continue
        least = numbers.NOTHING * numbers.resolution(value, encoding)
        assert found.below - least <= value <= found.above + least
        low = ladder.at_or_below(found.below)
        assert ladder.value(low) == found.below
        assert found.above in (found.below, ladder.value(low + 1))


@pytest.mark.parametrize("encoding", ALL, ids=str)
def test_i04_the_two_who_know_the_resolution_agree(encoding):
    rng, ladder = random.Random(3), Ladder(encoding)
    for _ in range(60):
        value = ladder.value(ladder.nearest(rng.uniform(-90.0, 190.0)))
        assert numbers.resolution(value, encoding) == resolution(value, encoding)
        assert decode(encode(value, encoding), encoding) == value


@pytest.mark.parametrize(("value", "encoding", "expected"), [
    (1.0, Encoding("float32"), 2.0**-23), (down(1.0), Encoding("float32"), 2.0**-23),
    (0.75, Encoding("float32"), 2.0**-24),
    (0.75, Encoding("float64"), 2.0**-53), (0.0, Encoding("float32"), 2.0**-149),
    (7.0, Encoding("int16", "ABCD", 0.1), 0.1),
    (7.0, Encoding("int32", "ABCD", -0.25, 3.0), 0.25), (-32768.0, Encoding("int16"), 1.0),
    (32767.0, Encoding("int16"), 1.0),
])  # fmt: skip
def test_the_resolution(value, encoding, expected):
    assert numbers.resolution(value, encoding) == expected


@pytest.mark.parametrize(("value", "expected"), [
    (10.0, (10.0, 10.0)), (10.25, (10.0, 10.5)), (10.0 + 0.4e-6, (10.0, 10.0)), (10.0 + 0.6e-6, (10.0, 10.5)),
    (10.5 - 0.4e-6, (10.5, 10.5)), (10.5 - 0.6e-6, (10.0, 10.5)), (-0.25, (-0.5, 0.0)),
    (16383.5, (16383.5, 16383.5)), (-16384.0, (-16384.0, -16384.0)),
])  # fmt: skip
def test_i04_the_neighbours_of_a_number(value, expected):
    assert numbers.around(value, Encoding("int16", "ABCD", 0.5)) == Around(*expected)
    assert numbers.around(-value, Encoding("int16", "ABCD", -0.5)) == Around(-expected[1], -expected[0])


@pytest.mark.parametrize("value", [up(16383.5), 16384.0, down(-16384.0), 1e300, -math.inf, math.inf, math.nan])
def test_beyond_the_last_number_there_are_no_neighbours(value):
    assert numbers.around(value, Encoding("int16", "ABCD", 0.5)) is None


@pytest.mark.parametrize(("kind", "first", "last"), [
    ("int16", -32768.0, 32767.0), ("uint16", 0.0, 65535.0), ("int32", -2147483648.0, 2147483647.0),
    ("uint32", 0.0, 4294967295.0), ("float32", -3.4028234663852886e38, 3.4028234663852886e38),
    ("float64", -1.7976931348623157e308, 1.7976931348623157e308),
])  # fmt: skip
def test_i04_where_the_numbers_end(kind, first, last):
    encoding = Encoding(kind)
    assert numbers.around(first, encoding) == Around(first, first)
    assert numbers.around(last, encoding) == Around(last, last)
    assert numbers.around(down(first), encoding) is None
    assert numbers.around(up(last), encoding) is None


def test_both_ends_belong_to_it():
    around = Around(1.0, 2.0)
    assert [around.holds(value) for value in (down(1.0), 1.0, 1.5, 2.0, up(2.0), math.nan)] == [
        False, True, True, True, False, False,
    ]  # fmt: skip


def test_the_ladder_has_every_number_once_and_in_order():
    for encoding in ALL:
        ladder = Ladder(encoding)
        for middle in (0, ladder.first + 10, ladder.last - 10):
            values = [
                math.copysign(1.0, encoding.scale) * ladder.raw(rung)
                for rung in range(middle - 5, middle + 5)
                if ladder.has(rung)
            ]
            assert values == sorted(set(values))


@pytest.mark.parametrize(("value", "kept"), [
    (0.5, True), (16777216.0, True), (16777217.0, False), (0.1, False), (3.5e38, False), (-3.5e38, False),
    (1e-50, False),
])  # fmt: skip
def test_what_a_real_holds(value, kept):
    assert numbers.survives_float32(value) is kept


def test_the_sum_is_the_one_the_plc_works_out():
    """123456789 gives 4B37h in every list of checksums; the bench's PLC was written by another hand."""
    assert numbers.move_set_sum(1, 1, 3, [60.25, 20.5]) == set_crc(1, 1, 3, [60.25, 20.5])
    rng = random.Random(4)
    for _ in range(200):
        words = [rng.randrange(2**32) for _ in range(2)]
        sp = [struct.unpack(">f", struct.pack(">f", rng.uniform(-1e3, 1e3)))[0] for _ in range(rng.randrange(33))]
        mask = (1 << len(sp)) - 1
        assert numbers.move_set_sum(*words, mask, sp) == set_crc(*words, mask, sp)


@pytest.mark.parametrize("numbers_", [(-1, 1, 1, []), (1, 2**32, 1, []), (1, 1, 2**32, []), (1, 1, 1, [3.5e38])])
def test_what_does_not_fit_has_no_sum(numbers_):
    assert numbers.move_set_sum(*numbers_) is None
