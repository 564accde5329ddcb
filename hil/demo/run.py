"""The demo's story as it runs: two processes, the acts in their time, what a viewer sees, the figures."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import signal
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from constraints.plant import Plant
from constraints.plantfile import load
from hil.clock import FastClock
from hil.demo.outcome import Outcome, outcome_of
from hil.demo.pages import pages_words
from hil.demo.processes import (
    BenchRemote,
    Child,
    DemoError,
    Ready,
    bench_child,
    control_child,
    pages_child,
    wait_ready,
    write_plant,
)
from hil.demo.story import START_LOCAL, STORY, Step
from hil.demo.view import Scene, View
from safety.signals import Mode
from supervisor.cli.requests import MODES
from supervisor.clock import machine_utc_s
from supervisor.history.read import History, HistoryError
from supervisor.mailbox import Mailbox, MailboxError
from supervisor.record import CycleRecord, Request
from supervisor.site import Site

LEAD_MIN = 6.0
"""Plant minutes before the story begins, in which control starts and its thinker compiles."""
MARKER = ".setwise-demo"
"""File that only the demo puts into its folder; a plant's own folder has a plant file and records too."""
LOOK_S = 0.25
TRIES = 20
"""How often the story's operator asks for a mode that is refused (the PLC may still be answering)."""
TRY_CYCLES = 6.0
SHED_WAIT_S = 10.0

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    folder: Path
    speed: float
    seed: int
    live: bool
    port: int | None
    """Where the pages are served; None where they are not."""


@dataclass(slots=True)
class Stage:
    """What runs, and what has happened so far."""

    site: Site
    plant: Plant
    clock: FastClock
    remote: BenchRemote
    start_utc_s: float
    acts: list[tuple[Step, float]] = field(default_factory=list)
    """Each act and the minute at which it took place."""

    @property
    def minute(self) -> float:
        """Plant minutes since the story began; negative before."""
        return (self.clock.now().utc_s - self.start_utc_s) / 60.0


async def run_demo(options: Options, tell: Tell) -> Outcome | None:
    """Run the whole story; None when it was interrupted. Raises DemoError when a part does not start or ends early."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    _prepare(options.folder)
    start_utc_s = datetime.fromisoformat(START_LOCAL).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    bench = bench_child(options.folder / "bench", options.speed, options.seed, start_utc_s - 60.0 * LEAD_MIN)
    control: Child | None = None
    pages: Child | None = None
    await bench.start()
    try:
        ready = await wait_ready(bench, options.folder / "bench")
        plant_path = write_plant(options.folder, ready)
        site = Site.of(plant_path, options.folder / "data")
        control = control_child(plant_path, site.data, ready.clock, options.folder / "control.log")
        await control.start()
        stage = Stage(site, load(plant_path).plant, ready.clock, BenchRemote(ready), start_utc_s)
        if options.port is not None:
            pages = pages_child(plant_path, site.data, options.speed, options.port, options.folder / "pages.log")
            await pages.start()
            tell(pages_words(options.port))
        tell(f"plant at {options.speed:g} x real time; files in {options.folder}")
        ended = await _play(stage, (bench, control), stop, options, tell)
        await control.stop()
        shed = await _shed(stage)
    finally:
        for child in (pages, control):
            if child is not None:
                await child.stop()
        await bench.stop()
    if not ended:
        return None
    return await asyncio.to_thread(_judge, stage, ready, options, shed)


def _judge(stage: Stage, ready: Ready, options: Options, shed: bool) -> Outcome:  # noqa: FBT001 - a fact
    return outcome_of(
        stage.site, stage.plant, ready.trace, stage.acts, stage.start_utc_s, options.folder / "report", shed=shed
    )


def _prepare(folder: Path) -> None:
    """Make an empty folder for this run; refuse to empty one that is not a demo's."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise DemoError(f"{folder} is not empty and not a demo's: name another folder with --dir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("setwise demo empties this folder at its next run\n", encoding="utf-8")


async def _play(stage: Stage, children: tuple[Child, Child], stop: asyncio.Event, options: Options, tell: Tell) -> bool:
    """Act after act until the end; false when interrupted."""
    history = History(stage.site.database_url)
    ahead = list(STORY)
    with View(options.live, stage.plant) as view:
        while not stop.is_set():
            for child in children:
                child.check()
            while ahead and stage.minute >= ahead[0].minute:
                step = ahead.pop(0)
                stage.acts.append((step, stage.minute))
                tell(f"{stage.minute:5.1f} min  {step.text}") if not options.live else view.say(step.text)
                if step.kind == "end":
                    return True
                await _act(stage, step, stop)
            view.show(Scene(stage.minute, stage.clock.now().utc_s, _last(history), tuple(s for s, _ in stage.acts)))
            await asyncio.sleep(LOOK_S)
    return False


def _last(history: History) -> CycleRecord | None:
    try:
        found = history.last()
    except HistoryError:
        return None  # control has not made its tables yet
    return found.record if found is not None else None


async def _act(stage: Stage, step: Step, stop: asyncio.Event) -> None:
    match step.kind:
        case "mode":
            await ask_mode(stage, MODES[step.name], stop)
        case "limit":
            await _ask(stage, action="limit", variable=step.name, side="hi", value=step.value)
        case "reset":
            for interlock in stage.plant.interlocks:
                if interlock.latch:
                    await _ask(stage, action="reset", interlock=interlock.name)
        case "disturb":
            await stage.remote.do("disturb", name=step.name, value=step.value, ramp_s=120.0)
        case "cable":
            await stage.remote.do("restore_cable" if step.value else "pull_cable", cable=step.name)
        case "note" | "end":
            pass


async def ask_mode(stage: Stage, mode: Mode, stop: asyncio.Event) -> None:
    """Ask as an operator does: again when it is refused, a few times."""
    for _ in range(TRIES):
        if await _ask(stage, action="mode", mode=mode, confirmed=True) or stop.is_set():
            return
        await asyncio.sleep(stage.clock.real_s(TRY_CYCLES * stage.plant.cycle_s))
    raise DemoError(f"control refused {mode.name} {TRIES} times: setwise status -c {stage.site.plant_path}")


async def _ask(stage: Stage, **what: object) -> bool:
    now = machine_utc_s()
    blank: Mapping[str, object] = {
        "id": uuid.uuid4().hex,
        "who": f"{getpass.getuser()} (demo)",
        "role": "engineer",
        "why": "the demo's story",
        "asked_utc_s": now,
        "expires_utc_s": now + 30.0,
        "saw_cycle": None,
    }
    request = Request(**{**blank, **what})  # type: ignore[arg-type]
    try:
        mailbox = Mailbox(stage.site.mailbox)
        mailbox.post(request)
        answer = await asyncio.to_thread(mailbox.wait_answer, request.id, 10.0)
    except MailboxError as error:
        raise DemoError(f"control's mailbox: {error}") from error
    return answer is not None and answer.accepted


async def _shed(stage: Stage) -> bool:
    """Return whether every loop left remote cascade after control had ended."""
    for _ in range(int(SHED_WAIT_S / LOOK_S)):
        state = await stage.remote.do("state")
        modes = state.get("mode") if isinstance(state, dict) else None
        if isinstance(modes, dict) and all(mode != "CAS" for mode in modes.values()):
            return True
        await asyncio.sleep(LOOK_S)
    return False
