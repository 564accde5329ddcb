"""The words of the PLC contract: what both sides agree on, and the PLC's answers as read."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from safety.signals import PlcState, Snapshot

UINT32_MAX: Final = 0xFFFF_FFFF
MVS_MAX: Final = 32
"""Bits of the mask."""
ECHO_BEATS: Final = 3
"""Beats that may stay without an echo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeRule:
    """How this plant's PLC watches us. Raises ValueError where it could not be carried out."""

    kind: Literal["full", "heartbeat", "none"] = "none"
    """``heartbeat``: the PLC echoes the heartbeat only, so nothing fences late packets. ``none``: advisory only."""
    every_s: float = 15.0
    """Time between two beats."""
    plc_timeout_s: float = 90.0
    """After so long without a new beat the PLC sheds by its own timer; 0 would mean never and is refused."""
    probe: float | None = None
    """The constant that the PLC must show, as float32: proves the word order."""
    mv_order: tuple[str, ...] = ()
    """Index of each MV in ``SP[i]`` and in the mask."""

    def __post_init__(self) -> None:
        if not 0.0 < self.every_s < self.plc_timeout_s < math.inf:
            raise ValueError("a heartbeat needs 0 < every < plc_timeout, both finite")
        if len(self.mv_order) > MVS_MAX or len(set(self.mv_order)) != len(self.mv_order):
            raise ValueError(f"at most {MVS_MAX} MVs, each once")

    @property
    def echo_limit_s(self) -> float:
        """How long an answer may be missing before the link counts as lost."""
        return min(self.plc_timeout_s, ECHO_BEATS * self.every_s)


def crc16(payload: bytes) -> int:
    """Return the CRC-16/MODBUS of ``payload`` (polynomial 0xA001 reflected, start 0xFFFF; 0x4B37 for "123456789")."""
    crc = 0xFFFF
    for byte in payload:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def _crc_of_byte(crc: int) -> int:
    for _ in range(8):
        crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


_CRC_TABLE: Final = tuple(map(_crc_of_byte, range(256)))


def move_set_crc(epoch: int, sequence: int, mask: int, setpoints: Sequence[float]) -> int:
    """Return the CRC of a move set: epoch, sequence, mask as big-endian uint32, then each masked SP as float32."""
    return crc16(struct.pack(f">III{len(setpoints)}f", epoch, sequence, mask, *setpoints))


def plc_state(snapshot: Snapshot) -> PlcState:
    """Return the PLC's answers from the good readings ``plc.<register>`` of a validated snapshot."""
    whole: Mapping[str, int | None] = {name: _whole(snapshot.good(f"plc.{name}")) for name in _WHOLE}
    remote = _whole(snapshot.good("plc.remote"))
    return PlcState(
        heartbeat_echo=whole["heartbeat_echo"],
        epoch_ack=whole["epoch_ack"],
        sequence_ack=whole["sequence_ack"],
        reject=whole["reject"],
        remote=bool(remote) if remote in (0, 1) else None,
        clamped=whole["clamped"],
        boot_count=whole["boot_count"],
        probe=snapshot.good("plc.probe"),
    )


_WHOLE: Final = ("heartbeat_echo", "epoch_ack", "sequence_ack", "reject", "clamped", "boot_count")


def _whole(number: float | None) -> int | None:
    """Return an unsigned 32-bit number, None where it is none."""
    return int(number) if number is not None and number.is_integer() and 0.0 <= number <= UINT32_MAX else None
