"""``setwise status``: the last cycle on record, and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from constraints.plant import Plant
from supervisor.alarms.listing import viewed
from supervisor.cli.about import About
from supervisor.cli.alarms_words import counts_line
from supervisor.cli.console import say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import Waiting, local, stored_cycle, waiting_cycles
from supervisor.cli.running import control_runs
from supervisor.cli.which import every, for_each
from supervisor.record import CycleRecord, JsonValue
from supervisor.sentences import bypass_words
from supervisor.site import Site
from supervisor.supplied_words import supplied_lines


def show_status(about: About, *, as_json: bool) -> None:
    """Print mode, MVs, CVs, money, links and the last verdict of each controller; exit 5 where one does not run."""
    found = every(about)
    if as_json and len(found) > 1:
        _say_json_of(found)
    else:
        for_each(found, lambda each: _one(*each, about.plant, as_json=as_json))


def _one(site: Site, plant: Plant, plant_path: Path, *, as_json: bool) -> None:
    record, waiting = _last(site)
    running = control_runs(site)
    if as_json:
        say_json(_with_waiting(record, waiting, running=running))
    else:
        for line in status_lines(plant, record):
            say(line)
        if waiting is not None:
            say(f"NOT STORED in {site.data}: {waiting.why or 'cycles wait in the spool file'}")
            say("No setpoint is written to the plant until the record takes cycles again; OFF always works.")
        if not running:
            also = f" --controller {site.controller}" if site.controller else ""
            say(f"control does not run; this is its last record. Start it: setwise run {plant_path}{also}")
    if not running:
        raise SystemExit(int(Exit.UNREACHABLE))


def _say_json_of(found: Mapping[str, tuple[Site, Plant]]) -> None:
    """Print one object with every controller's status; null for one that never ran."""
    each: dict[str, JsonValue] = {}
    code = Exit.OK
    for name, (site, _) in found.items():
        running = control_runs(site)
        code = code if running else Exit.UNREACHABLE
        began = site.pid_file.exists()
        each[name] = cast("JsonValue", _with_waiting(*_last(site), running=running)) if began else None
    say_json({"controllers": each})
    if code is not Exit.OK:
        raise SystemExit(int(code))


def _last(site: Site) -> tuple[CycleRecord, Waiting | None]:
    """Return the last cycle, and what waits; what the database says is what was before it stopped taking cycles."""
    record, waiting = stored_cycle(site).record, waiting_cycles(site)
    return (waiting.newest if waiting is not None and waiting.newest.utc_s > record.utc_s else record), waiting


def _with_waiting(record: CycleRecord, waiting: Waiting | None, *, running: bool) -> dict[str, JsonValue]:
    why = "" if waiting is None else waiting.why or "cycles wait in the spool file"
    return {**status_json(record, running=running), "not_stored": why}


def status_json(record: CycleRecord, *, running: bool) -> dict[str, JsonValue]:
    """Return the status as plain JSON."""
    return {
        "running": running,
        "cycle": record.cycle,
        "utc_s": record.utc_s,
        "mode": {
            "requested": record.mode.requested.name,
            "actual": record.mode.actual.name,
            "reasons": list(record.mode.reasons),
        },
        "verdict": record.verdict,
        "refusals": [{"code": each.code, "subject": each.subject} for each in record.refusals],
        "bypassed": {
            name: {"owner": b.owner, "reason": b.reason, "until_utc_s": b.until_utc_s}
            for name, b in record.bypassed.items()
        },
        "readings": {tag: {"value": v, "quality": q, "why": why} for tag, (v, q, why) in record.readings.items()},
        "limits": {name: [_finite(lo), _finite(hi)] for name, (lo, hi) in record.limits.items()},
        "plan": dict(record.plan),
        "money": dict(record.money),
        "supplied": dict(record.supplied),
        "links": dict(record.links),
        "timings_ms": dict(record.timings_ms),
    }


def status_lines(plant: Plant, record: CycleRecord) -> list[str]:
    """Return the status as lines for a person."""
    mode = record.mode
    why = f" ({', '.join(mode.reasons)})" if mode.reasons else ""
    lines = [
        f"{', '.join(filter(None, (plant.name, plant.site, plant.controller)))}: "
        f"cycle {record.cycle} at {local(record.utc_s, plant)}",
        f"mode {mode.requested.name} -> {mode.actual.name}{why}; verdict {record.verdict}",
    ]
    lines += [f"  refused: {each.code} {each.subject}" for each in record.refusals]
    lines += _alarms(plant, record)
    for name, bypassed in record.bypassed.items():
        lines.append(f"  interlock '{name}' is {bypass_words(bypassed, record.utc_s, plant.timezone)}")
    lines += [f"  {line}" for line in supplied_lines(plant, record)]
    mv_status, cv_status = record.plan.get("mv_status"), record.plan.get("cv_status")
    for name, mv in plant.mvs.items():
        lines.append(_row(name, mv.unit, record, f"{name}.actual", mv_status, record.plan.get("moves")))
    for name, cv in plant.cvs.items():
        lines.append(_row(name, cv.unit, record, name, cv_status, record.plan.get("y_ss")))
    adaptation = record.plan.get("adaptation")
    if isinstance(adaptation, list) and adaptation:
        lines.append("adaptation " + ", ".join(str(code) for code in adaptation))
    total = sum(record.money.values())
    terms = ", ".join(f"{name} {value:+.1f}" for name, value in record.money.items())
    lines.append(f"money {total:.1f} {plant.currency}/h ({terms})")
    lines.append("links " + ", ".join(f"{name} {state}" for name, state in record.links.items()))
    return lines


def _alarms(plant: Plant, record: CycleRecord) -> list[str]:
    if not record.alarm_list:
        return []
    try:
        return [counts_line(viewed(plant, record), plant)]
    except ValueError as error:
        return [f"alarms are not of this version: {error}"]


def _row(name: str, unit: str, record: CycleRecord, tag: str, status: JsonValue, goal: JsonValue) -> str:
    value, quality, why = record.readings.get(tag, (None, "bad", "no_value"))
    shown = f"{value:10.4g}" if value is not None else "         -"
    lo, hi = record.limits.get(name, (float("-inf"), float("inf")))
    word = status.get(name) if isinstance(status, Mapping) else ""
    target = goal.get(name) if isinstance(goal, Mapping) else None
    toward = f" -> {target:.4g}" if isinstance(target, float) else ""
    bad = "" if quality == "good" else f" {quality} ({why})"
    return f"  {name:10s} {word!s:5s}{shown} {unit:8s} [{lo:.4g}, {hi:.4g}]{toward}{bad}"


def _finite(limit: float) -> float | None:
    return limit if abs(limit) != float("inf") else None
