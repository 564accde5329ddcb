"""Exit codes, the same for every command (reference: the command line page of the documentation)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a script that calls ``setwise`` may rely on."""

    OK = 0
    FINDING = 1
    """A check failed or found something."""
    USAGE = 2
    CHANGES = 3
    REFUSED = 4
    """Refused by the gate, the mode table or by rights."""
    UNREACHABLE = 5
    """The plant or the service cannot be reached."""
    NOT_SIGNED_IN = 6
    DATA_POOR = 7
    WATCHDOG = 70
    """Control hung and ended itself; the PLC sheds. To be started again, disarmed."""
    INTERRUPTED = 130
