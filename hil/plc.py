"""The PLC's half of the contract, as the block in docs/plc/SETWISE_APC.st works it out, one scan at a time.

Pure: registers and loops in, answers and orders out; the time is the PLC's own clock in seconds. The block trusts
nothing that it is sent: a heartbeat counts only with the current epoch, from the instance that armed it, and counting
forward; a move set counts only once, whole, in order, checked, inside clamps and rate; whatever else arrives changes
nothing. When no heartbeat counts for ``shed_s``, every loop leaves cascade by its own option and stays out until a
higher epoch (a new arming) comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from hil.cascade import (
    LoopMemory,
    LoopOrder,
    LoopRule,
    LoopView,
    accept,
    admissible,
    adopt,
    enter,
    follow,
    leave,
    local,
    refill,
)
from hil.plants.pid import Mode
from hil.registers import Answered, Reject, Written, set_crc

CLOSED_LOOP = 3
"""MODE_REQ that asks for the loops."""
EPOCH_STEP_MAX = 65_536
"""An epoch further ahead than this is not believed: one garbage write must not lock every supervisor out."""
UINT32 = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class PlcRule:
    """What the PLC's engineer fixed for the block."""

    loops: tuple[LoopRule, ...]
    """Index = bit in MASK; at most 32."""
    shed_s: float
    """Longest time without a heartbeat, PLC seconds, > 0 (0 would mean never in some blocks; here it is refused)."""
    probe: float = 1234.5

    def __post_init__(self) -> None:
        """Raise ValueError where the numbers make no sense."""
        if not 0.0 < self.shed_s < 3600.0 or not 0 < len(self.loops) <= 32:
            raise ValueError("shed_s must be inside (0, 3600) s, and there are 1 to 32 loops")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlcState:
    """The block between two scans."""

    loops: tuple[LoopMemory, ...]
    scanned_s: float
    boot_count: int = 1
    epoch: int = 0
    """Highest epoch seen; kept over a restart."""
    barred_epoch: int = 0
    """Loops are given only to an epoch above this one."""
    hb_seen: int | None = None
    """What stood in HB at the last scan; None before the first."""
    hb_counted: int = 0
    """The last heartbeat that counted, of epoch ``hb_epoch``."""
    hb_epoch: int = 0
    hb_at_s: float | None = None
    """When it counted; None = stale."""
    seq: int = 0
    """The last evaluated set, of epoch ``seq_epoch``."""
    seq_epoch: int = 0
    commit_seen: int = 0
    reject: Reject = Reject.NONE
    clamped: int = 0
    permitted: bool = False
    """The supervisor has the loops."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One move set that the PLC judged, for the record."""

    epoch: int
    seq: int
    mask: int
    sp: tuple[float, ...]
    reject: Reject


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One scan: the next state, the answer registers, an order for each loop, and the set judged in it, if any."""

    state: PlcState
    answers: Answered
    orders: tuple[LoopOrder, ...]
    evaluation: Evaluation | None


def first_state(views: Sequence[LoopView], now_s: float) -> PlcState:
    """Return the state of a block that runs for the first time."""
    return PlcState(loops=tuple(adopt(view) for view in views), scanned_s=now_s)


def restarted(state: PlcState, now_s: float) -> PlcState:
    """Return the state after a PLC restart: kept are only the boot count (one more), the highest epoch and the
    operator's setpoints (RETAIN in the ST block); the loops stay out until a higher epoch.
    """
    loops = tuple(LoopMemory(memory.cascade, memory.last_operator) for memory in state.loops)
    return PlcState(
        loops=loops,
        scanned_s=now_s,
        boot_count=(state.boot_count + 1) % UINT32,
        epoch=state.epoch,
        barred_epoch=state.epoch,
    )


def scan(
    rule: PlcRule, state: PlcState, written: Written, views: Sequence[LoopView], now_s: float, *, remote: bool
) -> ScanResult:
    """Return what one PLC scan at ``now_s`` makes of the registers, the loops and the operator's LOCAL/REMOTE switch.

    ``written.sp`` and ``views`` have one entry per loop of the rule; ValueError otherwise.
    """
    elapsed_s = max(now_s - state.scanned_s, 0.0)
    state = _heartbeat(_epoch(state, written), rule, written, now_s)
    permitted = (
        remote and written.mode_req == CLOSED_LOOP and state.hb_at_s is not None and state.epoch > state.barred_epoch
    )
    steps = [
        _step(loop_rule, memory, view, elapsed_s, was=state.permitted, now=permitted)
        for loop_rule, memory, view in zip(rule.loops, state.loops, views, strict=True)
    ]
    limited = sum(1 << index for index, step in enumerate(steps) if step.limited)
    state = replace(
        state,
        loops=tuple(step.memory for step in steps),
        permitted=permitted,
        scanned_s=now_s,
        clamped=state.clamped | limited,
    )
    orders = [step.order for step in steps]
    evaluation = None
    if written.commit != state.commit_seen and written.commit == written.seq:
        state, evaluation = _evaluate(rule, state, written, remote=remote)
        if evaluation.reject is Reject.NONE:
            for index in _masked(written.mask, len(orders)):
                orders[index] = replace(orders[index], cascade=state.loops[index].cascade)
    state = replace(state, commit_seen=written.commit)
    answers = Answered(
        hb_echo=written.hb,
        epoch_ack=state.epoch,
        seq_ack=state.seq,
        reject=int(state.reject),
        remote=int(remote),
        clamped=state.clamped,
        boot_count=state.boot_count,
        probe=rule.probe,
    )
    return ScanResult(state, answers, tuple(orders), evaluation)


class Block(Protocol):
    """A PLC's program with its memory: what a bench calls once per scan, whoever wrote it."""

    @property
    def state(self) -> PlcState:
        """What it remembers."""

    def start(self, views: Sequence[LoopView], now_s: float) -> None:
        """Power up for the first time, nothing retained."""

    def restart(self, now_s: float) -> None:
        """Power up again with what is retained."""

    def scan(self, written: Written, views: Sequence[LoopView], now_s: float, *, remote: bool) -> ScanResult:
        """Run one scan."""


