"""``setwise plan --replay`` on a record: what the new file would have made of it, and what it would do first."""

from __future__ import annotations

import pytest

from constraints.plantfile import load_text
from supervisor.again import running_version
from supervisor.changes.drawing import drawn
from supervisor.changes.trial import tried
from supervisor.history.read import History
from tests.supervisor.cli.calls import call, one_object

FAN_2 = '  fan_2: {source: "dcs:ns=2;s=SIC302.PV", unit: percent, range: [0, 110]}\n'


@pytest.fixture
async def versioned(site):
    assert running_version(site, "hash") is not None
    return site


def changed(site, old, new):
    text = site.plant_path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    site.plant_path.write_text(text.replace(old, new), encoding="utf-8")


def plants(site, old, new):
    text = site.plant_path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return tuple(load_text(each, "plant.yaml").plant for each in (text, text.replace(old, new)))


def cycles(site):
    return list(History(site.database_url).between(0.0, 1e12))


async def test_the_same_file_makes_the_same_of_every_cycle(site):
    old, new = plants(site, "gain: 30.5", "gain: 3.05e1")
    trial = tried(old, new, cycles(site))
    assert trial.why == ""
    assert trial.cycles == len(cycles(site))
    assert trial.money[0] == trial.money[1] != 0.0
    assert trial.given_up[0] == trial.given_up[1]


async def test_a_higher_price_is_seen_in_the_money(site):
    old, new = plants(site, "price: 0.38 EUR/kg", "price: 0.48 EUR/kg")
    trial = tried(old, new, cycles(site))
    assert trial.money[1] > trial.money[0] + 50.0


async def test_an_mv_that_was_never_read_cannot_be_tried(site):
    old, _ = plants(site, "gain: 30.5", "gain: 30")
    text = site.plant_path.read_text(encoding="utf-8")
    text = text.replace("  fan:  ", FAN_2 + "  fan:  ")
    text = text.replace("fan_sp:\n    writes", "fan_b_sp:\n    writes").replace("readback: fan\n", "readback: fan_2\n")
    for before, after in (("fan_sp:     {gain", "fan_b_sp: {gain"), ("block_up fan_sp", "block_up fan_b_sp")):
        text = text.replace(before, after)
    new = load_text(text, "plant.yaml").plant
    assert "where fan_b_sp stood is not on record" in tried(old, new, cycles(site)).why


async def test_the_plan_says_what_came_of_it(versioned):
    changed(versioned, "price: 0.38 EUR/kg", "price: 0.48 EUR/kg")
    done = call("plan", "-c", versioned.plant_path, "--replay", "1 d", "--detailed-exitcode")
    assert done.exit_code == 3
    assert "economics.value.powder.price" in done.stdout
    assert "EUR/h at the targets" in done.stdout
    assert "first cycle would move: " in done.stdout
    assert "replay of" in done.stdout


async def test_an_interlock_that_would_have_acted_is_named(versioned):
    changed(versioned, '"T_out > 96"', '"T_out > 20"')
    done = call("plan", "-c", versioned.plant_path, "--replay", "1 d")
    assert "No more heat when hot" in done.stdout
    assert "it would have acted all the time" in done.stdout


async def test_limits_are_drawn_and_everything_is_there_as_data(versioned):
    changed(versioned, "safety: [150, 205]", "safety: [150, 208]")
    done = call("plan", "-c", versioned.plant_path)
    assert "SAFETY" in done.stdout
    assert "wider than before: T_in_sp.safety.hi" in done.stdout
    assert "before  ......" in done.stdout
    found = one_object(call("plan", "-c", versioned.plant_path, "--json"))
    assert [each["name"] for each in found["changes"]] == ["mvs.T_in_sp.limits.safety.hi"]
    assert found["signatures"] == 2


async def test_no_changes(versioned):
    done = call("plan", "-c", versioned.plant_path, "--detailed-exitcode")
    assert (done.exit_code, done.stdout) == (0, "no changes: version 1 says the same\n")


async def test_a_file_with_errors_is_not_planned(versioned):
    changed(versioned, "safety: [150, 205]", "safety: [205, 150]")
    done = call("plan", "-c", versioned.plant_path)
    assert done.exit_code == 1
    assert "error[E041]" in done.output


@pytest.mark.parametrize("name", ["nowhere.plan", "plant.yaml"])
async def test_what_is_no_plan_is_refused(versioned, name):
    done = call("apply", versioned.base / name, "-c", versioned.plant_path)
    assert done.exit_code in (2, 4)
    assert name in done.output


def test_a_bar_shows_all_three_ranges(site):
    plant = load_text(site.plant_path.read_text(encoding="utf-8"), "plant.yaml").plant
    limits = plant.mvs["T_in_sp"].limits
    scale, before, after = drawn("T_in_sp", "degC", limits, limits)
    assert scale.split() == ["T_in_sp", "150", "205", "degC"]
    assert before.split()[1] == after.split()[1]
    assert {*before.split()[1]} == {".", "-", "="}
