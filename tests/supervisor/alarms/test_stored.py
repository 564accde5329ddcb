"""What is on record of alarms: all of it comes back, nonsense is no crash, and a restart keeps what people did."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from constraints.alarms import AlarmRule
from safety.signals import Mode
from supervisor.alarms.listing import viewed
from supervisor.alarms.stored import from_record, on_record, restarted
from supervisor.history.pack import pack, unpack
from supervisor.resume import first_memory
from tests.supervisor.alarms.following import Board
from tests.supervisor.walk import CYCLE_S, Walk

LINK, TAG, SHED = "link:dcs", "tag:T_out", "shed:controller"
NOW = {key: AlarmRule(on_delay_s=0.0, off_delay_s=0.0) for key in ("link", "tag")}


def full():
    board = Board(NOW)
    board.measured = {LINK: (4.7, 4.5)}
    board.after(1.0, LINK, TAG, SHED, "vote:T_out")
    board.why("ack", LINK, LINK, TAG, SHED, occurrence=1)
    board.why("shelve", TAG, LINK, TAG, SHED)
    board.why("out", "vote:T_out", LINK, TAG, SHED)
    return board


def again(board):
    return json.loads(json.dumps(on_record(board.lists)))


def test_everything_comes_back():
    board = full()
    back = from_record(again(board))
    assert back == replace(board.lists, waiting={})


def test_a_calm_plant_has_nothing_on_record():
    board = Board()
    board.after()
    assert on_record(board.lists) == {}
    assert from_record({}) == board.lists


@pytest.mark.parametrize(
    "raw",
    [
        {"entries": [{}]}, {"entries": [1]}, {"entries": 3}, {"next": None}, {"recent": [[1]]}, {"recent": ["ab"]},
        {"entries": [{"code": "a", "subject": "b", "state": "odd", "status": "clear"}]},
    ],
)  # fmt: skip
def test_nonsense_is_an_error_and_for_a_start_an_empty_list(raw):
    with pytest.raises(ValueError, match=r"alarm|could not convert|unpack"):
        from_record(raw)
    assert restarted(Board().plant, raw).entries == {}


def test_a_restart_keeps_what_people_did_and_what_was_numbered():
    board = full()
    before = board.lists
    board.lists = restarted(board.plant, again(board))
    assert {key: each.state for key, each in board.lists.entries.items()} == {
        key: each.state for key, each in before.entries.items()
    }
    assert board.entry(LINK).acked == before.entries["link", "dcs"].acked
    assert board.after(1.0, LINK, TAG, SHED) == []
    assert board.lists.next == before.next


def test_what_has_not_been_seen_again_does_not_count_as_gone_at_once():
    """In the first cycles of a process no link is up: an acknowledged alarm must not call again for that."""
    board = full()
    board.lists = restarted(board.plant, again(board))
    board.now_s = 3.0  # another machine start
    assert board.after(30.0) == []
    assert board.after(20.0, LINK) == []
    assert board.state(LINK) == "acked"
    assert board.after(1.0) == [f"cleared {LINK}"]  # seen again and gone: as ever
    assert f"cleared {SHED}" in board.after(60.0)


def test_a_shelf_that_ran_out_while_control_was_down_ends_in_the_first_cycle():
    board = full()
    board.lists = restarted(board.plant, again(board))
    assert f"unshelved {TAG}" in board.after(3_700.0, LINK, TAG)


def test_an_alarm_that_the_plant_file_has_no_more_is_gone():
    board = full()
    connections = {name: each for name, each in board.plant.connections.items() if name != "dcs"}
    found = restarted(replace(board.plant, connections=connections), again(board))
    assert ("link", "dcs") not in found.entries
    assert ("tag", "T_out") in found.entries


# ------------------------------------------------------------------------------------------- through the cycle's record


def raised(step):
    return [each.id for each in step.record.alarm_steps if each.step == "raised"]


def listed(walk):
    return {each.id: each for each in viewed(walk.rules.plant, walk.steps[-1].record).alarms}


def cut(walk):
    walk.links["gas"] = "no answer"
    return walk.run(3)


def test_a_cut_link_is_one_alarm_with_what_to_do():
    walk = Walk()
    walk.run(3)
    cut(walk)
    assert [id_ for step in walk.steps for id_ in raised(step)] == ["link:gas"]
    (alarm,) = listed(walk).values()
    assert (alarm.state, alarm.priority, alarm.text) == ("unack", "medium", "no link to gas: no answer")
    assert alarm.response.startswith("look whether gas runs")
    assert alarm.time_to_respond_s == 600.0
    assert alarm.consequence


def test_acknowledged_through_the_cycle_and_stored_bit_for_bit():
    walk = Walk()
    cut(walk)
    occurrence = listed(walk)["link:gas"].occurrence
    ask = walk.request("alarm_ack", alarm="link:gas", occurrence=occurrence)
    step = walk.cycle(ask)
    assert step.answer(ask.id).accepted
    assert listed(walk)["link:gas"].acked.by == "anna"
    assert unpack(pack(step.record)).record == step.record
    assert walk.cycle(walk.request("alarm_out", alarm="link:gas")).decision.answers[0].why == "role"


def test_a_restart_of_control_keeps_the_shelf():
    walk = Walk()
    cut(walk)
    walk.cycle(walk.request("alarm_shelve", alarm="link:gas", lasts_s=3_600.0, why="cable is changed"))
    again = Walk(walk.rules, instance=9)
    again.memory = first_memory(walk.rules.plant, 9, unpack(pack(walk.steps[-1].record)).record)
    again.links["gas"] = "no answer"
    again.now_s = walk.now_s
    again.run(3)
    alarm = listed(again)["link:gas"]
    assert (alarm.state, alarm.shelf.mark.by, alarm.shelf.mark.why) == ("shelved", "anna", "cable is changed")
    again.run(int(3_600.0 / CYCLE_S))
    assert "link:gas" in [id_ for step in again.steps for id_ in raised(step)]
    assert listed(again)["link:gas"].state == "unack"


def test_a_trip_that_no_shed_speaks_of_is_critical():
    """After a restart nobody remembers the shed; what is locked must still call."""
    walk = Walk()
    record = replace(walk.cycle().record, trip_causes=("interlock",))
    record = replace(record, mode=replace(record.mode, actual=Mode.TRIPPED))
    again = Walk(walk.rules)
    again.memory = first_memory(walk.rules.plant, 7, record)
    assert "trip:controller" in raised(again.cycle())
    alarm = listed(again)["trip:controller"]
    assert (alarm.priority, alarm.text) == ("critical", "tripped: interlock")


def test_a_tripped_interlock_shows_value_and_limit():
    walk = Walk()
    walk.run(2)
    walk.sensors["fan_vib"] = 12.0
    walk.run(4)
    alarm = listed(walk)["interlock:Fan vibration"]
    assert (alarm.value, alarm.limit) == (12.0, 11.0)
