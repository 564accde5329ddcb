"""The bench with the PLC's own text, compiled, in place of the emulator.

Compiled is the whole of docs/plc/SETWISE_APC.st: handshake, clamps and rates, its timer, and each loop's way out with
its ramp. Not compiled is what stands around a block in a PLC too: the loops' own algorithm, the operator's switch, and
the servers that carry registers.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hil import bench
from hil.compiled.block import CompiledBlock
from hil.compiled.native import Library
from hil.wiring import PLC_RULE
from tests.hil.conftest import ST


def main() -> None:
    """Compile, say so on stdout, and be the bench."""
    with tempfile.TemporaryDirectory() as folder:
        block = CompiledBlock(PLC_RULE, Library.compiled(ST.read_text(encoding="utf-8"), Path(folder)))
    print(f"the PLC runs {ST.name}, compiled", flush=True)  # noqa: T201
    bench.main(sys.argv[1:], block)


if __name__ == "__main__":
    main()
