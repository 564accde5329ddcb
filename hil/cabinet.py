"""The PLC as a thing: its memory, its scan, the operator's switch, and what can go wrong with it.

The logic is ``hil.plc`` (pure); here are only the registers that clients write, the loops it is wired to, and time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hil.cascade import LoopOrder, LoopView
from hil.plants.pid import LoopState, Mode
from hil.plc import Block, Evaluation, PlcState, ScanResult
from hil.registers import WRITTEN, Answered, Written
from hil.wiring import LoopWiring


class Line(Protocol):
    """What the PLC is wired to (``hil.plants.line.DryerLine``)."""

    def step(self, dt_s: float) -> None:
        """Let time pass."""

    def setpoint(self, loop: str, value: float) -> bool:
        """Write a loop's remote setpoint."""

    def operator_setpoint(self, loop: str, value: float) -> bool:
        """Write a loop's local setpoint."""

    def mode(self, loop: str, mode: Mode) -> None:
        """Change a loop's mode."""

    def disturb(self, name: str, value: float, ramp_s: float = 0.0) -> None:
        """Change the world."""

    def measured(self) -> Mapping[str, float]:
        """Return what the instruments see."""

    def true(self) -> Mapping[str, float]:
        """Return what is."""

    @property
    def loops(self) -> Mapping[str, LoopState]:
        """Return the loops by name."""


class Cabinet:
    """One PLC with its loops. ``log(event)`` hears of every write and every verdict, with plant time."""

    def __init__(
        self,
        line: Line,
        loops: Sequence[LoopWiring],
        now_s: float,
        log: Callable[[Mapping[str, object]], None],
        block: Block,
    ) -> None:
        """Power it up beside a line that runs already; ``block`` is its program, for ``loops`` in this order."""
        self.loops = tuple(loops)
        self._line = line
        self._log = log
        self._memory: dict[str, float] = {}
        self.clear_memory()
        self._block = block
        self._block.start(self._views(), now_s)
        self.answers = Answered()
        self.dropped = 0
        """Writes acknowledged and dropped so far."""
        self.remote = True
        """The operator's LOCAL/REMOTE switch."""
        self.stopped = False
        """Program mode: no scan, answers stand still (F32)."""
        self.deaf_to: frozenset[str] = frozenset()
        """Registers whose writes are acknowledged and dropped (F35)."""
        self.narrow: dict[str, tuple[float, float]] = {}
        """By loop: limits of the loop itself, tighter than the contract's clamps (F34)."""
        self.probe: float | None = None
        """Shown in place of the constant, where set (F03)."""
        self.last: Evaluation | None = None
        """The move set judged last."""

    @property
    def mv_order(self) -> tuple[str, ...]:
        """The MVs, in the order of the mask's bits."""
        return tuple(loop.rule.name for loop in self.loops)

    def begin(self, now_s: float) -> None:
        """Power up anew at plant time ``now_s``, as if for the first time."""
        self._block.start(self._views(), now_s)

    @property
    def state(self) -> PlcState:
        """What the PLC's program remembers."""
        return self._block.state

    def clear_memory(self) -> None:
        """Set every written register to its value after a start."""
        self._memory = dict.fromkeys((*WRITTEN, *(f"SP.{mv}" for mv in self.mv_order)), 0.0)

    @property
    def memory(self) -> Mapping[str, float]:
        """The registers that clients write, as they stand."""
        return self._memory

    def write(self, name: str, value: float, via: str) -> None:
        """Take a client's write of one register. KeyError for a register that is not there."""
        if name not in self._memory:
            raise KeyError(name)
        self._log({"event": "write", "register": name, "value": value, "via": via, "dropped": name in self.deaf_to})
        if name in self.deaf_to:
            self.dropped += 1
        else:
            self._memory[name] = value

    def scan(self, now_s: float) -> None:
        """Run one PLC scan at plant time ``now_s`` and carry out its orders."""
        if self.stopped:
            return
        was = self.state.permitted
        result = self._block.scan(self._written(), self._views(), now_s, remote=self.remote)
        self.answers = result.answers
        for wiring, order in zip(self.loops, result.orders, strict=True):
            self._carry_out(wiring.loop, order)
        self._tell(result, was=was)

    def restart(self, now_s: float) -> None:
        """Power-cycle: what is not retained is lost, clients' registers too (F31)."""
        self._block.restart(now_s)
        self.clear_memory()
        self._log({"event": "plc_restart", "boot_count": self.state.boot_count})

    def shown(self) -> dict[str, float]:
        """Return the answer registers as a client reads them."""
        answers = self.answers.by_name()
        if self.probe is not None:
            answers["PROBE"] = self.probe
        return answers

    def _written(self) -> Written:
        numbers = {name.lower(): int(self._memory[name]) for name in WRITTEN}
        return Written(**numbers, sp=tuple(self._memory[f"SP.{mv}"] for mv in self.mv_order))

    def _views(self) -> Sequence[LoopView]:
        loops, measured = self._line.loops, self._line.measured()
        return [LoopView(loops[w.loop].mode, loops[w.loop].setpoint, measured[w.loop]) for w in self.loops]

    def _carry_out(self, loop: str, order: LoopOrder) -> None:
        if order.mode is not None and self._line.loops[loop].mode is not Mode.MAN:
            self._line.mode(loop, order.mode)
        if order.cascade is not None:
            lo, hi = self.narrow.get(loop, (order.cascade, order.cascade))
            self._line.setpoint(loop, min(max(order.cascade, lo), hi))
        if order.operator is not None:
            self._line.operator_setpoint(loop, order.operator)

    def _tell(self, result: ScanResult, *, was: bool) -> None:
        if result.state.permitted != was:
            self._log({"event": "permitted" if result.state.permitted else "shed", "epoch": result.state.epoch})
        if (judged := result.evaluation) is not None:
            self.last = judged
            self._log(
                {
                    "event": "set",
                    "epoch": judged.epoch,
                    "seq": judged.seq,
                    "mask": judged.mask,
                    "sp": list(judged.sp),
                    "reject": judged.reject.name,
                }
            )
