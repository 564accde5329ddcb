"""The control process: starts its parts, runs one cycle after another, and lets go of the plant when told to stop.

It starts disarmed, always. SIGTERM and SIGINT end it in order: the PLC is told to shed, the record is closed. SIGUSR1
is OFF from anybody who can reach the machine, whatever the database, the mailbox or the pages do. When its event loop
hangs, a thread ends it.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import logging
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from constraints.plant import Plant
from constraints.plantfile import PlantFileError, load
from safety import handshake
from safety.signals import Mode
from supervisor import garbage
from supervisor.again import Ended, expired, gone_back, running_version, stored_plant
from supervisor.alarms.notify import Notifier, messages
from supervisor.audit.heads import HeadsError
from supervisor.audit.spool import SpoolError
from supervisor.audit.trouble import StoreError
from supervisor.audit.writer import AuditWriter
from supervisor.beat import Pacer
from supervisor.calendar import Calendar
from supervisor.changes.keeping import OnTrial, on_trial
from supervisor.changes.versions import Version
from supervisor.cli.exits import Exit
from supervisor.clock import Clock
from supervisor.cycle import Shell, cycle
from supervisor.drivers.build import DriverKindError, build_drivers
from supervisor.drivers.guard_rules import guard_rules
from supervisor.drivers.guarded import GuardedField
from supervisor.drivers.pool import DriverPool, PoolError
from supervisor.forecast_files import ForecastFiles
from supervisor.history.keep import Keeper
from supervisor.history.read import History, HistoryError
from supervisor.inforce import PlantRule
from supervisor.mailbox import Inbox, Mailbox, MailboxError
from supervisor.memory import Memory
from supervisor.opening import RecordKeeper
from supervisor.resume import first_memory, tripped_memory
from supervisor.rules import Rules, rules_of
from supervisor.secrets import SecretError, secrets_beside
from supervisor.sentences import plain
from supervisor.shell import RecordDesk, ThinkerDesk, WorldDesk
from supervisor.site import DATABASE_FILE, Site
from supervisor.watchdog import Watchdog

LOG = logging.getLogger("setwise.control")
CONFIRM_OF_CYCLE = 0.5
CONFIRM_S_MIN, CONFIRM_S_MAX = 0.3, 2.0
"""Longest wait for a write's read-back: half a cycle, within these real seconds."""
STARTUP_ERRORS = (
    PoolError, DriverKindError, SecretError, HeadsError, SpoolError, StoreError, MailboxError, ValueError, OSError,
)  # fmt: skip
"""What a wrong plant file, a missing secret or a broken disk raises before the first cycle."""


