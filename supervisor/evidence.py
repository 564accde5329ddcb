"""What the guard before the drivers is shown of a cycle's decision: facts, not the gate's opinion of them. Pure."""

from __future__ import annotations

from supervisor.drivers.guard_words import Evidence
from supervisor.memory import Decision


def evidence_of(decision: Decision) -> Evidence:
    """Return the facts that ``decision`` was made on."""
    interlocks, link, verdict = decision.interlocks, decision.link, decision.verdict
    return Evidence(
        snapshot=decision.snapshot,
        judged_at_s=decision.judged_at_s,
        mode=decision.mode.state.actual,
        refused=bool(decision.first_refusals) or verdict is None or bool(verdict.refusals),
        action=interlocks.action,
        blocked_up=interlocks.blocked_up,
        blocked_down=interlocks.blocked_down,
        evaluated=frozenset(interlocks.states),
        interlocks_cycle=interlocks.cycle,
        watchdog=decision.watch.action,
        permit=link.permit,
        epoch=link.epoch,
        sequence=link.sequence,
        unresolved=link.unresolved,
        link_cycle=link.cycle,
        by_hand=decision.by_hand,
    )
