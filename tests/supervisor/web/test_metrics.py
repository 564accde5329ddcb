"""What Prometheus gets, read back by its own parser."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from supervisor.history.read import History
from supervisor.web.app import make_app
from supervisor.web.metrics import Tally
from tests.supervisor.web.api.conftest import token
from tests.supervisor.web.conftest import ORIGIN


async def scraped(made, headers, client=("10.0.0.9", 1)):
    transport = httpx.ASGITransport(made.guarded, client=client)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        return await http.get("/metrics", headers=headers)


@pytest.fixture
def bearer(house):
    return {"authorization": f"Bearer {token(house, 'viewer')}"}


async def test_every_metric_of_the_record_is_there_and_bad_values_are_not(made, bearer, site, desk):
    answer = await scraped(made, bearer)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = [each for family in text_string_to_metric_families(answer.text) for each in family.samples]
    found = {(each.name, *sorted(each.labels.items())): each.value for each in samples}
    record, plant = History(site.database_url).last().record, desk.units["dryer-2"].plant
    mine = ("controller", "dryer-2")
    assert found["setwise_mode_actual", mine] == float(record.mode.actual)
    assert found["setwise_cycle_number", mine] == record.cycle
    assert found["setwise_control_running", mine] == 0.0
    assert found["setwise_cv_value", mine, ("cv", "moist"), ("unit", "percent")] == 3.6
    limit = ("setwise_cv_limit", mine, ("cv", "moist"), ("side", "hi"), ("unit", "percent"))
    assert found[limit] == record.limits["moist"][1]
    money = [each for each in samples if each.name == "setwise_money_per_hour"]
    assert {each.labels["currency"] for each in money} == {plant.currency}
    assert sum(each.value for each in money) == pytest.approx(sum(record.money.values()))
    assert {each.labels["connection"] for each in samples if each.name == "setwise_link_up"} == set(record.links)


async def test_only_who_may_look_may_scrape(made, desk, house):
    answer = await scraped(made, {})
    assert answer.status_code == 401
    assert "setwise_" not in answer.text
    assert (await scraped(made, {}, ("127.0.0.1", 1))).status_code == 401
    open_here = make_app(desk, replace(house, metrics_on_loopback=True))
    assert (await scraped(open_here, {})).status_code == 401
    assert (await scraped(open_here, {}, ("127.0.0.1", 1))).status_code == 200
    assert (await scraped(open_here, {}, ("::1", 1))).status_code == 200


def test_refusals_between_two_scrapes_are_counted_once(desk, site):
    unit, history = desk.units["dryer-2"], History(site.database_url)
    records = [each.record for each in history.between(0.0, 1e12)]
    tally = Tally(unit)

    def now(record):
        return replace(desk.live.now["dryer-2"], cycle=history.at(record.utc_s))

    assert not tally.count(now(records[0]))
    expected = sum(len(each.refusals) for each in records[1:])
    assert sum(tally.count(now(records[-1])).values()) == expected > 0
    assert sum(tally.count(now(records[-1])).values()) == expected
