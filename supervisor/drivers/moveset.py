"""How a move set reaches a PLC and how we learn what became of it: the same procedure over every protocol.

Full handshake: setpoints, epoch, sequence, mask and CRC in one go; then COMMIT in a second; then the PLC's answer and
the loops' actual setpoints are read until they settle. Each word is sent once. What was sent and not answered is
UNKNOWN: it may land later, and only the PLC's own check of epoch and sequence can stop it (reference: safety.md §0.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Protocol

from constraints.plant import Point
from safety.approval import Approval, ApprovedMove, OnceOnly
from safety.encoding import Encoding, EncodingError, Kind, decode, encode, resolution
from safety.signals import BeatFrame, Mode, Reading, WriteOutcome, WriteReceipt
from supervisor.drivers.driver import Now, WritePoints
from supervisor.drivers.readback import Judgement, judge, last_word, points_to_read

REGISTER_KINDS: Final[Mapping[str, Kind]] = {
    "heartbeat": "uint32",
    "epoch": "uint32",
    "mode_request": "uint16",
    "sequence": "uint32",
    "mask": "uint32",
    "crc": "uint16",
    "commit": "uint32",
}
"""Registers that we write, and their exact types by the PLC contract, whatever the plant file says."""
NEEDED: Final = ("epoch", "sequence", "mask", "crc", "commit", "epoch_ack", "sequence_ack", "reject")
FIRST_LOOK_S = 0.01
LOOK_S_MAX = 0.2
"""Pauses between two looks at the read-back, real seconds, doubling."""


class Delivery(Enum):
    """How far a write request got."""

    DONE = "done"
    """The device said yes."""
    REFUSED = "refused"
    """The device said no, to the addresses in ``Delivered.refused``."""
    UNSENT = "unsent"
    """Not one byte left this process."""
    LOST = "lost"
    """Sent, or perhaps sent, and no answer that settles it."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The answer to one write request."""

    delivery: Delivery
    why: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By address: the device's reason."""


@dataclass(frozen=True, slots=True)
class Word:
    """One number on its way to one address."""

    point: Point
    payload: bytes
    """What ``point.encoding`` makes of it."""


class Wire(Protocol):
    """What a protocol gives to carry words. Neither method raises for plant trouble, neither retries."""

    async def put(self, words: Sequence[Word], deadline_s: float) -> Delivered:
        """Send all words once, in as few requests as the protocol allows, none of them after ``deadline_s``."""

    async def read(self, points: Sequence[Point]) -> Mapping[str, Reading]:
        """Return one reading per point, by tag."""


