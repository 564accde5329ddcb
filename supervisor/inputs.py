"""From a validated snapshot to what the controller is given. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from constraints.plant import Plant
from controllers.types import Inputs
from safety.signals import MvStatus, Snapshot
from supervisor.service import Service
from supervisor.supplied import Supply

UP_CLOSED = frozenset({MvStatus.WDUP_HIGH, MvStatus.WDUP})
DOWN_CLOSED = frozenset({MvStatus.WDUP_LOW, MvStatus.WDUP})


def controller_inputs(  # noqa: PLR0913 - one source an argument; keyword-only
    plant: Plant,
    snapshot: Snapshot,
    service: Service,
    *,
    limits: Mapping[str, tuple[float, float]],
    money: Mapping[str, float],
    blocked_up: frozenset[str],
    blocked_down: frozenset[str],
    last_setpoints: Mapping[str, float],
    mv_status: Mapping[str, MvStatus],
    optimise: bool,
    supply: Supply | None = None,
) -> Inputs:
    """Return the controller's inputs; ``supply`` is what others supply.

    A setpoint that cannot be read keeps its last value: that MV is not moved.
    """
    supply = supply or Supply()
    return Inputs(
        cycle=snapshot.cycle,
        at_s=snapshot.at.mono_s,
        u={name: setpoint(plant, snapshot, name, last_setpoints) for name in plant.mvs},
        mv_status=mv_status,
        y={name: snapshot.good(name) for name in plant.cvs},
        y_new=service.new_sample,
        cv_status=service.cvs,
        d={name: usable(snapshot, name) for name in plant.dvs},
        limits=limits,
        targets={name: cv.target for name, cv in plant.cvs.items() if cv.target is not None},
        money=money,
        blocked_up=blocked_up | {mv for mv, status in service.mvs.items() if status in UP_CLOSED},
        blocked_down=blocked_down | {mv for mv, status in service.mvs.items() if status in DOWN_CLOSED},
        optimise=optimise,
        scheduling={each.by: usable(snapshot, each.by) for each in plant.multipliers.values()},
        lab=supply.lab,
        external=supply.external,
        forecast=supply.forecast,
    )


def setpoint(plant: Plant, snapshot: Snapshot, mv: str, last: Mapping[str, float]) -> float:
    """Return the MV's actual setpoint as read, else the last one read, else the middle of its operator range."""
    value = snapshot.good(plant.mvs[mv].setpoint.tag)
    if value is not None:
        return value
    lo, hi = plant.mvs[mv].limits.operator
    return last.get(mv, (lo + hi) / 2)


def usable(snapshot: Snapshot, tag: str) -> float | None:
    """Return a good or estimated value: a held disturbance is better than none, and no gate depends on it."""
    reading = snapshot.readings.get(tag)
    return reading.value if reading is not None and reading.usable else None
