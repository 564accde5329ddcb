"""What is fixed for one run: the plant, and what gate and mode table judge by. Made from the plant file once."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from constraints.plant import Connection, Plant
from safety.gate import GateRules, MvRule
from safety.modes import PERMITS, ModeRules
from safety.signals import Mode

MISSES_MAX = 3
"""Cycles in a row without a candidate that end closed loop (invariant I-38)."""
RATE_SLACK_OF_CYCLE = 0.1
APPROVAL_LIFE_OF_CYCLE = 0.8
"""An approval dies before the next cycle begins (invariant I-06: at most one cycle)."""
ARM_WAIT_CYCLES = 8.0
"""How long an accepted request for CLOSED_LOOP waits for the PLC's first answers."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What every cycle is judged by."""

    plant: Plant
    gate: GateRules
    modes: ModeRules
    unprotected: tuple[str, ...]
    """Connections without security or a written waiver: they keep the plant out of CLOSED_LOOP."""


def rules_of(plant: Plant) -> Rules:
    """Return the rules of a checked plant. Raises ValueError where they contradict each other."""
    return Rules(
        plant=plant,
        gate=GateRules(
            mvs={
                name: MvRule(
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
        ),
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
        unprotected=tuple(
            name for name, connection in plant.connections.items() if _written(plant, name) and _open(connection)
        ),
    )


def _written(plant: Plant, connection: str) -> bool:
    return any(mv.writes.connection == connection for mv in plant.mvs.values())


def _open(connection: Connection) -> bool:
    plain = connection.security == "None" and connection.protocol != "memory"
    return plain and connection.waive_security is None
