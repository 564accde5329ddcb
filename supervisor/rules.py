"""What is fixed for one run: the plant, and what gate and mode table judge by. Made from the plant file once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from constraints.plant import Connection, Plant
from safety.gate import GateRules, MvRule
from safety.modes import PERMITS, ModeRules
from safety.prooftest import Trials, prepare
from safety.signals import Mode
from safety.watchdog import WatchdogRule

CONTROLLER = "main"
"""The one controller of a plant; it owns every MV."""
MISSES_MAX = 3
"""Cycles in a row without a candidate that end closed loop (invariant I-38)."""
RATE_SLACK_OF_CYCLE = 0.1
APPROVAL_LIFE_OF_CYCLE = 0.8
"""An approval dies before the next cycle begins (invariant I-06: at most one cycle)."""
LATE_CYCLES = 2.0
"""Cycles from one judgement to the next after which nothing moves (reference: F59)."""
SHED_CYCLES = 3.0
SHED_OF_PLC_TIMEOUT = 2.0 / 3.0
"""After the longer of these two we let go: the PLC's own timer is about to, or has."""
ARM_WAIT_CYCLES = 8.0
"""How long an accepted request for CLOSED_LOOP waits for the PLC's first answers."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What every cycle is judged by."""

    plant: Plant
    gate: GateRules
    modes: ModeRules
    watchdogs: Mapping[str, WatchdogRule]
    """``cycle``: the time from one judgement to the next."""
    trials: Trials
    """The proof test of ``gate``."""
    unprotected: tuple[str, ...]
    """Connections without security or a written waiver: they keep the plant out of CLOSED_LOOP."""


def rules_of(plant: Plant) -> Rules:
    """Return the rules of a checked plant. Raises ValueError where they contradict each other."""
    gate = _gate_rules(plant)
    trip_s = max(SHED_CYCLES * plant.cycle_s, SHED_OF_PLC_TIMEOUT * plant.handshake.plc_timeout_s)
    return Rules(
        plant=plant,
        gate=gate,
        watchdogs={"cycle": WatchdogRule(warn_s=LATE_CYCLES * plant.cycle_s, trip_s=trip_s)},
        trials=prepare(gate),
        modes=ModeRules(
            permits=MappingProxyType(
                {
                    **PERMITS,
                    "handshake": Mode.ADVISORY,
                    "security": Mode.ADVISORY,
                    "critical_cv": Mode.ADVISORY,
                    "attended": Mode.ADVISORY,
                    "plc_heeds": Mode.ADVISORY,
                    "record_verified": Mode.ADVISORY,
                }
            ),
            misses_max=MISSES_MAX,
            arm_wait_s=ARM_WAIT_CYCLES * plant.cycle_s,
        ),
        unprotected=unprotected(plant),
    )


def unprotected(plant: Plant) -> tuple[str, ...]:
    """Return the connections that are written to without security or a written waiver."""
    return tuple(name for name, connection in plant.connections.items() if _written(plant, name) and _open(connection))


def _gate_rules(plant: Plant) -> GateRules:
    return GateRules(
        mvs={
            name: MvRule(
                owner=CONTROLLER,
                envelope=plant.envelopes[name],
                encoding=mv.writes.encoding,
                actual=mv.setpoint.tag,
                available=mv.available.tag if mv.available is not None else "",
                windup_hi=mv.windup_hi.tag if mv.windup_hi is not None else None,
                windup_lo=mv.windup_lo.tag if mv.windup_lo is not None else None,
                safe_value=mv.safe_value,
            )
            for name, mv in plant.mvs.items()
        },
        interlocks=plant.interlocks,
        handshake=plant.handshake,
        limits_hash=plant.limits_hash,
        config_hash=plant.config_hash,
        approval_life_s=APPROVAL_LIFE_OF_CYCLE * plant.cycle_s,
        min_active_mvs=plant.min_active_mvs,
        rate_slack_s=RATE_SLACK_OF_CYCLE * plant.cycle_s,
    )


def _written(plant: Plant, connection: str) -> bool:
    return any(mv.writes.connection == connection for mv in plant.mvs.values())


def _open(connection: Connection) -> bool:
    plain = connection.security == "None" and connection.protocol != "memory"
    return plain and connection.waive_security is None
