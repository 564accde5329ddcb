"""The control process from outside: what it refuses to start with, how it runs on a dead plant, how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safety.signals import Mode
from supervisor import control
from supervisor.audit.verify import verify
from supervisor.clock import RealClock, machine_utc_s
from supervisor.control import run_until_told
from supervisor.mailbox import Mailbox
from supervisor.site import Site
from tests.supervisor.tank import Control, closed_port, setwise, write_tank
from tests.supervisor.walk import PLANT_FILE

DEAD_OPCUA = '{type: opcua, url: "opc.tcp://127.0.0.1:PORT", security: None, waive_security: "a bench of our own"}'


def refused(plant, capsys, caplog):
    """Run control in this process where it must not get as far as its event loop; return what it said."""
    assert run_until_told(Site.of(plant), RealClock()) == 1
    return capsys.readouterr().err + caplog.text


def children():
    found = subprocess.run(["pgrep", "-P", str(__import__("os").getpid())], capture_output=True, text=True, check=False)
    return set(found.stdout.split())


def test_a_wrong_plant_file_ends_it_with_every_error_and_nothing_started(tmp_path, capsys, caplog):
    before = children()
    plant = write_tank(tmp_path, **{"cycle: 1 s": "cycle: never", "range: [0, 100]": "range: [100, 0]", "FIC1.SP": ""})
    said = refused(plant, capsys, caplog)
    assert said.count(f"{plant}:") >= 3
    assert "plant.yaml:6:" in said
    assert "^" in said  # the place, with a caret under it
    assert not (tmp_path / "setwise-data").exists()
    assert children() <= before  # one of an earlier test may have ended meanwhile


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"version: 1\n", b"- a\n- b\n"])
def test_no_plant_file_at_all(tmp_path, capsys, caplog, content):
    plant = tmp_path / "plant.yaml"
    if content is not None:
        plant.write_bytes(content)
    assert str(plant) in refused(plant, capsys, caplog)
    assert not (tmp_path / "setwise-data").exists()


def test_a_missing_secret_is_named_with_the_place_where_it_belongs(tmp_path, capsys, caplog, monkeypatch):
    monkeypatch.delenv("SETWISE_SECRET_DCS", raising=False)
    plant = tmp_path / "plant.yaml"
    plant.write_bytes(PLANT_FILE.read_bytes())
    said = refused(plant, capsys, caplog)
    assert "SETWISE_SECRET_DCS" in said
    assert str(tmp_path / "secrets" / "dcs") in said
    assert "Traceback" not in said


def test_a_data_folder_that_cannot_be_made_is_said_so(tmp_path, capsys, caplog):
    plant = write_tank(tmp_path)
    (tmp_path / "setwise-data").write_text("a file", encoding="utf-8")
    said = refused(plant, capsys, caplog)
    assert "cannot start" in said
    assert "setwise-data" in said


def test_a_damaged_mailbox_is_put_aside_and_a_new_one_takes_requests(tmp_path, caplog):
    path = tmp_path / "mailbox.db"
    path.write_bytes(b"this is no database" * 400)
    mailbox = Mailbox(path)
    control._recovered(mailbox)
    assert list(tmp_path.glob("mailbox.db.damaged-*"))
    assert "mailbox.db" in caplog.text
    assert mailbox.take(0.0) == ()


def test_a_bug_is_not_called_a_wrong_plant_file(tmp_path, monkeypatch):
    async def broken(*_):
        raise ValueError("a bug in the cycle")

    monkeypatch.setattr(control, "_run", broken)
    with pytest.raises(ValueError, match="a bug in the cycle"):
        run_until_told(Site.of(write_tank(tmp_path)), RealClock())


@pytest.mark.parametrize("how", [("-O",), ("-OO",)])
def test_it_will_not_run_without_assertions(tmp_path, how):
    done = setwise("run", write_tank(tmp_path), "--no-web", python=how)
    assert done.returncode == 1
    assert "assertions" in done.stderr
    assert not (tmp_path / "setwise-data").exists()


def test_nor_by_environment(tmp_path):
    assert setwise("run", write_tank(tmp_path), "--no-web", env={"PYTHONOPTIMIZE": "1"}).returncode == 1


def test_a_dead_plant_is_watched_with_bad_tags_and_alarms_and_it_ends_in_order(tmp_path):
    plant = write_tank(tmp_path, DEAD_OPCUA.replace("PORT", str(closed_port())))
    with Control(plant) as running:
        found = running.until(lambda record: record.cycle >= 3).record
        assert found.mode.actual is Mode.MONITOR
        assert {reading[1] for reading in found.readings.values()} == {"bad"}
        assert all(reading[0] is None for reading in found.readings.values())
        assert found.links["plc"] != "connected"
        assert found.verdict == "none"
        assert running.end(signal.SIGTERM) == 0
        assert "Traceback" not in running.said
        assert "stopped; the PLC has the plant" in running.said
    alarms = {(a.code, a.subject) for cycle in cycles(running) for a in cycle.record.alarms if a.state == "active"}
    assert ("link", "plc") in alarms
    assert ("mv_service", "flow_sp") in alarms
    assert ("tag", "level") not in alarms  # one alarm a cause: the link
    assert verify(running.site.database_url, running.site.heads, machine_utc_s()).intact


def cycles(running):
    from supervisor.history.read import History

    return list(History(running.site.database_url).between(0.0, float("inf")))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One control process on a plant in memory, for what does not end it."""
    plant = write_tank(tmp_path_factory.mktemp("site"))
    with Control(plant) as control_process:
        control_process.until(lambda record: record.cycle >= 2)
        yield control_process
        assert control_process.end() == 0
        assert "Traceback" not in control_process.said


