"""The numbers of a trend: gaps, roll-ups, limits, events, what is foreseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.history.keep import Keeper
from supervisor.history.read import History
from supervisor.history.short import ShortHistory
from supervisor.record import Request
from supervisor.web import trend
from supervisor.web.pens import chosen, pens_of
from supervisor.web.trend import background, events, foreseen, lines


@pytest.fixture
def plant(desk):
    return desk.units["dryer-2"].plant


@pytest.fixture
def history(site):
    return ShortHistory(site.database_url)


@pytest.fixture
def records(site):
    return [each.record for each in History(site.database_url).between(0.0, 9e12)]


def all_of(records):
    return records[0].utc_s, records[-1].utc_s + 1.0


def test_a_short_span_is_every_cycle_and_bad_values_are_gaps(history, plant, records):
    pens = chosen(plant, "T_out,T_in_sp")
    drawn = lines(history, pens, *all_of(records), plant.cycle_s)
    assert drawn.span_s == 0
    assert drawn.at == [round(each.utc_s, 3) for each in records]
    read = [each.readings[plant.mvs["T_in_sp"].setpoint.tag] for each in records]
    assert drawn.mean["T_in_sp"] == [value if quality == "good" else None for value, quality, _ in read]


def test_a_time_without_cycles_breaks_the_line(history, plant, records):
    drawn = lines(history, chosen(plant, "T_out"), *all_of(records), plant.cycle_s / 10.0)
    assert len(drawn.at) > len(records)
    between = drawn.at.index(round(records[0].utc_s, 3)) + 1
    assert drawn.mean["T_out"][between] is None


def test_where_there_are_too_many_cycles_the_minutes_are_drawn(history, site, plant, records, monkeypatch):
    monkeypatch.setattr(trend, "RAW_MAX", 3)
    Keeper(site.database_url).roll_up(records[-1].utc_s + 120.0)
    drawn = lines(history, chosen(plant, "T_out"), *all_of(records), plant.cycle_s)
    assert drawn.span_s == 60
    known = [k for k, value in enumerate(drawn.mean["T_out"]) if value is not None]
    assert known
    assert all(drawn.low["T_out"][k] <= drawn.mean["T_out"][k] <= drawn.high["T_out"][k] for k in known)


def test_modes_and_limits_are_told_where_they_change(history, plant, records):
    found = background(history, chosen(plant, "moist,T_out_b"), *all_of(records))
    assert [word for _, word in found.modes] == [
        each.mode.actual.name
        for before, each in zip([None, *records], records, strict=False)
        if before is None or before.mode.actual is not each.mode.actual
    ]
    assert found.limits == {"moist": [(records[0].utc_s, *records[0].limits["moist"])]}
    assert found.every == 1


def test_alarms_and_limits_that_persons_changed_are_flags(history, records):
    answered = next(each for each in records if any(answer.accepted for answer in each.answers))
    id_ = next(answer.id for answer in answered.answers if answer.accepted)
    request = Request(
        id=id_, action="limit", who="j.kern", role="operator", why="lab", asked_utc_s=0.0, expires_utc_s=1.0,
        saw_cycle=None, variable="moist", side="hi", value=3.9,
    )  # fmt: skip
    found = events(history, [request], *all_of(records))
    assert "j.kern: moist hi = 3.9 (lab)" in [each.text for each in found if each.utc_s == answered.utc_s]
    alarms = sum(len(each.alarms) for each in records)
    assert sum(each.kind in ("alarm", "cleared") for each in found) == alarms
    assert events(history, [], records[-1].utc_s + 1.0, 9e12) == []


def test_what_is_foreseen_starts_now_and_nan_is_not_drawn(plant, records):
    plan = {
        "prediction": {"moist": [3.5, 3.6]}, "prediction_at_s": [0.0, 60.0],
        "u_plan": {"T_in_sp": [186.0, "nan"], "feed_sp": [3000.0, 3100.0]}, "u_plan_at_s": [10.0, 20.0],
    }  # fmt: skip
    record = replace(records[-1], plan={**records[-1].plan, **plan})
    found = foreseen(record, chosen(plant, "moist,T_in_sp,feed_sp,T_out_b"))
    now = round(record.utc_s, 3)
    assert found["moist"] == [(now, 3.5), (now + 60.0, 3.6)]
    assert found["feed_sp"][-2:] == [(now + 20.0, 3100.0), (now + 60.0, 3100.0)]
    assert found.keys() == {"moist", "feed_sp"}


def test_pens_are_named_once_and_not_more_than_eight(plant):
    assert [pen.name for pen in chosen(plant, "moist,moist,T_out")] == ["moist", "T_out"]
    with pytest.raises(KeyError):
        chosen(plant, "nothing")
    with pytest.raises(ValueError, match=r"moist"):
        chosen(plant, ",".join(list(pens_of(plant))[:9]))


async def test_the_data_say_what_is_newest_and_whether_it_still_comes(client, records):
    data = (await client.get("/controller/dryer-2/trends/data", params={"pens": "moist", "span": "3600"})).json()
    assert data["newest"] == records[-1].utc_s
    assert data["frozen"] is True  # no control runs in this test
    assert data["pens"][0]["name"] == "moist"
    more = {"pens": "moist", "from": str(records[-1].utc_s + 0.001)}
    assert (await client.get("/controller/dryer-2/trends/data", params=more)).json()["at"] == []


@pytest.mark.parametrize(
    "query",
    [{"pens": "x"}, {"span": "nan"}, {"span": "-1"}, {"span": "1e12"}, {"from": "10", "to": "5"}, {"expected": "x"}],
)
async def test_nonsense_in_the_address_is_refused(client, query):
    assert (await client.get("/controller/dryer-2/trends/data", params=query)).status_code == 400


async def test_the_table_has_a_row_for_each_cycle_with_plant_time(client, records):
    text = (await client.get("/controller/dryer-2/trends.csv", params={"pens": "T_out", "span": "86400"})).text
    head, *rows = text.splitlines()
    assert head == "time,T_out [degC]"
    assert len(rows) == len(records)
    assert rows[0].startswith("20")
    assert "+0" in rows[0]
