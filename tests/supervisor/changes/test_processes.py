"""Plan, sign, apply, keep, roll back: against a real control process that runs meanwhile."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from safety.signals import Mode
from supervisor.changes.applying import Order, RefusedError
from supervisor.changes.areas import Areas
from supervisor.changes.plan import from_text
from supervisor.changes.signing import Signature
from supervisor.changes.versions import Versions
from supervisor.cli.exits import Exit
from supervisor.clock import machine_utc_s
from supervisor.mailbox import Mailbox
from tests.supervisor.tank import Control, setwise, write_tank


def edit(plant, old, new):
    text = plant.read_text(encoding="utf-8")
    assert text.count(old) == 1
    plant.write_text(text.replace(old, new), encoding="utf-8")


def planned(tmp_path, plant, *options):
    done = setwise("plan", "-c", plant, "--out", tmp_path / "next.plan", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def running(tmp_path):
    plant = write_tank(tmp_path)
    with Control(plant) as control:
        control.until(lambda record: record.cycle >= 2)
        yield plant, control


def test_a_changed_file_changes_nothing_until_its_plan_is_applied(tmp_path, running):
    plant, control = running
    versions = Versions(control.site.data)
    first = versions.current()
    assert (first.number, first.why) == (1, "first start")
    edit(plant, "operator: [40, 60]}}", "operator: [40, 65]}}  # more room")
    seen = control.last().record.cycle
    control.until(lambda record: record.cycle > seen + 2 and record.limits["level"] == (40.0, 60.0))
    said = planned(tmp_path, plant)
    assert "cvs.level.limits.operator.hi" in said
    assert "60 → 65" in said
    assert "Needs 1 signature." in said
    done = setwise("apply", tmp_path / "next.plan", "-c", plant, "--reason", "a wet week")
    assert (done.returncode, done.stdout) == (0, "version 2 is in force\n"), done.stderr
    after = control.until(lambda record: record.limits["level"][1] > 60.0)
    assert after.record.mode.actual is Mode.MONITOR
    assert control.process.poll() is None
    current = versions.current()
    assert (current.why, current.config_hash != first.config_hash) == ("a wet week", True)
    assert len(current.signed_by) == 1
    assert plant.read_text(encoding="utf-8").count("more room") == 1
    assert "no changes" in setwise("plan", "-c", plant).stdout


def test_a_plan_is_for_one_version_and_one_file(tmp_path, running):
    plant, control = running
    edit(plant, "operator: [40, 60]", "operator: [40, 65]")
    planned(tmp_path, plant)
    edit(plant, "operator: [40, 65]", "operator: [40, 66]")
    done = setwise("apply", tmp_path / "next.plan", "-c", plant)
    assert done.returncode == Exit.REFUSED
    assert "has other changes than the plan" in done.stderr
    edit(plant, "operator: [40, 66]", "operator: [40, 65]")
    assert setwise("apply", tmp_path / "next.plan", "-c", plant).returncode == 0
    done = setwise("apply", tmp_path / "next.plan", "-c", plant)
    assert done.returncode == Exit.REFUSED
    assert "planned on version 1, and version 2 runs: plan again" in done.stderr
    assert control.process.poll() is None


def test_safety_limits_take_two_people(tmp_path, running):
    plant, control = running
    edit(plant, "safety: [0, 100]", "safety: [0, 99]")
    said = planned(tmp_path, plant)
    assert "! mvs.flow_sp.limits.safety.hi" in said
    assert "Needs 2 signatures, of different people." in said
    done = setwise("sign", tmp_path / "next.plan", "-c", plant, "--reason", "agreed")
    assert "1 of 2" in done.stdout
    done = setwise("apply", tmp_path / "next.plan", "-c", plant)
    assert done.returncode == Exit.REFUSED
    assert "1 of 2 signatures are missing" in done.stderr
    plan = from_text((tmp_path / "next.plan").read_text(encoding="utf-8"))
    versions, areas = Versions(control.site.data), Areas(plant, {"": control.site.data})
    anna, bert = (Signature(name, 0.0, "") for name in ("anna", "bert"))
    with pytest.raises(RefusedError):
        areas.check_may(plan, (anna, anna), frozenset())
    areas.check_may(plan, (anna, bert), frozenset())
    if os.geteuid() == 0:  # a second account of this machine
        folder = control.site.data / "signatures" / plan.sha256
        other = folder / "daemon.json"
        other.write_text(json.dumps({"plan": plan.sha256, "utc_s": 1.0, "why": "agreed"}), encoding="utf-8")
        os.chown(other, 1, 1)
        assert setwise("apply", tmp_path / "next.plan", "-c", plant).returncode == 0
        assert set(versions.current().signed_by) == {"daemon", "root"}


def test_a_change_on_trial_goes_back_by_itself(tmp_path, running):
    plant, control = running
    before = plant.read_text(encoding="utf-8")
    edit(plant, "operator: [40, 60]", "operator: [40, 65]")
    planned(tmp_path, plant)
    done = setwise("apply", tmp_path / "next.plan", "-c", plant, "--keep-after", "5 s")
    assert "goes back to version 1 by itself in 5 s" in done.stdout, done.stderr
    control.until(lambda record: record.limits["level"] == (40.0, 60.0) and "nobody kept" in control.said)
    assert plant.read_text(encoding="utf-8") == before
    assert [each.number for each in Versions(control.site.data).all()] == [1, 2, 3]
    assert control.process.poll() is None


def test_a_change_that_was_kept_stays(tmp_path, running):
    plant, control = running
    edit(plant, "operator: [40, 60]", "operator: [40, 65]")
    planned(tmp_path, plant)
    assert setwise("apply", tmp_path / "next.plan", "-c", plant, "--keep-after", "1 h").returncode == 0
    assert setwise("keep", "-c", plant).stdout == "version 2 stays\n"
    assert setwise("keep", "-c", plant).returncode == Exit.FINDING
    assert Versions(control.site.data).current().number == 2


def test_the_way_back_is_a_plan_like_any_other(tmp_path, running):
    plant, control = running
    before = plant.read_text(encoding="utf-8")
    edit(plant, "gain: 0.5", "gain: 0.6")
    planned(tmp_path, plant)
    assert setwise("apply", tmp_path / "next.plan", "-c", plant).returncode == 0
    done = setwise("rollback", "--to", 1, "-c", plant, "--out", tmp_path / "back.plan")
    assert "0.6 → 0.5" in done.stdout
    assert setwise("apply", tmp_path / "back.plan", "-c", plant).returncode == 0
    assert plant.read_text(encoding="utf-8") == before
    assert Versions(control.site.data).current().number == 3
    done = setwise("rollback", "--to", 9, "-c", plant)
    assert done.returncode == Exit.USAGE
    assert "setwise versions lists them" in done.stderr


def test_a_version_that_cannot_start_goes_back_by_itself(tmp_path, running):
    """The new file is sound, and its secret is not there: control would be gone, and with it the plant's helper."""
    plant, control = running
    before = plant.read_text(encoding="utf-8")
    url = '{type: opcua, url: "opc.tcp://127.0.0.1:4", security: None, user: {secret: gone}}'
    edit(plant, "plc: {type: memory}", f"plc: {{type: memory}}\n  spare: {url}")
    planned(tmp_path, plant)
    plan = from_text((tmp_path / "next.plan").read_text(encoding="utf-8"))
    assert plan.signatures == 2
    Areas(plant, {"": control.site.data}).apply(plan, Order("anna", "a test", machine_utc_s(), None, ("anna", "bert")))
    assert setwise_reload(control)
    control.until(lambda record: "the new version cannot start" in control.said)
    seen = control.last().record.cycle
    control.until(lambda record: record.cycle != seen)
    assert plant.read_text(encoding="utf-8") == before
    assert control.process.poll() is None


