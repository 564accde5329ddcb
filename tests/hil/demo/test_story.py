from __future__ import annotations

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

from constraints.plantfile import load
from constraints.schedule import active_entries
from constraints.tariffs import tariff_prices
from hil.demo.processes import PLANT_TEMPLATE
from hil.demo.story import START_LOCAL, STORY
from supervisor.cli.requests import MODES


def plant():
    return load(PLANT_TEMPLATE).plant


def start_utc_s():
    return datetime.fromisoformat(START_LOCAL).replace(tzinfo=ZoneInfo(plant().timezone)).timestamp()


def test_it_goes_forward_and_ends():
    minutes = [step.minute for step in STORY]
    assert minutes == sorted(minutes)
    assert minutes[0] >= 0.0
    assert [step.kind for step in STORY].count("end") == 1
    assert STORY[-1].kind == "end"


def test_every_act_is_about_something_that_is_there():
    given = plant()
    for step in STORY:
        assert step.text
        match step.kind:
            case "mode":
                assert step.name in MODES
            case "limit":
                lo, hi = given.mvs[step.name].limits.engineering
                assert lo < step.value < hi
            case "disturb":
                assert step.name in given.dvs
            case "cable":
                assert step.name in given.connections


def test_it_shows_what_it_promises():
    modes = [step.name for step in STORY if step.kind == "mode"]
    assert modes == ["advisory", "closed_loop", "closed_loop"]
    assert [step.value for step in STORY if step.kind == "cable"] == [0, 1]
    assert any(step.kind == "disturb" for step in STORY)
    assert any(step.kind == "limit" for step in STORY)
    pulled, back = (step.minute for step in STORY if step.kind == "cable")
    assert 60.0 * (back - pulled) > plant().handshake.plc_timeout_s  # the PLC sheds by its own timer meanwhile
    assert modes.count("closed_loop") == 2
    assert any(step.kind == "mode" and step.minute > back for step in STORY)


def test_every_act_that_moves_the_plant_is_left_out_of_the_settled_score():
    moving = {step.minute for step in STORY if step.kind in ("disturb", "limit", "cable") or step.name == "closed_loop"}
    assert moving <= {step.minute for step in STORY if step.disturbs}


def test_the_calendars_acts_come_when_the_story_says():
    """The notes about tariff and night limit stand at the minutes at which the plant file makes them happen."""
    given, start = plant(), start_utc_s()
    tariff = next(step.minute for step in STORY if "20:00" in step.text)
    night = next(step.minute for step in STORY if "21:00" in step.text)
    before, after = (tariff_prices(given, start + 60.0 * (tariff + shift))["grid"] for shift in (-0.5, 0.5))
    assert (before, after) == (0.214, 0.131)
    entries = [
        tuple(entry.name for entry in active_entries(given.schedule, start + 60.0 * (night + shift), given.timezone))
        for shift in (-0.5, 0.5)
    ]
    assert entries == [(), ("Night",)]


def test_nothing_happens_while_the_last_thing_is_still_being_done():
    assert all(b.minute - a.minute >= 1.0 for a, b in itertools.pairwise(STORY))
