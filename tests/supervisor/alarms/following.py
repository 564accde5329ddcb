"""The alarm list alone, driven by causes: no plant, no PLC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from constraints.alarms import AlarmRule, key_of
from safety.signals import Instant, Quality, Reading, Snapshot
from supervisor.alarms import asking
from supervisor.alarms.entries import AlarmList, Entry
from supervisor.alarms.following import Causes, followed
from supervisor.record import AlarmStep, Answer, Request
from tests.supervisor.walk import UTC_S, demo_plant


class Board:
    """One alarm list and its time."""

    def __init__(self, rules: Mapping[str, AlarmRule] | None = None) -> None:
        self.plant = replace(demo_plant(), alarms=dict(rules or {}))
        self.lists = AlarmList()
        self.now_s = 100.0
        self.utc_ahead_s = UTC_S
        self.standing: dict[str, str] = {}
        self.latched: set[str] = set()
        self.measured: dict[str, tuple[float, float]] = {}
        self.sensors = {"P_fan": 80.0}
        self.journal: list[AlarmStep] = []

    @property
    def at(self) -> Instant:
        return Instant(self.now_s, self.utc_ahead_s + self.now_s)

    def after(self, seconds: float = 1.0, *standing: str, ask: tuple[Request, ...] = ()) -> list[str]:
        """Let one cycle pass; return its steps as ``step id``. ``standing``: every cause that stands, by id."""
        self.now_s += seconds
        self.answers = []
        for request in ask:
            self.lists, why = asking.asked(self.plant, self.lists, request, self.at)
            self.answers.append(Answer(id=request.id, accepted=not why, why=why))
        readings = {tag: Reading(value, Quality.GOOD, None, self.now_s) for tag, value in self.sensors.items()}
        causes = Causes(
            standing={key_of(each): ("low", f"{each} it is") for each in standing},
            latched={key_of(each) for each in self.latched},
            measured={key_of(each): pair for each, pair in self.measured.items()},
        )
        self.lists = followed(self.plant, self.lists, causes, Snapshot(1, self.at, readings))
        steps = self.lists.steps
        self.lists = replace(self.lists, steps=())
        self.journal += steps
        return [f"{each.step} {each.id}" for each in steps]

    def asks(self, action: str, id_: str | None, **what: object) -> Request:
        fields: dict = {
            "id": "r", "action": f"alarm_{action}", "who": "anna", "role": "engineer", "why": "work on it",
            "asked_utc_s": 0.0, "expires_utc_s": 0.0, "saw_cycle": None, "alarm": id_,
        }  # fmt: skip
        if action == "shelve":
            fields["lasts_s"] = 3_600.0
        return Request(**(fields | what))

    def why(self, action: str, id_: str | None, *standing: str, **what: object) -> str:
        """Ask in the next cycle; return why it is refused."""
        self.after(1.0, *standing, ask=(self.asks(action, id_, **what),))
        return self.answers[0].why

    def entry(self, id_: str) -> Entry | None:
        return self.lists.entries.get(key_of(id_))

    def state(self, id_: str) -> str:
        entry = self.entry(id_)
        return "normal" if entry is None else entry.state

    def occurrence(self, id_: str) -> int:
        entry = self.entry(id_)
        return 0 if entry is None else entry.occurrence
