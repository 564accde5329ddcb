"""Causes, delays, covers and bursts, as the list follows them."""

from __future__ import annotations

import pytest

from constraints.alarms import AlarmRule
from safety.expressions import parse
from tests.supervisor.alarms.following import Board

LINK, TAG, SHED = "link:dcs", "tag:T_out", "shed:controller"
NOW = {key: AlarmRule(on_delay_s=0.0, off_delay_s=0.0) for key in ("link", "tag", "vote", "watched")}


def test_an_alarm_waits_for_its_delay_and_goes_after_it():
    board = Board()
    assert board.after(1.0, LINK) == []
    assert board.after(14.0, LINK) == []
    assert board.after(1.0, LINK) == [f"raised {LINK}"]
    assert board.state(LINK) == "unack"
    assert board.after(1.0) == []
    assert board.after(14.0) == []
    assert board.after(1.0) == [f"cleared {LINK}"]
    assert board.state(LINK) == "rtn_unack"


def test_a_cause_that_comes_and_goes_inside_its_delay_is_no_alarm():
    board = Board()
    for _ in range(20):
        assert board.after(10.0, LINK) == []
        assert board.after(10.0) == []
    assert board.lists.entries == {}


def test_what_trips_or_sheds_does_not_wait():
    board = Board()
    assert board.after(1.0, SHED, "interlock:Fan vibration") == ["raised interlock:Fan vibration", f"raised {SHED}"]


def test_a_temperature_waits_longer_than_a_flow():
    delays = Board().plant.tag_delay_s
    assert (delays["T_out"], delays["feed"]) == (60.0, 15.0)


def test_the_plant_file_says_other_delays_by_code_subject_and_id():
    rules = {
        "link": AlarmRule(on_delay_s=5.0, off_delay_s=5.0),
        "dcs": AlarmRule(on_delay_s=3.0),
        LINK: AlarmRule(priority="critical"),
    }
    board = Board(rules)
    board.after(1.0, LINK)
    assert board.after(3.0, LINK) == [f"raised {LINK}"]  # the subject counts more than the code
    assert board.journal[0].priority == "critical"
    board.after(1.0)
    assert board.after(5.0) == [f"cleared {LINK}"]


def test_a_clock_that_goes_back_starts_the_delay_anew():
    board = Board()
    board.after(1.0, LINK)
    board.after(-50.0, LINK)
    assert board.after(14.0, LINK) == []
    assert board.after(1.0, LINK) == [f"raised {LINK}"]


def test_every_occurrence_has_a_number_of_its_own():
    board = Board(NOW)
    board.after(1.0, LINK)
    board.after(1.0, LINK, TAG)
    assert (board.occurrence(LINK), board.occurrence(TAG)) == (1, 2)
    board.after(1.0, TAG)
    assert board.after(1.0, LINK, TAG) == [f"raised {LINK}"]
    assert (board.occurrence(LINK), board.state(LINK)) == (3, "unack")


def test_an_acknowledged_alarm_that_goes_is_normal_and_not_in_the_list():
    board = Board(NOW)
    board.after(1.0, LINK)
    assert board.why("ack", LINK, LINK, occurrence=1) == ""
    assert board.state(LINK) == "acked"
    board.after(1.0)
    assert board.lists.entries == {}
    assert board.lists.next == 2


def test_a_tripped_interlock_stays_until_it_is_reset():
    board, hot = Board(), "interlock:Fan vibration"
    board.after(1.0, hot)
    board.latched = {hot}
    assert board.after(1.0, hot) == [f"latched {hot}"]
    assert board.state(hot) == "latched_unack"
    assert board.why("ack", hot, hot, occurrence=1) == ""
    assert board.state(hot) == "latched_acked"
    board.latched = set()
    assert board.after(1.0, hot) == [f"raised {hot}"]  # the cause is back: a new occurrence
    board.latched = {hot}
    board.after(1.0, hot)
    assert board.after(1.0) == [f"cleared {hot}"]
    assert board.state(hot) == "rtn_unack"


def test_a_latch_from_before_the_first_cycle_is_an_alarm_that_is_latched():
    board, hot = Board(), "interlock:Fan vibration"
    board.latched = {hot}
    assert board.after(1.0, hot) == [f"raised {hot}"]
    assert board.state(hot) == "latched_unack"


def test_text_value_and_limit_are_those_of_the_moment_it_came():
    board = Board(NOW)
    board.measured = {LINK: (4.7, 4.5)}
    board.after(1.0, LINK)
    board.measured = {LINK: (9.0, 4.5)}
    board.after(1.0, LINK)
    entry = board.entry(LINK)
    assert (entry.text, entry.value, entry.limit) == (f"{LINK} it is", 4.7, 4.5)


