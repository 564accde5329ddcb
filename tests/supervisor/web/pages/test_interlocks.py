"""Interlocks, what closed loop needs, and the last refusal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from safety.signals import Mode, ModeState
from supervisor.history.read import History
from supervisor.record import Bypassed
from supervisor.rules import unprotected
from supervisor.web.locks import Follower, lock_rows
from supervisor.web.permits import ORDER, permit_rows

PAGE = "/controller/dryer-2/interlocks"


@pytest.fixture
def unit(desk):
    return desk.units["dryer-2"]


@pytest.fixture
def record(site):
    return History(site.database_url).last().record


def hot(record, **tags):
    """Return ``record`` one cycle later, with other readings."""
    readings = {**record.readings, **{tag: (value, "good", "") for tag, value in tags.items()}}
    return replace(
        record, cycle=record.cycle + 1, utc_s=record.utc_s + 10.0, mono_s=record.mono_s + 10.0, readings=readings
    )


async def test_every_interlock_has_its_condition_values_and_action(client, unit):
    page = (await client.get(PAGE)).text
    for each in unit.plant.interlocks:
        assert each.name in page
    assert "max(T_out, T_out_b)" in page
    assert "hand the loops back" in page
    assert page.count('class="check-') == len(ORDER)
    assert "✗" in page  # the record ends handed back: the PLC's switch is at LOCAL


async def test_the_past_counts_trips_and_shows_the_last_refusal(client, unit):
    part = (await client.get(f"{PAGE}/past")).text
    assert all(each.name in part for each in unit.plant.interlocks)
    assert "The gate refused T_in_sp" in part


def test_a_delay_runs_up_from_record_to_record(unit, record):
    delayed = next(
        n for n, each in enumerate(unit.plant.interlocks) if each.for_s > 10.0 and "T_out_b" in each.when.names
    )
    follower = Follower(unit)
    for _ in range(3):
        record = hot(record, T_out=140.0, T_out_b=60.0)
        outcome, first_out = follower.at(record)
    row = lock_rows(unit.plant, record, outcome, first_out)[delayed]
    assert row.state == "met"
    assert row.met_s > 0.0


def test_what_the_record_says_of_trips_latches_and_bypasses_counts(unit, record):
    one, two, three = [each.name for each in unit.plant.interlocks][:3]
    told = replace(
        record, trips=(two, one), latched=(one,), bypassed={three: Bypassed(owner="x", reason="y", until_utc_s=9e9)}
    )
    outcome, first_out = Follower(unit).at(told)
    rows = lock_rows(unit.plant, told, outcome, first_out)
    assert [row.state for row in rows[:3]] == ["tripped", "tripped", "bypassed"]
    assert [row.first_out for row in rows[:3]] == [False, True, False]
    assert rows[0].latched


def test_a_condition_that_cannot_be_known_is_not_called_clear(unit, record):
    blind = replace(record, readings={}, trips=())
    outcome, _ = Follower(unit).at(blind)
    assert {row.state for row in lock_rows(unit.plant, blind, outcome, None)} == {"unknown"}


def checklist(unit, record, **mode):
    record = replace(record, mode=ModeState(**mode)) if mode else record
    outcome, _ = Follower(unit).at(record)
    return {each.code: each for each in permit_rows(unit.plant, record, outcome, unprotected(unit.plant), "")}


def test_in_closed_loop_everything_is_met(unit, record):
    found = checklist(unit, record, requested=Mode.CLOSED_LOOP, actual=Mode.CLOSED_LOOP)
    assert {each.known for each in found.values()} == {"met"}


def test_while_it_is_asked_for_exactly_the_reasons_are_unmet(unit, record):
    found = checklist(
        unit, record, requested=Mode.CLOSED_LOOP, actual=Mode.ADVISORY, reasons=("plc_remote", "rearm_needed")
    )
    assert {code for code, each in found.items() if each.known == "unmet"} == {"plc_remote", "person"}
    assert found["plc_remote"].why == "the PLC's switch is at LOCAL"


def test_at_other_times_nothing_is_guessed(unit, record):
    quiet = replace(record, readings={**record.readings, "plc.remote": (1.0, "good", "")})
    found = checklist(unit, quiet, requested=Mode.ADVISORY, actual=Mode.ADVISORY)
    assert found["plc_remote"].known == "met"
    assert found["plc_echo"].known == found["proof_test"].known == found["person"].known == "asked"
    unknown = replace(quiet, readings={**record.readings, "plc.remote": (None, "bad", "comm")})
    assert checklist(unit, unknown, requested=Mode.MONITOR, actual=Mode.MONITOR)["plc_remote"].known == "asked"


def test_every_line_of_the_checklist_has_its_words(desk):
    for language in ("en", "de"):
        t = desk.texts.speaks(language)
        assert [code for code in ORDER if re.fullmatch(r"permit\..*", t(f"permit.{code}"))] == []
