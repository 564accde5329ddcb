"""``docs/plc/SETWISE_APC.st``, compiled, as the bench's PLC: registers and loops in, answers and orders out.

It keeps its own memory as in a controller: what is retained outlives ``restart``, the start is counted in the first
scan, and the timer runs on the bench's clock. Numbers are REAL (float32): a setpoint taken over is rounded to that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType

from hil.cascade import LoopMemory, LoopOrder, LoopView
from hil.compiled.native import Library
from hil.plants.pid import Mode
from hil.plc import Evaluation, PlcRule, PlcState, ScanResult
from hil.registers import ANSWERED, WRITTEN, Answered, Reject, Written
from safety.signals import ShedAction

NAME = "SETWISE_APC"
_MODES = (Mode.MAN, Mode.AUTO, Mode.CAS)
_OPTIONS = (ShedAction.HOLD, ShedAction.LAST_OPERATOR, ShedAction.SAFE_VALUE, ShedAction.TO_LOCAL)
_ANSWERS = MappingProxyType({"BOOT_COUNT": "BOOT_COUNT_ACK"})
"""Answer registers whose output has another name."""


class CompiledBlock:
    """One instance of the compiled block; ``hil.plc.Block``."""

    def __init__(self, rule: PlcRule, library: Library) -> None:
        """Nothing runs before ``start``. KeyError where the text has no such block, ValueError where the rule's loops
        differ in their ``burst_s``: the block has one for all.
        """
        if len({loop.burst_s for loop in rule.loops}) > 1:
            raise ValueError("the block has one burst_s for all loops")
        self._rule = rule
        self._library = library
        self._layout = library.layout(NAME)
        self._memory = self._layout()
        self._scanned_s = 0.0

    @property
    def state(self) -> PlcState:
        """What it remembers, in the emulator's words."""
        own = self._memory
        loops = tuple(
            LoopMemory(
                cascade=own.CAS_SP[index],
                last_operator=own.LAST_OPERATOR[index],
                in_cascade=bool(own.IN_CASCADE[index]),
                shed_to=own.SHED_TO[index] if own.RAMPING[index] else None,
                up_left=own.UP_LEFT[index],
                down_left=own.DOWN_LEFT[index],
            )
            for index in range(len(self._rule.loops))
        )
        return PlcState(
            loops=loops,
            scanned_s=self._scanned_s,
            boot_count=own.BOOT_COUNT,
            epoch=own.EPOCH_HIGH,
            barred_epoch=own.BARRED,
            hb_seen=own.HB_SEEN if own.RUNNING else None,
            hb_counted=own.HB_COUNTED,
            hb_epoch=own.HB_EPOCH,
            hb_at_s=own.HB_TIMER.start / 1e6 if own.HB_ALIVE else None,
            seq=own.SEQ_ACK,
            seq_epoch=own.SEQ_EPOCH,
            commit_seen=own.COMMIT_SEEN,
            reject=Reject(own.REJECT),
            clamped=own.CLAMPED,
            permitted=bool(own.PERMITTED),
        )

    def start(self, views: Sequence[LoopView], now_s: float) -> None:
        """Power up for the first time, nothing retained; the loops (``views``) are looked at in the first scan."""
        if len(views) != len(self._rule.loops):
            raise ValueError(f"{len(views)} loops where the rule has {len(self._rule.loops)}")
        self._memory = self._layout()
        self._library.start(self._memory)
        self._set_up()
        self._scanned_s = now_s

    def restart(self, now_s: float) -> None:
        """Power up again with what is retained."""
        before, self._memory = self._memory, self._layout()
        self._library.start(self._memory)
        for name in self._library.retained(NAME):
            setattr(self._memory, name, getattr(before, name))
        self._set_up()
        self._scanned_s = now_s

    def scan(self, written: Written, views: Sequence[LoopView], now_s: float, *, remote: bool) -> ScanResult:
        """Run one scan at ``now_s``. Raises PlcFaultError, and ValueError where loops are missing."""
        own = self._memory
        for name in WRITTEN:
            setattr(own, name, getattr(written, name.lower()))
        own.REMOTE_SWITCH = remote
        own.SCAN_S = max(now_s - self._scanned_s, 0.0)
        for index, (setpoint, view, _) in enumerate(zip(written.sp, views, self._rule.loops, strict=True)):
            own.SP[index] = setpoint
            own.LOOP_MODE[index] = _MODES.index(view.mode)
            own.LOOP_SP[index] = view.setpoint
            own.LOOP_PV_OK[index] = math.isfinite(view.measured)
            own.LOOP_PV[index] = view.measured if math.isfinite(view.measured) else 0.0
        self._library.run(own, round(now_s * 1e6))
        self._scanned_s = now_s
        answers = Answered(**{name.lower(): getattr(own, _ANSWERS.get(name, name)) for name in ANSWERED})
        judged = Evaluation(written.epoch, written.seq, written.mask, written.sp, Reject(own.REJECT))
        orders = tuple(self._order(index) for index in range(len(views)))
        return ScanResult(self.state, answers, orders, judged if own.JUDGED else None)

    def _order(self, index: int) -> LoopOrder:
        own = self._memory
        number = own.MODE_ORDER[index]
        return LoopOrder(
            mode=None if number < 0 else _MODES[number],
            cascade=own.CAS_SP[index] if own.CAS_ORDER[index] else None,
            operator=own.AUTO_SP[index] if own.AUTO_ORDER[index] else None,
        )

    def _set_up(self) -> None:
        """Give the block what the PLC's engineer fixed."""
        own = self._memory
        own.N = len(self._rule.loops)
        own.SHED_TIME = round(self._rule.shed_s * 1e6)
        own.BURST_S = self._rule.loops[0].burst_s
        for index, loop in enumerate(self._rule.loops):
            own.LO[index], own.HI[index] = loop.lo, loop.hi
            own.UP_PER_MIN[index], own.DOWN_PER_MIN[index] = loop.up_per_min, loop.down_per_min
            own.SHED_OPTION[index] = _OPTIONS.index(loop.shed)
            own.SAFE_SP[index] = loop.safe_value if math.isfinite(loop.safe_value) else 0.0
            own.SHED_PER_MIN[index] = loop.shed_per_min if math.isfinite(loop.shed_per_min) else 0.0
