"""What closed loop needs, as a checklist: what stands in its way now, as the last cycle knew it. Pure.

Not all of it can be known before somebody asks: the PLC's answers to a first heartbeat come with arming.
"""

from __future__ import annotations

from constraints.plant import Plant
from safety.signals import Mode
from supervisor.record import CycleRecord
from supervisor.sentences import reason
from supervisor.web.texts import Translate
from supervisor.web.variables import mv_rows

IN_HAND = frozenset({"OPR", "SERV", ""})


def checks(plant: Plant, record: CycleRecord, t: Translate) -> tuple[tuple[bool, str], ...]:
    """Return each permissive with whether it is met."""
    rows = mv_rows(plant, record)
    ready = sum(row.available is not False and row.status != "SERV" for row in rows)
    linked = all(state == "connected" for state in record.links.values())
    remote = record.readings.get("plc.remote", (None, "", ""))[0]
    found = [
        (linked, t("permit.links")),
        (record.mode.actual is not Mode.TRIPPED, t("permit.not_tripped")),
        (not record.trips, t("permit.interlocks", names=", ".join(record.trips) or t("permit.all"))),
        (str(record.plan.get("status")) == "ok", t("permit.plan")),
        (plant.handshake.kind == "full", t("permit.handshake")),
        (remote == 1.0, t("permit.remote")),
        (ready >= plant.min_active_mvs, t("permit.mvs", ready=ready, needed=plant.min_active_mvs, of=len(rows))),
    ]
    found += [(False, reason(code)) for code in record.mode.reasons]
    return tuple(found)