def setwise_reload(control):
    from supervisor.cli.requests import blank

    mailbox = Mailbox(control.site.mailbox)
    request = replace(blank("reload", "a test"))
    mailbox.post(request)
    answer = mailbox.wait_answer(request.id, 60.0)
    return answer is not None and answer.accepted


def test_without_control_it_holds_from_the_next_start(tmp_path):
    plant = write_tank(tmp_path)
    assert setwise("plan", "-c", plant).returncode == Exit.UNREACHABLE
    with Control(plant) as control:
        control.until(lambda record: record.cycle >= 1)
        control.end()
    edit(plant, "gain: 0.5", "gain: 0.6")
    planned(tmp_path, plant)
    done = setwise("apply", tmp_path / "next.plan", "-c", plant)
    assert done.stdout == "version 2 holds from the next start\n"
    done = setwise("versions", "-c", plant)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 3
    assert "all as they were stored" in done.stdout


def test_a_file_edited_while_control_was_down_is_a_version_of_its_own(tmp_path):
    plant = write_tank(tmp_path)
    for gain in ("0.5", "0.6"):
        edit(plant, "gain: 0.5", f"gain: {gain}")
        with Control(plant) as control:
            control.until(lambda record: "disarmed" in control.said)
            control.end()
    first, second = Versions(control.site.data).all()
    assert (first.why, second.why[:28]) == ("first start", "the file was other than the ")
