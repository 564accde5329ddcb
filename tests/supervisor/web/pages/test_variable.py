"""One variable whole, and dry runs in a process of their own."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest

from supervisor.history.read import History
from supervisor.web.curves import curve
from supervisor.web.studying import Desk, StudyFailedError
from supervisor.web.variable import identity, limit_rows, quality, tuning

PAGE = "/controller/dryer-2/variable"


@pytest.fixture
def unit(desk):
    return desk.units["dryer-2"]


@pytest.fixture
def record(site):
    return History(site.database_url).last().record


@pytest.mark.parametrize(
    ("name", "word"), [("moist", "controlled"), ("T_in_sp", "manipulated"), ("hum_amb", "measured dist")]
)
async def test_each_kind_of_variable_has_its_page(client, name, word):
    page = (await client.get(f"{PAGE}/{name}")).text
    assert word in page
    assert ("Dry run" in page) is (name != "hum_amb")
    assert f'data-pens="{name}"' in page


async def test_no_such_variable_is_a_page_that_says_so(client):
    for path in ("nothing", "nothing/models", "nothing/dry-run?side=hi&value=1"):
        assert (await client.get(f"{PAGE}/{path}")).status_code == 404
    assert (await client.get(f"{PAGE}/..%2f..%2fwhy")).status_code == 400


def test_limits_go_from_the_widest_to_those_in_force(unit, record):
    who = identity(unit.plant, "moist")
    changed = replace(record, operator_limits={"moist.hi": 3.9}, limits={**record.limits, "moist": (3.2, 3.95)})
    rows = limit_rows(unit, who, changed)
    assert [row.kind for row in rows] == ["safety", "engineering", "operator", "active"]
    assert (rows[2].hi, rows[3].hi) == (3.9, 3.95)
    assert (rows[3].lo_by.kind, rows[3].hi_by.kind) == ("file", "person")
    assert limit_rows(unit, identity(unit.plant, "hum_amb"), record) == ()


def test_tuning_speaks_the_words_of_the_plant_file(unit):
    told = dict(tuning(unit.plant, identity(unit.plant, "moist")))
    assert told["rank hi / lo"] == "2 / 4"
    assert "max_rate [per s]" not in told  # infinite: none given
    assert dict(tuning(unit.plant, identity(unit.plant, "feed_sp")))["on_bad"] == "shed"


def test_quality_counts_by_the_first_word_of_the_reason():
    readings = [{"x": (1.0, "good", "")}, {"x": (None, "bad", "stale:12")}, {"x": (None, "bad", "stale:13")}, {}]
    told = quality(readings, "x")
    assert told.by_reason == (("stale", 2), ("no_value", 1))
    assert told.share(told.bad) == 75.0
    assert quality([], "x").share(0) == 0.0


async def test_quality_is_that_of_the_record(client):
    assert "of 1" in (await client.get(f"{PAGE}/moist/quality")).text


def test_a_curve_of_nothing_or_of_infinities_is_still_a_drawing():
    for values in ([], [float("nan")], [0.0, float("inf"), 1.0]):
        assert curve(values, '"><script>').count("<script>") == 0
    assert '117.0,3.0"' in curve([0.0, 1.0], "up")


async def test_a_dry_run_says_where_it_would_end(client, record):
    part = (await client.get(f"{PAGE}/moist/dry-run", params={"side": "hi", "value": "4,1"})).text
    assert "moist hi = 4.1 instead of" in part
    assert "€/h" in part
    assert 'action="/act/dryer-2/limit"' in part
    assert f'name="saw_cycle" value="{record.cycle}"' in part


@pytest.mark.parametrize(
    ("value", "why"),
    [("much", "not a number"), ("nan", "not a number"), ("99", "outside the engineering limits"), ("3.0", "cross")],
)
async def test_what_control_would_refuse_is_refused_at_once(client, value, why):
    part = (await client.get(f"{PAGE}/moist/dry-run", params={"side": "hi", "value": value})).text
    assert why in part
    assert "<form" not in part


@pytest.mark.parametrize("query", [{"side": "up", "value": "1"}, {"value": "1"}])
async def test_an_address_without_a_side_is_refused(client, query):
    assert (await client.get(f"{PAGE}/moist/dry-run", params=query)).status_code == 400


def python(code):
    return (sys.executable, "-c", code)


async def test_what_takes_too_long_is_ended(unit):
    desk = Desk(command=python("import time; time.sleep(600)"), limit_s=0.2)
    with pytest.raises(StudyFailedError) as failed:
        await desk.ask(unit, {})
    assert failed.value.code == "late"
    assert desk.busy == set()


async def test_a_second_question_is_not_asked_while_one_is_under_way(unit):
    desk = Desk(command=python("import sys; sys.stdin.read(); input()"), limit_s=20.0)
    first = asyncio.create_task(desk.ask(unit, {}))
    await asyncio.sleep(0)
    with pytest.raises(StudyFailedError) as failed:
        await desk.ask(unit, {})
    assert failed.value.code == "busy"
    with pytest.raises(StudyFailedError, match="without an answer"):
        await first


async def test_a_garbled_answer_is_no_answer(unit):
    for said in ("", "[]", "{", '{"error": "so it is"}'):
        desk = Desk(command=python(f"print({said!r})"))
        with pytest.raises(StudyFailedError) as failed:
            await desk.ask(unit, {})
        assert failed.value.code == "failed"


async def test_what_libraries_print_before_does_not_matter_and_curves_are_worked_out_once(unit):
    desk = Desk(command=python("""print("OSQP says hello"); print('{"answer": [1]}')"""))
    assert await desk.curves_of(unit) == [1]
    desk.command = python("print('{')")
    assert await desk.curves_of(unit) == [1]
