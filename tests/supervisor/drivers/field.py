"""What the driver tests share: a little plant with two MVs, its PLC, approvals, and waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace

from constraints.plant import Point
from safety import approval as sealed
from safety.approval import Approval, ApprovedMove
from safety.encoding import Encoding, encode
from safety.handshake import move_set_crc
from safety.signals import BeatFrame, Mode
from supervisor.drivers.allow_list import Place, places_of
from supervisor.drivers.driver import Driver, WritePoints

F32 = Encoding("float32")
MVS = ("a", "b")
WRITTEN = {
    "heartbeat": ("HB", "uint32"),
    "epoch": ("EPOCH", "uint32"),
    "mode_request": ("MODE_REQ", "uint16"),
    "sequence": ("SEQ", "uint32"),
    "mask": ("MASK", "uint32"),
    "crc": ("CRC", "uint16"),
    "commit": ("COMMIT", "uint32"),
}
ANSWERED = {
    "heartbeat_echo": ("HB_ECHO", "uint32"),
    "epoch_ack": ("EPOCH_ACK", "uint32"),
    "sequence_ack": ("SEQ_ACK", "uint32"),
    "reject": ("REJECT", "uint16"),
}
HOLD = BeatFrame(heartbeat=1 << 16, epoch=1, mode_request=Mode.CLOSED_LOOP)
"""A beat that holds the plant."""
Address = Callable[[str], str]


def allowed(writes: WritePoints) -> frozenset[Place]:
    """The places of ``writes`` and nothing else."""
    return places_of(writes.targets.values(), writes.registers)


def opcua_address(name: str) -> str:
    return f"ns=2;s={name}"


def points(address: Address, *, connection: str = "dcs", word_order: str = "ABCD", **changes) -> WritePoints:
    """Where the little plant's MVs and registers lie: MV ``a`` at ``SP.a``, its actual setpoint at ``ACT.a``."""
    f32 = Encoding("float32", word_order)
    registers = {
        name: Point(
            tag=f"plc.{name}" if name in ANSWERED else name,
            connection=connection,
            address=address(register),
            encoding=Encoding(kind, word_order),
        )
        for name, (register, kind) in {**WRITTEN, **ANSWERED}.items()
    }
    built = WritePoints(
        handshake="full",
        targets={
            mv: Point(tag=f"{mv}.sp", connection=connection, address=address(f"SP.{mv}"), encoding=f32) for mv in MVS
        },
        actuals={
            mv: Point(tag=f"{mv}.actual", connection=connection, address=address(f"ACT.{mv}"), encoding=f32)
            for mv in MVS
        },
        mv_order=MVS,
        registers=registers,
        deadbands=dict.fromkeys(MVS, 1e-4),
        confirm_timeout_s=0.6,
    )
    return replace(built, **changes)


def approve(
    moves: dict[str, float],
    /,
    *,
    epoch: int = 1,
    sequence: int = 1,
    cycle: int = 1,
    deadline_s: float = float("inf"),
    encoding: Encoding = F32,
    **changes,
) -> Approval:
    """An approval as the gate would give it; the seal is borrowed, since what the gate thinks is not tested here."""
    approved = tuple(ApprovedMove(mv, value, encode(value, encoding)) for mv, value in moves.items())
    mask = sum(1 << MVS.index(mv) for mv in moves if mv in MVS)
    fields = {
        "controller": "c",
        "cycle": cycle,
        "epoch": epoch,
        "sequence": sequence,
        "mask": mask,
        "crc": move_set_crc(epoch, sequence, mask, list(moves.values())),
        "moves": approved,
        "limits_hash": "l",
        "config_hash": "h",
        "deadline_s": deadline_s,
    }
    return Approval(**{**fields, **changes}, seal=sealed._SEAL)


class TinyPlc:
    """The PLC contract in thirty lines, over anything that looks like a dictionary of registers."""

    def __init__(self, lo: float = 0.0, hi: float = 100.0) -> None:
        self.lo, self.hi = lo, hi
        self.epoch = self.sequence = self.sequence_epoch = self.commit = 0
        self.reject = 0
        self.evaluated: list[tuple[int, int, int]] = []
        self.ignore = False
        self.override: dict[str, float] = {}

    def scan(self, registers: MutableMapping[str, float]) -> None:
        if self.ignore:
            return
        read = {name: int(registers.get(name, 0)) for name, _ in WRITTEN.values()}
        self.epoch = max(self.epoch, read["EPOCH"])
        if read["COMMIT"] != self.commit and read["COMMIT"] == read["SEQ"]:
            masked = [mv for index, mv in enumerate(MVS) if read["MASK"] >> index & 1]
            sp = {mv: float(registers[f"SP.{mv}"]) for mv in masked}
            self.reject = self._verdict(read, list(sp.values()))
            if self.reject == 0:
                for mv, value in sp.items():
                    registers[f"ACT.{mv}"] = self.override.get(mv, value)
            self.sequence = read["SEQ"]
            self.sequence_epoch = max(self.sequence_epoch, read["EPOCH"])
            self.evaluated.append((read["EPOCH"], read["SEQ"], self.reject))
            registers.update({"REJECT": self.reject, "SEQ_ACK": self.sequence})
        self.commit = read["COMMIT"]
        registers.update({"EPOCH_ACK": self.epoch, "HB_ECHO": read["HB"]})

    def _verdict(self, read: dict[str, int], sp: Sequence[float]) -> int:
        if read["CRC"] != move_set_crc(read["EPOCH"], read["SEQ"], read["MASK"], sp):
            return 1
        if read["EPOCH"] != self.epoch:
            return 2
        if read["SEQ"] != self.sequence + 1 and read["EPOCH"] <= self.sequence_epoch:
            return 3
        return 0 if all(self.lo <= value <= self.hi for value in sp) else 6


async def until(true: Callable[[], bool], timeout_s: float = 8.0) -> None:
    """Wait until ``true()``; fail the test when it does not come."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def connected(driver: Driver, timeout_s: float = 8.0) -> None:
    """Wait until it reads and, where the plant is held, until it can write too."""
    await until(lambda: driver.link.connected and _writes_where_held(driver), timeout_s)


async def armed(driver: Driver, timeout_s: float = 8.0) -> None:
    """Hold the plant, and wait until the driver can write."""
    driver.take()
    await connected(driver, timeout_s)


def _writes_where_held(driver: Driver) -> bool:
    writing = getattr(driver, "writing", None)
    return writing is None or writing.link is None or writing.link.connected


def outcomes(receipts) -> dict[str, tuple[str, str]]:
    return {receipt.mv: (receipt.outcome.value, receipt.why) for receipt in receipts}
