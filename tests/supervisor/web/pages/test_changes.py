"""Plans in the pages: taken in, judged, signed, brought into force, taken back. Control does not run here."""

import fcntl
import hashlib
import json

import pytest

from constraints.plantfile import load
from supervisor.changes.applying import adopted
from supervisor.changes.keeping import on_trial
from supervisor.changes.plan import from_text
from supervisor.changes.versions import Versions
from supervisor.site import Site
from supervisor.web.serve import desk_for
from supervisor.web.units import units_of
from tests.constraints.plantfile.two import TEXT, changed
from tests.supervisor.web.conftest import CSRF, browser, signed_in

WHY = {"csrf": CSRF, "why": "more room", "key": "k" * 16}


@pytest.fixture
def first(site):
    """Control ran once, with the file that is there."""
    adopted(Versions(site.data), site.plant_path, load(site.plant_path).plant.config_hash, "test", 1_795_000_000.0)
    return site.plant_path.read_text(encoding="utf-8")


@pytest.fixture
def wider(first):
    """The same file with one operator limit moved: one signature."""
    return first.replace("operator: [3.2, 4.0]", "operator: [3.2, 4.2]", 1)


@pytest.fixture
def hotter(first):
    """The same file with a safety limit moved: two signatures."""
    return first.replace("safety: [150, 205]", "safety: [150, 207]", 1)


@pytest.fixture
async def engineer(made, house):
    async with browser(made, signed_in(house, "engineer")) as client:
        yield client


async def taken_in(client, text):
    answer = await client.post("/changes/plans", data={"csrf": CSRF, "text": text})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_plant_file_becomes_a_plan_with_its_limits_drawn_and_is_brought_into_force(engineer, site, wider):
    at = await taken_in(engineer, wider)
    page = (await engineer.get(at)).text
    assert "cvs.moist.limits.operator.hi" in page
    assert page.count('<svg class="gauge"') == 2
    assert site.plant_path.read_text(encoding="utf-8") != wider
    assert (await engineer.post(f"{at}/apply", data=WHY)).status_code == 303
    assert site.plant_path.read_text(encoding="utf-8") == wider
    newest = Versions(site.data).current()
    assert (newest.number, newest.who, newest.signed_by, newest.why) == (2, "engineer", ("engineer",), "more room")
    assert on_trial(site.data).back_to == 1
    overview = (await engineer.get("/changes")).text
    assert "was brought into force" in overview
    assert "is on trial" in overview
    assert "start the pages again" in overview
    assert (await engineer.post("/changes/keep", data={"csrf": CSRF})).status_code == 303
    assert on_trial(site.data) is None


async def test_a_safety_limit_takes_two_people_in_a_red_box(engineer, made, house, site, hotter):
    at = await taken_in(engineer, hotter)
    assert "safety-box" in (await engineer.get(at)).text
    await engineer.post(f"{at}/sign", data=WHY)
    refused = await engineer.post(f"{at}/apply", data=WHY)
    assert refused.status_code == 409
    assert "1 of 2 signatures are missing" in refused.text
    with house.accounts.store.writing() as connection:
        connection.execute("UPDATE user SET role = 'engineer' WHERE name = 'viewer'")
    async with browser(made, signed_in(house, "viewer")) as second:
        await second.post(f"{at}/sign", data=WHY)
    assert (await engineer.post(f"{at}/apply", data=WHY)).status_code == 303
    assert set(Versions(site.data).current().signed_by) == {"engineer", "viewer"}


async def test_a_plan_of_the_command_line_is_taken_only_as_it_is_made_here(engineer, hotter):
    """Whoever can compute a SHA-256 can write a plan that says less than its files do."""
    at = await taken_in(engineer, hotter)
    text = (await engineer.get(f"{at}/file")).text
    assert await taken_in(engineer, text) == at
    told = from_text(text)
    forged = json.loads(text)
    forged["plan"] |= {"signatures": 1, "changes": [], "widens": []}
    assert told.signatures == 2
    refused = await sent(engineer, forged)
    assert "not what its files would change" in refused.text


@pytest.mark.parametrize("name", ["setwise-data/accounts.db", "../outside.yaml", "/etc/motd"])
async def test_a_plan_brings_no_file_that_the_plant_file_does_not_include(engineer, site, wider, name):
    at = await taken_in(engineer, wider)
    smuggled = json.loads((await engineer.get(f"{at}/file")).text)
    smuggled["plan"]["files"][name] = "x"
    assert "only what that includes" in (await sent(engineer, smuggled)).text


