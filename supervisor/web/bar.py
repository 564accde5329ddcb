"""The bar on every page: the controller's mode, what it does and why, how alive it is; what waits for a person."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from safety.signals import Mode
from supervisor.alarms.listing import AlarmView, viewed
from supervisor.alarms.states import ANNUNCIATED, UNACKNOWLEDGED
from supervisor.web.desk import Asked
from supervisor.web.live import Now
from supervisor.web.state import State, state_of
from supervisor.web.units import Unit
from supervisor.web.words import clock, lasting, offset, zone

SHAPES = {"critical": "■", "high": "▲", "medium": "▼", "low": "●"}
"""Never colour alone: each priority has a shape and a number."""


def calling(view: AlarmView) -> Counter[str]:
    """Return how many alarms call a person, by priority, and how many of them nobody has acknowledged."""
    found: Counter[str] = Counter(each.priority for each in view.alarms if each.state in ANNUNCIATED)
    found["unack"] = sum(each.state in UNACKNOWLEDGED for each in view.alarms)
    return found


def bar_cells(asked: Asked) -> dict[str, str]:
    """Return the bar's live parts; of one controller where the address names it, of all else."""
    units = [asked.unit] if "key" in asked.parts else list(asked.desk.units.values())
    cells = {f"bar.{unit.key}": _bar(asked, unit, asked.now[unit.key]) for unit in units}
    first = units[0]
    record = asked.now[first.key].record
    timezone = first.plant.timezone
    cells["bar.clock"] = (
        Markup('<time title="{}">{} {}</time>').format(
            offset(record.utc_s, timezone), clock(record.utc_s, timezone), zone(record.utc_s, timezone)
        )
        if record is not None
        else ""
    )
    cells["bar.alarms"] = _alarms(asked)
    return cells


def _alarms(asked: Asked) -> Markup:
    """Return how many alarms call a person, by priority, shape and number beside the colour."""
    found: Counter[str] = Counter()
    for key, now in asked.now.items():
        if now.record is not None:
            found += calling(viewed(asked.desk.units[key].plant, now.record))
    parts = [
        Markup('<a class="flag flag-{}" href="/alarms" title="{}">{}{} {}</a>').format(
            number, asked.t(f"priority.{name}"), SHAPES[name], number, found[name]
        )
        for number, name in enumerate(SHAPES, start=1)
        if found[name]
    ]
    if found["unack"]:
        parts.append(Markup('<span class="quiet">{}</span>').format(asked.t("alarms.unack", count=found["unack"])))
    return Markup(" ").join(parts)


def mode_words(requested: Mode, actual: Mode, asked: Asked) -> Markup:
    """Return requested and actual mode; both, always, and what differs stands out."""
    t = asked.t
    if requested is actual:
        return Markup('<b class="mode">{}</b>').format(t(f"mode.{actual.name}"))
    return Markup('<span class="mode-req">{} {} →</span> <b class="mode mode-less">{}</b>').format(
        t("mode.requested"), t(f"mode.{requested.name}"), t(f"mode.{actual.name}")
    )


def state_words(state: State, asked: Asked) -> Markup:
    """Return the state word with its reason."""
    word = asked.t(f"state.{state.word}", rank=state.rank)
    return Markup('<span class="state">{}</span>{}').format(
        word, Markup(' <span class="state-why">{}</span>').format(state.why) if state.why else ""
    )


def _bar(asked: Asked, unit: Unit, now: Now) -> str:
    record, t = now.record, asked.t
    if record is None:
        words = t("state.no_record") if not now.trouble else now.trouble
        return Markup('<span class="state">{}</span>').format(words)
    quiet_s = asked.desk.live.quiet_s(unit.key)
    parts = [mode_words(record.mode.requested, record.mode.actual, asked), state_words(state_of(record), asked)]
    took = record.timings_ms.get("think")
    beat = t("bar.cycle", number=record.cycle, every=lasting(unit.plant.cycle_s))
    parts.append(Markup('<span class="quiet">{}</span>').format(beat))
    if took is not None:
        parts.append(Markup('<span class="quiet">{}</span>').format(t("bar.solve", ms=f"{took:.0f}")))
    if not now.running:
        parts.append(Markup('<span class="flag flag-2">▲ {}</span>').format(t("bar.stopped")))
    elif quiet_s > asked.desk.frozen_after_s(unit):
        parts.append(Markup('<span class="flag flag-2">▲ {}</span>').format(t("bar.silent", age=lasting(quiet_s))))
    if now.not_stored:
        parts.append(Markup('<span class="flag flag-1">■ {}</span>').format(t("bar.not_stored", why=now.not_stored)))
    return Markup(" ").join(parts)
