"""What ``setwise alarms`` does: it reads the newest record, and asks control through the mailbox."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Final

from constraints.alarms import key_of
from constraints.plant import Plant
from constraints.plantfile.issues import did_you_mean
from supervisor.alarms.journal import Line, journal
from supervisor.alarms.listing import AlarmView, viewed
from supervisor.alarms.rates import rates
from supervisor.alarms.rules import ids, known
from supervisor.alarms.states import COVERED, UNACKNOWLEDGED
from supervisor.alarms.words import SHIFT_S
from supervisor.cli.about import About
from supervisor.cli.alarms_words import alarm_lines, counts_line, journal_line, rates_json, rates_lines
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import span_s, stored_cycle, waiting_cycles
from supervisor.cli.requests import asked, blank
from supervisor.cli.running import control_runs
from supervisor.cli.which import every, for_each, one
from supervisor.history.read import History, HistoryError
from supervisor.record import Action, CycleRecord, Request
from supervisor.sentences import reason as reason_words
from supervisor.site import Site

CHOICES: Final = ("unack", "shelved", "journal", "rates")


def show(chosen: list[str], since: str, about: About, *, as_json: bool) -> None:
    """Print the list, a part of it, the journal or the rates; exit 5 where control does not run."""
    if len(chosen) > 1:
        fail(Exit.USAGE, f"choose one of {', '.join(f'--{each}' for each in CHOICES)}")
    choice = chosen[0] if chosen else ""
    back_s = span_s("--since", since, "8 h")

    def show_one(of: tuple[Site, Plant]) -> None:
        site, plant = of
        record = _newest(site)
        if choice in ("journal", "rates"):
            _show_past(choice, back_s, site, plant, record, as_json=as_json)
        else:
            _show_list(choice, plant, record, running=control_runs(site), as_json=as_json)

    for_each(every(about), show_one)


def _show_list(choice: str, plant: Plant, record: CycleRecord, *, running: bool, as_json: bool) -> None:
    view = _view(plant, record)
    wanted = {"unack": UNACKNOWLEDGED, "shelved": COVERED}.get(choice)
    shown = [each for each in view.alarms if wanted is None or each.state in wanted]
    if as_json:
        say_json(
            {
                "utc_s": view.utc_s, "cycle": view.cycle, "flood": view.flood, "running": running,
                "alarms": [asdict(each) for each in shown],
            }
        )  # fmt: skip
    else:
        say(counts_line(view, plant))
        for alarm in shown:
            for line in alarm_lines(alarm, view.utc_s, plant):
                say(line)
        if not running:
            say(f"control does not run: this is how it was. Start it: setwise run {plant.source_path}")
    if not running:
        raise SystemExit(int(Exit.UNREACHABLE))


def _show_past(choice: str, back_s: float, site: Site, plant: Plant, record: CycleRecord, *, as_json: bool) -> None:
    lines, first_utc_s = _lines(site, record.utc_s - back_s, record)
    if choice == "journal":
        if as_json:
            say_json([{"utc_s": each.utc_s, "cycle": each.cycle, **asdict(each.step)} for each in lines])
        else:
            for line in lines:
                say(journal_line(line, plant))
        return
    end_utc_s = math.nextafter(record.utc_s, math.inf)  # the newest cycle counts
    found = rates(lines, min(first_utc_s, record.utc_s), end_utc_s, _view(plant, record))
    if as_json:
        say_json(rates_json(found))
    else:
        for text in rates_lines(found, plant):
            say(text)


def _lines(site: Site, start_utc_s: float, last: CycleRecord) -> tuple[list[Line], float]:
    """Return the journal since a time, and when the record begins within it."""
    history = History(site.database_url)
    try:
        bounds = history.bounds()
        records = [stored.record for stored in history.between(start_utc_s, last.utc_s + 1.0)]
    except HistoryError as error:
        fail(Exit.UNREACHABLE, f"the record of {site.data} cannot be read: {error}")
    return list(journal(records)), max(start_utc_s, bounds[0] if bounds is not None else start_utc_s)


def acknowledge(id_: str, occurrence: int | None, reason: str, about: About, *, as_json: bool) -> None:
    """Acknowledge the occurrence that is on record now, or the one that was named."""
    site, plant = _checked(id_, about)
    if occurrence is None:
        view = _view(plant, _newest(site))
        found = [each.occurrence for each in view.alarms if each.id == id_]
        if not found:
            fail(Exit.REFUSED, f"{id_} is not in the list: there is nothing to acknowledge")
        occurrence = found[0]
    request = replace(blank("alarm_ack", reason), alarm=id_, occurrence=occurrence)
    _ask(request, about, as_json=as_json)


def put_aside(id_: str, lasting: str, reason: str, about: About, *, as_json: bool) -> None:
    """Ask for a shelf of as long as ``lasting`` says."""
    if not lasting:
        fail(Exit.USAGE, "say for how long: --for 1h, --for shift, 12 h at most; it ends by itself")
    lasts_s = SHIFT_S if lasting.strip().lower() == "shift" else span_s("--for", lasting, "1h, or shift")
    request = replace(_blank("alarm_shelve", id_, reason, about), lasts_s=lasts_s)
    _ask(request, about, as_json=as_json)


def change(action: Action, id_: str, reason: str, about: About, *, as_json: bool) -> None:
    """Ask for one of the other actions on an alarm."""
    _ask(_blank(action, id_, reason, about), about, as_json=as_json)


def _ask(request: Request, about: About, *, as_json: bool) -> None:
    """Ask, and say what became of it: a refusal by its code and in words, with exit 4."""
    answer = asked(request, about)
    if as_json:
        say_json({"accepted": answer.accepted, "why": answer.why, "id": answer.id})
    else:
        say("accepted" if answer.accepted else f"refused: {answer.why}, {reason_words(answer.why)}")
    if not answer.accepted:
        raise SystemExit(int(Exit.REFUSED))


def _blank(action: Action, id_: str, reason: str, about: About) -> Request:
    _checked(id_, about)
    if action in ("alarm_shelve", "alarm_out") and not reason.strip():
        fail(Exit.USAGE, 'say why: --reason "probe is being cleaned"; it goes on record with your name')
    return replace(blank(action, reason), alarm=id_)


def _checked(id_: str, about: About) -> tuple[Site, Plant]:
    """Return the controller; end where it can have no such alarm."""
    site, plant = one(about)
    if not known(plant, *key_of(id_)):
        hint = did_you_mean(id_, ids(plant)) or "setwise alarms lists them, as link:dcs"
        fail(Exit.USAGE, f"there is no alarm '{id_}': {hint}")
    return site, plant


def _newest(site: Site) -> CycleRecord:
    record, waiting = stored_cycle(site).record, waiting_cycles(site)
    return waiting.newest if waiting is not None and waiting.newest.utc_s > record.utc_s else record


def _view(plant: Plant, record: CycleRecord) -> AlarmView:
    try:
        return viewed(plant, record)
    except ValueError as error:
        fail(Exit.UNREACHABLE, f"the alarms of cycle {record.cycle} are not of this version: {error}")
