"""What closed loop needs, as a checklist: met, not met, or found out only when it is asked for. Pure.

The record names every unmet condition while closed loop is asked for and not given. At other times what the cycle's
own readings and states tell is shown, and the rest is left open: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from constraints.plant import Plant
from safety.interlocks import InterlockOutcome
from safety.signals import CvStatus, Mode
from supervisor.inforce import PlantRule
from supervisor.record import CycleRecord
from supervisor.sentences import reason
from supervisor.web.words import lasting

Known = Literal["met", "unmet", "asked"]
AT_WORK = frozenset({"ON", "INIT", "WDUP+", "WDUP-"})
"""Status of an MV that counts for the least number at work."""
OF_FULL_HANDSHAKE = ("plc_remote", "plc_probe", "plc_boot", "plc_alone", "plc_echo", "plc_epoch", "plc_heeds")
ORDER = (
    "no_trip", "interlocks", "guard", "gate", "watchdog", "audit", "record_verified", "proof_test", *OF_FULL_HANDSHAKE,
    "handshake", "security", "mvs_active", "critical_cv", "candidate", "attended", "schedule", "person",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One line of the checklist."""

    code: str
    known: Known
    words: Mapping[str, str] = field(default_factory=dict)
    """What its text puts in."""
    why: str = ""
    """Of one that is not met."""


def permit_rows(
    plant: Plant, record: CycleRecord, outcome: InterlockOutcome, unprotected: tuple[str, ...], not_stored: str
) -> tuple[Permit, ...]:
    """Return what closed loop needs, in the order in which an operator would look at it.

    ``unprotected``: connections that are written to without security; ``not_stored``: why cycles are not stored.
    """
    known = _known(plant, record, outcome, unprotected, not_stored)
    words = {
        "mvs_active": {
            "working": str(_working(record)),
            "all": str(len(plant.mvs)),
            "least": str(plant.min_active_mvs),
        },
        "attended": {"longest": lasting(plant.max_unattended_s)},
        "person": {"role": "operator"},
    }
    unmet = set(record.mode.reasons)
    return tuple(
        Permit(code=code, known=known[code], words=words.get(code, {}), why=reason(code) if code in unmet else "")
        for code in ORDER
    )


def _known(
    plant: Plant, record: CycleRecord, outcome: InterlockOutcome, unprotected: tuple[str, ...], not_stored: str
) -> dict[str, Known]:
    mode = record.mode
    if mode.actual is Mode.CLOSED_LOOP:
        return dict.fromkeys(ORDER, "met")
    if mode.requested is Mode.CLOSED_LOOP:
        names = set(mode.reasons) | ({"person"} if {"rearm_needed", "tripped"} & set(mode.reasons) else set())
        return {code: "unmet" if code in names else "met" for code in ORDER}
    status = cast("Mapping[str, str]", record.plan.get("cv_status") or {})
    remote = record.readings.get("plc.remote", (None, "bad", ""))
    told: dict[str, bool | None] = {
        "no_trip": not record.trip_causes and outcome.action != "off",
        "interlocks": outcome.action not in ("shed", "off"),
        "audit": not not_stored,
        "plc_remote": remote[0] == 1.0 if remote[1] == "good" else None,
        "handshake": plant.handshake.kind == "full",
        "security": not unprotected,
        "mvs_active": _working(record) >= plant.min_active_mvs or None,  # some MVs come to work only once we beat
        "critical_cv": CvStatus.CRIT.value not in status.values(),
        "candidate": True if record.plan.get("status") == "ok" else None,
        "schedule": PlantRule(plant).at(record.utc_s).cap >= Mode.CLOSED_LOOP,
    }
    words: Mapping[bool | None, Known] = {True: "met", False: "unmet", None: "asked"}
    return {code: words[told.get(code)] for code in ORDER}


def _working(record: CycleRecord) -> int:
    status = cast("Mapping[str, str]", record.plan.get("mv_status") or {})
    return sum(word in AT_WORK for word in status.values())
