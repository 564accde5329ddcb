"""Pages of the chain, the newest first, by what is asked for."""

import pytest

from supervisor.audit import browse
from supervisor.audit.browse import Browse, Wanted
from supervisor.audit.store import Store
from supervisor.history.read import HistoryError
from tests.supervisor.audit.test_lines import REQUEST


@pytest.fixture
def chain(tmp_path):
    """Row 1 opens; then 30 cycles, 10 s apart, of which every fifth has a request of somebody's own."""
    url = f"sqlite:///{tmp_path / 'setwise.db'}"
    store = Store(url)
    for number in range(30):
        asked = [{**REQUEST, "id": f"r{number}", "who": f"p{number}"}] if number % 5 == 0 else []
        empty = {"answers": [], "refusals": [], "trips": []}
        store.append("cycle", {"cycle": number, "requests": asked, **empty}, 1_000.0 + 10.0 * number)
    store.close()
    return Browse(url)


def names(page):
    return [line.who for line in page.lines]


def test_pages_go_from_the_newest_to_the_oldest_without_gap_or_repetition(chain):
    first = chain.page(Wanted(), most=2)
    second = chain.page(Wanted(), first.before, most=2)
    rest = chain.page(Wanted(), second.before)
    assert names(first) + names(second) + names(rest) == ["p25", "p20", "p15", "p10", "p5", "p0"]
    assert rest.before is None


def test_windows_lose_nothing_at_their_edges(chain, monkeypatch):
    monkeypatch.setattr(browse, "WINDOW", 7)
    assert names(chain.page(Wanted())) == ["p25", "p20", "p15", "p10", "p5", "p0"]


def test_a_question_that_nothing_answers_stops_and_says_how_far_it_got(chain, monkeypatch):
    monkeypatch.setattr(browse, "WINDOW", 5)
    monkeypatch.setattr(browse, "ROWS_MAX", 10)
    page = chain.page(Wanted(who="nobody"))
    assert (page.lines, page.before) == ((), 22)
    assert names(chain.page(Wanted(who="P0"), 5)) == ["p0"]


def test_a_span_holds_its_begin_and_not_its_end(chain):
    assert names(chain.page(Wanted(since_utc_s=1_050.0, until_utc_s=1_150.0))) == ["p10", "p5"]


def test_other_kinds_leave_people_out(chain):
    assert names(chain.page(Wanted(kind="writes"))) == []
    assert [line.action for line in chain.page(Wanted(kind="record")).lines] == ["opened"]
    assert len(chain.page(Wanted(kind="all")).lines) == 7


def test_nobody_hides_a_request_behind_the_words_for_none(tmp_path):
    url = f"sqlite:///{tmp_path / 'setwise.db'}"
    store = Store(url)
    hidden = {**REQUEST, "why": '"requests":[] "answers":[]'}
    store.append("cycle", {"cycle": 1, "requests": [hidden], "answers": []}, 1_000.0)
    store.close()
    assert names(Browse(url).page(Wanted())) == ["j.kern"]


def test_without_a_record_it_says_so(tmp_path):
    with pytest.raises(HistoryError):
        Browse(f"sqlite:///{tmp_path / 'none.db'}").page(Wanted())
