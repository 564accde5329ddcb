"""``setwise bypass``: what is asked for, what is not even asked, and how a bypass is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.cli.exits import Exit
from supervisor.cli.status import status_json, status_lines
from supervisor.cli.why import why_lines
from supervisor.record import Bypassed
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.tank import write_tank
from tests.supervisor.walk import UTC_S, Walk, demo_plant


@pytest.mark.parametrize(
    ("lasting", "seconds"), [("2h", 7200.0), ("45 min", 2700.0), ("90", 90.0), ("0.5 d", 43200.0), ("1500 ms", 1.5)]
)
def test_a_bypass_is_asked_for_in_a_persons_name(site, asked, lasting, seconds):
    seen = asked()
    done = call("bypass", "Fan vibration", "--for", lasting, "--why", "new sensor", "-c", site.plant_path)
    assert (done.exit_code, done.stdout) == (0, "accepted\n")
    (request,) = seen
    assert (request.action, request.interlock, request.value) == ("bypass", "Fan vibration", seconds)
    assert (request.why, request.role) == ("new sensor", "engineer")
    assert request.who
    assert request.expires_utc_s == request.asked_utc_s + 60.0


def test_the_end_of_a_bypass_needs_no_reason(site, asked):
    seen = asked()
    assert call("bypass", "Fan vibration", "--end", "-c", site.plant_path).exit_code == 0
    assert call("bypass", "Fan vibration", "--end", "--why", "done", "-c", site.plant_path).exit_code == 0
    assert [(each.action, each.interlock, each.value, each.why) for each in seen] == [
        ("restore", "Fan vibration", None, ""),
        ("restore", "Fan vibration", None, "done"),
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("Hot",), "--for 2h"),
        (("Hot", "--why", "x"), "--for 2h"),
        (("Hot", "--for", "2h"), "--why"),
        (("Hot", "--for", "2h", "--why", "  "), "--why"),
        (("Hot", "--for", "long", "--why", "x"), "is no time"),
        (("Hot", "--for", "2 kg", "--why", "x"), "is no time"),
        (("Hot", "--for", "nan", "--why", "x"), "is no time"),
        (("Hot", "--for", "inf", "--why", "x"), "is no time"),
        (("Hot", "--for", "0", "--why", "x"), "is no time"),
        (("Hot", "--for=-2h", "--why", "x"), "is no time"),
        (("Hot", "--for", "1e305 d", "--why", "x"), "is no time"),
        (("Hot", "--for", "2h", "--end"), "without --for"),
        ((), "Missing argument"),
    ],
)
def test_what_is_no_bypass_asks_for_nothing(site, asked, words, hint):
    seen = asked()
    done = call("bypass", *words, "-c", site.plant_path)
    assert (done.exit_code, seen) == (Exit.USAGE, [])
    assert hint in done.stderr


def test_a_refused_bypass_says_why_and_exits_4(site, asked):
    asked("too_long")
    done = call("bypass", "Hot", "--for", "9 h", "--why", "x", "-c", site.plant_path, "--json")
    assert (done.exit_code, one_object(done)["why"]) == (Exit.REFUSED, "too_long")


def test_nobody_to_ask(tmp_path):
    done = call("bypass", "Hot", "--for", "9 h", "--why", "x", "-c", write_tank(tmp_path))
    assert done.exit_code == Exit.UNREACHABLE


@pytest.fixture(scope="module")
def record():
    step = Walk().cycle()
    until = step.record.utc_s + 3600.0
    assert step.record.utc_s >= UTC_S
    return replace(step.record, bypassed={"Fan vibration": Bypassed(owner="ann", reason="sensor", until_utc_s=until)})


def test_status_shows_who_bypassed_what_until_when(record):
    lines = [line for line in status_lines(demo_plant(), record) if "bypassed" in line]
    (line,) = lines
    assert line.startswith("  interlock 'Fan vibration' is bypassed by ann until 20:5")
    assert line.endswith(": sensor")
    found = status_json(record, running=True)["bypassed"]
    assert found == {"Fan vibration": {"owner": "ann", "reason": "sensor", "until_utc_s": record.utc_s + 3600.0}}


def test_why_names_it_too(record):
    assert any(
        line.startswith("Interlock 'Fan vibration' is bypassed by ann") for line in why_lines(demo_plant(), record)
    )
    assert not any("bypass" in line for line in why_lines(demo_plant(), replace(record, bypassed={})))
