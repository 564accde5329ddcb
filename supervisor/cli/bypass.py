"""``setwise bypass``: an interlock asks for nothing for a time, in a person's name; or the end of that."""

from __future__ import annotations

import math
from dataclasses import replace

from constraints.plantfile.units import UnitError, seconds
from supervisor.cli.about import About
from supervisor.cli.console import fail
from supervisor.cli.exits import Exit
from supervisor.cli.requests import ask, blank


def ask_bypass(interlock: str, lasting: str, reason: str, about: About, *, as_json: bool) -> None:
    """Ask for a bypass of ``interlock`` for as long as ``lasting`` says, a time as the plant file writes it."""
    if not lasting:
        fail(Exit.USAGE, "say for how long: --for 2h; a bypass ends by itself, or with --end")
    if not reason.strip():
        fail(Exit.USAGE, 'say why: --why "sensor is being changed"; it goes on record with your name')
    try:
        lasts_s = seconds(lasting)
    except UnitError as error:
        fail(Exit.USAGE, f"'{lasting}' is no time: {error.message}; write 45 min, 2h, or seconds")
    if not 0.0 < lasts_s < math.inf:
        fail(Exit.USAGE, f"'{lasting}' is no time to bypass for; to end a bypass: --end")
    ask(replace(blank("bypass", reason), interlock=interlock, value=lasts_s), about, as_json=as_json)


def ask_restore(interlock: str, lasting: str, reason: str, about: About, *, as_json: bool) -> None:
    """End the bypass of ``interlock``."""
    if lasting:
        fail(Exit.USAGE, "--end ends a bypass now; it goes without --for")
    ask(replace(blank("restore", reason), interlock=interlock), about, as_json=as_json)
