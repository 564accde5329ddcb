"""Intents without an outcome: found at start, compared with what the PLC says, and closed one by one. Pure.

A process that ends between intent and outcome leaves a question: did the setpoints reach the PLC? Every such intent is
answered before control may arm (invariant I-39).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safety.signals import PlcState, WriteOutcome, WriteReceipt
from supervisor.audit.chain import Json, Row

RELATIVE = 1e-6
"""Two setpoints are the same within this part of their size: float32 on the wire is good for 6e-8."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """One intent whose outcome is not on record."""

    seq: int
    """Audit row of the intent."""
    utc_s: float
    controller: str
    epoch: int
    """PLC epoch and sequence of the move set."""
    sequence: int
    setpoints: Mapping[str, float]
    from_setpoints: Mapping[str, float]


def orphans(rows: Iterable[Row]) -> tuple[Orphan, ...]:
    """Return the intents among ``rows`` (in order of ``seq``) that no outcome among them closes."""
    pending: dict[int, Orphan] = {}
    for row in rows:
        if row.kind == "intent":
            pending[row.seq] = _orphan(row)
        elif (closed := closes(row.kind, row.body)) is not None:
            pending.pop(closed, None)
    return tuple(pending.values())


def closes(kind: str, text: str) -> int | None:
    """Return the intent that a row of ``kind`` with body ``text`` is the outcome of; None for every other row."""
    if kind not in ("outcome", "spooled"):
        return None
    body = _mapping(text)
    if kind == "spooled":
        inner = body.get("body")
        if body.get("was") != "outcome" or not isinstance(inner, dict):
            return None
        body = inner
    intent = body.get("intent_seq")
    return intent if isinstance(intent, int) else None


def resolve(orphan: Orphan, actual: Mapping[str, float | None], plc: PlcState | None) -> tuple[WriteReceipt, ...]:
    """Return what became of each setpoint, judged by a fresh read-back.

    ``actual``: each MV's setpoint as it stands in the loop now; None or missing where it could not be read.
    ``plc``: the handshake as last read; None for a plant without it.
    """
    return tuple(
        WriteReceipt(mv, outcome, value, actual.get(mv), why)
        for mv, value in orphan.setpoints.items()
        for outcome, why in (_judge(orphan, mv, value, actual.get(mv), plc),)
    )


def outcome_body(intent_seq: int, receipts: Iterable[WriteReceipt], how: str) -> dict[str, Json]:
    """Return the body of an outcome row. ``how``: ``receipts``, ``orphan`` (at start) or ``late`` (never sent)."""
    return {
        "intent_seq": intent_seq,
        "how": how,
        "outcomes": [
            {"mv": r.mv, "outcome": r.outcome.value, "value": r.value, "actual": r.actual, "why": r.why}
            for r in receipts
        ],
    }


def never_sent(intent: Row, why: str) -> dict[str, Json]:
    """Return the outcome body of an intent that came on record too late for its setpoints to be sent."""
    setpoints = _orphan(intent).setpoints
    receipts = [WriteReceipt(mv, WriteOutcome.NOT_SENT, value, None, why) for mv, value in setpoints.items()]
    return outcome_body(intent.seq, receipts, "late")


def _judge(
    orphan: Orphan, mv: str, value: float, actual: float | None, plc: PlcState | None
) -> tuple[WriteOutcome, str]:
    if actual is None or not math.isfinite(actual):
        return WriteOutcome.UNKNOWN, "not_readable"
    evaluated = _evaluated(orphan, plc)
    if evaluated and plc is not None and plc.sequence_ack == orphan.sequence and plc.reject not in (0, None):
        return WriteOutcome.REJECTED, f"reject_{plc.reject}"
    before = orphan.from_setpoints.get(mv)
    if _same(actual, value):
        # Where nothing was to move, the value cannot tell; the PLC's own count can.
        unmoved = before is not None and _same(value, before)
        if unmoved and evaluated is False:
            return WriteOutcome.NOT_SENT, "not_evaluated"
        return WriteOutcome.CONFIRMED, "read_back"
    if before is not None and _same(actual, before) and not evaluated:
        return WriteOutcome.NOT_SENT, "still_before"
    return WriteOutcome.OVERRIDDEN, "another_value"


def _evaluated(orphan: Orphan, plc: PlcState | None) -> bool | None:
    """Whether the PLC has evaluated the move set; None where it does not say."""
    if plc is None or plc.epoch_ack is None or plc.sequence_ack is None:
        return None
    if plc.epoch_ack != orphan.epoch:
        return None if plc.epoch_ack > orphan.epoch else False
    return plc.sequence_ack >= orphan.sequence


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=1e-9)


def _orphan(row: Row) -> Orphan:
    body = _mapping(row.body)
    return Orphan(
        seq=row.seq,
        utc_s=row.utc_s,
        controller=str(body.get("controller", "")),
        epoch=_whole(body.get("epoch")),
        sequence=_whole(body.get("sequence")),
        setpoints=_numbers(body.get("setpoints")),
        from_setpoints=_numbers(body.get("from")),
    )


def _mapping(text: str) -> dict[str, Json]:
    """Return the body; an empty one where somebody made it unreadable (``verify`` reports that, start goes on)."""
    try:
        body: Json = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _numbers(value: Json) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    return {name: float(item) for name, item in value.items() if isinstance(item, int | float)}
