"""What ``/metrics`` tells Prometheus: the newest record of each controller, made anew for each scrape.

Values that are not good now are left out: a line that ends is seen, one that stands still is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from supervisor.alarms.listing import viewed
from supervisor.history.read import HistoryError
from supervisor.history.short import ShortHistory
from supervisor.record import CycleRecord
from supervisor.web.bar import SHAPES, calling
from supervisor.web.desk import Desk
from supervisor.web.live import Now
from supervisor.web.units import Unit
from supervisor.web.variables import Shown, cv_rows, mv_rows

BEHIND_MAX: Final = 200
"""So many cycles with refusals are read for one scrape; of older ones nothing is counted."""
Rows = dict[str, list[tuple[Sequence[str], float | None]]]
"""Labels and value, by metric."""
GAUGES: Final = {
    "setwise_control_running": ("Whether a control process holds the folder of records", ()),
    "setwise_record_stored": ("Whether the database takes cycles; 0: they wait in the spool file", ()),
    "setwise_mode_requested": ("-1 tripped, 0 off, 1 monitor, 2 advisory, 3 closed loop", ()),
    "setwise_mode_actual": ("-1 tripped, 0 off, 1 monitor, 2 advisory, 3 closed loop", ()),
    "setwise_cycle_number": ("Number of the newest cycle on record", ()),
    "setwise_cycle_timestamp_seconds": ("Its time, seconds since 1970 UTC", ()),
    "setwise_cycle_age_seconds": ("Real seconds since a new cycle was seen", ()),
    "setwise_cycle_frozen_after_seconds": ("Age from which nothing here is live", ()),
    "setwise_stage_duration_seconds": ("How long a part of the newest cycle took", ("stage",)),
    "setwise_link_up": ("Whether a connection stands", ("connection",)),
    "setwise_cv_value": ("Measured or estimated value of a CV", ("cv", "unit")),
    "setwise_cv_target": ("Steady state that the moves aim at", ("cv", "unit")),
    "setwise_cv_limit": ("Operator limit in force", ("cv", "side", "unit")),
    "setwise_mv_setpoint": ("The loop's actual setpoint", ("mv", "unit")),
    "setwise_mv_target": ("Steady state that the moves aim at", ("mv", "unit")),
    "setwise_mv_limit": ("Operator limit in force", ("mv", "side", "unit")),
    "setwise_money_per_hour": ("Economics of the measurements, by term", ("term", "currency")),
    "setwise_limits_active": ("How many limits hold the plan", ()),
    "setwise_alarms": ("Alarms that call a person", ("priority",)),
    "setwise_alarms_unacknowledged": ("How many of them nobody has acknowledged", ()),
    "setwise_interlocks_tripped": ("Interlocks that are tripped", ()),
    "setwise_interlocks_bypassed": ("Interlocks that are bypassed", ()),
}
"""Help and labels beside ``controller``."""


@dataclass(slots=True)
class Tally:
    """Counts the gate's refusals of one controller, from when these pages were asked first."""

    unit: Unit
    until_utc_s: float | None = None
    refused: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)
    """Two who scrape at once must not count the same cycles."""

    def count(self, now: Now) -> Counter[str]:
        """Take in the cycles since the last time; return what was refused so far, by code. Raises HistoryError."""
        record = now.record
        if record is None or now.not_stored:
            return self.refused
        with self.lock:
            begin, end = self.until_utc_s, record.utc_s + 1e-6
            if begin is not None and begin < end:
                history = ShortHistory(self.unit.site.database_url)
                for each in history.cycles_with("refusal", begin, end, BEHIND_MAX):
                    self.refused.update(refusal.code for refusal in each.record.refusals)
            self.until_utc_s = end
            return Counter(self.refused)


