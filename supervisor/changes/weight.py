"""How much a change weighs, and so who must sign it (two people for what the gate judges by). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final


class Weight(IntEnum):
    """From light to heavy."""

    TEXT = 0
    """Descriptions: nothing behaves otherwise."""
    OPERATOR = 1
    """Operator limits, targets, resting values: what an operator may set anyway."""
    ENGINEERING = 2
    SAFETY = 3
    """What the gate, the guard and the interlocks judge by."""


_GATE_OF_MV: Final = frozenset(
    {
        "writes",
        "setpoint",
        "available_when",
        "readback",
        "windup",
        "move",
        "max_distance",
        "window",
        "safe_value",
        "shed",
    }
    | {"on_bad", "critical", "kind", "scale", "offset", "unit"}
)
_SECTIONS_OF_GATE: Final = frozenset({"interlocks", "heartbeat", "connections", "modes"})
_OPERATORS: Final = frozenset({"target", "ideal"})


def weight_of(path: tuple[str, ...], judged: frozenset[str]) -> Weight:
    """Return the weight of a change at ``path``; ``judged``: tags that interlocks and the gate go by."""
    section, name, part = (*path, "", "", "")[:3]
    if path[-1] == "desc":
        return Weight.TEXT
    if section == "controllers":  # what is in a file with one controller the sections controller, heartbeat and modes
        inner = path[2:]
        if not inner or inner[0] in ("mvs", "cvs"):
            return Weight.SAFETY
        return weight_of(inner if inner[0] in ("heartbeat", "modes", "adaptation") else ("controller", *inner), judged)
    if section in _SECTIONS_OF_GATE or (section == "tags" and name in judged):
        return Weight.SAFETY
    if section == "mvs" and (not part or part in _GATE_OF_MV):
        return Weight.SAFETY
    if section not in ("mvs", "cvs"):
        return Weight.ENGINEERING
    if part == "limits":
        return {"operator": Weight.OPERATOR, "engineering": Weight.ENGINEERING}.get(
            path[3] if len(path) > 3 else "",  # noqa: PLR2004 - section, variable, limits, which
            Weight.SAFETY,
        )
    return Weight.OPERATOR if part in _OPERATORS else Weight.SAFETY if part == "critical" else Weight.ENGINEERING


def signatures_needed(weights: Iterable[Weight]) -> int:
    """Return how many different people must sign: two where anything weighs as much as a safety limit."""
    return 2 if max(weights, default=Weight.TEXT) is Weight.SAFETY else 1


def in_words(weight: Weight) -> str:
    """Return ``SAFETY`` and the like, as it stands beside a change."""
    return {
        Weight.TEXT: "text",
        Weight.OPERATOR: "operator's",
        Weight.ENGINEERING: "engineering",
        Weight.SAFETY: "SAFETY",
    }[weight]
