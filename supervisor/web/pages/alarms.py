"""Alarms of all controllers in one list, with what to do; the journal of the last day; the rates against targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from supervisor.alarms.journal import Line, journal
from supervisor.alarms.listing import AlarmView, Listed, viewed
from supervisor.alarms.rates import Rates, rates
from supervisor.alarms.states import ANNUNCIATED
from supervisor.history.read import History, HistoryError
from supervisor.web.desk import Asked, asked_of
from supervisor.web.livepage import View, add_live_page
from supervisor.web.render import fragment, page
from supervisor.web.units import Unit

router = APIRouter(include_in_schema=False)
DAY_S = 86_400.0
LINES_MAX = 500
TABS = {"active": ANNUNCIATED, "shelved": {"shelved"}, "suppressed": {"suppressed"}, "out": {"out"}}


@dataclass(frozen=True, slots=True)
class Row:
    """One alarm and whose it is."""

    unit: Unit
    alarm: Listed


def views(asked: Asked) -> dict[str, AlarmView]:
    """Return the alarm list of each controller that has a record."""
    return {
        key: viewed(asked.desk.units[key].plant, now.record) for key, now in asked.now.items() if now.record is not None
    }


def make(request: Request, asked: Asked) -> View:
    """Return the list as it is now; one fragment, for alarms come and go."""
    tab = asked.query.get("tab", "active") if asked.query.get("tab") in TABS else "active"
    found = views(asked)
    rows = [
        Row(asked.desk.units[key], alarm)
        for key, view in found.items()
        for alarm in view.alarms
        if alarm.state in TABS[tab]
    ]
    counts: Counter[str] = Counter(alarm.state for view in found.values() for alarm in view.alarms)
    sums = {name: sum(counts[state] for state in states) for name, states in TABS.items()}
    flood = any(view.flood for view in found.values())
    cells = {
        "alarms": fragment(request, "parts/alarm_list.html", asked, rows=rows, tab=tab, flood=flood),
        "alarm.tabs": fragment(request, "parts/alarm_tabs.html", asked, tab=tab, sums=sums),
    }
    return View(cells, {"tab": tab})


@router.get("/alarms/{key}/do", name="alarm-do")
def show_actions(request: Request, key: str, id: str) -> HTMLResponse:
    """Return the forms for one alarm."""
    asked = asked_of(request)
    unit, record = asked.desk.unit(key), asked.now[key].record
    found = [each for each in viewed(unit.plant, record).alarms if each.id == id] if record is not None else []
    if not found:
        raise HTTPException(404, "this alarm is over")
    context = {"unit": unit, "alarm": found[0], "record": record, "page_name": "alarms", "live": False}
    template = "parts/act_alarm.html" if "hx-request" in request.headers else "alarm_do.html"
    return page(request, template, asked, {}, context)


@router.get("/alarms/journal", name="alarm-journal")
def show_journal(request: Request) -> HTMLResponse:
    """Show every step of every alarm of the last day, the newest first."""
    asked = asked_of(request)
    lines = [(unit, line) for unit in asked.desk.units.values() for line in _lines(asked, unit)]
    lines.sort(key=lambda each: -each[1].utc_s)
    context = {"page_name": "alarms", "live": False, "tab": "journal", "lines": lines[:LINES_MAX]}
    return page(request, "alarm_journal.html", asked, {}, context)


@router.get("/alarms/rates", name="alarm-rates")
def show_rates(request: Request) -> HTMLResponse:
    """Show how many alarms there are, against what one operator can handle."""
    asked = asked_of(request)
    found: list[tuple[Unit, Rates]] = []
    for key, view in views(asked).items():
        unit = asked.desk.units[key]
        lines = _lines(asked, unit)
        first = lines[0].utc_s if lines else view.utc_s
        found.append((unit, rates(lines, min(first, view.utc_s - 1.0), view.utc_s + 1.0, view)))
    return page(
        request, "alarm_rates.html", asked, {}, {"page_name": "alarms", "live": False, "tab": "rates", "found": found}
    )


def _lines(asked: Asked, unit: Unit) -> Sequence[Line]:
    """Return the journal of one controller's last day; nothing where its record cannot be read."""
    record = asked.now[unit.key].record
    if record is None:
        return ()
    history = History(unit.site.database_url)
    try:
        records = (each.record for each in history.between(record.utc_s - DAY_S, record.utc_s + 1.0))
        return list(journal(records))
    except HistoryError:
        return ()


add_live_page(router, "/alarms", "alarms.html", make, "alarms")
