"""All controllers of a plant in one terminal: a control process for each, none of which needs another or this one.

When one ends the others go on. SIGINT, SIGTERM and SIGHUP end all in order; SIGUSR1, which is OFF, goes to all.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from supervisor.cli.console import tell
from supervisor.cli.exits import Exit
from supervisor.site import Site

STOP_S_MAX: Final = 60.0
"""Longest wait for one to let go of its plant, real seconds; it is then killed, and the PLC sheds by its own timer."""
SIGNALLED: Final = 128
"""A shell's exit code of a process that a signal ended is this and the signal's number."""
_WHY: Final = {
    int(Exit.OK): "told to stop",
    int(Exit.FINDING): "it says why above",
    int(Exit.WATCHDOG): "it hung, and ended itself; the PLC sheds",
}


@dataclass(frozen=True, slots=True)
class _Child:
    name: str
    process: asyncio.subprocess.Process


async def run_family(sites: Sequence[Site]) -> int:
    """Run control for each of ``sites``, controllers of one plant file; return the worst exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    children: list[_Child] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, _send, children, signal.SIGUSR1)
    children += [_Child(site.controller, await _started(site)) for site in sites]
    ends = [asyncio.create_task(_ended(each, stop)) for each in children]
    stopping = asyncio.create_task(stop.wait())
    over = asyncio.create_task(_all(ends))
    await asyncio.wait({stopping, over}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    _send(children, signal.SIGTERM)
    _, late = await asyncio.wait(ends, timeout=STOP_S_MAX)
    if late:
        _send(children, signal.SIGKILL)
    return await over


async def _all(ends: Sequence[asyncio.Task[int]]) -> int:
    return max(await asyncio.gather(*ends))


async def _started(site: Site) -> asyncio.subprocess.Process:
    """Start one control process, in a session of its own: Ctrl-C reaches only this process, which ends all in order."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "supervisor", "run", str(site.plant_path), "--no-web"),
        *("--controller", site.controller, "--data", str(site.data.parent)),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def _ended(child: _Child, stop: asyncio.Event) -> int:
    """Wait for the end of one, say it, and return its exit code as a shell would."""
    code = await child.process.wait()
    if code < 0:
        code, why = SIGNALLED - code, f"ended by {signal.Signals(-code).name}; its PLC sheds"
    else:
        why = _WHY.get(code, "")
    goes_on = "" if stop.is_set() else ". The others go on; start it again with: setwise run --controller " + child.name
    tell(f"controller {child.name} ended (exit {code}{': ' + why if why else ''}){goes_on}")
    return code


def _send(children: Sequence[_Child], number: signal.Signals) -> None:
    for each in children:
        if each.process.returncode is None:
            each.process.send_signal(number)
