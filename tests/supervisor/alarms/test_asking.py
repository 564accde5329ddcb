"""Who may do what about an alarm, and what then happens; races between people and causes."""

from __future__ import annotations

import pytest

from constraints.alarms import ABOUT, ONLY, SAFETY_CLASS, AlarmRule
from supervisor.alarms.asking import NEEDS
from supervisor.alarms.entries import SHELF_S_MAX
from tests.supervisor.alarms.following import Board

LINK, TAG = "link:dcs", "tag:T_out"
NOW = {key: AlarmRule(on_delay_s=0.0, off_delay_s=0.0) for key in ("link", "tag")}
PROTECTING = ["interlock:Fan vibration", "shed:controller", "record:record", "trip:controller"]


@pytest.fixture
def board():
    found = Board(NOW)
    found.after(1.0, LINK)
    return found


@pytest.mark.parametrize("role", ["viewer", "operator", "engineer", "admin", "calendar", "energy_manager"])
@pytest.mark.parametrize("action", ["ack", "shelve", "unshelve", "out", "in"])
def test_every_role_and_every_action(board, role, action):
    if action == "unshelve":
        assert board.why("shelve", LINK, LINK) == ""
    if action == "in":
        assert board.why("out", LINK, LINK) == ""
    allowed = {"engineer", "admin"} if action in ("out", "in") else {"operator", "engineer", "admin"}
    why = board.why(action, LINK, LINK, role=role, occurrence=1)
    assert (why == "") == (role in allowed)
    assert why in ("", "role")


def test_an_acknowledgement_bears_a_name_and_is_in_the_journal(board):
    assert board.why("ack", LINK, LINK, occurrence=1, who="jo", why="seen") == ""
    mark = board.entry(LINK).acked
    assert (mark.by, mark.why) == ("jo", "seen")
    assert [(each.step, each.state, each.by, each.occurrence) for each in board.journal] == [
        ("raised", "unack", "", 1),
        ("acknowledged", "acked", "jo", 1),
    ]


# --------------------------------------------------------------------------------------------------------------- races


def test_an_acknowledgement_of_an_older_occurrence_does_not_reach_the_newer(board):
    board.after(1.0)
    board.after(1.0, LINK)
    assert board.occurrence(LINK) == 2
    assert board.why("ack", LINK, LINK, occurrence=1) == "older_occurrence"
    assert board.state(LINK) == "unack"


def test_the_same_where_the_older_was_acknowledged_and_forgotten(board):
    assert board.why("ack", LINK, LINK, occurrence=1) == ""
    board.after(1.0)
    assert board.entry(LINK) is None
    board.after(1.0, LINK)
    assert board.why("ack", LINK, LINK, occurrence=1) == "older_occurrence"


def test_acknowledged_in_the_cycle_in_which_it_comes_back(board):
    """The person saw the one that had gone: the one that comes with the next breath calls anew."""
    board.after(1.0)
    board.after(1.0, LINK, ask=(board.asks("ack", LINK, occurrence=1),))
    assert board.answers[0].accepted
    assert (board.state(LINK), board.occurrence(LINK), board.entry(LINK).acked) == ("unack", 2, None)


def test_acknowledged_after_it_went_ends_it(board):
    board.after(1.0)
    assert board.why("ack", LINK, occurrence=1) == ""
    assert board.entry(LINK) is None


def test_two_people_acknowledge_and_the_first_one_counts(board):
    asks = tuple(board.asks("ack", LINK, who=who, occurrence=1) for who in ("jo", "kim"))
    board.after(1.0, LINK, ask=asks)
    assert [each.why for each in board.answers] == ["", "acknowledged"]
    assert board.entry(LINK).acked.by == "jo"


def test_shelved_and_acknowledged_in_one_cycle_says_that_there_is_nothing_to_acknowledge(board):
    board.after(1.0, LINK, ask=(board.asks("shelve", LINK), board.asks("ack", LINK, occurrence=1)))
    assert [each.why for each in board.answers] == ["", "covered"]


def test_gone_while_it_is_shelved_and_back_off_the_shelf_normal(board):
    assert board.why("shelve", LINK, LINK) == ""
    board.after(1.0)
    assert board.state(LINK) == "shelved"
    assert board.after(1.0, ask=(board.asks("unshelve", LINK),)) == [f"unshelved {LINK}"]
    assert board.journal[-1].state == "normal"
    assert board.entry(LINK) is None


def test_still_there_off_the_shelf_it_calls_anew(board):
    assert board.why("ack", LINK, LINK, occurrence=1) == ""
    assert board.why("shelve", LINK, LINK) == ""
    assert board.after(1.0, LINK, ask=(board.asks("unshelve", LINK),)) == [f"unshelved {LINK}", f"raised {LINK}"]
    assert (board.state(LINK), board.occurrence(LINK)) == ("unack", 2)


