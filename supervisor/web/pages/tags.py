"""Tags: every tag of every controller, live, and the state of each connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from markupsafe import Markup

from supervisor.record import CycleRecord
from supervisor.web import cells as pieces
from supervisor.web.desk import Asked
from supervisor.web.livepage import View, add_live_page
from supervisor.web.tagview import TagRow, reading, tag_rows
from supervisor.web.texts import Translate
from supervisor.web.units import Unit
from supervisor.web.words import clock

router = APIRouter(include_in_schema=False)
TAGS_MAX: Final = 200
"""On one page: it stays under 150 kB."""
TEXT_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Group:
    """The tags of one controller that are asked for."""

    unit: Unit
    rows: tuple[TagRow, ...]


def make(_request: Request, asked: Asked) -> View:
    """Return the tags that the address asks for, as they read now."""
    text, first = asked.query.get("find", "").strip()[:TEXT_MAX], asked.query.get("from", "")
    at = int(first[:6]) if first.isdecimal() else 0
    found = [(unit, row) for unit in asked.desk.units.values() for row in tag_rows(unit.plant) if row.has(text)]
    here = found[at : at + TAGS_MAX]
    groups = [Group(unit, tuple(row for of, row in here if of is unit)) for unit in asked.desk.units.values()]
    cells: dict[str, str] = {}
    for group in groups:
        record = asked.now[group.unit.key].record
        cells |= _links(group.unit, record, asked.t)
        for row in group.rows:
            cells |= _cells(group.unit, row, record, asked.t)
    end = at + TAGS_MAX
    more = f"?{urlencode({'find': text, 'from': end})}" if len(found) > end else ""
    facts = {"groups": groups, "count": len(found), "text": text, "more": more, "at": at, "shown": len(here)}
    return View(cells, facts)


def _cells(unit: Unit, row: TagRow, record: CycleRecord | None, t: Translate) -> dict[str, str]:
    at = f"tag.{unit.key}.{row.name}"
    if record is None:
        return {f"{at}.value": "", f"{at}.quality": ""}
    found = reading(record, row.name)
    words = t(f"quality.{found.look}") + (f" ({found.why})" if found.why else "")
    return {
        f"{at}.value": pieces.value(found, row.places(found.value), t),
        f"{at}.quality": Markup("{}").format(words),
    }


def _links(unit: Unit, record: CycleRecord | None, t: Translate) -> dict[str, str]:
    """Return the state of each connection as the newest cycle saw it, and when that was."""
    states = record.links if record is not None else {}
    cells: dict[str, str] = {
        f"link.{unit.key}.{name}": Markup("{}").format(_state(states.get(name, ""), t))
        for name in unit.plant.connections
    }
    as_of = clock(record.utc_s, unit.plant.timezone) if record is not None else "–"
    cells[f"link.{unit.key}.at"] = Markup("{}").format(as_of)
    return cells


def _state(state: str, t: Translate) -> Markup:
    if state == "connected":
        return Markup("{}").format(t("tags.connected"))
    return Markup('<b class="v-bad">{}</b>').format(state or t("tags.unknown"))


add_live_page(router, "/tags", "tags.html", make, "tags")
