"""How the supervisor is, and who is let in."""

import re

import pytest

from supervisor.web.accounts import service, users
from supervisor.web.accounts.service import SignedIn
from supervisor.web.health import size, timings
from tests.supervisor.web.conftest import CSRF, PASSWORD, browser, signed_in

PEOPLE = "/system/people"


@pytest.fixture
async def admin(made, house):
    async with browser(made, signed_in(house, "admin")) as client:
        yield client


async def did(client, action, **fields):
    return await client.post(f"{PEOPLE}/{action}", data={"csrf": CSRF, **fields})


def person(house, name):
    with house.accounts.store.reading() as connection:
        return users.named(connection, name)


async def test_the_page_says_how_control_and_its_record_are_and_what_each_word_means(client):
    page = (await client.get("/system")).text
    assert "control does not run" in page
    assert re.search(r"Rows on record</th><td>\d+", page)
    assert "nothing left to move" in page
    assert "CLOSED LOOP" in page
    assert len(page) < 150_000
    assert PEOPLE not in page


async def test_a_folder_without_a_record_is_a_page_that_says_so(client, site):
    for path in site.data.glob("setwise.db*"):
        path.unlink()
    page = await client.get("/system")
    assert page.status_code == 200
    assert "unable to open database file" in page.text


async def test_timings_come_apart_and_are_of_real_cycles(client):
    page = (await client.get("/system/timings/dryer-2", headers={"hx-request": "true"})).text
    assert page.startswith("<table")
    assert (await client.get("/system/timings/nowhere")).status_code == 404


def test_percentiles_are_of_nearest_rank_and_the_total_is_last():
    found = timings([{"total": 10.0 * n, "read": float(n)} for n in range(1, 101)] + [{"read": float("nan")}])
    assert [(each.part, each.p50, each.p99, each.worst) for each in found] == [
        ("read", 50.0, 99.0, 100.0),
        ("total", 500.0, 990.0, 1_000.0),
    ]


@pytest.mark.parametrize(("count", "text"), [(None, "–"), (0, "0 B"), (1_500, "1.5 kB"), (3_400_000_000, "3.4 GB")])
def test_bytes_are_readable(count, text):
    assert size(count) == text


async def test_a_person_is_added_with_a_password_that_is_shown_once(admin, house):
    page = (await did(admin, "add", name="j.kern", role="operator")).text
    password = re.search(r"<code>([^<]+)</code>", page)[1]
    assert isinstance(service.sign_in(house.accounts, "j.kern", password, "here"), SignedIn)
    assert password not in (await admin.get(PEOPLE)).text
    assert person(house, "j.kern").must_change


async def test_roles_doors_passwords_and_sessions_are_changed(admin, house):
    await did(admin, "role", name="viewer", role="operator")
    assert person(house, "viewer").role == "operator"
    await did(admin, "disable", name="viewer")
    assert person(house, "viewer").disabled
    await did(admin, "enable", name="viewer")
    assert not person(house, "viewer").disabled
    await did(admin, "reset", name="viewer")
    assert not isinstance(service.sign_in(house.accounts, "viewer", PASSWORD, "here"), SignedIn)
    done = service.sign_in(house.accounts, "operator", PASSWORD, "here")
    await did(admin, "end", name="operator")
    assert service.of_cookie(house.accounts, done.token) is None


async def test_a_token_is_shown_once_and_revoked(admin, house):
    page = (await did(admin, "token", name="engineer", label="historian", scope="read", days="30")).text
    token = re.search(r"swt_[\w-]+", page)[0]
    assert service.of_bearer(house.accounts, token).role == "viewer"
    assert token not in (await admin.get(PEOPLE)).text
    await did(admin, "revoke", number="1")
    assert service.of_bearer(house.accounts, token) is None


async def test_what_cannot_be_is_refused_in_words(admin):
    for action, fields in (
        ("add", {"name": '"><script>alert(1)</script>', "role": "viewer"}),
        ("add", {"name": "x.y", "role": "root"}),
        ("add", {}),
        ("disable", {"name": "admin"}),
        ("role", {"name": "nobody", "role": "viewer"}),
        ("revoke", {"number": "²"}),
        ("revoke", {"number": "9" * 90}),
        ("token", {"name": "viewer", "label": "x", "days": "nan"}),
    ):
        answer = await did(admin, action, **fields)
        assert answer.status_code == 422, (action, fields)
        assert "<script>alert" not in answer.text


async def test_old_proof_of_the_password_is_asked_again(admin, house):
    with house.accounts.store.writing() as connection:
        connection.execute("UPDATE session SET proved_utc_s = proved_utc_s - 1000")
    answer = await did(admin, "add", name="j.kern", role="operator")
    assert answer.status_code == 409
    assert f"/account/unlock?next={PEOPLE}" in answer.text
    assert person(house, "j.kern") is None


@pytest.mark.parametrize("locked", [0, 1])
async def test_nobody_else_sees_people_or_does_anything_to_them(made, house, locked):
    for role in ("viewer", "operator", "energy_manager", "engineer"):
        cookie = signed_in(house, role)
        with house.accounts.store.writing() as connection:
            connection.execute("UPDATE session SET locked = ?", (locked,))
        async with browser(made, cookie) as client:
            assert (await client.get(PEOPLE)).status_code == 403
            for action in ("add", "role", "disable", "enable", "reset", "end", "token", "revoke"):
                assert (await did(client, action, name="viewer", role="admin")).status_code == 403
            assert (await did(client, "other")).status_code == 404
    assert person(house, "viewer").role == "viewer"