class MoveSetWriter:
    """Carries approvals and heartbeats over one wire. Keeps which approvals were used; never a setpoint."""

    def __init__(self, wire: Wire, registers: Mapping[str, Point], now_s: Now) -> None:
        self._wire = wire
        self._registers = registers
        self._now_s = now_s
        self._once = OnceOnly()

    async def beat(self, frame: BeatFrame) -> bool:
        """Send HB, EPOCH and MODE_REQ in one request; false where they are not configured or not acknowledged."""
        numbers = {
            "heartbeat": frame.heartbeat,
            "epoch": frame.epoch,
            "mode_request": max(frame.mode_request, Mode.OFF),  # TRIPPED asks the PLC for what OFF asks
        }
        words = [
            _word(self._registers[name], name, number) for name, number in numbers.items() if name in self._registers
        ]
        if "heartbeat" not in self._registers:
            return False
        return (await self._wire.put(words, float("inf"))).delivery is Delivery.DONE

    async def write(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        """Send ``approval`` at most once, never after its deadline, and return one receipt per move."""
        if why := self._unfit(approval, points):
            return _all(approval, WriteOutcome.NOT_SENT, why)
        self._once = self._once.use(approval)
        if points.handshake == "full":
            return await self._commit(approval, points)
        return await self._plain(approval, points)

    def _unfit(self, approval: Approval, points: WritePoints) -> str:
        """Return why this approval must not be sent, as a code; empty where it may."""
        if not approval.genuine:
            return "not_genuine"
        if (approval.cycle, approval.epoch, approval.sequence) in self._once.used:
            return "used"
        if not self._now_s() <= approval.deadline_s:
            return "deadline"
        if not all(move.mv in points.targets and move.mv in points.actuals for move in approval.moves):
            return "not_writable"
        if not all(_faithful(move, points.targets[move.mv].encoding) for move in approval.moves):
            return "payload"
        return _unfit_for_handshake(approval, points) if points.handshake == "full" else ""

    async def _commit(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        put = await self._wire.put(_move_set(approval, points), approval.deadline_s)
        if put.delivery is not Delivery.DONE:
            return _undelivered(approval, points, put)  # without COMMIT the PLC keeps its old set
        commit = await self._wire.put(
            [_word(points.registers["commit"], "commit", approval.sequence)], approval.deadline_s
        )
        if commit.delivery is Delivery.UNSENT:
            # The setpoints did leave, so this is not NOT_SENT; a new epoch will make sure that nothing comes of them.
            return _all(approval, WriteOutcome.UNKNOWN, f"uncommitted_{commit.why}")
        if commit.delivery is not Delivery.DONE:
            return _undelivered(approval, points, commit)
        return await self._read_back(approval, points, points_to_read(approval, points))

    async def _plain(self, approval: Approval, points: WritePoints) -> tuple[WriteReceipt, ...]:
        words = [Word(points.targets[move.mv], move.payload) for move in approval.moves]
        put = await self._wire.put(words, approval.deadline_s)
        if put.delivery in (Delivery.UNSENT, Delivery.LOST):
            return _undelivered(approval, points, put)
        refused = {
            move.mv: put.refused[points.targets[move.mv].address]
            for move in approval.moves
            if points.targets[move.mv].address in put.refused
        }
        receipts = await self._read_back(approval, points, points_to_read(approval, points))
        return tuple(
            replace(receipt, outcome=WriteOutcome.REJECTED, why=refused[receipt.mv])
            if receipt.mv in refused
            else receipt
            for receipt in receipts
        )

    async def _read_back(
        self, approval: Approval, points: WritePoints, wanted: Sequence[Point]
    ) -> tuple[WriteReceipt, ...]:
        """Look until two looks in a row agree on a final answer, or until the time is up.

        Two, because a server may show SEQ_ACK of this set beside REJECT of the last one: only a PLC writes atomically.
        """
        loop = asyncio.get_running_loop()
        until, pause_s = loop.time() + points.confirm_timeout_s, FIRST_LOOK_S
        before: Judgement | None = None
        while True:
            readings = await self._wire.read(wanted)
            now = judge(approval, points, readings)
            if now.final and now == before:
                return now.receipts
            if loop.time() >= until:
                return last_word(approval, points, readings)
            before = now
            if not now.final:
                await asyncio.sleep(min(pause_s, max(until - loop.time(), 0.0)))
                pause_s = min(2 * pause_s, LOOK_S_MAX)


def _faithful(move: ApprovedMove, encoding: Encoding) -> bool:
    """Whether the bytes say what was approved: the last look before the wire, by another way than the gate's."""
    try:
        return abs(decode(move.payload, encoding) - move.value) <= resolution(move.value, encoding)
    except EncodingError:
        return False


def _unfit_for_handshake(approval: Approval, points: WritePoints) -> str:
    if any(name not in points.registers for name in NEEDED):
        return "no_register"
    if any(move.mv not in points.mv_order for move in approval.moves):
        return "mask"
    mask = sum(1 << points.mv_order.index(move.mv) for move in approval.moves)
    return "" if mask == approval.mask else "mask"


def _move_set(approval: Approval, points: WritePoints) -> list[Word]:
    words = [Word(points.targets[move.mv], move.payload) for move in approval.moves]
    numbers = {
        "epoch": approval.epoch,
        "sequence": approval.sequence,
        "mask": approval.mask,
        "crc": approval.crc,
    }
    return words + [_word(points.registers[name], name, number) for name, number in numbers.items()]


def _word(point: Point, register: str, number: int) -> Word:
    encoding = Encoding(REGISTER_KINDS[register], point.encoding.word_order)
    return Word(replace(point, encoding=encoding), encode(float(number), encoding))


def _undelivered(approval: Approval, points: WritePoints, put: Delivered) -> tuple[WriteReceipt, ...]:
    if put.delivery is Delivery.REFUSED:
        reason = next(iter(put.refused.values()), put.why)
        return tuple(
            WriteReceipt(
                move.mv,
                WriteOutcome.REJECTED,
                move.value,
                None,
                put.refused.get(points.targets[move.mv].address, f"set_refused_{reason}"),
            )
            for move in approval.moves
        )
    return _all(approval, WriteOutcome.NOT_SENT if put.delivery is Delivery.UNSENT else WriteOutcome.UNKNOWN, put.why)


def _all(approval: Approval, outcome: WriteOutcome, why: str) -> tuple[WriteReceipt, ...]:
    return tuple(WriteReceipt(move.mv, outcome, move.value, None, why) for move in approval.moves)
