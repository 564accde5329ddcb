"""Alarms through real processes: acknowledged, shelved and out of service by command, and all of it after kill -9."""

from __future__ import annotations

import json

from supervisor.audit.verify import verify
from supervisor.cli.exits import Exit
from supervisor.clock import machine_utc_s
from tests.supervisor.cli.calls import call
from tests.supervisor.tank import Control, write_tank

ALARMS = """\
alarms:
  "tag:flow": {on_delay: 0 s, off_delay: 0 s, response: "look at FIC1", time_to_respond: 20 min}
  "tag:level": {on_delay: 0 s, off_delay: 0 s}
notify: [{secret: nobody}]
models:
"""


def states(record):
    entries = record.alarm_list.get("entries", [])
    return {f"{each['code']}:{each['subject']}": each["state"] for each in entries}


def test_what_people_did_about_alarms_outlives_kill_9(tmp_path):
    plant = write_tank(tmp_path, **{"models:\n": ALARMS})  # nothing is in the memory table: every tag is bad
    with Control(plant) as first:
        first.until(lambda record: {"tag:flow", "tag:level", "notify:notify"} <= states(record).keys())
        listed = json.loads(call("alarms", "-c", plant, "--json").stdout)
        (flow,) = [each for each in listed["alarms"] if each["id"] == "tag:flow"]
        assert (flow["state"], flow["response"], flow["time_to_respond_s"]) == ("unack", "look at FIC1", 1_200.0)
        (notify,) = [each for each in listed["alarms"] if each["id"] == "notify:notify"]
        assert "secret 'nobody' not found" in notify["text"]
        assert call("alarms", "ack", "tag:flow", "-c", plant).stdout == "accepted\n"
        asked = ("alarms", "shelve", "tag:level", "--for", "1h", "--reason", "probe is cleaned", "-c", plant)
        assert call(*asked).stdout == "accepted\n"
        first.until(lambda record: states(record)["tag:level"] == "shelved")
        first.process.kill()
        first.process.wait()
    with Control(plant) as second:
        newest = first.last().record.utc_s
        record = second.until(lambda found: found.utc_s > newest and found.cycle >= 3).record
        assert states(record) | {"tag:flow": "acked", "tag:level": "shelved"} == states(record)
        shelved = call("alarms", "--shelved", "-c", plant)
        assert (shelved.exit_code, "probe is cleaned" in shelved.stdout) == (0, True)
        assert call("alarms", "unshelve", "tag:level", "-c", plant).stdout == "accepted\n"
        assert call("alarms", "unshelve", "tag:level", "-c", plant).exit_code == Exit.REFUSED
        second.until(lambda found: states(found)["tag:level"] == "unack")
        lines = json.loads(call("alarms", "--journal", "-c", plant, "--json").stdout)
        steps = [(each["step"], bool(each["by"])) for each in lines if each["id"] == "tag:level"]
        assert steps == [("raised", False), ("shelved", True), ("unshelved", True), ("raised", False)]
        assert second.end() == 0
    assert verify(str(second.site.data / "setwise.db"), second.site.heads, machine_utc_s()).intact
