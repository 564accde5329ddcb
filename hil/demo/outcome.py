"""What came of a run: the figures, the report with its pictures, and whether it went as it must."""

from __future__ import annotations

import bisect
import itertools
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from constraints.plant import Plant
from constraints.tariffs import tariff_prices
from hil.demo import pictures, report
from hil.demo.score import Reference, Score, TraceRow, score
from hil.demo.story import CLIMB_MIN, SETTLE_MIN, Step
from hil.plants.dryer import DryerOutputs
from hil.plants.economics import Prices, eur_per_h
from hil.plants.optimum import Limits, optimum
from hil.plants.steady import Disturbances
from safety.signals import Mode
from supervisor.audit.verify import verify
from supervisor.cli.why import why_lines
from supervisor.clock import machine_utc_s
from supervisor.history.read import History
from supervisor.record import CycleRecord
from supervisor.site import Site

GAIN_MIN, IN_ZONE_MIN = 0.90, 0.99
"""What the demo must reach (docs/architecture.md says why these)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run."""

    figures: dict[str, object]
    """The JSON line."""
    lines: tuple[str, ...]
    """The same for a person."""
    well: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one run left behind."""

    plant: Plant
    trace: tuple[TraceRow, ...]
    records: tuple[CycleRecord, ...]
    acts: tuple[tuple[Step, float], ...]
    start_utc_s: float

    def record_at(self, minute: float) -> CycleRecord:
        """Return the record in force at a minute of the story."""
        at = bisect.bisect_right(self.records, self.start_utc_s + 60.0 * minute, key=_utc_s)
        return self.records[max(at - 1, 0)]


def outcome_of(
    site: Site,
    plant: Plant,
    trace: Path,
    acts: Sequence[tuple[Step, float]],
    start_utc_s: float,
    folder: Path,
    *,
    shed: bool,
) -> Outcome:
    """Score a finished run and write its report into ``folder``. ``shed``: the loops were left in their shed state."""
    records = tuple(each.record for each in History(site.database_url).between(0.0, float("inf")))
    run = Run(plant, _trace(trace, plant, start_utc_s), records, tuple(acts), start_utc_s)
    verified = verify(site.database_url, site.heads, machine_utc_s())
    references = _References(run)
    result = _score(run, references)
    figures = {**_figures(run, result), "audit_verified": verified.intact, "left_in_shed_state": shed}
    well = bool(
        result.economic_gain_fraction >= GAIN_MIN
        and result.hard_limit_violations == 0
        and result.cv_in_zone_fraction >= IN_ZONE_MIN
        and verified.intact
        and shed
    )
    page = _report(run, result, references, figures, folder)
    lines = (
        f"contribution {result.eur_per_h_baseline:.1f} -> {result.eur_per_h_closed_loop:.1f} {plant.currency}/h; "
        f"true optimum {result.eur_per_h_optimum:.1f} {plant.currency}/h",
        f"gain: {100 * result.economic_gain_fraction:.1f} % of what the true optimum offers, settled "
        f"({100 * result.economic_gain_fraction_all:.1f} % with every climb and disturbance)",
        f"moisture in its zone {100 * result.cv_in_zone_fraction:.1f} % of the time; "
        f"{result.hard_limit_violations} hard limit violations",
        f"{figures['cycles']} cycles, p99 {figures['cycle_p99_ms']} ms; {figures['refusals']} refusals, "
        f"{figures['sheds']} sheds, {figures['recoveries']} recoveries",
        verified.text().splitlines()[0],
        f"report: {page}",
    )
    return Outcome(figures, lines, well)


class _References:
    """True optimum and baseline of each situation, found once each."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._of = lru_cache(maxsize=None)(_reference)

    def __call__(self, row: TraceRow) -> Reference:
        limits = self._run.record_at(row.minute).limits
        price = tariff_prices(self._run.plant, self._run.start_utc_s + 60.0 * row.minute)["grid"]
        return self._of(
            round(row.true["feed_moist"], 1), round(limits["T_in_sp"][1], 1), round(limits["P_fan"][1]), price
        )


def _reference(feed_moist: float, inlet_hi: float, fan_power_hi: float, electricity: float) -> Reference:
    limits = Limits(T_in_sp=(170.0, inlet_hi), P_fan=(0.0, fan_power_hi))
    found = optimum(Disturbances(feed_moist=feed_moist), limits, Prices(electricity_eur_kwh=electricity))
    return Reference(found.best.eur.total, found.baseline.eur.total)


def _utc_s(record: CycleRecord) -> float:
    return record.utc_s


def _trace(path: Path, plant: Plant, start_utc_s: float) -> tuple[TraceRow, ...]:
    rows = []
    names = DryerOutputs.__dataclass_fields__
    for line in path.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        if "true" not in raw or raw["utc"] < start_utc_s:
            continue
        prices = Prices(electricity_eur_kwh=tariff_prices(plant, raw["utc"])["grid"])
        earned = eur_per_h(DryerOutputs(**{name: raw["true"][name] for name in names}), prices).total
        cascade = all(mode == "CAS" for mode in raw["mode"].values())
        rows.append(TraceRow((raw["utc"] - start_utc_s) / 60.0, raw["true"], raw["sp"], earned, cascade))
    return tuple(rows)


