from __future__ import annotations

import math

import pytest

from safety.signals import CvStatus, Instant, MvStatus, Quality, Reading, Snapshot
from supervisor.alarms import PRIORITIES, changes, standing


def found(**changed):
    calm = {
        "links": {"dcs": "connected"},
        "snapshot": Snapshot(1, Instant(0.0, 0.0), {"T": Reading(1.0, Quality.GOOD, None, 0.0)}),
        "tags": ["T", "not_there"],
        "cvs": {"T": CvStatus.ON},
        "mvs": {"m": MvStatus.ON},
        "held": (),
        "interlocks": {},
        "thinker_why": "",
        "record_why": "",
        "shed_why": "",
    }
    return standing(**{**calm, **changed})


def tag(why, quality=Quality.BAD):
    return Snapshot(1, Instant(0.0, 0.0), {"T": Reading(math.nan, quality, None, 0.0, why)})


def test_a_calm_plant_has_none():
    assert found() == {}


@pytest.mark.parametrize(
    ("changed", "key", "word"),
    [
        ({"links": {"dcs": "timeout"}}, ("link", "dcs"), "timeout"),
        ({"snapshot": tag("stale")}, ("tag", "T"), "stale"),
        ({"snapshot": tag("rate", Quality.ESTIMATED)}, ("tag", "T"), "rate"),
        ({"cvs": {"T": CvStatus.DROP}}, ("cv_dropped", "T"), "DROP"),
        ({"cvs": {"T": CvStatus.CRIT}}, ("cv_dropped", "T"), "CRIT"),
        ({"mvs": {"m": MvStatus.SERV}}, ("mv_service", "m"), "out of service"),
        ({"held": ["m"]}, ("mv_held", "m"), "held back"),
        ({"interlocks": {"Hot": "medium"}}, ("interlock", "Hot"), "tripped"),
        ({"bypassed": {"Hot": "bypassed by ann until 14:30: test"}}, ("bypass", "Hot"), "by ann until 14:30: test"),
        ({"watched": {"Load": 2.5, "Other": -1.0}}, ("watched", "Load"), "broken by 2.5"),
        ({"proofs_due": {"Hot": "2027-03-01"}}, ("proof_due", "Hot"), "overdue since 2027-03-01"),
        ({"tariffs_ahead": {"grid": "2027-01-01"}}, ("tariff", "grid"), "not in force before 2027-01-01"),
        ({"outside_schedule": {"m": "199 is not in [150, 195]"}}, ("mv_outside_schedule", "m"), "not in [150, 195]"),
        ({"thinker_why": "deadline"}, ("thinker", "thinker"), "deadline"),
        ({"record_why": "full"}, ("record", "record"), "full"),
        ({"shed_why": "plc_remote"}, ("shed", "controller"), "plc_remote"),
    ],
)
def test_each_cause_has_its_alarm(changed, key, word):
    alarms = found(**changed)
    assert list(alarms) == [key]
    priority, text = alarms[key]
    assert priority == PRIORITIES[key[0]]
    assert word in text


@pytest.mark.parametrize("why", ["comm", "late", "comm: BadTimeout"])
def test_a_cut_link_is_one_alarm_and_not_one_a_tag(why):
    assert found(snapshot=tag(why)) == {}


@pytest.mark.parametrize("status", [CvStatus.PRED, CvStatus.ON])
def test_a_predicted_cv_is_no_alarm_yet(status):
    assert found(cvs={"T": status}) == {}


def test_a_new_text_of_a_standing_alarm_is_no_new_alarm():
    before, now = found(record_why="locked"), found(record_why="full")
    assert changes(before, now) == ()
    (went,) = changes(now, found())
    assert (went.code, went.state) == ("record", "cleared")


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_an_interlock_is_as_urgent_as_the_plant_file_says(level):
    assert found(interlocks={"Hot": level})["interlock", "Hot"] == (level, "interlock 'Hot' is tripped")


def test_an_interlock_may_be_no_alarm():
    assert found(interlocks={"Hot": "none"}) == {}
