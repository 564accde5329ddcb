"""Every tag, live."""

from dataclasses import replace

import pytest

from constraints.plant import TagSpec
from constraints.plantfile import load
from supervisor.history.read import History
from supervisor.web.serve import desk_for
from supervisor.web.tagview import reading, tag_rows
from supervisor.web.units import units_of

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def record(site):
    return History(site.database_url).last().record


async def test_every_tag_has_a_row_with_source_unit_range_and_what_it_reads(client, site, record):
    page = (await client.get("/tags")).text
    rows = tag_rows(load(site.plant_path).plant)
    assert {row.name for row in rows} >= record.readings.keys()
    for row in rows:
        assert f'id="tag.dryer-2.{row.name}.value"' in page
    assert len(page) < 150_000
    assert "setwise tags browse" in page


async def test_text_finds_in_names_sources_and_units(client):
    page = (await client.get("/tags?find=MOIST")).text
    assert "tag.dryer-2.moist.value" in page
    assert "tag.dryer-2.fan_vib.value" not in page
    assert "No such tag." in (await client.get("/tags?find=nothing-of-that-name&from=x")).text


def test_a_bad_value_is_no_number_and_an_estimate_says_so(record):
    bad = replace(record, readings={"moist": (3.9, "bad", "stale 40 s"), "T_out": (88.0, "estimated", "held")})
    assert reading(bad, "moist").look == "stale"
    assert reading(bad, "T_out").look == "est"
    assert reading(bad, "gone").look == "bad"


class TestHostile:
    @pytest.fixture
    def desk(self, site):
        plant = load(site.plant_path).plant
        odd = TagSpec(name=HOSTILE, point=None, unit=HOSTILE, description=HOSTILE)
        many = {f"t{number}": replace(odd, name=f"t{number}") for number in range(300)}
        return desk_for(units_of({"": (site, replace(plant, tags={HOSTILE: odd, **plant.tags, **many}))}), 1.0)

    async def test_a_tag_may_be_called_anything_and_there_may_be_hundreds(self, client):
        page = (await client.get("/tags")).text
        assert "<script>alert" not in page
        assert 'href="?find=&amp;from=200"' in page
        assert len(page) < 150_000
