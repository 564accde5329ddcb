"""The bench with the PLC's own text, compiled, in place of the emulator.

Compiled is the whole of docs/plc/SETWISE_APC.st: handshake, clamps and rates, its timer, and each loop's way out with
its ramp. Not compiled is what stands around a block in a PLC too: the loops' own algorithm, the operator's switch, and
the servers that carry registers.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from hil import bench, rig
from hil.cabinet import Cabinet, Line
from hil.compiled.block import CompiledBlock
from hil.compiled.native import Library
from hil.wiring import LOOPS, PLC_RULE

ST = Path(__file__).parents[3] / "docs" / "plc" / "SETWISE_APC.st"


class CompiledCabinet(Cabinet):
    """A PLC that runs the text."""

    def __init__(self, line: Line, now_s: float, log: Callable[[Mapping[str, object]], None]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            library = Library.compiled(ST.read_text(encoding="utf-8"), Path(folder))
        self._block = CompiledBlock(PLC_RULE, library)
        super().__init__(line, now_s, log)
        self.begin(now_s)
        log({"event": "block", "compiled": ST.name})

    def begin(self, now_s: float) -> None:
        self._block.start(self._views(), now_s)
        self.state = self._block.state

    def restart(self, now_s: float) -> None:
        super().restart(now_s)
        self._block.restart(now_s)
        self.state = self._block.state

    def scan(self, now_s: float) -> None:
        if self.stopped:
            return
        was = self.state.permitted
        result = self._block.scan(self._written(), self._views(), now_s, remote=self.remote)
        self.state, self.answers = result.state, result.answers
        for wiring, order in zip(LOOPS, result.orders, strict=True):
            self._carry_out(wiring.loop, order)
        self._tell(result, was=was)


if __name__ == "__main__":
    rig.Cabinet = CompiledCabinet  # type: ignore[misc]
    bench.main(sys.argv[1:])
