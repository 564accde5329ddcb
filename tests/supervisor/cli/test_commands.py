"""Commands as scripts see them: exit codes, one JSON object on stdout, complaints on stderr."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from constraints.plantfile import Diagnostic
from safety.signals import Mode
from supervisor.cli import requests
from supervisor.cli.about import About
from supervisor.cli.app import app
from supervisor.cli.exits import Exit
from supervisor.cli.findings import annotation
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.tank import setwise, write_tank
from tests.supervisor.walk import PLANT_FILE

COMMANDS = [
    "check", "explain", "run", "status", "mode", "limit", "reset", "bypass", "why", "doctor", "schema", "audit verify",
    "alarms", "alarms ack", "web", "mv", "advise", "user add", "user list", "token add",
    "demo", "bench", "plan", "sign", "apply", "keep", "rollback", "versions", "init", "fmt", "lab", "target",
    "tags import", "tags export", "tags browse", "tags scan",
]  # fmt: skip
HEAVY = {
    "numpy",
    "cvxpy",
    "osqp",
    "sqlmodel",
    "sqlalchemy",
    "asyncua",
    "pymodbus",
    "aiomqtt",
    "matplotlib",
    "openpyxl",
    "pint",
}


# ---------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does_with_an_example(command):
    done = call(*command.split(), "--help")
    assert done.exit_code == 0
    assert "Example: setwise" in done.stdout


def test_the_list_of_commands_is_the_one_tested_here():
    shown = call("--help").stdout
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    names |= {group.name for group in app.registered_groups}
    assert names == {command.split()[0] for command in COMMANDS}
    assert all(name in shown for name in names)


@pytest.mark.parametrize("command", ["", "check", "mode", "why", "audit verify", "demo"])
def test_help_answers_at_once(command):
    """Processor time of the best of three, on a slow machine too: a solver or a database more costs two seconds."""
    seconds = []
    for _ in range(3):
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "supervisor", *command.split(), "--help"],
            {**os.environ, "COLUMNS": "80"},
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
        )
        _, status, used = os.wait4(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        seconds.append(used.ru_utime + used.ru_stime)
        if seconds[-1] < 1.2:
            break
    assert min(seconds) < 1.2


def test_help_loads_nothing_heavy():
    code = f"import sys, supervisor.cli.app\nprint(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------------------------------------------- check


def test_check_of_a_good_file():
    done = call("check", PLANT_FILE)
    assert (done.exit_code, "ok - 14 tags, 3 MVs, 5 CVs" in done.stdout) == (0, True)
    assert one_object(call("check", PLANT_FILE, "--json")) == {"errors": 0, "warnings": 0, "findings": []}


def test_check_loads_no_more_than_it_needs():
    """Half a second of pint and as much of numpy and scipy are for plants with rare units and special models."""
    code = (
        "import sys\nfrom supervisor.cli.app import app\n"
        "try:\n    app(['check', sys.argv[1]])\nexcept SystemExit as end:\n    code = end.code\n"
        f"print(code, sorted({HEAVY | {'scipy', 'ruamel', 'pandas'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, PLANT_FILE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_check_marks_the_lines_of_a_change_on_github(tmp_path):
    plant = write_tank(tmp_path, **{"range: [0, 100]": "range: [100, 0]"})
    done = call("check", plant, "--format", "github")
    assert done.exit_code == Exit.FINDING
    first = done.stdout.splitlines()[0]
    facts = one_object(call("check", plant, "--json"))["findings"][0]
    place = f"line={facts['line']},col={facts['column']},endColumn={facts['column'] + facts['length']},title=E041"
    assert first == f"::error file={plant},{place}::{facts['message']} ({facts['hint']})"


def test_an_annotation_cannot_be_broken_out_of():
    found = Diagnostic(code="E012", severity="warning", message="50 %\nrm", path="a,b:c", line=1, column=2, length=3)
    assert annotation(found) == "::warning file=a%2Cb%3Ac,line=1,col=2,endColumn=5,title=E012::50 %25%0Arm"


def test_check_of_a_wrong_file_names_every_error_and_its_place(tmp_path):
    plant = write_tank(tmp_path, **{"cycle: 1 s": "cycle: never", "range: [0, 100]": "range: [100, 0]"})
    done = call("check", plant)
    assert done.exit_code == Exit.FINDING
    assert f"{plant}:6:" in done.stdout
    found = one_object(call("check", plant, "--json"))
    assert found["errors"] >= 3
    assert all({"line", "column", "message", "hint"} <= each.keys() for each in found["findings"])


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (
            "state_space: [{name: box, inputs: [flow_sp], cvs: [level], A: [[0.1]], B: [[1]], C: [[1]]}]",
            "box: not stable",
        ),
        ("functions: {own: {call: 'nowhere:steady', mvs: [flow_sp], cvs: [level]}}", "nowhere cannot be imported"),
        ("functions: {own: {call: 'math:hypot', mvs: [flow_sp], cvs: [level]}}", "function own (math:hypot)"),
    ],
)
def test_check_tries_the_models(tmp_path, model, says):
    done = call("check", write_tank(tmp_path, **{"models:\n": f"{model}\nmodels:\n"}))
    assert done.exit_code == Exit.FINDING
    assert says in done.stdout


def test_models_that_cannot_be_computed_with_have_a_place(tmp_path):
    block = "state_space: [{name: box, inputs: [flow_sp], cvs: [level], A: [[0.1]], B: [[1]], C: [[1]]}]"
    plant = write_tank(tmp_path, **{"models:\n": f"{block}\nmodels:\n"})
    (found,) = one_object(call("check", plant, "--json"))["findings"]
    line = plant.read_text().splitlines().index(block) + 1
    assert (found["code"], found["line"], found["column"]) == ("E078", line, 15)


def test_check_of_nothing(tmp_path):
    done = call("check", tmp_path / "no.yaml")
    assert (done.exit_code, "there is no plant file" in done.stderr) == (Exit.FINDING, True)
    assert call("check", tmp_path).exit_code == Exit.FINDING


def test_run_on_a_wrong_file_exits_1_like_check(tmp_path):
    done = setwise("run", "--no-web", write_tank(tmp_path, **{"cycle: 1 s": "cycle: never"}))
    assert (done.returncode, done.stdout) == (1, "")
    assert ":6:" in done.stderr
    assert "Traceback" not in done.stderr


def test_schema_is_json():
    assert "properties" in json.loads(call("schema").stdout)


# ---------------------------------------------------------------------------------------------------- status and why


def test_status_without_any_record(tmp_path):
    done = call("status", "-c", write_tank(tmp_path))
    assert done.exit_code == Exit.UNREACHABLE
    assert done.stdout == ""
    assert not (tmp_path / "setwise-data").exists()


def test_status_without_control_shows_the_last_record_and_says_so(site):
    done = call("status", "-c", site.plant_path)
    assert done.exit_code == Exit.UNREACHABLE
    assert "mode CLOSED_LOOP -> ADVISORY" in done.stdout
    assert "control does not run" in done.stdout
    found = one_object(call("status", "-c", site.plant_path, "--json"))
    assert (found["running"], found["mode"]["actual"]) == (False, "ADVISORY")
    assert found["readings"]["T_out"]["value"] == 84.0


@pytest.mark.parametrize("command", ["status", "why", "audit verify", "doctor", "run", "check"])
def test_a_plant_file_that_is_not_there_is_no_traceback(tmp_path, command):
    option = [] if command in ("run", "check") else ["-c"]
    done = setwise(*command.split(), *option, tmp_path / "no.yaml")
    assert done.returncode in {1, 2, 5}
    assert "Traceback" not in done.stderr
    assert "no.yaml" in done.stdout + done.stderr or "no record" in done.stderr


def test_why_of_the_last_a_numbered_and_a_timed_cycle(site):
    assert call("why", "-c", site.plant_path).exit_code == 0
    moved = call("why", "-c", site.plant_path, "--cycle", "12")
    assert "T_in_sp: 184" in moved.stdout
    assert "confirmed" in moved.stdout
    refused = one_object(call("why", "-c", site.plant_path, "--cycle", "13", "--json"))
    assert refused["cycle"] == 13
    assert "The gate refused T_in_sp: not a number." in refused["sentences"]
    shed = one_object(call("why", "-c", site.plant_path, "--json"))
    assert any("LOCAL" in sentence for sentence in shed["sentences"])
    for at in ("2026-11-24T20:00:05", "2026-11-24T19:00:05+00:00", "20:00:05"):
        timed = one_object(call("why", "-c", site.plant_path, "--at", at, "--json"))
        assert timed["cycle"] == 13


def test_why_also_says_what_more_room_would_earn(site):
    plain = one_object(call("why", "-c", site.plant_path, "--cycle", "12", "--json"))["sentences"]
    deep = one_object(call("why", "-c", site.plant_path, "--cycle", "12", "--what-if", "--json"))["sentences"]
    assert deep[: len(plain)] == plain
    assert all("more room" in sentence for sentence in deep[len(plain) :])
    assert len(deep) > len(plain)


def test_why_takes_the_latest_time_of_day(site):
    found = one_object(call("why", "-c", site.plant_path, "--json"))
    clock = call("why", "-c", site.plant_path).stdout.split(" at ")[1].split()[1][:5]
    assert one_object(call("why", "-c", site.plant_path, "--at", clock, "--json"))["cycle"] == found["cycle"]


@pytest.mark.parametrize("at", ["noon", "25:00", "08:61", "2026-13-01T08:00", "", "08:14:00:00"])
def test_why_at_no_time(site, at):
    done = call("why", "-c", site.plant_path, "--at", at)
    assert (done.exit_code, "is no time" in done.stderr) == (Exit.USAGE, True)


@pytest.mark.parametrize("option", [("--cycle", "999"), ("--at", "2026-11-01T08:00")])
def test_why_of_a_cycle_that_is_not_on_record(site, option):
    assert call("why", "-c", site.plant_path, *option).exit_code == Exit.UNREACHABLE


# ---------------------------------------------------------------------------------------------------- audit and doctor


def test_audit_verify(site, tmp_path):
    assert call("audit", "verify", "-c", site.plant_path).exit_code == 0
    assert one_object(call("audit", "verify", "-c", site.plant_path, "--json"))["intact"] is True
    connection = sqlite3.connect(site.data / "setwise.db")
    connection.execute("DROP TRIGGER audit_no_update")
    connection.execute("UPDATE audit SET body = replace(body, '184', '194') WHERE kind = 'intent'")
    connection.commit()
    connection.close()
    done = call("audit", "verify", "-c", site.plant_path)
    assert (done.exit_code, "CHAIN BROKEN" in done.stdout) == (Exit.FINDING, True)
    assert one_object(call("audit", "verify", "-c", site.plant_path, "--json"))["intact"] is False


def test_audit_verify_of_nothing(tmp_path):
    done = call("audit", "verify", "-c", write_tank(tmp_path))
    assert (done.exit_code, "there is no record" in done.stderr) == (Exit.UNREACHABLE, True)


def test_doctor_says_what_to_do_and_writes_nothing(tmp_path):
    plant = tmp_path / "plant.yaml"
    plant.write_bytes(PLANT_FILE.read_bytes())
    done = call("doctor", "-c", plant, "--json")
    found = one_object(done)
    assert (done.exit_code, found["well"]) == (Exit.FINDING, False)
    by_name = {each["what"]: each for each in found["findings"]}
    assert not by_name["secret dcs"]["well"]
    assert "SETWISE_SECRET_DCS" in by_name["secret dcs"]["text"]
    assert not by_name["certificate dcs.der"]["well"]
    assert by_name["plant file"]["well"]
    assert not (tmp_path / "setwise-data").exists()


def test_doctor_of_a_wrong_file(tmp_path):
    done = call("doctor", "-c", write_tank(tmp_path, **{"cycle: 1 s": "cycle: never"}))
    assert (done.exit_code, "FAIL plant file" in done.stdout) == (Exit.FINDING, True)


# ---------------------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize(("word", "mode"), [("off", Mode.OFF), ("Monitor", Mode.MONITOR), ("ADVISORY", Mode.ADVISORY)])
def test_a_mode_is_asked_for(site, asked, word, mode):
    seen = asked()
    done = call("mode", word, "--reason", "after CIP", "-c", site.plant_path)
    assert (done.exit_code, done.stdout) == (0, "accepted\n")
    (request,) = seen
    assert (request.action, request.mode, request.why, request.confirmed) == ("mode", mode, "after CIP", False)
    assert request.expires_utc_s - request.asked_utc_s == requests.EXPIRES_S


def test_a_refused_request_says_why_and_exits_4(site, asked):
    asked("audit, plc_echo")
    done = call("mode", "advisory", "-c", site.plant_path, "--json")
    assert done.exit_code == Exit.REFUSED
    assert one_object(done)["why"] == "audit, plc_echo"
    assert "refused: audit" in call("mode", "advisory", "-c", site.plant_path).stdout


@pytest.mark.parametrize("word", ["offf", "closedloop", "tripped", "", "-1"])
def test_a_mode_that_is_none_asks_for_nothing(site, asked, word):
    seen = asked()
    done = call("mode", "-c", site.plant_path, "--", word)
    assert (done.exit_code, seen) == (Exit.USAGE, [])


def test_closed_loop_off_a_terminal_needs_yes(site, asked):
    seen = asked()
    done = call("mode", "closed_loop", "-c", site.plant_path, input="closed_loop\n")
    assert (done.exit_code, seen) == (Exit.REFUSED, [])
    assert "--yes" in done.stderr
    assert call("mode", "closed-loop", "--yes", "-c", site.plant_path).exit_code == 0
    assert [(each.mode, each.confirmed) for each in seen] == [(Mode.CLOSED_LOOP, True)]


@pytest.mark.parametrize(("typed", "code"), [("closed_loop\n", 0), ("yes\n", Exit.REFUSED), ("", Exit.REFUSED)])
def test_closed_loop_on_a_terminal_is_confirmed_by_its_word(site, asked, monkeypatch, typed, code):
    seen = asked()

    class Terminal:
        def isatty(self):
            return True

        def readline(self):
            return typed

    monkeypatch.setattr(requests.sys, "stdin", Terminal())
    try:
        requests.ask_mode("closed_loop", "", About(site.plant_path, None), yes=False, as_json=False)
        found = 0
    except SystemExit as ended:
        found = ended.code
    assert found == code
    assert [each.confirmed for each in seen] == ([True] if code == 0 else [])


def test_a_limit_is_asked_for(site, asked):
    seen = asked()
    assert call("limit", "T_in_sp.hi", "191", "-c", site.plant_path).exit_code == 0
    assert [(each.action, each.variable, each.side, each.value) for each in seen] == [("limit", "T_in_sp", "hi", 191.0)]


@pytest.mark.parametrize(
    "words",
    [
        ("T_in_sp", "191"),
        ("T_in_sp.high", "191"),
        (".hi", "191"),
        ("T_in_sp.hi", "warm"),
        ("T_in_sp.hi", "nan"),
        ("T_in_sp.hi", "inf"),
        ("T_in_sp.hi",),
    ],
)
def test_a_limit_that_is_none_asks_for_nothing(site, asked, words):
    seen = asked()
    done = call("limit", *words, "-c", site.plant_path)
    assert (done.exit_code, seen) == (Exit.USAGE, [])
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_reset_and_acknowledge(site, asked):
    seen = asked()
    assert call("reset", "Exhaust over-temperature", "-c", site.plant_path).exit_code == 0
    assert call("reset", "trip", "-c", site.plant_path).exit_code == 0
    assert [(each.action, each.interlock) for each in seen] == [
        ("reset", "Exhaust over-temperature"),
        ("acknowledge", None),
    ]


def test_asking_where_nobody_ever_ran(tmp_path):
    done = call("mode", "off", "-c", write_tank(tmp_path))
    assert (done.exit_code, "setwise run" in done.stderr) == (Exit.UNREACHABLE, True)
    assert not (tmp_path / "setwise-data").exists()


def test_asking_control_that_does_not_answer(site, monkeypatch):
    monkeypatch.setattr(requests, "ANSWER_S_MAX", 0.2)
    done = call("mode", "off", "-c", site.plant_path)
    assert (done.exit_code, "did not answer" in done.stderr) == (Exit.UNREACHABLE, True)


def test_asking_through_a_damaged_mailbox_says_how_off_works_without_it(site):
    site.mailbox.write_bytes(b"this is no database" * 400)
    done = call("mode", "off", "-c", site.plant_path)
    assert done.exit_code == Exit.UNREACHABLE
    assert "kill -USR1" in done.stderr


def test_no_request_needs_a_plant_file_in_order(site, asked):
    """OFF works while somebody is in the middle of editing the plant file."""
    asked()
    site.plant_path.write_text("version: [", encoding="utf-8")
    assert call("mode", "off", "-c", site.plant_path).exit_code == 0
