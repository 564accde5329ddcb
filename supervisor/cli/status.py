"""``setwise status``: the last cycle on record, and how old it is."""

from __future__ import annotations

import fcntl
from collections.abc import Mapping
from pathlib import Path

from constraints.plant import Plant
from supervisor.alarms.listing import viewed
from supervisor.cli.alarms_words import counts_line
from supervisor.cli.console import say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import local, plant_of, stored_cycle, waiting_cycles
from supervisor.record import CycleRecord, JsonValue
from supervisor.sentences import bypass_words
from supervisor.site import Site
from supervisor.supplied_words import supplied_lines


def show_status(plant_path: Path, data: Path | None, *, as_json: bool) -> None:
    """Print mode, MVs, CVs, money, links and the last verdict; exit 5 where control does not run."""
    site, plant = Site.of(plant_path, data), plant_of(plant_path)
    record, waiting = stored_cycle(site).record, waiting_cycles(site)
    if waiting is not None and waiting.newest.utc_s > record.utc_s:
        record = waiting.newest  # what the database says is what was before it stopped taking cycles
    running = control_runs(site)
    if as_json:
        why = "" if waiting is None else waiting.why or "cycles wait in the spool file"
        say_json({**status_json(record, running=running), "not_stored": why})
    else:
        for line in status_lines(plant, record):
            say(line)
        if waiting is not None:
            say(f"NOT STORED in {site.data}: {waiting.why or 'cycles wait in the spool file'}")
            say("No setpoint is written to the plant until the record takes cycles again; OFF always works.")
        if not running:
            say(f"control does not run; this is its last record. Start it: setwise run {plant_path}")
    if not running:
        raise SystemExit(int(Exit.UNREACHABLE))


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
        f"{plant.name}, {plant.site}: cycle {record.cycle} at {local(record.utc_s, plant)}",
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


def control_runs(site: Site) -> bool:
    """Return whether a control process holds this data folder."""
    if not site.pid_file.exists():
        return False
    with site.pid_file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