class Collected(Collector):
    """The metrics of all controllers as they are now."""

    def __init__(self, desk: Desk, tallies: dict[str, Tally]) -> None:
        self._desk, self._tallies = desk, tallies

    def collect(self) -> Iterator[Metric]:
        """Yield each metric once, with a sample for each controller."""
        rows: Rows = {name: [] for name in GAUGES}
        refused = CounterMetricFamily(
            "setwise_refused_writes", "Refusals of the gate since these pages were asked first",
            labels=("controller", "code"),
        )  # fmt: skip
        for key, now in self._desk.live.now.items():
            unit = self._desk.units[key]
            for name, labels, value in [*_health(self._desk, unit, now), *_record(unit, now.record)]:
                rows[name].append(((key, *labels), value))
            try:
                counted = self._tallies.setdefault(key, Tally(unit)).count(now)
            except HistoryError:
                continue  # the record cannot be read: setwise_cycle_age_seconds tells
            for code, count in sorted(counted.items()):
                refused.add_metric((key, code), count)
        for name, (words, labels) in GAUGES.items():
            gauge = GaugeMetricFamily(name, words, labels=("controller", *labels))
            for values, value in rows[name]:
                if value is not None:
                    gauge.add_metric(values, value)
            yield gauge
        yield refused


def registry(desk: Desk, tallies: dict[str, Tally]) -> CollectorRegistry:
    """Return a registry of its own: nothing of this process or of the library's global one is in it."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Collected(desk, tallies))
    return made


Sample = tuple[str, tuple[str, ...], float | None]


def _health(desk: Desk, unit: Unit, now: Now) -> Iterator[Sample]:
    yield "setwise_control_running", (), float(now.running)
    yield "setwise_record_stored", (), float(not now.not_stored and not now.trouble)
    yield "setwise_cycle_age_seconds", (), desk.live.quiet_s(unit.key)
    yield "setwise_cycle_frozen_after_seconds", (), desk.frozen_after_s(unit)


def _record(unit: Unit, record: CycleRecord | None) -> Iterator[Sample]:
    if record is None:
        return
    plant = unit.plant
    yield "setwise_mode_requested", (), float(record.mode.requested)
    yield "setwise_mode_actual", (), float(record.mode.actual)
    yield "setwise_cycle_number", (), float(record.cycle)
    yield "setwise_cycle_timestamp_seconds", (), record.utc_s
    for stage, took_ms in record.timings_ms.items():
        yield "setwise_stage_duration_seconds", (stage,), took_ms / 1_000.0
    for connection, state in record.links.items():
        yield "setwise_link_up", (connection,), float(state == "connected")
    for cv in cv_rows(plant, record):
        yield "setwise_cv_value", (cv.name, cv.spec.unit), _believed(cv.now)
        yield "setwise_cv_target", (cv.name, cv.spec.unit), cv.target
        for side, limit in zip(("lo", "hi"), cv.active, strict=True):
            yield "setwise_cv_limit", (cv.name, side, cv.spec.unit), limit
    for mv in mv_rows(plant, record):
        yield "setwise_mv_setpoint", (mv.name, mv.spec.unit), _believed(mv.setpoint)
        yield "setwise_mv_target", (mv.name, mv.spec.unit), mv.target
        for side, limit in zip(("lo", "hi"), mv.active, strict=True):
            yield "setwise_mv_limit", (mv.name, side, mv.spec.unit), limit
    for term, amount in record.money.items():
        yield "setwise_money_per_hour", (term, plant.currency), amount
    called = calling(viewed(plant, record))
    for priority in SHAPES:
        yield "setwise_alarms", (priority,), float(called[priority])
    yield "setwise_alarms_unacknowledged", (), float(called["unack"])
    binding = record.plan.get("binding")
    yield "setwise_limits_active", (), float(len(binding) if isinstance(binding, list) else 0)
    yield "setwise_interlocks_tripped", (), float(len(record.trips))
    yield "setwise_interlocks_bypassed", (), float(len(record.bypassed))


def _believed(found: Shown) -> float | None:
    return found.value if found.look in ("good", "est") else None
