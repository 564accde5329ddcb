"""A sealed permission to write one move set once; only ``safety.gate`` builds it (I-02, I-05, I-06).

Python has no true secrets: the seal stops mistakes and stray code paths; a test reads the source for other builders.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import Final, NoReturn, SupportsIndex

_SEAL: Final = object()


class SealError(TypeError):
    """Somebody other than the gate tried to make, copy or alter an approval."""


@dataclass(frozen=True, slots=True)
class ApprovedMove:
    """One setpoint and the very bytes to send."""

    mv: str
    value: float
    """What ``payload`` decodes to, MV unit."""
    payload: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    """What may be written, by whom it was proposed, under which limits, until when."""

    controller: str
    cycle: int
    epoch: int
    sequence: int
    mask: int
    """Bit i stands for ``HandshakeRule.mv_order[i]``."""
    crc: int
    moves: tuple[ApprovedMove, ...]
    """In the order of the mask's bits."""
    limits_hash: str
    config_hash: str
    deadline_s: float
    """Monotonic; never written later than this."""
    seal: InitVar[object]
    _seal: object = field(init=False, repr=False, compare=False)

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise SealError("only safety.gate approves")
        object.__setattr__(self, "_seal", seal)

    def __init_subclass__(cls, **kwargs: object) -> NoReturn:
        raise SealError("an approval has no subclasses")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise SealError("an approval cannot be copied or stored")

    @property
    def genuine(self) -> bool:
        """Whether the gate built this very object; false for one put together around the constructor."""
        return getattr(self, "_seal", None) is _SEAL


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """Which approvals have been used, for the driver: use before the first byte is sent."""

    used: frozenset[tuple[int, int, int]] = frozenset()

    def use(self, approval: Approval) -> OnceOnly:
        """Return the memory after using ``approval``; raises SealError when it is not genuine or was used before."""
        key = (approval.cycle, approval.epoch, approval.sequence)
        if not approval.genuine:
            raise SealError("not an approval of the gate")
        if key in self.used:
            raise SealError(f"approval {key} was used before")
        # Older cycles can never come again: the deadline ends them. So the set stays small.
        return OnceOnly(frozenset({each for each in self.used if each[0] >= approval.cycle - 1} | {key}))
