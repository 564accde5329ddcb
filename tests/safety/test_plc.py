from __future__ import annotations

import math

import pytest

from safety.handshake import HandshakeRule, crc16, move_set_crc, plc_state
from safety.signals import PlcState
from tests.safety.words import snapshot

REGISTERS = ["heartbeat_echo", "epoch_ack", "sequence_ack", "reject", "clamped", "boot_count"]


@pytest.mark.parametrize(
    ("payload", "crc"),
    [(b"", 0xFFFF), (b"123456789", 0x4B37), (bytes.fromhex("01 04 02 FF FF"), 0x80B8), (b"\0", 0x40BF)],
)
def test_crc_16_modbus(payload, crc):
    assert crc16(payload) == crc


def test_the_crc_of_a_move_set_covers_every_word_in_order():
    payload = bytes.fromhex("00000007 00000029 00000005 43340000 42C80000")
    assert move_set_crc(7, 41, 5, [180.0, 100.0]) == crc16(payload)
    assert move_set_crc(0xFFFFFFFF, 0xFFFFFFFF, 0, []) == crc16(b"\xff" * 8 + b"\0" * 4)


@pytest.mark.parametrize(
    ("number", "found"),
    [(0.0, 0), (1.0, 1), (4294967295.0, 0xFFFFFFFF), (4294967296.0, None), (-1.0, None), (0.5, None), (None, None)],
)
def test_registers_are_whole_unsigned_numbers(number, found):
    for register in REGISTERS:
        assert plc_state(snapshot({f"plc.{register}": number})) == PlcState(**{register: found})


@pytest.mark.parametrize(("number", "found"), [(0.0, False), (1.0, True), (2.0, None), (0.5, None), (None, None)])
def test_remote_is_a_switch(number, found):
    assert plc_state(snapshot({"plc.remote": number})) == PlcState(remote=found)


def test_the_probe_is_a_number():
    assert plc_state(snapshot({"plc.probe": 1234.5})) == PlcState(probe=1234.5)
    assert plc_state(snapshot({})) == PlcState()


@pytest.mark.parametrize(
    "changes",
    [
        {"every_s": 0.0}, {"every_s": -1.0}, {"every_s": math.nan}, {"plc_timeout_s": 0.0}, {"plc_timeout_s": 15.0},
        {"plc_timeout_s": math.inf}, {"plc_timeout_s": math.nan}, {"mv_order": ("a", "a")},
        {"mv_order": tuple(f"m{n}" for n in range(33))},
    ],
)  # fmt: skip
def test_a_handshake_that_cannot_work(changes):
    with pytest.raises(ValueError, match=r"heartbeat|MVs"):
        HandshakeRule(**changes)


def test_limits_of_a_handshake():
    assert HandshakeRule(every_s=0.5, plc_timeout_s=0.6)
    assert len(HandshakeRule(mv_order=tuple(f"m{n}" for n in range(32))).mv_order) == 32
    assert HandshakeRule(every_s=15.0, plc_timeout_s=90.0).echo_limit_s == 45.0
    assert HandshakeRule(every_s=15.0, plc_timeout_s=40.0).echo_limit_s == 40.0
