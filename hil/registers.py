"""The words that supervisor and PLC exchange (the PLC contract, docs/plc/README.md), whatever protocol carries them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

WordType = Literal["uint16", "uint32", "float32", "bool"]

WRITTEN: dict[str, WordType] = {
    "HB": "uint32",
    "EPOCH": "uint32",
    "MODE_REQ": "uint16",
    "SEQ": "uint32",
    "MASK": "uint32",
    "CRC": "uint16",
    "COMMIT": "uint32",
}
"""What the supervisor writes, beside one float32 ``SP`` per loop."""

ANSWERED: dict[str, WordType] = {
    "HB_ECHO": "uint32",
    "EPOCH_ACK": "uint32",
    "SEQ_ACK": "uint32",
    "REJECT": "uint16",
    "REMOTE": "bool",
    "CLAMPED": "uint32",
    "BOOT_COUNT": "uint32",
    "PROBE": "float32",
}
"""What the PLC answers."""


class Reject(IntEnum):
    """Why the PLC refused a move set; the first that applies, in this order."""

    NONE = 0
    CRC = 1
    """The checksum does not fit: half-written, or bytes in another order."""
    EPOCH = 2
    """From an epoch that is not the PLC's current one: a late packet, or a supervisor that was replaced."""
    SEQUENCE = 3
    """Neither the next set of this epoch nor the first of a higher one: a duplicate, or a set is missing."""
    HEARTBEAT = 4
    """No fresh heartbeat by the PLC's own timer, or shed and not re-armed since."""
    REMOTE = 5
    """The operator's switch is at LOCAL, MODE_REQ is not 3, or a masked loop is not in cascade."""
    LIMITS = 6
    """A setpoint is not finite, outside its clamps, too far in too short a time, or of a loop that is not there."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the registers that the supervisor writes."""

    hb: int = 0
    """``instance << 16 | counter``."""
    epoch: int = 0
    mode_req: int = 0
    seq: int = 0
    mask: int = 0
    crc: int = 0
    commit: int = 0
    sp: tuple[float, ...] = ()
    """One per loop, unit of the loop; bit i of ``mask`` says that ``sp[i]`` is meant."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What stands in the registers that the PLC writes."""

    hb_echo: int = 0
    epoch_ack: int = 0
    seq_ack: int = 0
    reject: int = 0
    remote: int = 0
    """1 = the operator's switch is at REMOTE."""
    clamped: int = 0
    """Bit i: the setpoint of loop i was refused for its limits, or is limited by the loop itself."""
    boot_count: int = 0
    probe: float = 0.0

    def by_name(self) -> dict[str, float]:
        """Return the registers by their names in ``ANSWERED``."""
        return {name: float(getattr(self, name.lower())) for name in ANSWERED}


def crc16(payload: bytes) -> int:
    """Return the CRC-16/MODBUS of ``payload``, bit by bit as a PLC works it out (poly A001h reflected, start FFFFh).

    Written apart from ``safety.handshake`` on purpose: the bench would not notice an error that both sides share.
    """
    crc = 0xFFFF
    for byte in payload:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def set_crc(epoch: int, seq: int, mask: int, sp: Sequence[float]) -> int:
    """Return the checksum of a move set: epoch, sequence, mask (uint32), then each masked setpoint (float32), all big
    endian, lowest index first. ``sp`` has one value per loop, masked or not; mask bits beyond it add nothing.
    """
    payload = struct.pack(">III", epoch, seq, mask)
    for index, value in enumerate(sp):
        if mask >> index & 1:
            payload += struct.pack(">f", value)
    return crc16(payload)