# ------------------------------------------------------------------------------------------------- suppressed, deadband

FAN_OFF = AlarmRule(suppress_when=parse("P_fan < 5"))


@pytest.mark.parametrize("key", [TAG, "T_out"])
def test_suppressed_by_design_while_the_condition_is_met_and_both_on_record(key):
    board = Board({**NOW, key: FAN_OFF})
    board.after(1.0, TAG)
    board.sensors["P_fan"] = 2.0
    assert board.after(1.0, TAG) == [f"suppressed {TAG}"]
    assert board.state(TAG) == "suppressed"
    board.sensors["P_fan"] = 80.0
    assert board.after(1.0, TAG) == [f"unsuppressed {TAG}", f"raised {TAG}"]
    assert board.occurrence(TAG) == 2


def test_a_suppressed_alarm_is_listed_though_nothing_is_wrong():
    board = Board({TAG: FAN_OFF})
    board.sensors["P_fan"] = 2.0
    board.after()
    assert board.state(TAG) == "suppressed"


def test_what_protects_is_never_suppressed_whatever_the_file_says_of_its_subject():
    """The name of an interlock is also the subject of its bypass, whose alarm may be suppressed."""
    board, hot, bypass = Board({"Fan vibration": FAN_OFF}), "interlock:Fan vibration", "bypass:Fan vibration"
    board.sensors["P_fan"] = 2.0
    board.after(1.0, hot, bypass)
    assert (board.state(hot), board.state(bypass)) == ("unack", "suppressed")


def test_what_is_not_known_suppresses_nothing():
    board = Board({TAG: FAN_OFF, "tag": AlarmRule(on_delay_s=0.0)})
    board.sensors = {}
    assert board.after(1.0, TAG) == [f"raised {TAG}"]


def test_a_deadband_holds_a_watched_constraint_until_it_is_kept_by_that_much():
    plant_rows = Board().plant.rows
    name = f"watched:{plant_rows[0].name}"
    board = Board({**NOW, name: AlarmRule(deadband=2.0)})
    steps = []
    for beyond in (0.5, -0.5, 0.5, -1.5, 0.1, -1.9, -2.0):
        board.measured = {name: (beyond, 0.0)}
        steps += board.after(1.0, *([name] if beyond > 0.0 else []))
    assert steps == [f"raised {name}", f"cleared {name}"]


# ------------------------------------------------------------------------------------------------------------- bursts


def test_the_first_of_a_burst_is_marked_once_another_follows():
    board = Board(NOW)
    board.after(1.0, LINK)
    assert not board.entry(LINK).first_out
    board.after(30.0, LINK, TAG)
    assert board.entry(LINK).first_out
    assert not board.entry(TAG).first_out


def test_of_alarms_of_one_cycle_the_cause_is_first_and_not_the_consequence():
    board = Board(NOW)
    board.after(1.0, SHED, TAG, LINK)
    assert [each.id for each in board.journal] == [LINK, TAG, SHED]
    assert [each.id for each in board.lists.entries.values() if each.first_out] == [LINK]


def test_what_began_first_is_first_though_it_waited_longer():
    board = Board({"link": AlarmRule(on_delay_s=10.0), "tag": AlarmRule(on_delay_s=5.0)})
    board.after(1.0, LINK)
    board.after(5.0, LINK, TAG)
    board.after(5.0, LINK, TAG)
    assert [each.id for each in board.journal] == [LINK, TAG]


def test_an_alarm_after_a_quiet_minute_begins_another_burst():
    board = Board(NOW)
    board.after(1.0, LINK)
    board.after(61.0, LINK, TAG)
    assert not any(each.first_out for each in board.lists.entries.values())


def test_one_alarm_again_and_again_is_no_burst():
    board = Board(NOW)
    for _ in range(3):
        board.after(1.0, LINK)
        board.after(1.0)
    assert not board.entry(LINK).first_out


@pytest.mark.parametrize("amplitude", [0.4, 0.49])
def test_noise_inside_the_deadband_is_one_alarm(amplitude):
    name = f"watched:{Board().plant.rows[0].name}"
    board = Board({**NOW, name: AlarmRule(deadband=1.0)})
    for cycle in range(50):
        beyond = amplitude if cycle % 2 else -amplitude
        board.measured = {name: (beyond, 0.0)}
        board.after(1.0, *([name] if beyond > 0.0 else []))
    assert [each.step for each in board.journal] == ["raised"]
