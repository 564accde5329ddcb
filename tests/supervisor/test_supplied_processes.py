"""Laboratory value, target and forecast through real processes: commands, control, thinker, record, replay."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from constraints.plantfile import load
from controllers.controller import Controller
from supervisor.cli.exits import Exit
from supervisor.history.read import History
from supervisor.replay import recorded, replayed
from tests.supervisor.tank import Control, setwise, write_tank

MORE = """\
dvs: {hum: {forecast: {file: weather.csv, max_age: 1 h}}}
models:
"""
HUM = '  hum: {source: "plc:ns=2;s=HUM", unit: g/kg}\nmvs:\n'
LEVEL = "operator: [40, 60]}, external: {rank: 2}, lab: {limits: [0, 100], max_difference: 9, max_age: 10 min}}"
GAIN = "lags: [20]}\n    hum: {gain: 1, lags: [20]}"


def supplied(record, key):
    return record.supplied.get(key, {})


def test_what_others_supply_reaches_the_controller_and_the_record(tmp_path):
    changes = {"mvs:\n": HUM, "models:\n": MORE, "operator: [40, 60]}}": LEVEL, "lags: [20]}": GAIN}
    plant = write_tank(tmp_path, **changes)
    with Control(plant) as control:
        record = control.until(lambda each: each.plan["status"] == "estimate_only").record
        sampled = datetime.fromtimestamp(record.utc_s, UTC).isoformat()
        given = setwise("lab", "level", "52", "--sampled", sampled, "--reason", "first", "-c", plant)
        assert (given.returncode, given.stdout[:9]) == (0, "accepted:"), given
        again = setwise("lab", "level", "52", "--sampled", sampled, "-c", plant)
        assert (again.returncode, again.stdout.split(":")[1]) == (Exit.REFUSED, " used")
        far = datetime.fromtimestamp(record.utc_s + 0.1, UTC).isoformat()
        refused = setwise("lab", "level", "95", "--sampled", far, "-c", plant, "--json")
        assert (refused.returncode, json.loads(refused.stdout)["why"]) == (Exit.REFUSED, "too_far")
        assert setwise("target", "level", "55", "--for", "2h", "--why", "trial", "-c", plant).returncode == 0

        new = tmp_path / "weather.new"
        begin_s = round(record.utc_s)
        new.write_text("time,hum\n" + "".join(f"{begin_s + 30 * k},{5 + k}\n" for k in range(40)))
        new.replace(tmp_path / "weather.csv")
        found = control.until(lambda each: supplied(each, "forecast") == {"hum": "in_use"}).record
        assert supplied(found, "external")["level"]["value"] == 55.0
        assert found.plan["y_now"]["level"] > 50.0
        status = setwise("status", "-c", plant).stdout
        assert "External target of level 55 percent from" in status
        assert "The forecast of hum is in use." in status
        (tmp_path / "weather.csv").write_text("time,hum\nlater,5\n")
        control.until(lambda each: supplied(each, "forecast") == {"hum": "not_a_time:line 2"})
        assert setwise("target", "level", "--end", "-c", plant).returncode == 0
        control.until(lambda each: "external" not in each.supplied)
        assert control.end() == 0
    stored = list(History(control.site.database_url).between(0.0, float("inf")))
    thought = [cycle for cycle in stored if cycle.record.plan["status"] != "late"]
    controller, used = Controller(load(plant).plant), set()
    for cycle in thought:
        assert replayed(load(plant).plant, cycle, controller) == recorded(cycle)
        used |= {key for key in ("lab", "external", "forecast") if cycle.replay.inputs[key]}
    assert used == {"lab", "external", "forecast"}
