"""What the pages show of a real record."""

import json
import re

import httpx

from supervisor.history.read import History
from tests.supervisor.web.conftest import signed_in


async def test_the_overview_has_a_tile_with_both_modes_and_why(client):
    page = (await client.get("/")).text
    assert "Dryer 2" in page
    assert "CLOSED LOOP" in page
    assert re.search(r"control does not run", page)


async def test_the_operators_page_shows_every_variable_with_its_gauge(client, site):
    page = (await client.get("/controller/dryer-2")).text
    record = History(site.database_url).last().record
    for name in ("T_in_sp", "feed_sp", "fan_sp", "T_out", "moist", "P_fan", "gas", "evap", "hum_amb"):
        assert f">{name}" in page
    assert page.count('<svg class="gauge"') == 8
    assert f"cycle {record.cycle}" in page


async def test_an_unknown_controller_is_a_page_that_says_so(client):
    answer = await client.get("/controller/nowhere")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


async def test_german_readers_get_german(client):
    page = (await client.get("/", headers={"accept-language": "de-DE,de;q=0.9"})).text
    assert 'lang="de"' in page
    assert "GEREGELT" in page


def test_the_stream_sends_everything_once_and_then_what_changed(address, house):
    beats, headers = [], {"cookie": f"setwise={signed_in(house, 'viewer')}"}
    with httpx.stream("GET", f"{address}/controller/dryer-2/live", timeout=20.0, headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                beats.append(json.loads(line.removeprefix("data: ")))
            if len(beats) == 2:
                break
    assert "cv.moist.value" in beats[0]["patch"]
    assert beats[1]["patch"] == {}
    assert beats[0]["running"] is False


async def test_the_overview_tells_who_takes_over_what_was_done(client):
    part = (await client.get("/shift")).text
    assert "CLOSED_LOOP" in part
    assert "/controller/dryer-2/why?cycle=" in part
