"""The list of places that may be written to, and the wire that carries nothing to any other (I-07)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from constraints.plant import Point
from safety.encoding import Encoding, encode
from supervisor.drivers.allow_list import AllowedWire, allowed_places, places_of
from supervisor.drivers.moveset import Delivered, Delivery, MoveSetWriter, Word
from tests.supervisor.drivers.field import ANSWERED, MVS, WRITTEN, approve, opcua_address, outcomes, points
from tests.supervisor.walk import demo_plant

WRITES = points(opcua_address)
PLACES = places_of(WRITES.targets.values(), WRITES.registers)
F32 = Encoding("float32")


class Paper:
    """A wire that ends on paper."""

    def __init__(self) -> None:
        self.words: list[Word] = []

    async def put(self, words: Sequence[Word], deadline_s: float) -> Delivered:
        self.words += words
        return Delivered(Delivery.DONE)

    async def read(self, points):
        return {point.tag: point.address for point in points}


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def wire(paper):
    return AllowedWire(paper, "dcs", PLACES)


def word(address: str = "ns=2;s=SP.a", encoding: Encoding = F32, connection: str = "dcs", payload: bytes | None = None):
    point = Point(tag="x", connection=connection, address=address, encoding=encoding)
    return Word(point, encode(1.0, encoding) if payload is None else payload)


def test_i07_the_list_of_the_demo_plant_word_for_word():
    registers = {"HB": 4, "EPOCH": 4, "SEQ": 4, "MASK": 4, "COMMIT": 4, "CRC": 2, "MODE_REQ": 2}
    expected = {("dcs", f"ns=2;s=APC.{name}", "uint32" if size == 4 else "uint16") for name, size in registers.items()}
    expected |= {("dcs", f"ns=2;s=APC.SP.{mv}", "float32") for mv in ("T_in_sp", "feed_sp", "fan_sp")}
    assert allowed_places(demo_plant()) == expected


def test_i07_what_is_only_read_is_not_on_it():
    plant = demo_plant()
    listed = {(connection, address) for connection, address, _ in allowed_places(plant)}
    assert {(point.connection, point.address) for point in plant.points_read()} & listed == set()


def test_the_little_plant_has_its_setpoints_and_what_it_writes():
    assert {address for _, address, _ in PLACES} == {
        *(opcua_address(f"SP.{mv}") for mv in MVS), *(opcua_address(register) for register, _ in WRITTEN.values()),
    }  # fmt: skip
    assert {opcua_address(register) for register, _ in ANSWERED.values()} & {place[1] for place in PLACES} == set()


async def test_what_is_listed_goes_on_as_it_is(wire, paper):
    words = [word(), word("ns=2;s=HB", Encoding("uint32"))]
    assert await wire.put(words, 5.0) == Delivered(Delivery.DONE)
    assert paper.words == words


@pytest.mark.parametrize("spoilt", [
    word("ns=2;s=SP.c"), word("ns=2;s=ACT.a"), word("ns=2;s=SP.a "), word("ns=2;s=sp.a"), word("ns=3;s=SP.a"),
    word("s=SP.a;ns=2"), word(""), word(connection="plc"), word(encoding=Encoding("float64")),
    word(encoding=Encoding("uint32")), word("ns=2;s=HB", Encoding("uint16")), word("ns=2;s=HB", Encoding("bool")),
    word(payload=b"\0\0\0\0\0\0"), word(payload=b"\0\0"), word(payload=b""),
])  # fmt: skip
async def test_i07_one_word_that_is_not_listed_stops_them_all(wire, paper, spoilt):
    found = await wire.put([word(), spoilt], 5.0)
    assert (found.delivery, found.why) == (Delivery.UNSENT, "not_listed")
    assert found.refused == {spoilt.point.address: "not_listed"}
    assert paper.words == []


async def test_i07_a_place_of_another_connection_is_not_this_ones(paper):
    """Two devices may have the same addresses; a wire belongs to one of them."""
    other = AllowedWire(paper, "plc", PLACES)
    assert (await other.put([word()], 5.0)).why == "not_listed"
    assert (await other.put([word(connection="plc")], 5.0)).why == "not_listed"


async def test_i07_a_switch_is_not_written_even_where_it_is_listed(paper):
    """Setpoints and registers are numbers; what has no size could be of any."""
    wire = AllowedWire(paper, "dcs", frozenset({("dcs", "ns=2;s=RUN", "bool")}))
    for payload in (b"", b"\0\1"):
        assert (await wire.put([word("ns=2;s=RUN", Encoding("bool"), payload=payload)], 5.0)).why == "not_listed"


async def test_i07_an_empty_list_lets_nothing_out(paper):
    assert (await AllowedWire(paper, "dcs", frozenset()).put([word()], 5.0)).delivery is Delivery.UNSENT


async def test_reading_is_not_touched(wire):
    assert await wire.read([word("ns=2;s=anything").point]) == {"x": "ns=2;s=anything"}


async def test_a_whole_set_and_a_beat_pass_through_it(wire, paper):
    writer = MoveSetWriter(wire, WRITES.registers, lambda: 0.0)
    plain = replace(WRITES, handshake="none", confirm_timeout_s=0.0)
    paper.read = lambda points: _nothing()
    await writer.write(approve({"a": 60.0, "b": 20.0}), plain)
    assert [word.point.address for word in paper.words] == ["ns=2;s=SP.a", "ns=2;s=SP.b"]


async def test_i07_a_set_whose_target_was_put_elsewhere_is_not_sent(wire, paper):
    """Whoever changes where an MV lies after the plant file was read changes nothing on the plant."""
    writer = MoveSetWriter(wire, WRITES.registers, lambda: 0.0)
    moved = replace(WRITES, targets={**WRITES.targets, "b": replace(WRITES.targets["b"], address="ns=2;s=TRIP.LIMIT")})
    receipts = await writer.write(approve({"a": 60.0, "b": 20.0}), moved)
    assert outcomes(receipts) == {"a": ("not_sent", "not_listed"), "b": ("not_sent", "not_listed")}
    assert paper.words == []


async def _nothing():
    return {}
