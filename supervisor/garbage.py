"""When Python looks for garbage: after a cycle, where nobody waits for it, and never within one (invariant I-49).

A full collection walks every object that is alive: 23 ms were measured with all that a control process loads, and it
comes whenever enough was allocated, also between the snapshot and the verdict.
"""

from __future__ import annotations

import gc
from typing import Final

FULL_CYCLES: Final = 40
"""A full collection comes once in so many cycles, one of the two younger generations in every other."""


def begin() -> None:
    """Take what is loaded now as there to stay, and collect no more than ``between_cycles`` does."""
    gc.collect()
    gc.freeze()
    gc.disable()


def between_cycles(cycle: int) -> None:
    """Collect; to be called in every cycle, when its record has been settled."""
    gc.collect(2 if cycle % FULL_CYCLES == 0 else 1)


def end() -> None:
    """Let Python collect by itself again."""
    gc.unfreeze()
    gc.enable()
