"""Controller: the operator's page, one page, no paging. Mode, why, CVs, MVs, DVs."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request
from markupsafe import Markup

from constraints.plant import CvSpec, MvSpec, Plant
from controllers.explain import sentences
from safety.signals import Mode
from supervisor.plans import StoredPlan, plan_of
from supervisor.record import CycleRecord
from supervisor.web import cells as pieces
from supervisor.web.advising import advice_rows
from supervisor.web.desk import Asked
from supervisor.web.gauge import Pointers, gauge
from supervisor.web.livepage import View, add_live_page
from supervisor.web.pages.act import acting_of
from supervisor.web.pages.interlocks import permits_part
from supervisor.web.render import fragment
from supervisor.web.variables import CvRow, DvRow, MvRow, cv_rows, dv_rows, mv_rows
from supervisor.web.words import change, money, number

WHY_LINES = 3
router = APIRouter()


def make(request: Request, asked: Asked) -> View:
    """Return the tables as they are now."""
    unit, record = asked.unit, asked.here.record
    context = {"unit": unit, "plant": unit.plant, "released": acting_of(request, unit.key).released.name}
    if record is None:
        return View({}, {**context, "cvs": (), "mvs": (), "dvs": (), "record": None})
    cvs, mvs, dvs = cv_rows(unit.plant, record), mv_rows(unit.plant, record), dv_rows(unit.plant, record)
    cells: dict[str, str] = {"why": why_strip(request, asked, record)}
    for cv in cvs:
        cells |= cv_cells(cv, asked)
    for mv in mvs:
        cells |= mv_cells(mv, asked)
    for dv in dvs:
        cells |= dv_cells(dv, asked)
    if record.mode.actual is Mode.ADVISORY:
        advised = {"rows": advice_rows(mvs, record), "plant": unit.plant}
        cells["advice"] = fragment(request, "parts/advice.html", asked, **advised)
        cells["advice.ticks"] = fragment(request, "parts/advice_ticks.html", asked, **advised)
    cells["permits"] = permits_part(request, asked)
    cells["money"] = fragment(request, "parts/money.html", asked, record=record, plant=unit.plant)
    return View(cells, {**context, "cvs": cvs, "mvs": mvs, "dvs": dvs, "record": record})


def why_strip(request: Request, asked: Asked, record: CycleRecord) -> str:
    """Return at most three sentences: why it moves, or does not."""
    lines = why_sentences(asked.unit.plant, record)
    return fragment(request, "parts/why.html", asked, lines=lines[:WHY_LINES], more=len(lines) > WHY_LINES)


def why_sentences(plant: Plant, record: CycleRecord) -> tuple[str, ...]:
    """Return the plan of one cycle in words."""
    return tuple(sentences(plan_of(cast("StoredPlan", record.plan), record.cycle), plant))


def cv_cells(row: CvRow, asked: Asked) -> dict[str, str]:
    """Return the live parts of one CV's row."""
    at, t, places = f"cv.{row.name}", asked.t, row.places
    lo, hi = row.active
    said = t("gauge.cv", name=row.name, value=number(row.now.value, places), lo=number(lo, places),
             hi=number(hi, places), target=number(row.target, places))  # fmt: skip
    pointers = Pointers(now=row.now.value, end=row.end, target=row.target)
    return {
        f"{at}.status": pieces.status(row.status, t),
        f"{at}.value": pieces.value(row.now, places, t),
        f"{at}.gauge": gauge(row.spec.limits, row.active, pointers, said),
        f"{at}.end": Markup("{}").format(number(row.end, places)),
        f"{at}.target": Markup("{}").format(number(row.target, places)),
        f"{at}.lo": _limit(lo, row.spec, 0, places),
        f"{at}.hi": _limit(hi, row.spec, 1, places),
        f"{at}.worth": worth(row.worth_lo, row.worth_hi),
    }


def mv_cells(row: MvRow, asked: Asked) -> dict[str, str]:
    """Return the live parts of one MV's row."""
    at, t, places = f"mv.{row.name}", asked.t, row.places
    lo, hi = row.active
    said = t("gauge.mv", name=row.name, value=number(row.setpoint.value, places), lo=number(lo, places),
             hi=number(hi, places), target=number(row.target, places))  # fmt: skip
    pointers = Pointers(now=row.setpoint.value, end=row.end, target=row.target)
    ready = "" if row.available is None else t("plc.ready") if row.available else t("plc.not_ready")
    return {
        f"{at}.status": pieces.status(row.status, t),
        f"{at}.value": pieces.value(row.setpoint, places, t),
        f"{at}.pv": pieces.value(row.readback, places, t),
        f"{at}.move": Markup("{}").format(change(row.move, places) if row.move is not None else "–"),
        f"{at}.gauge": gauge(row.spec.limits, row.active, pointers, said),
        f"{at}.target": Markup("{}").format(number(row.target, places)),
        f"{at}.lo": _limit(lo, row.spec, 0, places),
        f"{at}.hi": _limit(hi, row.spec, 1, places),
        f"{at}.worth": worth(row.worth_lo, row.worth_hi),
        f"{at}.plc": Markup("{} {}").format(ready, t(f"written.{row.written}") if row.written else ""),
    }


def dv_cells(row: DvRow, asked: Asked) -> dict[str, str]:
    """Return the live parts of one DV's row."""
    forecast = asked.t("forecast.in_use") if row.forecast == "in_use" else row.forecast
    return {
        f"dv.{row.name}.value": pieces.value(row.now, row.places, asked.t),
        f"dv.{row.name}.forecast": Markup("{}").format(forecast or "–"),
    }


def worth(at_lo: float, at_hi: float) -> Markup:
    """Return what a unit of room at the limit that holds would earn."""
    best = max(at_lo, at_hi)
    return Markup('<b class="v">{}</b>').format(money(best)) if best > 0.0 else Markup("–")


def _limit(active: float, spec: CvSpec | MvSpec, side: int, places: int) -> Markup:
    """Return a limit in force; italic while it still moves to what was set, or where it is not the plant file's."""
    text = number(active, places)
    moved = active != spec.limits.operator[side]
    return Markup('<span class="{}">{}</span>').format("lim lim-moved" if moved else "lim", text)


add_live_page(router, "/controller/{key}", "controller.html", make, "controller")