def test_what_comes_while_it_is_shelved_calls_nobody():
    board = Board(NOW)
    assert board.why("shelve", LINK) == ""
    assert board.after(1.0, LINK) == []
    assert (board.state(LINK), board.occurrence(LINK)) == ("shelved", 0)


# ------------------------------------------------------------------------------------------------------------ shelving


def test_the_shelf_ends_by_itself_and_not_a_moment_earlier(board):
    board.after(0.0, LINK, ask=(board.asks("shelve", LINK, lasts_s=3_600.0),))
    assert board.after(3_599.0, LINK) == []
    assert board.after(1.0, LINK) == [f"unshelved {LINK}", f"raised {LINK}"]
    assert (board.journal[-2].by, board.journal[-2].why) == ("", "its time is up")


def test_a_clock_that_goes_back_makes_no_shelf_longer_than_any_may_be(board):
    assert board.why("shelve", LINK, LINK, lasts_s=SHELF_S_MAX) == ""
    board.utc_ahead_s -= 30.0  # set right by a little: nothing
    assert board.after(1.0, LINK) == []
    board.utc_ahead_s -= 7_200.0
    assert board.after(1.0, LINK) == [f"unshelved {LINK}", f"raised {LINK}"]


@pytest.mark.parametrize("lasts_s", [0.0, -1.0, SHELF_S_MAX + 1.0, float("inf"), float("nan")])
def test_no_shelf_is_endless_or_of_no_time(board, lasts_s):
    assert board.why("shelve", LINK, LINK, lasts_s=lasts_s) == "too_long"
    assert board.why("shelve", LINK, LINK, lasts_s=SHELF_S_MAX) == ""


@pytest.mark.parametrize("id_", PROTECTING)
@pytest.mark.parametrize("action", ["shelve", "out"])
def test_what_protects_is_never_put_aside(id_, action):
    board = Board()
    board.after(1.0, id_)
    board.after(15.0, id_)
    assert board.why(action, id_, id_) == "safety_class"
    assert board.state(id_) == "unack"


def test_what_protects_is_what_the_table_says():
    assert {each.partition(":")[0] for each in PROTECTING} == SAFETY_CLASS
    assert set(ABOUT) >= SAFETY_CLASS
    assert set(ONLY) == {code for code, sections in ABOUT.items() if not sections}


@pytest.mark.parametrize(
    ("action", "what", "why"),
    [
        ("shelve", {"why": "  "}, "no_reason"),
        ("shelve", {"lasts_s": None}, "incomplete"),
        ("out", {"why": ""}, "no_reason"),
        ("unshelve", {}, "not_shelved"),
        ("in", {}, "not_out"),
        ("ack", {}, "incomplete"),
        ("ack", {"occurrence": 2}, "older_occurrence"),
        ("ack", {"alarm": None}, "incomplete"),
        ("ack", {"alarm": "tag:T_out", "occurrence": 1}, "not_active"),
        ("ack", {"alarm": "link:nowhere", "occurrence": 1}, "unknown_alarm"),
        ("shelve", {"alarm": "lnk:dcs"}, "unknown_alarm"),
        ("shelve", {"alarm": "link"}, "unknown_alarm"),
        ("shelve", {"alarm": ""}, "unknown_alarm"),
        ("shelve", {"alarm": "shed:plant"}, "unknown_alarm"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(board, action, what, why):
    before = board.lists
    assert board.why(action, LINK, LINK, **what) == why
    assert board.lists == before


# ------------------------------------------------------------------------------------------------------- out of service


def test_out_of_service_until_an_engineer_brings_it_back(board):
    assert board.why("out", LINK, LINK, why="cable is moved, permit 88") == ""
    assert board.state(LINK) == "out"
    assert board.why("out", LINK, LINK) == "already_out"
    board.after(400_000.0, LINK)
    assert board.state(LINK) == "out"
    assert board.after(1.0, LINK, ask=(board.asks("in", LINK),)) == [f"in {LINK}", f"raised {LINK}"]


def test_out_of_service_counts_more_than_the_shelf_which_then_is_there_again(board):
    assert board.why("shelve", LINK, LINK) == ""
    assert board.why("out", LINK, LINK) == ""
    assert board.state(LINK) == "out"
    assert board.why("in", LINK, LINK) == ""
    assert board.state(LINK) == "shelved"


def test_every_action_has_a_role():
    assert set(NEEDS) == {f"alarm_{each}" for each in ("ack", "shelve", "unshelve", "out", "in")}
