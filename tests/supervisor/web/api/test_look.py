"""What the API shows of a real record, each operation once by hand."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

import pytest

from supervisor.history.read import History
from supervisor.history.short import ShortHistory
from tests.supervisor.web.api.conftest import HERE, V1


async def got(client, path, status=200):
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_controllers_say_mode_state_why_money_links_and_that_nothing_is_live(reader, site):
    (found,) = (await got(reader, f"{V1}/controllers"))["controllers"]
    record = History(site.database_url).last().record
    now = found["now"]
    assert found == await got(reader, HERE) | {"quiet_s": found["quiet_s"]}
    assert (found["key"], found["running"], found["frozen"]) == ("dryer-2", False, True)
    assert now["cycle"] == record.cycle
    assert now["mode"]["requested"] == record.mode.requested.name
    assert [each["code"] for each in now["mode"]["reasons"]] == list(record.mode.reasons)
    assert now["state"]["word"] in ("handed_back", "holding")
    assert now["money"]["unit"] == "EUR/h"
    assert now["money"]["total"] == pytest.approx(sum(record.money.values()))
    assert set(now["links"]) == set(record.links)


async def test_times_are_seconds_and_text(reader, site):
    at = (await got(reader, HERE))["now"]["at"]
    assert datetime.fromisoformat(at["utc"]) == datetime.fromtimestamp(at["utc_s"], UTC)
    assert at["utc_s"] == History(site.database_url).last().record.utc_s


async def test_variables_have_values_units_limits_and_status(reader, desk):
    found = await got(reader, f"{HERE}/variables")
    plant = desk.units["dryer-2"].plant
    assert [each["name"] for each in found["cvs"]] == list(plant.cvs)
    assert [each["name"] for each in found["mvs"]] == list(plant.mvs)
    moist = next(each for each in found["cvs"] if each["name"] == "moist")
    assert (moist["now"]["value"], moist["now"]["quality"], moist["now"]["unit"]) == (3.6, "good", "percent")
    assert moist["limits"]["safety"]["lo"] is None or moist["limits"]["safety"]["lo"] <= moist["limits"]["active"]["lo"]


async def test_a_bad_value_is_never_given_as_if_it_were_live(reader, desk, site):
    found = await got(reader, f"{HERE}/tags")
    record = History(site.database_url).last().record
    for tag in found["tags"]:
        value, quality, _ = record.readings.get(tag["name"], (None, "bad", ""))
        assert (tag["now"]["value"] is not None) == (quality == "good" and value is not None)


async def test_a_decision_is_codes_and_sentences(reader, site):
    refused = next(
        each.record for each in History(site.database_url).between(0.0, 1e12) if each.record.refusals
    )  # the one with a move that is not a number
    found = await got(reader, f"{HERE}/decision?cycle={refused.cycle}")
    assert found["cycle"] == refused.cycle
    assert [each["code"] for each in found["refusals"]] == [each.code for each in refused.refusals]
    assert found["sentences"][0].startswith("Mode CLOSED_LOOP")
    assert all(each["text"].startswith("The gate refused") for each in found["refusals"])
    assert {each["mv"] for each in found["moves"]} == {"T_in_sp", "feed_sp", "fan_sp"}


async def test_a_cycle_that_is_not_on_record_is_said(reader):
    assert (await got(reader, f"{HERE}/decision?cycle=999999", 404))["error"] == "no_record"


async def test_alarms_journal_and_rates_agree(reader):
    now = await got(reader, f"{HERE}/alarms")
    journal = await got(reader, f"{HERE}/alarms/journal")
    rates = await got(reader, f"{HERE}/alarms/rates")
    raised = [line["id"] for line in journal["lines"] if line["step"] == "raised"]
    assert journal["complete"]
    assert rates["count"] == len(raised) > 0
    assert {each["id"] for each in now["alarms"] if each["active"]} <= set(raised)


async def test_a_journal_that_does_not_hold_all_says_so(reader, site):
    history = ShortHistory(site.database_url)
    assert len(history.cycles_with("answer", 0.0, 1e12, 100)) > 1
    (newest,) = history.cycles_with("answer", 0.0, 1e12, 1)
    assert newest.record.cycle == history.cycles_with("answer", 0.0, 1e12, 100)[-1].record.cycle
    before = await got(reader, f"{HERE}/alarms/journal?to={newest.record.utc_s}")
    assert before["lines"] == []


async def test_history_gives_every_cycle_of_the_tags(reader, site):
    found = await got(reader, f"{HERE}/history?tags=moist,T_in_sp")
    cycles = [each.record for each in History(site.database_url).between(0.0, 1e12)]
    moist, setpoint = found["series"]
    assert found["every"] == "cycle"
    assert found["next"] is None
    assert found["points"] == 2 * len(cycles)
    assert moist["at_utc_s"] == [each.utc_s for each in cycles]
    assert moist["value"] == [each.readings["moist"][0] for each in cycles]
    assert (setpoint["tag"], setpoint["unit"], setpoint["kind"]) == ("T_in_sp.actual", "degC", "MV")


async def test_history_goes_on_where_it_stopped(reader, monkeypatch):
    monkeypatch.setattr("supervisor.web.api.history.CYCLES_MAX", 5)
    whole, path, times = [], f"{HERE}/history?tags=moist&every=cycle", []
    while path:
        found = await got(reader, path)
        whole += found["series"][0]["value"]
        times += found["series"][0]["at_utc_s"]
        path = found["next"] and f"{HERE}/history?tags=moist&every=cycle&from={found['next']['utc']}"
        assert len(found["series"][0]["value"]) <= 5
    assert len(whole) == 14
    assert times == sorted(set(times))


async def test_roll_ups_have_lowest_mean_and_highest(reader, site):
    from supervisor.history.keep import Keeper

    last = History(site.database_url).last().record
    assert Keeper(site.database_url).roll_up(last.utc_s + 7_200.0)
    found = await got(reader, f"{HERE}/history?tags=moist&every=minute")
    (series,) = found["series"]
    assert series["count"]
    assert all(
        low <= mean <= high for low, mean, high in zip(series["low"], series["value"], series["high"], strict=True)
    )
    assert found["rolled_until"]["utc_s"] > series["at_utc_s"][-1]


async def test_an_unbounded_question_is_answered_by_hours(reader):
    found = await got(reader, f"{HERE}/history?tags=moist&from=0&to=9999-01-01T00:00:00Z&every=minute")
    assert found["next"] is not None
    assert found["points"] <= 100_000


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ("", 422, "invalid"),
        ("tags=", 422, "invalid"),
        ("tags=nothing", 404, "unknown_tag"),
        ("tags=moist&from=2026-01-01T00:00:00", 422, "invalid"),
        ("tags=moist&from=5&to=4", 422, "span"),
        ("tags=moist&from=nan", 422, "invalid"),
        ("tags=moist&every=second", 422, "invalid"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_with_what_is_wrong(reader, query, status, error):
    found = await got(reader, f"{HERE}/history?{query}", status)
    assert found["error"] == error
    assert found["detail"]


async def test_the_audit_is_walked_through_row_by_row(reader):
    newest = (await got(reader, f"{HERE}/audit?limit=1"))["rows"][0]
    seqs, after, hashes = [], 0, []
    while after is not None:
        found = await got(reader, f"{HERE}/audit?after={after}&limit=7")
        seqs += [row["seq"] for row in found["rows"]]
        hashes += [(row["prev_hash"], row["hash"]) for row in found["rows"]]
        after = found["next"]
    assert seqs == list(range(1, newest["seq"] + 1))
    assert all(before[1] == row[0] for before, row in itertools.pairwise(hashes))


async def test_versions_name_who_and_why(reader, site, desk):
    from supervisor.changes.versions import Version, Versions

    assert await got(reader, f"{HERE}/versions") == {"versions": [], "in_force": False}
    version = Version(number=0, config_hash=desk.units["dryer-2"].plant.config_hash, files_sha256="", who="ann",
                      why="first", utc_s=1.8e9)  # fmt: skip
    Versions(site.data).add({"plant.yaml": "x"}, version)
    found = await got(reader, f"{HERE}/versions")
    assert [(each["number"], each["who"], each["why"]) for each in found["versions"]] == [(1, "ann", "first")]
    assert found["in_force"]


async def test_interlocks_are_as_the_plant_file_has_them(reader, desk):
    found = (await got(reader, f"{HERE}/interlocks"))["interlocks"]
    assert [each["name"] for each in found] == [each.name for each in desk.units["dryer-2"].plant.interlocks]


async def test_an_unknown_controller_and_an_unknown_address_are_said_alike(reader):
    assert (await got(reader, f"{V1}/controllers/nowhere", 404))["error"] == "not_found"
    assert "dryer-2" in (await got(reader, f"{V1}/controllers/nowhere/variables", 404))["detail"]
    assert set(await got(reader, f"{V1}/nothing", 404)) == {"error", "detail"}
    answer = await reader.post(f"{V1}/controllers", content=b"")
    assert (answer.status_code, set(answer.json())) == (405, {"error", "detail"})


async def test_an_alarm_list_of_a_hostile_plant_is_only_text(reader):
    assert (await reader.get(f"{HERE}/alarms")).headers["content-type"] == "application/json"


def test_no_answer_says_a_number_that_json_lacks(site):
    """``allow_inf_nan`` is off: one would be a failure of ours, not a line that no client can read."""
    from supervisor.web.api.models import Amount

    assert json.loads(Amount(value=float("nan"), unit="").model_dump_json()) == {"value": None, "unit": ""}
    assert Amount(value="inf", unit="").value is None
