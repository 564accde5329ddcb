"""Packed cycles: everything comes back bit for bit, whatever the numbers; damage is an error, not nonsense."""

from __future__ import annotations

import json
import math
import struct
import zlib
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.history.pack import PackError, Replay, StoredCycle, pack, readings, unpack
from supervisor.record import CycleRecord

NUMBERS = st.floats(allow_nan=False)


def test_a_cycle_comes_back_whole(make_record):
    replay = Replay({"cycle": 7, "u": {"T_in_sp": 181.1}, "blocked_up": ["fan_sp"]}, bytes(range(256)) * 40)
    for intent in (None, 17):
        record = make_record(7, intent_seq=intent)
        assert unpack(pack(record, replay)) == StoredCycle(record, replay)


def test_a_cycle_without_replay(make_record):
    assert unpack(pack(make_record(1))).replay == Replay()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NUMBERS, NUMBERS, st.binary(max_size=200), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_numbers_bytes_and_text_are_exact(make_record, value, limit, memory, text):
    record = make_record(
        1, readings={text: (value, "good", text)}, limits={"x": (limit, math.inf)}, money={text: limit}
    )
    found = unpack(pack(record, Replay({}, memory)))
    assert found.record == record
    assert math.copysign(1.0, found.record.readings[text][0]) == math.copysign(1.0, value)
    assert found.replay.memory == memory


def test_every_field_of_a_record_is_packed(make_record):
    """Whoever adds a field to the record must add it here, or it is lost."""
    raw = json.loads(zlib.decompress(_text(pack(make_record(1)))))
    assert set(raw["record"]) == {field.name for field in fields(CycleRecord)}


def test_a_cycle_from_before_there_were_bypasses_and_votes_is_read(make_record):
    record = make_record(1, bypassed={}, votes={})
    blob = pack(record)
    raw = json.loads(zlib.decompress(_text(blob)))
    del raw["record"]["bypassed"], raw["record"]["votes"]
    text = zlib.compress(json.dumps(raw).encode())
    rest = text + zlib.compress(b"")
    old = struct.pack(">4sII", b"SWH1", len(text), zlib.crc32(rest)) + rest
    assert unpack(old).record == record


def _text(blob):
    length = int.from_bytes(blob[4:8], "big")
    return blob[12 : 12 + length]


def test_readings_alone(make_record):
    assert readings(pack(make_record(1)))["moist"] == (None, "bad", "stale")


@pytest.mark.parametrize("blob", [b"", b"SWH1", b"nonsense" * 10, b"SWH1\x00\x00\x00\x05xxxxxyyyy", b"SWH1" + bytes(8)])
def test_what_is_no_cycle_is_an_error(blob):
    with pytest.raises(PackError):
        unpack(blob)


def test_every_flipped_byte_is_an_error(make_record):
    blob = pack(make_record(1), Replay({}, b"memory"))
    for at in range(len(blob)):
        damaged = blob[:at] + bytes([blob[at] ^ 0x10]) + blob[at + 1 :]
        with pytest.raises(PackError):
            unpack(damaged)


def test_a_cycle_of_ordinary_size_packs_small_and_fast(make_record):
    import time

    record = make_record(1, readings={f"tag{n}": (n * 1.1, "good", "") for n in range(200)})
    begun = time.process_time()
    for _ in range(20):
        blob = pack(record, Replay({}, bytes(8 * 1000)))
    assert (time.process_time() - begun) / 20 < 0.02
    assert len(blob) < 6_000
