"""What the chain says about one cycle: the decision, and the hash of the packed row that holds everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from supervisor.audit.chain import Json, plain
from supervisor.audit.orphans import outcome_body
from supervisor.audit.store import Entry, Packed, entry
from supervisor.letters import body
from supervisor.record import Alarm, AlarmStep, Answer, CycleRecord


def cycle_entries(record: CycleRecord, blob: bytes) -> list[Entry]:
    """Return the rows that settle ``record``: the outcome of its intent, where it had one, and the cycle itself.

    ``blob`` is the packed cycle of ``history.pack``; its hash is in the cycle's row, so that history cannot be changed
    unseen either. Raises StoreError("not_a_value").
    """
    entries: list[Entry] = []
    if record.intent_seq is not None:
        outcome = plain(outcome_body(record.intent_seq, record.receipts, "receipts"))
        entries.append(entry("outcome", _mapping(outcome), record.utc_s))
    packed = Packed(record.cycle, record.utc_s, blob)
    cycle = entry("cycle", _mapping(plain(_cycle_body(record, blob))), record.utc_s)
    return [*entries, Entry(cycle.kind, cycle.body, cycle.utc_s, packed)]


def _cycle_body(record: CycleRecord, blob: bytes) -> dict[str, Json]:
    return {
        "cycle": record.cycle,
        "mono_s": record.mono_s,
        "mode": {
            "requested": int(record.mode.requested),
            "actual": int(record.mode.actual),
            "reasons": list(record.mode.reasons),
        },
        "plan_status": record.plan.get("status"),
        "verdict": record.verdict,
        "refusals": [{"code": r.code, "subject": r.subject, "detail": dict(r.detail)} for r in record.refusals],
        "trips": list(record.trips),
        "bypassed": {
            name: {"owner": b.owner, "reason": b.reason, "until_utc_s": b.until_utc_s}
            for name, b in record.bypassed.items()
        },
        "intent_seq": record.intent_seq,
        "receipts": [[r.mv, r.outcome.value, r.value, r.actual, r.why] for r in record.receipts],
        "requests": [body(request) for request in record.requests],
        "answers": _answers(record.answers),
        "by_hand": list(record.by_hand),
        "alarms": _alarms(record.alarms),
        "alarm_steps": [_step(each) for each in record.alarm_steps],
        "limits": {name: list(pair) for name, pair in record.limits.items()},
        "money": dict(record.money),
        "supplied": dict(record.supplied),
        "packed_sha256": hashlib.sha256(blob).hexdigest(),
    }


def _answers(answers: Iterable[Answer]) -> list[Json]:
    return [{"id": a.id, "accepted": a.accepted, "why": a.why, "was": a.was} for a in answers]


def _alarms(alarms: Iterable[Alarm]) -> list[Json]:
    return [
        {"code": a.code, "subject": a.subject, "priority": a.priority, "state": a.state, "text": a.text} for a in alarms
    ]


def _step(step: AlarmStep) -> Json:
    return {
        "id": step.id, "step": step.step, "state": step.state, "occurrence": step.occurrence,
        "priority": step.priority, "by": step.by, "why": step.why, "until_utc_s": step.until_utc_s,
    }  # fmt: skip


def _mapping(found: Json) -> dict[str, Json]:
    return found if isinstance(found, dict) else {}
