from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plant import Point
from safety.encoding import Encoding
from supervisor.drivers.modbus_blocks import AddressError, Place, blocks, place, runs


def point(address: str, kind: str = "uint16") -> Point:
    return Point(tag=address, connection="c", address=address, encoding=Encoding(kind))


def asked(found) -> list[tuple[str, int, int]]:
    return [(block.table, block.address, block.count) for block in found]


def test_a_gap_of_eight_is_read_along_and_one_of_nine_is_not():
    assert asked(blocks([point("holding/0"), point("holding/9")])) == [("holding", 0, 10)]
    assert asked(blocks([point("holding/0"), point("holding/10")])) == [("holding", 0, 1), ("holding", 10, 1)]


def test_a_request_has_at_most_125_registers():
    assert asked(blocks([point(f"holding/{2 * i}", "float32") for i in range(63)])) == [
        ("holding", 0, 124),
        ("holding", 124, 2),
    ]


def test_tables_are_not_mixed():
    assert {block.table for block in blocks([point("holding/1"), point("input/2"), point("coil/3")])} == {
        "holding",
        "input",
        "coil",
    }


def test_overlapping_points_share_a_block():
    assert asked(blocks([point("holding/0", "float64"), point("holding/1"), point("holding/3")])) == [("holding", 0, 4)]


points_anywhere = st.lists(
    st.builds(
        lambda table, address, kind: point(f"{table}/{address}", kind),
        st.sampled_from(["holding", "input", "coil"]),
        st.integers(0, 600),
        st.sampled_from(["uint16", "float32", "float64", "bool"]),
    ),
    min_size=1,
    max_size=80,
)


@given(points_anywhere)
def test_every_point_lies_inside_one_block_of_legal_size(points):
    found = blocks(points)
    assert sum(len(block.points) for block in found) == len(points)
    for block in found:
        assert 1 <= block.count <= (2000 if block.table == "coil" else 125)
        for where, each in block.points:
            assert where == place(each)
            assert where.table == block.table
            assert block.address <= where.address and where.end <= block.address + block.count


@pytest.mark.parametrize("address", ["holding/65535", "input/0", "coil/7", "discrete/65535"])
def test_an_address_is_told(address):
    assert f"{place(point(address)).table}/{place(point(address)).address}" == address


@pytest.mark.parametrize(
    "address", ["holding/65536", "holding/", "/1", "x/1", "holding/1.5", "holding/١", "holding/+1"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(AddressError):
        place(point(address))


def test_a_float_that_would_reach_over_the_end_is_refused():
    with pytest.raises(AddressError):
        place(point("holding/65535", "float32"))


places = st.lists(st.integers(0, 300), unique=True, max_size=200).map(
    lambda numbers: [(Place("holding", n, 1), n.to_bytes(2, "big")) for n in numbers]
)


@given(places)
def test_runs_write_each_register_once_and_no_other(words):
    written = {}
    for address, payload in runs(words):
        assert len(payload) <= 2 * 123
        for offset in range(0, len(payload), 2):
            assert address + offset // 2 not in written
            written[address + offset // 2] = payload[offset : offset + 2]
    assert written == {where.address: payload for where, payload in words}


def test_a_bool_fills_its_register():
    assert runs([(Place("holding", 4, 1), b"\x01")]) == [(4, b"\x00\x01")]
