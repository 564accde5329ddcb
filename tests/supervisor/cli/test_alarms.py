"""``setwise alarms``: what is shown, what is asked for, and what is not even asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.alarms.journal import Line
from supervisor.alarms.listing import viewed
from supervisor.alarms.rates import rates
from supervisor.cli.alarms_words import alarm_lines, counts_line, journal_line, rates_lines
from supervisor.cli.exits import Exit
from supervisor.record import AlarmStep
from supervisor.sentences import span_words
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.walk import UTC_S, Walk

PLANT = Walk().rules.plant


def shown(step, now_s=0.0):
    view = viewed(PLANT, step.record)
    return [line for alarm in view.alarms for line in alarm_lines(alarm, view.utc_s + now_s, PLANT)]


def test_the_list_of_a_record_with_what_to_do(site):
    done = call("alarms", "-c", site.plant_path)
    assert done.exit_code == Exit.UNREACHABLE  # control does not run, and that is said
    assert "alarms 1, of them unacknowledged 1 · shelved 0" in done.stdout
    assert "▲2 UNACK active" in done.stdout
    assert "shed:controller no. 1" in done.stdout
    assert "do: take the loops over" in done.stdout
    assert "within 5 min, else: the PLC runs the loops" in done.stdout
    assert "control does not run" in done.stdout


def test_status_counts_them(site):
    assert "alarms 1, of them unacknowledged 1" in call("status", "-c", site.plant_path).stdout


def test_as_json_with_everything_that_a_page_needs(site):
    found = one_object(call("alarms", "--json", "-c", site.plant_path))
    assert (found["running"], found["flood"]) == (False, False)
    (alarm,) = found["alarms"]
    assert alarm["id"] == "shed:controller"
    assert alarm.keys() >= {
        "code", "subject", "priority", "state", "since_utc_s", "occurrence", "text", "value", "limit", "response",
        "time_to_respond_s", "consequence", "acked", "shelf", "out", "first_out", "chattering", "stale", "count",
    }  # fmt: skip
    assert one_object(call("alarms", "--shelved", "--json", "-c", site.plant_path))["alarms"] == []
    assert len(one_object(call("alarms", "--unack", "--json", "-c", site.plant_path))["alarms"]) == 1


def test_journal_and_rates_of_the_record(site):
    journal = call("alarms", "--journal", "-c", site.plant_path)
    assert journal.exit_code == 0
    assert "▲2 shed:controller no. 1 came shed: " in journal.stdout
    rates_ = call("alarms", "--rates", "--since", "8 h", "-c", site.plant_path)
    assert (rates_.exit_code, rates_.stdout.startswith("1 alarms from 2026-11-24")) == (0, True)
    found = one_object(call("alarms", "--rates", "--json", "-c", site.plant_path))
    assert (found["count"], found["mix"]["high"]) == (1, 1.0)


def test_an_acknowledgement_names_the_occurrence_on_record(site, asked):
    seen = asked()
    assert call("alarms", "ack", "shed:controller", "-c", site.plant_path).stdout == "accepted\n"
    assert call("alarms", "ack", "link:dcs", "--occurrence", "7", "-c", site.plant_path).stdout == "accepted\n"
    assert [(each.action, each.alarm, each.occurrence) for each in seen] == [
        ("alarm_ack", "shed:controller", 1),
        ("alarm_ack", "link:dcs", 7),
    ]
    nothing = call("alarms", "ack", "link:dcs", "-c", site.plant_path)
    assert (nothing.exit_code, "nothing to acknowledge" in nothing.stderr) == (Exit.REFUSED, True)


def test_shelved_out_and_back(site, asked):
    seen = asked()
    for words in (
        ("shelve", "tag:T_out", "--for", "1h", "--reason", "clean"),
        ("shelve", "tag:T_out", "--for", "shift", "--why", "clean"),
        ("unshelve", "tag:T_out"),
        ("out", "link:dcs", "--reason", "permit 88"),
        ("in", "link:dcs"),
    ):
        assert call("alarms", *words, "-c", site.plant_path).exit_code == 0
    assert [(each.action, each.alarm, each.lasts_s, each.why) for each in seen] == [
        ("alarm_shelve", "tag:T_out", 3_600.0, "clean"),
        ("alarm_shelve", "tag:T_out", 28_800.0, "clean"),
        ("alarm_unshelve", "tag:T_out", None, ""),
        ("alarm_out", "link:dcs", None, "permit 88"),
        ("alarm_in", "link:dcs", None, ""),
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--unack", "--rates"), "choose one of"),
        (("--rates", "--since", "soon"), "--since soon"),
        (("ack", "shed:contrller"), "did you mean 'shed:controller'?"),
        (("ack", "nonsense"), "there is no alarm 'nonsense'"),
        (("shelve", "tag:T_out", "--reason", "x"), "--for 1h"),
        (("shelve", "tag:T_out", "--for", "1h"), "say why"),
        (("shelve", "tag:T_out", "--for", "long", "--reason", "x"), "--for long"),
        (("shelve", "tag:T_out", "--for", "-1h", "--reason", "x"), "no span of time"),
        (("out", "link:dcs"), "say why"),
        (("--unack", "ack", "link:dcs"), "write options after the command"),
    ],
)
def test_what_is_not_even_asked(site, asked, words, hint):
    seen = asked()
    at = () if words[0] == "--unack" else ("-c", site.plant_path)
    done = call("alarms", *words, *at)
    assert done.exit_code == Exit.USAGE
    assert hint in done.stderr
    assert seen == []


def test_a_refusal_is_said_by_code_and_in_words(site, asked):
    asked("safety_class")
    done = call("alarms", "shelve", "shed:controller", "--for", "1h", "--reason", "x", "-c", site.plant_path)
    assert (done.exit_code, done.stdout) == (
        Exit.REFUSED,
        "refused: safety_class, an alarm that protects is never put aside; an interlock may have a bypass\n",
    )


# --------------------------------------------------------------------------------------------------------- the words


def test_every_mark_is_in_the_list():
    walk = Walk()
    walk.links["gas"] = "no answer"
    walk.run(2)
    walk.cycle(walk.request("alarm_out", alarm="link:gas", role="engineer", who="jo\x1b[2J", why="new\nmeter"))
    lines = shown(walk.steps[-1])
    assert "out of service" in lines[0]
    assert lines[1] == "     no link to gas: no answer"
    assert lines[-1].startswith("     out of service by jo [2J since 2026-11-24 ")
    assert lines[-1].endswith(": new meter")
    assert "out of service 1" in counts_line(viewed(PLANT, walk.steps[-1].record), PLANT)


def test_shelved_acknowledged_value_and_limit():
    walk = Walk()
    walk.sensors["fan_vib"] = 12.0
    walk.links["gas"] = "no answer"
    walk.run(4)
    walk.cycle(walk.request("alarm_shelve", alarm="link:gas", lasts_s=3_600.0, why="cable"))
    number = next(each.occurrence for each in viewed(PLANT, walk.steps[-1].record).alarms if each.code == "interlock")
    walk.cycle(walk.request("alarm_ack", alarm="interlock:Fan vibration", occurrence=number))
    text = "\n".join(shown(walk.steps[-1]))
    assert "ack active" in text
    assert "interlock 'Fan vibration' is tripped (12, limit 11)" in text
    assert "acknowledged by anna 2026-11-24" in text
    assert "shelved by anna until 2026-11-24" in text
    assert text.endswith(": cable")


def test_a_stale_and_a_chattering_one_and_a_flood_are_said():
    walk = Walk()
    walk.links["gas"] = "no answer"
    walk.run(3)
    (alarm,) = viewed(PLANT, walk.steps[-1].record).alarms
    later = replace(walk.steps[-1].record, utc_s=walk.steps[-1].record.utc_s + 86_401.0)
    assert viewed(PLANT, later).alarms[0].stale
    marked = replace(alarm, chattering=True, stale=True, first_out=True, count=4)
    assert "FIRST-OUT, chattering, stale, 4 times in 10 min" in next(alarm_lines(marked, UTC_S, PLANT))
    view = replace(viewed(PLANT, walk.steps[-1].record), flood=True)
    assert counts_line(view, PLANT).startswith("FLOOD: more than 10 in 10 min")


def test_a_line_of_the_journal_and_of_the_rates():
    step = AlarmStep(
        id="tag:T_out", step="shelved", state="shelved", occurrence=3, priority="low", text="T_out is bad", by="jo",
        why="clean", until_utc_s=UTC_S + 3_600.0,
    )  # fmt: skip
    line = journal_line(Line(UTC_S, 1, step), PLANT)
    assert line.endswith("●4 tag:T_out no. 3 shelved until 2026-11-24 20:40:00 by jo: clean")
    lines = list(rates_lines(rates([], UTC_S, UTC_S + 3_600.0), PLANT))
    assert "only 1 h on record" in lines[1]
    assert "ok  a day: 0 (at most 150)" in lines[2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (59.0, "59 s"), (300.0, "5 min"), (28_800.0, "8 h"), (172_800.0, "2 d"), (-5.0, "0 s")],
)
def test_spans(seconds, text):
    assert span_words(seconds) == text