def run_until_told(site: Site, clock: Clock) -> int:
    """Run control for ``site`` until a signal ends it; return the exit code (0 told to stop, 1 could not start)."""
    who = f"{site.controller} " if site.controller else ""
    logging.basicConfig(level=logging.ERROR, format=f"%(asctime)s {who}%(name)s %(message)s", stream=sys.stderr)
    for ours in ("setwise", "supervisor"):
        logging.getLogger(ours).setLevel(logging.INFO)
    for noisy in ("asyncua", "pymodbus", "aiomqtt", "mqtt", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    if sys.flags.optimize:
        LOG.error("will not run without assertions: start Python without -O and without PYTHONOPTIMIZE")
        return 1
    try:
        loaded = load(site.plant_path, site.name)
        rules = rules_of(loaded.plant)
        lock = _only_one(site)
    except PlantFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (ValueError, OSError) as error:
        return _cannot_start(error)
    for warning in loaded.warnings:
        LOG.warning("%s", warning.message)
    if lock is None:
        LOG.error("another supervisor runs on %s: stop it first, or use another --data folder", site.data)
        return 1
    with lock:
        return _runs(site, clock, rules)


def _runs(site: Site, clock: Clock, rules: Rules) -> int:
    """Run, and again with another version of the plant file when one comes into force, until a signal ends it."""
    running = running_version(site, rules.plant.config_hash)
    last_good: Version | None = None
    while True:
        ended = asyncio.run(_control(site, clock, rules, running))
        failed = ended.code != 0 and not ended.reload and last_good is not None
        if not (ended.reload or ended.back or failed):
            return ended.code
        back_to = ended.back.back_to if ended.back else last_good.number if failed and last_good else None
        why = "nobody kept the change in time" if ended.back else "the new version cannot start"
        if back_to is not None and not gone_back(site, back_to, why):
            return 1
        last_good = running if ended.reload else None
        found = _reloaded(site, last_good)
        if found is None:
            return 1
        rules, running = found


def _reloaded(site: Site, last_good: Version | None) -> tuple[Rules, Version | None] | None:
    """Return the plant file as it is now; the last good version where that one has errors, None without either."""
    for _ in range(2):
        try:
            rules = rules_of(load(site.plant_path, site.name).plant)
        except (PlantFileError, ValueError, OSError) as error:
            LOG.error("the new version cannot be used: %s", error)  # noqa: TRY400 - findings, not a trace
            if last_good is None or not gone_back(site, last_good.number, "the new version has errors"):
                return None
            continue
        return rules, running_version(site, rules.plant.config_hash)
    return None


def _cannot_start(error: Exception) -> int:
    LOG.error("cannot start: %s", error)
    return 1


async def _control(site: Site, clock: Clock, rules: Rules, running: Version | None) -> Ended:
    stop, off = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, off.set)
    try:
        parts = _parts(site, clock, rules, off, stored_plant(site, running))
    except STARTUP_ERRORS as error:
        return Ended(_cannot_start(error))
    return await _run(site, clock, rules, parts, stop)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a control process is made of."""

    field: DriverPool
    audit: AuditWriter
    calendar: Calendar
    inbox: Inbox
    keeper: RecordKeeper
    forecasts: ForecastFiles
    notifier: Notifier
    thinker: ThinkerDesk
    shell: Shell


def _parts(site: Site, clock: Clock, rules: Rules, off: asyncio.Event, thinks_with: Path) -> _Parts:
    """Make everything, start nothing; the thinker reads ``thinks_with``. Raises one of ``STARTUP_ERRORS``."""
    plant = rules.plant
    confirm_s = min(max(CONFIRM_OF_CYCLE * clock.real_s(plant.cycle_s), CONFIRM_S_MIN), CONFIRM_S_MAX)
    secrets = secrets_beside(site.base)
    for connection in plant.connections.values():
        if connection.user_secret is not None:
            secrets(connection.user_secret)  # missing: said now, not by a link that never comes up
    field = build_drivers(plant, site.base, secrets, lambda: clock.now().mono_s, confirm_timeout_s=confirm_s)
    audit = AuditWriter(site.database_url, site.spool, site.heads)
    keeper = RecordKeeper(audit, site.database_url, site.heads, clock)
    calendar = Calendar(clock, PlantRule(plant), audit, Keeper(site.database_url))
    mailbox = Mailbox(site.mailbox)
    _recovered(mailbox)
    inbox = Inbox(mailbox)
    thinker = ThinkerDesk(thinks_with, plant, clock)
    forecasts = ForecastFiles(plant, site.base, clock)
    notifier = Notifier(plant.notify, secrets)
    world = WorldDesk(
        clock=clock,
        field=field,
        inbox=inbox,
        calendar=calendar,
        keeper=keeper,
        off=off,
        forecasts=forecasts,
        notifier=notifier,
    )
    desk = RecordDesk(audit, lambda record: notifier.send(messages(plant, record)))
    guarded = GuardedField(field, guard_rules(plant), lambda: clock.now().mono_s)
    shell = Shell(rules, clock, guarded, thinker, world, desk)
    return _Parts(field, audit, calendar, inbox, keeper, forecasts, notifier, thinker, shell)


async def _run(site: Site, clock: Clock, rules: Rules, parts: _Parts, stop: asyncio.Event) -> Ended:
    plant, pacer = rules.plant, Pacer(clock, rules.plant.cycle_s)
    watchdog = Watchdog(rules.watchdogs["cycle"], clock, int(Exit.WATCHDOG))
    memory = _earlier(site, plant, random.SystemRandom().randint(1, 0xFFFF))
    await parts.field.start()
    parts.thinker.start()
    parts.calendar.start()
    garbage.begin()
    LOG.info("%s: %s, disarmed, records in %s", plant.name, memory.mode.actual.name, site.data)
    watchdog.start()
    trial = on_trial(site.data)
    back = functools.partial(expired, site, trial)
    try:
        memory = await _beats(parts.shell, pacer, memory, _Until(stop, back), watchdog)
    finally:
        watchdog.close()
        garbage.end()
        await _let_go(parts.field, rules, memory, clock)
        await asyncio.to_thread(parts.calendar.close)
        parts.inbox.close()
        parts.forecasts.close()
        await asyncio.to_thread(parts.notifier.close)
        await parts.keeper.close()
        await parts.thinker.close()
        await parts.field.close()
        await parts.audit.close(clock.now().utc_s)
    LOG.info("stopped; the PLC has the plant")
    return Ended(0) if stop.is_set() else Ended(0, reload=memory.reload, back=back())


def _recovered(mailbox: Mailbox) -> None:
    """Answer what an earlier run left; a damaged mailbox is put aside, for OFF must find one that works."""
    try:
        mailbox.recover()
    except MailboxError as error:
        LOG.warning("mailbox: %s; it now lies in %s", error, mailbox.start_anew())


def _earlier(site: Site, plant: Plant, instance: int) -> Memory:
    """Return the memory to start with. A record that is there and cannot be read counts as a trip: it may hold one."""
    if site.database_url.startswith("sqlite") and not (site.data / DATABASE_FILE).exists():
        return first_memory(plant, instance, None)
    try:
        stored = History(site.database_url).last()
    except HistoryError as error:
        if "no such table" in str(error) or "does not exist" in str(error):
            return first_memory(plant, instance, None)
        LOG.error("the last cycle on record cannot be read (%s): starting tripped", error)  # noqa: TRY400
        return tripped_memory(plant, instance, "record_unread")
    if stored is None:
        return first_memory(plant, instance, None)
    for name, each in stored.record.bypassed.items():
        LOG.warning("interlock '%s' was bypassed by %s; the restart ends that", name, plain(each.owner))
    return first_memory(plant, instance, stored.record)


@dataclass(frozen=True, slots=True)
class _Until:
    """What ends the beats: a signal, or a change on trial that nobody kept."""

    stop: asyncio.Event
    back: Callable[[], OnTrial | None]


async def _beats(shell: Shell, pacer: Pacer, memory: Memory, until: _Until, watchdog: Watchdog) -> Memory:
    stop = until.stop
    told = asyncio.create_task(stop.wait())
    while not (stop.is_set() or memory.reload or until.back()):
        waiting = asyncio.create_task(pacer.next())
        await asyncio.wait({waiting, told}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            waiting.cancel()
            break
        memory = await cycle(shell, replace(memory, skipped=pacer.skipped_total))
        watchdog.finished()
        garbage.between_cycles(memory.cycle)
    told.cancel()
    return memory


async def _let_go(field: DriverPool, rules: Rules, memory: Memory, clock: Clock) -> None:
    """Tell the PLC once that we stop, so that it sheds now and not after its time-out."""
    frame, _ = handshake.beat(Mode.OFF, rules.plant.handshake, memory.shake, clock.now().mono_s)
    if frame is not None:
        await field.beat(frame)


def _only_one(site: Site) -> TextIO | None:
    """Return the locked pid file of this data folder; None where another process holds it."""
    site.data.mkdir(parents=True, exist_ok=True)
    lock = site.pid_file.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()} setwise {version('setwise')}\n")
    lock.flush()
    return lock
