"""What holds when, in plant-local time, over the days on which the clocks change."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from constraints.terms import ScheduleEntry, TariffBand, TariffVersion
from safety.signals import Mode
from supervisor.inforce import InForce, PlantRule

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = frozenset(range(7))
PLANT = SimpleNamespace(
    timezone="Europe/Berlin",
    schedule=(
        ScheduleEntry(name="Night", days=DAYS, start_min=22 * 60, end_min=6 * 60, limits={("P_fan", "hi"): 105.0}),
        ScheduleEntry(name="Weekend", days=frozenset({5, 6}), start_min=0, end_min=24 * 60, mode=Mode.ADVISORY),
    ),
    tariffs={
        "grid": (
            TariffVersion(
                valid_from="2026-01-01",
                bands=(
                    TariffBand(name="peak", price=0.214, days=frozenset(range(5)), hours=((420, 1200),)),
                    TariffBand(name="off", price=0.131),
                ),
            ),
        )
    },
)
RULE = PlantRule(PLANT)


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def test_a_working_day_and_night():
    assert RULE.at(at("2026-11-24 12:00")) == InForce(prices={"grid": 0.214})
    night = RULE.at(at("2026-11-24 22:00"))
    assert (night.limits, night.entries, night.prices) == ({("P_fan", "hi"): 105.0}, ("Night",), {"grid": 0.131})
    assert RULE.at(at("2026-11-25 05:59:59")).entries == ("Night",)
    assert RULE.at(at("2026-11-25 06:00")).entries == ()
    assert RULE.at(at("2026-11-28 12:00")).cap is Mode.ADVISORY


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-24 12:00", "2026-11-24 20:00"),  # tariff
        ("2026-11-24 20:00", "2026-11-24 22:00"),  # night
        ("2026-11-24 22:00", "2026-11-25 06:00"),
        ("2026-11-25 06:00", "2026-11-25 07:00"),
        ("2026-03-28 23:00", "2026-03-29 06:00"),  # 7 hours later by the wall, 6 in truth
        ("2026-10-24 23:00", "2026-10-25 06:00"),  # 7 by the wall, 8 in truth
    ],
)
def test_the_next_change(now, then):
    found = RULE.next_change(at(now))
    assert found == at(then)
    assert RULE.at(found - 1.0) == RULE.at(at(now)) or now.startswith(("2026-03-28", "2026-10-24"))
    assert RULE.at(found) != RULE.at(found - 1.0)


def test_nothing_ever_changes():
    plant = SimpleNamespace(timezone="UTC", schedule=(), tariffs={})
    assert PlantRule(plant).next_change(0.0) is None
    assert PlantRule(plant).at(0.0) == InForce()
