"""The decision record of one cycle, and the way to others."""

from __future__ import annotations

import pytest

from supervisor.history.read import History
from supervisor.mailbox import Mailbox
from supervisor.record import Answer, Request
from supervisor.web.owners import owner_of
from supervisor.web.pages.why import moment_of

WHY = "/controller/dryer-2/why"


@pytest.fixture
def records(site):
    return [each.record for each in History(site.database_url).between(0.0, 9e12)]


async def test_the_newest_cycle_is_shown_and_the_one_before_is_a_link(client, records):
    page = (await client.get(WHY)).text
    assert f"cycle {records[-1].cycle} ·" in page
    assert f'rel="prev" href="?at={records[-2].utc_s}"' in page
    assert 'rel="next"' not in page
    assert "data-live" not in page  # a page of records must not be veiled when control has stopped


async def test_the_refused_cycle_says_what_the_gate_said(client, records):
    refused = next(each for each in records if each.refusals)
    page = (await client.get(WHY, params={"cycle": refused.cycle})).text
    assert "The gate refused" in page
    assert f'"{WHY}.json?at={refused.utc_s}"' in page


async def test_last_refusal_goes_to_it_and_then_says_that_there_is_no_other(client, records):
    refused = [each.utc_s for each in records if each.refusals]
    answer = await client.get(WHY, params={"find": "refusal"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{WHY}?at={refused[-1]}"
    nothing = await client.get(WHY, params={"find": "refusal", "at": refused[0]}, follow_redirects=True)
    assert "The gate refused nothing before this cycle" in nothing.text


async def test_the_written_cycle_shows_read_back_and_hashes(client, records, desk):
    written = next(each for each in records if each.receipts and each.intent_seq)
    page = (await client.get(WHY, params={"at": written.utc_s})).text
    assert "read back ✔" in page
    assert desk.units["dryer-2"].plant.config_hash[:12] in page


async def test_the_data_are_those_of_the_command_line(client, records):
    data = (await client.get(f"{WHY}.json", params={"cycle": records[3].cycle})).json()
    assert data["cycle"] == records[3].cycle
    assert data["mode"]["actual"] == records[3].mode.actual.name
    assert data["sentences"]


@pytest.mark.parametrize("query", [{"cycle": "-1"}, {"cycle": "9" * 19}, {"at": "noon"}, {"at": "99:99"}])
async def test_nonsense_in_the_address_is_said_to_be_nonsense(client, query):
    answer = await client.get(WHY, params=query)
    assert answer.status_code == 400
    assert "no time, number or name" in answer.text


async def test_a_cycle_that_never_was_is_not_invented(client):
    assert "no such cycle" in (await client.get(WHY, params={"cycle": "123456"})).text
    assert (await client.get(f"{WHY}.json", params={"cycle": "123456"})).status_code == 404


def test_a_time_of_day_is_the_latest_one_before_the_record(desk):
    plant = desk.units["dryer-2"].plant
    noon = moment_of("2026-03-02T12:00", plant, 0.0)
    assert moment_of("11:30", plant, noon) == noon - 1_800.0 + 59.0
    assert moment_of("13:00:00", plant, noon) == noon + 3_600.0 - 86_400.0
    assert moment_of(str(noon), plant, 0.0) == noon


async def test_a_limit_is_the_persons_who_set_it(desk, site, records):
    from dataclasses import replace

    unit, record = desk.units["dryer-2"], replace(records[-1], operator_limits={"moist.hi": 3.9})
    assert owner_of(unit, record, "moist", "hi").kind == "person"
    mailbox = Mailbox(site.mailbox)
    for number, accepted in ((1, True), (2, False)):
        mailbox.post(
            Request(
                id=str(number), action="limit", who=f"person {number}", role="operator", why="lab says so",
                asked_utc_s=10.0, expires_utc_s=20.0, saw_cycle=None, variable="moist", side="hi", value=3.9,
            )
        )  # fmt: skip
        mailbox.answer(Answer(id=str(number), accepted=accepted, why=""))
    owner = owner_of(unit, record, "moist", "hi")
    assert (owner.kind, owner.who, owner.why) == ("person", "person 1", "lab says so")
    assert owner_of(unit, record, "moist", "lo").kind == "file"
