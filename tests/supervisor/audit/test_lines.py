"""Rows of the chain as lines for people."""

import pytest

from supervisor.audit.chain import EMPTY, canonical, link, tail_of
from supervisor.audit.lines import Joined, lines

REQUEST = {
    "id": "r1", "action": "limit", "who": "j.kern", "role": "operator", "why": "wet", "saw_cycle": 8, "mode": None,
    "variable": "moist", "side": "hi", "value": 3.9, "interlock": None, "alarm": None, "lasts_s": None,
}  # fmt: skip


def chained(*bodies):
    """Rows of (kind, body)."""
    rows, tail = [], EMPTY
    for kind, body in bodies:
        rows.append(link(tail, kind, canonical(body), 1_000.0 + tail.seq, 1))
        tail = tail_of(rows[-1])
    return rows


def told(*bodies):
    rows = chained(*bodies)
    joined = Joined.of(rows)
    return [line for row in rows for line in lines(row, joined)]


def test_a_request_is_one_line_with_its_answer_though_that_came_later():
    answer = {"id": "r1", "accepted": True, "why": "", "was": 4.0}
    (line,) = told(("cycle", {"cycle": 9, "requests": [REQUEST]}), ("cycle", {"cycle": 10, "answers": [answer]}))
    assert (line.who, line.person, line.action, line.object) == ("j.kern", True, "limit", "moist.hi")
    assert (line.old, line.new, line.why, line.accepted, line.cycle, line.saw_cycle) == ("4", "3.9", "wet", True, 9, 8)


def test_an_answer_whose_request_is_elsewhere_has_a_line_of_its_own():
    (line,) = told(("cycle", {"cycle": 9, "answers": [{"id": "r0", "accepted": False, "why": "expired"}]}))
    assert (line.action, line.object, line.accepted, line.result, line.person) == (
        "answer",
        "r0",
        False,
        "expired",
        False,
    )


def test_a_mode_is_named():
    (line,) = told(("cycle", {"requests": [{**REQUEST, "action": "mode", "mode": 3, "side": None, "value": None}]}))
    assert (line.new, line.accepted) == ("CLOSED_LOOP", None)


def test_a_write_is_one_line_for_each_setpoint_with_what_became_of_it():
    intent = {"cycle": 9, "setpoints": {"T": 186.5, "F": 3500.0}, "from": {"T": 186.0, "F": 3490.0}, "reason": "plan"}
    outcome = {"intent_seq": 1, "outcomes": [{"mv": "T", "outcome": "confirmed"}, {"mv": "F", "outcome": "rejected"}]}
    feed, temperature = told(("intent", intent), ("outcome", outcome))
    assert (temperature.old, temperature.new, temperature.result) == ("186", "186.5", "confirmed")
    assert temperature.accepted is True
    assert (feed.object, feed.accepted) == ("F", False)


def test_an_outcome_without_its_intent_stands_alone():
    (line,) = told(("outcome", {"intent_seq": 7, "outcomes": [{"mv": "T", "outcome": "unknown", "why": "orphan"}]}))
    assert (line.who, line.action, line.result, line.accepted) == ("plc", "outcome", "unknown", False)


def test_what_waited_in_the_spool_file_says_so_and_what_it_was():
    body = {"was": "cycle", "at": 1.0, "body": {"cycle": 4, "requests": [REQUEST], "trips": ["Hot"]}}
    assert [line.action for line in told(("spooled", body))] == ["stored_late", "limit", "trip"]


@pytest.mark.parametrize(
    "body", [[], "text", {"requests": 3}, {"requests": [None, 5]}, {"trips": {"a": 1}}, {"refusals": [[]]}]
)
def test_a_row_that_somebody_else_wrote_is_no_error(body):
    (row,) = chained(("cycle", body))
    assert [line.action for line in lines(row, Joined.of([row]))] in ([], ["damaged"])
