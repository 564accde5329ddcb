"""What a person sees while the demo runs: mode, setpoints, next moves, CVs, limits, money, links, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from constraints.economics import eur_per_h
from constraints.plant import Plant
from constraints.tariffs import tariff_prices
from hil.demo.story import Step
from safety.signals import Mode
from supervisor.record import CycleRecord, JsonValue
from supervisor.sentences import reason


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be shown now."""

    minute: float
    utc_s: float
    record: CycleRecord | None
    acts: tuple[Step, ...]


class View(AbstractContextManager["View"]):
    """A live terminal table; shows nothing where nobody looks."""

    def __init__(self, live: bool, plant: Plant) -> None:  # noqa: FBT001 - a fact about the terminal
        """``live``: a terminal is there."""
        self._plant = plant
        self._live = Live(auto_refresh=False, screen=False, transient=False) if live else None
        self._baseline: Mapping[str, float] = {}

    def __enter__(self) -> View:
        """Begin to draw."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last picture standing."""
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """Print a line of the story above the table."""
        if self._live is not None:
            self._live.console.print(text, style="bold")

    def show(self, scene: Scene) -> None:
        """Draw the scene."""
        record = scene.record
        if record is None or self._live is None:
            return
        if record.mode.actual < Mode.CLOSED_LOOP and not self._armed_once(scene):
            self._baseline = _values(self._plant, record)
        self._live.update(self._picture(scene, record), refresh=True)

    @staticmethod
    def _armed_once(scene: Scene) -> bool:
        return any(step.name == "closed_loop" for step in scene.acts)

    def _picture(self, scene: Scene, record: CycleRecord) -> Group:
        return Group(
            Panel(self._head(scene, record), title=f"{self._plant.name}, {self._plant.site}", title_align="left"),
            _table("MV", self._mv_rows(record), ("setpoint", "next move", "target", "limits")),
            _table("CV", self._cv_rows(record), ("value", "goes to", "give-up", "limits")),
        )

    def _head(self, scene: Scene, record: CycleRecord) -> Text:
        mode = record.mode
        why = f" ({'; '.join(reason(code) for code in mode.reasons)})" if mode.reasons else ""
        now = sum(record.money.values())
        prices = tariff_prices(self._plant, record.utc_s)
        before = sum(eur_per_h(self._plant, self._baseline, prices).values())
        links = ", ".join(f"{name} {state}" for name, state in record.links.items())
        refused = "".join(f" {each.code}:{each.subject}" for each in record.refusals)
        return Text(
            f"minute {scene.minute:5.1f}   mode {mode.requested.name} -> {mode.actual.name}{why}\n"
            f"{now:6.1f} {self._plant.currency}/h now, {now - before:+6.1f} against the operators' setpoints\n"
            f"links: {links}\n"
            f"gate: {record.verdict}{refused}   cycle {record.cycle} in {record.timings_ms.get('total', 0.0):.0f} ms"
        )

    def _mv_rows(self, record: CycleRecord) -> list[tuple[str, ...]]:
        moves, targets = _numbers(record.plan.get("moves")), _numbers(record.plan.get("u_ss"))
        status = record.plan.get("mv_status")
        rows: list[tuple[str, ...]] = []
        for name, mv in self._plant.mvs.items():
            value = record.readings.get(f"{name}.actual", (None, "", ""))[0]
            cells = (_shown(value), _shown(moves.get(name)), _shown(targets.get(name)), _range(record, name))
            rows.append((f"{name} [{mv.unit}]", _word(status, name), *cells))
        return rows

    def _cv_rows(self, record: CycleRecord) -> list[tuple[str, ...]]:
        goals, status = _numbers(record.plan.get("y_ss")), record.plan.get("cv_status")
        given = record.plan.get("give_ups")
        rows: list[tuple[str, ...]] = []
        for name, cv in self._plant.cvs.items():
            value = record.readings.get(name, (None, "", ""))[0]
            up = next(
                (_shown(_number(g.get("amount"))) for g in _items(given) if f".{name}." in str(g.get("name"))), ""
            )
            cells = (_shown(value), _shown(goals.get(name)), up, _range(record, name))
            rows.append((f"{name} [{cv.unit}]", _word(status, name), *cells))
        return rows


def _table(title: str, rows: list[tuple[str, ...]], columns: tuple[str, ...]) -> Table:
    table = Table(expand=True, show_edge=False, pad_edge=False)
    table.add_column(title, ratio=2)
    table.add_column("status")
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _values(plant: Plant, record: CycleRecord) -> dict[str, float]:
    tags = {**{name: name for name in plant.cvs}, **{name: f"{name}.actual" for name in plant.mvs}}
    found = {name: record.readings.get(tag, (None, "", ""))[0] for name, tag in tags.items()}
    return {name: value for name, value in found.items() if value is not None}


def _range(record: CycleRecord, name: str) -> str:
    lo, hi = record.limits.get(name, (float("-inf"), float("inf")))
    return f"{lo:g} .. {hi:.4g}"


def _numbers(value: JsonValue) -> dict[str, float]:
    return {k: float(v) for k, v in value.items() if isinstance(v, (int, float))} if isinstance(value, dict) else {}


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _items(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _word(status: JsonValue, name: str) -> str:
    return str(status.get(name, "")) if isinstance(status, dict) else ""


def _shown(value: float | None) -> str:
    return f"{value:.4g}" if value is not None else "-"
