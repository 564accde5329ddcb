"""Stores a cycle of a plant each second, every value new, as control would: the records that the pages show.

python -m benchmarks.web_writer plant.yaml
"""

from __future__ import annotations

import asyncio
import fcntl
import math
import sys
from pathlib import Path

from constraints.plant import Plant
from constraints.plantfile import load
from controllers.types import Plan, PlanStatus
from safety.signals import Mode, ModeState
from supervisor.audit.writer import AuditWriter
from supervisor.clock import machine_mono_s, machine_utc_s
from supervisor.plans import plan_json
from supervisor.record import CycleRecord
from supervisor.site import Site

HORIZON = 30
EVERY_S = 1.0


def record(plant: Plant, number: int, utc_s: float) -> CycleRecord:
    """Return cycle ``number``: each variable inside its limits and at another place than before."""

    def at(limits: tuple[float, float], place: int) -> float:
        lo, hi = (each if math.isfinite(each) else 0.0 for each in limits)
        return lo + (hi - lo) * (0.5 + 0.4 * math.sin(0.1 * number + place))

    cvs = {name: at(spec.limits.operator, place) for place, (name, spec) in enumerate(plant.cvs.items())}
    mvs = {name: at(spec.limits.operator, place) for place, (name, spec) in enumerate(plant.mvs.items())}
    tags = {**cvs, **{spec.setpoint.tag: mvs[name] for name, spec in plant.mvs.items()}}
    tags |= {spec.readback: mvs[name] for name, spec in plant.mvs.items()}
    plan = plan_json(
        Plan(
            cycle=number,
            status=PlanStatus.OK,
            moves=mvs,
            y_ss=cvs,
            u_ss=mvs,
            prediction={name: (each,) * HORIZON for name, each in cvs.items()},
            u_plan={name: (each,) * HORIZON for name, each in mvs.items()},
        )
    )
    return CycleRecord(
        cycle=number,
        utc_s=utc_s,
        mono_s=machine_mono_s(),
        mode=ModeState(Mode.MONITOR, Mode.MONITOR, ()),
        readings={tag: (value, "good", "") for tag, value in tags.items()},
        plan=plan,
        verdict="none",
        links=dict.fromkeys(plant.connections, "connected"),
    )


async def store(path: Path) -> None:
    """Store until it is ended."""
    plant, site = load(path).plant, Site.of(path)
    site.data.mkdir(exist_ok=True)
    audit = AuditWriter(site.database_url, site.spool, site.heads)
    await audit.start(machine_utc_s())
    with site.pid_file.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        number = 0
        while True:
            number += 1
            await audit.settle(record(plant, number, machine_utc_s()))
            await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    asyncio.run(store(Path(sys.argv[1])))
