"""What a cycle on record says of closed loop, for tests that look for it."""

from __future__ import annotations

from collections.abc import Sequence

from safety.signals import Mode, WriteOutcome
from supervisor.record import CycleRecord

BUSY = frozenset({"plc_echo", "plc_epoch", "watchdog", "candidate"})
"""Why closed loop ends when this machine stops for a second, which is a minute at the plant."""
UNREAD = frozenset({"plc_remote", "plc_probe", "plc_boot"})
"""Not met all at once where the PLC's answers came too late."""
LATE_READ_MS = 500.0
"""The control system's time-out in the plant file: a first look that took so long has found nothing in time."""

LATE_RECORD = "decisions cannot be stored: late"
"""The disk took longer than the 0.3 s that the record is given, in real time."""


def wrote(record: CycleRecord) -> bool:
    """Whether this cycle was in closed loop and the PLC has confirmed its move set."""
    return (
        record.mode.actual is Mode.CLOSED_LOOP
        and bool(record.receipts)
        and all(receipt.outcome is WriteOutcome.CONFIRMED for receipt in record.receipts)
    )


def let_go(record: CycleRecord) -> bool:
    """Whether closed loop was asked for and is not held."""
    return record.mode.requested is Mode.CLOSED_LOOP and record.mode.actual < Mode.CLOSED_LOOP


def busy(record: CycleRecord) -> bool:
    """Whether closed loop ended here because the machine stood still, and not because of what the plant is."""
    reasons = record.mode.reasons
    late_read = reasons[:1] == ("mvs_active",) and record.timings_ms["read"] > LATE_READ_MS
    late_record = reasons[:1] == ("audit",) and LATE_RECORD in alarms([record], "record")
    return bool(reasons) and (reasons[0] in BUSY or set(reasons) >= UNREAD or late_read or late_record)


def longest_ms(records: Sequence[CycleRecord], lap: str) -> float:
    """Return the longest time of a part of the cycle but for one: that may have met a machine that stood still.
    ``lap`` is a key of ``timings_ms``. Whatever a fault delays, it delays in each of the cycles that it lasts.
    """
    assert len(records) > 3
    return sorted(record.timings_ms[lap] for record in records)[-2]


def latched(record: CycleRecord | None) -> list[str]:
    return [] if record is None else [name for name in record.trips if name == "Exhaust over-temperature"]


def alarms(records: Sequence[CycleRecord], code: str, state: str = "active") -> list[str]:
    """Return the texts of the alarms of a code that came (or were cleared) in these cycles."""
    return [alarm.text for record in records for alarm in record.alarms if (alarm.code, alarm.state) == (code, state)]


def told(record: CycleRecord | None) -> str:
    """Return a cycle in one line, for messages."""
    if record is None:
        return "no cycle on record"
    bad = {tag: why for tag, (_, quality, why) in record.readings.items() if quality != "good"}
    return (
        f"cycle {record.cycle} {record.mode.requested.name}->{record.mode.actual.name} {record.mode.reasons} "
        f"verdict {record.verdict} refusals {[(r.code, r.subject) for r in record.refusals]} trips {record.trips} "
        f"receipts {[(r.mv, r.outcome.value, r.why) for r in record.receipts]} plan {record.plan.get('status')} "
        f"{record.plan.get('why')} links {dict(record.links)} bad {bad} ms {dict(record.timings_ms)}"
    )