def _score(run: Run, references: _References) -> Score:
    plant, disturbed = run.plant, [minute for step, minute in run.acts if step.disturbs]
    mvs = {name: mv.limits.engineering for name, mv in plant.mvs.items()}
    cvs = {name: cv.limits.engineering for name, cv in plant.cvs.items()}
    return score(
        run.trace,
        reference=references,
        zone=lambda row: run.record_at(row.minute).limits["moist"],
        hard={**mvs, **cvs},
        spans={name: mv.limits.operator[1] - mv.limits.operator[0] for name, mv in plant.mvs.items()},
        changes=disturbed,
        climbs=disturbed,
        settle_min=SETTLE_MIN,
        climb_min=CLIMB_MIN,
    )


def _figures(run: Run, result: Score) -> dict[str, object]:
    told = [record for record in run.records if record.utc_s >= run.start_utc_s]
    totals = sorted(record.timings_ms["total"] for record in told)
    closed = [record.mode.actual is Mode.CLOSED_LOOP for record in told]
    pairs = list(itertools.pairwise(closed))
    arms, sheds = pairs.count((False, True)), pairs.count((True, False))
    return {
        **{name: _rounded(value) for name, value in asdict(result).items()},
        "cycles": len(told),
        "cycle_p50_ms": round(statistics.median(totals), 1),
        "cycle_p99_ms": round(totals[int(0.99 * (len(totals) - 1))], 1),
        "refusals": sum(len(record.refusals) for record in told),
        "sheds": sheds,
        "recoveries": max(arms - 1, 0),
    }


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    return {name: _rounded(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def _report(run: Run, result: Score, references: _References, figures: Mapping[str, object], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    events = [(minute, step.text) for step, minute in run.acts]
    drawn = {"Trends": folder / "trends.png", "Money": folder / "money.png", "Cycle times": folder / "cycles.png"}
    pictures.trends(drawn["Trends"], run.trace, _panels(run), events)
    pictures.money(drawn["Money"], run.trace, [references(row) for row in run.trace], events)
    parts = ("read", "think", "look", "gate", "intend", "write", "beat", "settle", "total")
    pictures.cycle_times(
        drawn["Cycle times"],
        {name: [record.timings_ms[name] for record in run.records if name in record.timings_ms] for name in parts},
    )
    closed = [record for record in run.records if record.mode.actual is Mode.CLOSED_LOOP]
    page = folder / "report.html"
    currency = run.plant.currency
    report.write(
        page,
        title=f"{run.plant.name}, {run.plant.site}: the demo run",
        summary=(
            f"From {result.eur_per_h_baseline:.0f} to {result.eur_per_h_closed_loop:.0f} {currency}/h in closed loop; "
            f"the plant's true optimum, found by brute force from its equations, is "
            f"{result.eur_per_h_optimum:.0f} {currency}/h."
        ),
        figures=[(name, str(value), MEANINGS.get(name, "")) for name, value in figures.items()],
        events=events,
        pictures=drawn,
        why=why_lines(run.plant, closed[-1]) if closed else (),
    )
    return page


def _panels(run: Run) -> list[pictures.Panel]:
    plant, rows = run.plant, run.trace
    limits = [run.record_at(row.minute).limits for row in rows]
    panels = []
    for name, cv in plant.cvs.items():
        lo = None if limits[0][name][0] <= 0.0 else [each[name][0] for each in limits]
        values = [row.true[name] for row in rows]
        hi = [each[name][1] for each in limits]
        panels.append(pictures.Panel(plant.tags[name].description, cv.unit, values, None, lo, hi))
    for name, mv in plant.mvs.items():
        values, setpoints = [row.true[mv.readback] for row in rows], [row.setpoints[name] for row in rows]
        hi = [each[name][1] for each in limits]
        panels.append(pictures.Panel(plant.tags[mv.readback].description, mv.unit, values, setpoints, None, hi))
    panels.append(pictures.Panel("Concentrate moisture", "percent", [row.true["feed_moist"] for row in rows]))
    return panels


MEANINGS = {
    "economic_gain_fraction": "part of the gain that the true optimum offers over the operators' setpoints, settled",
    "economic_gain_fraction_all": "the same over every closed-loop minute, climbs and disturbances included",
    "hard_limit_violations": "rows of the true trace with an MV or CV outside its engineering limits",
    "cv_in_zone_fraction": "true product moisture inside its zone, outside ten minutes after each disturbance",
    "moves": "trace rows in which a setpoint moved",
    "travel_spans": "total movement of each setpoint, in operator ranges",
    "cycles": "cycles of the supervisor on record",
    "cycle_p50_ms": "real milliseconds of a whole cycle, median",
    "cycle_p99_ms": "the same, 99 of 100",
    "refusals": "reasons for which the gate refused a move set",
    "sheds": "times that closed loop ended",
    "recoveries": "times that it was armed again afterwards",
    "audit_verified": "chain, signatures and outcomes of the record are in order",
    "left_in_shed_state": "after the end every loop had left remote cascade",
}