class EmulatedBlock:
    """The functions above, with their state kept (``hil.compiled.block`` has the one that runs the text)."""

    def __init__(self, rule: PlcRule) -> None:
        """Nothing runs before ``start``."""
        self._rule = rule
        self.state = PlcState(loops=(), scanned_s=0.0)

    def start(self, views: Sequence[LoopView], now_s: float) -> None:
        """Power up for the first time, nothing retained."""
        self.state = first_state(views, now_s)

    def restart(self, now_s: float) -> None:
        """Power up again with what is retained."""
        self.state = restarted(self.state, now_s)

    def scan(self, written: Written, views: Sequence[LoopView], now_s: float, *, remote: bool) -> ScanResult:
        """Run one scan. ValueError as ``scan``."""
        result = scan(self._rule, self.state, written, views, now_s, remote=remote)
        self.state = result.state
        return result


def _epoch(state: PlcState, written: Written) -> PlcState:
    if state.epoch < written.epoch <= state.epoch + EPOCH_STEP_MAX:
        return replace(state, epoch=written.epoch)
    return state


def _heartbeat(state: PlcState, rule: PlcRule, written: Written, now_s: float) -> PlcState:
    changed = state.hb_seen is not None and written.hb != state.hb_seen
    state = replace(state, hb_seen=written.hb)
    if changed and written.epoch == state.epoch and _counts(state, written.hb):
        return replace(state, hb_counted=written.hb, hb_epoch=state.epoch, hb_at_s=now_s)
    if state.hb_at_s is not None and now_s - state.hb_at_s >= rule.shed_s:
        return replace(state, hb_at_s=None, barred_epoch=state.epoch)
    return state


def _counts(state: PlcState, hb: int) -> bool:
    """Return whether a changed heartbeat is the armed instance's next one, or the first of a new epoch."""
    if state.hb_epoch != state.epoch:
        return True
    same_instance = hb >> 16 == state.hb_counted >> 16
    return same_instance and 0 < (hb - state.hb_counted) % 65_536 < 32_768


@dataclass(frozen=True, slots=True)
class _Step:
    memory: LoopMemory
    order: LoopOrder
    limited: bool = False


def _step(rule: LoopRule, memory: LoopMemory, view: LoopView, elapsed_s: float, *, was: bool, now: bool) -> _Step:
    memory = refill(memory, rule, elapsed_s)
    if now and not was:
        return _Step(*_enter_unless_manual(rule, memory, view))
    if now:
        memory, limited = follow(view, memory, rule)
        return _Step(memory, LoopOrder(), limited)
    if was:
        return _Step(*leave(view, memory, rule))
    return _Step(*local(view, memory, rule, elapsed_s))


def _enter_unless_manual(rule: LoopRule, memory: LoopMemory, view: LoopView) -> tuple[LoopMemory, LoopOrder]:
    if view.mode is Mode.MAN:
        return local(view, memory, rule, 0.0)
    return enter(view, memory)


def _masked(mask: int, count: int) -> list[int]:
    return [index for index in range(count) if mask >> index & 1]


def _evaluate(rule: PlcRule, state: PlcState, written: Written, *, remote: bool) -> tuple[PlcState, Evaluation]:
    masked = _masked(written.mask, len(rule.loops))
    outside = [index for index in masked if not admissible(state.loops[index], rule.loops[index], written.sp[index])]
    reject = _verdict(rule, state, written, remote=remote, masked=masked, outside=outside)
    loops = list(state.loops)
    if reject is Reject.NONE:
        for index in masked:
            loops[index] = accept(loops[index], written.sp[index])
    clamped = sum(1 << index for index in outside) if reject is Reject.LIMITS else 0
    judged = Evaluation(written.epoch, written.seq, written.mask, written.sp, reject)
    state = replace(
        state,
        loops=tuple(loops),
        seq=written.seq,
        seq_epoch=max(written.epoch, state.seq_epoch) if written.epoch <= state.epoch else state.seq_epoch,
        reject=reject,
        clamped=clamped,
    )
    return state, judged


def _verdict(
    rule: PlcRule, state: PlcState, written: Written, *, remote: bool, masked: list[int], outside: list[int]
) -> Reject:
    in_order = written.epoch > state.seq_epoch or written.seq == (state.seq + 1) % UINT32
    sp = [value + 0.0 for value in written.sp]  # -0.0 counts as 0.0: structured text cannot tell the two apart
    if written.crc != set_crc(written.epoch, written.seq, written.mask, sp):
        return Reject.CRC
    if written.epoch != state.epoch:
        return Reject.EPOCH
    if not in_order:
        return Reject.SEQUENCE
    if state.hb_at_s is None or state.epoch <= state.barred_epoch:
        return Reject.HEARTBEAT
    if not remote or not state.permitted or not all(state.loops[index].in_cascade for index in masked):
        return Reject.REMOTE
    if outside or written.mask >> len(rule.loops):
        return Reject.LIMITS
    return Reject.NONE
