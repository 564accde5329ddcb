"""``setwise lab`` and ``setwise target``: what is asked for, what is not even asked, and how it is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from supervisor.cli.exits import Exit
from supervisor.cli.status import status_json, status_lines
from supervisor.cli.why import why_lines
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.tank import write_tank
from tests.supervisor.walk import Walk, demo_plant

LAST = "2026-11-24"
"""Day of the site's record, which ends at 20:00 plant time or so."""


def utc_s(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


@pytest.mark.parametrize(
    ("sampled", "means"),
    [
        (f"{LAST} 08:00", f"{LAST} 08:00"),
        (f"{LAST}T08:00:30", f"{LAST} 08:00:30"),
        ("2026-11-24T07:00:00Z", f"{LAST} 08:00"),
        ("19:15", f"{LAST} 19:15"),
        ("19:15:20", f"{LAST} 19:15:20"),
        ("23:30", "2026-11-23 23:30"),  # not in the evening that is still to come
    ],
)
def test_a_laboratory_value_is_given_with_its_sampling_time(site, asked, sampled, means):
    seen = asked()
    done = call("lab", "moist", "3.62", "--sampled", sampled, "--reason", "shift", "-c", site.plant_path)
    shown = means if means.count(":") > 1 else f"{means}:00"
    assert (done.exit_code, done.stdout) == (0, f"accepted: moist 3.62 percent, sampled {shown} CET\n")
    (request,) = seen
    assert (request.action, request.variable, request.value, request.why) == ("lab", "moist", 3.62, "shift")
    assert request.sampled_utc_s == utc_s(means)
    assert request.who


def test_a_target_is_set_for_a_time_and_ended(site, asked):
    seen = asked()
    done = call("target", "moist", "3.6", "--for", "2h", "--why", "trial", "-c", site.plant_path)
    assert (done.exit_code, done.stdout) == (0, "accepted: moist 3.6 percent for 2h\n")
    assert call("target", "T_in_sp", "188", "--for", "90", "-c", site.plant_path).exit_code == 0
    assert call("target", "moist", "--end", "-c", site.plant_path).exit_code == 0
    assert [(each.action, each.variable, each.value, each.lasts_s, each.why) for each in seen] == [
        ("target", "moist", 3.6, 7_200.0, "trial"),
        ("target", "T_in_sp", 188.0, 90.0, ""),
        ("target_end", "moist", None, None, ""),
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("lab", "moistt", "3.6", "--sampled", "08:00"), "is no CV: T_out, moist"),
        (("lab", "T_in_sp", "3.6", "--sampled", "08:00"), "is no CV"),
        (("lab", "moist", "3.6"), "--sampled 08:00"),
        (("lab", "moist", "3.6", "--sampled", "soon"), "is no time"),
        (("lab", "moist", "3.6", "--sampled", "2026-11-24"), "is no time"),
        (("lab", "moist", "3.6", "--sampled", "25:00"), "is no time"),
        (("lab", "moist", "nan", "--sampled", "08:00"), "is no value"),
        (("lab", "moist", "much", "--sampled", "08:00"), "as a number"),
        (("target", "hum_amb", "3.6", "--for", "2h"), "is no CV or MV"),
        (("target", "moist", "3.6"), "--for 2h"),
        (("target", "moist"), "--for 2h"),
        (("target", "moist", "inf", "--for", "2h"), "is no value"),
        (("target", "moist", "3.6", "--for", "long"), "is no time"),
        (("target", "moist", "3.6", "--for", "2 kg"), "is no time"),
        (("target", "moist", "3.6", "--for", "0"), "is no time"),
        (("target", "moist", "3.6", "--for", "nan"), "is no time"),
        (("target", "moist", "3.6", "--end"), "without a value"),
        (("target", "moist", "--end", "--for", "2h"), "without --for"),
    ],
)
def test_what_says_nothing_asks_for_nothing(site, asked, words, hint):
    seen = asked()
    done = call(*words, "-c", site.plant_path)
    assert (done.exit_code, seen) == (Exit.USAGE, [])
    assert hint in " ".join(done.stderr.replace("│", " ").split())


def test_a_refusal_is_told_by_name_and_in_words(site, asked):
    asked("too_far")
    done = call("lab", "moist", "3.62", "--sampled", "19:15", "-c", site.plant_path)
    assert done.exit_code == Exit.REFUSED
    assert done.stdout == "refused: too_far: farther from the estimate of its sampling time than max_difference\n"


def test_a_refusal_as_data(site, asked):
    asked("outside_engineering")
    done = call("target", "moist", "9", "--for", "2h", "-c", site.plant_path, "--json")
    assert (done.exit_code, one_object(done)["why"]) == (Exit.REFUSED, "outside_engineering")


def test_nobody_to_ask(tmp_path):
    plant = write_tank(tmp_path)
    assert call("lab", "level", "50", "--sampled", "08:00", "-c", plant).exit_code == Exit.UNREACHABLE
    assert call("target", "level", "50", "--for", "1h", "-c", plant).exit_code == Exit.UNREACHABLE


@pytest.fixture(scope="module")
def record():
    step = Walk().cycle()
    now = step.record.utc_s
    return replace(step.record, supplied={
        "lab": [{"cv": "moist", "value": 3.6, "sampled_utc_s": now - 3_600.0, "source": "ann\x1b", "why": "shift",
                 "code": "accepted", "cycle": 4},
                {"cv": "moist", "value": 9.0, "sampled_utc_s": 1e300, "source": "tag lims", "why": "",
                 "code": "outside_limits", "cycle": 5}],
        "external": {
            "moist": {"state": "in_force", "source": "ann", "why": "trial", "value": 3.4, "active": 3.5,
                      "issued_utc_s": now, "until_utc_s": now + 600.0},
            "T_in_sp": {"state": "stale", "source": "tag opt", "why": "", "value": 188.0, "active": None,
                        "issued_utc_s": now - 9_000.0, "until_utc_s": now - 1.0},
            "fan_sp": {"state": "tag_bad:opt", "source": "tag opt", "why": "", "value": None, "active": None,
                       "issued_utc_s": None, "until_utc_s": None}},
        "forecast": {"hum_amb": "not_a_number:line 7", "feed_moist": "in_use"},
    })  # fmt: skip


def test_status_and_why_show_what_others_supply(record):
    said = [
        "Laboratory: moist 3.6 percent, sampled 18:56, from ann, shift, was accepted (cycle 4).",
        "Laboratory: moist 9.0 percent, sampled 1e+300, from tag lims, was refused: outside the limits of laboratory "
        "values: a slip of the pen? (cycle 5).",
        "External target of moist 3.4 percent from ann (trial), until 20:06, now at 3.5.",
        "The external target of T_in_sp 188 degC from tag opt is ignored: older than max_age.",
        "The external target of fan_sp from tag opt is ignored: a tag is not good (opt).",
        "The forecast of hum_amb is not used, hum_amb is held: not a number (line 7).",
        "The forecast of feed_moist is in use.",
    ]
    assert [line.strip() for line in status_lines(demo_plant(), record) if line.strip() in said] == said
    assert [line for line in why_lines(demo_plant(), record) if line in said] == said
    assert status_json(record, running=True)["supplied"] == record.supplied
