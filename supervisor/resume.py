"""What a restart must not undo: trips, latched interlocks, operators' own limits, the MVs that they took, and what
persons did about alarms. All else begins anew. Pure.

The process starts disarmed whatever the record says (I-16); a trip and a latch are left only by a person's act, never
by a restart (I-23); an operator's narrower limit stays, for it was set for a reason, and an MV that an operator took
stays with the operator.
"""

from __future__ import annotations

from constraints.plant import Plant
from safety import modes
from safety.handshake import HandshakeMemory
from safety.interlocks import InterlockMemory, InterlockState
from safety.modes import ModeMemory
from safety.signals import Mode
from supervisor.alarms.stored import restarted
from supervisor.memory import Memory
from supervisor.record import CycleRecord
from supervisor.settings import Settings, Side


def first_memory(plant: Plant, instance: int, last: CycleRecord | None) -> Memory:
    """Return the memory that control starts with; ``last`` is the newest cycle on record, None where there is none."""
    if last is None:
        return Memory(shake=HandshakeMemory(instance), mode=modes.started(plant.start_in))
    before = ModeMemory(actual=last.mode.actual, causes=last.trip_causes)
    if last.mode.actual is Mode.TRIPPED and not last.trip_causes:
        before = ModeMemory(actual=Mode.TRIPPED, causes=("restart",))
    latched = {name: InterlockState(tripped=True, latched=True, trips=1) for name in last.latched}
    return Memory(
        shake=HandshakeMemory(instance),
        mode=modes.started(plant.start_in, before),
        locks=InterlockMemory(states=latched).restarted(),
        settings=Settings(operator=_operator_limits(plant, last), by_hand=frozenset(last.by_hand) & plant.mvs.keys()),
        alarm_list=restarted(plant, last.alarm_list),
    )


def tripped_memory(plant: Plant, instance: int, cause: str) -> Memory:
    """Return the memory of a start that must not go on as if nothing had been: tripped for ``cause``, until a person
    acknowledges it.
    """
    before = ModeMemory(actual=Mode.TRIPPED, causes=(cause,))
    return Memory(shake=HandshakeMemory(instance), mode=modes.started(plant.start_in, before))


def _operator_limits(plant: Plant, last: CycleRecord) -> dict[tuple[str, Side], float]:
    """Return the operators' limits of variables that the plant file still has."""
    found: dict[tuple[str, Side], float] = {}
    for key, value in last.operator_limits.items():
        variable, _, side = key.rpartition(".")
        if (variable in plant.mvs or variable in plant.cvs) and side in ("lo", "hi"):
            found[variable, "lo" if side == "lo" else "hi"] = value
    return found
