"""What the read-back says about a move set. Pure: an approval and readings in, receipts out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constraints.plant import Point
from safety.approval import Approval, ApprovedMove
from safety.signals import Reading, WriteOutcome, WriteReceipt
from supervisor.drivers.driver import WritePoints

REJECT_EPOCH = 2
"""The PLC's code for a set whose epoch is not its current one."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One look: receipts, and whether they will not change any more."""

    receipts: tuple[WriteReceipt, ...] = ()
    final: bool = False


def points_to_read(approval: Approval, points: WritePoints) -> tuple[Point, ...]:
    """Return what to read after ``approval`` was sent."""
    actuals = tuple(points.actuals[move.mv] for move in approval.moves)
    if points.handshake != "full":
        return actuals
    return (*actuals, *(points.registers[name] for name in ("epoch_ack", "sequence_ack", "reject")))


def judge(approval: Approval, points: WritePoints, readings: Mapping[str, Reading]) -> Judgement:
    """Return what one look proves: a reject, or every setpoint where it should be; else nothing yet."""
    if points.handshake == "full":
        reject = _answer(approval, points, readings)
        if reject is None:
            return Judgement()
        if reject != 0:
            receipts = tuple(
                WriteReceipt(m.mv, WriteOutcome.REJECTED, m.value, _actual(m, points, readings), f"reject_{reject}")
                for m in approval.moves
            )
            return Judgement(receipts, final=True)
    receipts = tuple(_arrived(move, points, readings) for move in approval.moves)
    return Judgement(receipts, final=all(each.outcome is WriteOutcome.CONFIRMED for each in receipts))


def last_word(approval: Approval, points: WritePoints, readings: Mapping[str, Reading]) -> tuple[WriteReceipt, ...]:
    """Return the receipts when the time is up."""
    if points.handshake == "full" and _answer(approval, points, readings) is None:
        epoch = _good(points.registers["epoch_ack"], readings)
        if epoch is None or _good(points.registers["sequence_ack"], readings) is None:
            why = "no_answer"
        else:
            why = "foreign_epoch" if epoch > approval.epoch else "not_evaluated"
        return tuple(
            WriteReceipt(m.mv, WriteOutcome.UNKNOWN, m.value, _actual(m, points, readings), why) for m in approval.moves
        )
    return judge(approval, points, readings).receipts


def _answer(approval: Approval, points: WritePoints, readings: Mapping[str, Reading]) -> int | None:
    """Return the PLC's reject code for this set (0 = accepted); None while it has not answered it."""
    epoch, sequence, reject = (
        _good(points.registers[name], readings) for name in ("epoch_ack", "sequence_ack", "reject")
    )
    if epoch is None or reject is None or sequence != approval.sequence:
        return None
    fenced = epoch > approval.epoch and reject == REJECT_EPOCH  # a newer supervisor: ours can only have been refused
    return int(reject) if epoch == approval.epoch or fenced else None


def _arrived(move: ApprovedMove, points: WritePoints, readings: Mapping[str, Reading]) -> WriteReceipt:
    actual = _actual(move, points, readings)
    if actual is None:
        return WriteReceipt(move.mv, WriteOutcome.UNKNOWN, move.value, None, "no_readback")
    if abs(actual - move.value) <= points.deadbands.get(move.mv, 0.0):
        return WriteReceipt(move.mv, WriteOutcome.CONFIRMED, move.value, actual)
    return WriteReceipt(move.mv, WriteOutcome.OVERRIDDEN, move.value, actual, "readback")


def _actual(move: ApprovedMove, points: WritePoints, readings: Mapping[str, Reading]) -> float | None:
    return _good(points.actuals[move.mv], readings)


def _good(point: Point, readings: Mapping[str, Reading]) -> float | None:
    reading = readings.get(point.tag)
    return reading.value if reading is not None and reading.good else None
