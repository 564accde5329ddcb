"""``setwise bench``: the plant of a plant file, simulated, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from constraints.plantfile import ANSI, PLAIN, PlantFileError, load_with_functions, render
from controllers.model import ModelError
from controllers.models.function import FunctionError
from hil.bench import READY_FILE
from hil.clock import FastClock
from hil.declared.folder import BenchFolderError, prepare
from hil.declared.rig import check_servable, line_of, rest_of
from hil.declared.settings import Wishes, WishesError
from hil.declared.whole import whole_of
from hil.declared.wiring import UnservableError
from hil.demo.pages import pages_words
from hil.demo.processes import READY_S_MAX, Child, DemoError, control_child, pages_child
from supervisor.cli.console import colour, fail, say, tell
from supervisor.cli.exits import Exit
from supervisor.site import DATA_FOLDER

CHECK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    plant: Path
    folder: Path
    seed: int
    speed: float
    start: Sequence[str]
    port: int | None = None
    """Where the pages are served when control is started too; None where they are not."""


def run_bench(options: Options) -> None:
    """Check the plant file, then run the bench (and, faster than real time, control too) until Ctrl-C or SIGTERM."""
    if not options.plant.exists():
        make = "make a plant first, e.g. setwise init dryer2 --template dryer, or name a plant file"
        fail(Exit.FINDING, f"there is no plant file {options.plant}: {make}")
    try:
        asyncio.run(_run(options, _look_ahead(options)))
    except PlantFileError as error:
        say(render(error.diagnostics, error.source, ANSI if colour() else PLAIN))
        raise SystemExit(int(Exit.FINDING)) from None
    except (BenchFolderError, DemoError, WishesError) as error:
        fail(Exit.FINDING, str(error))
    except (UnservableError, ModelError, FunctionError) as error:
        fail(Exit.FINDING, f"{options.plant}: {error}")


def _look_ahead(options: Options) -> tuple[str, ...]:
    """Raise now, with its own words, what would stop the bench; warn of what keeps closed loop away.

    Return the controllers' names.
    """
    whole = whole_of(load_with_functions(options.plant).plants)
    wishes = Wishes.of(options.plant, options.start)
    rest = rest_of(whole.plant, options.plant, wishes)
    line_of(whole, rest, wishes, options.seed)
    check_servable(whole)
    prepare(options.folder, options.plant)
    for name in rest.tripped:
        tell(f"interlock {name!r} is tripped where this plant rests: give another start, e.g. --start NAME=VALUE")
    for name, part in whole.parts.items():
        if part.handshake.kind != "full":
            who = f"controller {name}" if name else "the plant file"
            tell(f"{who} has no full handshake: the supervisor will go no further than advisory")
    return tuple(whole.parts)


def _bench(options: Options) -> Child:
    (options.folder / READY_FILE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "hil.bench", "--dir", str(options.folder), "--plant", str(options.plant)]
    command += ["--speed", repr(options.speed), "--seed", str(options.seed)]
    command += [part for each in options.start for part in ("--start", each)]
    return Child("the bench", tuple(command), options.folder / "bench.log")


async def _run(options: Options, controllers: Sequence[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    children = [_bench(options)]
    ended_with: list[Child] = []
    await children[0].start()
    try:
        copy, clock = await _ready(children[0], options.folder)
        if options.speed != 1.0:
            for name in controllers:
                log = options.folder / f"control{name and '-'}{name}.log"
                children.append(control_child(copy, copy.parent / DATA_FOLDER, clock, log, name))
                await children[-1].start()
            if options.port is not None:
                log = options.folder / "pages.log"
                pages = pages_child(copy, copy.parent / DATA_FOLDER, options.speed, options.port, log)
                await pages.start()
                ended_with.append(pages)
                say(pages_words(options.port))
        _say(copy, options.speed)
        told = asyncio.create_task(stop.wait())
        while not told.done():
            for child in children:
                child.check()
            await asyncio.wait({told}, timeout=CHECK_S)
    finally:
        for child in (*ended_with, *reversed(children)):
            await child.stop()


async def _ready(bench: Child, folder: Path) -> tuple[Path, FastClock]:
    path = folder / READY_FILE
    for _ in range(int(READY_S_MAX / 0.05)):
        if path.exists():
            said = json.loads(path.read_text(encoding="utf-8"))
            return Path(said["plant"]), FastClock(said["speed"], said["anchor_real_mono"], said["anchor_utc"])
        bench.check()
        await asyncio.sleep(0.05)
    raise DemoError(f"the bench was not ready within {READY_S_MAX:.0f} s; its output is in {folder}")


def _say(copy: Path, speed: float) -> None:
    first = "setwise status" if speed != 1.0 else "setwise run"
    also = f" at {speed:g} x real time, with the supervisor" if speed != 1.0 else ""
    say(f"the plant is running{also}; its plant file is {copy}. In another terminal:")
    say(f"  cd {copy.parent}\n  {first}")
    sys.stdout.flush()
