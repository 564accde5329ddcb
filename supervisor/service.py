"""The service status of each MV and CV, cycle by cycle. Pure.

An MV is ON only after ``WARM_CYCLES`` cycles in remote cascade with good setpoint and readback (bumpless transfer: the
first move is a change from the tracked value). A CV that goes bad is predicted for its ``bad_cycles``, then dropped; a
dropped critical CV sheds the controller (reference: features rows 14, 43, 44, 60).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from constraints.plant import CvSpec, MvSpec, Plant
from safety.signals import CvStatus, MvStatus, Snapshot

WARM_CYCLES = 2


@dataclass(frozen=True, slots=True)
class ServiceMemory:
    """Counts that a status needs."""

    warm: Mapping[str, int] = field(default_factory=dict)
    """By MV: cycles in a row that it was available."""
    bad: Mapping[str, int] = field(default_factory=dict)
    """By CV: cycles in a row that it was not good."""
    sample_utc_s: Mapping[str, float] = field(default_factory=dict)
    """By CV of a slow analyser: source stamp of the sample that was used last."""


@dataclass(frozen=True, slots=True)
class Service:
    """Status of every variable in this cycle."""

    mvs: Mapping[str, MvStatus]
    cvs: Mapping[str, CvStatus]
    new_sample: Mapping[str, bool]
    """By CV: whether its reading is a sample that was not used before."""


def service(
    plant: Plant, snapshot: Snapshot, memory: ServiceMemory, by_hand: frozenset[str] = frozenset()
) -> tuple[Service, ServiceMemory]:
    """Return every variable's status from a validated snapshot; ``by_hand``: MVs that operators took."""
    ours = {name for name, mv in plant.mvs.items() if name not in by_hand and _in_cascade(mv, snapshot)}
    warm = {name: memory.warm.get(name, 0) + 1 if name in ours else 0 for name in plant.mvs}
    bad = {name: 0 if snapshot.good(name) is not None else memory.bad.get(name, 0) + 1 for name in plant.cvs}
    stamps = {name: _stamp(plant, name, snapshot) for name in plant.cvs}
    status = Service(
        mvs={name: _mv(mv, snapshot, warm[name]) for name, mv in plant.mvs.items()},
        cvs={name: _cv(cv, bad[name]) for name, cv in plant.cvs.items()},
        new_sample={name: stamp is None or stamp != memory.sample_utc_s.get(name) for name, stamp in stamps.items()},
    )
    kept = {name: stamp for name, stamp in stamps.items() if stamp is not None}
    return status, ServiceMemory(warm=warm, bad=bad, sample_utc_s={**memory.sample_utc_s, **kept})


def advised(mvs: Mapping[str, MvStatus], by_hand: frozenset[str] = frozenset()) -> Mapping[str, MvStatus]:
    """Return the statuses to advise on: an MV whose loop is not in cascade could be handed over, so advice counts it
    in; not one that operators took out of control here.
    """
    return {
        name: MvStatus.INIT if status is MvStatus.OPR and name not in by_hand else status
        for name, status in mvs.items()
    }


def _in_cascade(mv: MvSpec, snapshot: Snapshot) -> bool:
    return (mv.available is None or snapshot.good(mv.available.tag) == 1.0) and _readable(mv, snapshot)


def _readable(mv: MvSpec, snapshot: Snapshot) -> bool:
    return snapshot.good(mv.setpoint.tag) is not None and snapshot.good(mv.readback) is not None


def _mv(mv: MvSpec, snapshot: Snapshot, warm: int) -> MvStatus:
    if not _readable(mv, snapshot):
        return MvStatus.SERV
    if warm == 0:
        return MvStatus.OPR
    if warm < WARM_CYCLES:
        return MvStatus.INIT
    high, low = (point is not None and snapshot.good(point.tag) != 0.0 for point in (mv.windup_hi, mv.windup_lo))
    if high and low:
        return MvStatus.WDUP
    if high:
        return MvStatus.WDUP_HIGH
    return MvStatus.WDUP_LOW if low else MvStatus.ON


def _cv(cv: CvSpec, bad: int) -> CvStatus:
    if bad == 0:
        return CvStatus.ON
    if bad <= cv.bad_cycles:
        return CvStatus.PRED
    return CvStatus.CRIT if cv.critical else CvStatus.DROP


def _stamp(plant: Plant, name: str, snapshot: Snapshot) -> float | None:
    """Source stamp of a slow analyser's good reading; None for a tag that is new each cycle."""
    reading = snapshot.readings.get(name)
    if reading is None or not reading.good or plant.tags[name].every_s <= plant.cycle_s:
        return None
    return reading.source_utc_s