def test_a_second_one_on_the_same_records_is_refused_and_the_first_goes_on(running):
    done = setwise("run", running.site.plant_path, "--no-web")
    assert done.returncode == 1
    assert "another supervisor runs" in done.stderr
    before = running.last().record.cycle
    running.until(lambda record: record.cycle > before)


def test_the_pid_file_names_it(running):
    pid, name, _ = running.site.pid_file.read_text(encoding="utf-8").split()
    assert (int(pid), name) == (running.process.pid, "setwise")


def test_the_local_signal_is_off(running):
    assert setwise("mode", "monitor", "-c", running.site.plant_path).returncode == 0
    running.until(lambda record: record.mode.actual is Mode.MONITOR)
    running.tell(signal.SIGUSR1)
    assert running.until(lambda record: record.mode.actual is Mode.OFF).record.mode.requested is Mode.OFF
    assert setwise("mode", "monitor", "-c", running.site.plant_path).returncode == 0
    running.until(lambda record: record.mode.actual is Mode.MONITOR)


def test_each_cycle_is_on_record_with_what_replay_needs(running):
    found = running.until(lambda record: record.cycle >= 2)
    assert found.replay.inputs["cycle"] == found.record.cycle
    assert {"read", "think", "look", "gate", "total"} <= found.record.timings_ms.keys()


def test_after_kill_9_it_comes_up_disarmed_and_the_record_is_whole(tmp_path):
    plant = write_tank(tmp_path)
    with Control(plant) as first:
        first.until(lambda record: record.cycle >= 2)
        assert setwise("mode", "off", "-c", plant).returncode == 0
        first.until(lambda record: record.mode.actual is Mode.OFF)
        first.process.kill()
        first.process.wait()
    before = first.last().record
    with Control(plant) as second:
        found = second.until(lambda record: record.utc_s > before.utc_s and record.cycle >= 2).record
        assert found.mode.actual is Mode.MONITOR
        assert second.end(signal.SIGINT) == 0
    assert verify(first.site.database_url, first.site.heads, machine_utc_s()).intact


def test_the_names_of_a_stranger_keep_it_from_starting(tmp_path):
    stranger = tmp_path / "stranger"
    (stranger / "safety").mkdir(parents=True)
    (stranger / "safety" / "__init__.py").write_text("", encoding="utf-8")
    done = setwise("run", write_tank(tmp_path), "--no-web", env={"PYTHONPATH": str(stranger)}, cwd=tmp_path)
    assert done.returncode == 1
    assert "package names collide" in done.stderr
    assert Path(sys.executable).exists()