async def sent(client, raw):
    """Send a plan under the SHA-256 that it really has."""
    raw["sha256"] = hashlib.sha256(json.dumps(raw["plan"], sort_keys=True).encode()).hexdigest()
    answer = await client.post("/changes/plans", data={"csrf": CSRF, "text": json.dumps(raw)})
    assert answer.status_code == 422
    return answer


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", "[" * 5_000, "{" + '"a":{' * 5_000, "version: 1", "include: [setwise-data/setwise.db]", "\ud800",
     "version: 1\ninclude: [../../etc/passwd]", '"><script>alert(1)</script>: {'],
)  # fmt: skip
async def test_what_is_no_plan_is_refused_in_words_and_harmless(engineer, text):
    answer = await engineer.post("/changes/plans", data={"csrf": CSRF, "text": text.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 422
    assert "Nothing was taken in" in answer.text
    assert "<script>alert" not in answer.text


async def test_an_error_of_the_plant_file_is_shown_with_its_line(engineer, wider):
    text = wider.replace("operator: [3.2, 4.2]", "operator: [3.2, 9.9]", 1)
    answer = await engineer.post("/changes/plans", data={"csrf": CSRF, "text": text})
    assert answer.status_code == 422
    assert "plant.yaml:" in answer.text


async def test_the_way_back_is_a_plan_too(engineer, site, first, wider):
    await engineer.post(f"{await taken_in(engineer, wider)}/apply", data=WHY)
    answer = await engineer.post("/changes/back", data={"csrf": CSRF, "number": "1"})
    at = answer.headers["location"]
    assert "goes back to version 1" in (await engineer.get(at)).text
    await engineer.post(f"{at}/apply", data=WHY)
    assert site.plant_path.read_text(encoding="utf-8") == first


async def test_where_control_does_not_start_with_it_everything_is_as_before(engineer, site, first, wider):
    at = await taken_in(engineer, wider)
    with site.pid_file.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as a control process would, but nobody answers
        assert (await engineer.post(f"{at}/apply", data=WHY)).status_code == 409
    assert site.plant_path.read_text(encoding="utf-8") == first
    assert Versions(site.data).current().why.startswith("refused")


async def test_a_plan_on_a_version_that_runs_no_more_is_refused(engineer, wider, hotter):
    old = await taken_in(engineer, wider)
    await engineer.post(f"{old}/apply", data=WHY)
    other = await taken_in(engineer, hotter)
    await engineer.post("/changes/back", data={"csrf": CSRF, "number": "1"})
    assert (await engineer.post(f"{old}/apply", data=WHY)).status_code == 409
    assert (await engineer.get(other)).status_code == 200


class TestTwoControllers:
    @pytest.fixture
    def desk(self, tmp_path):
        path = tmp_path / "two.yaml"
        path.write_text(TEXT, encoding="utf-8")
        sites = {name: Site.of(path, tmp_path / "data", name) for name in ("dryer_1", "dryer_2")}
        units = units_of({name: (site, load(path, name).plant) for name, site in sites.items()})
        for unit in units.values():
            adopted(Versions(unit.site.data), path, unit.plant.config_hash, "test", 1.0)
        return desk_for(units, 1.0)

    async def test_a_plan_is_of_the_whole_file_and_becomes_a_version_of_each(self, engineer, made, house, desk):
        at = await taken_in(engineer, changed(("fan > 12", "fan > 11")))
        page = (await engineer.get(at)).text
        assert "dryer_1: version 1 changes" in page
        assert "dryer_2: version 1 changes" in page
        with house.accounts.store.writing() as connection:
            connection.execute("UPDATE user SET role = 'engineer' WHERE name = 'viewer'")
        async with browser(made, signed_in(house, "viewer")) as second:
            await second.post(f"{at}/sign", data=WHY)
        await engineer.post(f"{at}/sign", data=WHY)
        assert (await engineer.post(f"{at}/apply", data=WHY)).status_code == 303
        assert {Versions(unit.site.data).current().number for unit in desk.units.values()} == {2}
        assert (await engineer.get("/changes")).text.count("is on trial") == 2


async def test_who_may_not_sees_locks_and_is_refused(client, engineer, wider):
    at = await taken_in(engineer, wider)
    assert "🔒" in (await client.get(at)).text
    assert (await client.post("/changes/plans", data={"csrf": CSRF, "text": wider})).status_code == 409
    for action in ("sign", "apply"):
        assert (await client.post(f"{at}/{action}", data=WHY)).status_code == 409
    assert (await client.post("/changes/keep", data={"csrf": CSRF})).status_code == 409


@pytest.mark.parametrize("sha256", ["x" * 64, "a" * 64, "%2e%2e"])
async def test_there_is_no_plan_of_another_name(client, sha256):
    assert (await client.get(f"/changes/plan/{sha256}")).status_code in (400, 404)
