"""The audit page over a real record."""

import csv
import io

import pytest

from supervisor.audit.lines import Line
from supervisor.audit.store import Store
from supervisor.web.audit_csv import COLUMNS, csv_row
from supervisor.web.pages.audit import verified
from tests.supervisor.audit.test_lines import REQUEST
from tests.supervisor.web.conftest import CSRF

HOSTILE = '"><script>alert(1)</script>'
AT = "/controller/dryer-2/audit"


@pytest.fixture
def asked_for(site):
    """A request, and its answer, on record."""
    store = Store(site.database_url)
    limit = {**REQUEST, "id": "a", "who": HOSTILE, "why": "=HYPERLINK(1)", "variable": HOSTILE}
    answer = {"id": "a", "accepted": False, "why": "beyond_engineering", "was": 4.0}
    store.append("cycle", {"cycle": 99, "requests": [limit], "answers": [answer]}, 1_795_000_000.0)
    store.close()


@pytest.mark.usefixtures("asked_for")
async def test_a_request_is_a_row_with_old_new_reason_answer_and_the_way_to_why(client):
    page = (await client.get(AT)).text
    assert "4 → <b>3.9</b>" in page
    assert "refused:" in page
    assert '/controller/dryer-2/why?cycle=99"' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.usefixtures("asked_for")
async def test_the_csv_has_the_same_rows_and_nothing_that_a_spreadsheet_would_run(client):
    answer = await client.get(f"{AT}.csv?kind=people&who=script")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert tuple(row) == COLUMNS
    assert (row["old"], row["new"], row["why"], row["accepted"]) == ("4", "3.9", "'=HYPERLINK(1)", "false")
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_writes_are_shown_with_what_became_of_them_and_the_hash_of_their_row(client):
    page = (await client.get(f"{AT}?kind=writes")).text
    assert "T_in_sp" in page
    assert "written, read back" in page


@pytest.mark.parametrize("query", ["kind=x&since=x&until=9999-12-31T23:59&before=" + "9" * 40, "who=%00&action=%ff"])
async def test_a_nonsense_address_is_an_empty_question_not_an_error(client, query):
    assert (await client.get(f"{AT}?{query}")).status_code == 200


async def test_the_chain_is_checked_in_a_process_of_its_own(client):
    answer = await client.post(f"{AT}/verify", data={"csrf": CSRF}, headers={"hx-request": "true"})
    assert "Every row is as it was written." in answer.text
    assert "chain intact" in answer.text


async def test_a_check_that_takes_too_long_is_ended_and_says_so(desk):
    intact, text = await verified(desk.units["dryer-2"], desk.texts.speaks("en"), within_s=0.0)
    assert intact is None
    assert "setwise audit verify" in text


def test_numbers_stay_numbers_in_the_csv():
    line = Line(seq=1, utc_s=0.0, hash="h", who="x", action="limit", old="-5", new="-x")
    assert ",-5,'-x," in csv_row(line, "Europe/Berlin")
